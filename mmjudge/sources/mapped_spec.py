"""What `task.yaml` of a mapped dataset says, checked as a whole."""

from collections.abc import Iterator
from typing import get_args

from mmjudge.sources.mapping import RIGHT, Columns, GoldSource, HubSource, Place
from mmjudge.types import PreferenceValue, TaskSpec
from mmjudge.types.verdicts import WRONG

NEEDED = {"pair": "2", "score": "1", "checklist": "1", "steps": "1"}
"""Candidates of a mapping, by protocol."""

Problem = tuple[Place, str]
"""Where in `task.yaml` something stands that does not fit, and what is wrong with it."""


class MappedSpec(TaskSpec):
    """What `task.yaml` of a mapped dataset says."""

    hub: HubSource
    columns: Columns

    def problems(self) -> Iterator[Problem]:
        """What of the parts, each sound by itself, does not fit the others."""
        if len(self.protocols) != 1:
            yield ("protocols",), f"a mapping is of one, found {list(self.protocols)}"
            return
        protocol, found = self.protocols[0], len(self.columns.candidates)
        needed = NEEDED.get(protocol, "2 or more")
        if str(found) != needed and not (protocol == "rank" and found >= 2):
            yield ("columns", "candidates"), f"a {protocol} needs {needed}, found {found}"
        if (protocol == "checklist") != bool(self.columns.checklists):
            yield (
                ("columns", "checklists"),
                "a checklist needs the columns of its questions, and no other protocol has any; "
                f"found protocol {protocol} with {len(self.columns.checklists)}",
            )
        yield from self._criteria_problems()

    def _criteria_problems(self) -> Iterator[Problem]:
        known = [criterion.name for criterion in self.criteria]
        named = [("gold", name) for name in self.columns.gold]
        named += [("checklists", name) for name in self.columns.checklists]
        for field, name in named:
            if name not in known:
                yield ("columns", field, name), f"no criterion {name!r}; the task has {known}"
            elif field == "gold":
                yield from self._gold_problems(name, self.columns.gold[name])

    def _gold_problems(self, name: str, gold: GoldSource) -> Iterator[Problem]:
        protocol, n = self.protocols[0], len(self.columns.candidates)
        at = ("columns", "gold", name)
        for field in ("scores", "ranks"):
            given = getattr(gold, field)
            if given and (protocol not in ("pair", "rank") or len(given) != n):
                yield (
                    (*at, field),
                    "one column for each candidate of a pair or ranking is needed "
                    f"({protocol} with {n}), found {len(given)}",
                )
        if gold.value and protocol != "pair":
            yield (*at, "value"), f"only a pair has one, found protocol {protocol}"
        for label, coded in gold.labels.items():
            if problem := self._odd_label(name, coded):
                yield (*at, "labels", label), f"{problem} is needed, found {coded!r}"

    def _odd_label(self, name: str, coded: float | str) -> str | None:
        """What a label would have to code for, or None where it does."""
        criterion = self.criterion(name)
        allowed: tuple[str, ...] = ()
        match self.protocols[0]:
            case "pair":
                allowed, numbers = get_args(PreferenceValue), False
                said = " or ".join(criterion.options)
            case "score":
                numbers, said = True, "a number"
            case "checklist":
                source = self.columns.checklists.get(name)
                allowed, numbers = source.answers if source else (), True
                said = f"{' or '.join(allowed)}, or a number where people scored,"
            case "steps":
                allowed, numbers = (RIGHT, *(criterion.error_types or (WRONG,))), False
                said = " or ".join(allowed)
            case _:
                numbers, said = False, "none for a ranking"
        fits = coded in allowed if isinstance(coded, str) else numbers
        return None if fits else said
