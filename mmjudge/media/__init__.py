"""Media: from a URI to verified, decoded content."""

from mmjudge.media.image import MediaError, decode_image
from mmjudge.media.loader import Decoded, Loader
from mmjudge.media.source import read_source

__all__ = ["Decoded", "Loader", "MediaError", "decode_image", "read_source"]
