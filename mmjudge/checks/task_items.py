"""Checks of a task's items one by one: what cannot be read or judged, and media that are not so."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mmjudge.checks.findings import Finding
from mmjudge.errors import MissingExtraError, MmjudgeError
from mmjudge.media.image import MediaError
from mmjudge.media.loader import Loader, gather
from mmjudge.media.source import check_file, is_remote, locate
from mmjudge.metrics import Measure
from mmjudge.metrics.registry import fits
from mmjudge.plural import many
from mmjudge.sources.folder import FolderTask
from mmjudge.task import BadItem, Task, item_problems
from mmjudge.types import Item, Media, Preference, ProtocolName

DECODED = 64
"""Media that are decoded, spread evenly over all; every local one is looked up and hashed."""

GOLD = {"pair": "preference", "score": "score", "rank": "ranking"}
"""The kind of gold that a protocol needs; of checklists and steps the items' problems say it."""


class Placed(NamedTuple):
    """An item, and where it stands."""

    where: str
    item: Item


class Read(NamedTuple):
    """What a task's loader gave under a protocol."""

    protocol: ProtocolName
    items: list[Placed]
    problems: list[str]


def read(task: Task, protocol: ProtocolName, limit: int | None) -> Read:
    """Load the items, and note every problem of each with file and line, or its place."""
    items: list[Placed] = []
    problems: list[str] = []
    seen: dict[str, str] = {}
    lines = _places(task, protocol)
    try:
        for number, item in enumerate(task.load(protocol)):
            if number == limit:
                break
            if isinstance(item, BadItem):
                where = item.where or item.id
                problems += [f"{where}: {one}" for one in item.problem.split("; ")]
                continue
            where = next(lines, "") or f"item {number + 1}"
            found = [*item_problems(task.spec, item, protocol), *_gold(task, item, protocol)]
            if item.id in seen:
                found.append(f"id: {item.id!r} stood before, at {seen[item.id]}")
            seen.setdefault(item.id, where)
            problems += [f"{where} ({item.id}): {one}" for one in found]
            if not found:
                items.append(Placed(where, item))
    except MmjudgeError as error:
        problems += str(error).splitlines()
    except Exception as error:  # noqa: BLE001 (a loader is a stranger's code)
        problems.append(f"the loader failed after item {number_of(items)}: {described(error)}")
    return Read(protocol, items, problems)


def number_of(items: Sequence[Placed]) -> str:
    """The last item, for a message."""
    return items[-1].item.id if items else "none"


def described(error: BaseException) -> str:
    """An exception in a line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def _places(task: Task, protocol: ProtocolName) -> Iterator[str]:
    """File and line of each good item of a folder, in order; nothing of other tasks."""
    if not isinstance(task, FolderTask):
        return
    path = task.items_file(protocol)
    bad = {item.where for item in task.load(protocol) if isinstance(item, BadItem)}
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            where = f"{path}:{number}"
            if line.removeprefix(b"\xef\xbb\xbf").strip() and where not in bad:
                yield where


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
            said = (
                f"{found.protocol}: {len(problems)} problems; {len(found.items)} items are usable"
            )
            yield Finding(check="items", level="broken", said=said, examples=tuple(problems))
        elif not found.items:
            yield Finding(check="items", level="broken", said=f"{found.protocol}: there are none")
        else:
            said = f"{found.protocol}: {many(len(found.items), 'item')}, each can be judged"
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
    placed = [one for found in reads for one in found.items]
    held: dict[str, str] = {}
    for one in placed:
        for part in shown_parts(one.item):
            held.setdefault("text" if isinstance(part, str) else part.modality, one.where)
    problems += [
        f"modalities: {kind} is shown by {where}; the task has {', '.join(spec.modalities)}"
        for kind, where in held.items()
        if kind not in spec.modalities
    ]
    if spec.groups and placed and not any(spec.groups in one.item.strata for one in placed):
        problems.append(f"groups: no item has the stratum {spec.groups!r}")
    if problems:
        said = "the task's own description does not fit"
        yield Finding(check="task", level="broken", said=said, examples=tuple(problems))
    else:
        measures = ", ".join((spec.primary, *spec.measures))
        yield Finding(check="task", level="ok", said=f"measures fit its protocols: {measures}")
    idle = [m for m in spec.modalities if placed and m not in held and m != "text"]
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


def shown_parts(item: Item) -> Iterator[str | Media]:
    """Everything that a judge may be shown of an item."""
    yield from item.prompt
    for candidate in item.candidates:
        yield from candidate.parts
    yield from item.reference or ()


def check_media(task: Task, reads: Sequence[Read]) -> Iterator[Finding]:
    """Media that are missing, lie outside, have another sha256, or cannot be decoded."""
    placed = [one for found in reads for one in found.items]
    if absent := sum(one.item.absent is not None for one in placed):
        said = f"of {absent} items the media are not at hand: only recorded judges can be asked"
        yield Finding(check="media", level="advice", said=said)
    named: dict[Media, str] = {}
    for where, item in placed:
        for part in () if item.absent else shown_parts(item):
            if isinstance(part, Media):
                named.setdefault(part, f"{where} ({item.id})")
    local = {medium: where for medium, where in named.items() if not is_remote(medium.uri)}
    if far := len(named) - len(local):
        said = f"{far} media at hf:// or https:// WERE NOT CHECKED: fetch them and use --data"
        yield Finding(check="media", level="skipped", said=said)
    if local:
        yield from _check_local(local, task.root)


def _check_local(named: dict[Media, str], root: Path | None) -> Iterator[Finding]:
    """Media of this machine, with the item that names each first."""
    problems = {medium: said for medium in named if (said := _lost(medium, root))}
    sound = [medium for medium in named if medium not in problems]
    chosen = sound[:: max(1, len(sound) // DECODED)]
    try:
        problems |= _undecodable(chosen, root)
    except MissingExtraError as error:
        yield Finding(check="media", level="skipped", said=f"NOTHING WAS DECODED: {error}")
    hashed = sum(medium.sha256 is not None for medium in named)
    if problems:
        examples = tuple(f"{named[medium]}: {said}" for medium, said in problems.items())
        said = f"{len(problems)} of {len(named)} media cannot be used"
        yield Finding(check="media", level="broken", said=said, examples=examples)
    else:
        said = f"{len(named)} media are there, {hashed} with their sha256, {len(chosen)} decoded"
        yield Finding(check="media", level="ok", said=said)
    if hashed < len(named):
        said = f"{len(named) - hashed} media have no sha256: nobody would see that one changed"
        yield Finding(check="media", level="advice", said=said)


def _lost(medium: Media, root: Path | None) -> str | None:
    try:
        check_file(locate(medium.uri, root), medium.uri, medium.sha256)
    except MediaError as error:
        return str(error)
    return None


def _undecodable(media: Iterable[Media], root: Path | None) -> dict[Media, str]:
    loader = Loader(root, 1)
    try:
        decoded = gather(loader.decode(media))
    finally:
        loader.close()
    return {m: str(found) for m, found in decoded.items() if isinstance(found, MediaError)}
