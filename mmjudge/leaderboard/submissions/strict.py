"""JSON and YAML of strangers: no constants, no infinity, no key twice, no tag, no alias."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import yaml

from mmjudge.leaderboard.submissions.problems import UnreadableError, short, show

MOST_DEPTH = 12
MOST_NODES = 2000
MOST_DIGITS, MOST_FLOAT = 18, 40
_PLAIN = (str, int, float, bool, type(None))
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_RADIX = re.compile(r"[-+]?0[xob]?[0-9a-f_]{16,}", re.I)


def strict_json(raw: bytes, line: int | None = None) -> Any:
    """Read one JSON value as the standard has it.

    Args:
        raw: UTF-8.
        line: Where it stands, for messages.

    Raises:
        UnreadableError: NaN, infinity, a number beyond 64 bits, a key twice, nested too deep, or
            no JSON.
    """
    try:
        return json.loads(
            raw.decode("utf-8"),
            parse_constant=_constant,
            parse_float=_float,
            parse_int=_int,
            object_pairs_hook=_object,
        )
    except UnreadableError as error:
        error.line = line if error.line is None else error.line
        raise
    except UnicodeDecodeError as error:
        raise UnreadableError(f"byte {error.start} is no UTF-8", "UTF-8", line) from error
    except RecursionError as error:
        raise UnreadableError("lists or objects nested too deep", "a few levels", line) from error
    except json.JSONDecodeError as error:
        at = error.lineno if line is None else line
        raise UnreadableError(f"no JSON: {error.msg}, column {error.colno}", "JSON", at) from error


def check_shape(value: Any, nodes: int = MOST_NODES, depth: int = MOST_DEPTH) -> None:
    """Refuse a value of too many parts, or nested too deep, before each part could be an error.

    Raises:
        UnreadableError: It is.
    """
    level, levels, count = [value], 0, 0
    while level := [
        child
        for one in level
        if isinstance(one, list | dict)
        for child in (one.values() if isinstance(one, dict) else one)
    ]:
        levels, count = levels + 1, count + len(level)
        if levels > depth:
            raise UnreadableError("lists or objects nested too deep", f"{depth} levels")
        if count > nodes:
            raise UnreadableError(f"over {nodes} values", f"at most {nodes}")


def _constant(text: str) -> float:
    raise UnreadableError(text, "a finite number, or null")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise UnreadableError(short(text), "a finite number of 64 bits")
    return value


def _int(text: str) -> int:
    if len(text) > MOST_DIGITS + text.startswith("-"):
        raise UnreadableError(f"a number of {len(text)} digits", f"at most {MOST_DIGITS} digits")
    return int(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise UnreadableError(f"{show(twice)} twice", "each key once", field=short(twice))
    return content


def strict_yaml(raw: bytes) -> tuple[dict[str, Any], dict[str, int]]:
    """Read a YAML mapping of plain values.

    Returns:
        The content, and the line of each field by its path, as in `training_data.known`.

    Raises:
        UnreadableError: Aliases, anchors, tags, several documents, a key twice, deep nesting,
            dates, numbers that are not finite; or no YAML.
    """
    try:
        text = raw.decode("utf-8-sig")
        _check_events(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise UnreadableError(f"byte {error.start} is no UTF-8", "UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = short(" ".join(str(getattr(error, "problem", None) or error).split()))
        line = mark.line + 1 if mark else None
        raise UnreadableError(f"no YAML: {reason}", "a YAML mapping", line) from error
    if not isinstance(node, yaml.MappingNode):
        raise UnreadableError("no mapping", "field: value, a line each", 1)
    lines: dict[str, int] = {}
    return _value(node, "", lines), lines


def _check_events(text: str) -> None:
    """Refuse what costs or means more than it says, before anything is built from it."""
    depth = nodes = documents = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else None
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            raise UnreadableError("an alias or anchor (* or &)", "plain values, written out", line)
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise UnreadableError(f"the tag {show(tag)}", "plain values without tags", line)
        documents += isinstance(event, yaml.DocumentStartEvent)
        nodes += isinstance(event, yaml.NodeEvent)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_DEPTH or nodes > MOST_NODES or documents > 1:
            allowed = f"one document, {MOST_DEPTH} levels, {MOST_NODES} values"
            raise UnreadableError("too much", allowed, line)


def _value(node: Any, path: str, lines: dict[str, int]) -> Any:
    lines[path] = line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return dict(_pairs(node, path, lines))
    if isinstance(node, yaml.SequenceNode):
        return [_value(one, f"{path}.{i}", lines) for i, one in enumerate(node.value)]
    try:
        if node.tag in _NUMBERS and (len(node.value) > MOST_FLOAT or _RADIX.fullmatch(node.value)):
            raise ValueError("it would be a number of many digits")
        value = yaml.SafeLoader("").construct_object(node)
        if isinstance(value, int) and abs(value) >= 10**MOST_DIGITS:
            raise ValueError("beyond 64 bits")
        node.value.encode()  # a lone surrogate, which no file can keep, is a ValueError
    except (ValueError, OverflowError, yaml.YAMLError) as error:
        raise UnreadableError(
            show(node.value), "text, or a number of 64 bits", line, path
        ) from error
    if not isinstance(value, _PLAIN) or (isinstance(value, float) and not math.isfinite(value)):
        raise UnreadableError(show(node.value), "text in quotes, or a finite number", line, path)
    return value


def _pairs(node: Any, path: str, lines: dict[str, int]) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode) or key.value == "<<":
            raise UnreadableError("a key that is no name", "name: value", line, path)
        if key.value in seen:
            raise UnreadableError(f"{show(key.value)} twice", "each field once", line, path)
        seen.add(key.value)
        yield key.value, _value(value, f"{path}.{key.value}".strip("."), lines)


def check_text(value: Any) -> None:
    """Refuse a value that holds a lone surrogate, which no file can keep.

    Raises:
        UnreadableError: It does.
    """
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise UnreadableError("a lone surrogate", "text that UTF-8 can hold") from error
