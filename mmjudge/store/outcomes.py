"""How the file of a run keeps verdicts: kinds and codes, and lists as arrays."""

import json
from array import array
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json

from mmjudge.types import Answers, Failure, Preference, Ranking, Score, Steps, Verdict

PREFERENCES = ("first", "second", "tie", "both_good", "both_bad")
"""A preference's code in the store and in `Columns.value` is its place here."""

FAILED, PREFERENCE, SCORE, RANKING, LOST, UNCHANGED, ANSWERS, STEPS = range(8)
"""Kinds of outcomes. All but two are stored; `columns` tells two kinds of failures under a probe
apart: one that the judge has no part in, and a change that altered nothing."""

_FIELDS = {ANSWERS: "answers", STEPS: "errors"}
"""Where the list of a verdict stands, by its kind."""


class Listed(NamedTuple):
    """Verdicts that are lists, one after the other.

    Attributes:
        lengths: How many entries each judgment has, 0 where it is no list, shape (n,).
        codes: Of all entries in order, places in `words`.
        words: What was said; the first stands for a step that is right.
    """

    lengths: NDArray[np.int64]
    codes: NDArray[np.int32]
    words: tuple[str, ...]


def encode(outcome: Verdict | Failure) -> tuple[int, float | None, str | None]:
    """Kind, number and JSON of an outcome; what the number says is not in the JSON.

    Example:
        >>> encode(Score(value=4))
        (2, 4.0, None)
    """
    match outcome:
        case Preference(value=value):
            return PREFERENCE, PREFERENCES.index(value), None
        case Score(value=score):
            return SCORE, score, None
        case Ranking():
            return RANKING, None, outcome.model_dump_json()
        case Answers():
            return ANSWERS, None, outcome.model_dump_json()
        case Steps():
            return STEPS, None, outcome.model_dump_json()
    return FAILED, None, outcome.model_dump_json()


def decode(kind: int, value: float | None, outcome: str | None) -> Verdict | Failure:
    """The outcome that was encoded.

    Example:
        >>> decode(*encode(Steps(errors=(None, "visual"))))
        Steps(kind='steps', errors=(None, 'visual'))
    """
    if kind == PREFERENCE and value is not None:
        return Preference.model_validate({"value": PREFERENCES[int(value)]})
    if kind == SCORE and value is not None:
        return Score(value=value)
    records: dict[int, type[Ranking | Answers | Steps]] = {
        RANKING: Ranking,
        ANSWERS: Answers,
        STEPS: Steps,
    }
    return records.get(kind, Failure).model_validate_json(outcome or "{}")


def ranks_of(outcome: str) -> tuple[float, ...]:
    """The ranks of a ranking that was encoded."""
    return tuple(json.loads(outcome)["ranks"])


def listed(rows: Iterable[tuple[int, str | None]]) -> Listed:
    """The lists of all judgments, from the kind and the JSON of each.

    A run may have a million of them: their words are coded at once and kept as small numbers.

    Example:
        >>> listed([(STEPS, '{"errors": [null, "visual"]}'), (FAILED, None)])
        Listed(lengths=array([2, 0]), codes=array([0, 1], dtype=int32), words=('', 'visual'))
    """
    lengths, codes = array("l"), array("i")
    known: dict[str | None, int] = {None: 0}
    for kind, outcome in rows:
        said = from_json(outcome)[_FIELDS[kind]] if kind in _FIELDS and outcome else ()
        lengths.append(len(said))
        try:
            codes.extend([known[word] for word in said])
        except KeyError:
            codes.extend([known.setdefault(word, len(known)) for word in said])
    return Listed(
        np.array(lengths, dtype=np.int64),
        np.array(codes, dtype=np.int32),
        ("", *(word for word in known if word is not None)),
    )
