"""Trains scenes-clip, a small open_clip model that scores a picture of a scene against a caption.

Run: python -m training.scenes_clip --out assets/models/scenes-clip. Batches are families of scenes
that differ from the first in one fact, so that the hardest wrong captions of a picture stand beside
the right one. Captions are learned to be read first; then facts are asked for directly, beside the
contrast (`training.still_lessons`). Easy scenes first, then medium ones among them. Everything
follows from seeds that no test and no pack uses.
"""

import argparse
import json
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import open_clip
import torch
from safetensors.torch import save_file
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import cross_entropy, normalize

from mmjudge.scenes.facts import Still
from mmjudge.scenes.items import Place, content
from mmjudge.scenes.levels import LEVELS, LevelName
from mmjudge.scenes.stream import Stream
from mmjudge.scenes.texts import caption
from training.pictures import (
    GROUND,
    MEMBERS,
    SIDE,
    SPREAD,
    Families,
    families,
    mirrored,
    normalised,
    picture,
)
from training.still_lessons import Heads
from training.tokens import caption_tokenizer

CONTEXT = 80
WEIGHTS = "open_clip_model.safetensors"
MODEL = {
    "embed_dim": 192,
    "vision_cfg": {
        "image_size": SIDE,
        "patch_size": SIDE // 6,
        "width": 160,
        "head_width": 32,
        "layers": 4,
        "pool_type": "avg",
        "final_ln_after_pool": True,
    },
    "text_cfg": {
        "context_length": CONTEXT,
        "hf_tokenizer_name": "scenes-clip",
        "width": 128,
        "heads": 4,
        "layers": 3,
    },
}
"""A patch is a quarter of a cell of the grid that scenes stand on."""

PREPROCESS = {"mean": [GROUND] * 3, "std": [SPREAD] * 3, "interpolation": "bicubic"}
LEVEL_NAMES: tuple[LevelName, ...] = ("easy", "medium")
WARM_UP = 80
"""Steps in which the learning rate rises."""

READ = 13
"""Families of a step of reading."""

DIRECT_UNTIL, DIRECT_AFTER = 0.8, 0.2
"""Share of the training until which facts are asked directly in full, and the weight after that."""


class Batch(NamedTuple):
    """Families one after another: pictures, shape (n, side, side, 3), and what they show."""

    pictures: Any
    scenes: list[Still]
    captions: list[str]


def contrast(image: Any, text: Any, scale: Any) -> Any:
    """The loss of CLIP, over the batch and over each family alone, where all is hard."""
    logits = scale * image @ text.T
    alone = logits.view(-1, MEMBERS, len(logits) // MEMBERS, MEMBERS)
    within = alone.diagonal(dim1=0, dim2=2).permute(2, 0, 1).reshape(-1, MEMBERS)
    across = alone.diagonal(dim1=0, dim2=2).permute(2, 1, 0).reshape(-1, MEMBERS)
    here = torch.arange(MEMBERS).repeat(len(logits) // MEMBERS)
    everywhere = torch.arange(len(logits))
    whole = (cross_entropy(logits, everywhere) + cross_entropy(logits.T, everywhere)) / 2
    return whole + (cross_entropy(within, here) + cross_entropy(across, here)) / 2


def text_features(model: Any, tokens: Any) -> Any:
    """What `encode_text` gives, without the padding that all rows share: a third of the time."""
    length = int((tokens != 0).sum(1).max())
    tokens = tokens[:, :length]
    x = model.token_embedding(tokens) + model.positional_embedding[:length]
    x = model.ln_final(model.transformer(x, attn_mask=model.attn_mask[:length, :length]))
    ends = x[torch.arange(len(x)), tokens.argmax(dim=-1)] @ model.text_projection
    return normalize(ends, dim=-1)


def image_features(model: Any, pictures: Any) -> tuple[Any, Any]:
    """What `encode_image` gives, and the patches that it is the mean of."""
    visual = model.visual
    patches = visual.transformer(visual._embeds(normalised(pictures)))[:, 1:]
    return normalize(visual.ln_post(patches.mean(dim=1)) @ visual.proj, dim=-1), patches


class Held(NamedTuple):
    """Pairs of a seed that is not trained on; ties are left out.

    `about`: the criterion that is broken, and whether the first picture is right.
    """

    pictures: Any
    captions: list[str]
    about: list[tuple[str, bool]]


def held_out(level: LevelName, count: int) -> Held:
    """Pairs to measure on."""
    pictures, captions, about = [], [], []
    for number in range(count):
        item = content("train-clip-check", Place("text->image", level, "pair", number))
        first, second = item.candidates
        if item.gold()["overall"].value != "tie" and isinstance(first, Still):
            looks = (Stream("check", level, number, look) for look in (0, 1))
            for scene, look in zip((first, second), looks, strict=True):
                pictures.append(picture(scene, LEVELS[level], look))
            captions.append(caption(item.truth, Stream("check", level, number)))
            about.append((item.breaks, item.gold()["overall"].value == "first"))
    return Held(np.stack(pictures), captions, about)


class School:
    """A model with what it learns from; the seed decides everything but when the clock ends it."""

    def __init__(self, options: argparse.Namespace) -> None:
        torch.manual_seed(0)
        self.options, self.random = options, np.random.default_rng(0)
        self.tokenizer = open_clip.get_tokenizer(f"local-dir:{options.out}")
        config = json.loads((options.out / "open_clip_config.json").read_text(encoding="utf-8"))
        self.model = open_clip.CLIP(**config["model_cfg"])
        _place_patches(self.model.visual)
        width = config["model_cfg"]["vision_cfg"]["width"]
        self.heads = Heads(config["model_cfg"]["embed_dim"], width)
        counts = dict(zip(LEVEL_NAMES, (options.easy, options.medium), strict=True))
        self.lessons: dict[LevelName, Families] = {
            level: families(options.seed, level, count, options.threads)
            for level, count in counts.items()
        }
        self.held = {level: held_out(level, options.held) for level in LEVEL_NAMES}
        self.parameters = [*self.model.parameters(), *self.heads.parameters()]
        self.optimizer = torch.optim.AdamW(
            _groups(self.parameters), lr=options.rate, betas=(0.9, 0.98), eps=1e-6
        )
        self.begun = time.monotonic()

    def progress(self, step: int) -> float:
        """How far the training is, from 0 to 1: by steps, or by the clock where that is further."""
        clock = (time.monotonic() - self.begun) / 60 / self.options.minutes
        return min(1.0, max(step / self.options.steps, clock))

    def read_first(self) -> None:
        """Learn to read before seeing: words are cheap, and give pictures something to learn."""
        easy = self.lessons["easy"].scenes
        for step in range(self.options.reading):
            chosen = self.random.choice(len(easy), READ)
            scenes = [scene for i in chosen for scene in easy[i]]
            told = [caption(s, Stream("read", step, n)) for n, s in enumerate(scenes)]
            with torch.autocast("cpu", torch.bfloat16):
                said = text_features(self.model, self.tokenizer(told))
            self._set_rate(step, 1.0)
            loss = self._learn(self.heads.told(said.float(), scenes, seen=False))
            if (step + 1) % 100 == 0:
                print(json.dumps({"read": step + 1, "loss": round(loss, 3)}), flush=True)

    def batch(self, step: int, medium: float) -> Batch:
        """Families, half of them mirrored, told anew; a share of them of level medium."""
        some = round(self.options.families * medium)
        pictures, scenes = [], []
        for level, count in (("easy", self.options.families - some), ("medium", some)):
            lesson = self.lessons[level]  # type: ignore[index]
            for i in self.random.choice(len(lesson.scenes), count, replace=False):
                turned = self.random.random() < 0.5
                shown = lesson.pictures[i]
                pictures.append(shown[:, :, ::-1] if turned else shown)
                scenes += [mirrored(s) for s in lesson.scenes[i]] if turned else lesson.scenes[i]
        told = [caption(s, Stream("told", step, n)) for n, s in enumerate(scenes)]
        return Batch(np.concatenate(pictures), scenes, told)

    def step(self, number: int, grown: float) -> float:
        """One step; the loss before it."""
        self._set_rate(number, _cooled(grown))
        medium = self.options.share if grown > self.options.grown else 0.0
        batch = self.batch(number, medium)
        with torch.autocast("cpu", torch.bfloat16):
            image, patches = image_features(self.model, batch.pictures)
            text = text_features(self.model, self.tokenizer(batch.captions))
        image, text = image.float(), text.float()
        asked = self.heads.told(image, batch.scenes, seen=True)
        asked = asked + self.heads.told(text, batch.scenes, seen=False)
        asked = asked + self.heads.shown(patches.float(), batch.scenes)
        weight = 1.0 if grown < DIRECT_UNTIL else DIRECT_AFTER
        return self._learn(contrast(image, text, self.model.logit_scale.exp()) + weight * asked)

    def _set_rate(self, step: int, share: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self.options.rate * min(1.0, (step + 1) / WARM_UP) * share

    def _learn(self, loss: Any) -> float:
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        with torch.no_grad():
            self.model.logit_scale.clamp_(0, math.log(100))
        return float(loss.item())

    def accuracy(self, level: LevelName) -> dict[str, float]:
        """Share of held-out pairs decided rightly: of all, and by the criterion broken."""
        pictures, captions, about = self.held[level]
        self.model.eval()
        with torch.inference_mode():
            parts = (pictures[n : n + 128] for n in range(0, len(pictures), 128))
            image = torch.cat([image_features(self.model, part)[0] for part in parts])
            text = text_features(self.model, self.tokenizer(captions))
        self.model.train()
        scores = (image.view(len(text), 2, -1) * text[:, None]).sum(-1)
        right: dict[str, list[bool]] = {"all": []}
        for (criterion, is_first), (one, other) in zip(about, scores.tolist(), strict=True):
            right.setdefault(criterion, []).append((one > other) == is_first)
            right["all"].append((one > other) == is_first)
        return {name: round(float(np.mean(found)), 3) for name, found in sorted(right.items())}

    def points(self) -> Iterator[dict[str, Any]]:
        """Train; yield a point of the learning curve now and then, and at the end."""
        self.read_first()
        self.begun, step, grown = time.monotonic(), 0, 0.0
        losses: list[float] = []
        while grown < 1:
            losses.append(self.step(step, grown))
            step += 1
            grown = self.progress(step)
            if step % self.options.every == 0 or grown == 1:
                minutes = round((time.monotonic() - self.begun) / 60, 2)
                loss = round(float(np.mean(losses)), 4)
                losses.clear()
                found = {level: self.accuracy(level) for level in LEVEL_NAMES}
                yield {"step": step, "minutes": minutes, "loss": loss, **found}


def _cooled(grown: float) -> float:
    """Factor of the learning rate: whole for a third of the training, then down to nothing."""
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * max(0.0, grown - 0.3) / 0.7))


def _groups(parameters: Sequence[Any]) -> list[dict[str, Any]]:
    """Weights decay; gains, shifts and the temperature do not."""
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": 0.1},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]


def _place_patches(visual: Any) -> None:
    """Begin with places in rows and columns: sines and cosines, as strong as what patches show."""
    across, width = visual.grid_size[1], visual.positional_embedding.shape[1]
    angles = torch.arange(across)[:, None] * math.pi / across * torch.arange(1, width // 4 + 1) / 4
    waves = torch.cat([angles.sin(), angles.cos()], dim=1)
    rows, columns = waves.repeat_interleave(across, dim=0), waves.repeat(across, 1)
    with torch.no_grad():
        visual.positional_embedding[1:] = 0.3 * torch.cat([rows, columns], dim=1)


def train(options: argparse.Namespace) -> None:
    """Train, and keep the model after each point of the learning curve."""
    torch.set_num_threads(options.threads)
    school, curve = School(options), []
    with sdpa_kernel(SDPBackend.MATH):  # rows are short: the other kernels take twice the time
        for point in school.points():
            curve.append(point)
            print(json.dumps(point), flush=True)
            save(school.model, options.out, curve)


def save(model: Any, folder: Path, curve: list[dict[str, Any]]) -> None:
    """Write the model as the Hub holds those of open_clip."""
    state = {name: value.detach().contiguous() for name, value in model.state_dict().items()}
    save_file(state, folder / WEIGHTS)
    (folder / "learning_curve.json").write_text(json.dumps(curve, indent=1) + "\n")


def prepare(folder: Path) -> None:
    """Write the tokenizer and the configuration, which the model is built from."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = caption_tokenizer(CONTEXT)
    tokenizer.save_pretrained(folder)
    text = {**MODEL["text_cfg"], "vocab_size": len(tokenizer)}  # type: ignore[dict-item]
    config = {"model_cfg": {**MODEL, "text_cfg": text}, "preprocess_cfg": PREPROCESS}
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=1) + "\n")


def options_from(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The options, from the command line if left out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("assets/models/scenes-clip"))
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=36.0, help="end sooner by the clock")
    parser.add_argument("--reading", type=int, default=800, help="steps of text alone, before")
    parser.add_argument("--easy", type=int, default=10_000, help="families of level easy")
    parser.add_argument("--medium", type=int, default=5_000, help="families of level medium")
    parser.add_argument("--families", type=int, default=24, help="in a batch")
    parser.add_argument("--share", type=float, default=0.3, help="of medium in a batch, in the end")
    parser.add_argument("--grown", type=float, default=0.4, help="share of training without medium")
    parser.add_argument("--rate", type=float, default=1e-3, help="highest learning rate")
    parser.add_argument("--every", type=int, default=300, help="steps between two checks")
    parser.add_argument("--held", type=int, default=700, help="held-out items of each level")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", default="train-clip")
    return parser.parse_args(words)


def main() -> None:
    """Read the options, and train."""
    options = options_from()
    prepare(options.out)
    train(options)


if __name__ == "__main__":
    main()
