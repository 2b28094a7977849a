"""What a task is, without its items, and where it comes from."""

from operator import not_
from typing import Literal

from pydantic import Field

from mmjudge.types.base import Modality, ProtocolName, Record
from mmjudge.types.items import Criterion


class TaskCard(Record):
    """Where a task comes from and what is known about it.

    `columns`: whether the loader was run on the public data itself (verified) or only on small
    folders of its published schema. `size`: number of items by protocol or stratum, as in
    `pair: 120` or `pair, group=general: 40`. `human_agreement`: how far people agree with each
    other, as published.
    """

    summary: str
    source: str = ""
    revision: str = ""
    licence: str = ""
    citation: str = ""
    known_flaws: tuple[str, ...] = ()
    superseded_by: str | None = None
    columns: Literal["verified", "unverified"] = "unverified"
    size: dict[str, int] = Field(default_factory=dict, exclude_if=not_)
    human_agreement: str = Field(default="", exclude_if=not_)


TASK_NAME = r"^[a-z0-9][a-z0-9_]*$"


class TaskSpec(Record):
    """What a task is, without its items; the contents of `task.yaml`.

    `primary` is the measure that a leaderboard sorts by; `measures` are further ones to report.
    `modalities` are those that a judge must take to be asked at all. `groups` is the axis of strata
    whose values fairness measures compare; left out, groups are the systems that made candidates.
    """

    name: str = Field(pattern=TASK_NAME)
    version: int = Field(default=1, ge=1)
    protocols: tuple[ProtocolName, ...] = Field(min_length=1)
    criteria: tuple[Criterion, ...] = Field(min_length=1)
    modalities: tuple[Modality, ...] = Field(min_length=1)
    card: TaskCard
    primary: str
    measures: tuple[str, ...] = ()
    groups: str | None = None

    @property
    def label(self) -> str:
        """Name and version, as in `genai_bench@1`."""
        return f"{self.name}@{self.version}"

    def criterion(self, name: str) -> Criterion:
        """The criterion of that name.

        Raises:
            KeyError: The task has none of that name.
        """
        for criterion in self.criteria:
            if criterion.name == name:
                return criterion
        raise KeyError(name)
