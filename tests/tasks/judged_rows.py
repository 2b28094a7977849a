"""Judgments and figures for the tests of published rules."""

from mmjudge.task import BadItem, JudgedRow, checked
from mmjudge.types import Failure, Preference, Reply


def by_id(task, protocol):
    return {item.id: item for item in checked(task, protocol)}


def judged(item, *values, criterion="overall", order=(0, 1)):
    """Judgments of a pair, one a repeat: a preference, or None for a failure."""
    outcomes = [Failure(reason="empty") if v is None else Preference(value=v) for v in values]
    return [
        JudgedRow(item, criterion, order, repeat, Reply(), outcome)
        for repeat, outcome in enumerate(outcomes)
    ]


def figures(task, rows):
    """Every published figure, by rule, criterion and stratum."""
    return {
        (rule.name, table.criterion, table.stratum): float(table.statistic(*table.columns))
        for rule in task.published()
        for table in rule.tables(rows)
    }


def is_bad(item):
    return isinstance(item, BadItem)


def bytes_of(task, media):
    return (task.root / media.uri).read_bytes()
