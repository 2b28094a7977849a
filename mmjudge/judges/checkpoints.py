"""Weights of a scorer: found, checked to be safetensors, and pinned; never a pickle."""

import hashlib
import json
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from mmjudge.assets import embedded_judges, model_folder
from mmjudge.errors import JudgeError, MissingExtraError
from mmjudge.types import JudgeCard

PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
"""Endings of files that run code when they are loaded."""

FILES = ("*.json", "*.txt", "*.model", "*.jinja", "*.safetensors")
"""What is fetched from the Hub: weights without code, configurations, vocabularies."""

_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


class Checkpoint(NamedTuple):
    """A folder with a model; `revision` is its commit on the Hub, or the sha256 of its files."""

    folder: Path
    revision: str


class Placement(NamedTuple):
    """Where a model runs, and with which kind of numbers."""

    device: str
    dtype: str


def find_checkpoint(judge: str, name: str, base: Path, code: bool = False) -> Checkpoint:
    """The model that a name means: a folder, an embedded judge, or `owner/name@REVISION`.

    A folder is identified by the hash of its files, a Hub model by its commit: a branch is
    resolved once, and what it led to stands in the run's header.

    Args:
        judge: The spec, for messages.
        name: Path of the model, its name among the embedded ones, or that on the Hub.
        base: Folder that relative paths start from.
        code: Whether the model's own Python files are fetched, too.

    Raises:
        JudgeError: There is no such model, or its weights are pickles.
    """
    path = model_folder(name, base)
    if path.is_file():
        refuse_pickle(judge, path)
        raise JudgeError(f"judge {judge}: {path} is a file; pass the folder that it lies in")
    if path.is_dir():
        require_safetensors(judge, path)
        return Checkpoint(path, f"sha256:{digest(path)}")
    repository, _, revision = name.partition("@")
    if not _REPOSITORY.fullmatch(repository):
        names = ", ".join(known for known, _ in embedded_judges(judge.partition(":")[0])) or "none"
        raise JudgeError(
            f"judge {judge}: there is no folder {str(path)!r}; a model is a folder, "
            f"owner/name@REVISION on the Hub, or one that is embedded: {names}"
        )
    folder = _snapshot(judge, repository, revision or None, code)
    require_safetensors(judge, folder)
    return Checkpoint(folder, folder.name)


def embedded_cards(kind: str, card: Callable[[str], JudgeCard]) -> list[JudgeCard]:
    """The cards of the embedded judges of a kind, for its catalog.

    Args:
        kind: Such as `clip`.
        card: Makes the card of a judge of that kind from its name.
    """
    return [
        card(f"{kind}:{name}").model_copy(
            update={"summary": f"Embedded: {entry.summary}", "modalities": entry.modalities}
        )
        for name, entry in embedded_judges(kind)
    ]


def _snapshot(judge: str, repository: str, revision: str | None, code: bool) -> Path:
    """A copy of a Hub repository; the folder is named by its commit."""
    from huggingface_hub import snapshot_download

    patterns = [*FILES, "*.py"] if code else list(FILES)
    try:
        return Path(snapshot_download(repository, revision=revision, allow_patterns=patterns))
    except Exception as error:
        problem = str(error).partition("\n")[0]
        raise JudgeError(
            f"judge {judge}: {repository} at {revision or 'its default branch'} cannot be had from "
            f"the Hub: {type(error).__name__}: {problem}. Check name, revision and network, or "
            "pass the path of a local copy"
        ) from error


def refuse_pickle(judge: str, path: Path) -> None:
    """Refuse a file of weights that is a pickle.

    Raises:
        JudgeError: It is one; the message says how to convert it.
    """
    if path.suffix in PICKLES:
        raise JudgeError(
            f"judge {judge}: {path} is a pickle, which runs code when it is loaded; only "
            "safetensors are taken. Choose a revision that has them, or convert the file where "
            "you trust it: safetensors.torch.save_file(state_dict, 'model.safetensors')"
        )


def require_safetensors(judge: str, folder: Path) -> list[Path]:
    """The files of weights of a folder.

    Raises:
        JudgeError: It has none, or only pickles.
    """
    found = sorted(folder.glob("*.safetensors"))
    if not found:
        for path in sorted(folder.iterdir()):
            refuse_pickle(judge, path)
        raise JudgeError(
            f"judge {judge}: {folder} holds no *.safetensors; save the model there with "
            "save_pretrained, or pick a revision whose weights are safetensors"
        )
    for path in found:
        _require_whole(judge, path)
    return found


def _require_whole(judge: str, path: Path) -> None:
    """Refuse a file of weights that is cut off, or none at all, by what its header says."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > size:
                raise ValueError(f"a header of {length} bytes in a file of {size}")
            tensors = json.loads(file.read(length))
        ends = [t["data_offsets"][1] for name, t in tensors.items() if name != "__metadata__"]
        if (wanted := 8 + length + max(ends, default=0)) != size:
            raise ValueError(f"its tensors need {wanted} bytes, it has {size}")
    except (OSError, ValueError, LookupError, TypeError, AttributeError, struct.error) as error:
        raise JudgeError(
            f"judge {judge}: {path} is damaged, or no safetensors: {error}; get the file again"
        ) from error


def digest(path: Path) -> str:
    """The sha256 of a file, or of the names and contents of a folder's files of a model."""
    if path.is_file():
        with path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    whole = hashlib.sha256()
    for file in sorted({file for pattern in FILES for file in path.glob(pattern)}):
        whole.update(f"{file.name}\0{digest(file)}\0".encode())
    return whole.hexdigest()


def place(judge: str, device: str, dtype: str) -> Placement:
    """Resolve `auto`: the GPU if there is one, bfloat16 or float16 there, float32 on the CPU.

    Raises:
        JudgeError: The device is not there, or the numbers are of no known kind.
    """
    import torch

    if dtype not in ("auto", "float32", "bfloat16", "float16"):
        allowed = "auto, float32, bfloat16, float16"
        raise JudgeError(f"judge {judge}: dtype is one of {allowed}, found {dtype!r}")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise JudgeError(f"judge {judge}: device {device}: torch sees no GPU; use device=cpu")
    if dtype == "auto":
        half = "bfloat16" if device != "cpu" and torch.cuda.is_bf16_supported() else "float16"
        dtype = "float32" if device == "cpu" else half
    return Placement(device, dtype)


def load_transformers(judge: str, checkpoint: Checkpoint, auto: str, settings: Any) -> Any:
    """A model by an `Auto...` class, whole: weights that are not in the files are no weights.

    Args:
        judge: The spec, for messages.
        checkpoint: Where the model lies.
        auto: Name of the class in transformers.
        settings: `dtype`, `device` and `code`.

    Raises:
        JudgeError: The files do not make such a model.
    """
    import torch
    import transformers

    model_class = getattr(transformers, auto)
    try:
        model, report = model_class.from_pretrained(
            str(checkpoint.folder),
            dtype=getattr(torch, settings.placement.dtype),
            use_safetensors=True,
            trust_remote_code=settings.code,
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError) as error:
        raise JudgeError(f"judge {judge}: {checkpoint.folder}: {error}") from error
    if missing := sorted(report["missing_keys"]):
        shown = ", ".join(missing[:4])
        raise JudgeError(
            f"judge {judge}: {checkpoint.folder} lacks {len(missing)} weights that a "
            f"{type(model).__name__} needs ({shown}): they would be random numbers. "
            "Pass a checkpoint that was trained as such a model"
        )
    return model.eval().to(settings.placement.device)


def require(what: str, library: str, extra: str) -> None:
    """Check that a library is there without importing it.

    Raises:
        MissingExtraError: It is not.
    """
    from importlib.util import find_spec

    if find_spec(library) is None:
        raise MissingExtraError(what, library, extra)
