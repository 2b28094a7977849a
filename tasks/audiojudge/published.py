"""The authors' position bias: what a judge says of the same pair in both orders."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from mmjudge.metrics.position import consistency
from mmjudge.metrics.weighted import Column, Value, Weights
from mmjudge.sources.rows import codes, grouped
from mmjudge.task import JudgedRow, PublishedRule, PublishedTable
from mmjudge.types import Preference

CODES = {"first": 0, "second": 1, "tie": 2, "both_good": 3, "both_bad": 4}
FAILED = -1


def _verdict(members: Sequence[JudgedRow], order: tuple[int, int]) -> int:
    """Code of the verdict in that order; a request that is not there counts as failed."""
    outcome = next((row.outcome for row in members if row.order == order), None)
    return CODES[outcome.value] if isinstance(outcome, Preference) else FAILED


def _tables(rows: Sequence[JudgedRow], share: str) -> Iterator[PublishedTable]:
    presented = (row for row in rows if "condition" in row.item.strata)
    for condition, members in grouped(presented, lambda r: r.item.strata["condition"]).items():
        pairs = grouped(members, lambda row: (row.item.id, row.repeat))
        given = np.array([_verdict(pair, (0, 1)) for pair in pairs.values()], dtype=np.int64)
        swapped = np.array([_verdict(pair, (1, 0)) for pair in pairs.values()], dtype=np.int64)
        yield PublishedTable(
            criterion="overall",
            stratum=f"condition={condition}",
            columns=(given, swapped),
            item=codes(item for item, _ in pairs),
            statistic=partial(percent, share=share),
            n_failed=int(((given == FAILED) | (swapped == FAILED)).sum()),
        )


def percent(given: Column, swapped: Column, *, weights: Weights = None, share: str) -> Value:
    """One of the three shares of `consistency`, in percent."""
    return 100 * consistency(given, swapped, weights=weights, share=share)


RULES = tuple(
    PublishedRule(f"audiojudge.position.{share}", partial(_tables, share=share))
    for share in ("consistent", "prefers_first", "prefers_second")
)
