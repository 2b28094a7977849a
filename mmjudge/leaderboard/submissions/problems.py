"""What is wrong with a submission: all of it, counted, and in bounded memory."""

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from mmjudge.types import Record

SHOWN_ALIKE = 5
"""Problems alike that are shown; the last one says how many there are."""
MOST_KINDS = 100
MOST_LINES = 1000
"""Problems after which a file is not read any further."""


class Problem(Record):
    """One thing to mend: where, what was found, what is allowed, what to do.

    `count` is above 1 where it stands for many alike.
    """

    file: str
    line: int | None = None
    field: str = ""
    found: str
    allowed: str
    next_step: str
    count: int = 1

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        field = f" {self.field}:" if self.field else ""
        many = f" ({self.count} of these)" if self.count > 1 else ""
        return (
            f"{where}:{field} found {self.found}; allowed: {self.allowed}; "
            f"next: {self.next_step}{many}"
        )


class UnreadableError(ValueError):
    """What a reader of a submission gives up at; becomes a `Problem` with the file's name."""

    def __init__(self, found: str, allowed: str, line: int | None = None, field: str = "") -> None:
        super().__init__(found)
        self.found, self.allowed, self.line, self.field = found, allowed, line, field


class Problems:
    """Collects problems; those alike beyond the first few are only counted."""

    def __init__(self) -> None:
        self._alike: dict[tuple[str, str, str], list[Problem]] = {}
        self._counts: dict[tuple[str, str, str], int] = {}
        self.total = 0

    def add(self, problem: Problem) -> None:
        """Take one more."""
        self.total += problem.count
        kind = (problem.file, problem.field, problem.allowed)
        if kind not in self._alike and len(self._alike) >= MOST_KINDS:
            return
        self._counts[kind] = self._counts.get(kind, 0) + problem.count
        shown = self._alike.setdefault(kind, [])
        if len(shown) < SHOWN_ALIKE:
            shown.append(problem)

    def unreadable(self, file: str, error: UnreadableError, next_step: str) -> None:
        """Take what a reader gave up at."""
        self.add(
            Problem(
                file=file,
                line=error.line,
                field=error.field,
                found=error.found,
                allowed=error.allowed,
                next_step=next_step,
            )
        )

    def invalid(
        self, file: str, error: ValidationError, next_step: str, line: int | None = None
    ) -> None:
        """Take everything that pydantic found in a record."""
        for one in error.errors(include_url=False, include_context=False)[:MOST_KINDS]:
            self.add(
                Problem(
                    file=file,
                    line=line,
                    field=short(".".join(map(str, one["loc"]))),
                    found="nothing" if one["type"] == "missing" else show(one["input"]),
                    allowed=short(one["msg"].removeprefix("Value error, "), 300),
                    next_step=next_step,
                )
            )

    def all(self) -> list[Problem]:
        """The problems, in the order in which kinds of them came up."""
        listed = []
        for kind, shown in self._alike.items():
            more = self._counts[kind] - len(shown)
            if more > 0:
                shown = [*shown[:-1], shown[-1].model_copy(update={"count": more + 1})]  # noqa: PLW2901
            listed += shown
        return listed


def show(value: Any, most: int = 80) -> str:
    """A value of strangers for a message: quoted, in ASCII, and not longer than it helps.

    Example:
        >>> show("a" * 100, most=20)
        "'aaaaaaaaaaaaa...'"
    """
    if isinstance(value, str):
        value = value[: most + 1]
    elif isinstance(value, list | tuple | dict):
        kind = "an object" if isinstance(value, dict) else "a list"
        return f"{kind} of {len(value)}"
    text = ascii(value)
    return text if len(text) <= most else f"{text[: most - 6]}...'"


def short(text: str, most: int = 80) -> str:
    """The same of text that is ours but for parts of it: not quoted."""
    plain = "".join(c if c.isprintable() and c.isascii() else ascii(c)[1:-1] for c in text[:most])
    return plain if len(text) <= most else f"{plain}..."


def first_of(values: Sequence[str], most: int = 3) -> str:
    """The first of several names, and how many there are more."""
    more = f" and {len(values) - most} more" if len(values) > most else ""
    return ", ".join(map(show, values[:most])) + more
