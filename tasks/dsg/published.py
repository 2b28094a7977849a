"""The authors' correlations between the share of questions met and the mean rating of an image.

A question counts 1 where its answer is "yes", and 0 where one of its parents was not answered so;
that a parent counts 0 because of its own parents does not matter, unlike in the suite's rule. What
is no "yes" is a "no", question by question: a missing answer, other words, an image without any.

Reference: arXiv 2310.18235, section 3; calc_vqa_score in dsg/vqa_utils.py and
scripts/tifa160_correlation.py of the repository.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from mmjudge.metrics.correlation import spearman, tau_b
from mmjudge.sources.rows import codes
from mmjudge.task import JudgedRow, PublishedRule, PublishedTable
from mmjudge.types import Answers, Failure, Question, ScoreGold

LINE = re.compile(r"\W{0,8}(?:answer\s{1,3})?(\d{1,4})\W{1,6}(.*)", re.IGNORECASE)
"""A number and what was answered to it."""


def written(answers: Iterable[str]) -> str:
    """Answers as a judge is asked to write them: a numbered line for each.

    Example:
        >>> written(["yes", "no"]).splitlines()
        ['Answer 1: [[yes]]', 'Answer 2: [[no]]']
    """
    return "\n".join(f"Answer {number}: [[{answer}]]" for number, answer in enumerate(answers, 1))


def answers_of(row: JudgedRow, questions: Sequence[Question]) -> list[str]:
    """What was answered to each question; of a reply that failed, what its lines still say."""
    if isinstance(row.outcome, Answers):
        return list(row.outcome.answers)
    return said_in(row.reply.text or "", len(questions))


def said_in(text: str, n_questions: int) -> list[str]:
    r"""The answer on the numbered line of each question, "" where there is none.

    Example:
        >>> said_in("Answer 1: [[yes]]\nAnswer 2: [[no bus]]\n4. No.", 4)
        ['yes', 'no bus', '', 'no']
    """
    found = (LINE.match(line) for line in text.splitlines())
    said = {line[1]: line[2].strip(" []*_.\"'`").lower() for line in found if line}
    return [said.get(str(number), "") for number in range(1, n_questions + 1)]


def share_met(row: JudgedRow, questions: Sequence[Question], dependent: bool) -> float:
    """Share of the questions that count 1, with parents counted or not."""
    answered = zip(questions, answers_of(row, questions), strict=True)
    yes = {question.id: answer == question.wanted for question, answer in answered}
    met = [yes[q.id] and (not dependent or all(yes[p] for p in q.parents)) for q in questions]
    return sum(met) / len(met)


def _tables(
    rows: Sequence[JudgedRow], statistic: Callable[..., Any], dependent: bool
) -> Iterator[PublishedTable]:
    scored = [
        (row, gold.value, share_met(row, questions, dependent))
        for row in rows
        if (questions := row.item.checklists.get(row.criterion))
        and isinstance(gold := row.item.gold.get(row.criterion), ScoreGold)
    ]
    if not scored:
        return
    yield PublishedTable(
        criterion="faithfulness",
        stratum="all",
        columns=(
            np.array([gold for _, gold, _ in scored], dtype=np.float64),
            np.array([given for _, _, given in scored], dtype=np.float64),
        ),
        item=codes(row.item.id for row, _, _ in scored),
        statistic=statistic,
        n_failed=sum(isinstance(row.outcome, Failure) for row, _, _ in scored),
    )


RULES = tuple(
    PublishedRule(f"dsg.{name}{end}", partial(_tables, statistic=statistic, dependent=dependent))
    for name, statistic in (("spearman", spearman), ("tau_b", tau_b))
    for end, dependent in (("", True), ("_independent", False))
)
