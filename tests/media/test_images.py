"""Images of all kinds and in all states of decay: what is shown is defined, or the item fails."""

import base64
import hashlib
import io
import os
import resource
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mmjudge.api import run
from mmjudge.media import MediaError, decode_image, read_source
from mmjudge.types import Candidate, Failure, Media, Preference, Reply, Request
from tests.engine.driven import Listed, Told, pair, stored

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def noise(side: int = 64, seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def huge_png(side: int) -> bytes:
    """The header of a picture of side x side pixels, with next to no data."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP", "GIF"])
def test_an_allowed_format_is_decoded_to_its_pixels(kind: str):
    image = Image.new("RGB", (5, 3), RED)
    decoded = decode_image(
        encoded(image, kind, **({"lossless": True} if kind == "WEBP" else {})), "x"
    )
    assert (decoded.mode, decoded.size, decoded.getpixel((4, 2))) == ("RGB", (5, 3), RED)


def test_the_rotation_that_a_camera_wrote_down_is_undone():
    image = Image.new("RGB", (4, 2), BLUE)
    image.putpixel((0, 0), RED)
    exif = Image.Exif()
    exif[0x0112] = 6
    decoded = decode_image(encoded(image, "PNG", exif=exif), "x.png")
    assert decoded.size == (2, 4)
    assert decoded.getpixel((1, 0)) == RED


def test_cmyk_becomes_rgb():
    image = Image.new("CMYK", (2, 2), (0, 255, 255, 0))
    decoded = decode_image(encoded(image, "JPEG", quality=100), "x.jpg")
    assert decoded.mode == "RGB"
    red, green, blue = decoded.getpixel((0, 0))
    assert (red > 240, green < 15, blue < 15) == (True, True, True)


def test_16_bits_keep_their_brightness():
    ramp = (np.arange(256, dtype=np.uint16) * 257).reshape(16, 16)
    decoded = decode_image(encoded(Image.fromarray(ramp)), "x.png")
    found = np.asarray(decoded)[..., 0].astype(int)
    assert np.abs(found - (ramp >> 8)).max() <= 1


def test_transparency_is_laid_on_white():
    image = Image.new("RGBA", (2, 1), (255, 0, 0, 0))
    image.putpixel((1, 0), (0, 0, 255, 255))
    decoded = decode_image(encoded(image), "x.png")
    assert [decoded.getpixel((x, 0)) for x in (0, 1)] == [(255, 255, 255), BLUE]


def test_a_transparent_colour_of_a_palette_is_laid_on_white():
    image = Image.new("P", (2, 1), 0)
    image.putpalette([*RED, *GREEN])
    image.putpixel((1, 0), 1)
    decoded = decode_image(encoded(image, "PNG", transparency=0), "x.png")
    assert [decoded.getpixel((x, 0)) for x in (0, 1)] == [(255, 255, 255), GREEN]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P"])
def test_every_mode_becomes_rgb(mode: str):
    assert decode_image(encoded(noise().convert(mode)), "x.png").mode == "RGB"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.5, 0.9, 0.98])
def test_a_truncated_picture_is_an_error_and_never_grey(kind: str, share: float):
    content = encoded(noise(), kind)
    with pytest.raises(MediaError):
        decode_image(content[: int(len(content) * share)], "cut")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        b"a text that calls itself a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7\n",
        b"8BPS\0\1" + bytes(100),
        encoded(noise(8), "TIFF"),
        encoded(noise(8), "PPM"),
        encoded(noise(8), "ICO"),
    ],
)
def test_what_is_no_allowed_picture_is_refused_by_name(content: bytes):
    with pytest.raises(MediaError, match=r"^x\.png: "):
        decode_image(content, "x.png")


def test_a_huge_picture_is_refused_before_it_takes_memory():
    script = f"""
import resource, sys
from mmjudge.media import MediaError, decode_image
import PIL.Image, PIL.PngImagePlugin
content = bytes.fromhex({huge_png(20_000).hex()!r})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    decode_image(content, "huge.png")
except MediaError as error:
    print(error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True
    )
    message, grown_kb = done.stdout.splitlines()
    assert "at most 64000000 pixels" in message
    assert int(grown_kb) < 100_000


@pytest.mark.parametrize("side", [9_000, 15_000, 60_000])
def test_no_size_gives_anything_but_a_named_refusal(side: int):
    with pytest.raises(MediaError, match="at most"):
        decode_image(huge_png(side), "huge.png")


def test_of_a_moving_picture_the_first_frame_is_shown():
    frames = [Image.new("RGB", (4, 4), colour) for colour in (RED, GREEN)]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode_image(content, "x.gif").getpixel((0, 0)) == RED


def test_of_ten_thousand_frames_only_the_first_is_decoded():
    frames = [Image.new("P", (8, 8), i) for i in range(2)]
    for frame in frames:
        frame.putpalette([*RED, *GREEN])
    two = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    second = two[two.rindex(b"!\xf9") : -1]  # a frame begins with how it is shown
    content = two[:-1] + second * 9_998 + b";"
    assert content.count(b"!\xf9") == 9_999  # the first frame has none
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert decode_image(content, "x.gif").getpixel((0, 0)) == RED
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def ramp(mode: str) -> bytes:
    """A lossless picture of a mode whose conversion to RGB could be done in several ways."""
    row = np.arange(256, dtype=np.uint8)
    if mode == "16 bit":
        return encoded(Image.fromarray((np.arange(1024, dtype=np.uint16) * 64).reshape(32, 32)))
    if mode == "palette and alpha":
        image = Image.fromarray(np.tile(row, (4, 1))).convert("P")
        return encoded(image, transparency=bytes(range(256)))
    if mode == "EXIF":
        exif = Image.Exif()
        exif[0x0112] = 5
        return encoded(Image.fromarray(np.tile(row, (3, 1))), exif=exif)
    return encoded(Image.fromarray(np.stack([row, row[::-1]] * 2, axis=-1)[None]))


GOLDEN = {
    "16 bit": "72b13485f86a589c11ef53384f9944c990abe38c93c9f6fd75442f3efd19e3c4",
    "palette and alpha": "08c14fd12a4dacd45d1f8e9c38e22a661d23177923d4fa680ab8864ba8a79942",
    "EXIF": "67bfeb4a7c0da10aee0e8b68c6134f998228f0661a5a844e7fc20ca699f241c2",
    "alpha": "ad71429381d45622df7b8c3f6803316f325693fa9553e7eeebd22e034f253bff",
}
"""sha256 of the pixels: a new version of Pillow that converts otherwise changes what is judged."""


@pytest.mark.parametrize("mode", GOLDEN)
def test_a_conversion_gives_the_pixels_that_it_always_gave(mode: str):
    image = decode_image(ramp(mode), mode)
    assert hashlib.sha256(image.tobytes()).hexdigest() == GOLDEN[mode]


def test_a_cmyk_picture_gives_the_pixels_that_it_always_gave():
    cmyk = Image.frombytes("CMYK", (64, 4), bytes(range(256)) * 4)
    found = np.asarray(decode_image(encoded(cmyk, "JPEG", quality=100), "x.jpg")).astype(int)
    plain = np.frombuffer(bytes(range(256)) * 4, np.uint8).reshape(4, 64, 4).astype(int)
    # JPEG is lossy, and builds of its library differ by a step; the formula is what is held.
    wanted = (255 - plain[..., :3]) * (255 - plain[..., 3:]) / 255
    assert np.abs(found - wanted).max() <= 6


FLAT_CMYK = zlib.decompress(
    base64.b85decode(
        "c-s4a<NrGbKF5^&q*R6!1`zmvo57iZkwWnQ0D}kz0|$cui?bkuuOLIDAcMCc!~Y`;Vj!a#kO4O*7f@V8096#^kXsC"
        "VEY1wR43P}p3=H-R_YeGMIR5Ycq4=o}+Bxk0-vj{BS{<7"
    )
)
"""A JPEG of two flat blocks, (0, 255, 255, 0) and (40, 80, 120, 60), which no decoder rounds."""


def test_a_cmyk_file_has_its_golden_hash():
    image = decode_image(FLAT_CMYK, "x.jpg")
    # (255 - c) (255 - k) / 255, rounded, by hand.
    assert (image.getpixel((0, 0)), image.getpixel((12, 4))) == (RED, (164, 134, 103))
    digest = "904e3342ee81ab234345f5bdd4e5de796e3d76704bce910aceac83ab93bacc09"
    assert hashlib.sha256(image.tobytes()).hexdigest() == digest


def without_its_end(kind: str) -> bytes:
    """A picture whose second half is zeros, as by a download that broke off."""
    content = encoded(noise(), kind)
    return content[: len(content) // 2] + bytes(len(content) - len(content) // 2)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_picture_whose_end_is_zeros_is_an_error_and_never_grey(kind: str):
    with pytest.raises(MediaError, match=r"^x: damaged"):
        decode_image(without_its_end(kind), "x")


def test_a_bit_flipped_anywhere_in_a_png_is_found():
    content = bytearray(encoded(noise(8)))
    for place in range(8, len(content)):
        content[place] ^= 4
        with pytest.raises(MediaError):
            decode_image(bytes(content), "x.png")
        content[place] ^= 4
    assert decode_image(bytes(content), "x.png").size == (8, 8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "task"
    (root / "img").mkdir(parents=True)
    (root / "img" / "a.png").write_bytes(encoded(noise()))
    (tmp_path / "secret.png").write_bytes(encoded(noise()))
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    (root / "inside.png").symlink_to("img/a.png")
    (root / "away").symlink_to(tmp_path)
    (root / "empty.png").touch()
    os.mkfifo(root / "pipe.png")
    return root


def picture(uri: str, sha256: str | None = None) -> Media:
    return Media(modality="image", uri=uri, sha256=sha256)


@pytest.mark.parametrize("uri", ["img/a.png", "inside.png", "img/../img/a.png"])
def test_a_file_of_the_folder_is_read(uri: str, folder: Path):
    assert read_source(picture(uri), folder) == (folder / "img" / "a.png").read_bytes()


@pytest.mark.parametrize(
    "uri",
    [
        "../secret.png",
        "img/../../secret.png",
        "link.png",
        "away/secret.png",
        "/etc/passwd",
        "file:///etc/passwd",
        "https://example.org/a.png",
        "missing.png",
        "empty.png",
        "img",
        "pipe.png",
        "a\0b.png",
        "x" * 5000,
    ],
)
def test_nothing_else_is_read(uri: str, folder: Path):
    with pytest.raises(MediaError):
        read_source(picture(uri), folder)


def test_without_a_folder_no_path_is_read():
    with pytest.raises(MediaError, match="--data"):
        read_source(picture("img/a.png"), None)


def test_a_file_that_is_not_the_one_that_was_meant_is_refused(folder: Path):
    digest = hashlib.sha256((folder / "img" / "a.png").read_bytes()).hexdigest()
    assert read_source(picture("img/a.png", digest), folder)
    with pytest.raises(MediaError, match=f"sha256 is {digest}, the task says {'0' * 64}"):
        read_source(picture("img/a.png", "0" * 64), folder)


def look(request: Request) -> Reply:
    return Reply(text="[[A]]" if request.order[0] == 0 else "[[B]]")


def test_a_bad_picture_fails_its_item_and_the_run_goes_on(folder: Path, tmp_path: Path):
    (folder / "cut.jpg").write_bytes(encoded(noise(), "JPEG")[:300])
    uris = ["img/a.png", "cut.jpg", "missing.png", "../secret.png", "img/a.png"]
    items = [
        pair(i, candidates=(shown("a", uri), shown("b", "img/a.png"))) for i, uri in enumerate(uris)
    ]
    judge = Told(look, media=True)
    done = run(Listed(items, root=folder), judge, out=tmp_path / "run")
    found = {j.item: j.outcome for j in stored(done.folder)}
    assert found["0"] == found["4"] == Preference(value="first")
    for item, problem in (("1", "cut.jpg: damaged"), ("2", "missing.png"), ("3", "leads out")):
        failure = found[item]
        assert isinstance(failure, Failure)
        assert failure.reason == "media"
        assert problem in failure.detail
    assert {r.item for r in judge.asked} == {"0", "4"}


def shown(name: str, uri: str) -> Candidate:
    return Candidate(id=name, parts=(picture(uri),))


def test_a_judge_gets_the_pixels_of_what_it_is_asked_about(folder: Path, tmp_path: Path):
    item = pair(
        1,
        prompt=("p", picture("inside.png")),
        candidates=(shown("a", "img/a.png"), shown("b", "img/a.png")),
    )
    judge = Told(look, media=True)
    run(Listed([item], root=folder), judge, out=tmp_path / "run")
    wanted = np.asarray(noise())
    assert set(judge.media) == {picture("inside.png"), picture("img/a.png")}
    assert all((np.asarray(image) == wanted).all() for image in judge.media.values())
