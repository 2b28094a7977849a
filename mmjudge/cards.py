"""Cards written by people, as YAML: all errors at once, with file, line and what is allowed."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from mmjudge.errors import MmjudgeError
from mmjudge.jsonl import causes

T = TypeVar("T", bound=BaseModel)


def top_fields(path: Path) -> set[str]:
    """The names at the top of a YAML file; none where it is not one, which `read_card` explains."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return set()
    return set(map(str, content)) if isinstance(content, dict) else set()


def read_card(path: Path, record: type[T]) -> T:
    """Read one YAML file into a record; its validators find the file's `folder` in the context.

    Raises:
        MmjudgeError: The file is missing, is not YAML, or does not fit the record; every problem is
            listed with its line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise MmjudgeError(f"{path}: cannot be read: {error}") from error
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
        content = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise MmjudgeError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    try:
        return record.model_validate(
            content if content is not None else {}, context={"folder": path.parent}
        )
    except ValidationError as error:
        raise MmjudgeError(_problems(path, node, record, error)) from error


def line_of(path: Path, place: tuple[int | str, ...]) -> int:
    """Line of a field of a YAML file, or of the nearest one around it, counted from 1."""
    return _line(yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.CSafeLoader), place)


def _problems(path: Path, node: Any, record: type[BaseModel], error: ValidationError) -> str:
    lines = []
    for problem in causes(error):
        place = ".".join(str(step) for step in problem["loc"]) or "the file"
        allowed = ""
        if problem["type"] == "extra_forbidden":
            allowed = f"; allowed here: {', '.join(_fields(record, problem['loc'][:-1]))}"
        found = "" if problem["type"] == "missing" else f", found {problem['input']!r:.80}"
        message = problem["msg"].removeprefix("Value error, ")
        lines.append(f"{path}:{_line(node, problem['loc'])}: {place}: {message}{found}{allowed}")
    return "\n".join(lines)


def _line(node: Any, place: tuple[int | str, ...]) -> int:
    """Line of the deepest node on the way to `place`, counted from 1."""
    line = 1
    for step in place:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(step)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            break
    return line


def _fields(record: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """Field names allowed at `place`, following nested records."""
    current: Any = record
    named = False
    for step in place:
        if isinstance(step, int) or named:  # the key of a mapping is no field
            named = False
            continue
        annotation = current.model_fields[step].annotation if step in current.model_fields else None
        named = any(getattr(t, "__origin__", None) is dict for t in _types(annotation))
        current = next(
            (t for t in _types(annotation) if isinstance(t, type) and issubclass(t, BaseModel)),
            None,
        )
        if current is None:
            return []
    return sorted(current.model_fields)


def _types(annotation: Any) -> list[Any]:
    nested = [t for arg in getattr(annotation, "__args__", ()) for t in _types(arg)]
    return [annotation, *nested]
