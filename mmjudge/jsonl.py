"""Reading what others wrote, a line at a time: every problem names its file, line and field."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

MAX_LINE_BYTES = 16 * 1024 * 1024
"""A longer line is refused before it is parsed."""

_KINDS = ("preference", "score", "ranking", "answers", "steps")

T = TypeVar("T", bound=BaseModel)


class BadLine(NamedTuple):
    """A line that is not a record: where, and everything that is wrong with it."""

    path: Path
    line: int
    problem: str

    @property
    def where(self) -> str:
        """`file:line`, as editors understand it."""
        return f"{self.path}:{self.line}"


def read_records(path: Path, record: type[T]) -> Iterator[T | BadLine]:
    """Yield one record or `BadLine` for each line that is not blank.

    A byte-order mark and CRLF are taken; a last line that was cut off is a `BadLine` like any
    other, and what came before it is kept.

    Raises:
        OSError: The file cannot be opened.
    """
    with path.open("rb") as lines:
        for number, raw in enumerate(lines, 1):
            line = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
            if not line.strip():
                continue
            if len(line) > MAX_LINE_BYTES:
                yield BadLine(path, number, f"{len(line)} bytes; at most {MAX_LINE_BYTES}")
                continue
            try:
                yield record.model_validate_json(line)
            except ValidationError as error:
                cut = "" if line.endswith(b"\n") else " (last line: cut off?)"
                yield BadLine(path, number, explain(error) + cut)


def explain(error: ValidationError) -> str:
    """All problems that pydantic found, each as `field: message, found VALUE`, in one line.

    Example:
        >>> from mmjudge.types import Candidate
        >>> try:
        ...     Candidate.model_validate({"id": "a", "parts": ["x"], "sytem": "sdxl"})
        ... except ValidationError as error:
        ...     explain(error)
        "sytem: Extra inputs are not permitted, found 'sdxl'"
    """
    problems = []
    for problem in causes(error):
        place = ".".join(str(step) for step in _fields(problem["loc"]))
        found = repr(problem["input"])
        found = found if len(found) <= 60 else found[:57] + "..."
        message = problem["msg"].removeprefix("Value error, ")
        problems.append(f"{place}: {message}, found {found}" if place else f"{message}")
    return "; ".join(problems)


def causes(error: ValidationError) -> list[ErrorDetails]:
    """The problems, but those that only follow from others: a list that lacks its bad entries."""
    found = error.errors(include_url=False)
    places = [problem["loc"] for problem in found]
    return [
        one
        for one in found
        if one["type"] != "too_short"
        or not any(len(p) > len(one["loc"]) and p[: len(one["loc"])] == one["loc"] for p in places)
    ]


def _fields(place: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """A place without the kind that tells golds or verdicts apart, which is no field."""
    for start, at in (("gold", 2), ("verdict", 1), ("outcome", 1)):
        if place[:1] == (start,) and len(place) > at and place[at] in _KINDS:
            return (*place[:at], *place[at + 1 :])
    return place
