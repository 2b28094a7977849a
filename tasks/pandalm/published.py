"""The authors' figures: agreement with the majority, macro averages, kappa between annotators."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from mmjudge.metrics.agreement import accuracy, f1, kappa, precision, recall
from mmjudge.sources.rows import codes
from mmjudge.task import JudgedRow, PublishedRule, PublishedTable
from mmjudge.types import Preference, PreferenceGold, PreferenceValue

CODES: dict[PreferenceValue | None, int] = {"first": 0, "second": 1, "tie": 2}
FAILED = -1


def _golds(rows: Sequence[JudgedRow]) -> list[tuple[JudgedRow, PreferenceGold]]:
    named = [(row, row.item.gold.get("overall")) for row in rows]
    return [(row, gold) for row, gold in named if isinstance(gold, PreferenceGold)]


def _with_majority(
    rows: Sequence[JudgedRow], statistic: Callable[..., Any]
) -> Iterator[PublishedTable]:
    judged = _golds(rows)
    given = [
        CODES.get(row.outcome.value, 2) if isinstance(row.outcome, Preference) else FAILED
        for row, _ in judged
    ]
    yield PublishedTable(
        criterion="overall",
        stratum="all",
        columns=(
            np.array([CODES[gold.value] for _, gold in judged], dtype=np.int64),
            np.array(given, dtype=np.int64),
        ),
        item=codes(row.item.id for row, _ in judged),
        statistic=statistic,
        n_failed=given.count(FAILED),
    )


def _between_annotators(rows: Sequence[JudgedRow]) -> Iterator[PublishedTable]:
    """Kappa between annotators, which no judge has a part in; each item once."""
    ratings = {row.item.id: gold.ratings for row, gold in _golds(rows)}
    table = np.array([[CODES[rating] for rating in each] for each in ratings.values()])
    for one, other in combinations(range(table.shape[1] if ratings else 0), 2):
        yield PublishedTable(
            criterion="overall",
            stratum=f"annotators={one + 1},{other + 1}",
            columns=(table[:, one], table[:, other]),
            item=codes(ratings),
            statistic=kappa,
        )


RULES = (
    PublishedRule("pandalm.agreement", partial(_with_majority, statistic=accuracy)),
    PublishedRule("pandalm.precision", partial(_with_majority, statistic=precision)),
    PublishedRule("pandalm.recall", partial(_with_majority, statistic=recall)),
    PublishedRule("pandalm.f1", partial(_with_majority, statistic=f1)),
    PublishedRule("pandalm.kappa", _between_annotators),
)
