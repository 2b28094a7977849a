"""Token rows of a shared pass: one beginning, several ends, a mask that keeps the ends apart.

A tree is what the requests of an item have in common (prompt, candidates, media), with a branch for
each question. Packed, it is one row: every branch sees the beginning and itself, and its positions
go on where the beginning ends, so that each is answered as if it stood there alone.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from mmjudge.judges.hf.chat import Conversation, Tokens


class Branch(NamedTuple):
    """One end: its tokens, and from how many of the last ones the logits are read."""

    ids: Tokens
    reads: int = 1


class Tree(NamedTuple):
    """A beginning with its branches.

    `conversation` shows the media; its last tokens, `tail`, are a question's own and no part of
    the beginning. `size` says about how long the beginning is, for buckets.
    """

    conversation: Conversation
    tail: Tokens
    branches: tuple[Branch, ...]
    size: int = 0


class Row(NamedTuple):
    """A tree with its beginning as the model reads it, media expanded; `kinds` likewise."""

    prefix: Tokens
    branches: tuple[Branch, ...]
    kinds: dict[str, Tokens]

    @property
    def longest(self) -> int:
        """Tokens of the beginning and the longest branch: what the context must hold."""
        return len(self.prefix) + max(len(branch.ids) for branch in self.branches)

    @property
    def tokens(self) -> Tokens:
        """All in one row."""
        return self.prefix + tuple(token for branch in self.branches for token in branch.ids)

    @property
    def spans(self) -> list[tuple[int, int]]:
        """Where each branch begins and ends in the row."""
        out, start = [], len(self.prefix)
        for branch in self.branches:
            out.append((start, start + len(branch.ids)))
            start += len(branch.ids)
        return out

    @property
    def reads(self) -> list[range]:
        """The places whose logits are read, a range for each branch."""
        return [
            range(end - branch.reads, end)
            for (_, end), branch in zip(self.spans, self.branches, strict=True)
        ]


def common(rows: Sequence[Tokens]) -> int:
    """Number of tokens with which all rows begin.

    Example:
        >>> common([(1, 2, 3), (1, 2, 4, 5)])
        2
    """
    first, last = min(rows), max(rows)
    return next(
        (i for i, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]),
        min(len(first), len(last)),
    )


def padded(rows: Sequence[Tokens], length: int | None = None, pad: int = 0) -> Any:
    """Rows of tokens as a tensor of shape (rows, length), padded on the right."""
    import torch

    width = length or max(map(len, rows))
    return torch.tensor([[*row, *([pad] * (width - len(row)))] for row in rows], dtype=torch.long)


def present(rows: Sequence[Tokens]) -> Any:
    """1 where a padded batch holds a token, else 0."""
    return padded([(1,) * len(row) for row in rows])


def restarted(rows: Sequence[Row], alone: Any) -> Any:
    """Positions of packed rows: every branch goes on where the beginning ends.

    Args:
        rows: The packed rows.
        alone: Positions of each beginning with its longest branch, shape (..., rows, length).
    """
    import torch

    length = max(len(row.tokens) for row in rows)
    out = torch.zeros(*alone.shape[:-1], length, dtype=torch.long, device=alone.device)
    for i, row in enumerate(rows):
        p = len(row.prefix)
        out[..., i, :p] = alone[..., i, :p]
        for start, end in row.spans:
            out[..., i, start:end] = alone[..., i, p : p + end - start]
    return out
