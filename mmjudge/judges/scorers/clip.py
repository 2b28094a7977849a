"""The judge `clip:`: every model of open_clip, by name and tag, from the Hub or from a folder."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

from mmjudge.assets import model_folder
from mmjudge.errors import JudgeError, unknown
from mmjudge.judges.base import JudgeContext
from mmjudge.judges.checkpoints import (
    digest,
    embedded_cards,
    find_checkpoint,
    refuse_pickle,
    require,
    require_safetensors,
)
from mmjudge.judges.scorers.embeddings import Encoded, Encoder, Floats, Kind, Unit, cosines, rows
from mmjudge.judges.scorers.scorer import (
    BATCH,
    DUAL_OPTIONS,
    DualScorer,
    ScorerJudge,
    Settings,
    disarm,
    read_settings,
    shaping,
)
from mmjudge.types import JudgeCard

SPECIALS = ("<start_of_text>", "<end_of_text>")
"""Control tokens of open_clip's own tokenizer; those of others are asked for."""

PRECISIONS = {"float32": "fp32", "bfloat16": "bf16", "float16": "fp16"}


class Source(NamedTuple):
    """What open_clip is to load: `model` as its factory reads it, and a file of weights, if apart.

    `extra`: arguments that a pretrained tag implies.
    """

    model: str
    weights: Path | None
    revision: str
    extra: dict[str, Any]


class Clip(ScorerJudge):
    """The judge `clip:NAME`.

    NAME is MODEL/TAG of open_clip (`ViT-B-32/laion2b_s34b_b79k`), MODEL/FILE with a local file of
    safetensors, a folder with `open_clip_config.json`, an embedded one, or such a repository as
    owner/name@REVISION.
    """

    prefix = "clip"

    @classmethod
    def open(cls, name: str, options: Mapping[str, Any], context: JudgeContext) -> Self:
        """Load the model.

        Raises:
            JudgeError: There is no such model, its weights are pickles, or an option does not fit.
            MissingExtraError: open_clip is not installed.
        """
        judge = f"clip:{name}"
        require(f"judge {judge}", "open_clip", "clip")
        settings = read_settings(judge, options, DUAL_OPTIONS, context)
        settings.values["frames"] = settings.values["frames"] or "mean"
        source = _source(judge, name, context.folder)
        encoder = OpenClip(judge, source, settings)
        card = _card(judge).model_copy(
            update={
                "revision": source.revision,
                "params": {**shaping(settings), "preprocess": encoder.preprocessing},
            }
        )
        return cls(DualScorer(card, encoder, settings.values["frames"], settings.values["alpha"]))

    @classmethod
    def catalog(cls) -> Iterable[JudgeCard]:
        """One card for the kind, whose models are open_clip's, and one for each embedded judge."""
        return [
            _card("clip:MODEL/TAG_OR_PATH"),
            *embedded_cards("clip", _card),
        ]


def _card(name: str) -> JudgeCard:
    return JudgeCard(
        name=name,
        summary="Cosine of text and image, or of the frames of a video, by a model of open_clip.",
        modalities=("text", "image", "video"),
        needs=("clip",),
        scale="own",
        media=True,
        batch_size=BATCH,
    )


def _source(judge: str, name: str, base: Path) -> Source:
    import open_clip

    if model_folder(name, base).is_dir():
        return _folder(judge, name, base)
    model, _, weights = name.partition("/")
    models: list[str] = open_clip.list_models()
    if model in models:
        return _built_in(judge, model, weights, base)
    if weights:
        return _folder(judge, name, base)
    raise JudgeError(f"judge {judge}: {unknown('open_clip model', model, models)}")


def _folder(judge: str, name: str, base: Path) -> Source:
    checkpoint = find_checkpoint(judge, name, base)
    if not (checkpoint.folder / "open_clip_config.json").is_file():
        raise JudgeError(
            f"judge {judge}: {checkpoint.folder} has no open_clip_config.json; "
            "a model of transformers is opened with dual:"
        )
    ours = [path.name for path in checkpoint.folder.glob("open_clip*")]
    if not any(file.endswith(".safetensors") for file in ours):
        for file in ours:  # open_clip would take it before a model.safetensors
            refuse_pickle(judge, checkpoint.folder / file)
    return Source(f"local-dir:{checkpoint.folder}", None, checkpoint.revision, {})


def _built_in(judge: str, model: str, weights: str, base: Path) -> Source:
    import open_clip

    path = base / weights
    if weights and path.is_file():
        refuse_pickle(judge, path)
        return Source(model, path, f"sha256:{digest(path)}", {})
    tags: list[str] = open_clip.list_pretrained_tags_by_model(model)
    tag, _, revision = weights.partition("@")
    if tag not in tags:
        what = unknown(f"pretrained tag of {model}", tag, tags)
        raise JudgeError(f"judge {judge}: {what}. Nor is there a file {str(path)!r}")
    known: dict[str, Any] = open_clip.get_pretrained_cfg(model, tag)
    repository = os.path.split(known.get("hf_hub", ""))[0]
    if not repository:
        raise JudgeError(f"judge {judge}: the tag's weights are no safetensors on the Hub")
    checkpoint = find_checkpoint(judge, f"{repository}@{revision}", Path(os.devnull))
    file = _weights_file(judge, checkpoint.folder)
    extra = {
        "force_quick_gelu": known.get("quick_gelu", False),
        **{f"image_{key}": known.get(key) for key in ("mean", "std", "interpolation")},
        "image_resize_mode": known.get("resize_mode"),
    }
    return Source(model, file, checkpoint.revision, extra)


def _weights_file(judge: str, folder: Path) -> Path:
    """The file that open_clip wrote, where a repository has that of transformers beside it."""
    found = require_safetensors(judge, folder)
    ours = [path for path in found if path.name.startswith("open_clip")]
    return (ours or found)[0]


class OpenClip(Encoder):
    """A model of open_clip with its own preprocessing and tokenizer."""

    kinds: frozenset[Kind] = frozenset({"text", "image", "video"})

    def __init__(self, judge: str, source: Source, settings: Settings) -> None:
        import open_clip
        import torch

        precision = PRECISIONS[settings.placement.dtype]
        try:
            self.model, _, self._transform = open_clip.create_model_and_transforms(
                source.model,
                pretrained=str(source.weights) if source.weights else None,
                precision=precision,
                device=settings.placement.device,
                pretrained_text=False,
                **source.extra,
            )
            self._tokenizer = open_clip.get_tokenizer(source.model)
        except (RuntimeError, ValueError, OSError, TypeError) as error:
            raise JudgeError(f"judge {judge}: open_clip cannot load it: {error}") from error
        self.model.eval()
        self.size = settings.batch
        self._dtype = getattr(torch, settings.placement.dtype)
        self._device = settings.placement.device
        tokens = getattr(getattr(self._tokenizer, "tokenizer", None), "all_special_tokens", ())
        self._specials = (*SPECIALS, *tokens)
        self.preprocessing = {k: str(v) for k, v in self.model.visual.preprocess_cfg.items()}

    @property
    def device(self) -> str:
        """Where the model is."""
        return self._device

    def units(self, kind: Kind, decoded: Any) -> list[Unit]:
        """An image, or the frames of a video."""
        if kind == "video":
            return [Unit("image", frame) for frame in decoded.frames]
        return [Unit(kind, decoded)]

    def prepare(self, kind: Kind, contents: Sequence[Any]) -> dict[str, Any]:
        """Tokens of texts; images resized and normalised."""
        import torch

        if kind == "text":
            return {"text": self._tokenizer([disarm(text, self._specials) for text in contents])}
        images = [self._transform(as_image(content)) for content in contents]
        return {"image": torch.stack(images).to(self._dtype)}

    def forward(self, kind: Kind, tensors: Mapping[str, Any]) -> list[Encoded]:
        """Embeddings of a batch, of length 1."""
        if kind == "text":
            return rows(self.model.encode_text(tensors["text"], normalize=True))
        return rows(self.model.encode_image(tensors["image"], normalize=True))

    def similarity(self, pairs: Sequence[tuple[Encoded, Encoded]]) -> list[tuple[Floats, float]]:
        """Cosines."""
        return [cosines(text, medium) for text, medium in pairs]


def as_image(content: Any) -> Any:
    """A frame, shape (h, w, 3), as the image that it is; an image as such."""
    from PIL import Image

    return content if isinstance(content, Image.Image) else Image.fromarray(content)
