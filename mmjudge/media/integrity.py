"""What a file says of its own wholeness: checksums, markers and counts that decoders pass over.

A decoder that meets damage goes on as well as it can. PNG and Ogg carry a checksum of every part,
so that damage of any kind is found; a JPEG has to reach its end marker, and the frames of an MP3
have to stand one after the other, as many as its header counts.
"""

import mmap
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")
_BACKWARDS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_LAST_PAGE = 4
_SCAN, _END = 0xDA, 0xD9

Bytes = bytes | mmap.mmap


def image_problem(content: bytes, kind: str | None) -> str | None:
    """What is wrong with an image of a format that says so, or None."""
    return {"PNG": _png, "JPEG": _jpeg}.get(kind or "", lambda _: None)(content)


def sound_problem(path: Path, container: str) -> str | None:
    """What is wrong with a sound of a container that says so, or None."""
    check: Callable[[Bytes], str | None] | None = {"ogg": _ogg, "mp3": _mp3}.get(container)
    if check is None:
        return None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return check(content)


def _png(content: bytes) -> str | None:
    """Every chunk with its checksum, up to the last one."""
    at = 8
    while len(head := content[at : at + 8]) == 8:
        end = at + 8 + int.from_bytes(head[:4], "big")
        if zlib.crc32(content[at + 4 : end]) != int.from_bytes(content[end : end + 4], "big"):
            return f"the checksum at byte {end} does not fit"
        if head[4:] == b"IEND":
            return None
        at = end + 4
    return "no end"


def _jpeg(content: bytes) -> str | None:
    """The end marker after the first scan; what a scan holds is known to its decoder alone.

    Segments before it are passed over by their lengths, since a thumbnail has an end of its own. In
    a scan no other 0xff has 0xd9 behind it, so that is looked for and nothing else.
    """
    at = 2
    while found := _MARKER.match(content, at):
        at = found.end()
        marker = content[at - 1]
        if marker == _SCAN:
            return None if content.find(b"\xff\xd9", at) >= 0 else "no end marker"
        if marker == _END:
            return None
        if marker != 0x01:
            at += int.from_bytes(content[at : at + 2], "big")
    return None if content.find(b"\xff\xd9", at) >= 0 else "no end marker"


def _ogg(content: Bytes) -> str | None:
    """Every page with its checksum, numbered without a gap, and a last one of every stream."""
    at = 0
    following: dict[bytes, int] = {}
    while at < len(content):
        head = content[at : at + 27]
        if head[:4] != b"OggS" or len(head) < 27:
            return f"no page at byte {at}"
        body = at + 27 + head[26]
        end = body + sum(content[at + 27 : body])
        page = head[:22] + bytes(4) + content[at + 26 : end]
        if end > len(content) or _ogg_checksum(page) != int.from_bytes(head[22:26], "little"):
            return f"the page at byte {at} does not fit its checksum"
        serial, number = head[14:18], int.from_bytes(head[18:22], "little")
        if number != following.get(serial, number):
            return f"page {number} comes where page {following[serial]} should"
        following[serial] = number + 1
        if head[5] & _LAST_PAGE:
            del following[serial]
        at = end
    return "a stream has no last page" if following else None


def _ogg_checksum(page: bytes) -> int:
    """CRC-32 with the most significant bit first, from 0: zlib's, with all bits turned round.

    Reference:
        RFC 3533, section 6, field 7 (CRC_checksum): polynomial 0x04c11db7.

    Example:
        >>> hex(_ogg_checksum(b"123456789"))  # that of CRC-32/CKSUM, not inverted
        '0x89a1897f'
    """
    turned = zlib.crc32(page.translate(_BACKWARDS), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{turned:032b}"[::-1], 2)


class _Frame(NamedTuple):
    """The header of an MP3 frame: what stays the same in a file, and how long this one is."""

    kind: tuple[int, int, int]
    length: int


_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_KBITS = {
    (True, 3): tuple(range(32, 449, 32)),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 1): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 3): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 1): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Kilobits a second of MPEG-1 or a later version, by the two bits of the layer (1 is layer III)."""


def _frame(head: bytes) -> _Frame | None:
    """The frame that begins with these 4 bytes; None where none does, or its length is not said."""
    if len(head) < 4 or head[0] != 0xFF or head[1] < 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    rate, kbits = head[2] >> 2 & 3, head[2] >> 4
    if version == 1 or layer == 0 or rate == 3 or kbits in (0, 15):
        return None
    samples = 384 if layer == 3 else 576 if layer == 1 and version != 3 else 1152
    slot = 4 if layer == 3 else 1
    bits = 1000 * _KBITS[version == 3, layer][kbits - 1]
    slots = samples // 8 * bits // (_RATES[version][rate] * slot) + (head[2] >> 1 & 1)
    return _Frame((version, layer, rate), slots * slot)


def _mp3(content: Bytes) -> str | None:
    """Frames of one kind without a gap from the tags before them to those behind."""
    start = _tags_end(content)
    first = _frame(content[start : start + 4])
    if first is None:
        free = content[start : start + 1] == b"\xff" and content[start + 2] >> 4 == 0
        return None if free else f"no frame at byte {start}"
    count, end = 0, start
    while (frame := _frame(content[end : end + 4])) and frame.kind == first.kind:
        count += 1
        end += frame.length
    rest = content[end : end + 8]
    if end > len(content):
        return f"cut: the last frame ends at byte {end} of {len(content)}"
    if rest and not rest.startswith((b"TAG", b"APETAGEX", b"ID3", b"LYRICS")):
        return f"no frame at byte {end}"
    promised = _promised(content[start : start + first.length], first)
    if promised is not None and count - promised not in (0, 1):  # its own may be counted or not
        return f"{count} frames; the first one counts {promised}"
    return None


def _tags_end(content: Bytes) -> int:
    """Where the tags at the beginning end."""
    at = 0
    while content[at : at + 3] == b"ID3":
        size = 0
        for byte in content[at + 6 : at + 10]:
            size = size << 7 | byte & 127
        at += 10 + size + (10 if content[at + 5] & 16 else 0)
    while content[at : at + 1] == b"\0":
        at += 1
    return at


def _promised(frame: bytes, header: _Frame) -> int | None:
    """The number of frames in the Xing or Info header of the first frame, if it has one."""
    version, layer, _ = header.kind
    mono = frame[3] >> 6 == 3
    side = (17 if mono else 32) if version == 3 else (9 if mono else 17)
    said = frame[4 + side : 16 + side]
    if layer != 1 or said[:4] not in (b"Xing", b"Info") or not said[7] & 1:
        return None
    return int.from_bytes(said[8:12], "big")
