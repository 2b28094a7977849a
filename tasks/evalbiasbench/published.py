"""The authors' figures by class: right in an order, right in both, and the same in both.

A class is a stratum `bias=...`. A verdict that is missing or could not be parsed is wrong, and
agrees with nothing; a tie agrees with a tie. `single_accuracy` counts each order that was asked,
the other two only pairs that were asked in both, as with `--orders both`.
"""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mmjudge.metrics.agreement import accuracy
from mmjudge.metrics.weighted import Batch, Value, Weights
from mmjudge.sources.published_rules import FAILED, gold_code, pair_code
from mmjudge.sources.rows import codes, grouped
from mmjudge.task import JudgedRow, PublishedRule, PublishedTable

Ints = NDArray[np.int64]

CRITERION = "overall"


def _by_class(rows: Sequence[JudgedRow]) -> Iterator[tuple[str, list[JudgedRow]]]:
    yield from grouped(rows, lambda row: row.item.strata["bias"]).items()


def _single(rows: Sequence[JudgedRow]) -> Iterator[PublishedTable]:
    for bias, members in _by_class(rows):
        verdicts = np.array([pair_code(row.outcome) for row in members], dtype=np.int64)
        gold = np.array([gold_code(row) for row in members], dtype=np.int64)
        yield PublishedTable(
            criterion=CRITERION,
            stratum=f"bias={bias}",
            columns=(gold, verdicts),
            item=codes(row.item.id for row in members),
            statistic=_percent_right,
            n_failed=int((verdicts == FAILED).sum()),
        )


def _both(rows: Sequence[JudgedRow], agreement: bool) -> Iterator[PublishedTable]:
    for bias, members in _by_class(rows):
        pairs = {
            name: sorted(pair, key=lambda row: row.order)
            for name, pair in grouped(members, lambda row: (row.item.id, row.repeat)).items()
            if {row.order for row in pair} == {(0, 1), (1, 0)}
        }
        if not pairs:
            continue
        verdicts = np.array(
            [[pair_code(r.outcome) for r in pair] for pair in pairs.values()], np.int64
        )
        gold = np.array([gold_code(pair[0]) for pair in pairs.values()], dtype=np.int64)
        yield PublishedTable(
            criterion=CRITERION,
            stratum=f"bias={bias}",
            columns=(gold, verdicts),
            item=codes(item for item, _ in pairs),
            statistic=partial(_percent_in_both, agreement=agreement),
            n_failed=int((verdicts == FAILED).sum()),
        )


def _percent_right(gold: Ints, verdict: Ints, *, weights: Weights = None) -> Value:
    """Share of verdicts that are right, in percent."""
    return 100 * accuracy(gold, verdict, weights=weights)


def _percent_in_both(
    gold: Ints, verdicts: Ints, *, weights: Weights = None, agreement: bool
) -> Value:
    """Share of pairs right in both orders, or of the same verdict in both, in percent."""
    batch = Batch(weights, gold, verdicts)
    same = (verdicts[:, 0] == verdicts[:, 1]) & (verdicts[:, 0] != FAILED)
    counted = same if agreement else same & (verdicts[:, 0] == gold)
    return 100 * batch.value(batch.mean(counted))


RULES = (
    PublishedRule("evalbiasbench.single_accuracy", _single),
    PublishedRule("evalbiasbench.pair_accuracy", partial(_both, agreement=False)),
    PublishedRule("evalbiasbench.pair_agreement", partial(_both, agreement=True)),
)
