"""Which pictures a page may take as they are: those that a browser shows as a judge saw them."""

import io

import pytest
from PIL import Image

from mmjudge.report.pictures import plain_picture


def file(mode: str, form: str, **options) -> bytes:
    made = io.BytesIO()
    Image.new(mode, (37, 21)).save(made, form, **options)
    return made.getvalue()


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"quality": 100, "subsampling": 0}])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_jpeg_is_plain_and_its_size_is_read(mode, options):
    assert plain_picture(file(mode, "jpeg", **options)) == ("image/jpeg", 37, 21)


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "1"])
def test_a_png_of_8_bits_is_plain(mode):
    assert plain_picture(file(mode, "png")) == ("image/png", 37, 21)


def turned() -> bytes:
    facts = Image.Exif()
    facts[0x0112] = 6
    return file("RGB", "jpeg", exif=facts)


@pytest.mark.parametrize(
    "content",
    [
        file("I;16", "png"), file("CMYK", "jpeg"), file("RGB", "gif"), turned(),
        b"", b"<script>", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xd9",
    ],
)  # fmt: skip
def test_what_may_look_otherwise_is_not(content):
    assert plain_picture(content) is None


@pytest.mark.parametrize("form", ["png", "jpeg"])
def test_what_was_cut_anywhere_is_not(form):
    whole = file("RGB", form)
    assert [n for n in range(len(whole)) if plain_picture(whole[:n]) is not None] == []
