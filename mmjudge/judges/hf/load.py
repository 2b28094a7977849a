"""From a folder or a name on the Hub to a model in memory: pinned, safetensors only, no code."""

import hashlib
import json
import os
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mmjudge.errors import JudgeError, MissingExtraError

PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
"""Suffixes of weights that run code when they are read."""

DTYPES = ("auto", "float32", "bfloat16", "float16")
ATTENTIONS = ("auto", "sdpa", "eager", "flash_attention_2", "flex_attention")

SAMPLE = 4096
"""Bytes of each tensor that go into the hash of a local model."""

Build = Callable[[Any, Path, Any, str, Any], Any]
"""From transformers, folder, dtype, attention and shared keywords to a model."""

_WANTED = ("*.json", "*.safetensors", "*.txt", "*.jinja", "*.model", "*.tiktoken")


class Loaded(NamedTuple):
    """A model ready to answer, with what shapes its answers.

    `model` is what is called; of a model that also speaks, the part that thinks. `modalities` are
    those that the processor takes.
    """

    model: Any
    processor: Any
    tokenizer: Any
    modalities: tuple[str, ...]
    revision: str
    dtype: str
    attention: str
    device: str

    @property
    def context(self) -> int:
        """Tokens that prompt and reply may have together."""
        config = self.model.config.get_text_config()
        return int(getattr(config, "max_position_embeddings", None) or 1 << 30)


def load(name: str, options: Mapping[str, Any], build: Build | None = None) -> Loaded:
    """Load the model that a path or an id on the Hub names.

    Args:
        name: A folder in the Hub's layout, or `owner/model`.
        options: `revision`, `dtype`, `attention`, `device`, `trust_remote_code`, and
            `chat_template`, the path of a jinja file for a model that has none.
        build: Makes the model, in place of the chat model that the folder holds.

    Raises:
        MissingExtraError: torch or transformers is not installed.
        JudgeError: There is no such model, its weights are no safetensors, or it needs code of
            its own that was not allowed.
    """
    torch, transformers = _libraries()
    trusted = bool(options["trust_remote_code"])
    folder, revision = pinned_folder(name, options["revision"], trusted)
    check_folder(folder, f"hf:{name}", trusted)
    device = _device(torch, options["device"])
    dtype = _dtype(torch, options["dtype"], device)
    shared = {"trust_remote_code": trusted, "local_files_only": True}
    try:
        processor = transformers.AutoProcessor.from_pretrained(folder, **shared)
        model: Any = (build or chat_model)(
            transformers, folder, dtype, options["attention"], shared
        )
    except (OSError, ValueError, ImportError, KeyError) as error:
        raise JudgeError(f"hf:{name}: cannot be loaded: {error}") from error
    model = model.to(device).eval()
    if options.get("chat_template"):
        processor.chat_template = _read_template(name, Path(options["chat_template"]))
    if build is None:
        check_template(processor, f"hf:{name}")
    return Loaded(
        model=model,
        processor=processor,
        tokenizer=getattr(processor, "tokenizer", processor),
        modalities=modalities_of(processor),
        revision=revision,
        dtype=str(model.dtype).removeprefix("torch."),
        attention=str(model.config._attn_implementation),
        device=device,
    )


def _read_template(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise JudgeError(f"hf:{name}: chat_template {str(path)!r}: {error}") from error


def _libraries() -> tuple[Any, Any]:
    try:
        import torch
        import transformers
    except ImportError as error:
        raise MissingExtraError("the judge hf", str(error.name), "hf") from error
    if not hasattr(transformers, "AutoModelForMultimodalLM"):
        raise MissingExtraError("the judge hf", "transformers 5 or later", "hf")
    return torch, transformers


def pinned_folder(
    name: str, revision: str | None, trusted: bool, kind: str = "hf"
) -> tuple[Path, str]:
    """The folder with the model's files, and what pins them.

    Args:
        name: A folder in the Hub's layout, or `owner/model`.
        revision: Branch, tag or commit of an id on the Hub.
        trusted: Whether code of the model's own is fetched too.
        kind: Of the judge, for messages.

    Raises:
        JudgeError: There is no such model, or the Hub is out of reach.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        if revision:
            raise JudgeError(
                f"{kind}:{name}: a folder has no revisions; leave out revision={revision}"
            )
        return folder, f"sha256:{folder_digest(folder)}"
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise JudgeError(f"{kind}:{name}: no such folder, and an id on the Hub reads owner/model")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    wanted = [*_WANTED, "*.py"] if trusted else [*_WANTED]
    try:
        path = snapshot_download(
            name, revision=revision, allow_patterns=wanted, ignore_patterns=["original/*"]
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        at = f" at {revision}" if revision else ""
        raise JudgeError(f"{kind}:{name}{at}: not on the Hub, or out of reach: {error}") from error
    return Path(path), Path(path).name


def check_folder(folder: Path, judge: str, trusted: bool) -> None:
    """Refuse a model before any of it is read.

    Args:
        folder: Its files.
        judge: Kind and name of the judge, for messages.
        trusted: Whether code of the model's own may run.

    Raises:
        JudgeError: It has no safetensors, or asks for code of its own that was not allowed.
    """
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise JudgeError(f"{judge}: config.json cannot be read: {error}") from error
    if not any(folder.glob("*.safetensors")):
        found = sorted(p.name for p in folder.iterdir() if p.suffix in PICKLED)
        weights = f"found {', '.join(found)}, which may run code when read" if found else "none"
        raise JudgeError(
            f"{judge}: only weights as .safetensors are read; {weights}. Convert them with "
            "save_pretrained on a machine that trusts the file, or choose another revision"
        )
    if trusted or "auto_map" not in config:
        return
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    if config.get("model_type") not in CONFIG_MAPPING_NAMES:
        code = ", ".join(sorted(map(str, config["auto_map"].values())))
        raise JudgeError(
            f"{judge}: needs code from its own repository ({code}); read it, and if you trust "
            "it, allow it with trust_remote_code=true"
        )


def check_template(processor: Any, judge: str) -> None:
    """Refuse a model without a chat template.

    Raises:
        JudgeError: It has none.
    """
    if getattr(processor, "chat_template", None) is None:
        raise JudgeError(
            f"{judge}: has no chat template, so it cannot be asked in its own form; "
            "give the path of a jinja file as chat_template"
        )


def folder_digest(folder: Path) -> str:
    """Hash of a local model: all small files, and of the weights the start of every tensor.

    Reading every byte of a large model would take minutes; a trained tensor differs from its
    first bytes on.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix == ".safetensors":
            digest.update(path.name.encode())
            for piece in _samples(path):
                digest.update(piece)
        elif path.suffix in (".json", ".jinja", ".txt", ".model", ".tiktoken", ".py"):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _samples(path: Path) -> Iterator[bytes]:
    """The header of a safetensors file, and the start of each of its tensors."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            (length,) = struct.unpack("<Q", file.read(8))
            if length > size:
                raise ValueError(f"a header of {length} bytes in a file of {size}")
            header = file.read(length)
            yield header
            for name, tensor in sorted(json.loads(header).items()):
                if name != "__metadata__":
                    start, end = tensor["data_offsets"]
                    file.seek(8 + length + start)
                    yield file.read(min(SAMPLE, end - start))
    except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
        raise JudgeError(f"{path}: not a safetensors file: {error}") from error


def _device(torch: Any, wanted: str) -> str:
    if wanted != "auto":
        return wanted
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _dtype(torch: Any, wanted: str, device: str) -> Any:
    """bf16 where the device computes with it, else 16 bit on a GPU and 32 bit on a CPU."""
    if wanted not in DTYPES:
        raise JudgeError(f"judge hf: dtype {wanted!r}: must be one of {', '.join(DTYPES)}")
    if wanted != "auto":
        return getattr(torch, wanted)
    if device.startswith("cuda"):
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return torch.float32


def chat_model(transformers: Any, folder: Path, dtype: Any, attention: str, shared: Any) -> Any:
    """The model in its multimodal class, or as a text model where it has no other.

    Of a model that also speaks only the part that thinks is read: its voice would take as much
    memory again, and is kept in a pickle.
    """
    if attention not in ATTENTIONS:
        raise JudgeError(
            f"judge hf: attention {attention!r}: must be one of {', '.join(ATTENTIONS)}"
        )
    whole = transformers.AutoConfig.from_pretrained(folder, **shared)
    config = getattr(whole, "thinker_config", whole)
    multimodal = type(config) in transformers.AutoModelForMultimodalLM._model_mapping
    auto = "AutoModelForMultimodalLM" in getattr(config, "auto_map", {})
    kind = (
        transformers.AutoModelForMultimodalLM
        if multimodal or auto
        else transformers.AutoModelForCausalLM
    )

    def load_with(implementation: str) -> Any:
        model, report = kind.from_pretrained(
            folder,
            config=config,
            dtype=dtype,
            attn_implementation=implementation,
            use_safetensors=True,
            output_loading_info=True,
            **shared,
        )
        _require_all(folder.name, type(model).__name__, report["missing_keys"])
        return model

    if attention != "auto":
        return load_with(attention)
    try:
        return load_with("sdpa")
    except ValueError as error:
        if "scaled_dot_product_attention" not in str(error) and "sdpa" not in str(error):
            raise
        return load_with("eager")


def _require_all(name: str, kind: str, missing: Iterable[str]) -> None:
    """Return if no weight is missing from a model's files.

    Raises:
        JudgeError: Some are: they would be random numbers.
    """
    lost = sorted(missing)
    if lost:
        shown = ", ".join(lost[:4])
        raise JudgeError(
            f"hf:{name}: lacks {len(lost)} weights that a {kind} needs ({shown}): they would be "
            "random numbers. Pass a checkpoint that was saved whole"
        )


def modalities_of(processor: Any) -> tuple[str, ...]:
    """What the processor has a part for; text always."""
    parts = {
        "image": ("image_processor",),
        "video": ("video_processor",),
        "audio": ("feature_extractor", "audio_processor"),
    }
    found = [
        modality
        for modality, names in parts.items()
        if any(getattr(processor, name, None) is not None for name in names)
    ]
    return ("text", *found)
