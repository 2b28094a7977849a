"""The authors' figures: by source dataset, over all, and the mean over the datasets.

Pairs: accuracy in percent with ties (three classes), and without (pairs that people call a tie are
left out). Scores: Pearson. Rankings: the edit distance of the two orders over their length.

Reference: arXiv 2402.04788, section 3 and table 3. Whether its averages are over items or over
datasets, and what becomes of a judge's tie where ties are left out, was not read there; both
averages are given, and such a tie is wrong.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from mmjudge.metrics.correlation import pearson
from mmjudge.metrics.ranking import levenshtein
from mmjudge.metrics.weighted import Column, Value
from mmjudge.sources.published_rules import (
    ALL,
    each,
    gold_code,
    rankings_of,
    scores_of,
    share_tables,
)
from mmjudge.sources.rows import codes, grouped
from mmjudge.task import JudgedRow, PublishedRule, PublishedTable

AXIS = "dataset"
TIE = 2


def _pairs(rows: Sequence[JudgedRow], ties: bool, macro: bool) -> Iterator[PublishedTable]:
    counted = [one for one in each(rows) if ties or gold_code(one.row) != TIE]
    yield from share_tables(counted, AXIS, macro)


class Figure(NamedTuple):
    """A row with gold and verdict, as numbers."""

    row: JudgedRow
    gold: float | tuple[float, ...]
    verdict: float | tuple[float, ...]


def _figures(
    rows: Sequence[JudgedRow],
    read: Callable[[Sequence[JudgedRow]], Iterator[tuple[JudgedRow, object, object]]],
    statistic: Callable[..., Value],
) -> Iterator[PublishedTable]:
    """One figure of all rows, then one of each dataset."""
    answered = [Figure(*found) for found in read(rows)]  # type: ignore[arg-type]
    parts = {ALL: answered}
    for name, members in grouped(answered, lambda one: one.row.item.strata[AXIS]).items():
        parts[f"{AXIS}={name}"] = members
    for stratum, members in parts.items():
        if not members:
            continue
        yield PublishedTable(
            criterion="overall",
            stratum=stratum,
            columns=(_column([m.gold for m in members]), _column([m.verdict for m in members])),
            item=codes(member.row.item.id for member in members),
            statistic=statistic,
            n_failed=len(rows) - len(answered) if stratum == ALL else 0,
        )


def _column(values: Sequence[float | tuple[float, ...]]) -> Column:
    """Numbers, or rankings padded with 0 to one length."""
    width = max(len(v) if isinstance(v, tuple) else 0 for v in values)
    if not width:
        return np.array(values, dtype=np.float64)
    rows = [(*v, *[0.0] * (width - len(v))) for v in values if isinstance(v, tuple)]
    return np.array(rows, dtype=np.float64)


RULES = (
    *(
        PublishedRule(f"mllm_judge.{name}{end}", partial(_pairs, ties=ties, macro=macro))
        for name, ties in (("with_tie", True), ("without_tie", False))
        for end, macro in (("", False), ("_macro", True))
    ),
    PublishedRule("mllm_judge.pearson", partial(_figures, read=scores_of, statistic=pearson)),
    PublishedRule(
        "mllm_judge.levenshtein", partial(_figures, read=rankings_of, statistic=levenshtein)
    ),
)
