"""Tasks without code: a folder with `task.yaml` and `items.jsonl`, or such a Hub dataset."""

import json
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mmjudge.cards import read_card, top_fields
from mmjudge.errors import MmjudgeError, TaskError
from mmjudge.jsonl import BadLine, explain, read_records
from mmjudge.media.changes import problem_of
from mmjudge.registry import TASKS, registry
from mmjudge.sources.downloads import downloaded
from mmjudge.sources.hub import (
    HubName,
    hub_file,
    hub_rows,
    keep_media,
    local_rows,
    media_cache,
    parse_name,
)
from mmjudge.sources.mapped import MappedTask
from mmjudge.sources.rows import read_rows
from mmjudge.sources.samples import SAMPLE, no_sample, sample_of
from mmjudge.task import BadItem, Recorded, Task
from mmjudge.types import Item, Media, Parts, ProtocolName, TaskSpec

CARD = "task.yaml"
_COLUMNS = tuple(Item.model_fields)


def open_task(spec: str, data: Path | None = None) -> Task:
    """Open a task by what a user writes.

    Args:
        spec: Name of a registered task, path of a folder with `task.yaml`, or
            `hub:owner/name@revision`.
        data: Folder with the data of a registered task, or a local copy of a Hub dataset (of
            `hub:`, or of a folder whose `task.yaml` maps its columns); `sample` for the few items
            that come with the task.

    Raises:
        MmjudgeError: There is no such task, its plugin does not load, its card is wrong, or it has
            no sample.
    """
    wants_sample = data == Path(SAMPLE)
    if spec.startswith("hub:"):
        if wants_sample:
            raise no_sample(spec)
        return HubTask(parse_name(spec.removeprefix("hub:")), data)
    known = registry(TASKS)
    if spec not in known.points and spec not in known.broken and _is_path(spec):
        if top_fields(Path(spec) / CARD) & {"hub", "columns"}:
            data = Path(spec) / SAMPLE if wants_sample else data
            mapped = MappedTask(Path(spec), data)
            return mapped if data else downloaded(mapped)
        if data is not None:
            read_card(Path(spec) / CARD, TaskSpec)  # which is no YAML may be meant as a mapping
            raise TaskError(f"{spec}: a task folder holds its own data; leave out {data}")
        return FolderTask(Path(spec))
    return _open_plugin(spec, data)


def _is_path(spec: str) -> bool:
    return "/" in spec or "\\" in spec or spec.startswith(".") or (Path(spec) / CARD).is_file()


def _open_plugin(name: str, data: Path | None) -> Task:
    found = registry(TASKS).load(name)
    if not (isinstance(found, type) and issubclass(found, Task)):
        raise TaskError(
            f"task {name!r}: a subclass of mmjudge.task.Task is needed, found {found!r}"
        )
    if not isinstance(getattr(found, "spec", None), TaskSpec):
        raise TaskError(f"task {name!r}: {found.__name__}.spec must be a TaskSpec")
    if data == Path(SAMPLE) and (data := sample_of(found)) is None:
        raise no_sample(f"task {name!r}")
    try:
        opened = found(data)
        return opened if data else downloaded(opened)
    except MmjudgeError:
        raise
    except Exception as error:
        raise TaskError(f"task {name!r} does not open: {type(error).__name__}: {error}") from error


class FolderTask(Task):
    """A folder: `task.yaml`, `items.jsonl`, media beside them, `recorded/NAME.jsonl` if any.

    A task of several protocols may have a file for each instead of one `items.jsonl`:
    `items.pair.jsonl`, `items.checklist.jsonl` and so on.

    Args:
        folder: The folder.

    Raises:
        MmjudgeError: It has no `task.yaml`, or that does not fit; every problem is listed.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        if not folder.is_dir():
            raise TaskError(f"{folder}: no such task folder")
        if not (folder / CARD).is_file():
            raise TaskError(f"{folder}: a task folder needs {CARD}")
        self.folder = folder
        self.spec = read_card(folder / CARD, TaskSpec)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the lines of the items file in their order; a bad line comes as a `BadItem`."""
        path = self.items_file(protocol)
        if not path.is_file():
            raise TaskError(f"{path}: missing; one item a line is needed")
        for item in read_rows(path, Item):
            problem = None if isinstance(item, BadItem) else unsafe_media(item)
            if problem:
                yield BadItem(id=item.id, where=f"{path}: item {item.id}", problem=problem)
            else:
                yield item

    def items_file(self, protocol: ProtocolName) -> Path:
        """The file of a protocol's items: its own, or the one of all."""
        own = self.folder / f"items.{protocol}.jsonl"
        return own if own.is_file() else self.folder / "items.jsonl"

    def recorded_judges(self) -> tuple[str, ...]:
        """Names of the files in the folder `recorded`."""
        return tuple(sorted(path.stem for path in (self.folder / "recorded").glob("*.jsonl")))

    def recorded(self, judge: str) -> Iterator[Recorded]:
        """Yield the lines of `recorded/JUDGE.jsonl`."""
        if judge not in self.recorded_judges():
            yield from super().recorded(judge)
        for line in read_records(self.folder / "recorded" / f"{judge}.jsonl", Recorded):
            if isinstance(line, BadLine):
                raise TaskError(f"{line.where}: {line.problem}")
            yield line


class HubTask(Task):
    """A Hub dataset with `task.yaml` and rows whose columns are the fields of an item.

    A column holds the field itself or its JSON text. A part is a text, `{"text"}`,
    `{"modality", "uri"}` with a path in the dataset, or `{"modality", "data"}` with the media
    inside; a null says that a field is not there.

    Args:
        name: The dataset and its revision.
        data: A local copy of the dataset, which needs no network.

    Raises:
        MmjudgeError: The Hub cannot be reached, or the card is missing or wrong.
    """

    def __init__(self, name: HubName, data: Path | None = None) -> None:
        super().__init__(data)
        self.name = name
        if data is not None and not (data / CARD).is_file():
            raise TaskError(f"{data}: a copy of the dataset {name} needs {CARD}")
        card = hub_file(name, CARD) if data is None else data / CARD
        self.spec = read_card(card, TaskSpec)

    @property
    def root(self) -> Path:
        """The cache: media that came inside of rows are kept there."""
        return media_cache()

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield one item for each row; a row that is no item comes as a `BadItem`."""
        rows = local_rows(self.data) if self.data else hub_rows(self.name, None, None)
        for place, row in enumerate(rows):
            where = f"hub:{self.name} row {place}"
            identity = str(row.get("id") or f"row {place}")
            try:
                item = Item.model_validate(self._fields(row, where))
            except ValidationError as error:
                yield BadItem(id=identity, where=where, problem=explain(error))
            except TaskError as error:
                yield BadItem(id=identity, where=where, problem=str(error))
            else:
                problem = unsafe_media(item)
                yield BadItem(id=identity, where=where, problem=problem) if problem else item

    def _fields(self, row: dict[str, Any], where: str) -> dict[str, Any]:
        fields = {}
        for column, value in row.items():
            if column in _COLUMNS and value is not None:
                fields[column] = _from_json(column, value, where)
        for column in ("prompt", "reference"):
            if isinstance(fields.get(column), list):
                fields[column] = [self._part(part, f"{where}: {column}") for part in fields[column]]
        for candidate in fields.get("candidates", ()):
            parts = candidate.get("parts") if isinstance(candidate, dict) else None
            if isinstance(parts, list):
                place = f"{where}: candidates"
                candidate["parts"] = [self._part(part, place) for part in parts]
        if isinstance(fields.get("in_words"), dict):
            fields["in_words"] = {self._uri(uri): said for uri, said in fields["in_words"].items()}
        return {name: _without_null(value) for name, value in fields.items()}

    def _part(self, part: Any, place: str) -> Any:
        if not isinstance(part, dict):
            return part
        part = {name: value for name, value in part.items() if value is not None}
        if set(part) == {"text"}:
            return part["text"]
        if "data" in part:
            return keep_media(part["data"], str(part.get("modality")), place)
        if isinstance(part.get("uri"), str):
            part["uri"] = self._uri(part["uri"])
        return part

    def _uri(self, uri: str) -> str:
        if "://" in uri or unsafe_uri(uri):
            return uri
        return f"hf://datasets/{self.name.repo}@{self.name.revision}/{uri}"


def _from_json(column: str, value: Any, where: str) -> Any:
    if column in ("id", "absent") or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise TaskError(f"{where}: {column}: not JSON: {error}") from error


def _without_null(value: Any) -> Any:
    """Parquet gives every row all keys of a struct; those without a value are not there."""
    if isinstance(value, dict):
        return {k: _without_null(v) for k, v in value.items() if v is not None}
    return [_without_null(v) for v in value] if isinstance(value, list) else value


def unsafe_media(item: Item) -> str | None:
    """What is wrong with a medium that leaves the task's folder, or is not so changed; or None."""
    places: list[tuple[str, Parts]] = [("prompt", item.prompt), ("reference", item.reference or ())]
    places += [(f"candidates.{c.id}.parts", c.parts) for c in item.candidates]
    named = chain.from_iterable(
        ((f"{place}.{i}", part) for i, part in enumerate(parts)) for place, parts in places
    )
    for place, part in named:
        if isinstance(part, Media) and (problem := unsafe_uri(part.uri)):
            return f"{place}.uri: {problem}, found {part.uri!r:.120}"
        if isinstance(part, Media) and (problem := problem_of(part)):
            return f"{place}.changes: {problem}"
    return None


def unsafe_uri(uri: str) -> str | None:
    """What is wrong with a media reference, or None.

    Whether the web may be asked is for a run to say, not for the task: see `--allow-urls`.

    Example:
        >>> unsafe_uri("img/a.png"), unsafe_uri("img/../../a.png")
        (None, 'a path must stay in the folder of its task')
    """
    path = uri.removeprefix("hf://")
    if "\0" in uri or "\\" in uri:
        return "a path has neither NUL nor backslash"
    if uri.startswith("https://"):
        return None
    if "://" in path:
        return "only https://, hf:// or a path in the folder is allowed"
    if path.startswith(("/", "~")) or re.match(r"[A-Za-z]:", path):
        return "a path must be relative to the folder of its task"
    if ".." in path.split("/"):
        return "a path must stay in the folder of its task"
    return None
