"""Rows of public data as items: from a local copy where the user names one, else from its place.

A row is a `PublicRow`: its fields are the columns that a loader needs, so that the record is also
the list that a changed dataset is held against.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar, get_args

from pydantic import ConfigDict, ValidationError

from mmjudge.errors import TaskError
from mmjudge.jsonl import explain
from mmjudge.sources.github import GithubName, github_path
from mmjudge.sources.hub import HubName, hub_file, hub_rows, hub_splits, local_rows, media_cache
from mmjudge.sources.rows import absent_data, data_file, missing_media
from mmjudge.task import BadItem, Task
from mmjudge.types import Item, Media, Modality, Part, Parts, Record


class PublicRow(Record):
    """A row as others publish it: fields that no loader needs are passed over."""

    model_config = ConfigDict(extra="ignore")


R = TypeVar("R", bound=PublicRow)


class HubTable(NamedTuple):
    """A split of a Hub dataset; `files` are the parquet files of that split in a local copy."""

    hub: HubName
    split: str
    config: str | None = None
    files: str = "**/*.parquet"


class TableTask(Task):
    """A task whose rows hold their media: those are kept in the cache, undecoded."""

    @property
    def root(self) -> Path | None:
        """The cache, in which the media of the rows are kept."""
        return media_cache()


def table_items(
    task: Task, table: HubTable, record: type[R], make: Callable[[int, R, str], Iterable[Item]]
) -> Iterator[Item | BadItem]:
    """The items of each row of a table; a row that cannot be used comes as a `BadItem`.

    Args:
        task: Its `data` is a local copy of the table's parquet files, None for the Hub.
        table: Where the rows are.
        record: What a row is; its fields are the columns that are read.
        make: Place of the row, the row and where it stands, to its items.

    Raises:
        TaskError: There are no such rows, or a column that is needed is not there.
    """
    for place, row in enumerate(_rows(task, table, tuple(record.model_fields))):
        where = f"{task.data or table.hub} {table.config or ''}/{table.split} row {place}"
        try:
            yield from list(make(place, record.model_validate(row), where))
        except ValidationError as error:
            yield BadItem(id=where, where=where, problem=explain(error))
        except TaskError as error:
            yield BadItem(id=where, where=where, problem=str(error))


def _rows(task: Task, table: HubTable, columns: tuple[str, ...]) -> Iterator[dict[str, object]]:
    if task.data is None:
        return hub_rows(table.hub, table.config, table.split, columns)
    if task.data.is_file():
        return local_rows(task.data.parent, task.data.name, columns)
    if not any(task.data.glob(table.files)):
        raise absent_data(task, table.files)
    return local_rows(task.data, table.files, columns)


def table_splits(task: Task, hub: HubName, config: str) -> list[str]:
    """The splits of a configuration: the local copy's, by names of its files, or the Hub's.

    Raises:
        TaskError: The local copy has no parquet files of it, or the Hub cannot be asked.
    """
    if task.data is None:
        return hub_splits(hub, config)
    files = task.data.glob(f"**/{config}/*-*.parquet")
    if splits := sorted({path.name.partition("-")[0] for path in files}):
        return splits
    raise absent_data(task, f"{config}/SPLIT-*.parquet")


def public_file(task: Task, place: HubName | GithubName, path: str) -> Path:
    """A file of a dataset or repository: the local copy's, by path or by name alone, or downloaded.

    Raises:
        TaskError: The local copy has no such file, or it cannot be downloaded.
    """
    if task.data is not None:
        return data_file(task, path, path.rpartition("/")[2])
    return hub_file(place, path) if isinstance(place, HubName) else github_path(place, path)


def hub_media(task: Task, hub: HubName, path: str, modality: str) -> Media:
    """A medium that lies as a file in a dataset: beside the local copy, or on the Hub."""
    uri = path if task.data is not None else f"hf://datasets/{hub}/{path}"
    return Media.model_validate({"modality": modality, "uri": uri})


def marked(task: Task, item: Item, unpublished: str | None = None) -> Item:
    """The item with what it lacks: media that the local copy does not have.

    Args:
        task: The task.
        item: An item of it.
        unpublished: What is said of an item with media where there is no local copy, if its public
            place does not hold them.
    """
    parts = [*item.prompt, *(part for c in item.candidates for part in c.parts)]
    if task.data is not None:
        return item.model_copy(update={"absent": missing_media(task, parts)})
    lacks = unpublished is not None and any(isinstance(part, Media) for part in parts)
    return item.model_copy(update={"absent": unpublished}) if lacks else item


def modality_of(prompt: Parts, candidates: Iterable[Parts]) -> str:
    """The stratum `modality` of an item, by what is in it.

    Example:
        >>> film = Media(modality="video", uri="a.mp4")
        >>> modality_of((film, "What happens?"), [("A cup falls.",), ("Nothing.",)])
        'text+video->text'
    """
    return f"{_kinds(prompt)}->{_kinds(part for parts in candidates for part in parts)}"


def _kinds(parts: Iterable[Part]) -> str:
    found = {"text" if isinstance(part, str) else part.modality for part in parts}
    return "+".join(kind for kind in get_args(Modality) if kind in found)
