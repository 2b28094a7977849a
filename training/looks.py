"""Where fresh layers look: attention that a chat judge is taught directly while it learns.

An answer takes four steps, one a fresh layer. Left alone they are found together or not at all, so
each is shown what to look at: patches look at the mark that their picture begins with; the end of a
part gathers its patches, and the place of an answer its question; the end of a candidate looks at
the end of the prompt, the more the better the two agree; and the place of an answer looks at the
ends of the candidates, each head at one.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch

from training.judged_items import LENGTH, Broken

TAG, GATHER, MATCH, READ = 0, 1, 2, 3
"""The fresh layers, from the first."""

ALL = -1
"""In the place of a head: each of them."""

REST = 0
"""Where a row begins: what is looked at by what has nothing else to look at."""

AGREES = (0.92, 0.7, 0.5, 0.35, 0.22)
"""Share of attention that the end of a candidate gives the prompt, by the facts broken."""
STRANGE = 0.05
"""The same of a candidate that has nothing to do with the prompt."""


class Look(NamedTuple):
    """The share of attention that one place of a row is to give another."""

    layer: int
    head: int
    at: int
    to: int
    share: float


class Span(NamedTuple):
    """A marked part of a row, from its first mark to its last, and whether it is a picture."""

    first: int
    last: int
    seen: bool


def looks(
    spans: Sequence[Span], broken: Sequence[Broken], asked: Sequence[tuple[int, int]]
) -> Iterator[Look]:
    """What a row is to look at.

    Args:
        spans: The prompt, then the candidates.
        broken: What is wrong with each candidate.
        asked: Places of each question and of its answer.
    """
    for span in spans:
        if span.seen:
            inside = range(span.first + 1, span.last)
            yield from (Look(TAG, ALL, at, span.first, 1.0) for at in inside)
            yield from (Look(GATHER, ALL, span.last, to, 1 / len(inside)) for to in inside)
        else:
            yield Look(GATHER, ALL, span.last, REST, 1.0)
    prompt, *candidates = spans
    for span, wrong in zip(candidates, broken, strict=False):
        share = STRANGE if wrong is None else AGREES[min(wrong.total(), LENGTH - 1)]
        yield Look(MATCH, ALL, span.last, prompt.last, share)
        yield Look(MATCH, ALL, span.last, REST, 1 - share)
    for question, answer in asked:
        yield Look(GATHER, ALL, answer, question, 1.0)
        for head, span in enumerate(candidates):
            yield Look(READ, head if len(candidates) > 1 else ALL, answer, span.last, 1.0)


class Taught(NamedTuple):
    """Looks of a batch as tensors, all of shape (looks,)."""

    layer: Any
    row: Any
    head: Any
    at: Any
    to: Any
    share: Any


def taught(rows: Sequence[Sequence[Look]]) -> Taught:
    """The looks of rows, in order."""
    flat = [(look.layer, i, *look[1:4]) for i, row in enumerate(rows) for look in row]
    shares = torch.tensor([look.share for row in rows for look in row])
    return Taught(*torch.tensor(flat).T, shares)


@contextmanager
def watched(blocks: Sequence[Any]) -> Iterator[list[Any]]:
    """The attention of blocks of a GPT-2 as a list of (rows, heads, length, length), once they ran.

    Their attention must be the eager one; any other does not say where it looks.
    """
    found: list[Any] = []
    hooks = [
        block.attn.register_forward_hook(lambda _, __, out: found.append(out[1]))
        for block in blocks
    ]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


def misdirected(attention: Sequence[Any], wanted: Taught) -> Any:
    """Cross-entropy of the attention with what is wanted: mean over places, summed over layers.

    Args:
        attention: Of each fresh layer, shape (rows, heads, length, length).
        wanted: The looks of the batch.
    """
    losses = []
    for layer, weights in enumerate(attention):
        for together in (True, False):
            here = (wanted.layer == layer) & ((wanted.head == ALL) == together)
            if here.any():
                row, head, at, to = (
                    part[here] for part in (wanted.row, wanted.head, wanted.at, wanted.to)
                )
                given = weights[row, :, at, to] if together else weights[row, head, at, to][:, None]
                logs = (given.float() + 1e-5).log().mean(dim=1)
                share = wanted.share[here]
                losses.append(-(share * logs).sum() / share.sum())
    return torch.stack(losses).sum()
