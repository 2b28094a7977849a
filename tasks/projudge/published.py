"""The authors' figures, in percent: steps judged right, and errors that are named by their type.

Correctness: of all steps, those of which a judge says rightly whether they are right. Error types:
of the steps that people find wrong, those whose type a judge names; over all, and of each type. A
failed reply fails for every step of it.

Reference: arXiv 2503.06553, table 3 (step correctness; error types overall and by type). Its
figures over all types lie near those of the most frequent ones, so they are taken over errors, not
over types; the paper's text on that, and its code, were not read.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from mmjudge.sources.published_rules import ALL, percent
from mmjudge.sources.rows import codes, grouped
from mmjudge.task import JudgedRow, PublishedRule, PublishedTable
from mmjudge.types import Failure, Steps


class Step(NamedTuple):
    """One step of a judged solution: what people find wrong, whether the judge said so too."""

    row: JudgedRow
    error: str | None
    detected: bool
    named: bool


def _steps(rows: Sequence[JudgedRow]) -> Iterator[Step]:
    for row in rows:
        gold = row.item.gold.get(row.criterion)
        if not isinstance(gold, Steps):
            continue
        said = row.outcome.errors if isinstance(row.outcome, Steps) else None
        for error, named in zip(gold.errors, said or gold.errors, strict=True):
            detected = (named is None) == (error is None)
            yield Step(row, error, bool(said) and detected, bool(said) and named == error)


def _table(stratum: str, steps: Sequence[Step], right: Sequence[bool]) -> PublishedTable:
    failed = {id(step.row) for step in steps if isinstance(step.row.outcome, Failure)}
    return PublishedTable(
        criterion=steps[0].row.criterion,
        stratum=stratum,
        columns=(np.array(right, dtype=np.float64),),
        item=codes(step.row.item.id for step in steps),
        statistic=percent,
        n_failed=len(failed),
    )


def _by_discipline(steps: Sequence[Step]) -> dict[str, list[Step]]:
    found = grouped(steps, lambda step: step.row.item.strata["discipline"])
    return {f"discipline={name}": members for name, members in found.items()}


def _correctness(rows: Sequence[JudgedRow]) -> Iterator[PublishedTable]:
    steps = list(_steps(rows))
    parts = {ALL: steps} if steps else {}
    parts |= _by_discipline(steps)
    for stratum, members in parts.items():
        yield _table(stratum, members, [step.detected for step in members])


def _types(rows: Sequence[JudgedRow]) -> Iterator[PublishedTable]:
    wrong = [step for step in _steps(rows) if step.error is not None]
    parts = {ALL: wrong} if wrong else {}
    types = grouped(wrong, lambda step: step.error)
    parts |= {f"error={name}": members for name, members in types.items()}
    parts |= _by_discipline(wrong)
    for stratum, members in parts.items():
        yield _table(stratum, members, [step.named for step in members])


RULES = (
    PublishedRule("projudge.step_correctness", _correctness),
    PublishedRule("projudge.error_types", _types),
)
