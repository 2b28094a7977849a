"""Which container a file is, by its first bytes, and whether it is as long as it says itself.

Only these containers are handed to a decoder: a playlist or a script that is called `.mp4` never
gets as far as a demuxer that would open other files for it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from mmjudge.media.image import MediaError
from mmjudge.media.integrity import sound_problem

VIDEOS = ("mov", "matroska", "avi")
SOUNDS = ("wav", "flac", "ogg", "mp3", *VIDEOS)
_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
_EBML, _SEGMENT, _UNKNOWN_SIZE = b"\x1a\x45\xdf\xa3", 0x18538067, -1


def require_container(path: Path, name: str, allowed: tuple[str, ...]) -> str:
    """The container of a file: one of `allowed`, not shorter than it says, its checksums right.

    Raises:
        MediaError: It is another one, or it was cut or damaged.
    """
    with path.open("rb") as file:
        found = sniff(file.read(12))
        if found not in allowed:
            what = "text or unknown data" if found is None else found
            raise MediaError(f"{name}: {what}, not a file of {', '.join(allowed)}")
        size = path.stat().st_size
        check = _CHECKS.get(found)
        if check and (promised := check(file, size)) > size:
            raise MediaError(f"{name}: cut: {size} bytes, the container promises {promised}")
    if problem := sound_problem(path, found):
        raise MediaError(f"{name}: damaged: {problem}")
    return found


def sniff(head: bytes) -> str | None:
    r"""The container that begins with these 12 bytes, or None.

    Example:
        >>> sniff(b"RIFF\x24\x00\x00\x00WAVE")
        'wav'
        >>> sniff(b"#EXTM3U\nfile")
    """
    if head[4:8] in _BOXES:
        return "mov"
    if head[:4] in (b"RIFF", b"RF64"):
        return {b"WAVE": "wav", b"AVI ": "avi"}.get(head[8:12])
    if head[:3] == b"ID3" or (head[:1] == b"\xff" and head[1:2] >= b"\xe0"):
        return "mp3"
    return {_EBML: "matroska", b"fLaC": "flac", b"OggS": "ogg"}.get(head[:4])


def _mov_end(file: BinaryIO, size: int) -> int:
    """Where the last top-level box ends; a box of size 0 goes on to the end of the file."""
    at = 0
    while at < size:
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return at + 8
        length = int.from_bytes(head[:4], "big")
        if length == 0:
            return size
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        at += max(length, 8)
    return at


def _riff_end(file: BinaryIO, size: int) -> int:
    """Where the first RIFF chunk ends; what was streamed has no length that means anything."""
    file.seek(0)
    head = file.read(8)
    length = int.from_bytes(head[4:8], "little")
    streamed = length in (0, 0xFFFFFFFF) or head[:4] == b"RF64"
    return 0 if streamed else length + 8


def _matroska_end(file: BinaryIO, size: int) -> int:
    """Where the segment ends; a live stream does not say."""
    at = 0
    while at < size:
        file.seek(at)
        head = file.read(12)
        if not head:
            return at
        id_length = 9 - head[0].bit_length()
        length, taken = _vint(head[id_length:])
        if taken == 0:
            return at + len(head) + 1
        at += id_length + taken
        if length == _UNKNOWN_SIZE:
            return 0
        at += length
        if int.from_bytes(head[:id_length], "big") == _SEGMENT:
            return at
    return at + 1


def _vint(data: bytes) -> tuple[int, int]:
    """A number of variable length and the bytes that it takes; 0 bytes where it is cut."""
    if not data or data[0] == 0:
        return 0, 0
    taken = 9 - data[0].bit_length()
    if len(data) < taken:
        return 0, 0
    value = int.from_bytes(data[:taken], "big") & ((1 << 7 * taken) - 1)
    return (_UNKNOWN_SIZE if value == (1 << 7 * taken) - 1 else value), taken


_CHECKS: dict[str, Callable[[BinaryIO, int], int]] = {
    "mov": _mov_end,
    "wav": _riff_end,
    "avi": _riff_end,
    "matroska": _matroska_end,
}
