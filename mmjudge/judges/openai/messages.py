"""A request as messages of the chat-completions API: texts, and media as data within the body.

Nothing is ever sent for the server to fetch: media travel as data, re-encoded from what was
decoded, so that no metadata, odd container or address of a stranger goes along.
"""

import base64
import io
import wave
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from mmjudge.judges.base import MediaMap
from mmjudge.judges.openai.client import Conversation
from mmjudge.protocols import render
from mmjudge.protocols.grammars import NUMBERED
from mmjudge.protocols.render import OPTIONS, Message, slot_labels, step_words
from mmjudge.types import Criterion, Media, Parts, Request, Wording

IMAGES = ("png", "jpeg")
VIDEOS = ("frames", "url")

JPEG_QUALITY = 95
CACHED = 32
"""Encoded media that are kept while a batch is asked: those of an item stand close together."""

MAX_LEVELS = 101
"""Levels of a scale that a schema lists; a finer one is any number."""

Part = dict[str, Any]


class Form(NamedTuple):
    """How media are sent: images as `png` or `jpeg`, a video as `frames` or as a `url` of data.

    `detail` is passed on with each image where it is not empty.
    """

    image: str = "png"
    video: str = "frames"
    detail: str = ""


def is_text(parts: Parts) -> bool:
    """Whether there is no medium among parts."""
    return all(isinstance(part, str) for part in parts)


class Writer:
    """Writes the messages of one batch.

    Args:
        media: Decoded media of the batch.
        form: How they are sent.
    """

    def __init__(self, media: MediaMap, form: Form) -> None:
        self.media, self.form = media, form
        self._parts: Callable[[Media], tuple[Part, ...]] = lru_cache(CACHED)(self._encoded)

    def conversation(self, messages: Sequence[Message]) -> Conversation:
        """The turns; a text alone is sent as a plain string, which any server takes."""
        return [{"role": turn.role, "content": self._content(turn.parts)} for turn in messages]

    def _content(self, parts: Parts) -> str | list[Part]:
        if is_text(parts):
            return "".join(map(str, parts))
        content: list[Part] = []
        for part in parts:
            content += (
                [{"type": "text", "text": part}] if isinstance(part, str) else self._parts(part)
            )
        return content

    def _encoded(self, part: Media) -> tuple[Part, ...]:
        decoded = self.media[part]
        match part.modality:
            case "image":
                return (self._image(decoded),)
            case "video" if self.form.video == "url":
                return (_url("video_url", "video/mp4", mp4(decoded)),)
            case "video":
                return tuple(self._frames(decoded))
            case "audio":
                data = base64.b64encode(wav(decoded.samples, decoded.rate)).decode()
                return ({"type": "input_audio", "input_audio": {"data": data, "format": "wav"}},)

    def _image(self, image: Any) -> Part:
        out = io.BytesIO()
        options = {"quality": JPEG_QUALITY} if self.form.image == "jpeg" else {"compress_level": 1}
        image.save(out, self.form.image.upper(), **options)
        part = _url("image_url", f"image/{self.form.image}", out.getvalue())
        if self.form.detail:
            part["image_url"]["detail"] = self.form.detail
        return part

    def _frames(self, video: Any) -> Iterator[Part]:
        """A line that says when, then the frames as images."""
        from PIL import Image

        yield {"type": "text", "text": frame_times(video)}
        for frame in np.asarray(video.frames):
            yield self._image(Image.fromarray(frame))


def _url(kind: str, mime: str, data: bytes) -> Part:
    return {"type": kind, kind: {"url": f"data:{mime};base64,{base64.b64encode(data).decode()}"}}


def frame_times(video: Any) -> str:
    """The line before the frames of a video: how many, and at which second each."""
    rate = float(video.fps)
    times = ", ".join(f"{(index / rate if rate else 0.0):.2f} s" for index in video.indices)
    return f"[A video; its frames at {times}:]"


def wav(samples: Any, rate: int) -> bytes:
    """Samples as a WAV file of 16 bits and one channel.

    Args:
        samples: Floats from -1 to 1, shape (n,); what lies beyond is clipped.
        rate: Samples a second.
    """
    whole = np.round(np.clip(np.asarray(samples), -1.0, 1.0) * 32767).astype("<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(whole.tobytes())
    return out.getvalue()


def mp4(video: Any) -> bytes:
    """Sampled frames as an MP4 file (H.264) that lasts as long as they lie apart.

    Args:
        video: Has `frames` of shape (n, h, w, 3), their `indices` in the file, and its `fps`.
    """
    from fractions import Fraction

    import av

    frames, indices = np.asarray(video.frames), [int(i) for i in video.indices]
    span = (indices[-1] - indices[0]) / float(video.fps) if video.fps else 0.0
    rate = Fraction((len(indices) - 1) / span if span else 1.0).limit_denominator(1000)
    even = frames[:, : frames.shape[1] // 2 * 2, : frames.shape[2] // 2 * 2]
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": "12"})
        stream.height, stream.width = even.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for frame in even:
            shown = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
            container.mux(stream.encode(shown))
        container.mux(stream.encode())
    return out.getvalue()


def shown(request: Request, structured: bool, wording: Wording | None = None) -> list[Message]:
    """The prompt of a request, with the form of a JSON answer where that is wanted."""
    messages = render(request, wording=wording)
    if not structured:
        return messages
    keys = list(_SCHEMAS[request.protocol](request))
    under = f"the key {keys[0]}" if len(keys) == 1 else f"the keys {', '.join(keys)}"
    if request.protocol in NUMBERED:
        under += ", the numbers of the lines"
    note = (
        "\n\nWrite all of this as one JSON object: the reasons under the key reasons, then what "
        f"would stand in the double brackets under {under}."
    )
    *earlier, asked = messages
    *before, last = asked.parts
    return [*earlier, Message(asked.role, (*before, f"{last}{note}"))]


def response_format(request: Request) -> Mapping[str, Any]:
    """The `response_format` that asks a server for a verdict of this request's form."""
    answer = _SCHEMAS[request.protocol](request)
    name = request.protocol if request.protocol in NUMBERED else next(iter(answer))
    schema = {
        "type": "object",
        "properties": {"reasons": {"type": "string"}, **answer},
        "required": ["reasons", *answer],
        "additionalProperties": False,
    }
    return {
        "type": "json_schema",
        "json_schema": {"name": name, "strict": True, "schema": schema},
    }


def _pair_schema(request: Request) -> Part:
    options = [OPTIONS[value][0] for value in request.criterion.options]
    return {"verdict": {"type": "string", "enum": options}}


def _score_schema(request: Request) -> Part:
    return {"score": _levels(request.criterion) or {"type": "number"}}


def _levels(criterion: Criterion) -> Part | None:
    scale = criterion.scale
    if scale is None:
        return None
    if scale.labels:
        return {"type": "string", "enum": list(scale.labels)}
    if not scale.integer or scale.highest - scale.lowest >= MAX_LEVELS:
        return None
    lowest, highest = int(scale.lowest), int(scale.highest)
    return {"type": "integer", "enum": list(range(lowest, highest + 1))}


def _rank_schema(request: Request) -> Part:
    example = " > ".join(slot_labels(len(request.candidates)))
    said = f"each candidate once, best first, as in {example}"
    return {"ranking": {"type": "string", "description": said}}


def _checklist_schema(request: Request) -> Part:
    return {
        str(number): {"type": "string", "enum": list(question.answers)}
        for number, question in enumerate(request.questions, 1)
    }


def _steps_schema(request: Request) -> Part:
    words = list(step_words(request.criterion))
    n = len(request.candidates[0].parts)
    return {str(number): {"type": "string", "enum": words} for number in range(1, n + 1)}


_SCHEMAS: Mapping[str, Callable[[Request], Part]] = {
    "pair": _pair_schema,
    "score": _score_schema,
    "rank": _rank_schema,
    "checklist": _checklist_schema,
    "steps": _steps_schema,
}
