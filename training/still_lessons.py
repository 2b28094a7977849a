"""Lessons beside the contrast: what is where must be readable from a picture, and from a caption.

One linear head reads the embeddings of both, so that a fact comes to lie in the same direction in
both; another reads the patches of a cell. Heads are thrown away afterwards. A caption that only
says how two groups stand to each other is asked for just that.
"""

from collections.abc import Sequence
from itertools import product
from typing import Any

import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, softplus

from mmjudge.scenes.facts import GRID, Group, Still, relation
from mmjudge.scenes.levels import COLOURS, LEVELS

VALUES: dict[str, tuple[object, ...]] = {
    "count": LEVELS["hard"].values["count"],
    "size": LEVELS["hard"].values["size"],
    "colour": tuple(COLOURS),
    "shape": LEVELS["hard"].values["shape"],
}
"""Values of each attribute of a group, which a cell is asked for."""

CELLS = GRID * GRID
KINDS = {kind: n for n, kind in enumerate(product(VALUES["colour"], VALUES["shape"]))}
_SIZES = (2, *(len(values) for values in VALUES.values()))
_OF_CELL = sum(_SIZES)
_COUNTS = len(VALUES["count"])
_OF_KIND = 1 + _COUNTS + 1 + 2
"""Of each kind: whether it is there, its count by one of four, whether it is large, x and y."""

_SIGNS = {"left": (0, -1.0), "right": (0, 1.0), "above": (1, -1.0), "below": (1, 1.0)}
_UNKNOWN = -1


class Heads(torch.nn.Module):
    """What reads facts from embeddings of length 1, and from patches.

    Args:
        embedding: Width of embeddings.
        patch: Width of patches.
    """

    def __init__(self, embedding: int, patch: int) -> None:
        super().__init__()
        self.cells = torch.nn.Linear(embedding, CELLS * _OF_CELL)
        self.kinds = torch.nn.Linear(embedding, len(KINDS) * _OF_KIND)
        self.norm = torch.nn.LayerNorm(patch)
        self.patches = torch.nn.Linear(patch, _OF_CELL)
        with torch.no_grad():
            self.kinds.bias.view(len(KINDS), _OF_KIND)[:, 0] = -3.0

    def told(self, embedded: Any, scenes: Sequence[Still], seen: bool) -> Any:
        """How badly facts are read from embeddings.

        Args:
            embedded: Of length 1, shape (scenes, width).
            scenes: What is shown, or said.
            seen: Whether they are seen: a caption does not say where a pair of groups stands.
        """
        strong = embedded * embedded.shape[1] ** 0.5
        cells = self.cells(strong).float().view(len(scenes), CELLS, _OF_CELL)
        kinds = self.kinds(strong).float().view(len(scenes), len(KINDS), _OF_KIND)
        return _cells_misread(cells, scenes, seen) + _kinds_misread(kinds, scenes, seen)

    def shown(self, patches: Any, scenes: Sequence[Still]) -> Any:
        """How badly cells are read from their patches, shape (scenes, patches, width)."""
        side = round(patches.shape[1] ** 0.5)
        each = side // GRID
        square = patches.view(len(patches), GRID, each, GRID, each, -1)
        cells = self.norm(square.mean(dim=(2, 4)).flatten(1, 2))
        return _cells_misread(self.patches(cells).float(), scenes, seen=True)


def _cells_misread(read: Any, scenes: Sequence[Still], seen: bool) -> Any:
    """Sum over attributes of the cross-entropy, where a cell's are known."""
    codes = torch.full((len(scenes), CELLS, len(_SIZES)), _UNKNOWN)
    for code, scene in zip(codes, scenes, strict=True):
        if seen or scene.pair is None:
            code[:, 0] = 0
        for group in scene.groups if seen else scene.singles:
            values = [VALUES[name].index(getattr(group, name)) for name in VALUES]
            code[group.cell[0] * GRID + group.cell[1]] = torch.tensor([1, *values])
    losses = [
        _known_cross_entropy(part.flatten(0, 1), codes[..., n].flatten())
        for n, part in enumerate(read.split(_SIZES, dim=2))
    ]
    return torch.stack(losses).sum()


def _known_cross_entropy(logits: Any, codes: Any) -> Any:
    known = codes != _UNKNOWN
    return cross_entropy(logits[known], codes[known]) if known.any() else logits.sum() * 0


def _kinds_misread(read: Any, scenes: Sequence[Still], seen: bool) -> Any:
    """Loss of what kinds are there, how many, how large, and where."""
    groups = [(i, group) for i, scene in enumerate(scenes) for group in scene.groups]
    row = torch.tensor([i for i, _ in groups])
    kind = torch.tensor([_kind(group) for _, group in groups])
    there = torch.zeros(read.shape[:2])
    there[row, kind] = 1.0
    presence = binary_cross_entropy_with_logits(read[..., 0], there, reduction="sum")
    found = read[row, kind]
    counts = torch.tensor([VALUES["count"].index(group.count) for _, group in groups])
    large = torch.tensor([float(group.size == "large") for _, group in groups])
    loss = presence / len(scenes) + cross_entropy(found[:, 1 : 1 + _COUNTS], counts)
    loss = loss + binary_cross_entropy_with_logits(found[:, 1 + _COUNTS], large)
    placed = torch.tensor([seen or group in scenes[i].singles for i, group in groups])
    if placed.any():
        where = torch.tensor([[g.cell[1] - 1.0, g.cell[0] - 1.0] for _, g in groups])
        loss = loss + (found[:, -2:] - where).square().sum(dim=1)[placed].mean()
    return loss + _relations_misread(read, scenes)


def _kind(group: Group) -> int:
    return KINDS[group.colour, group.shape]


def _relations_misread(read: Any, scenes: Sequence[Still]) -> Any:
    """Loss of which group of a pair is left of the other, or above it."""
    pairs = [(i, couple) for i, scene in enumerate(scenes) if (couple := scene.couple())]
    if not pairs:
        return 0.0
    signs = [_SIGNS[relation(*couple)] for _, couple in pairs]
    row = torch.tensor([i for i, _ in pairs])
    one, other = (torch.tensor([_kind(couple[n]) for _, couple in pairs]) for n in (0, 1))
    axis = torch.tensor([_OF_KIND - 2 + axis for axis, _ in signs])
    apart = read[row, one, axis] - read[row, other, axis]
    return softplus(-3 * apart * torch.tensor([sign for _, sign in signs])).mean()
