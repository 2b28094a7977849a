"""Images with Pillow: an allow-list of formats, defined conversions, no half-decoded pictures."""

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
MAX_PIXELS = 64_000_000
"""More pixels are refused before they are decoded."""


_ROTATION = frozenset({"exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif"})
"""Where a picture may say that it must be turned."""


class MediaError(Exception):
    """A medium that cannot be used; becomes a `Failure("media", ...)` of its item."""


def decode_image(content: bytes, name: str) -> "Image":
    """Decode the first frame of an image to RGB, upright.

    Transparency is laid on white. A truncated file is an error, never grey pixels.

    Args:
        content: The file.
        name: For messages.

    Raises:
        MediaError: The format is not allowed, the picture too large, or the data damaged.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise MediaError(f"{name}: {width} x {height} pixels; at most {MAX_PIXELS} in all")
        image.load()
        if image.mode == "RGB" and not _ROTATION.intersection(image.info):
            return image
        upright: Image.Image = ImageOps.exif_transpose(image)
        return _to_rgb(upright)
    except UnidentifiedImageError as error:
        raise MediaError(f"{name}: not an image of {', '.join(FORMATS)}") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise MediaError(f"{name}: at most {MAX_PIXELS} pixels in all: {error}") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise MediaError(f"{name}: damaged or unreadable: {error}") from error


def keep_memory() -> None:
    """Let Pillow reuse the memory of pictures that are done, 64 MB at most.

    Fresh pages from the system cost a quarter of what it takes to decode a small picture.
    """
    from PIL import _imaging

    _imaging.set_block_size(256 * 1024)
    _imaging.set_blocks_max(256)


def _to_rgb(image: "Image") -> "Image":
    from PIL import Image

    if image.mode.startswith("I;16"):
        return image.point(lambda level: level / 256).convert("L").convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")
