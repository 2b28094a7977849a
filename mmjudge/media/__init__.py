"""Media: from a URI to verified, decoded content."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmjudge.media.audio import AudioClip, decode_audio
    from mmjudge.media.image import MediaError, decode_image
    from mmjudge.media.loader import Decoded, Loader, gather
    from mmjudge.media.process import Limits
    from mmjudge.media.source import read_source
    from mmjudge.media.video import VideoFrames, decode_video

__all__ = [
    "AudioClip",
    "Decoded",
    "Limits",
    "Loader",
    "MediaError",
    "VideoFrames",
    "decode_audio",
    "decode_image",
    "decode_video",
    "gather",
    "read_source",
]

_HOMES = {
    "AudioClip": "audio",
    "Decoded": "loader",
    "Limits": "process",
    "Loader": "loader",
    "MediaError": "image",
    "VideoFrames": "video",
    "decode_audio": "audio",
    "decode_image": "image",
    "decode_video": "video",
    "gather": "loader",
    "read_source": "source",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for: a decoding process needs little, and is to start quickly."""
    if name not in _HOMES:
        raise AttributeError(f"module 'mmjudge.media' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"mmjudge.media.{_HOMES[name]}"), name)
