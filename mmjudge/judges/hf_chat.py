"""Requests as the model's own chat: token ids and media tensors, no text of a stranger in control.

Everything a request shows goes through the processor's chat template with
`sanitize_control_tokens`: what spells a control token in a prompt or a candidate is encoded as
plain text, and a placeholder of a medium in a text stands for nothing.
"""

from collections.abc import Mapping, Sequence
from math import gcd
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmjudge.judges.base import MediaMap
from mmjudge.judges.hf_load import Loaded
from mmjudge.types import Media, Parts

Conversation = list[dict[str, Any]]
Tokens = tuple[int, ...]


class Inputs(NamedTuple):
    """A padded batch: `rows[i]` are the tokens of conversation i without padding.

    `media` are the tensors that the model takes beside the tokens; `kinds` are the rows of
    `mm_token_type_ids` or `token_type_ids`, under the name that the model takes them by.
    """

    rows: list[Tokens]
    tensors: dict[str, Any]
    media: dict[str, Any]
    kinds: dict[str, list[Tokens]]


class ChatForm:
    """A model's chat as its processor alone knows it: what is shown, as token ids."""

    def __init__(self, processor: Any) -> None:
        self.processor = processor
        self.tokenizer = getattr(processor, "tokenizer", processor)
        self.text_only = self.processor is self.tokenizer
        self._template: dict[str, Any] = {}
        template = self.processor.chat_template
        self._source = template.get("default") if isinstance(template, dict) else template
        if "enable_thinking" in str(self._source):
            self._template = {"enable_thinking": False}

    def conversation(self, parts: Parts, media: MediaMap) -> Conversation:
        """One turn of the user; decoded media stand where they belong among the text."""
        if self.text_only:
            return [{"role": "user", "content": "".join(map(str, parts))}]
        content = [
            {"type": "text", "text": part} if isinstance(part, str) else self._medium(part, media)
            for part in parts
        ]
        return [{"role": "user", "content": content}]

    def _medium(self, part: Media, media: MediaMap) -> dict[str, Any]:
        decoded = media[part]
        match part.modality:
            case "image":
                return {"type": "image", "image": decoded}
            case "video":
                return {"type": "video", "video": np.asarray(decoded.frames), "about": decoded}
            case "audio":
                return {"type": "audio", "audio": resampled(decoded, self.sampling_rate)}

    @property
    def sampling_rate(self) -> int:
        """Samples a second that the model listens at."""
        part = getattr(self.processor, "feature_extractor", None) or getattr(
            self.processor, "audio_processor", None
        )
        return int(getattr(part, "sampling_rate", 16000))

    def tokens(self, conversation: Conversation) -> Tokens:
        """The tokens of a conversation in which every medium is still one placeholder."""
        plain = [
            turn
            if isinstance(turn["content"], str)
            else {
                "role": turn["role"],
                "content": [
                    part if part["type"] == "text" else {"type": part["type"]}
                    for part in turn["content"]
                ],
            }
            for turn in conversation
        ]
        ids = self.tokenizer.apply_chat_template(
            plain,
            chat_template=self._source,
            add_generation_prompt=True,
            sanitize_control_tokens=True,
            tokenize=True,
            return_dict=False,
            **self._template,
        )
        return tuple(ids)

    def text(self, text: str) -> Tokens:
        """Tokens of plain text in the middle of a turn: no control token, no mark of a start."""

        def encode(piece: str) -> list[int]:
            encoded = self.tokenizer.encode(
                piece, add_special_tokens=False, split_special_tokens=True
            )
            return list(encoded)

        newline = encode("\n")
        ids = encode("\n" + text)
        return tuple(ids[len(newline) :] if ids[: len(newline)] == newline else encode(text))


class Chat(ChatForm):
    """Turns what is shown into what a loaded model reads."""

    def __init__(self, loaded: Loaded) -> None:
        super().__init__(loaded.processor)
        self.loaded = loaded

    def inputs(self, conversations: Sequence[Conversation], side: str = "right") -> Inputs:
        """A padded batch of conversations with their media."""
        padding = {"padding": True, "padding_side": side, "return_tensors": "pt"}
        chat: dict[str, Any] = {
            "add_generation_prompt": True,
            "sanitize_control_tokens": True,
            "tokenize": True,
            "return_dict": True,
            **self._template,
        }
        if self.text_only:
            chat |= padding
        else:
            chat["processor_kwargs"] = padding | self._videos(conversations)
            conversations = [_without(conversation, "about") for conversation in conversations]
        out = dict(self.processor.apply_chat_template(list(conversations), **chat))
        return self._split(out)

    def _videos(self, conversations: Sequence[Conversation]) -> dict[str, Any]:
        """What the processor must know of the videos: their frames are sampled already."""
        about = [
            [video_metadata(part["about"]) for part in turn["content"] if part["type"] == "video"]
            for conversation in conversations
            for turn in conversation
        ]
        if not any(about):
            return {}
        flat = [one for row in about for one in row]
        return {"do_sample_frames": False, "video_metadata": flat}

    def _split(self, out: dict[str, Any]) -> Inputs:
        ids, mask = out.pop("input_ids"), out.pop("attention_mask").bool()
        names = [name for name in ("mm_token_type_ids", "token_type_ids") if name in out]
        kinds: dict[str, Any] = {name: out.pop(name) for name in names}
        takes = tensors_only(out)
        device, dtype = self.loaded.device, self.loaded.model.dtype
        media = {
            name: value.to(device, dtype) if value.is_floating_point() else value.to(device)
            for name, value in takes.items()
        }
        tensors = {"input_ids": ids, "attention_mask": mask.long(), **kinds}
        return Inputs(
            rows=[tuple(row[keep].tolist()) for row, keep in zip(ids, mask, strict=True)],
            tensors={name: value.to(device) for name, value in tensors.items()},
            media=media,
            kinds={
                name: [tuple(row[keep].tolist()) for row, keep in zip(value, mask, strict=True)]
                for name, value in kinds.items()
            },
        )


def tensors_only(out: Mapping[str, Any]) -> dict[str, Any]:
    """What of a processor's output a model takes: tensors, and lists of numbers as tensors."""
    import torch

    return {
        name: value if torch.is_tensor(value) else torch.tensor(value)
        for name, value in out.items()
        if torch.is_tensor(value) or (isinstance(value, list) and _numbers(value))
    }


def _numbers(value: list[Any]) -> bool:
    return bool(value) and all(isinstance(one, int | float) for one in value)


def _without(conversation: Conversation, key: str) -> Conversation:
    return [
        {
            "role": turn["role"],
            "content": [{k: v for k, v in part.items() if k != key} for part in turn["content"]],
        }
        for turn in conversation
    ]


def video_metadata(video: Any) -> dict[str, Any]:
    """What a processor must know of sampled frames to date them.

    Args:
        video: Has `frames` of shape (n, h, w, 3), their `indices` among the `n_frames` of the file,
            and its `fps` (0 for a single frame, which has no time).
    """
    frames = np.asarray(video.frames)
    indices = [int(i) for i in video.indices]
    return {
        "total_num_frames": max(int(video.n_frames), indices[-1] + 1),
        "fps": float(video.fps) or 1.0,
        "height": frames.shape[1],
        "width": frames.shape[2],
        "frames_indices": indices,
    }


def resampled(clip: Any, rate: int) -> NDArray[np.float32]:
    """Samples at another rate, by a polyphase filter; several channels become their mean.

    Args:
        clip: Has `samples` as floats, shape (n,) or (n, channels), and `rate` in samples a second.
        rate: Samples a second that are wanted.
    """
    samples = np.asarray(clip.samples, dtype=np.float32)
    if samples.ndim == 2:
        samples = samples.mean(axis=1)
    if clip.rate == rate:
        return samples
    from scipy.signal import resample_poly

    shared = gcd(int(clip.rate), rate)
    out = resample_poly(samples.astype(np.float64), rate // shared, int(clip.rate) // shared)
    return np.asarray(out, dtype=np.float32)
