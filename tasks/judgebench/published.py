"""The authors' accuracy over both orders, and the stricter one.

`pair`: 1 for a right verdict, -1 for the other response, 0 for a tie or none, in each order; the
pair is right if the sum is above 0. `both`: right in each order. Pairs asked in one order are
decided by it alone.

Reference: github ScalerLab/JudgeBench e2c52c2, utils/metrics.py.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from mmjudge.sources.published_rules import FAILED, Counted, gold_code, pair_code, share_tables
from mmjudge.sources.rows import grouped
from mmjudge.task import JudgedRow, PublishedRule, PublishedTable


def _tables(rows: Sequence[JudgedRow], both: bool) -> Iterator[PublishedTable]:
    counted = []
    for members in grouped(rows, lambda row: (row.item.id, row.repeat)).values():
        gold = gold_code(members[0])
        verdicts = [pair_code(row.outcome) for row in members]
        total = sum((verdict == gold) - (verdict == 1 - gold) for verdict in verdicts)
        right = total == len(verdicts) if both else total > 0
        counted.append(Counted(members[0], float(right), FAILED in verdicts))
    yield from share_tables(counted, "group")


RULES = (
    PublishedRule("judgebench.pair", partial(_tables, both=False)),
    PublishedRule("judgebench.both", partial(_tables, both=True)),
)
