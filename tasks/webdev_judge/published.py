"""The authors' rules: agreement and balanced accuracy, and the tie band over summed scores."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from mmjudge.sources.published_rules import FAILED, gold_code, pair_code, percent, percent_macro
from mmjudge.sources.rows import codes, grouped
from mmjudge.task import JudgedRow, PublishedRule, PublishedTable
from mmjudge.types import Score

from .pairs import LABELS, LIKERT

BAND = 1.0
"""How much higher the sum of one page has to be than that of the other; less is a tie."""

AXES = ("condition", "category")
GOLDS: dict[str, int] = {label: place for place, label in enumerate(LABELS)}


class Told(NamedTuple):
    """What a judge told about a pair of pages, and what people say; `FAILED` where it failed."""

    pair: str
    strata: dict[str, str]
    gold: int
    verdict: int


def compared(rows: Sequence[JudgedRow]) -> list[Told]:
    """Every judgment of a pair."""
    return [
        Told(row.item.strata["pair"], row.item.strata, gold_code(row), pair_code(row.outcome))
        for row in rows
        if gold_code(row) != FAILED
    ]


def banded(rows: Sequence[JudgedRow]) -> list[Told]:
    """Pairs whose pages were scored one by one: the higher sum wins if it does so by enough.

    A pair without all scores of both pages has failed.
    """
    scored = [row for row in rows if row.criterion in LIKERT]

    def pair(row: JudgedRow) -> tuple[str, str, int]:
        return row.item.strata["pair"], row.item.strata["condition"], row.repeat

    told = []
    for members in grouped(scored, pair).values():
        strata = members[0].item.strata
        first, second = (_total(members, side) for side in ("a", "b"))
        verdict = FAILED if np.isnan(first + second) else winner(first, second)
        told.append(Told(strata["pair"], strata, GOLDS[strata["preferred"]], verdict))
    return told


def winner(first: float, second: float, band: float = BAND) -> int:
    """Code of the page with the higher sum: 0 or 1, 2 where they are within the band.

    Example:
        >>> winner(45, 43), winner(44, 43), winner(40, 43)
        (0, 2, 1)
    """
    return 0 if first > second + band else 1 if first < second - band else 2


def _total(rows: Sequence[JudgedRow], side: str) -> float:
    """Sum of the scores of a page, nan where one is missing."""
    values = [
        row.outcome.value
        for row in rows
        if row.item.strata["side"] == side and isinstance(row.outcome, Score)
    ]
    return sum(values) if len(values) == len(LIKERT) else np.nan


def _tables(
    told_of: Callable[[Sequence[JudgedRow]], list[Told]],
    balanced: bool,
    rows: Sequence[JudgedRow],
) -> Iterator[PublishedTable]:
    told = told_of(rows)
    if not told:
        return
    yield _table("all", told, balanced)
    for axis in AXES:
        for value, members in grouped(told, lambda one: one.strata[axis]).items():  # noqa: B023
            yield _table(f"{axis}={value}", members, balanced)


def _table(stratum: str, told: Sequence[Told], balanced: bool) -> PublishedTable:
    right = np.array([one.gold == one.verdict for one in told], dtype=np.float64)
    gold = np.array([one.gold for one in told], dtype=np.int64)
    return PublishedTable(
        criterion="overall",
        stratum=stratum,
        columns=(right, gold) if balanced else (right,),
        item=codes(one.pair for one in told),
        statistic=percent_macro if balanced else percent,
        n_failed=sum(one.verdict == FAILED for one in told),
    )


RULES = tuple(
    PublishedRule(f"webdev_judge.{name}", partial(_tables, told, balanced))
    for name, told, balanced in (
        ("agreement", compared, False),
        ("balanced", compared, True),
        ("band_agreement", banded, False),
        ("band_balanced", banded, True),
    )
)
