"""What is embedded, in the package `mmjudge_assets`: the pack of scenes, and tiny judges."""

import tomllib
from importlib.util import find_spec
from pathlib import Path

from mmjudge.types import Modality, Record

PACK = "scenes"
"""Folder of the embedded pack."""

MODELS = "models"
"""Folder whose folders are the embedded judges."""

SPEECH = "speech"
"""Folder of the embedded recordings of what is said in a spoken cue."""

MANIFEST = "manifest.toml"


class Embedded(Record):
    """An entry of the manifest.

    Attributes:
        path: The folder below that of the manifest.
        sha256: Of the names and contents of its files.
        bytes: Their sizes together.
        licence: An SPDX identifier.
        made_by: The command that made it.
        judge: Kind of judge that opens it; None for what is no judge.
        modalities: What the judge takes.
        summary: What it is, in a sentence.
    """

    path: str
    sha256: str
    bytes: int
    licence: str
    made_by: str
    summary: str
    judge: str | None = None
    modalities: tuple[Modality, ...] = ()


def root() -> Path | None:
    """Folder of the package `mmjudge_assets`, or None where it is not installed."""
    found = find_spec("mmjudge_assets")
    places = list(found.submodule_search_locations or ()) if found else []
    return Path(places[0]) if places else None


def embedded(name: str) -> Path | None:
    """An embedded folder by its path in the package, or None.

    Example:
        >>> embedded("models/there-is-no-such-judge") is None
        True
    """
    base = root()
    folder = base / name if base else None
    return folder if folder and folder.is_dir() else None


def model_folder(name: str, base: Path) -> Path:
    """Where the model of a judge lies, by what a user writes.

    A path from `base` comes first; a single word that is none may name an embedded judge.

    Args:
        name: Such as `scenes-clip` or `path/to/model`.
        base: Folder that relative paths start from.

    Returns:
        A path, which may be none at all: then the name is one of the Hub, or wrong.
    """
    path = base / name
    if path.exists() or not name or Path(name).name != name:
        return path
    return embedded(f"{MODELS}/{name}") or path


def manifest(base: Path | None = None) -> tuple[Embedded, ...]:
    """The entries of the manifest; none where nothing is embedded.

    Args:
        base: Folder of the manifest; the installed one if left out.
    """
    base = base or root()
    if base is None or not (base / MANIFEST).is_file():
        return ()
    read = tomllib.loads((base / MANIFEST).read_text(encoding="utf-8"))
    return tuple(Embedded.model_validate(entry) for entry in read["embedded"])


def embedded_judges(kind: str) -> tuple[tuple[str, Embedded], ...]:
    """Names and entries of the embedded judges of a kind that are there."""
    return tuple(
        (Path(entry.path).name, entry)
        for entry in manifest()
        if entry.judge == kind and embedded(entry.path)
    )
