"""Helpers for tasks: the file of a task's data, its rows, and the arrays of published rules."""

import json
from collections.abc import Callable, Hashable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from mmjudge.errors import TaskError
from mmjudge.jsonl import BadLine, explain, read_records
from mmjudge.task import BadItem, Task
from mmjudge.types import Media, Part

MAX_JSON_BYTES = 256 * 1024 * 1024
"""A larger JSON file is refused: it has to be held in memory as a whole."""

T = TypeVar("T", bound=BaseModel)
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def data_file(task: Task, *names: str) -> Path:
    """The first of the named files that the task's data folder holds.

    `data` may also be the file itself.

    Raises:
        TaskError: There is no data, no such folder or none of the files; the message says where
            the data can be had.
    """
    wanted = " or ".join(dict.fromkeys(names))
    if task.data is not None and task.data.is_file() and task.data.name in names:
        return task.data
    folder = task.data if task.data is not None and task.data.is_dir() else None
    found = next((folder / n for n in names if (folder / n).is_file()), None) if folder else None
    if found is None:
        raise absent_data(task, wanted)
    return found


def absent_data(task: Task, wanted: str) -> TaskError:
    """The error that a task's data does not hold what is wanted: what is there, where to get it."""
    card = task.spec.card
    source = f"get it from {card.source} at {card.revision} and pass its folder as data"
    needs = f"task {task.spec.name} needs {wanted}"
    if task.data is None:
        return TaskError(f"{needs}: {source}")
    if task.data.is_file():
        return TaskError(f"{task.data}: {needs}")
    if not task.data.is_dir():
        return TaskError(f"{task.data}: no such folder; {needs}: {source}")
    held = ", ".join(sorted(path.name for path in task.data.iterdir())[:8]) or "nothing"
    return TaskError(f"{task.data}: {needs}, found {held}; {source}")


def missing_media(task: Task, parts: Iterable[Part]) -> str | None:
    """`absent` of an item of a recording: the first of its media whose file is not there, or None.

    Whoever has the media puts them beside the recording, and the items can be judged.
    """
    for part in parts:
        if isinstance(part, Media) and not ((task.root or Path()) / part.uri).is_file():
            return f"{part.modality} {part.uri}"
    return None


def read_rows(path: Path, record: type[T]) -> Iterator[T | BadItem]:
    """The rows of a JSON-lines file; a bad line comes as a `BadItem` that names it.

    Raises:
        TaskError: The file cannot be read, or no line of it is such a row.
    """
    good, first = 0, ""
    try:
        for row in read_records(path, record):
            if isinstance(row, BadLine):
                first = first or f"{row.where}: {row.problem}"
                yield BadItem(id=f"line {row.line}", where=row.where, problem=row.problem)
            else:
                good += 1
                yield row
    except OSError as error:
        raise TaskError(f"{path}: cannot be read: {error}") from error
    if not good:
        raise TaskError(f"no line can be used: {first}" if first else f"{path}: holds no rows")


def read_json_rows(path: Path, record: type[T], key: str | None = None) -> Iterator[T | BadItem]:
    """The rows of a JSON file that is a list of objects, or an object of objects.

    Args:
        path: The file.
        record: What a row is.
        key: Field that takes the name of a row in an object of objects.

    Raises:
        TaskError: The file cannot be read, is not JSON, or is neither of the two.
    """
    content = _json_content(path)
    if key is not None and isinstance(content, dict):
        content = [
            {key: name, **row} if isinstance(row, dict) else row for name, row in content.items()
        ]
    if not isinstance(content, list):
        raise TaskError(f"{path}: a list of rows is needed, found {type(content).__name__}")
    for place, row in enumerate(content):
        yield _json_row(row, record, f"row {place}", path)


def read_grouped_rows(path: Path, record: type[T]) -> Iterator[tuple[str, int, T | BadItem]]:
    """The rows of a JSON file that is an object of lists: name of the list, place in it, row.

    Raises:
        TaskError: The file cannot be read, is not JSON, or is not such an object.
    """
    content = _json_content(path)
    if not isinstance(content, dict):
        raise TaskError(f"{path}: an object of lists is needed, found {type(content).__name__}")
    for name, rows in content.items():
        if not isinstance(rows, list):
            raise TaskError(f"{path}: {name}: a list of rows is needed, found {str(rows)[:60]!r}")
        for place, row in enumerate(rows):
            yield name, place, _json_row(row, record, f"{name} {place}", path)


def _json_content(path: Path) -> Any:
    try:
        size = path.stat().st_size
        if size > MAX_JSON_BYTES:
            raise TaskError(f"{path}: {size} bytes; at most {MAX_JSON_BYTES}")
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise TaskError(f"{path}: cannot be read as JSON: {error}") from error


def _json_row(row: Any, record: type[T], name: str, path: Path) -> T | BadItem:
    try:
        return record.model_validate_json(json.dumps(row))
    except ValidationError as error:
        return BadItem(id=name, where=f"{path}: {name}", problem=explain(error))


def only_good(rows: Iterable[T | BadItem]) -> Iterator[T]:
    """The rows that could be read; the others are reported when the items are loaded."""
    return (row for row in rows if not isinstance(row, BadItem))


def codes(values: Iterable[Hashable]) -> NDArray[np.int64]:
    """Whole numbers 0, 1, ... in the order in which the values first occur.

    Example:
        >>> codes(["b", "a", "b"]).tolist()
        [0, 1, 0]
    """
    seen: dict[Hashable, int] = {}
    return np.array([seen.setdefault(value, len(seen)) for value in values], dtype=np.int64)


def grouped(rows: Iterable[V], key: Callable[[V], K]) -> dict[K, list[V]]:
    """Values by key, both in the order in which they first occur.

    Example:
        >>> grouped([3, 1, 4], lambda n: n % 2)
        {1: [3, 1], 0: [4]}
    """
    groups: dict[K, list[V]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups
