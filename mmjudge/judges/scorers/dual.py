"""The judge `dual:`: dual encoders of transformers: CLIP, SigLIP, X-CLIP, CLAP and their like."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Self

import numpy as np

from mmjudge.errors import JudgeError
from mmjudge.judges.base import JudgeContext
from mmjudge.judges.checkpoints import (
    Checkpoint,
    embedded_cards,
    find_checkpoint,
    load_transformers,
    require,
)
from mmjudge.judges.scorers.clip import as_image
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
from mmjudge.types import JudgeCard, Modality


class Dual(ScorerJudge):
    """The judge `dual:NAME`: a folder as `save_pretrained` writes it, or owner/name@REVISION.

    What a model takes follows from what it offers: `get_image_features` (images, and videos by
    their frames), `get_video_features` (clips), `get_audio_features` (sound).
    """

    prefix = "dual"

    @classmethod
    def open(cls, name: str, options: Mapping[str, Any], context: JudgeContext) -> Self:
        """Load the model.

        Raises:
            JudgeError: There is no such model, its weights are pickles, or an option does not fit.
            MissingExtraError: transformers or torch is not installed.
        """
        judge = f"dual:{name}"
        for library in ("torch", "transformers"):
            require(f"judge {judge}", library, "hf")
        settings = read_settings(judge, options, DUAL_OPTIONS, context)
        checkpoint = find_checkpoint(judge, name, context.folder, code=settings.code)
        encoder = open_encoder(judge, checkpoint, settings)
        settings.values["frames"] = settings.values["frames"] or encoder.frames
        modalities: tuple[Modality, ...] = ("text", "image", "video", "audio")
        card = _card(judge).model_copy(
            update={
                "revision": checkpoint.revision,
                "modalities": tuple(kind for kind in modalities if kind in encoder.kinds),
                "params": shaping(settings),
            }
        )
        return cls(DualScorer(card, encoder, settings.values["frames"], settings.values["alpha"]))

    @classmethod
    def catalog(cls) -> Iterable[JudgeCard]:
        """One card for the kind, whose models are the Hub's, and one for each embedded judge."""
        return [
            _card("dual:PATH_OR_OWNER/NAME@REVISION"),
            *embedded_cards("dual", _card),
        ]


def _card(name: str) -> JudgeCard:
    return JudgeCard(
        name=name,
        summary="Cosine of text and image, video or sound, by a dual encoder of transformers.",
        needs=("hf",),
        scale="own",
        media=True,
        batch_size=BATCH,
    )


def open_encoder(judge: str, checkpoint: Checkpoint, settings: Settings) -> "TransformersEncoder":
    """The encoder that fits a model by what the model offers.

    Raises:
        JudgeError: It is no dual encoder, or its processor cannot be loaded.
    """
    from transformers import AutoProcessor

    model = load_transformers(judge, checkpoint, "AutoModel", settings)
    if not hasattr(model, "get_text_features"):
        raise JudgeError(
            f"judge {judge}: a {type(model).__name__} is no dual encoder: it has no "
            "get_text_features; a sequence-classification head is opened with reward:"
        )
    try:
        processor = AutoProcessor.from_pretrained(
            str(checkpoint.folder), trust_remote_code=settings.code
        )
    except (OSError, ValueError, KeyError) as error:
        raise JudgeError(f"judge {judge}: {checkpoint.folder}: processor: {error}") from error
    kinds: dict[str, type[TransformersEncoder]] = {
        "prompts_generator": ClipsEncoder,
        "get_audio_features": SoundEncoder,
        "get_image_features": ImageEncoder,
    }
    for offered, encoder in kinds.items():
        if hasattr(model, offered):
            return encoder(model, processor, settings)
    raise JudgeError(f"judge {judge}: a {type(model).__name__} encodes no medium that is known")


class TransformersEncoder(Encoder):
    """What the encoders of transformers share: the text side, and cosines.

    `frames`: how frames are aggregated unless the user says.
    """

    frames = "mean"

    def __init__(self, model: Any, processor: Any, settings: Settings) -> None:
        import torch

        self.model, self.processor = model, processor
        self.size = settings.batch
        self._dtype = getattr(torch, settings.placement.dtype)
        self._device = settings.placement.device
        self._tokenizer = processor.tokenizer
        self._context = _context_length(model, self._tokenizer)

    @property
    def device(self) -> str:
        """Where the model is."""
        return self._device

    def tokens(self, texts: Sequence[str]) -> dict[str, Any]:
        """Tokens of texts, cut at the encoder's context.

        A tokenizer that makes no attention mask belongs to a model that was trained on texts
        filled up to its context (SigLIP); others are filled up to the longest text.
        """
        specials = self._tokenizer.all_special_tokens
        whole = "attention_mask" not in self._tokenizer.model_input_names
        return dict(
            self._tokenizer(
                [disarm(text, specials) for text in texts],
                padding="max_length" if whole else True,
                truncation=True,
                max_length=self._context,
                return_tensors="pt",
            )
        )

    def prepare(self, kind: Kind, contents: Sequence[Any]) -> dict[str, Any]:
        """Tokens of texts, or what the processor makes of media."""
        if kind == "text":
            return self.tokens(contents)
        tensors = self.medium(contents)
        return {k: t.to(self._dtype) if t.is_floating_point() else t for k, t in tensors.items()}

    def medium(self, contents: Sequence[Any]) -> dict[str, Any]:
        """Tensors of a batch of media."""
        raise NotImplementedError

    def similarity(self, pairs: Sequence[tuple[Encoded, Encoded]]) -> list[tuple[Floats, float]]:
        """Cosines."""
        return [cosines(text, medium) for text, medium in pairs]


class ImageEncoder(TransformersEncoder):
    """Images, and videos as their frames."""

    kinds: frozenset[Kind] = frozenset({"text", "image", "video"})

    def units(self, kind: Kind, decoded: Any) -> list[Unit]:
        """An image, or the frames of a video."""
        if kind == "video":
            return [Unit("image", frame) for frame in decoded.frames]
        return [Unit(kind, decoded)]

    def medium(self, contents: Sequence[Any]) -> dict[str, Any]:
        """Pixels as the model's own processor prepares them."""
        images = [as_image(content) for content in contents]
        return dict(self.processor.image_processor(images=images, return_tensors="pt"))

    def forward(self, kind: Kind, tensors: Mapping[str, Any]) -> list[Encoded]:
        """Embeddings of a batch."""
        features = "get_text_features" if kind == "text" else "get_image_features"
        return rows(pooled(getattr(self.model, features)(**tensors)))


class SoundEncoder(TransformersEncoder):
    """Sound in windows as long as the model's input.

    The library cuts a longer sound at a random place, and marks a random one of a batch as long
    where none is (fusion models). Here windows are laid evenly over a sound, from its beginning to
    its end, each is an input of its own, and none is marked: equal sounds get equal scores.
    """

    kinds: frozenset[Kind] = frozenset({"text", "audio"})

    def units(self, kind: Kind, decoded: Any) -> list[Unit]:
        """The windows of a sound."""
        extractor = self.processor.feature_extractor
        samples = resampled(decoded.samples, decoded.rate, extractor.sampling_rate)
        return [Unit("audio", window) for window in windows(samples, extractor.nb_max_samples)]

    def medium(self, contents: Sequence[Any]) -> dict[str, Any]:
        """Spectrograms as the model's own feature extractor prepares them."""
        import torch

        extractor = self.processor.feature_extractor
        rate = extractor.sampling_rate
        made = dict(extractor(list(contents), sampling_rate=rate, return_tensors="pt"))
        if "is_longer" in made:
            made["is_longer"] = torch.zeros((len(contents), 1), dtype=torch.bool)
        return made

    def forward(self, kind: Kind, tensors: Mapping[str, Any]) -> list[Encoded]:
        """Embeddings of a batch."""
        features = "get_text_features" if kind == "text" else "get_audio_features"
        return rows(pooled(getattr(self.model, features)(**tensors)))


class ClipsEncoder(TransformersEncoder):
    """X-CLIP: a clip has an embedding of its own, and changes that of the text it is compared with.

    A video is sampled evenly to the number of frames that the model takes.

    Reference:
        Ni et al., Expanding Language-Image Pretrained Models for General Video Recognition,
        arXiv 2208.02816; the steps are those of `XCLIPModel.forward` in transformers.
    """

    kinds: frozenset[Kind] = frozenset({"text", "video"})
    frames = "global"

    def units(self, kind: Kind, decoded: Any) -> list[Unit]:
        """The clip of a video."""
        return [Unit("video", sampled(decoded.frames, self.model.config.vision_config.num_frames))]

    def medium(self, contents: Sequence[Any]) -> dict[str, Any]:
        """Pixels of the clips, shape (clips, frames, 3, h, w)."""
        import torch

        clips = []
        for frames in contents:
            images = [as_image(frame) for frame in frames]
            pixels = self.processor.image_processor(images, return_tensors="pt")["pixel_values"]
            clips.append(pixels.reshape(len(images), *pixels.shape[-3:]))
        return {"pixel_values": torch.stack(clips)}

    def forward(self, kind: Kind, tensors: Mapping[str, Any]) -> list[Encoded]:
        """Embeddings of texts; of clips: frames, whole, and what changes the texts."""
        model = self.model
        if kind == "text":
            return rows(pooled(model.get_text_features(**tensors)))
        pixels = tensors["pixel_values"]
        n_clips, n_frames = pixels.shape[:2]
        seen = model.vision_model(pixel_values=pixels.flatten(0, 1))
        frames = model.visual_projection(seen.pooler_output).view(n_clips, n_frames, -1)
        whole = model.mit(frames).pooler_output
        patches = model.prompts_visual_layernorm(seen.last_hidden_state[:, 1:, :])
        patches = patches @ model.prompts_visual_projection
        patches = patches.view(n_clips, n_frames, -1, whole.shape[-1]).mean(dim=1)
        return rows(frames, whole, patches)

    def similarity(self, pairs: Sequence[tuple[Encoded, Encoded]]) -> list[tuple[Floats, float]]:
        """Cosines with the text as the clip changes it."""
        import torch

        compared = []
        for start in range(0, len(pairs), self.size):
            chunk = pairs[start : start + self.size]
            texts, patches = (
                torch.from_numpy(np.stack(arrays)).to(self._device, self._dtype)
                for arrays in zip(
                    *((text.whole, clip.context) for text, clip in chunk), strict=True
                )
            )
            with torch.inference_mode():
                changed = texts[:, None] + self.model.prompts_generator(texts[:, None], patches)
            compared += [
                cosines(text, medium)
                for text, (_, medium) in zip(rows(changed[:, 0]), chunk, strict=True)
            ]
        return compared


def pooled(output: Any) -> Any:
    """The embedding in what `get_..._features` returns: a tensor, or an output that holds it."""
    return getattr(output, "pooler_output", output)


def _context_length(model: Any, tokenizer: Any) -> int:
    """Tokens that a text may have: what model and tokenizer both take."""
    limit = int(tokenizer.model_max_length)
    positions = getattr(model.config.text_config, "max_position_embeddings", limit)
    embeddings = getattr(getattr(model, "text_model", None), "embeddings", None)
    first = getattr(embeddings, "padding_idx", None)  # RoBERTa counts positions from there
    return min(limit, positions if first is None else positions - first - 1)


def sampled(frames: Any, n: int) -> Any:
    """`n` frames spread evenly over a video, shape (n, h, w, 3); a short one repeats some.

    Example:
        >>> sampled(np.arange(5), 3).tolist(), sampled(np.arange(2), 4).tolist()
        ([0, 2, 4], [0, 0, 1, 1])
    """
    places = np.linspace(0, len(frames) - 1, n)
    return frames[np.round(places).astype(int)]


def windows(samples: Floats, length: int) -> list[Floats]:
    """A sound in windows that begin evenly spread; the last one ends where the sound does.

    Example:
        >>> [w.tolist() for w in windows(np.arange(5, dtype=np.float32), 3)]
        [[0.0, 1.0, 2.0], [2.0, 3.0, 4.0]]
    """
    n = max(1, -(-len(samples) // length))
    starts = np.linspace(0, max(0, len(samples) - length), n).round().astype(int)
    return [samples[start : start + length] for start in starts]


def resampled(samples: Floats, rate: int, wanted: int) -> Floats:
    """A sound at another rate, in one channel, by a polyphase filter.

    Args:
        samples: Shape (n,), or two axes of which the shorter one is the channels.
        rate: Samples a second.
        wanted: The rate that the model was trained with.
    """
    from scipy.signal import resample_poly

    if samples.ndim == 2:
        samples = samples.mean(axis=int(np.argmin(samples.shape)))
    if rate == wanted:
        return np.asarray(samples, dtype=np.float32)
    step = Fraction(wanted, rate)
    return np.asarray(resample_poly(samples, step.numerator, step.denominator), dtype=np.float32)
