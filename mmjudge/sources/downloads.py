"""Whole copies of public tasks on this machine: fetched once, verified, and read without a network.

A copy is used only when it is whole: until every item and medium is there it has no `whole.json`,
and a file that is no longer what that says is refused.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from mmjudge.errors import TaskError
from mmjudge.media.image import MediaError
from mmjudge.media.source import fetch, is_remote, locate, read_file
from mmjudge.sources.hub import keep_media, media_cache
from mmjudge.sources.hub_files import verified, whole_tables
from mmjudge.sources.rows import read_rows
from mmjudge.task import BadItem, PublishedRule, Recorded, Task
from mmjudge.types import Item, Media, Part, ProtocolName

WHOLE = "whole.json"
TABLES = "tables"
"""Folder of the Hub's tables, kept until the copy is whole."""
SAY_EVERY = 200
"""Items between two lines of progress."""


class Copy(NamedTuple):
    """A whole copy.

    Attributes:
        folder: Where it is.
        items: How many, by protocol.
        absent: Of how many of them media are not published, by protocol; only recorded judges can
            be asked about these.
    """

    folder: Path
    items: dict[str, int]
    absent: dict[str, int]


class DownloadedTask(Task):
    """A public task that is read from its copy; everything else is the task's own."""

    def __init__(self, inner: Task, folder: Path) -> None:
        super().__init__(None)
        self.inner, self.spec, self.folder = inner, inner.spec, folder

    @property
    def root(self) -> Path:
        """The cache, in which all media of the copy are."""
        return media_cache()

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the items of the copy.

        Raises:
            TaskError: The copy is no longer what was downloaded.
        """
        path = self.folder / f"items.{protocol}.jsonl"
        wanted = json.loads((self.folder / WHOLE).read_text())["sha256"][protocol]
        if not path.is_file() or _digest(path) != wanted:
            raise TaskError(
                f"{path}: is not what was downloaded, so nothing of it is used; remove "
                f"{self.folder} and download {self.spec.name} again"
            )
        return read_rows(path, Item)

    def recorded_judges(self) -> tuple[str, ...]:
        """Those of the task."""
        return self.inner.recorded_judges()

    def recorded(self, judge: str) -> Iterator[Recorded]:
        """Those of the task."""
        return self.inner.recorded(judge)

    def published(self) -> tuple[PublishedRule, ...]:
        """Those of the task."""
        return self.inner.published()


def copy_folder(task: Task) -> Path:
    """Where the copy of a task is, or would be: another version or revision has another one."""
    facts = task.spec.model_dump_json() + str(getattr(task, "facts", ""))
    digest = hashlib.sha256(facts.encode()).hexdigest()[:12]
    return media_cache().parent / "tasks" / f"{task.spec.label}-{digest}"


def downloaded(task: Task) -> Task:
    """The task as its whole copy, if there is one; otherwise the task itself."""
    folder = copy_folder(task)
    return DownloadedTask(task, folder) if (folder / WHOLE).is_file() else task


def download(task: Task, say: Callable[[str], None]) -> Copy:
    """Fetch every item and medium of a task, or go on where an earlier download stopped.

    Args:
        task: The task, without data of its own.
        say: Takes lines of progress.

    Raises:
        TaskError: Something cannot be had; what was fetched is kept, and is used by nothing else.
    """
    folder = copy_folder(task)
    if (folder / WHOLE).is_file():
        known = json.loads((folder / WHOLE).read_text())
        copy = DownloadedTask(task, folder)
        for protocol in known["items"]:
            copy.load(protocol)
        return Copy(folder, known["items"], {p: _absent(folder, p) for p in known["items"]})
    folder.mkdir(parents=True, exist_ok=True)
    with whole_tables(folder / TABLES, say):
        counts: dict[str, int] = {p: _fetch(task, p, folder, say) for p in task.spec.protocols}
    for protocol, count in counts.items():
        stated = task.spec.card.size.get(protocol)
        if stated is not None and stated != count:
            raise TaskError(
                f"{task.spec.label}: {protocol}: {count} items came, the card says {stated}; the "
                f"copy in {folder} is not used"
            )
    digests = {p: _digest(_renamed(folder, p)) for p in counts}
    _write(folder / WHOLE, json.dumps({"items": counts, "sha256": digests}))
    shutil.rmtree(folder / TABLES, ignore_errors=True)
    return Copy(folder, counts, {p: _absent(folder, p) for p in counts})


def _absent(folder: Path, protocol: str) -> int:
    """How many items of a copy lack something."""
    items = read_rows(folder / f"items.{protocol}.jsonl", Item)
    return sum(isinstance(item, Item) and item.absent is not None for item in items)


def _renamed(folder: Path, protocol: str) -> Path:
    part, whole = folder / f"items.{protocol}.part", folder / f"items.{protocol}.jsonl"
    if part.is_file():
        part.replace(whole)
    return whole


def _fetch(task: Task, protocol: ProtocolName, folder: Path, say: Callable[[str], None]) -> int:
    """Append the items of a protocol that are not there yet; how many there are."""
    part = folder / f"items.{protocol}.part"
    kept, items = _whole_lines(part), iter(task.load(protocol))
    if kept and not _as_before(part, islice(items, kept), kept):
        say(f"{task.spec.label}: {protocol}: the public data has changed, so it begins anew")
        part.unlink()
        return _fetch(task, protocol, folder, say)
    if kept:
        say(f"{task.spec.label}: {protocol}: goes on after {kept} items")
    count = kept
    with part.open("ab") as out:
        for item in items:
            if isinstance(item, BadItem):
                raise TaskError(f"{item.where}: {item.problem}; the copy is not used")
            line = _with_media(task, item).model_dump_json()
            out.write(line.encode() + b"\n")
            count += 1
            if count % SAY_EVERY == 0:
                out.flush()
                say(f"{task.spec.label}: {protocol}: {count} items")
    return count


def _as_before(part: Path, items: Iterable[Item | BadItem], kept: int) -> bool:
    """Whether the items that were fetched already are still those of the public data."""
    pairs = zip(read_rows(part, Item), items, strict=False)
    return sum(_content(one) == _content(other) for one, other in pairs) == kept


def _content(item: Item | BadItem) -> object:
    """All of an item but where its media are."""
    if isinstance(item, BadItem):
        return None
    parts = (*item.prompt, *(part for c in item.candidates for part in c.parts))
    texts = [part if isinstance(part, str) else part.modality for part in parts]
    return item.id, texts, item.gold, item.strata


def _whole_lines(path: Path) -> int:
    """Lines of a file that was cut off at any moment, the last one without an end taken away."""
    if not path.is_file():
        return 0
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        path.write_bytes(whole)
    return whole.count(b"\n")


def _with_media(task: Task, item: Item) -> Item:
    """The item with all its media in the cache, under their hash."""
    kept: dict[str, str] = {}

    def here(part: Part) -> Part:
        if isinstance(part, str):
            return part
        medium = _kept(task, part)
        kept[part.uri] = medium.uri
        return part.model_copy(update={"uri": medium.uri, "sha256": medium.sha256})

    update: dict[str, Any] = {
        "prompt": tuple(map(here, item.prompt)),
        "candidates": tuple(
            c.model_copy(update={"parts": tuple(map(here, c.parts))}) for c in item.candidates
        ),
    }
    if item.reference is not None:
        update["reference"] = tuple(map(here, item.reference))
    update["in_words"] = {kept.get(uri, uri): said for uri, said in item.in_words.items()}
    return item if item.absent else item.model_copy(update=update)


def _kept(task: Task, part: Media) -> Media:
    if part.uri.startswith("https://"):
        raise TaskError(f"{part.uri}: the web is not asked by a download; run with --allow-urls")
    try:
        remote = is_remote(part.uri)
        path = fetch(part.uri, media_cache(), False) if remote else locate(part.uri, task.root)
        path = verified(path) if remote else path
        content = read_file(path, part.uri, part.sha256)
    except MediaError as error:
        raise TaskError(str(error)) from error
    return keep_media({"bytes": content, "path": part.uri}, part.modality, part.uri)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
