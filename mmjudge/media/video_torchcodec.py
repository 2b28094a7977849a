"""Videos with torchcodec, where it and the FFmpeg libraries that it needs can be loaded."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mmjudge.media.video import Order, in_pieces, require_count

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def read_frames(order: Order) -> "Iterator[NDArray[np.uint8]]":
    """The wanted frames, in order.

    Raises:
        MediaError: torchcodec counts other frames than the file has.
        ImportError: It cannot be loaded.
    """
    from torchcodec.decoders import VideoDecoder

    try:
        decoder = VideoDecoder(
            str(order.path), dimension_order="NHWC", num_ffmpeg_threads=order.threads
        )
    except RuntimeError as error:
        if "libtorchcodec" in str(error):
            raise ImportError("torchcodec finds no FFmpeg libraries that it can use") from error
        raise
    require_count(order, len(decoder), "torchcodec")
    for piece in in_pieces(order):
        yield from decoder.get_frames_at(piece).data.numpy()
