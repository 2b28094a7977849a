"""Checklists and steps as a page shows them: what is right, and what is said one by one."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mmjudge.protocols.render import CORRECT
from mmjudge.scoring.table import Table
from mmjudge.types import Answers, AnyVerdict, Failure, Gold, Item, Judgment, Steps

SHARE_TOLERANCE = 0.125
"""A checklist whose share is this near to people's score on a scale from 0 to 1 is called right in
the browser of items; no figure depends on it."""


def right_lists(table: Table, right: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of a checklist all answers are people's, of a solution the first wrong step is."""
    assert table.parts is not None
    for criterion, (asked, gold) in enumerate(zip(table.parts.asked, table.gold, strict=True)):
        rows = np.flatnonzero((table.columns.criterion == criterion) & ~table.failed)
        item, value = table.item[rows], table.columns.value[rows]
        if table.header.settings.protocol == "steps":
            right[rows] = gold[item] == value
            continue
        near = np.abs(gold[item] - value) <= SHARE_TOLERANCE
        right[rows] = (
            np.where(asked.known[item], parts_off(table, criterion, rows) == 0, near)
            & known_right(table, criterion)[item]
        )
    return right


def known_right(table: Table, criterion: int) -> NDArray[np.bool_]:
    """Items of a run of lists of whose verdicts it can be said whether they are right."""
    assert table.parts is not None
    known = table.parts.asked[criterion].known
    if table.header.settings.protocol == "checklist" and table.same_scale(criterion):
        known = known | ~np.isnan(table.gold[criterion])
    return known


def parts_off(table: Table, criterion: int, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Of some judgments, the share of the questions or steps of which people say otherwise."""
    assert table.parts is not None
    asked, said = table.parts.asked[criterion], table.parts.said.take(rows)
    unlike = asked.gold.values[asked.gold.at(table.item[rows])] != said.values
    row = np.repeat(np.arange(len(rows)), said.lengths)
    return np.bincount(row[unlike], minlength=len(rows)) / np.maximum(said.lengths, 1)


def part_rows(
    item: Item, criterion: str, judgments: Sequence[Judgment]
) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Each question or step, what people say of it, and what a judge says each time."""
    said = [part_words(one.outcome) for one in judgments]
    if all(words is None for words in said):
        return ()
    names = [question.text for question in item.checklists.get(criterion, ())]
    names = names or [part if isinstance(part, str) else "" for part in item.candidates[0].parts]
    gold = part_words(item.gold.get(criterion)) or [""] * len(names)
    each = [words if words is not None else ["failed"] * len(names) for words in said]
    return tuple(zip(names, gold, zip(*each, strict=True), strict=True))


def part_words(verdict: AnyVerdict | Failure | Gold | None) -> list[str] | None:
    """What is said of each question or step, None of a verdict that is no list.

    Example:
        >>> part_words(Steps(errors=(None, "visual")))
        ['correct', 'visual']
    """
    match verdict:
        case Answers(answers=answers):
            return list(answers)
        case Steps(errors=errors):
            return [error or CORRECT for error in errors]
    return None


def list_right(outcome: AnyVerdict | Failure, gold: Gold) -> bool | None:
    """Whether all answers are people's, or the first wrong step is; None of what is no list."""
    match outcome:
        case Answers(answers=answers) if isinstance(gold, Answers):
            return answers == gold.answers
        case Steps() if isinstance(gold, Steps):
            return outcome.first_wrong == gold.first_wrong
    return None
