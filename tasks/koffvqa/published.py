"""The authors' score of a model: the mean over its answers, from 0 to 100.

A score is the last whole number of the judge's reply, 0 if there is none or it is above 10; a
reply without text counts by its verdict, and a failure as 0. An answer that is not Korean has 0,
unless it is digits and punctuation alone.

Reference: github maum-ai/KOFFVQA c6a861d, evaluate.py, src/utils.py (parse_score).
"""

import re
import string
from collections.abc import Iterator, Sequence

from mmjudge.sources.published_rules import Counted, share_by
from mmjudge.task import JudgedRow, PublishedRule, PublishedTable
from mmjudge.types import Failure, Score

HIGHEST = 10
_HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")


def is_korean(text: str) -> bool:
    """Whether an answer counts as Korean: half of its letters are Hangul, or it has no letters.

    The authors let py3langid decide; where their file holds its answer, that is taken.

    Example:
        >>> is_korean("빨간 컵입니다."), is_korean("A red cup."), is_korean("12, 7%")
        (True, False, True)
    """
    letters = [character for character in text if character.isalpha()]
    if not letters:
        return all(c.isdigit() or c in string.punctuation or c.isspace() for c in text)
    return 2 * len(_HANGUL.findall(text)) >= len(letters)


def last_integer(text: str) -> int:
    """The last whole number of a reply, 0 if there is none from 0 to 10.

    Example:
        >>> last_integer("최종 점수: 10점 만점에 7점"), last_integer("no"), last_integer("12")
        (7, 0, 0)
    """
    found = re.findall(r"\d+", text)
    number = int(found[-1][-9:]) if found else 0
    return number if number <= HIGHEST else 0


def _score(row: JudgedRow) -> float:
    if row.reply.text is not None:
        return last_integer(row.reply.text)
    return row.outcome.value if isinstance(row.outcome, Score) else 0.0


def _tables(rows: Sequence[JudgedRow]) -> Iterator[PublishedTable]:
    counted = [
        Counted(
            row,
            _score(row) / HIGHEST if row.item.strata["korean"] == "yes" else 0.0,
            isinstance(row.outcome, Failure),
        )
        for row in rows
    ]
    yield from share_by(counted, ("system", "category"))


RULES = (PublishedRule("koffvqa.score", _tables),)
