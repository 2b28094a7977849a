"""A pack: the items of a seed as a task folder, with facts and a manifest."""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from signal import SIG_IGN, SIGINT, signal
from typing import Any, NamedTuple, TypeVar, get_args

import yaml

from mmjudge.errors import MissingExtraError, MmjudgeError, unknown
from mmjudge.scenes.directions import DIRECTIONS, MODALITY
from mmjudge.scenes.facts import CRITERIA, as_json
from mmjudge.scenes.items import Content, Place, content
from mmjudge.scenes.levels import LEVELS, LevelName
from mmjudge.scenes.questions import NAMES, spec
from mmjudge.scenes.show import Maker
from mmjudge.types import TASK_NAME, Modality, ProtocolName, TaskSpec

FORMAT = 2
"""Version of what is generated: it changes with facts, gold or ids of the same seed."""

MANIFEST, FACTS = "manifest.json", "facts.jsonl"
PROTOCOLS: tuple[ProtocolName, ...] = get_args(ProtocolName)
_ENCODERS = ("pillow", "numpy", "av", "soundfile")
_CHUNK = 16

T = TypeVar("T")


@dataclass(frozen=True)
class Wanted:
    """What of a seed is made.

    Attributes:
        seed: Everything follows from it.
        items: Number of items; each has a twin beside it.
        directions: Names of `DIRECTIONS`; empty for all.
        levels: Names of `LEVELS`; empty for all.
        protocols: Those wanted; empty for all that a direction has.
        twins: Whether twins are made.
        name: Of the task.
        compact: Whether media are packed tighter: sound as FLAC, PNG at the highest compression,
            which takes twenty times as long.
    """

    seed: str
    items: int
    directions: tuple[str, ...] = ()
    levels: tuple[LevelName, ...] = ()
    protocols: tuple[ProtocolName, ...] = ()
    twins: bool = True
    name: str = "scenes"
    compact: bool = False
    cells: tuple[tuple[str, LevelName, ProtocolName], ...] = field(init=False)

    def __post_init__(self) -> None:
        """Check the names and lay out the cells that items are dealt to in turn.

        Raises:
            MmjudgeError: A name is unknown, there are no items, or nothing fits.
        """
        _require("direction", self.directions, DIRECTIONS)
        _require("level", self.levels, LEVELS)
        _require("protocol", self.protocols, PROTOCOLS)
        if not re.fullmatch(TASK_NAME, self.name):
            raise MmjudgeError(
                f"name: {self.name!r} is no name of a task: small letters, digits and _ are "
                "allowed, as in season_1"
            )
        if self.items < 1:
            raise MmjudgeError(f"items: 1 or more are needed, found {self.items}")
        cells = tuple(
            (direction, level, protocol)
            for protocol in self.protocols or PROTOCOLS
            for level in self.levels or tuple(LEVELS)
            for direction in self.directions or tuple(DIRECTIONS)
            if protocol in DIRECTIONS[direction].protocols
        )
        if not cells:
            raise MmjudgeError(
                f"nothing to make: {', '.join(self.directions)} has no protocol "
                f"{' or '.join(self.protocols)}; mixed directions have pair only"
            )
        object.__setattr__(self, "cells", cells)

    def places(self) -> Iterator[Place]:
        """The places of all items: dealt to directions, levels and protocols in turn."""
        for number in range(self.items):
            index, cell = divmod(number, len(self.cells))
            yield Place(*self.cells[cell], index)

    def spec(self) -> TaskSpec:
        """The task that these items are."""
        used = self.cells[: self.items]
        directions = [DIRECTIONS[direction] for direction, _, _ in used]
        ways = {
            MODALITY[way]
            for direction in directions
            for shown in (direction.shown if self.twins else direction.shown[:1])
            for way in (shown.prompt, *shown.candidates)
        } | ({"text"} if any(d.edited for d in directions) else set())
        protocols = {protocol for _, _, protocol in used}
        criteria = {name for direction in directions for name in CRITERIA[direction.subject]}
        return spec(
            self.name,
            tuple(p for p in PROTOCOLS if p in protocols),
            tuple(m for m in get_args(Modality) if m in ways),
            tuple(name for name in NAMES if name in criteria),
        )


def _require(kind: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise MmjudgeError(unknown(kind, name, known))


class Line(NamedTuple):
    """What one item is in the files of a pack: lines of its items and of its facts, its media."""

    protocol: ProtocolName
    items: tuple[dict[str, Any], ...]
    facts: dict[str, Any] | None
    files: dict[str, str]


def generate(wanted: Wanted, folder: Path, workers: int = 1) -> dict[str, Any]:
    """Write a task folder: `task.yaml`, `items.PROTOCOL.jsonl`, media, facts, a manifest.

    Args:
        wanted: What is made.
        folder: Made if missing; must be empty.
        workers: Processes; the bytes are the same whatever their number.

    Returns:
        The manifest.

    Raises:
        MmjudgeError: The folder holds something already, or an encoder is missing.
    """
    with fresh(wanted, folder):
        files = write_items(wanted, folder, folder, lines(wanted, folder, workers))
        return write_manifest(folder, files, {"seed": wanted.seed, **described(wanted)})


@contextmanager
def fresh(wanted: Wanted, folder: Path) -> Iterator[None]:
    """Write into a new or empty folder.

    Raises:
        MmjudgeError: It holds something, it cannot be written, the seed is no text, or an encoder
            is missing.
    """
    _require_seed(wanted.seed)
    # Before any process is started: a message from one of them would not get here whole.
    for way, library in (("video", "av"), ("audio", "soundfile")):
        if way in wanted.spec().modalities and find_spec(library) is None:
            raise MissingExtraError(f"a scene as {way}", library, way)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise MmjudgeError(f"{folder}: holds files already; name a new folder with --out")
        yield
    except OSError as error:
        what = f"{folder}: cannot be written: {error.strerror or error}"
        raise MmjudgeError(f"{what}; make room, or name a new folder with --out") from error


def _require_seed(seed: str) -> None:
    """Refuse what is no seed: nothing, as an unset variable is, or bytes that are no text."""
    readable = seed.encode(errors="replace").decode()
    if not seed.strip() or readable != seed:
        raise MmjudgeError(f"seed: some text is needed, such as 7, found {readable!r}")


def lines(wanted: Wanted, folder: Path, workers: int) -> Iterator[Line]:
    """The lines of all items in their order; their media are written to the folder."""
    jobs = (Job(wanted, folder, chunk) for chunk in _chunks(wanted.places(), _CHUNK))
    if workers == 1:
        for job in jobs:
            yield from make_chunk(job)
        return
    # Ctrl-C reaches all processes: those that draw leave it to this one.
    spawn, deaf = get_context("spawn"), (SIGINT, SIG_IGN)
    with ProcessPoolExecutor(workers, spawn, initializer=signal, initargs=deaf) as pool:
        # A few chunks ahead of each worker: a pack of a million items is not held in memory.
        for group in _chunks(jobs, 8 * workers):
            for made in pool.map(make_chunk, group):
                yield from made


class Job(NamedTuple):
    """Some items to make in a process."""

    wanted: Wanted
    folder: Path
    places: Sequence[Place]


def make_chunk(job: Job) -> list[Line]:
    """Make items and write their media."""
    maker = Maker(job.wanted.seed, job.folder, job.wanted.twins, job.wanted.compact)
    found = []
    for place in job.places:
        made = maker.make(content(job.wanted.seed, place))
        rows = tuple(item.model_dump(mode="json", exclude_none=True) for item in made.items)
        found.append(Line(place.protocol, rows, facts_line(made.content), made.files))
    return found


def facts_line(asked: Content) -> dict[str, Any]:
    """What an item is about, as a line of `facts.jsonl`."""
    line: dict[str, Any] = {
        "item": asked.place.id,
        "truth": as_json(asked.truth),
        "candidates": [as_json(scene) for scene in asked.candidates],
    }
    if asked.edited is not None:
        line["before"] = as_json(asked.edited.before)
    return line


def write_items(
    wanted: Wanted, folder: Path, facts_in: Path, made: Iterable[Line]
) -> dict[str, str]:
    """Write the card, the items and their facts.

    Returns:
        SHA-256 of each medium by its path.
    """
    card = wanted.spec().model_dump(mode="json", exclude_defaults=True)
    text = yaml.safe_dump(card, sort_keys=False, allow_unicode=True, width=100)
    (folder / "task.yaml").write_text(text, encoding="utf-8")
    files: dict[str, str] = {}
    with ExitStack() as opened:
        outs = {
            protocol: opened.enter_context(
                (folder / f"items.{protocol}.jsonl").open("w", encoding="utf-8")
            )
            for protocol in wanted.spec().protocols
        }
        facts = opened.enter_context((facts_in / FACTS).open("w", encoding="utf-8"))
        for line in made:
            for row in line.items:
                outs[line.protocol].write(_json(row))
            if line.facts is not None:
                facts.write(_json(line.facts))
            files |= line.files
    return files


def write_manifest(folder: Path, media: dict[str, str], more: dict[str, Any]) -> dict[str, Any]:
    """Write `manifest.json`: what made the folder, and the SHA-256 of every file in it."""
    files = dict(media)
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name != MANIFEST:
            files[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest = {
        "format": FORMAT,
        **more,
        "encoders": {name: found for name in _ENCODERS if (found := _version(name))},
        "files": dict(sorted(files.items())),
    }
    text = json.dumps(manifest, indent=1) + "\n"
    temporary = folder / f".{MANIFEST}"
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(folder / MANIFEST)
    return manifest


def described(wanted: Wanted) -> dict[str, Any]:
    """What of a seed a pack holds, without the seed."""
    return {
        "items": wanted.items,
        "twins": wanted.twins,
        "compact": wanted.compact,
        "directions": sorted({direction for direction, _, _ in wanted.cells}),
        "levels": [name for name in LEVELS if name in {level for _, level, _ in wanted.cells}],
        "protocols": list(wanted.spec().protocols),
    }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _chunks(values: Iterable[T], n: int) -> Iterator[list[T]]:
    rest = iter(values)
    while chunk := list(islice(rest, n)):
        yield chunk
