"""Changes of the frames of a video: what `mmjudge.media.changes` names."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from mmjudge.media.image import MediaError
from mmjudge.media.video import VideoFrames, middles


def on_frames(video: VideoFrames, change: Callable[[Image.Image], Image.Image]) -> VideoFrames:
    """The video with every frame changed as a picture."""
    frames = [np.asarray(change(Image.fromarray(frame))) for frame in video.frames]
    return video._replace(frames=np.stack(frames))


def frame(video: VideoFrames, number: int, of: int) -> Image.Image:
    """One of so many frames, each from the middle of an equal part of the film, as a picture.

    Args:
        video: Decoded with `of` frames, or all of fewer.
        number: From 1.
        of: How many there are.
    """
    if number > of:
        raise MediaError(f"there is no frame {number} of {of}")
    return Image.fromarray(video.frames[len(video.frames) * (2 * number - 1) // (2 * of)])


def fewer_frames(video: VideoFrames, keep: float) -> VideoFrames:
    """A share of the frames, evenly chosen, each at the time at which it was.

    Args:
        video: Of two frames or more.
        keep: Below 1; at least one frame stays.
    """
    n = len(video.frames)
    if n < 2:
        raise MediaError("one frame cannot become fewer")
    kept = middles(n, min(n - 1, max(1, round(n * keep))))
    indices = tuple(video.indices[place] for place in kept)
    return video._replace(frames=video.frames[list(kept)], indices=indices)


def reversed(video: VideoFrames) -> VideoFrames:
    """The frames of the same film run backwards: its last comes first; twice it is the film."""
    last = video.n_frames - 1
    indices = tuple(last - index for index in video.indices[::-1])
    return video._replace(frames=np.ascontiguousarray(video.frames[::-1]), indices=indices)
