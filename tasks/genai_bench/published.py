"""The authors' accuracy: the first greedy match of double brackets, looked up."""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from mmjudge.sources.published_rules import percent
from mmjudge.sources.rows import codes, grouped
from mmjudge.task import JudgedRow, PublishedTable
from mmjudge.types import Failure, PreferenceGold

_VERDICT = re.compile(r"\[\[.*\]\]")
_RIGHT: dict[str, tuple[str, ...]] = {
    "first": ("[[A>B]]", "[[A>>B]]"),
    "second": ("[[B>A]]", "[[B>>A]]"),
    "both_good": ("[[A=B=Good]]", "[[A=B]]"),
    "both_bad": ("[[A=B=Bad]]", "[[A=B]]"),
}
_SWAPPED = {"first": "second", "second": "first"}


def matched(text: str | None) -> str | None:
    """The verdict that the authors' expression finds in a reply, or None.

    Example:
        >>> matched("so [[A>B]] or [[B>A]]")
        '[[A>B]] or [[B>A]]'
    """
    found = _VERDICT.search(text or "")
    return found.group() if found else None


def accuracy(rows: Sequence[JudgedRow]) -> Iterator[PublishedTable]:
    """Percentage of the replies, of each subset, whose match is right; no match is wrong.

    A request that got no reply at all for want of a recording or a backend is left out.
    """
    asked = (row for row in rows if not _unanswered(row))
    for subset, members in grouped(asked, lambda row: row.item.strata["subset"]).items():
        verdicts = [matched(row.reply.text) for row in members]
        right = [
            verdict in _RIGHT[_gold_in_slots(row)]
            for row, verdict in zip(members, verdicts, strict=True)
        ]
        yield PublishedTable(
            criterion="overall",
            stratum=f"subset={subset}",
            columns=(np.array(right, dtype=np.float64),),
            item=codes(row.item.id for row in members),
            statistic=percent,
            n_failed=verdicts.count(None),
        )


def _unanswered(row: JudgedRow) -> bool:
    return isinstance(row.outcome, Failure) and row.outcome.reason == "infra"


def _gold_in_slots(row: JudgedRow) -> str:
    gold = row.item.gold["overall"]
    assert isinstance(gold, PreferenceGold)
    return _SWAPPED.get(gold.value, gold.value) if row.order == (1, 0) else gold.value
