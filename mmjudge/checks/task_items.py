"""Checks of a task's items one by one: what cannot be read or judged, and media that are not so."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice
from pathlib import Path
from typing import NamedTuple

from mmjudge.checks.findings import Finding
from mmjudge.checks.flat import Stood
from mmjudge.checks.gathered import Facts, MediaFacts, Placed
from mmjudge.errors import MissingExtraError, MmjudgeError
from mmjudge.media.image import MediaError
from mmjudge.media.loader import Loader, gather
from mmjudge.metrics import Measure
from mmjudge.metrics.registry import fits
from mmjudge.plural import many
from mmjudge.sources.folder import FolderTask
from mmjudge.task import BadItem, Task, item_problems
from mmjudge.types import Item, Media, Preference, ProtocolName

GOLD = {"pair": "preference", "score": "score", "rank": "ranking"}
"""The kind of gold that a protocol needs; of checklists and steps the items' problems say it."""


class Read(NamedTuple):
    """What a task's loader gave under a protocol."""

    protocol: ProtocolName
    facts: Facts
    problems: list[str]


def read(task: Task, protocol: ProtocolName, limit: int | None, media: MediaFacts) -> Read:
    """Load the items, and note every problem of each with file and line, or its place.

    Args:
        task: The task.
        protocol: What its items are loaded for.
        limit: Number of items, from the first.
        media: Takes the media of all usable items.
    """
    facts, problems, last = Facts(task), list[str](), "none"
    ids, places = Stood(), Places(task, protocol)
    try:
        for number, item in enumerate(islice(task.load(protocol), limit)):
            spot = places.next()
            if isinstance(item, BadItem):
                where = item.where or item.id
                problems += [f"{where}: {one}" for one in item.problem.split("; ")]
                continue
            placed = Placed(places.said(spot), item)
            found = [*item_problems(task.spec, item, protocol), *_gold(task, item, protocol)]
            before = ids.add(item.id, spot)
            if before is not None:
                found.append(f"id: {item.id!r} stood before, at {places.said(before)}")
            problems += [f"{placed.said}: {one}" for one in found]
            if not found:
                last = item.id
                facts.add(number, placed)
                media.add(placed)
    except MmjudgeError as error:
        problems += str(error).splitlines()
    except Exception as error:  # noqa: BLE001 (a loader is a stranger's code)
        problems.append(f"the loader failed after item {last}: {described(error)}")
    return Read(protocol, facts, problems)


class Places:
    """Where the items of a task stand: lines of a folder's file, numbers of others."""

    def __init__(self, task: Task, protocol: ProtocolName) -> None:
        self._path = task.items_file(protocol) if isinstance(task, FolderTask) else None
        self._spots = count(1) if self._path is None else _lines(self._path)

    def next(self) -> int:
        """Where the next item stands; its loader gives one for each line that is not blank."""
        return next(self._spots, 0)

    def said(self, spot: int) -> str:
        """A place, for a message."""
        return f"item {spot}" if self._path is None else f"{self._path}:{spot}"


def _lines(path: Path) -> Iterator[int]:
    """Numbers of the lines that are not blank."""
    if path.is_file():
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.removeprefix(b"\xef\xbb\xbf").strip():
                    yield number


def described(error: BaseException) -> str:
    """An exception in a line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def _gold(task: Task, item: Item, protocol: ProtocolName) -> Iterator[str]:
    """Gold of another kind than the protocol's, or that no judge may answer."""
    known = {criterion.name: criterion for criterion in task.spec.criteria}
    for name, gold in item.gold.items():
        wanted = GOLD.get(protocol, gold.kind)
        if gold.kind != wanted:
            yield f"gold.{name}.kind: a {protocol} needs {wanted}, found {gold.kind}"
        elif isinstance(gold, Preference) and name in known:
            options = known[name].options
            if gold.value not in options:
                yield (
                    f"gold.{name}.value: {gold.value} is none of the criterion's options "
                    f"({', '.join(options)})"
                )


def check_items(reads: Sequence[Read]) -> Iterator[Finding]:
    """What of the items cannot be judged, each problem with its place."""
    for found in reads:
        problems = list(dict.fromkeys(found.problems))
        if problems:
            usable = "1 item is" if found.facts.n == 1 else f"{found.facts.n} items are"
            wrong = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
            said = f"{found.protocol}: {wrong}; {usable} usable"
            yield Finding(check="items", level="broken", said=said, examples=tuple(problems))
        elif not found.facts.n:
            yield Finding(check="items", level="broken", said=f"{found.protocol}: there are none")
        else:
            said = f"{found.protocol}: {many(found.facts.n, 'item')}, each can be judged"
            yield Finding(check="items", level="ok", said=said)


def check_spec(task: Task, reads: Sequence[Read]) -> Iterator[Finding]:
    """Measures, modalities and groups that do not fit what the task has."""
    spec = task.spec
    problems = [p for name in (spec.primary, *spec.measures) if (p := _measure(task, name))]
    if not problems and not fits(Measure.parse(spec.primary).protocol, spec.protocols[0]):
        of = Measure.parse(spec.primary).protocol
        problems.append(
            f"primary: {spec.primary} is of protocol {of}; the first of protocols is "
            f"{spec.protocols[0]}, whose measure it must be"
        )
    some = any(found.facts.n for found in reads)
    held: dict[str, str] = {}
    for found in reads:
        held = found.facts.held | held
    problems += [
        f"modalities: {kind} is shown by {where}; the task has {', '.join(spec.modalities)}"
        for kind, where in held.items()
        if kind not in spec.modalities
    ]
    if spec.groups and some and not any(found.facts.grouped for found in reads):
        problems.append(f"groups: no item has the stratum {spec.groups!r}")
    if problems:
        said = "the task's own description does not fit"
        yield Finding(check="task", level="broken", said=said, examples=tuple(problems))
    else:
        measures = ", ".join((spec.primary, *spec.measures))
        yield Finding(check="task", level="ok", said=f"measures fit its protocols: {measures}")
    idle = [m for m in spec.modalities if some and m not in held and m != "text"]
    if idle:
        said = f"modalities: no item shows {', '.join(idle)}; who takes none is refused for nothing"
        yield Finding(check="task", level="advice", said=said)


def _measure(task: Task, name: str) -> str | None:
    try:
        measure = Measure.parse(name)
    except MmjudgeError as error:
        return f"measures: {error}"
    if any(fits(measure.protocol, protocol) for protocol in task.spec.protocols):
        return None
    return f"measures: {name} is of protocol {measure.protocol}; the task has {task.spec.protocols}"


def check_media(media: MediaFacts) -> Iterator[Finding]:
    """Media that are missing, lie outside, have another sha256, or cannot be decoded."""
    if media.absent:
        said = f"of {media.absent} items the media are not at hand: only recorded judges can answer"
        yield Finding(check="media", level="advice", said=said)
    if media.far:
        said = f"{media.far} media at hf:// or https:// WERE NOT CHECKED: fetch them and use --data"
        yield Finding(check="media", level="skipped", said=said)
    if media.n:
        yield from _check_local(media)


def _check_local(media: MediaFacts) -> Iterator[Finding]:
    """Media of this machine, with the item that names each first."""
    problems, named = list(media.lost), dict(media.spread)
    try:
        undecodable = _undecodable(named, media.root)
        problems += [f"{named[medium]}: {said}" for medium, said in undecodable.items()]
    except MissingExtraError as error:
        yield Finding(check="media", level="skipped", said=f"NOTHING WAS DECODED: {error}")
    if problems:
        said = f"{len(problems)} of {media.n} media cannot be used"
        yield Finding(check="media", level="broken", said=said, examples=tuple(problems))
    else:
        said = f"{media.n} media are there, {media.hashed} with their sha256, {len(named)} decoded"
        yield Finding(check="media", level="ok", said=said)
    if media.hashed < media.n:
        said = f"{media.n - media.hashed} media have no sha256: nobody would see that one changed"
        yield Finding(check="media", level="advice", said=said)


def _undecodable(media: Iterable[Media], root: Path | None) -> dict[Media, str]:
    loader = Loader(root, 1)
    try:
        decoded = gather(loader.decode(media))
    finally:
        loader.close()
    return {m: str(found) for m, found in decoded.items() if isinstance(found, MediaError)}
