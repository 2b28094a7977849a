"""Media inside a page: as data URIs, small enough to be many, whatever the files hold."""

import base64
import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Self

from mmjudge.errors import MissingExtraError
from mmjudge.media import MediaError
from mmjudge.media.containers import sniff
from mmjudge.media.loader import Loader, gather
from mmjudge.media.source import is_remote, read_source
from mmjudge.report.pictures import plain_picture
from mmjudge.types import Media, Sampling

if TYPE_CHECKING:
    from PIL.Image import Image

    from mmjudge.media.audio import AudioClip

MAX_SIDE = 480
"""Larger pictures are scaled down to it, in pixels."""
FILE_BYTES = 400_000
"""A video of more bytes is not embedded; a sound of more than a quarter of it is encoded anew."""
SOUND = Sampling(max_side=None, audio_rate=24_000, audio_max_s=30)
"""What is kept of a sound that is encoded anew."""
PAGE_BYTES = 4_000_000
"""Characters of data URIs among chosen items; what comes after that is named and not shown."""

TYPES = {
    "mov": "video/mp4",
    "matroska": "video/webm",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "mp3": "audio/mpeg",
}
"""What browsers call the containers that `sniff` knows."""


class Embedded(NamedTuple):
    """A medium as a page holds it: `src` is a data URI; without one `note` says why."""

    modality: Literal["image", "video", "audio"]
    src: str
    note: str = ""
    width: int = 0
    height: int = 0


class Embedder:
    """Turns media of one task into data URIs; pictures and sounds are decoded apart, as for judges.

    Nothing is fetched: media at addresses are named and not shown.

    Args:
        root: Folder that relative URIs start from; None where it is not at hand.
        room: Characters of data URIs that may still be given.
        largest: A video of more bytes is not embedded; None for `FILE_BYTES`.
    """

    def __init__(
        self, root: Path | None, room: int = PAGE_BYTES, largest: int | None = None
    ) -> None:
        self.root, self.room = root, room
        self.largest = FILE_BYTES if largest is None else largest
        self._loader: Loader | None = None

    def embed(self, media: Iterable[Media]) -> dict[Media, Embedded]:
        """Every medium, each once."""
        wanted = list(dict.fromkeys(media))
        found: dict[Media, Embedded] = {}
        decoded: list[Media] = []
        for one in wanted:
            try:
                if whole := self._whole(one):
                    found[one] = whole
                else:
                    decoded.append(one)
            except MediaError as error:
                found[one] = Embedded(one.modality, "", str(error))
        found |= self._decoded(decoded)
        return {one: self._charged(found[one]) for one in wanted}

    def _whole(self, media: Media) -> Embedded | None:
        """A file as it is, where it is small and of a kind that browsers know.

        Raises:
            MediaError: There is no such file, or it is a video that cannot be embedded.
        """
        if is_remote(media.uri):
            raise MediaError(f"{media.uri}: not on this machine")
        if media.changes:
            if media.modality == "video":
                raise MediaError(
                    f"{media.uri}: changed by {', '.join(media.changes)}, not embedded"
                )
            return None
        content = read_source(media, self.root)
        if media.modality == "image":
            return _as_it_is(content)
        mime = TYPES.get(sniff(content[:12]) or "", "")
        if media.modality == "audio":
            small = len(content) <= FILE_BYTES // 4 and mime.startswith("audio/")
            return Embedded("audio", _uri(mime, content)) if small else None
        if len(content) > self.largest:
            raise MediaError(f"{media.uri}: {len(content) / 1e6:.1f} MB, not embedded")
        if not mime.startswith("video/"):
            raise MediaError(f"{media.uri}: not a kind of video that browsers play")
        return Embedded("video", _uri(mime, content))

    def _decoded(self, media: list[Media]) -> dict[Media, Embedded]:
        found: dict[Media, Embedded] = {}
        for modality in ("image", "audio"):
            some = [one for one in media if one.modality == modality]
            if not some:
                continue
            try:
                found |= self._encoded(some)
            except MissingExtraError as error:
                found |= {one: Embedded(one.modality, "", str(error)) for one in some}
        return found

    def _encoded(self, media: list[Media]) -> dict[Media, Embedded]:
        if self._loader is None:
            self._loader = Loader(self.root, workers=1, sampling=SOUND)
        values = gather(self._loader.decode(media))
        return {one: _encode(one, values[one]) for one in media}

    def close(self) -> None:
        """End the process that decodes, where one was needed."""
        if self._loader is not None:
            self._loader.close()
            self._loader = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _charged(self, one: Embedded) -> Embedded:
        if len(one.src) > self.room:
            return Embedded(one.modality, "", "the page is full; look at the file itself")
        self.room -= len(one.src)
        return one


def _as_it_is(content: bytes) -> Embedded | None:
    """A small picture that is what it says: nothing is decoded, so that many are quickly there."""
    seen = plain_picture(content) if len(content) <= FILE_BYTES // 4 else None
    if seen is None or max(seen.width, seen.height) > MAX_SIDE:
        return None
    return Embedded("image", _uri(seen.mime, content), "", seen.width, seen.height)


def _encode(media: Media, value: object) -> Embedded:
    if isinstance(value, MediaError):
        return Embedded(media.modality, "", str(value))
    if media.modality == "image":
        return _picture(value)  # type: ignore[arg-type]
    return _sound(value)  # type: ignore[arg-type]


def _picture(picture: "Image") -> Embedded:
    """Scaled down, as PNG or JPEG, whichever is smaller."""
    picture = picture.copy()
    picture.thumbnail((MAX_SIDE, MAX_SIDE))
    files = []
    for form, options in (("png", {}), ("jpeg", {"quality": 85})):
        file = io.BytesIO()
        picture.save(file, form, **options)
        files.append((f"image/{form}", file.getvalue()))
    mime, content = min(files, key=lambda made: len(made[1]))
    return Embedded("image", _uri(mime, content), "", *picture.size)


def _sound(clip: "AudioClip") -> Embedded:
    """As FLAC of 16 bits."""
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, clip.samples, clip.rate, format="FLAC", subtype="PCM_16")
    return Embedded("audio", _uri("audio/flac", file.getvalue()))


def _uri(mime: str, content: bytes) -> str:
    return f"data:{mime};base64,{base64.b64encode(content).decode()}"
