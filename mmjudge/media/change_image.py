"""Changes of a picture, and of each frame of a video: what `mmjudge.media.changes` names.

The size of the picture stays as it was. Text is set in the font that comes with Pillow, so that it
looks alike on every machine.
"""

import io
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from mmjudge.media.image import MediaError

BLACK, WHITE = (0, 0, 0), (255, 255, 255)

SMALLEST = 8
"""Height of type in pixels below which it cannot be read."""


def text(image: Image.Image, words: str, share: float) -> Image.Image:
    """Words on a white band below the picture, which is made smaller so that nothing is covered.

    Args:
        image: RGB.
        words: In one line.
        share: Height of the band as a share of the whole.
    """
    width, height = image.size
    tall = round(height * share)
    font = fitting(words, 0.96 * width, 0.8 * tall)
    whole = band(image, share)
    place = (width / 2, height - tall / 2)
    ImageDraw.Draw(whole).text(place, words, fill=BLACK, font=font, anchor="mm")
    return whole


def band(image: Image.Image, share: float) -> Image.Image:
    """The white band alone, without words: what is left of `text` when nothing is said.

    Args:
        image: RGB.
        share: Height of the band as a share of the whole.
    """
    width, height = image.size
    rest = height - round(height * share)
    if not 0 < rest < height:
        raise MediaError(f"{width} x {height} pixels leave no room for a band")
    small = image.resize((max(1, round(width * rest / height)), rest), Image.Resampling.BICUBIC)
    whole = Image.new("RGB", image.size, WHITE)
    whole.paste(small, ((width - small.width) // 2, 0))
    return whole


def fitting(words: str, width: float, height: float) -> ImageFont.FreeTypeFont:
    """The largest type in which words fit.

    Raises:
        MediaError: It would be too small to be read.
    """
    size = int(height)
    while size >= SMALLEST:
        font = _font(size)
        if font.getlength(words) <= width:
            return font
        size = min(size - 1, int(size * width / font.getlength(words)))
    raise MediaError(f"{width:.0f} x {height:.0f} pixels are too few for {words!r}")


@lru_cache(64)
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise MediaError("Pillow was built without FreeType, which text needs")
    return font


def watermark(image: Image.Image, words: str, opacity: float) -> Image.Image:
    """Words across the middle, white with a black edge, through which the picture is seen.

    Args:
        image: RGB.
        words: In one line.
        opacity: 1 hides what is below.
    """
    width, height = image.size
    font = fitting(words, 0.7 * width, 0.25 * height)
    stroke = max(1, round(font.size / 16))
    place = (width / 2, height / 2)
    ink, mask = Image.new("RGB", image.size, BLACK), Image.new("L", image.size, 0)
    ImageDraw.Draw(ink).text(place, words, fill=WHITE, font=font, anchor="mm")
    alpha = round(255 * opacity)
    ImageDraw.Draw(mask).text(
        place, words, fill=alpha, font=font, anchor="mm", stroke_width=stroke, stroke_fill=alpha
    )
    return Image.composite(ink, image, mask)


def border(image: Image.Image, share: float) -> Image.Image:
    """A black frame around the picture, which is made smaller so that nothing is covered.

    Args:
        image: RGB.
        share: Width of the frame as a share of the shorter side.
    """
    edge = max(1, round(share * min(image.size)))
    inner = (image.width - 2 * edge, image.height - 2 * edge)
    if min(inner) < 1:
        raise MediaError(f"{image.width} x {image.height} pixels leave no room for a border")
    whole = Image.new("RGB", image.size, BLACK)
    whole.paste(image.resize(inner, Image.Resampling.BICUBIC), (edge, edge))
    return whole


def brightness(image: Image.Image, by: int) -> Image.Image:
    """Every channel of every pixel so many of 255 levels brighter; what lies beyond is clipped."""
    return image.point([min(255, max(0, level + by)) for level in range(256)] * 3)


def blur(image: Image.Image, sigma: float) -> Image.Image:
    """Gaussian blur; its standard deviation is a share of the shorter side."""
    return image.filter(ImageFilter.GaussianBlur(sigma * min(image.size)))


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    """What is left after JPEG at a quality of 1 to 95, colours at half the resolution."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality, subsampling="4:2:0")
    with Image.open(file, formats=["JPEG"]) as stored:
        return stored.convert("RGB")
