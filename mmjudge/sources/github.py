"""Files of public GitHub repositories at a commit, kept in the cache."""

import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from mmjudge.errors import TaskError
from mmjudge.sources.hub import is_offline, media_cache

FILES = "https://raw.githubusercontent.com"
ANSWER_WITHIN_S = 20.0
"""How long the server may be silent."""

MAX_BYTES = 64 * 1024 * 1024
"""A larger file is refused."""


class GithubName(NamedTuple):
    """A repository at a commit; the full hash, so that what is cached can never be outdated."""

    repo: str
    commit: str

    def __str__(self) -> str:
        return f"{self.repo}@{self.commit}"


class FileAbsentError(TaskError):
    """The repository has no such file at that commit."""


def github_file(name: GithubName, path: str) -> str:
    """Download one file, once.

    Returns:
        Its path, relative to `media_cache()`.

    Raises:
        FileAbsentError: The repository has no such file.
        TaskError: The server cannot be reached; a run that stops so can be resumed.
    """
    kept = f"github/{name.repo}/{name.commit}/{path}"
    target = media_cache() / kept
    if target.is_file():
        return kept
    content = _download(f"{FILES}/{name.repo}/{name.commit}/{quote(path)}")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    part.write_bytes(content)
    part.replace(target)
    return kept


def _download(url: str) -> bytes:
    if is_offline():
        raise TaskError(f"{url}: HF_HUB_OFFLINE is set, so nothing is downloaded; unset it")
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_WITHIN_S) as answer:
            content: bytes = answer.read(MAX_BYTES + 1)
            announced = answer.headers.get("Content-Length")
    except urllib.error.HTTPError as error:
        if error.code == 404:
            raise FileAbsentError(f"{url}: no such file") from error
        raise TaskError(f"{url}: {error}; try again later") from error
    except OSError as error:
        raise TaskError(f"{url}: {error}; check the network and try again") from error
    if len(content) > MAX_BYTES:
        raise TaskError(f"{url}: more than {MAX_BYTES} bytes")
    # A connection that breaks looks like the end of the file to whoever does not count.
    if announced is not None and len(content) != int(announced):
        raise TaskError(f"{url}: cut off after {len(content)} of {announced} bytes; try again")
    return content


def github_path(name: GithubName, path: str) -> Path:
    """Download one file, once, and say where it is now.

    Raises:
        FileAbsentError: The repository has no such file.
        TaskError: The server cannot be reached.
    """
    return media_cache() / github_file(name, path)
