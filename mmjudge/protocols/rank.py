"""Batch ranking: all candidates of an item in order, best first."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from mmjudge.protocols.anchors import decide, find
from mmjudge.protocols.render import slot_labels
from mmjudge.types import Failure, Ranking, Request

_LABEL = re.compile(
    r"(?:(?:my|the|so|therefore|thus)[ ,]+)*(?:final\s+|overall\s+)?"
    r"(?:ranking|rank|order|verdict|answer)\b[\s*_]*(?:is\b)?[\s*_:=]*",
    re.I,
)
_NAME = re.compile(r"(?:candidate|model|response|answer|image|video|audio)\s+", re.I)


class _Order(NamedTuple):
    """Groups of labels, best first; those of one group are equal."""

    groups: tuple[tuple[str, ...], ...]

    def __str__(self) -> str:
        return " > ".join(" = ".join(group) for group in self.groups)


def parse_text(request: Request, text: str, cut: bool) -> Ranking | Failure:
    """The ranking that a reply states, in slots."""
    value = decide(find(text, _LABEL, read_order), text, cut)
    if isinstance(value, Failure):
        return value
    assert isinstance(value, _Order)
    return _to_ranks(value, slot_labels(len(request.candidates)))


def read_order(token: str) -> _Order | None:
    """The order that a token states: `B > A = C`, `B, A, C`, or `BAC`; None if it states none.

    Example:
        >>> read_order("B > A = C").groups
        (('B',), ('A', 'C'))
        >>> read_order("BCA").groups
        (('B',), ('C',), ('A',))
    """
    plain = _NAME.sub("", token).replace('"', "").replace("'", "").strip("[] \t")
    if re.fullmatch(r"[A-Z]{2,26}", plain):
        return _Order(tuple((letter,) for letter in plain))
    if not re.fullmatch(r"\s*(?:[A-Za-z]|\d{1,3})(?:\s*[>=,]\s*(?:[A-Za-z]|\d{1,3}))+\s*", plain):
        return None
    groups = re.split(r"[>,]", plain)
    return _Order(tuple(tuple(x.strip().upper() for x in group.split("=")) for group in groups))


def _to_ranks(order: _Order, labels: Sequence[str]) -> Ranking | Failure:
    named = [label for group in order.groups for label in group]
    if sorted(named) != sorted(labels):
        missing = sorted(set(labels) - set(named))
        extra = sorted(set(named) - set(labels))
        repeated = sorted(label for label, count in Counter(named).items() if count > 1)
        detail = f"missing {missing}, not a candidate {extra}, repeated {repeated}"
        return Failure(reason="not_a_permutation", detail=detail)
    ranks = {}
    better = 0
    for group in order.groups:
        ranks.update(dict.fromkeys(group, better + 1.0))
        better += len(group)
    return Ranking(ranks=tuple(ranks[label] for label in labels))
