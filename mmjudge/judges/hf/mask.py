"""The mask of a packed pass, and attention that knows its shape.

An attention kernel that is given a mask computes every score and then hides most of them. The
common beginning of packed rows is causal, though, for which kernels have a way of their own that
leaves out the hidden half. So the mask says of itself how long that beginning is, and attention
under it is computed in two parts with the same result: beginning by the causal kernel, branches
with their part of the mask.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from mmjudge.judges.hf.packing import Row

SHORTEST = 64
"""Tokens of a beginning from which two parts take less time than one."""


def block_mask(rows: Sequence[Row], dtype: Any, device: Any = None) -> Any:
    """What each token of packed rows may see, to be added to the scores: 0 or the lowest number.

    Returns:
        Shape (rows, 1, length, length): the beginning is causal, a branch sees the beginning and
        itself up to the token at hand, and no other branch. `beginning` says how many tokens of
        every row are causal and no more.
    """
    import torch

    length = max(len(row.tokens) for row in rows)
    lowest = torch.finfo(dtype).min
    mask = torch.full((len(rows), 1, length, length), lowest, dtype=dtype).triu_(1)
    for (block,), row in zip(mask, rows, strict=True):
        for start, end in row.spans:
            block[start:end, len(row.prefix) : start] = lowest
    return _marked(mask.to(device), min(len(row.prefix) for row in rows))


def _marked(mask: Any, beginning: int) -> Any:
    marked = mask.as_subclass(_mask_type())
    marked.beginning = beginning
    return marked


@cache
def _mask_type() -> Any:
    """The class of such a mask; made when first needed, since torch is optional."""
    import torch

    class BlockMask(torch.Tensor):  # type: ignore[misc]
        """A tensor like any other, but for what `scaled_dot_product_attention` makes of it."""

        beginning: int

        @classmethod
        def __torch_function__(
            cls,
            func: Callable[..., Any],
            types: Sequence[type],
            args: Sequence[Any] = (),
            kwargs: Mapping[str, Any] | None = None,
        ) -> Any:
            plain = torch._C.DisableTorchFunctionSubclass  # the way torch's own guide shows
            with plain():
                if func is torch.nn.functional.scaled_dot_product_attention:
                    return in_two_parts(func, *args, **(kwargs or {}))
                return func(*args, **(kwargs or {}))

    return BlockMask


def in_two_parts(
    attention: Callable[..., Any],
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    **options: Any,
) -> Any:
    """Attention under a mask of packed rows, the causal beginning on its own.

    Args:
        attention: What computes one part: `scaled_dot_product_attention`.
        query: Shape (rows, heads, length, width); so are `key` and `value`.
        key: What is looked at.
        value: What is taken from there.
        attn_mask: Of `block_mask`.
        options: Whatever else `attention` was called with.
    """
    import torch

    n = attn_mask.beginning
    length = attn_mask.shape[-1]
    if n < SHORTEST or query.shape[-2] != length or key.shape[-2] != length:
        return attention(query, key, value, attn_mask=attn_mask, **options)
    causal = options | {"is_causal": True}
    parts = (
        attention(query[..., :n, :], key[..., :n, :], value[..., :n, :], **causal),
        attention(query[..., n:, :], key, value, attn_mask=attn_mask[..., n:, :], **options),
    )
    # A kernel lays its result out by token, then head: joined so, the next step copies nothing.
    return torch.cat([part.transpose(1, 2) for part in parts], dim=1).transpose(1, 2)
