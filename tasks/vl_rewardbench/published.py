"""The authors' figures: a pair is decided by the majority of its samples.

Right or wrong needs more than half of the samples, a sample without a verdict counting in the
whole. The authors leave pairs that are neither out of every figure (`decided_only`); `majority`
counts them wrong. Their table has the three groups, the whole, and the mean over the groups.

Reference: github vl-rewardbench/VL_RewardBench 9b10abd, cal.py.
"""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from mmjudge.sources.published_rules import majority, share_tables
from mmjudge.task import JudgedRow, PublishedRule, PublishedTable


def _tables(rows: Sequence[JudgedRow], decided: bool, macro: bool) -> Iterator[PublishedTable]:
    counted = majority(rows)
    if not decided:
        counted = [one._replace(right=float(np.nan_to_num(one.right))) for one in counted]
    yield from share_tables(counted, "group", macro)


RULES = tuple(
    PublishedRule(
        f"vl_rewardbench.{name}{'_macro' if macro else ''}",
        partial(_tables, decided=decided, macro=macro),
    )
    for name, decided in (("majority", False), ("decided_only", True))
    for macro in (False, True)
)
