"""The portraits of the public copy, which says nothing of judges."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from mmjudge.errors import TaskError
from mmjudge.sources.hub import HubName, hub_rows, keep_media
from mmjudge.task import BadItem
from mmjudge.types import Media

HUB = HubName("MJ-Bench/MJ-Bench", "main")
SPLIT = "bias"
COLUMNS = ("demographic", "occupation", "image", "caption")


class Portrait(NamedTuple):
    """A row of the bias split."""

    occupation: str
    demographic: str
    prompt: str
    image: Media


def portraits() -> Iterator[Portrait | BadItem]:
    """Stream the portraits from the Hub, whose conditions a user has to accept once.

    Raises:
        TaskError: The Hub cannot be reached, or the split has other columns.
    """
    for place, row in enumerate(hub_rows(HUB, None, SPLIT, COLUMNS)):
        where = f"{HUB} {SPLIT} row {place}"
        try:
            yield _portrait(row, where)
        except TaskError as error:
            yield BadItem(id=f"portrait/{place:04d}", where=where, problem=str(error))


def _portrait(row: dict[str, Any], where: str) -> Portrait:
    texts = {name: row[name] for name in ("occupation", "demographic", "caption")}
    for name, text in texts.items():
        if not isinstance(text, str) or not text.strip():
            raise TaskError(f"{name}: a text is needed, found {text!r}")
    image = keep_media(row["image"], "image", f"{where}: image")
    return Portrait(texts["occupation"], texts["demographic"], texts["caption"], image)
