"""The authors' agreement with people, in percent, of understanding and of generation apart.

Pairs: the judge's choice of first, tie and second is that of people. Scores: the judge's score is
that of people. A failure is wrong.

Reference: arXiv 2503.17489, abstract (averages of both settings, understanding and generation
apart). How its tables take agreement of scores, and what becomes of failures, was not read.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from mmjudge.sources.published_rules import Counted, each, share_tables
from mmjudge.task import JudgedRow, PublishedRule, PublishedTable
from mmjudge.types import Failure, Score


def _pairs(rows: Sequence[JudgedRow], axis: str) -> Iterator[PublishedTable]:
    yield from share_tables(each(rows), axis)


def _scores(rows: Sequence[JudgedRow], axis: str) -> Iterator[PublishedTable]:
    counted = []
    for row in rows:
        gold = row.item.gold.get(row.criterion)
        if isinstance(gold, Score) and not row.item.checklists:
            same = isinstance(row.outcome, Score) and row.outcome.value == gold.value
            counted.append(Counted(row, float(same), isinstance(row.outcome, Failure)))
    yield from share_tables(counted, axis)


RULES = tuple(
    PublishedRule(f"judge_anything.{name}{end}", partial(of, axis=axis))
    for name, of in (("pair", _pairs), ("score", _scores))
    for end, axis in (("", "ability"), ("_by_category", "category"))
)
