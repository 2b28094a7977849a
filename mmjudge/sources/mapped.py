"""A Hub dataset as a task by a YAML mapping of its columns, without code."""

import math
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mmjudge.cards import line_of, read_card
from mmjudge.errors import TaskError
from mmjudge.jsonl import explain
from mmjudge.sources.hub import (
    HubName,
    MissingColumnsError,
    hub_rows,
    keep_media,
    local_rows,
    media_cache,
)
from mmjudge.sources.mapped_lists import gold_of, questions_of
from mmjudge.sources.mapped_spec import MappedSpec
from mmjudge.sources.mapping import Columns, GoldSource, Source, Use, dotted, uses
from mmjudge.task import BadItem, Task
from mmjudge.types import Item, Media, Part, ProtocolName, TaskSpec

CARD = "task.yaml"
ORDER = ("text", "image", "video", "audio")


class MappedTask(Task):
    """The rows of a Hub dataset, as `hub` and `columns` of a `task.yaml` say.

    Args:
        folder: The folder with `task.yaml`.
        data: A local copy of the dataset, which needs no network; None for the Hub.

    Raises:
        MmjudgeError: `task.yaml` does not fit; every problem is listed.
    """

    def __init__(self, folder: Path, data: Path | None = None) -> None:
        super().__init__(data)
        if data is not None and not data.is_dir():
            raise TaskError(f"{data}: no such folder; a local copy of the dataset is needed")
        self.card = folder / CARD
        mapped = read_card(self.card, MappedSpec)
        if problems := list(mapped.problems()):
            lines = (
                f"{self.card}:{line_of(self.card, place)}: {dotted(place)}: {problem}"
                for place, problem in problems
            )
            raise TaskError("\n".join(lines))
        self.spec = TaskSpec.model_validate(mapped.model_dump(exclude={"hub", "columns"}))
        self.hub, self.columns = mapped.hub, mapped.columns
        self.name = HubName(self.hub.dataset, self.hub.revision)
        self.facts = mapped.model_dump_json()

    @property
    def root(self) -> Path:
        """The cache: media that came inside of rows are kept there."""
        return media_cache()

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield one item for each row; a row that is none comes as a `BadItem`.

        Raises:
            TaskError: The dataset cannot be read, or has no such columns.
        """
        used = tuple(uses(self.columns))
        names = tuple(dict.fromkeys(use.first for use in used))
        try:
            for place, row in enumerate(self._rows(names)):
                yield self._item(place, row)
        except MissingColumnsError as error:
            raise TaskError(self._changed(error, used)) from error

    def _rows(self, names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
        if self.data is None:
            return hub_rows(self.name, self.hub.config, self.hub.split, names)
        pattern = self.hub.files or f"**/*{self.hub.split}*.parquet"
        if not any(self.data.glob(pattern)):
            held = [str(p.relative_to(self.data)) for p in sorted(self.data.glob("**/*.parquet"))]
            raise TaskError(
                f"{self.data}: no {pattern} in it, as {self.card} asks for (hub.split or "
                f"hub.files); its parquet files: {', '.join(held[:8]) or 'none'}"
            )
        return local_rows(self.data, pattern, names)

    def _changed(self, error: MissingColumnsError, used: Sequence[Use]) -> str:
        """What the mapping expects, what is there, and at which revision: a line a column."""
        lines = []
        for use in used:
            if use.first in error.missing:
                near = get_close_matches(use.first, error.found, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                lines.append(
                    f"{self.card}:{line_of(self.card, use.place)}: {dotted(use.place)}: column "
                    f"{use.first!r} is expected, but is not in {self.name} ({self.hub.split}){hint}"
                )
        at = f" (read from {self.data})" if self.data else ""
        lines.append(f"there at revision {self.name.revision}{at}: {', '.join(error.found)}")
        return "\n".join(lines)

    def _item(self, place: int, row: dict[str, Any]) -> Item | BadItem:
        where = f"{self.name} {self.hub.split} row {place}"
        identity = f"{self.hub.split}/{place}"
        try:
            reader = _Row(row, self)
            if self.columns.id:
                identity = str(reader.value(self.columns.id, ("columns", "id")))
            return Item.model_validate({"id": identity, **reader.fields()})
        except ValidationError as error:
            return BadItem(id=identity, where=where, problem=explain(error))
        except TaskError as error:
            return BadItem(id=identity, where=where, problem=str(error))


class _Row:
    """One row, read by the mapping of a task."""

    def __init__(self, row: dict[str, Any], task: MappedTask) -> None:
        self.row, self.task = row, task

    def fields(self) -> dict[str, Any]:
        """The fields of an item but its id."""
        columns: Columns = self.task.columns
        prompt = self._parts(columns.prompt, ("columns", "prompt"))
        candidates = [self._candidate(i) for i in range(len(columns.candidates))]
        gold = {
            name: coded
            for name, source in columns.gold.items()
            if (coded := self._gold(source, ("columns", "gold", name))) is not None
        }
        checklists = {
            name: listed
            for name, source in columns.checklists.items()
            if (listed := questions_of(source, self.value, ("columns", "checklists", name)))
        }
        if columns.gold and not gold:
            raise TaskError(f"no gold: {', '.join(columns.gold)} are all empty in this row")
        strata = {"modality": f"{_kinds(prompt)}->{_kinds(candidates[0]['parts'])}"}
        for axis, source in columns.strata.items():
            value = self.value(source, ("columns", "strata", axis))
            strata |= {} if value is None else {axis: str(value)}
        found = {"prompt": prompt, "candidates": candidates, "gold": gold, "strata": strata}
        if columns.checklists:
            found["checklists"] = checklists
        if columns.reference:
            found["reference"] = self._parts(columns.reference, ("columns", "reference"))
        # Where people judged some criteria only, the judge is asked about those.
        partly = len(gold) < len(columns.gold)
        return {**found, "criteria": list(gold)} if partly else found

    def _candidate(self, number: int) -> dict[str, Any]:
        source, at = self.task.columns.candidates[number], ("columns", "candidates", number)
        system = self.value(source.system, (*at, "system")) if source.system else None
        name = (
            self.value(source.id, (*at, "id")) if source.id else "abcdefghijkl"[number : number + 1]
        )
        return {
            "id": str(name or number),
            "system": None if system is None else str(system),
            "parts": self._parts(source.parts, (*at, "parts")),
        }

    def _parts(self, sources: Sequence[Source], at: tuple[int | str, ...]) -> list[Part]:
        parts: list[Part] = []
        for number, source in enumerate(sources):
            place = (*at, number)
            value = self.value(source, place)
            several = value if isinstance(value, list) else [value]
            for one in several:
                parts.append(self._medium(source, one, place) if source.media else one)
                if not isinstance(parts[-1], str | Media):
                    raise self._wrong(source, place, "text", one)
        return parts

    def _medium(self, source: Source, value: Any, at: tuple[int | str, ...]) -> Media:
        if isinstance(value, str):
            return self._by_path(source, value, at)
        if isinstance(value, dict) and isinstance(value.get("bytes"), bytes) and source.media:
            return keep_media(value, source.media, dotted(at))
        raise self._wrong(source, at, f"{source.media} (bytes, or a path)", value)

    def _by_path(self, source: Source, path: str, at: tuple[int | str, ...]) -> Media:
        uri = f"{source.folder.rstrip('/')}/{path}" if source.folder else path
        if "://" in uri or uri.startswith("/") or ".." in uri.split("/") or "\\" in uri:
            raise self._wrong(source, at, "a path in the dataset", path)
        if self.task.data is None:
            uri = f"hf://datasets/{self.task.name}/{uri}"
            return Media.model_validate({"modality": source.media, "uri": uri})
        file = (self.task.data / uri).resolve()
        if not file.is_relative_to(self.task.data.resolve()) or not file.is_file():
            raise TaskError(f"{dotted(at)}: no file {uri} in {self.task.data}")
        kept = {"bytes": file.read_bytes(), "path": uri}
        return keep_media(kept, str(source.media), dotted(at))

    def _gold(self, source: GoldSource, at: tuple[int | str, ...]) -> dict[str, Any] | None:
        protocol = self.task.spec.protocols[0]
        if source.value:
            return {"kind": "preference", "value": source.value}
        if source.scores or source.ranks:
            return self._compared(source, at)
        return gold_of(protocol, source, self._inside, at)

    def _compared(self, source: GoldSource, at: tuple[int | str, ...]) -> dict[str, Any] | None:
        """A preference or ranking from a number for each candidate."""
        columns = source.scores or source.ranks
        numbers = [self._inside(column) for column in columns]
        if all(number is None for number in numbers):
            return None
        for column, number in zip(columns, numbers, strict=True):
            if isinstance(number, bool) or not isinstance(number, int | float):
                raise TaskError(
                    f"{dotted(at)}: column {column}: a number is needed, found {number!r}"
                )
            if math.isnan(number):
                raise TaskError(f"{dotted(at)}: column {column}: a number is needed, found nan")
        sign = -1 if source.scores else 1
        worth = [sign * number for number in numbers]
        if self.task.spec.protocols[0] == "rank":
            ranks = [1 + sum(other < one for other in worth) for one in worth]
            return {"kind": "ranking", "ranks": ranks}
        better = "tie" if worth[0] == worth[1] else "first" if worth[0] < worth[1] else "second"
        return {"kind": "preference", "value": better}

    def value(self, source: Source, at: tuple[int | str, ...]) -> Any:
        """What a source says of this row."""
        return source.text if source.text is not None else self._inside(source.column or "")

    def _inside(self, column: str) -> Any:
        """What a column holds, or what is inside of that."""
        first, *steps = column.split(".")
        value = self.row[first]
        for step in steps:
            try:
                value = _into(value, step)
            except (KeyError, IndexError, ValueError, TypeError):
                found = f"keys {list(value)}" if isinstance(value, dict) else f"{value!r:.60}"
                raise TaskError(f"column {column}: no {step!r} in it, found {found}") from None
        return value

    def _wrong(
        self, source: Source, at: tuple[int | str, ...], wanted: str, value: Any
    ) -> TaskError:
        found = f"{type(value).__name__} {value!r:.60}"
        return TaskError(
            f"column {source.column}: {wanted} is needed for {dotted(at)}, found {found}"
        )


def _into(value: Any, step: str) -> Any:
    """What a key or a place holds; a key of a list is that of each of its entries."""
    if isinstance(value, list) and not step.isdigit():
        return [entry[step] for entry in value]
    return value[int(step)] if isinstance(value, list) else value[step]


def _kinds(parts: Sequence[Part]) -> str:
    found = {"text" if isinstance(part, str) else part.modality for part in parts}
    return "+".join(kind for kind in ORDER if kind in found)
