"""The authors' correlations between a scorer and the mean of the two ratings.

A checklist's score is the share of its questions that were answered right.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from mmjudge.metrics.correlation import pearson, tau_b
from mmjudge.sources.rows import codes
from mmjudge.task import JudgedRow, PublishedRule, PublishedTable
from mmjudge.types import Answers, Score, ScoreGold


def _given(row: JudgedRow) -> float | None:
    match row.outcome:
        case Score(value=value):
            return value
        case Answers(answers=answers):
            questions = row.item.checklists[row.criterion]
            right = [a == q.wanted for a, q in zip(answers, questions, strict=True)]
            return sum(right) / len(right)
    return None


def _table(rows: Sequence[JudgedRow], statistic: Callable[..., Any]) -> Iterator[PublishedTable]:
    scored = [
        (row, gold.value, given)
        for row in rows
        if (given := _given(row)) is not None
        and isinstance(gold := row.item.gold.get("faithfulness"), ScoreGold)
    ]
    yield PublishedTable(
        criterion="faithfulness",
        stratum="all",
        columns=(
            np.array([gold for _, gold, _ in scored], dtype=np.float64),
            np.array([given for _, _, given in scored], dtype=np.float64),
        ),
        item=codes(row.item.id for row, _, _ in scored),
        statistic=statistic,
        n_failed=len(rows) - len(scored),
    )


RULES = (
    PublishedRule("tifa.pearson", partial(_table, statistic=pearson)),
    PublishedRule("tifa.tau_b", partial(_table, statistic=tau_b)),
)
