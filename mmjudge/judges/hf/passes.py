"""Forward passes over trees: packed, from one cache, causal, or each question on its own."""

import inspect
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar

from mmjudge.errors import JudgeError
from mmjudge.judges.hf.chat import Chat, Inputs
from mmjudge.judges.hf.mask import block_mask
from mmjudge.judges.hf.packing import (
    Row,
    Tree,
    padded,
    present,
    restarted,
)
from mmjudge.types import Failure

T = TypeVar("T")

SHARES = ("packed", "cache", "none", "causal")
"""How the questions of an item share a pass."""

Read = Any
"""Logits of one branch, shape (reads, vocabulary), as 32-bit floats on the CPU; or a `Failure`."""


class Passes:
    """Runs trees through a model.

    Args:
        chat: The model with its processor.
        share: One of `SHARES`.
        batch_size: Rows in one pass.
    """

    def __init__(self, chat: Chat, share: str, batch_size: int) -> None:
        self.chat = chat
        self.model = chat.loaded.model
        self.share = share
        self.batch_size = batch_size
        self._takes = inspect.signature(self.model.forward).parameters

    def read(self, trees: Sequence[Tree]) -> list[list[Read]]:
        """Logits of every branch of every tree, in the order given."""
        if self.share == "none":
            return self._unshared(trees)
        places = sorted(range(len(trees)), key=lambda i: trees[i].size)
        out: list[list[Read]] = [[] for _ in trees]
        size = 1 if self.share == "cache" else self.batch_size
        for chunk in chunks(places, size, lambda i: self.chat.company(trees[i].conversation)):
            for place, reads in zip(chunk, self._some([trees[i] for i in chunk]), strict=True):
                out[place] = reads
        return out

    def _unshared(self, trees: Sequence[Tree]) -> list[list[Read]]:
        """Every branch in a row of its own, with prompt and media again."""
        alone = [tree._replace(branches=(branch,)) for tree in trees for branch in tree.branches]
        places = sorted(range(len(alone)), key=lambda i: alone[i].size)
        out: list[Read] = [None] * len(alone)
        company = [self.chat.company(tree.conversation) for tree in alone]
        for chunk in chunks(places, self.batch_size, lambda i: company[i]):
            for place, reads in zip(chunk, self._some([alone[i] for i in chunk]), strict=True):
                out[place] = reads[0]
        flat = iter(out)
        return [[next(flat) for _ in tree.branches] for tree in trees]

    def _some(self, trees: Sequence[Tree]) -> list[list[Read]]:
        """One pass, or two halves where it does not fit, down to one branch alone."""
        try:
            return self._one_pass(trees)
        except Exception as error:
            lost = too_much(error)
            if lost is None:
                raise
        free_memory()
        if len(trees) > 1:
            half = len(trees) // 2
            return self._some(trees[:half]) + self._some(trees[half:])
        (tree,) = trees
        half = len(tree.branches) // 2
        if half == 0 or self.share == "causal" or lost.reason == "unsupported":
            return [[lost for _ in tree.branches]]
        parts = (tree.branches[:half], tree.branches[half:])
        return [[read for part in parts for read in self._some([tree._replace(branches=part)])[0]]]

    def _one_pass(self, trees: Sequence[Tree]) -> list[list[Read]]:
        inputs = self.chat.inputs([tree.conversation for tree in trees])
        rows = [self._row(tree, inputs, i) for i, tree in enumerate(trees)]
        fits = [self._length(row) <= self.chat.loaded.context for row in rows]
        if not all(fits):
            kept = [tree for tree, fit in zip(trees, fits, strict=True) if fit]
            reads = iter(self._one_pass(kept) if kept else [])
            return [
                next(reads) if fit else [self._too_long(row)] * len(row.branches)
                for row, fit in zip(rows, fits, strict=True)
            ]
        if self.share == "packed" and max(len(row.tokens) for row in rows) > self._window:
            return self._one_by_one(trees)
        return self._forward(rows, inputs)

    def _one_by_one(self, trees: Sequence[Tree]) -> list[list[Read]]:
        """Rows longer than the window of some layer: each branch in a plain pass of its own."""
        plain = Passes(self.chat, "none", self.batch_size)
        return plain.read(trees)

    def _row(self, tree: Tree, inputs: Inputs, i: int) -> Row:
        end = len(inputs.rows[i]) - len(tree.tail)
        if inputs.rows[i][end:] != tree.tail:
            raise JudgeError(
                "judge hf: the model's processor ends a conversation otherwise than its chat "
                "template does, so questions cannot share a pass; ask with mode=generate"
            )
        kinds = {name: row[i][:end] for name, row in inputs.kinds.items()}
        return Row(inputs.rows[i][:end], tree.branches, kinds)

    def _length(self, row: Row) -> int:
        return len(row.tokens) if self.share == "causal" else row.longest

    def _too_long(self, row: Row) -> Failure:
        detail = (
            f"{self._length(row)} tokens to read, where the model takes {self.chat.loaded.context}"
        )
        return Failure(reason="unsupported", detail=detail)

    def _forward(self, rows: Sequence[Row], inputs: Inputs) -> list[list[Read]]:
        import torch

        with torch.inference_mode():
            if self.share == "cache":
                return [self._continued(rows[0], inputs)]
            if self.share == "packed" and any(len(row.branches) > 1 for row in rows):
                return self._packed(rows, inputs)
            return self._plain(rows, inputs)

    @cached_property
    def _window(self) -> int:
        """Tokens after which some layer stops looking back, which a mask of ours would undo."""
        config = self.model.config.get_text_config()
        kinds = getattr(config, "layer_types", None)
        if kinds is not None and not {"sliding_attention", "chunked_attention"} & set(kinds):
            return 1 << 60
        sizes = [getattr(config, name, None) for name in ("sliding_window", "attention_chunk_size")]
        return min((size for size in sizes if size), default=1 << 60)

    def _plain(self, rows: Sequence[Row], inputs: Inputs) -> list[list[Read]]:
        """Rows as they are, causal from the first token to the last."""
        tokens = [row.tokens for row in rows]
        return self._call(
            rows,
            input_ids=padded(tokens),
            attention_mask=present(tokens),
            **self._kinds(rows, max(map(len, tokens))),
            **inputs.media,
        )

    def _packed(self, rows: Sequence[Row], inputs: Inputs) -> list[list[Read]]:
        tokens = [row.tokens for row in rows]
        return self._call(
            rows,
            input_ids=padded(tokens),
            attention_mask=block_mask(rows, self.model.dtype, self.chat.loaded.device),
            position_ids=restarted(rows, self._positions(rows, inputs)),
            **self._kinds(rows, max(map(len, tokens))),
            **inputs.media,
        )

    def _continued(self, row: Row, inputs: Inputs) -> list[Read]:
        """The beginning once, then its branches as a batch that goes on from its cache."""
        p, k = len(row.prefix), len(row.branches)
        positions = self._positions([row], inputs)
        start = self._run(
            input_ids=padded([row.prefix]),
            attention_mask=present([row.prefix]),
            position_ids=positions[..., :p],
            use_cache=True,
            **self._keep([p - 1]),
            **self._kinds([row._replace(branches=())], p),
            **inputs.media,
        )
        cache = start.past_key_values
        cache.batch_repeat_interleave(k)
        ends = [branch.ids for branch in row.branches]
        width = max(map(len, ends))
        ids = padded(ends)
        reads = [range(len(b.ids) - b.reads, len(b.ids)) for b in row.branches]
        kept = sorted({place for read in reads for place in read})
        import torch

        seen = torch.cat([torch.ones(k, p, dtype=torch.long), present(ends)], dim=1)
        there = positions[..., p : p + width]
        out = self._run(
            input_ids=ids,
            attention_mask=seen,
            position_ids=there.expand(*there.shape[:-2], k, width),
            past_key_values=cache,
            use_cache=True,
            **self._keep(kept),
            **{name: torch.zeros(k, width, dtype=torch.long) for name in row.kinds},
        )
        return [self._pick(out.logits[i], kept, read) for i, read in enumerate(reads)]

    def _positions(self, rows: Sequence[Row], inputs: Inputs) -> Any:
        """Positions of each beginning with its longest branch, as the model itself counts them."""
        alone = [
            row._replace(branches=(max(row.branches, key=lambda b: len(b.ids)),)) for row in rows
        ]
        tokens = [row.tokens for row in alone]
        ids, mask = padded(tokens), present(tokens)
        device = self.chat.loaded.device
        about = {
            "attention_mask": mask.to(device),
            **{k: v.to(device) for k, v in self._kinds(alone, ids.shape[1]).items()},
            **inputs.media,
        }
        return self.model._prepare_position_ids_for_generation(ids.to(device), about)

    def _kinds(self, rows: Sequence[Row], length: int) -> dict[str, Any]:
        """Which tokens stand for media: none in a branch."""
        return {name: padded([row.kinds[name] for row in rows], length) for name in rows[0].kinds}

    def _keep(self, places: list[int]) -> dict[str, Any]:
        """Logits of these places alone, where the model can leave out the others."""
        if "logits_to_keep" not in self._takes:
            return {}
        return {"logits_to_keep": padded([tuple(places)])[0]}

    def _call(self, rows: Sequence[Row], **inputs: Any) -> list[list[Read]]:
        kept = sorted({place for row in rows for read in row.reads for place in read})
        out = self._run(use_cache=False, **self._keep(kept), **inputs)
        return [
            [self._pick(logits, kept, read) for read in row.reads]
            for logits, row in zip(out.logits, rows, strict=True)
        ]

    def _pick(self, logits: Any, kept: list[int], read: range) -> Read:
        places = [kept.index(i) for i in read] if "logits_to_keep" in self._takes else list(read)
        return logits[places].float().cpu()

    def _run(self, **inputs: Any) -> Any:
        import torch

        device = self.chat.loaded.device
        on_device = {
            name: value.to(device) if torch.is_tensor(value) else value
            for name, value in inputs.items()
        }
        return self.model(**on_device)


def chunks(rows: Sequence[T], size: int, company: Callable[[T], str]) -> list[Sequence[T]]:
    """Runs of at most `size`, in each of which all have the same `company`.

    Example:
        >>> chunks(["ab", "c", "de", "fg"], 2, lambda row: str(len(row)))
        [['ab', 'de'], ['fg'], ['c']]
    """
    groups: dict[str, list[T]] = {}
    for row in rows:
        groups.setdefault(company(row), []).append(row)
    return [
        group[start : start + size]
        for group in groups.values()
        for start in range(0, len(group), size)
    ]


def too_much(error: Exception) -> Failure | None:
    """What an error means for one item alone; None where a smaller batch would not help."""
    first = str(error).partition("\n")[0]
    if out_of_memory(error):
        return Failure(reason="infra", detail=f"one item alone is too much: {first}")
    if isinstance(error, ValueError) and "have the same shape" in str(error):
        what = "the model takes no media of unlike shapes at once, such as videos of 1 and 8 frames"
        return Failure(reason="unsupported", detail=f"{what}: {first}")
    return None


def out_of_memory(error: Exception) -> bool:
    """Whether an exception says that memory did not last, on a GPU or on the CPU."""
    import torch

    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
    )


def free_memory() -> None:
    """Give back what a failed pass held."""
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def chosen_share(chat: Chat, share: str, trees: Sequence[Tree]) -> str:
    """The way to share a pass that this model answers rightly in: as asked, or a slower one.

    A mask of ours may be more than a model's attention takes (linear attention, flash attention,
    media that see each other both ways). Rather than guess from names, small trees are asked in
    both ways, and the logits compared.

    Args:
        chat: The model.
        share: What is wanted.
        trees: Small trees with a medium of each kind that the model takes.
    """
    if share in ("none", "causal"):
        return share
    alone = Passes(chat, "none", batch_size=1).read(trees)
    for way in ("packed", "cache")[("packed", "cache").index(share) :]:
        try:
            shared = Passes(chat, way, batch_size=len(trees)).read(trees)
        except (RuntimeError, ValueError, TypeError, AttributeError, IndexError, KeyError):
            continue
        if _equal(alone, shared, chat.loaded.dtype):
            return way
    return "none"


def _equal(alone: list[list[Read]], shared: list[list[Read]], dtype: str) -> bool:
    tolerance = 1e-4 if dtype == "float32" else 5e-2
    return all(
        not isinstance(a, Failure)
        and not isinstance(b, Failure)
        and float((a - b).abs().max()) <= tolerance * float(a.std())
        for one, other in zip(alone, shared, strict=True)
        for a, b in zip(one, other, strict=True)
    )
