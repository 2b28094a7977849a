"""Media on a page: pictures, sounds and films are data; what cannot be shown is named."""

import base64
import io
from pathlib import Path

import pytest
from PIL import Image

from mmjudge.assets import PACK, embedded
from mmjudge.report import embed
from mmjudge.report.embed import MAX_SIDE, Embedder
from mmjudge.types import Media


@pytest.fixture(scope="module")
def pack() -> Path:
    folder = embedded(PACK)
    assert folder is not None
    return folder


def medium(pack: Path, modality: str, ending: str) -> Media:
    first = min((pack / "media").glob(f"*/*.{ending}"))
    return Media(modality=modality, uri=str(first.relative_to(pack)))


def content(uri: str) -> tuple[str, bytes]:
    head, _, body = uri.partition(";base64,")
    return head.removeprefix("data:"), base64.b64decode(body)


@pytest.mark.parametrize(
    ("modality", "ending", "mime"),
    [("video", "mp4", "video/mp4"), ("audio", "flac", "audio/flac")],
)
def test_a_small_film_or_sound_is_there_as_it_is(pack, modality, ending, mime):
    one = medium(pack, modality, ending)
    with Embedder(pack) as embedder:
        assert content(embedder.embed([one])[one].src) == (mime, (pack / one.uri).read_bytes())


def test_a_large_picture_is_scaled_down(tmp_path):
    Image.new("RGB", (1200, 600), "red").save(tmp_path / "large.png")
    one = Media(modality="image", uri="large.png")
    with Embedder(tmp_path) as embedder:
        made = embedder.embed([one])[one]
    assert (made.width, made.height) == (MAX_SIDE, MAX_SIDE // 2)
    with Image.open(io.BytesIO(content(made.src)[1])) as picture:
        assert picture.size == (made.width, made.height)
        assert picture.getpixel((10, 10))[0] > 250


def test_a_large_sound_is_encoded_anew_and_a_large_film_is_named(pack, monkeypatch):
    sound, film = medium(pack, "audio", "flac"), medium(pack, "video", "mp4")
    monkeypatch.setattr(embed, "FILE_BYTES", 400)
    with Embedder(pack) as embedder:
        found = embedder.embed([sound, film])
    mime, body = content(found[sound].src)
    assert mime == "audio/flac"
    assert body.startswith(b"fLaC")
    assert found[film].src == ""
    assert "not embedded" in found[film].note


def test_a_page_that_is_full_names_what_is_left(pack):
    one = medium(pack, "audio", "flac")
    with Embedder(pack, room=10) as embedder:
        assert "full" in embedder.embed([one])[one].note


@pytest.mark.parametrize("uri", ["none.png", "../secret.png", "https://example.org/a.png"])
def test_what_is_not_in_the_folder_is_named_and_not_fetched(tmp_path, uri):
    Image.new("RGB", (8, 8)).save(tmp_path / "secret.png")
    (tmp_path / "task").mkdir()
    one = Media(modality="image", uri=uri)
    with Embedder(tmp_path / "task") as embedder:
        made = embedder.embed([one])[one]
    assert made.src == ""
    assert made.note


def test_a_file_that_lies_about_what_it_is_is_not_shown(tmp_path):
    (tmp_path / "a.png").write_text("<script>")
    (tmp_path / "a.mp4").write_text("<script>alert(1)</script>")
    media = [Media(modality="image", uri="a.png"), Media(modality="video", uri="a.mp4")]
    with Embedder(tmp_path) as embedder:
        assert [made.src for made in embedder.embed(media).values()] == ["", ""]
