"""Reads captions back into facts, with a vocabulary of its own: independent of the generator's."""

import re
from typing import Any

NUMBERS = {"one": 1, "single": 1, "two": 2, "pair": 2, "three": 3, "four": 4, "five": 5}
SHAPES = {
    "circle": "circle|disc",
    "square": "square|box(?:es)?",
    "triangle": "triangle",
    "star": "star",
    "cross": "cross(?:es)?|plus sign",
    "heart": "heart",
    "ring": "ring|hoop",
    "diamond": "diamond|rhombus(?:es)?",
}
COLOURS = "red|blue|green|yellow|orange|purple|pink|brown"
RELATIONS = (
    ("left", r"(?:to the )?left of"),
    ("right", r"(?:to the )?right of"),
    ("above", "above|higher up than"),
    ("below", "below|under"),
)
ROWS = ((0, "top|upper"), (2, "bottom|lower"))
COLUMNS = ((0, "left"), (2, "right(?! in the middle)"))


def number(text: str) -> int:
    digit = re.search(r"\b[1-5]\b", text)
    if digit:
        return int(digit.group())
    return next(n for word, n in NUMBERS.items() if re.search(rf"\b{word}\b", text))


def one_of(text: str, words: dict[str, str]) -> str:
    found = [name for name, pattern in words.items() if re.search(rf"\b(?:{pattern})s?\b", text)]
    assert len(found) == 1, (found, text)
    return found[0]


def kind(text: str) -> dict[str, Any]:
    colours = re.findall(rf"\b(?:{COLOURS})\b", text)
    assert len(colours) == 1, text
    return {"colour": colours[0], "shape": one_of(text, SHAPES)}


def group(text: str) -> dict[str, Any]:
    size = one_of(text, {"small": "small|little", "large": "large|big"})
    return {"count": number(text), "size": size, **kind(text)}


def cell(text: str) -> list[int]:
    def place(words: tuple[tuple[int, str], ...]) -> int:
        return next((n for n, word in words if re.search(rf"\b(?:{word})\b", text)), 1)

    return [place(ROWS), place(COLUMNS)]


def still(caption: str) -> tuple[list[dict[str, Any]], list[tuple[Any, str, Any]]]:
    """Groups with their cells, and relations between groups without one."""
    text = re.sub(r"The picture shows the following\. |In this scene: ", "", caption).lower()
    placed, related = [], []
    for clause in filter(None, (part.strip() for part in re.split(r"[.;]", text))):
        hit = next(
            (
                (name, match)
                for name, pattern in RELATIONS
                if (match := re.fullmatch(rf"(.+?) (?:{pattern}) (.+)", clause))
            ),
            None,
        )
        if hit:
            related.append((group(hit[1][1]), hit[0], group(hit[1][2])))
        else:
            placed.append({**group(clause), "cell": cell(clause)})
    return placed, related


def in_time(text: str) -> list[str]:
    """Clauses in the order in which they happen."""
    if text.startswith(("1)", "(1)")):
        return [re.sub(r"^\(?\d\) ", "", part.strip()) for part in text.rstrip(".").split(";")]
    clauses = [part.strip() for part in text.split(". ")]
    backwards = re.match("Finally|Last|In the end", clauses[0])
    plain = [re.sub(r"^(?:Then|[A-Z][a-z ]+,) ", "", clause).rstrip(".") for clause in clauses]
    return plain[::-1] if backwards else plain


def moving(caption: str) -> list[dict[str, Any]]:
    return [
        {
            **kind(clause),
            "path": one_of(clause, {"straight": "straight", "zigzag": "zigzag|weave"}),
            "speed": one_of(clause, {"slow": "slowly|low speed", "fast": "quickly|high speed"}),
            "direction": one_of(
                clause,
                {
                    "left": "to the left|leftward",
                    "right": "to the right|rightward",
                    "up": "upward|towards the top",
                    "down": "downward|towards the bottom",
                },
            ),
        }
        for clause in in_time(caption)
    ]


TIMBRES = {
    "pure": "pure|whistling",
    "bell": "bell|chiming",
    "buzzy": "buzzing|buzzy",
    "plucked": "plucked",
    "hollow": "hollow|clarinet-like",
    "hiss": "hiss|hissing",
    "rumble": "rumble|rumbling",
}


def phrase(clause: str) -> dict[str, Any]:
    noise = re.search("burst", clause)
    pitches = {"low": "low|deep", "middle": "mid-range|middle-register", "high": "high"}
    contours = {"rising": "rising|going up", "falling": "falling|going down", "level": "pitch"}
    head, _, tail = clause.partition(",")
    return {
        "timbre": one_of(head, TIMBRES),
        "count": number(head),
        "loudness": one_of(head, {"soft": "soft|quiet", "loud": "loud|strong"}),
        "rhythm": one_of(tail, {"quick": "quick", "slow": "slow", "dotted": "long"}),
        "pitch": None if noise else one_of(head, pitches),
        "contour": None if noise else one_of(tail, contours),
    }


def sound(caption: str) -> list[dict[str, Any]]:
    return [phrase(clause) for clause in in_time(caption)]


def sheet(text: str) -> list[dict[str, Any]]:
    """A written score."""
    found = []
    for line in text.splitlines():
        words = re.sub(r"^[\[\]\d.: ]+", "", line)
        timbre, count = re.match(r"(\w+) x(\d)", words).groups()
        rest = dict(re.findall(r"(rhythm|loudness|pitch|contour) (\w+)", words))
        found.append(
            {"timbre": timbre, "count": int(count), "pitch": None, "contour": None, **rest}
        )
    return found
