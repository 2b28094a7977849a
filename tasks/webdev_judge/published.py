"""The authors' rules: agreement and balanced accuracy, of verdicts, summed marks and rubric trees.

A failure counts as wrong, but in the balanced accuracy of rubrics, which leaves it out.

Reference: lcy2723/WebDevJudge 2f37318, evaluator/likert.py and evaluator/rubric.py, `evaluate`.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from mmjudge.sources.published_rules import FAILED, gold_code, pair_code, percent, percent_macro
from mmjudge.sources.rows import codes, grouped
from mmjudge.task import JudgedRow, PublishedRule, PublishedTable
from mmjudge.types import Answers, Question, Score

from .pairs import LABELS, LIKERT
from .rubric import BRANCHES

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
    return [_told(members, _total, BAND) for members in grouped(scored, _pair).values()]


def questioned(rows: Sequence[JudgedRow]) -> list[Told]:
    """Pairs whose pages were held against a rubric tree: the one that meets more of it wins.

    What is met of the three branches is added up, each as a share; so a difference, however small,
    decides. A pair without all answers about both pages has failed.
    """
    answered = [row for row in rows if row.criterion in BRANCHES]
    return [_told(members, _met, 0.0) for members in grouped(answered, _pair).values()]


def _pair(row: JudgedRow) -> tuple[str, str, int]:
    return row.item.strata["pair"], row.item.strata["condition"], row.repeat


def _told(
    rows: Sequence[JudgedRow], worth: Callable[[Sequence[JudgedRow], str], float], band: float
) -> Told:
    strata = rows[0].item.strata
    first, second = worth(rows, "a"), worth(rows, "b")
    verdict = FAILED if np.isnan(first + second) else winner(first, second, band)
    return Told(strata["pair"], strata, GOLDS[strata["preferred"]], verdict)


def _met(rows: Sequence[JudgedRow], side: str) -> float:
    """Sum over the branches of the share that a page meets, nan where one was not answered."""
    shares = [
        sum(map(_is_met, row.item.checklists[row.criterion], row.outcome.answers))
        / len(row.outcome.answers)
        for row in rows
        if row.item.strata["side"] == side and isinstance(row.outcome, Answers)
    ]
    asked = sum(row.item.strata["side"] == side for row in rows)
    return sum(shares) if asked and len(shares) == asked else np.nan


def _is_met(question: Question, answer: str) -> bool:
    return answer == question.wanted


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


class Figure(NamedTuple):
    """One published figure: of what it is made, and how.

    `balanced`: the mean of the recalls of both sides and of ties. `answered`: failures are left
    out; otherwise they are wrong.
    """

    name: str
    told: Callable[[Sequence[JudgedRow]], list[Told]]
    balanced: bool = False
    answered: bool = False

    def tables(self, rows: Sequence[JudgedRow]) -> Iterator[PublishedTable]:
        """The figure on the whole, by way to show a page, and by category."""
        told = self.told(rows)
        if told:
            yield self._table("all", told)
        for axis in AXES:
            for value, members in grouped(told, partial(_value, axis)).items():
                yield self._table(f"{axis}={value}", members)

    def _table(self, stratum: str, told: Sequence[Told]) -> PublishedTable:
        right = np.array([one.gold == one.verdict for one in told], dtype=np.float64)
        if self.answered:
            right[[one.verdict == FAILED for one in told]] = np.nan
        gold = np.array([one.gold for one in told], dtype=np.int64)
        return PublishedTable(
            criterion="overall",
            stratum=stratum,
            columns=(right, gold) if self.balanced else (right,),
            item=codes(one.pair for one in told),
            statistic=percent_macro if self.balanced else percent,
            n_failed=sum(one.verdict == FAILED for one in told),
        )


def _value(axis: str, one: Told) -> str:
    return one.strata[axis]


FIGURES = (
    Figure("agreement", compared),
    Figure("balanced", compared, balanced=True),
    Figure("band_agreement", banded),
    Figure("band_balanced", banded, balanced=True),
    Figure("rubric_agreement", questioned),
    Figure("rubric_balanced", questioned, balanced=True, answered=True),
)
RULES = tuple(PublishedRule(f"webdev_judge.{one.name}", one.tables) for one in FIGURES)
