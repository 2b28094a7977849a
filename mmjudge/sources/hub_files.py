"""Files of Hub datasets, whole or not used: gone on with where they were cut off, and verified."""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NamedTuple

from mmjudge.errors import TaskError

Say = Callable[[str], None]
BLOCK = 1 << 20
COMMIT = re.compile(r"[0-9a-f]{40}")
SAID_FROM = 10_000_000
"""Bytes from which on the download of a file is said."""


class WholeTables(NamedTuple):
    """Where tables are kept while a task is downloaded, and who is told."""

    folder: Path
    say: Say


_WHOLE: ContextVar[WholeTables | None] = ContextVar("whole_tables", default=None)


@contextmanager
def whole_tables(folder: Path, say: Say) -> Iterator[None]:
    """Within it tables are fetched file by file and kept, so that none is fetched twice.

    Otherwise their rows are streamed, and of them only the columns that are needed.
    """
    token = _WHOLE.set(WholeTables(folder, say))
    try:
        yield
    finally:
        _WHOLE.reset(token)


def kept_tables() -> WholeTables | None:
    """Where tables are kept now, None where they are streamed."""
    return _WHOLE.get()


def table_files(repo: str, revision: str, config: str | None, split: str) -> list[str]:
    """The parquet files of a split, in order; none where it is of other files.

    Raises:
        Exception: Whatever the client raises; the Hub cannot be reached, or has no such split.
    """
    from datasets import load_dataset_builder

    builder = load_dataset_builder(repo, name=config, revision=revision)
    found = (builder.config.data_files or {}).get(split)
    if found is None:
        return []
    paths = [path_in_dataset(str(file), repo) for file in found]
    return paths if all(path.endswith(".parquet") for path in paths) else []


def path_in_dataset(address: str, repo: str) -> str:
    """The path of a file in its dataset; empty where the address is of no such form.

    Example:
        >>> path_in_dataset("hf://datasets/owner/name@0123/data/test.parquet", "owner/name")
        'data/test.parquet'
    """
    start, _, rest = address.partition(f"datasets/{repo}@")
    return rest.partition("/")[2] if start == "hf://" else ""


def whole_file(repo: str, revision: str, path: str, tables: WholeTables) -> Path:
    """One file of a dataset, fetched from where an earlier attempt was cut off.

    Its bytes are held against the hash that the Hub names: sha256 of a large file, git's hash of a
    small one.

    Raises:
        TaskError: What came is not what the Hub says.
        Exception: Whatever the client raises.
    """
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    url = hf_hub_url(repo, path, repo_type="dataset", revision=revision)
    facts = get_hf_file_metadata(url)
    target = tables.folder / repo.replace("/", "--") / revision / path
    # A commit stays what it is; of a branch the file may be another one of the same size by now.
    there = target.is_file() and target.stat().st_size == facts.size
    if there and (COMMIT.fullmatch(revision) or not not_the_same(target, facts.etag)):
        return target
    # Named by its hash: what is left of another version of the file is not gone on with.
    part = target.with_name(f"{target.name}.{facts.etag}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    _fetch(url, part, facts.size, lambda said: tables.say(f"{repo}: {path}: {said}"))
    if problem := not_the_same(part, facts.etag):
        part.unlink()
        raise TaskError(
            f"{repo}@{revision}: {path}: {problem}; what came was removed, the same command "
            "fetches it again"
        )
    part.replace(target)
    return target


def _fetch(url: str, part: Path, size: int | None, say: Say) -> None:
    """Append to a file what is missing of it."""
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers

    part.touch()
    with part.open("r+b") as file:
        there = file.seek(0, 2)
        if size is not None and there > size:
            file.truncate(0)
            there = file.seek(0)
        if size is not None and max(size, there) >= SAID_FROM:
            begun = f"goes on after {there / 1e6:.0f} of " if there else ""
            say(f"{begun}{size / 1e6:.0f} MB")
        http_get(url, file, resume_size=there, headers=build_hf_headers(), expected_size=size)


def not_the_same(path: Path, etag: str | None) -> str:
    """What is wrong with a file, held against the hash that the Hub has of it; empty if nothing.

    Example:
        >>> not_the_same(Path("/dev/null"), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")
        ''
    """
    if etag is None or len(etag) not in (40, 64):
        return ""
    large = len(etag) == 64
    digest = hashlib.sha256() if large else hashlib.sha1(usedforsecurity=False)
    if not large:
        digest.update(b"blob %d\0" % path.stat().st_size)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    found = digest.hexdigest()
    what = "sha256" if large else "git hash"
    return "" if found == etag else f"{what} is {found}, the Hub says {etag}"


def verified(found: Path) -> Path:
    """A file in the cache of huggingface_hub, which is called by its hash there.

    Raises:
        TaskError: It is not what its name says; it is removed.
    """
    blob = found.resolve()
    if blob.parent.name == "blobs" and (problem := not_the_same(blob, blob.name)):
        blob.unlink()
        found.unlink(missing_ok=True)
        raise TaskError(f"{problem}; what came was removed, try again")
    return found


def whole_rows(
    repo: str, revision: str, paths: Sequence[str], rows: Callable[[Path], Iterator[dict[str, Any]]]
) -> Iterator[dict[str, Any]]:
    """The rows of files that are fetched one after the other, each whole before it is read."""
    tables = kept_tables()
    if tables is None:
        raise TaskError(f"{repo}: tables are fetched whole within whole_tables() alone")
    for path in paths:
        yield from rows(whole_file(repo, revision, path, tables))
