"""Usual forms that nobody asked for, rewritten line by line as the one that was.

Only a reply that says nothing in the form asked for comes here, and only what can mean one thing is
rewritten: the reader of that form then judges the whole.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from mmjudge.protocols.anchors import LEADING, REFUSAL

Word = Callable[[int, str], str | None]
"""The allowed word that a token spells for a number, None if it spells none."""

_SEVERAL_AFTER = r"(?:[*_]{0,2}[:=.)]{1,2}(?!\d)|\s{1,2}is\b)[\s*_]{0,4}"
_PREFACE = re.compile(r"(?:(?:my|the|here|final|are)\s+){0,4}answers?(?:\s+are)?\s{0,2}:\s*", re.I)
_SEPARATOR = re.compile(
    r"[.:;!](?=[\s*_)\]\"'\u201d]|$)|\u3002|\s+[-\u2013]+\s|\s*\u2014|\s+\(|"
    r",\s+(?=(?:because|since|as|it|it's|there|the|this|that|he|she|they)\b)|$",
    re.I,
)
_TURNS = re.compile(
    r"\b(?:but|however|although|though|except|actually|wait|unless|rather|instead|or|partly|"
    r"partially|maybe|perhaps|unsure|unclear|hmm|let me|on second|if|assuming|almost|nearly|mostly|"
    r"somewhat|(?:kind|sort) of|not (?:really|quite|exactly|entirely|fully|sure|certain)|"
    r"aber|jedoch|mais|pero)\b|\u4f46",
    re.I,
)
_BEFORE = " \t*_`\"'\u201c[(\u3010"
_BEHIND = " \t*_`\"'\u201d])\u3011.,;:!\u3002"
_LATER = re.compile(
    r"(?:(?:my|the|final)\s+)*(?:answer|verdict|judge?ment|a(?=:))[\s*_]{0,4}[:=][\s*_]*(\S.*)",
    re.I,
)
_LETTERED = re.compile(r"^[ \t*_(-]{0,8}b[*_]{0,2}[.:)]", re.I | re.M)
"""Options with letters: then "A: red" is the first of them, and no answer."""
_NUMBER_ALONE = re.compile(
    r"(\d{1,4})[*_]{0,2}(?:[.):\]](?!\d)|\s{0,2}[:=]|\s+[-\u2013\u2014]\s|\u3001)[\s*_]*"
)


_ORDERS = ("correct", "right")
"""What "Correct: 4 + 2 = 6" says is not that the step is correct."""
_NO_NOUN = "it|there|this|that|the|they|i|he|she|we|so|since|because|as|and|not|is"
_LONGEST = 2000
"""Characters of a reason after a word; in more of them nobody looks for what takes it back."""


class Usual:
    """Rewrites the usual forms of one kind of reply.

    `label` matches what the numbers are called, with the number and what follows; `names` is a
    pattern of the names alone, `one` the name to write; `words[i]` are allowed for number i + 1.
    """

    def __init__(
        self, label: re.Pattern[str], names: str, one: str, words: Sequence[Sequence[str]], of: Word
    ) -> None:
        self.label, self.one, self.words, self.of = label, one, words, of
        self.cell = re.compile(rf"(?:(?:{names})\s{{0,2}})?#?(\d{{1,4}})[.)]?", re.I)
        start = rf"(?:(?:{names})\s{{0,2}}#?)?(\d{{1,4}}){_SEVERAL_AFTER}"
        self.start = re.compile(rf"(?:(?<=[\s,;|])|^){start}", re.I)

    def rewritten(self, text: str) -> str:
        """The text, with a line in the form asked for where it has a usual one."""
        lines = text.split("\n")
        bracketed, lettered = "[[" in text, _LETTERED.search(text)
        heads = self._heads(lines)
        out: list[str] = []
        number = 1 if len(self.words) == 1 else 0
        if number and not bracketed:
            out += self._lead(1, ". ".join(line for line in lines if line.strip()))
        for place, line in enumerate(lines):
            number = heads.get(place, number)
            later = _LATER.match(line.strip(" \t#*_->+\u2022")) if number else None
            if later and lettered and later[0][:2].casefold() == "a:":
                later = None
            out += self._row(line) or self._pieces(line) or self._after(later, number, bracketed)
            if not bracketed:
                out += self._begun(line)
            out.append(line)
        return "\n".join(out)

    def _heads(self, lines: Sequence[str]) -> dict[int, int]:
        """The number that each heading names, by its line; bare numbers only if all are in turn."""
        named, alone = {}, {}
        for place, line in enumerate(lines):
            if head := self.label.match(line.lstrip(LEADING)):
                named[place] = int(head[1])
            elif head := _NUMBER_ALONE.match(line.lstrip(" \t#*_")):
                alone[place] = int(head[1])
        in_turn = list(alone.values()) == list(range(1, len(self.words) + 1))
        return named or (alone if in_turn else {})

    def _stated(self, number: int, token: str) -> list[str]:
        inner = token.lstrip(_BEFORE).rstrip(_BEHIND)
        word = self.of(number, inner) or self.of(number, token.strip())
        return [f"{self.one} {number}: {word}"] if word is not None else []

    def _row(self, line: str) -> list[str]:
        """Of a table's row that begins with a number, the one cell that is a word."""
        cells = [cell.strip(" \t*_`") for cell in line.strip().strip("|").split("|")]
        number = self.cell.fullmatch(cells[0]) if line.strip().startswith("|") else None
        if not number:
            return []
        found = [one for cell in cells[1:] for one in self._stated(int(number[1]), cell)]
        return found if len(found) == 1 else []

    def _pieces(self, line: str) -> list[str]:
        """A line of several numbers with a word each, and of nothing else, as several lines."""
        core = _PREFACE.sub("", line.strip(" \t*_-"), count=1)
        starts = list(self.start.finditer(core))
        if len(starts) < 2 or starts[0].start():
            return []
        ends = [*(one.start() for one in starts[1:]), len(core)]
        pieces = [
            self._stated(int(one[1]), re.sub(r"[\s,;]+and\s*$", "", core[one.end() : end]))
            for one, end in zip(starts, ends, strict=True)
        ]
        return [piece for found in pieces for piece in found] if all(pieces) else []

    def _after(self, later: re.Match[str] | None, number: int, bracketed: bool) -> list[str]:
        """What "Answer: yes" says under the heading of a number."""
        if later is None:
            return []
        return self._stated(number, later[1]) or ([] if bracketed else self._lead(number, later[1]))

    def _begun(self, line: str) -> list[str]:
        """The word that a numbered line begins with, or gives to the question it repeats."""
        core = line.lstrip(LEADING)
        start = self.label.match(core) or _NUMBER_ALONE.match(core := line.lstrip(" \t#*_-+("))
        if not start:
            return []
        number, rest = int(start[1]), core[start.end() :]
        if self.of(number, rest.strip(" \t*_")) is not None:
            return []  # said in the form asked for; a number alone may be that of an option
        before, asked, after = rest.rpartition("? ")
        return self._lead(number, after if asked and "[" not in before else rest)

    def _lead(self, number: int, rest: str) -> list[str]:
        """The word before a full stop, a dash or a reason, if nothing after it takes it back."""
        words = self.words[number - 1] if 1 <= number <= len(self.words) else ()
        if not words or len(rest) > _LONGEST or _nested(words):
            return self._stated(number, rest)
        for end in _first(_SEPARATOR.finditer(rest), 5):
            found = self._stated(number, rest[: end.start()])
            if found:
                order = end[0] == ":" and rest[: end.start()].strip().casefold() in _ORDERS
                taken = order or self._taken_back(number, found[0], rest[end.end() :])
                return [] if taken else found
        return []

    def _taken_back(self, number: int, found: str, tail: str) -> bool:
        if tail.lstrip()[:1].isdigit():
            return True
        others = [word for word in self.words[number - 1] if not found.endswith(f": {word}")]
        said = re.compile("|".join(map(_as_word, others)), re.I)
        return any(taken.search(tail) for taken in (said, _TURNS, REFUSAL))


def _first(found: Iterator[re.Match[str]], most: int) -> Iterator[re.Match[str]]:
    return (one for one, _ in zip(found, range(most), strict=False))


def _as_word(word: str) -> str:
    """A pattern of an allowed word in a sentence; "no" before a noun, as in "no cup", is none."""
    noun = rf"(?!\s+(?!(?:{_NO_NOUN})\b)[^\W\d_])" if word.casefold() == "no" else ""
    return rf"(?<!\w){re.escape(word)}(?!\w){noun}"


def _nested(words: Sequence[str]) -> bool:
    """Whether a word is part of another one, so that what follows it may belong to it."""
    return any(
        one != other and re.search(rf"(?<![^\W_]){re.escape(one)}(?![^\W_])", other, re.I)
        for one in words
        for other in words
    )
