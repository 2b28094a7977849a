"""Secret seasons: a public part without gold, and a private part that completes it."""

import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmjudge.errors import MmjudgeError
from mmjudge.jsonl import BadLine, read_records
from mmjudge.scenes.pack import (
    Line,
    Wanted,
    described,
    fresh,
    lines,
    write_items,
    write_manifest,
)
from mmjudge.types import Gold, Item, ProtocolName, Record

PUBLIC, PRIVATE, GOLD = "public", "private", "gold.jsonl"

SHORTEST_SEED = 32
"""Characters: the generator is public, so a seed that can be guessed gives the gold away."""

FEWEST_CHARACTERS = 8
"""Different ones in a secret: as many have 32 digits or more drawn at random."""

OVERALL = "overall"

_TELLING = ("breaks",)
"""Strata that say which candidate is right, or which fact to look at."""


_MAKE_ONE = "make one with: python -c 'import secrets; print(secrets.token_hex(32))'"


class GoldLine(Record):
    """A line of the private part: what the public item lacks, and the id that it was made with."""

    item: str
    made: str
    protocol: ProtocolName
    gold: dict[str, Gold]
    strata: dict[str, str]


def season(wanted: Wanted, seed_file: Path, folder: Path, workers: int = 1) -> dict[str, Any]:
    """Write a season: `public/`, a task folder without gold, and `private/` with gold and facts.

    Public items are in an order and under ids that the secret scrambles: generated ids count, and
    gold is balanced in blocks of them. The manifest of the public part commits to the private one
    by the SHA-256 of its gold, keyed with the secret: whoever is shown the secret later can check
    that nothing was changed.

    Args:
        wanted: What is made; its seed is not used.
        seed_file: Text file with the secret, at least `SHORTEST_SEED` characters.
        folder: Made if missing; must be empty.
        workers: Processes.

    Returns:
        The manifest of the public part.

    Raises:
        MmjudgeError: The secret cannot be read or is too short, or the folder holds something.
    """
    wanted = replace(wanted, seed=read_seed(seed_file))
    with fresh(wanted, folder):
        return _write(wanted, folder / PUBLIC, folder / PRIVATE, workers)


def _write(wanted: Wanted, public: Path, private: Path, workers: int) -> dict[str, Any]:
    public.mkdir()
    private.mkdir(mode=0o700)
    secret, about = wanted.seed, described(wanted)
    with (private / GOLD).open("w", encoding="utf-8") as out:
        made = _scrambled(_without_gold(lines(wanted, public, workers), secret, out))
        media = write_items(wanted, public, private, made)
    write_manifest(private, {}, about)
    manifest = write_manifest(public, media, {**about, "commitment": commitment(secret, private)})
    for path in public.rglob("*"):
        # Times of files tell the order in which they were made, as ids would.
        os.utime(path, (0, 0))
    return manifest


def read_seed(path: Path) -> str:
    """The secret in a file, without white space and the mark of an editor around it.

    Raises:
        MmjudgeError: It cannot be read, or is too short or too uniform to stay secret.
    """
    try:
        text = path.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        found = error.strerror if isinstance(error, OSError) else error
        raise MmjudgeError(f"{path}: cannot be read: {found}; {_MAKE_ONE}") from error
    if len(text) < SHORTEST_SEED:
        raise MmjudgeError(
            f"{path}: a secret of {SHORTEST_SEED} or more characters is needed, found {len(text)}; "
            f"{_MAKE_ONE}"
        )
    if len(set(text)) < FEWEST_CHARACTERS:
        raise MmjudgeError(
            f"{path}: a secret of {FEWEST_CHARACTERS} or more different characters is needed, "
            f"found {len(set(text))}; {_MAKE_ONE}"
        )
    return text


def commitment(secret: str, private: Path) -> str:
    """HMAC-SHA-256 of the private gold, keyed with the secret, in hexadecimal digits."""
    return hmac.new(secret.encode(), (private / GOLD).read_bytes(), hashlib.sha256).hexdigest()


def join(public: Path, private: Path, protocol: ProtocolName) -> Iterator[Item]:
    """The items of a season with their gold, in the order of the public part.

    Raises:
        MmjudgeError: A line cannot be read, or an item has no gold or gold no item.
    """
    gold = {g.item: g for g in _read(private / GOLD, GoldLine) if g.protocol == protocol}
    for item in _read(public / f"items.{protocol}.jsonl", Item):
        found = gold.pop(item.id, None)
        if found is None:
            raise MmjudgeError(f"{private / GOLD}: no gold for item {item.id} of {public}")
        # Gold is in the order in which criteria were made, which the public part does not tell.
        strata = {**item.strata, **found.strata}
        update = {"criteria": tuple(found.gold), "gold": found.gold, "strata": strata}
        yield item.model_copy(update=update)
    if gold:
        raise MmjudgeError(f"{private / GOLD}: gold for {min(gold)}, which {public} has not")


def _read(path: Path, record: Any) -> Iterator[Any]:
    try:
        for line in read_records(path, record):
            if isinstance(line, BadLine):
                raise MmjudgeError(f"{line.where}: {line.problem}")
            yield line
    except OSError as error:
        raise MmjudgeError(f"{path}: cannot be read: {error}") from error


def _without_gold(made: Iterable[Line], secret: str, out: Any) -> Iterator[Line]:
    """The lines as the public sees them; what they lose is written to the private part."""
    for line in made:
        for row in line.items:
            strata = {axis: row["strata"].pop(axis) for axis in _TELLING}
            lost = {"gold": row.pop("gold"), "strata": strata}
            # As made, what the pair is about comes first, and what both candidates keep second.
            row["criteria"] = [OVERALL, *sorted(set(row["criteria"]) - {OVERALL})]
            made_as, row["id"] = row["id"], _hidden(secret, row["id"])
            row["strata"]["twin"] = _hidden(secret, row["strata"]["twin"])
            kept = {"item": row["id"], "made": made_as, "protocol": line.protocol, **lost}
            out.write(json.dumps(kept, separators=(",", ":")) + "\n")
        yield line


def _hidden(secret: str, name: str) -> str:
    return hmac.new(secret.encode(), name.encode(), hashlib.sha256).hexdigest()[:16]


def _scrambled(made: Iterable[Line]) -> Iterator[Line]:
    """One line for each row, in the order of their ids; facts and files stay as they came."""
    rows: list[tuple[str, Line]] = []
    for line in made:
        rows += [(row["id"], Line(line.protocol, (row,), None, {})) for row in line.items]
        yield line._replace(items=())
    for _, row in sorted(rows, key=lambda found: found[0]):
        yield row
