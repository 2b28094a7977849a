"""The authors' accuracy: a score from 1 to 5 for each response, compared; equal ones are a tie.

Percent right over three classes, failures wrong: by split, by setting, by root of the aspect tree.
The comparison itself is the judge's: a family whose replies hold two scores, or a scorer.

Reference: arXiv 2505.12795; the readme of ALEX-nlp/UFEval. What the authors do with a reply without
scores was not read.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from mmjudge.sources.published_rules import each, share_tables
from mmjudge.task import JudgedRow, PublishedRule, PublishedTable


def _tables(rows: Sequence[JudgedRow], axis: str) -> Iterator[PublishedTable]:
    yield from share_tables(each(rows), axis)


RULES = tuple(
    PublishedRule(f"frabench.accuracy_by_{axis}", partial(_tables, axis=axis))
    for axis in ("split", "setting", "root")
)
