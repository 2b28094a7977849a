"""`recorded/figures.json`: recomputed figures of recorded judges, beside the published ones.

A recording keeps the verdicts of a judge and often not its replies, so it is no submission. What is
kept of it are figures, with the command that makes them again from the authors' files.
"""

import json
from pathlib import Path
from typing import Literal

from pydantic import Field

from mmjudge.leaderboard.submissions.submission import Label, Line, Link
from mmjudge.types import ProtocolName, Record


class Source(Record):
    """Where the recordings of a task come from, and under which licence they may be used."""

    task: Label
    title: Line
    repository: Link
    revision: Line
    licence: Line
    citation: Line


class Figure(Record):
    """A figure, recomputed from raw verdicts: `published` is what the authors gave for it.

    `digits`: decimals that they gave. `note` says why ours is another one, where that is known.
    """

    metric: str
    criterion: str
    stratum: str = "all"
    value: float | None
    ci95: tuple[float, float] | None
    n_items: int
    n_failed: int
    published: float | None = None
    digits: int | None = Field(default=None, ge=0, le=6)
    note: str = ""

    @property
    def differs(self) -> bool:
        """Whether it is not the published one; authors cut the last decimal or round it."""
        if self.published is None or self.digits is None:
            return False
        return self.value is None or abs(self.value - self.published) >= 10.0**-self.digits


class Judged(Record):
    """A recorded judge on a task. `where` are the strata that alone were judged."""

    task: Label
    judge: Line
    protocol: ProtocolName
    where: dict[str, str]
    items: int
    judgments: int
    failures: dict[str, int]
    figures: tuple[Figure, ...]


class Figures(Record):
    """The file; `resamples` are those of the bootstrap over items."""

    format: Literal[1] = 1
    made_with: Line
    made_by: Line
    resamples: int = Field(ge=0)
    sources: tuple[Source, ...]
    judges: tuple[Judged, ...]


def read_figures(path: Path) -> Figures:
    """Read the file."""
    return Figures.model_validate_json(path.read_bytes())


def write_figures(found: Figures, path: Path) -> None:
    """Write the file, a line for each figure, so that a change can be read."""
    content = found.model_dump(mode="json")
    judges = ",".join(map(_lines, content.pop("judges")))
    text = json.dumps(content, indent=1).removesuffix("\n}")
    path.write_text(f'{text},\n "judges": [{judges}\n ]\n}}\n', encoding="utf-8")


def _lines(judge: dict[str, object]) -> str:
    figures = judge.pop("figures")
    assert isinstance(figures, list)
    rows = ",".join(f"\n   {json.dumps(row)}" for row in figures)
    return f'\n  {json.dumps(judge).removesuffix("}")}, "figures": [{rows}]}}'
