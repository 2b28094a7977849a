"""Train `scenes-clap`: a tiny CLAP of transformers that judges sounds of scenes against words.

    python -m training.scenes_clap --out assets/models/scenes-clap

It learns from families of scenes one fact apart, so that what a batch asks is what a pair asks. The
features are those of the model's own extractor; the forward pass is the model's own, with its first
two linear steps (frames stretched to the model's image, patches embedded) taken together.
"""

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from mmjudge.scenes.facts import Sound
from mmjudge.scenes.levels import LEVELS, LevelName
from mmjudge.scenes.stream import Stream
from mmjudge.scenes.texts import caption
from training.clap_learner import TOKENS, Batch, Learner, Words, new_model, tokenizer
from training.sounds import (
    EXTRACTOR,
    FRAMES,
    Pair,
    Sounds,
    decisive_pairs,
    fact_codes,
    family,
    kept,
    moved,
    patch_codes,
)

SEED = "train-clap"
HELD_OUT = "train-clap-held-out"
WARM_UP = 60
"""Steps in which the learning rate rises."""

EASY_UNTIL, MEDIUM_SHARE = 0.4, 0.2
"""Share of the training that is of level easy alone, and of later batches that are of medium."""

READ = 64
"""Texts of a step of reading."""

DIRECT_UNTIL = 0.8
"""Share of the training after which facts are no longer asked directly."""


class Plan(NamedTuple):
    """How long to train, and on how much.

    `families`: of level easy; `medium`: of level medium; `batch`: families of a step.
    """

    steps: int
    families: int
    medium: int
    batch: int
    rate: float
    every: int
    items: int
    minutes: float
    reading: int


class Lesson(NamedTuple):
    """What a level is learnt from and measured on: seeds that share no scene stream."""

    level: LevelName
    sounds: Sounds
    pairs: list[Pair]
    heard: Sounds


def lesson(plan: Plan, level: LevelName, workers: int, folder: Path) -> Lesson:
    """Make the sounds of a level, or read those that an earlier run left in the folder."""
    families = plan.families if level == "easy" else plan.medium
    groups = [family(SEED, level, number) for number in range(families)]
    pairs = decisive_pairs(HELD_OUT, level, plan.items)
    shown = [(pair.truth, pair.wrong) for pair in pairs]
    return Lesson(
        level,
        kept(SEED, level, groups, workers, folder),
        pairs,
        kept(HELD_OUT, level, shown, workers, folder),
    )


class School:
    """A learner with its lessons; every number of it follows from the seed."""

    def __init__(self, lessons: list[Lesson], plan: Plan) -> None:
        torch.manual_seed(0)
        self.lessons, self.plan = lessons, plan
        every = (g for each in lessons for g in each.sounds.scenes)
        told = [
            caption(scene, Stream(SEED, "words", number, place))
            for number, group in enumerate(every)
            for place, scene in enumerate(group)
        ]
        self.tokenizer = tokenizer(told)
        self.learner = Learner(new_model(len(self.tokenizer)))
        self._fix_spread()
        self.random = np.random.default_rng(0)
        self.optimizer = torch.optim.AdamW(_groups(self.learner), lr=plan.rate, betas=(0.9, 0.98))
        self.start = time.monotonic()

    def _fix_spread(self) -> None:
        """Mean and variance of each mel bin, measured once instead of in every batch."""
        spread = self.learner.model.audio_model.audio_encoder.batch_norm
        spread.requires_grad_(False)
        mels = np.concatenate([each.sounds.mels[:400] for each in self.lessons])
        values = torch.from_numpy(mels).float().flatten(0, 2)
        spread.running_mean.copy_(values.mean(0))
        spread.running_var.copy_(values.var(0))

    def words(self, texts: list[str]) -> Words:
        """Tokens of texts."""
        made = self.tokenizer(
            texts, padding=True, truncation=True, max_length=TOKENS, return_tensors="pt"
        )
        return Words(made["input_ids"], made["attention_mask"])

    def progress(self, number: int) -> float:
        """How far the training is, from 0 to 1: by steps, or by the clock where that is further."""
        clock = (time.monotonic() - self.start) / 60 / self.plan.minutes
        return min(1.0, max(number / self.plan.steps, clock))

    def step(self, number: int) -> float:
        """One step; the loss before it."""
        self.learner.train()
        progress = self.progress(number)
        self._set_rate(number, progress)
        late = progress > EASY_UNTIL
        turn = len(self.lessons) > 1 and late and self.random.random() < MEDIUM_SHARE
        direct = float(progress < DIRECT_UNTIL)
        with torch.autocast("cpu", torch.bfloat16):
            return self._learn(self.learner.loss(self.batch(int(turn), number), direct))

    def batch(self, which: int, number: int) -> Batch:
        """Families of a level, told anew."""
        sounds = self.lessons[which].sounds
        chosen = self.random.choice(len(sounds.scenes), self.plan.batch, replace=False)
        scenes = [scene for i in chosen for scene in sounds.scenes[i]]
        mels = moved(sounds.mels[chosen], self.random).reshape(len(scenes), FRAMES, -1)
        plain = LEVELS[self.lessons[which].level].noise_db is None
        sounding = [patch_codes(s, heard) for s, heard in zip(scenes, mels, strict=True) if plain]
        return Batch(
            torch.from_numpy(mels),
            self.told(scenes, Stream(SEED, "told", number)),
            _codes(scenes),
            torch.from_numpy(np.stack(sounding)) if plain else None,
        )

    def told(self, scenes: list[Sound], stream: Stream) -> Words:
        """Scenes in words."""
        return self.words([caption(s, stream.fork(place)) for place, s in enumerate(scenes)])

    def read_first(self) -> None:
        """Learn to read before hearing: words are cheap, and give sounds something to learn."""
        self.learner.train()
        scenes = [s for each in self.lessons for group in each.sounds.scenes for s in group]
        for number in range(self.plan.reading):
            chosen = [scenes[i] for i in self.random.integers(len(scenes), size=READ)]
            told = self.told(chosen, Stream(SEED, "read", number))
            self._set_rate(number, 0.0)
            with torch.autocast("cpu", torch.bfloat16):
                loss = self._learn(self.learner.misnamed(self.learner.read(told), _codes(chosen)))
            if (number + 1) % 50 == 0:
                print(json.dumps({"read": number + 1, "loss": round(loss, 3)}), flush=True)

    def _set_rate(self, number: int, progress: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.rate * min(1.0, (number + 1) / WARM_UP) * _cooled(progress)

    def _learn(self, loss: Tensor) -> float:
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.learner.parameters(), 1.0)
        self.optimizer.step()
        return loss.item()

    @torch.no_grad()
    def accuracy(self, at: Lesson) -> dict[str, float]:
        """Share of held-out pairs decided rightly: of all, and by the criterion broken."""
        self.learner.eval()
        streams = (Stream(HELD_OUT, at.level, "told", i) for i in range(len(at.pairs)))
        texts = [caption(p.truth, s) for p, s in zip(at.pairs, streams, strict=True)]
        right = []
        for start in range(0, len(texts), 64):
            part = slice(start, start + 64)
            said = self.learner.read(self.words(texts[part]))
            mels = torch.from_numpy(at.heard.mels[part]).float()
            patches = self.learner.ear.patches(mels.flatten(0, 1))
            heard = normalize(self.learner.ear(patches)).view(len(mels), 2, -1)
            cosines = torch.einsum("nd,nkd->nk", said, heard)
            right += (cosines[:, 0] > cosines[:, 1]).tolist()
        names = sorted({pair.breaks for pair in at.pairs})
        of = {n: [r for r, p in zip(right, at.pairs, strict=True) if p.breaks == n] for n in names}
        return {"all": float(np.mean(right)), **{n: float(np.mean(of[n])) for n in names}}

    def train(self, folder: Path) -> list[dict[str, Any]]:
        """All steps; the model is saved at every measurement. Returns the learning curve."""
        curve, losses, done = [], [], 0
        self.start = time.monotonic()
        while (progress := self.progress(done)) < 1:
            losses.append(self.step(done))
            done += 1
            if done % self.plan.every == 0 or self.progress(done) == 1:
                point = {
                    "step": done,
                    "minutes": round((time.monotonic() - self.start) / 60, 2),
                    "progress": round(progress, 3),
                    "loss": round(float(np.mean(losses[-50:])), 4),
                    **{each.level: self.accuracy(each) for each in self.lessons},
                }
                print(json.dumps(point), flush=True)
                curve.append(point)
                self.save(folder)
        return curve

    def save(self, folder: Path) -> None:
        """Write the model with its processor as the Hub holds them."""
        from transformers import ClapFeatureExtractor, ClapProcessor

        self.learner.model.save_pretrained(folder)
        ClapProcessor(ClapFeatureExtractor(**EXTRACTOR), self.tokenizer).save_pretrained(folder)


def _cooled(progress: float) -> float:
    """Factor of the learning rate: whole for a third of the training, then down to nothing."""
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * max(0.0, progress - 1 / 3) * 1.5))


def _codes(scenes: list[Sound]) -> Tensor:
    return torch.from_numpy(np.stack([fact_codes(scene) for scene in scenes]))


def _groups(learner: Learner) -> list[dict[str, Any]]:
    """Weights that decay, and biases and norms that do not."""
    own = [p for p in learner.parameters() if p.requires_grad]
    return [
        {"params": [p for p in own if p.ndim > 1], "weight_decay": 0.05},
        {"params": [p for p in own if p.ndim <= 1], "weight_decay": 0.0},
    ]


def main() -> None:
    """Train and save."""
    parser = argparse.ArgumentParser(description="Train the tiny judge scenes-clap.")
    parser.add_argument("--out", type=Path, required=True, help="folder of the model")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--minutes", type=float, default=45.0, help="end sooner by the clock")
    parser.add_argument("--reading", type=int, default=300, help="steps of text alone, before")
    parser.add_argument("--scenes", type=int, default=8000, help="families of level easy")
    parser.add_argument("--medium", type=int, default=2000, help="families of level medium")
    parser.add_argument("--batch", type=int, default=16, help="families of a step")
    parser.add_argument("--rate", type=float, default=1e-3, help="highest learning rate")
    parser.add_argument("--every", type=int, default=250, help="steps between measurements")
    parser.add_argument("--items", type=int, default=600, help="held-out items of each level")
    parser.add_argument("--workers", type=int, default=2, help="processes that make sounds")
    parser.add_argument(
        "--sounds", type=Path, default=Path("runs/scenes-clap-sounds"), help="where sounds are kept"
    )
    given = parser.parse_args()
    torch.set_num_threads(1)
    plan = Plan(
        given.steps,
        given.scenes,
        given.medium,
        min(given.batch, given.scenes),
        given.rate,
        given.every,
        given.items,
        given.minutes,
        given.reading,
    )
    start = time.monotonic()
    levels: tuple[LevelName, ...] = ("easy", "medium") if plan.medium else ("easy",)
    lessons = [lesson(plan, level, given.workers, given.sounds) for level in levels]
    print(f"sounds made in {(time.monotonic() - start) / 60:.1f} minutes", flush=True)
    school = School(lessons, plan)
    school.read_first()
    curve = school.train(given.out)
    school.save(given.out)
    record = {
        "parameters": sum(p.numel() for p in school.learner.model.parameters()),
        "minutes": round((time.monotonic() - start) / 60, 1),
        "plan": plan._asdict(),
        "curve": curve,
    }
    (given.out / "training.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
