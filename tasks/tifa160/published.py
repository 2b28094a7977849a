"""The authors' correlations between a scorer and the mean of the two ratings."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from mmjudge.metrics.correlation import pearson, tau_b
from mmjudge.sources.rows import codes
from mmjudge.task import JudgedRow, PublishedRule, PublishedTable
from mmjudge.types import Score, ScoreGold


def _table(rows: Sequence[JudgedRow], statistic: Callable[..., Any]) -> Iterator[PublishedTable]:
    scored = [
        (row, gold.value, row.outcome.value)
        for row in rows
        if isinstance(row.outcome, Score)
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
