"""From a URI to verified local bytes."""

import hashlib
import os
from functools import lru_cache
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
        size = os.stat(path).st_size  # noqa: PTH116 (a Path costs more than the call)
        if not 0 < size <= MAX_BYTES:
            raise MediaError(f"{media.uri}: {size} bytes; 1 to {MAX_BYTES} are allowed")
        with open(path, "rb") as file:  # noqa: PTH123
            content = file.read()
    except (OSError, ValueError) as error:
        raise MediaError(f"{media.uri!r:.200}: cannot be read: {error}") from error
    if media.sha256 and (found := hashlib.sha256(content).hexdigest()) != media.sha256:
        raise MediaError(f"{media.uri}: sha256 is {found}, the task says {media.sha256}")
    return content


def _resolve(uri: str, root: Path | None) -> str:
    if "://" in uri:
        raise MediaError(f"{uri}: not on this machine; give the task a local copy with --data")
    if root is None:
        raise MediaError(f"{uri}: a relative path needs a folder; give the task one with --data")
    try:
        base = _real_folder(os.path.abspath(root))  # noqa: PTH100
        folder, name = os.path.split(os.path.join(base, uri))  # noqa: PTH118
        path = os.path.join(_real_folder(folder), name)  # noqa: PTH118
        if name in ("", ".", "..") or os.path.islink(path):  # noqa: PTH114
            path = os.path.realpath(path)
    except (OSError, ValueError) as error:
        raise MediaError(f"{uri!r:.200}: not a path: {error}") from error
    if not path.startswith(base.rstrip(os.sep) + os.sep):
        raise MediaError(f"{uri}: leads out of the task's folder {base}")
    return path


@lru_cache(maxsize=1024)
def _real_folder(folder: str) -> str:
    """A folder with all links followed: the same for all its files, and slow to find."""
    return os.path.realpath(folder)
