"""Images with Pillow: an allow-list of formats, defined conversions, no half-decoded pictures."""

import io
from typing import TYPE_CHECKING

from mmjudge.media.integrity import image_problem

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
MAX_PIXELS = 64_000_000
"""More pixels are refused before they are decoded."""

_HIGH_BYTE = {"I;16": slice(1, None, 2), "I;16B": slice(0, None, 2), "I": slice(1, None, 4)}
"""Where the upper 8 of 16 bits are: what Pillow keeps of 16-bit colours, but not of greys."""


class MediaError(Exception):
    """A medium that cannot be used; becomes a `Failure("media", ...)` of its item."""


class UnchangedError(MediaError):
    """A change that leaves a medium as it was: the changed form is none, and is not asked about."""


def decode_image(content: bytes, name: str, max_side: int | None = None) -> "Image":
    """Decode the first frame of an image to RGB, upright.

    Transparency is laid on white. A truncated file is an error, never grey pixels.

    Args:
        content: The file.
        name: For messages.
        max_side: A picture with a longer side is scaled down to it.

    Raises:
        MediaError: The format is not allowed, the picture too large, or the data damaged.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        image: Image.Image = Image.open(io.BytesIO(content), formats=FORMATS)
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise MediaError(f"{name}: {width} x {height} pixels; at most {MAX_PIXELS} in all")
        if problem := image_problem(content, image.format):
            raise MediaError(f"{name}: damaged: {problem}")
        image.load()
        if image.mode != "RGB" or image.getexif():
            image = _to_rgb(ImageOps.exif_transpose(image))
        size = fitted(*image.size, max_side)
        return image if size == image.size else image.resize(size, Image.Resampling.BICUBIC)
    except UnidentifiedImageError as error:
        raise MediaError(f"{name}: not an image of {', '.join(FORMATS)}") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise MediaError(f"{name}: at most {MAX_PIXELS} pixels are allowed: {error}") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise MediaError(f"{name}: damaged or unreadable: {error}") from error


def fitted(width: int, height: int, max_side: int | None) -> tuple[int, int]:
    """Width and height of a picture whose longer side is at most `max_side`; never larger.

    Example:
        >>> fitted(1280, 720, 640), fitted(32, 16, 640), fitted(5000, 1, 100)
        ((640, 360), (32, 16), (100, 1))
    """
    longer = max(width, height)
    if max_side is None or longer <= max_side:
        return width, height
    share = max_side / longer
    return max(1, round(width * share)), max(1, round(height * share))


def _to_rgb(image: "Image") -> "Image":
    from PIL import Image

    if image.mode in _HIGH_BYTE:
        return Image.frombytes("L", image.size, image.tobytes()[_HIGH_BYTE[image.mode]]).convert(
            "RGB"
        )
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")
