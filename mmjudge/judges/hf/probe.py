"""Small questions that show whether a model answers a shared pass as it answers each alone."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmjudge.judges.hf.chat import Chat, Tokens
from mmjudge.judges.hf.packing import Branch, Tree, common
from mmjudge.types import Media, Modality, Parts

SIDE = 64
"""Width and height of the pictures, in pixels."""


class _Frames(NamedTuple):
    frames: NDArray[np.uint8]
    indices: tuple[int, ...]
    fps: float
    n_frames: int


class _Clip(NamedTuple):
    samples: NDArray[np.float32]
    rate: int


def probe_trees(chat: Chat) -> list[Tree]:
    """One tree of text, and one for each kind of media that the model takes."""
    kinds: list[Modality] = [m for m in ("image", "video", "audio") if m in chat.loaded.modalities]
    return [_tree(chat, None), *(_tree(chat, kind) for kind in kinds)]


def _tree(chat: Chat, kind: Any) -> Tree:
    medium = Media(modality=kind, uri="probe") if kind else None
    shown: Parts = ("Two things are shown. ", *([medium] if medium else []))
    decoded = {medium: _noise(kind, chat.sampling_rate)} if medium else {}
    questions = ("First: is it sharp?", "Is it what was asked for, all of it?", "Which is loud?")
    conversations = [
        chat.conversation((*shown, " Judge them.\n" + question), decoded) for question in questions
    ]
    rows: list[Tokens] = [chat.tokens(conversation) for conversation in conversations]
    shared = common(rows)
    branches = tuple(Branch(row[shared:]) for row in rows)
    return Tree(conversations[0], rows[0][shared:], branches, shared)


def _noise(kind: Modality, rate: int) -> Any:
    from PIL import Image

    random = np.random.default_rng(0)
    frames = random.integers(0, 256, (4, SIDE, SIDE, 3), dtype=np.uint8)
    match kind:
        case "image":
            return Image.fromarray(frames[0])
        case "video":
            return _Frames(frames, (0, 1, 2, 3), 2.0, 4)
        case _:
            return _Clip(random.normal(0, 0.1, rate).astype(np.float32), rate)
