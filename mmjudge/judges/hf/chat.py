"""Requests as the model's own chat: token ids and media tensors, no text of a stranger in control.

Everything a request shows goes through the processor's chat template with
`sanitize_control_tokens`: what spells a control token in a prompt or a candidate is encoded as
plain text, and a placeholder of a medium in a text stands for nothing.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from math import gcd
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmjudge.judges.base import MediaMap
from mmjudge.judges.hf.load import Loaded
from mmjudge.protocols import Message
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
        return self.turns([Message("user", parts)], media)

    def turns(self, messages: Sequence[Message], media: MediaMap) -> Conversation:
        """Several turns; if the last is the judge's own, it goes on from there."""
        return [
            {"role": message.role, "content": self._content(message.parts, media)}
            for message in messages
        ]

    def _content(self, parts: Parts, media: MediaMap) -> str | list[dict[str, Any]]:
        if self.text_only:
            return "".join(map(str, parts))
        return [
            {"type": "text", "text": part} if isinstance(part, str) else self._medium(part, media)
            for part in parts
        ]

    def _medium(self, part: Media, media: MediaMap) -> dict[str, Any]:
        decoded = media[part]
        match part.modality:
            case "image":
                return {"type": "image", "image": decoded}
            case "video":
                return {"type": "video", "video": np.asarray(decoded.frames), "about": decoded}
            case "audio":
                return {"type": "audio", "audio": resampled(decoded, self.sampling_rate)}

    @cached_property
    def mixes(self) -> bool:
        """Whether images and videos may stand in one batch: not where both go by the same names."""
        names = [
            set(getattr(getattr(self.processor, part, None), "model_input_names", ()))
            for part in ("image_processor", "video_processor")
        ]
        return not names[0] & names[1]

    def company(self, conversation: Conversation) -> str:
        """A word that conversations of one batch must share."""
        if self.text_only or self.mixes:
            return ""
        kinds = {part["type"] for turn in conversation for part in turn["content"]}
        return "video" if "video" in kinds else "image"

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
            **_ending(conversation),
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
        padding = {"padding": True, "padding_side": side}
        chat: dict[str, Any] = {
            **_ending(conversations[0] if conversations else []),
            "sanitize_control_tokens": True,
            "tokenize": True,
            "return_dict": True,
            "return_tensors": "pt",
            **self._template,
        }
        if self.text_only:
            chat |= padding
        else:
            about = [video_metadata(video) for video in _videos(conversations)]
            chat["processor_kwargs"] = padding | _sampled_already(about)
            conversations = [_without(conversation, "about") for conversation in conversations]
        out = dict(self.processor.apply_chat_template(list(conversations), **chat))
        if not self.text_only and "video_second_per_grid" in out:
            out["video_second_per_grid"] = self._seconds_per_grid(about)
        return self._split(out)

    def _seconds_per_grid(self, about: Sequence[Mapping[str, Any]]) -> list[float]:
        """Seconds that a group of frames stands for; some processors take 2 frames a second."""
        frames = int(self.processor.video_processor.temporal_patch_size)
        return [
            frames * one["total_num_frames"] / (len(one["frames_indices"]) * one["fps"])
            for one in about
        ]

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


def _videos(conversations: Sequence[Conversation]) -> list[Any]:
    """The decoded videos of conversations, in the order in which they are shown."""
    return [
        part["about"]
        for conversation in conversations
        for turn in conversation
        for part in turn["content"]
        if part["type"] == "video"
    ]


def _sampled_already(about: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What tells a processor that the frames of the videos are those to be shown."""
    return {"do_sample_frames": False, "video_metadata": list(about)} if about else {}


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


def _ending(conversation: Conversation) -> dict[str, bool]:
    """Whether the judge's turn is to be opened, or goes on from what it was begun with."""
    begun = bool(conversation) and conversation[-1]["role"] == "assistant"
    return {"add_generation_prompt": not begun, "continue_final_message": begun}


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
