"""Whether a run that is there already is the run that is asked for: the differences, shown."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

from mmjudge.errors import MmjudgeError, StoreError
from mmjudge.store.run_store import RunStore, StoredItem
from mmjudge.task import BadItem, Task, checked
from mmjudge.types import FailureReason, Item, RunHeader

MOST_SHOWN = 10

_SAYS_NOTHING = {
    "judge": ("summary", "protocols", "batch_size", "priced"),
    "task": ("card", "protocols", "primary", "measures"),
}
"""What of a judge and a task shapes no answer: neither what else they can do nor what is made of
the answers."""

RETRIED: tuple[FailureReason, ...] = ("infra", "media")
"""Failures that may be asked again: trouble on the way. Any other is the judge's own answer, and to
ask until it pleases would flatter the judge."""


def check_retry(reasons: Iterable[str]) -> None:
    """Refuse to ask again what is a judge's answer.

    Raises:
        MmjudgeError: A reason is none of `RETRIED`.
    """
    for reason in reasons:
        if reason not in RETRIED:
            allowed = " or ".join(RETRIED)
            raise MmjudgeError(f"retry: only {allowed} is asked again, found {reason!r}")


def check_same_run(store: RunStore, wanted: RunHeader) -> None:
    """Refuse to go on with a run of another task, judge or settings.

    Raises:
        StoreError: Something that shapes the answers differs; each difference is named.
    """
    found = list(_differences(_identity(store.header), _identity(wanted), ""))
    if found:
        raise StoreError(_refusal(store, found))


def check_same_items(store: RunStore, task: Task) -> None:
    """Refuse to go on when an item that was planned already has changed since.

    Raises:
        StoreError: An item was changed, removed or moved; the first ones are shown.
    """
    found: list[str] = []
    items = enumerate(checked(task, store.header.settings.protocol))
    current: tuple[int, Item | BadItem | None] = (-1, None)
    for place, digest in store.digests():
        while current[0] < place:
            current = next(items, (place, None))
        now = current[1]
        if now is not None and stored_item(place, now).digest == digest:
            continue
        found += _item_differences(store.item(place), now)
        if len(found) > MOST_SHOWN:
            break
    if found:
        raise StoreError(_refusal(store, found))


def stored_item(place: int, item: Item | BadItem) -> StoredItem:
    """An item as the store keeps it, with the hash of all of it."""
    body = item.model_dump_json(exclude_none=True)
    digest = hashlib.sha256(body.encode()).digest()[:16]
    return StoredItem(place, digest, isinstance(item, BadItem), body)


def _identity(header: RunHeader) -> dict[str, Any]:
    """The parts of a header that shape answers."""
    content: dict[str, Any] = json.loads(
        header.model_dump_json(include={"task": True, "judge": True, "settings": True})
    )
    for part, names in _SAYS_NOTHING.items():
        for name in names:
            content[part].pop(name)
    content["settings"]["probes"] = [f"{card.name}@{card.version}" for card in header.probes]
    return content


def _differences(before: Any, after: Any, place: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in before | after:
            yield from _differences(before.get(name), after.get(name), f"{place}.{name}".strip("."))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differences(old, new, f"{place}[{index}]")
    elif before != after:
        yield f"{place}: {_short(before)} before, {_short(after)} now"


def _item_differences(before: Item | BadItem, now: Item | BadItem | None) -> list[str]:
    if now is None:
        return [f"item {before.id!r}: is no longer in the task"]
    old, new = before.model_dump(mode="json"), now.model_dump(mode="json")
    return list(_differences(old, new, f"item {before.id!r}"))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _refusal(store: RunStore, found: list[str]) -> str:
    shown = "\n".join(f"  {line}" for line in found[:MOST_SHOWN])
    more = "\n  and more" if len(found) > MOST_SHOWN else ""
    return (
        f"{store.folder}: holds a run with other settings; resuming would mix the two:\n"
        f"{shown}{more}\nChoose another --out, or delete the folder to start again."
    )
