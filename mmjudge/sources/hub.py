"""Rows of Hub datasets, streamed and never decoded: decoding is done elsewhere, in a worker."""

import hashlib
import os
import re
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from mmjudge.errors import TaskError
from mmjudge.sources.hub_files import kept_tables, table_files, verified, whole_rows
from mmjudge.types import Media

ANSWER_WITHIN_S = 4.0
"""How long the Hub may take to say that it is there."""

AT_LEAST_S = 2.0
"""How long it has on a busy machine, on which the client alone takes seconds to load."""

ROWS_AT_ONCE = 16
"""Rows of a parquet file that are held at a time: one may have several large images."""

_SUFFIXES = (
    ".png",
    ".jpg",
    ".jpeg",
    ".webp",
    ".gif",
    ".mp4",
    ".webm",
    ".wav",
    ".flac",
    ".mp3",
    ".ogg",
)


_ABBREVIATED = re.compile(r"[0-9a-f]{7,39}")


class HubName(NamedTuple):
    """A dataset at a revision, written `owner/name@revision`.

    The Hub takes no abbreviated commit; one of 7 to 39 digits is looked up in its history.
    """

    repo: str
    revision: str

    def __str__(self) -> str:
        return f"{self.repo}@{self.revision}"


def parse_name(text: str) -> HubName:
    """Read `owner/name@revision`; the revision is required, since a branch moves.

    Raises:
        TaskError: It is written otherwise.

    Example:
        >>> parse_name("owner/name@0123abc").revision
        '0123abc'
    """
    match = re.fullmatch(r"([\w.-]+/[\w.-]+)@([\w./-]+)", text)
    if not match:
        raise TaskError(f"hub dataset: owner/name@revision is needed, found {text!r}")
    return HubName(match[1], match[2])


def is_offline() -> bool:
    """Whether the user has said that nothing is to be downloaded."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")


def require(name: HubName) -> None:
    """Return if the Hub has the dataset at that revision.

    Raises:
        TaskError: It does not, or it cannot be asked; within `ANSWER_WITHIN_S`.
    """
    instead = "pass a local copy of the dataset as data instead"
    if is_offline():
        raise TaskError(
            f"{name}: HF_HUB_OFFLINE is set, so the Hub is not asked; unset it, or {instead}"
        )
    started = time.monotonic()
    from huggingface_hub import HfApi  # noqa: F401 (to load it may take all the time there is)

    problem: list[str] = []
    thread = threading.Thread(target=_ask, args=(name, problem), daemon=True)
    thread.start()
    thread.join(max(ANSWER_WITHIN_S - (time.monotonic() - started), AT_LEAST_S))
    if thread.is_alive():
        raise TaskError(
            f"{name}: the Hub did not answer in {ANSWER_WITHIN_S:g} s; try again, or {instead}"
        )
    if problem:
        raise TaskError(f"{name}: {problem[0]}; check the name and the network, or {instead}")


def _ask(name: HubName, problem: list[str]) -> None:
    try:
        from huggingface_hub import HfApi

        revision = None if _ABBREVIATED.fullmatch(name.revision) else name.revision
        HfApi().dataset_info(name.repo, revision=revision, timeout=ANSWER_WITHIN_S)
    except Exception as error:  # noqa: BLE001 (whatever the client raises is the answer)
        problem.append(refused(name, error))


def refused(name: HubName, error: Exception) -> str:
    """What the Hub's client raised, in a line, and what to do where that is known.

    Example:
        >>> refused(HubName("o/n", "1"), OSError("403: Access to dataset o/n is restricted"))[-52:]
        'huggingface_hub calls it (hf auth login or HF_TOKEN)'
    """
    said = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    page = f"https://huggingface.co/datasets/{name.repo}"
    log_in = "then log in as huggingface_hub calls it (hf auth login or HF_TOKEN)"
    kinds = _kinds(error)
    if "GatedRepoError" in kinds or re.search(r"gated|restricted|awaiting a review|\b403\b", said):
        return f"{said}; its conditions must be accepted by hand at {page}, {log_in}"
    if "RevisionNotFoundError" in kinds:
        return (
            f"{said}; it has no revision {name.revision}: those that it has are at {page}/commits"
        )
    if kinds & {"RepositoryNotFoundError", "DatasetNotFoundError"} or "401" in said:
        return (
            f"{said}; there is no dataset of that name, or it is private or gated: look at {page}, "
            f"accept its conditions if it has any, {log_in}"
        )
    return said


def _kinds(error: BaseException) -> set[str]:
    """Names of the types of an exception and of all that it came from."""
    found: set[str] = set()
    current: BaseException | None = error
    while current is not None:
        found |= {kind.__name__ for kind in type(current).__mro__}
        current = current.__cause__ or current.__context__
    return found


def hub_file(name: HubName, path: str) -> Path:
    """Download one file of a dataset.

    Raises:
        TaskError: The Hub cannot be reached, or has no such file.
    """
    require(name)
    from huggingface_hub import hf_hub_download

    name = whole_revision(name)
    try:
        found = hf_hub_download(name.repo, path, repo_type="dataset", revision=name.revision)
        return verified(Path(found))
    except Exception as error:
        raise TaskError(f"{name}: {path}: {refused(name, error)}") from error


def whole_revision(name: HubName) -> HubName:
    """The same dataset with its commit in full, if it was abbreviated.

    Raises:
        TaskError: The dataset has no such commit, or several.
    """
    if not _ABBREVIATED.fullmatch(name.revision):
        return name
    from huggingface_hub import HfApi

    try:
        commits = HfApi().list_repo_commits(name.repo, repo_type="dataset")
    except Exception as error:
        raise TaskError(f"{name}: {refused(name, error)}") from error
    found = {c.commit_id for c in commits if c.commit_id.startswith(name.revision)}
    if len(found) != 1:
        page = f"https://huggingface.co/datasets/{name.repo}/commits/main"
        raise TaskError(
            f"{name}: {len(found) or 'no'} commits of it begin with {name.revision}; those it has: "
            f"{page}"
        )
    return HubName(name.repo, found.pop())


def hub_rows(
    name: HubName, config: str | None, split: str | None, columns: Sequence[str] = ()
) -> Iterator[dict[str, Any]]:
    """Stream the rows of a dataset, media as bytes or path.

    Args:
        name: The dataset.
        config: Its configuration, None for the default one.
        split: Its split; None for `test`, or for the only one.
        columns: The columns that are needed, and all that are read; every one if empty.

    Raises:
        TaskError: The Hub cannot be reached, or has no such split or column.
    """
    require(name)
    from datasets import get_dataset_split_names

    name = whole_revision(name)
    try:
        if split is None:
            splits = get_dataset_split_names(name.repo, config, revision=name.revision)
            split = splits[0] if len(splits) == 1 else "test"
        if kept_tables() and (paths := table_files(*name, config, split)):
            yield from whole_rows(*name, paths, lambda path: _parquet_rows(path, columns))
            return
        yield from _stream(name.repo, columns, name=config, split=split, revision=name.revision)
    except MissingColumnsError as error:
        raise error.at(f"{name}: {split}") from error
    except TaskError:
        raise
    except Exception as error:
        table = f"{config}, {split}" if config else split
        raise TaskError(f"{name}: {table}: {refused(name, error)}") from error


def hub_splits(name: HubName, config: str | None) -> list[str]:
    """The splits of a dataset's configuration, in its order.

    Raises:
        TaskError: The Hub cannot be reached, or has no such configuration.
    """
    require(name)
    from datasets import get_dataset_split_names

    name = whole_revision(name)
    try:
        return [*get_dataset_split_names(name.repo, config, revision=name.revision)]
    except Exception as error:
        raise TaskError(f"{name}: {config}: {refused(name, error)}") from error


def local_rows(
    folder: Path, pattern: str = "**/*.parquet", columns: Sequence[str] = ()
) -> Iterator[dict[str, Any]]:
    """Stream the rows of a dataset's parquet files from a local copy.

    Raises:
        TaskError: The folder has no such file, or the files have no such column.
    """
    files = sorted(folder.glob(pattern))
    if not files:
        raise TaskError(f"{folder}: no {pattern} in it")
    for path in files:
        try:
            yield from _parquet_rows(path, columns)
        except MissingColumnsError as error:
            raise error.at(str(path)) from error


def _parquet_rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path) as table:
            _require_columns(columns, table.schema_arrow.names)
            for batch in table.iter_batches(ROWS_AT_ONCE, columns=list(columns) or None):
                yield from batch.to_pylist()
    except (ArrowException, OSError) as error:
        raise TaskError(f"{path}: {error}") from error


class MissingColumnsError(TaskError):
    """Columns that a loader needs are not there.

    Args:
        said: The message.
        missing: The columns that are needed and not there.
        found: The columns that are there.
    """

    def __init__(self, said: str, missing: Sequence[str], found: Sequence[str]) -> None:
        super().__init__(said)
        self.missing, self.found = tuple(missing), tuple(found)

    def at(self, place: str) -> "MissingColumnsError":
        """The same, with where it was."""
        return MissingColumnsError(f"{place}: {self}", self.missing, self.found)


def _require_columns(columns: Sequence[str], found: Sequence[str]) -> None:
    if missing := [column for column in columns if column not in found]:
        unused = [name for name in found if name not in columns]
        near = ((name, get_close_matches(name, unused, n=1, cutoff=0.75)) for name in missing)
        hints = (f"; is {name} {other[0]!r} now?" for name, other in near if other)
        said = f"columns {', '.join(missing)} are needed, found {', '.join(sorted(found))}"
        said += "".join(hints)
        raise MissingColumnsError(said, missing, sorted(found))


def _stream(source: str, columns: Sequence[str], **options: Any) -> Iterable[dict[str, Any]]:
    from datasets import load_dataset

    rows = load_dataset(source, streaming=True, **options)
    found = rows.column_names or list(columns)
    _require_columns(columns, found)
    if columns and set(columns) != set(found):
        rows = load_dataset(source, streaming=True, columns=list(columns), **options)
    undecoded: Iterable[dict[str, Any]] = rows.decode(False)
    return undecoded


def media_cache() -> Path:
    """Folder for media that came inside of rows: `MMJUDGE_CACHE`, or one in the home folder."""
    chosen = os.environ.get("MMJUDGE_CACHE")
    return (Path(chosen) if chosen else Path.home() / ".cache" / "mmjudge") / "media"


def keep_media(value: Any, modality: str, place: str) -> Media:
    """Write media that came as bytes to the cache, under their hash, and refer to them.

    Args:
        value: What `datasets` gives when it does not decode: `bytes` and `path`.
        modality: image, video or audio.
        place: Where it was found, for the message.

    Raises:
        TaskError: There are no bytes.
    """
    blob = value.get("bytes") if isinstance(value, dict) else None
    if not isinstance(blob, bytes) or not blob:
        raise TaskError(f"{place}: bytes of {modality} are needed, found {str(value)[:60]}")
    digest = hashlib.sha256(blob).hexdigest()
    suffix = Path(str(value.get("path") or "")).suffix.lower()
    name = digest + (suffix if suffix in _SUFFIXES else "")
    target = media_cache() / name
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{name}.{os.getpid()}.part")
        part.write_bytes(blob)
        part.replace(target)
    return Media.model_validate({"modality": modality, "uri": name, "sha256": digest})
