"""Videos with decord."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mmjudge.media.video import Order, in_pieces, require_count

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def read_frames(order: Order) -> "Iterator[NDArray[np.uint8]]":
    """The wanted frames, in order.

    Raises:
        MediaError: decord counts other frames than the file has.
    """
    import decord

    reader = decord.VideoReader(str(order.path), ctx=decord.cpu(0), num_threads=order.threads)
    require_count(order, len(reader), "decord")
    for piece in in_pieces(order):
        yield from reader.get_batch(piece).asnumpy()
