"""Makes the demo task: 60 pairs of answers whose gold is known by arithmetic, and two judges.

The judges are made up, with known habits, so that the demo's tables have something to find:

- `careful` is right nine times in ten, whatever the order or the length of the answers;
- `hasty` takes the longer answer two times in three, else the one shown first, and sometimes
  answers without a verdict.

Run from anywhere: python assets/demo/make.py
"""

import json
from pathlib import Path
from random import Random
from typing import Any

HERE = Path(__file__).parent
SEED = 20
PAIRS = 60
LETTERS = {"first": "A", "second": "B", "tie": "tie"}
ORDERS = (("first", "second"), ("second", "first"))
Line = dict[str, Any]


def question(rng: Random, place: int) -> tuple[str, str, int, str]:
    """Topic, question, its answer, and the reasoning behind it."""
    a, b = rng.randint(12, 97), rng.randint(12, 97)
    match place % 3:
        case 0:
            tens, ones = b - b % 10, b % 10
            steps = f"{a} times {tens} is {a * tens}, and {a} times {ones} adds {a * ones}."
            return "product", f"How much is {a} times {b}?", a * b, steps
        case 1:
            hours, minutes = a % 9 + 2, b % 50 + 5
            asked = f"How many minutes are {hours} hours and {minutes} minutes?"
            steps = f"An hour has 60, so {hours} hours are {60 * hours}; then add {minutes}."
            return "time", asked, 60 * hours + minutes, steps
        case _:
            asked = f"Two trays hold {b} cups each, and {a} stand beside them. How many cups?"
            steps = f"The trays hold {2 * b} together, and {a} more stand beside them."
            return "story", asked, a + 2 * b, steps


def answer(value: int, steps: str, long: bool) -> str:
    """An answer in few words or with its reasoning."""
    return f"{steps} So the answer is {value}." if long else f"{value}."


def item(rng: Random, place: int) -> Line:
    """One pair: one answer is right and one is not, or both are right in other words."""
    topic, asked, value, steps = question(rng, place)
    wrong = value + rng.choice((-10, -2, -1, 1, 2, 10))
    if place % 10 == 9:
        gold, values, longer = "tie", (value, value), rng.randint(0, 1)
    else:
        gold = "first" if place % 2 else "second"
        values = (value, wrong) if gold == "first" else (wrong, value)
        longer = rng.randint(0, 1)
    right_is_longer = {"tie": "neither", ("first", "second")[longer]: "right"}.get(gold, "wrong")
    return {
        "id": f"{topic}-{place:02}",
        "prompt": [asked],
        "candidates": [
            {"id": name, "parts": [answer(values[i], steps, long=i == longer)]}
            for i, name in enumerate(("first", "second"))
        ],
        "gold": {"correctness": {"kind": "preference", "value": gold}},
        "strata": {"modality": "text->text", "topic": topic, "longer": right_is_longer},
    }


def reply(winner: str, order: tuple[str, ...], words: str) -> str:
    """A reply that names the winner by the letter of its slot."""
    letter = "tie" if winner == "tie" else "AB"[order.index(winner)]
    return f"{words} [[{letter}]]"


def careful(rng: Random, line: Line, order: tuple[str, ...]) -> Line:
    """Right nine times in ten."""
    gold = line["gold"]["correctness"]["value"]
    others = [value for value in ("first", "second", "tie") if value != gold]
    winner = gold if rng.random() < 0.9 else rng.choice(others)
    return {"text": reply(winner, order, "I worked the answer out and compared both.")}


def hasty(rng: Random, line: Line, order: tuple[str, ...]) -> Line:
    """Takes the longer answer, or the one shown first; now and then gives no verdict."""
    draw = rng.random()
    if draw < 0.04:
        return {"text": rng.choice(("", "Both look fine to me.", "I cannot help with that."))}
    parts = {candidate["id"]: candidate["parts"][0] for candidate in line["candidates"]}
    longer = max(parts, key=lambda name: len(parts[name]))
    winner = longer if draw < 0.68 else order[0]
    return {"text": reply(winner, order, "This one is the more thorough.")}


def recordings(judge: Any, seed: int, items: list[Line]) -> list[Line]:
    """What a judge says of every pair in both orders."""
    rng = Random(seed)
    return [
        {
            "item": line["id"],
            "criterion": "correctness",
            "protocol": "pair",
            "order": list(order),
            **judge(rng, line, order),
        }
        for line in items
        for order in ORDERS
    ]


def write(path: Path, lines: list[Line]) -> None:
    """Write JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(line) + "\n" for line in lines)
    path.write_text(text, encoding="utf-8", newline="\n")


def make(folder: Path) -> None:
    """Write the items and the recordings of both judges."""
    rng = Random(SEED)
    items = [item(rng, place) for place in range(PAIRS)]
    write(folder / "items.jsonl", items)
    write(folder / "recorded" / "careful.jsonl", recordings(careful, SEED + 1, items))
    write(folder / "recorded" / "hasty.jsonl", recordings(hasty, SEED + 2, items))


if __name__ == "__main__":
    make(HERE)
