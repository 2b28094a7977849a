"""From a URI to verified local bytes."""

import hashlib
import os
import re
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING

from mmjudge.media.image import MediaError

if TYPE_CHECKING:
    from mmjudge.types import Media

MAX_BYTES = 512 * 1024 * 1024
"""A larger file is refused before it is read."""

_HUB = re.compile(r"hf://datasets/([\w.-]+/[\w.-]+)@([\w.-]+)/(.+)")


def read_source(media: "Media", root: Path | None) -> bytes:
    """The bytes of a file under the task's root, checked against its sha256 if one is given.

    Raises:
        MediaError: The URI leads out of the root, the file is missing, empty or too large, or is
            not the one that the task means.
    """
    return read_file(locate(media.uri, root), media.uri, media.sha256)


def read_file(path: Path, name: str, sha256: str | None) -> bytes:
    """The bytes of a file, checked like `check_file`, but read only once.

    Raises:
        MediaError: See `check_file`.
    """
    try:
        # Not blocking: so a pipe that nobody writes to is not waited for.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb", 0) as file:
            _require_size(os.fstat(file.fileno()), name)
            content = file.read()
    except (OSError, ValueError) as error:
        raise MediaError(f"{name}: cannot be read: {error}") from error
    if sha256:
        _require_digest(hashlib.sha256(content).hexdigest(), sha256, name)
    return content


def check_file(path: Path, name: str, sha256: str | None) -> None:
    """Return if a file is there, of a size that is allowed, and the one that the task means.

    Raises:
        MediaError: It is missing, empty, too large, no plain file, or has another sha256.
    """
    try:
        _require_size(path.stat(), name)
        if not sha256:
            return
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError) as error:
        raise MediaError(f"{name}: cannot be read: {error}") from error
    _require_digest(found, sha256, name)


def _require_size(status: os.stat_result, name: str) -> None:
    if not S_ISREG(status.st_mode):
        raise MediaError(f"{name}: cannot be read: not a plain file")
    if not 0 < status.st_size <= MAX_BYTES:
        raise MediaError(f"{name}: {status.st_size} bytes; 1 to {MAX_BYTES} are allowed")


def _require_digest(found: str, wanted: str, name: str) -> None:
    if found != wanted:
        raise MediaError(f"{name}: sha256 is {found}, the task says {wanted}")


def is_remote(uri: str) -> bool:
    """Whether a URI is of a place that has to be asked over a network."""
    return "://" in uri


def locate(uri: str, root: Path | None) -> Path:
    """Where a relative URI is, links followed.

    Raises:
        MediaError: It leads out of the root, or there is none.
    """
    if is_remote(uri):
        raise MediaError(f"{uri}: not on this machine; give the task a local copy with --data")
    if root is None:
        raise MediaError(f"{uri}: a relative path needs a folder; give the task one with --data")
    folder, _, name = uri.rpartition("/")
    try:
        path = _resolved(str(root), folder) / name
        if name in {"", ".", ".."} or path.is_symlink():
            path = path.resolve()
            _require_inside(path, _resolved(str(root), ""))
    except (OSError, ValueError, RuntimeError) as error:
        raise MediaError(f"{uri}: cannot be read: {error}") from error
    except _OutsideError as error:
        raise MediaError(f"{uri}: leads out of the task's folder {error}") from error
    return path


class _OutsideError(Exception):
    pass


def _require_inside(path: Path, root: Path) -> None:
    if not path.is_relative_to(root):
        raise _OutsideError(root)


@lru_cache(maxsize=4096)
def _resolved(root: str, folder: str) -> Path:
    """A folder in the root, links followed; kept, for resolving takes longer than reading."""
    if not folder:
        return Path(root).resolve()
    base = _resolved(root, "")
    path = (base / folder).resolve()
    _require_inside(path, base)
    return path


def fetch(uri: str, folder: Path, allow_urls: bool) -> Path:
    """Bring what a remote URI names to this machine.

    Args:
        uri: `hf://datasets/owner/name@revision/path`, kept in the cache of huggingface_hub; or
            `https://...`, where that is allowed.
        folder: Where a file from the web is written.
        allow_urls: Whether the web may be asked at all.

    Raises:
        MediaError: It is of another kind, not allowed, or cannot be had.
    """
    if uri.startswith("hf://"):
        return _hub_file(uri)
    if not uri.startswith("https://"):
        raise MediaError(f"{uri}: only relative paths, hf:// and https:// are read")
    if not allow_urls:
        raise MediaError(
            f"{uri}: not on this machine; the web is asked only with --allow-urls; "
            "or give the task a local copy with --data"
        )
    from mmjudge.media.urls import download

    target = folder / hashlib.sha256(uri.encode("utf-8", "surrogatepass")).hexdigest()
    download(uri, target)
    return target


def _hub_file(uri: str) -> Path:
    match = _HUB.fullmatch(uri)
    if not match:
        raise MediaError(f"{uri}: hf://datasets/owner/name@revision/path is needed")
    from huggingface_hub import hf_hub_download

    repo, revision, path = match.groups()
    try:
        found = hf_hub_download(repo, path, repo_type="dataset", revision=revision)
    except Exception as error:
        said = " ".join(str(error).split())[:200]
        raise MediaError(f"{uri}: {type(error).__name__}: {said}") from error
    return Path(found)
