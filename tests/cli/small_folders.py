"""Small task folders: their lines, written as a user would."""

import json
from pathlib import Path
from typing import Any


def pair(name: str, gold: str | None = "first", **more: Any) -> dict[str, Any]:
    """An item of two texts, as a line of `items.jsonl`."""
    line: dict[str, Any] = {
        "id": name,
        "prompt": [f"question {name}"],
        "candidates": [{"id": "a", "parts": ["yes"]}, {"id": "b", "parts": ["no"]}],
    }
    if gold is not None:
        line["gold"] = {"quality": {"kind": "preference", "value": gold}}
    return line | more


def said(name: str, text: str, order: tuple[str, str] = ("a", "b")) -> dict[str, Any]:
    """A recorded reply, as a line of `recorded/NAME.jsonl`."""
    facts = {"item": name, "criterion": "quality", "protocol": "pair", "order": order}
    return facts | {"text": text}


CARD: dict[str, Any] = {
    "name": "small",
    "protocols": ["pair"],
    "modalities": ["text"],
    "primary": "accuracy",
    "criteria": [{"name": "quality", "question": "Which is better?"}],
    "card": {"summary": "A small task."},
}


def write_lines(path: Path, lines: list[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    path.write_bytes(b"".join(line + b"\n" for line in raw))
