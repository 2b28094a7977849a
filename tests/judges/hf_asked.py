"""What the tests of `hf:` ask, and of whom: small requests with media, judges opened once."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

os.environ["HF_HUB_OFFLINE"] = "1"
torch = pytest.importorskip("torch", reason="the extra hf is not installed: hf: WAS NOT TESTED")
pytest.importorskip("transformers", reason="the extra hf is not installed: hf: WAS NOT TESTED")

from mmjudge.judges.base import JudgeContext, open_judge  # noqa: E402
from mmjudge.judges.hf.judge import Hf  # noqa: E402
from mmjudge.protocols import render  # noqa: E402
from mmjudge.types import (  # noqa: E402
    Candidate,
    Criterion,
    Media,
    Parts,
    ProtocolName,
    Reply,
    Request,
    Scale,
)
from tests.judges.tiny_models import llava_onevision, qwen2_5_vl, qwen2_audio  # noqa: E402
from tests.judges.tiny_omni import qwen2_5_omni, smolvlm  # noqa: E402
from tests.once import once  # noqa: E402

CRITERIA = (
    Criterion(name="match", question="Which shows what was asked for?", scale=Scale()),
    Criterion(name="look", question="Which is sharper, and better lit?", scale=Scale()),
    Criterion(name="style", question="Which is nicer?", rubric="Look twice.", scale=Scale()),
)
PICTURES = [Media(modality="image", uri=f"{i}.png") for i in range(4)]
FILM = Media(modality="video", uri="film.mp4")
SOUND = Media(modality="audio", uri="sound.wav")


class Film(NamedTuple):
    frames: Any
    indices: tuple[int, ...]
    fps: float
    n_frames: int


class Clip(NamedTuple):
    samples: Any
    rate: int


def picture(seed: int) -> Image.Image:
    random = np.random.default_rng(seed)
    size = (40 + 9 * seed, 64, 3)
    return Image.fromarray(random.integers(0, 256, size, dtype=np.uint8))


MEDIA: dict[Media, Any] = {
    **{medium: picture(i) for i, medium in enumerate(PICTURES)},
    FILM: Film(
        np.stack([np.asarray(picture(1))] * 2 + [np.asarray(picture(1))[::-1]] * 2),
        (0, 3, 6, 9),
        3.0,
        10,
    ),
    SOUND: Clip(np.sin(np.arange(9000) / 7).astype(np.float32), 8000),
}
SHOWN: dict[str, tuple[Media, ...]] = {
    "qwen2_5_vl": (PICTURES[1], FILM),
    "llava_onevision": (PICTURES[1], PICTURES[2]),
    "qwen2_audio": (SOUND,),
    "qwen2_5_omni": (PICTURES[1], FILM, SOUND),
    "smolvlm": (PICTURES[1], PICTURES[2]),
}
BUILDERS: dict[str, Callable[[Path], Path]] = {
    "qwen2_5_vl": qwen2_5_vl,
    "llava_onevision": llava_onevision,
    "qwen2_audio": qwen2_audio,
    "qwen2_5_omni": qwen2_5_omni,
    "smolvlm": smolvlm,
}


class Folders(dict[str, Path]):
    """Where the tiny models lie, by family; each is built when it is first asked for."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = root
        torch.set_num_threads(1)

    def __missing__(self, name: str) -> Path:
        self[name] = once(self.root / name, BUILDERS[name])
        return self[name]


_OPEN: dict[tuple[Any, ...], Hf] = {}


def opened(folder: Path, **options: Any) -> Hf:
    key = (folder, *sorted(options.items()))
    if key not in _OPEN:
        context = JudgeContext(task=None, protocol="pair")  # type: ignore[arg-type]
        judge = open_judge(f"hf:{folder}", context, options)
        assert isinstance(judge, Hf)
        _OPEN[key] = judge
    return _OPEN[key]


def ask(
    protocol: ProtocolName = "pair",
    criterion: Criterion = CRITERIA[0],
    prompt: Parts = ("a red cup",),
    answers: Sequence[Parts] | None = None,
    repeat: int = 0,
    key: str = "00",
) -> Request:
    n = {"pair": 2, "score": 1, "rank": 3}[protocol]
    shown = answers or [(f"cup number {i}",) for i in range(n)]
    return Request(
        key=key,
        task="t@1",
        item="i",
        protocol=protocol,
        criterion=criterion,
        prompt=prompt,
        candidates=tuple(Candidate(id=str(i), parts=p) for i, p in enumerate(shown)),
        order=tuple(range(len(shown))),
        repeat=repeat,
    )


def batch(protocol: ProtocolName, media: Sequence[Media]) -> list[Request]:
    """Three items of unlike length, three criteria each."""
    items = [
        ("a cup", *media[:1]),
        ("a longer prompt about a red cup on a table",),
        ("cup", *media),
    ]
    return [ask(protocol, c, prompt=tuple(p)) for p in items for c in CRITERIA]


def numbers(reply: Reply) -> list[float]:
    assert reply.error is None, reply.error
    values = reply.scores or tuple((reply.probabilities or {}).values())
    return list(values)


def plain(judge: Hf, request: Request, anchor: str, options: Sequence[str]) -> list[float]:
    """The softmax of a plain forward over the first tokens of the options: transformers alone."""
    (message,) = render(request, reasons=False)
    return of_parts(judge, message.parts, anchor, options)


def of_parts(judge: Hf, parts: Parts, anchor: str, options: Sequence[str]) -> list[float]:
    """The same of a prompt that is written already."""
    chat = judge.answerer.chat
    loaded = chat.loaded
    inputs = chat.inputs([chat.conversation(parts, MEDIA)])
    texts = [anchor + option for option in options]
    rows = [loaded.tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
    lead = rows[0][
        : next(i for i, same in enumerate(zip(*rows, strict=False)) if len(set(same)) > 1)
    ]
    ids = torch.cat([inputs.tensors["input_ids"], torch.tensor([lead])], dim=1)
    given = {name: torch.zeros_like(ids) for name in inputs.kinds}
    for name, row in given.items():
        row[:, : len(inputs.rows[0])] = inputs.tensors[name]
    with torch.inference_mode():
        out = loaded.model(
            input_ids=ids, attention_mask=torch.ones_like(ids), **given, **inputs.media
        )
    firsts = [row[len(lead)] for row in rows]
    return [float(p) for p in out.logits[0, -1, firsts].softmax(-1)]
