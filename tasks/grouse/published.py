"""The authors' unit tests: the share of conditions that a judge's scores meet.

A score is a number or none, which says that the metric does not apply; here none is the level
below the scale. Two metrics follow from which of relevancy and completeness are none: positive
acceptance and negative rejection. A test whose score failed is not passed. `grouse.passed` takes
each score as it was given; `grouse.passed_in_turn` counts as the authors ask: usefulness is asked
where relevancy is none and is none elsewhere, faithfulness is none where both are.

Reference: github illuin-tech/grouse e4c57ba, grouse/meta_evaluator.py, grouse/utils.py,
grouse/grounded_qa_evaluator.py; arXiv 2409.06595.
"""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from mmjudge.sources.published_rules import Counted, share_tables
from mmjudge.sources.rows import grouped
from mmjudge.task import JudgedRow, PublishedRule, PublishedTable
from mmjudge.types import Criterion, Score

WANTED = "{}_wanted"
"""Axis of strata that holds the condition on a criterion."""
NONE = "==None"
OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
LOWEST = {"answer_relevancy": 1, "completeness": 1, "faithfulness": 0, "usefulness": 0}
"""The lowest score of each metric; what is below is none."""
DECLINING = ("answer_relevancy", "completeness")
DERIVED = ("positive_acceptance", "negative_rejection")
TOTAL = "total"

Given = dict[str, float | None]
"""The score of each metric that a judge gave; one that failed is not there."""


def meets(score: float | None, condition: str) -> bool:
    """Whether a score meets a condition; none meets `==None` alone.

    Example:
        >>> meets(4, "<5"), meets(None, "==None"), meets(None, "<5"), meets(1, "==None")
        (True, True, False, False)
    """
    if score is None or condition == NONE:
        return score is None and condition == NONE
    sign = condition[:2] if condition[:2] in OPERATORS else condition[:1]
    return OPERATORS[sign](score, float(condition.removeprefix(sign)))


def wanted(criterion: Criterion, condition: str) -> float | None:
    """The only level of the criterion that meets a condition, None where several do.

    Example:
        >>> from mmjudge.types import Scale
        >>> scale = Scale(lowest=-1, highest=1, labels=("none", "0", "1"))
        >>> one = Criterion(name="usefulness", question="?", scale=scale)
        >>> wanted(one, "==1"), wanted(one, "==None"), wanted(one, "<=1")
        (1.0, -1.0, None)
    """
    assert criterion.scale is not None
    levels = range(int(criterion.scale.lowest), int(criterion.scale.highest) + 1)
    fit = [level for level in levels if meets(_score(criterion.name, level), condition)]
    return float(fit[0]) if len(fit) == 1 else None


def _score(name: str, value: float) -> float | None:
    """The score that a level stands for."""
    return None if value < LOWEST[name] else value


def in_turn(given: Given) -> Given:
    """The scores as the authors come to them, who ask some only after others.

    Example:
        >>> in_turn({"answer_relevancy": 3, "completeness": 5, "usefulness": 1, "faithfulness": 1})
        {'answer_relevancy': 3, 'completeness': 5, 'usefulness': None, 'faithfulness': 1}
    """
    found = dict(given)
    if "answer_relevancy" not in found:
        found.pop("usefulness", None)
        found.pop("faithfulness", None)
    elif found["answer_relevancy"] is not None:
        found["usefulness"] = None
    elif "usefulness" not in found:
        found.pop("faithfulness", None)
    elif found["usefulness"] is None:
        found["faithfulness"] = None
    return found


def passes(given: Given, conditions: Mapping[str, str]) -> dict[str, bool]:
    """Whether each of the six metrics passes a test."""
    found = {
        name: name in given and meets(given[name], condition)
        for name, condition in conditions.items()
    }
    known = all(name in given for name in DECLINING)
    judged = derived(*(given.get(name) is None for name in DECLINING))
    people = derived(*(conditions[name] == NONE for name in DECLINING))
    for name, one, other in zip(DERIVED, judged, people, strict=True):
        found[name] = known and one == other
    return found


def derived(declines: bool, nothing_answers: bool) -> tuple[int | None, int | None]:
    """Positive acceptance and negative rejection.

    Args:
        declines: Relevancy is none, since the answer says that no reference answers.
        nothing_answers: Completeness is none, since no reference does.

    Example:
        >>> derived(True, True), derived(True, False), derived(False, True), derived(False, False)
        ((1, 1), (0, None), (None, 0), (None, None))
    """
    acceptance = int(nothing_answers) if declines else None
    rejection = int(declines) if nothing_answers else None
    return acceptance, rejection


def _tables(rows: Sequence[JudgedRow], turned: bool) -> Iterator[PublishedTable]:
    """A table for each metric, then one of all six: the mean of the six shares."""
    counted: list[Counted] = []
    for members in grouped(rows, lambda row: (row.item.id, row.repeat)).values():
        given: Given = {
            row.criterion: _score(row.criterion, row.outcome.value)
            for row in members
            if isinstance(row.outcome, Score)
        }
        first = members[0]
        conditions = {name: first.item.strata[WANTED.format(name)] for name in LOWEST}
        found = passes(in_turn(given) if turned else given, conditions)
        failed = len(given) < len(LOWEST)
        for name, passed in found.items():
            one = first._replace(criterion=name)
            counted.append(Counted(one, float(passed), name not in given and failed))
        mean = sum(found.values()) / len(found)
        counted.append(Counted(first._replace(criterion=TOTAL), mean, failed))
    yield from share_tables(counted)


RULES = (
    PublishedRule("grouse.passed", partial(_tables, turned=False)),
    PublishedRule("grouse.passed_in_turn", partial(_tables, turned=True)),
)
