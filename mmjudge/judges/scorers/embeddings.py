"""Embeddings of distinct inputs: encoded once, in batches that fit, kept within bounds."""

import os
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Kind = Literal["text", "image", "video", "audio"]

CACHE_BYTES = 512 * 1024 * 1024
"""Room for embeddings: a quarter of a million of 512 numbers."""

WORKERS = max(1, min(8, (os.cpu_count() or 2) - 1))
"""Threads that prepare inputs while the model is at work."""


class Unit(NamedTuple):
    """What an encoder takes at once: a text, an image or frame, a clip, a window of sound."""

    kind: Kind
    content: Any


class Encoded(NamedTuple):
    """What an encoder makes of a unit.

    `parts`: shape (k, d), one row a part that can be compared by itself (a frame of a clip);
    `whole`: shape (d,); `context`: what else a comparison needs, or None.
    """

    parts: Floats
    whole: Floats
    context: Floats | None = None

    @property
    def nbytes(self) -> int:
        """Memory that it takes."""
        return sum(array.nbytes for array in self if array is not None)


class Encoder(ABC):
    """A dual encoder: texts and media become vectors that can be compared.

    `kinds` are the modalities that it takes; `size` is the number of units in a batch.
    """

    kinds: frozenset[Kind]
    size: int

    @abstractmethod
    def units(self, kind: Kind, decoded: Any) -> list[Unit]:
        """What a decoded medium is cut into: the frames of a video, the windows of a sound."""

    @abstractmethod
    def prepare(self, kind: Kind, contents: Sequence[Any]) -> dict[str, Any]:
        """Tensors of a batch, batch first, on the CPU; called in a thread of its own."""

    @abstractmethod
    def forward(self, kind: Kind, tensors: Mapping[str, Any]) -> list[Encoded]:
        """Embeddings of a batch that lies on the model's device."""

    @abstractmethod
    def similarity(self, pairs: Sequence[tuple[Encoded, Encoded]]) -> list[tuple[Floats, float]]:
        """Of each text with a medium: similarity to every part, shape (k,), and to the whole."""

    @property
    @abstractmethod
    def device(self) -> str:
        """Where the model is."""


def encode(encoder: Encoder, kind: Kind, contents: Sequence[Any]) -> Iterator[Encoded]:
    """Embed contents of one kind, in order.

    The next batches are prepared while the model works on one. A batch that does not fit into the
    device's memory is halved, and so are those after it.
    """
    on_gpu = encoder.device != "cpu"
    chunks = (contents[at : at + encoder.size] for at in range(0, len(contents), encoder.size))

    def prepared(chunk: Sequence[Any]) -> dict[str, Any]:
        tensors = encoder.prepare(kind, chunk)
        return {k: t.pin_memory() for k, t in tensors.items()} if on_gpu else tensors

    with ThreadPoolExecutor(WORKERS, thread_name_prefix="prepare") as pool:
        ahead: OrderedDict[int, Future[dict[str, Any]]] = OrderedDict()
        place = 0
        for chunk in islice(chunks, WORKERS + 1):
            ahead[place] = pool.submit(prepared, chunk)
            place += 1
        while ahead:
            tensors = ahead.popitem(last=False)[1].result()
            for chunk in islice(chunks, 1):
                ahead[place] = pool.submit(prepared, chunk)
                place += 1
            yield from _forward(encoder, kind, tensors)


def _forward(encoder: Encoder, kind: Kind, tensors: dict[str, Any]) -> list[Encoded]:
    import torch

    n = len(next(iter(tensors.values())))
    if n > encoder.size:
        return _halves(encoder, kind, tensors, n)
    try:
        with torch.inference_mode():
            moved = {k: t.to(encoder.device, non_blocking=True) for k, t in tensors.items()}
            return encoder.forward(kind, moved)
    except torch.OutOfMemoryError:
        if n == 1:
            raise
    encoder.size = max(1, n // 2)
    if encoder.device != "cpu":
        torch.cuda.empty_cache()
    return _halves(encoder, kind, tensors, n)


def _halves(encoder: Encoder, kind: Kind, tensors: dict[str, Any], n: int) -> list[Encoded]:
    half = n // 2
    first = _forward(encoder, kind, {k: t[:half] for k, t in tensors.items()})
    return first + _forward(encoder, kind, {k: t[half:] for k, t in tensors.items()})


def rows(parts: Any, whole: Any = None, context: Any = None) -> list[Encoded]:
    """Encoded units from the tensors of a batch.

    Args:
        parts: Shape (n, k, d), or (n, d) where a unit is its own only part.
        whole: Shape (n, d); left out, that of the only part.
        context: Shape (n, ...), or None.
    """
    if whole is None:
        whole, parts = parts, parts[:, None]
    each, all_of, more = (_array(t) for t in (parts, whole, context))
    return [
        Encoded(each[i], all_of[i], None if context is None else more[i])
        for i in range(len(all_of))
    ]


def _array(tensor: Any) -> Any:
    return None if tensor is None else tensor.float().cpu().numpy()


def joined(encoded: Sequence[Encoded]) -> Encoded:
    """Several units as one medium: all parts, and the unit vector of their mean as the whole."""
    if len(encoded) == 1:
        return encoded[0]
    parts = np.concatenate([one.parts for one in encoded])
    mean: Floats = np.mean([one.whole for one in encoded], axis=0, dtype=np.float32)
    return Encoded(parts, unit(mean))


def unit(vectors: Floats) -> Floats:
    """Vectors of length 1, shape (..., d); those of length 0 are left as they are.

    Example:
        >>> unit(np.array([3.0, 4.0], dtype=np.float32)).round(3).tolist()
        [0.6000000238418579, 0.800000011920929]
    """
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Floats = (vectors / np.where(norms == 0, 1, norms)).astype(np.float32)
    return scaled


def cosines(text: Encoded, medium: Encoded) -> tuple[Floats, float]:
    """Cosine similarity of a text with the parts of a medium and with the whole of it."""
    direction = unit(text.whole)
    parts: Floats = unit(medium.parts) @ direction
    return parts, float(unit(medium.whole) @ direction)
