"""From a URI to verified local bytes."""

import hashlib
from pathlib import Path

from mmjudge.media.image import MediaError
from mmjudge.types import Media

MAX_BYTES = 512 * 1024 * 1024
"""A larger file is refused before it is read."""


def read_source(media: Media, root: Path | None) -> bytes:
    """The bytes of a file under the task's root, checked against its sha256 if one is given.

    Raises:
        MediaError: The URI leads out of the root, the file is missing, empty or too large, or is
            not the one that the task means.
    """
    path = _resolve(media.uri, root)
    try:
        size = path.stat().st_size
        if not 0 < size <= MAX_BYTES:
            raise MediaError(f"{media.uri}: {size} bytes; 1 to {MAX_BYTES} are allowed")
        content = path.read_bytes()
    except OSError as error:
        raise MediaError(f"{media.uri}: cannot be read: {error}") from error
    if media.sha256 and (found := hashlib.sha256(content).hexdigest()) != media.sha256:
        raise MediaError(f"{media.uri}: sha256 is {found}, the task says {media.sha256}")
    return content


def _resolve(uri: str, root: Path | None) -> Path:
    if "://" in uri:
        raise MediaError(f"{uri}: not on this machine; give the task a local copy with --data")
    if root is None:
        raise MediaError(f"{uri}: a relative path needs a folder; give the task one with --data")
    base = root.resolve()
    path = (base / uri).resolve()
    if not path.is_relative_to(base):
        raise MediaError(f"{uri}: leads out of the task's folder {base}")
    return path
