"""Helpers for tasks with checklists: questions in an order in which they can be asked."""

from collections.abc import Iterable

from mmjudge.types import Question


def parents_first(questions: Iterable[Question]) -> tuple[Question, ...]:
    """The questions with each after all its parents, otherwise in their order.

    A parent that is not there is left out, and so is a question as its own parent. Of questions
    that need each other in a circle, the first is asked without those that it would wait for.

    Example:
        >>> ask = lambda id, *parents: Question(id=id, text="?", parents=parents)
        >>> [q.id for q in parents_first([ask("1", "3"), ask("2"), ask("3", "2"), ask("4")])]
        ['2', '3', '1', '4']
        >>> [q.parents for q in parents_first([ask("1", "1", "7"), ask("2", "1")])]
        [(), ('1',)]
    """
    waiting = list(questions)
    placed: dict[str, Question] = {}
    while waiting:
        left = {question.id for question in waiting}
        free = (q for q in waiting if not left.intersection(q.parents) - {q.id})
        question = next(free, waiting[0])
        parents = tuple(dict.fromkeys(p for p in question.parents if p in placed))
        placed[question.id] = question.model_copy(update={"parents": parents})
        waiting.remove(question)
    return tuple(placed.values())
