"""Train `scenes-clap`: a tiny CLAP of transformers that judges sounds of scenes against words.

    python -m training.scenes_clap --out assets/models/scenes-clap

It learns from families of scenes one fact apart, so that what a batch asks is what a pair asks. The
features are those of the model's own extractor; the forward pass is the model's own, with its first
two linear steps (frames stretched to the model's image, patches embedded) taken together.
"""

import argparse
import json
import math
import re
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate, normalize

from mmjudge.scenes import words
from mmjudge.scenes.levels import LevelName
from mmjudge.scenes.stream import Stream
from mmjudge.scenes.texts import caption
from training.sounds import (
    EXTRACTOR,
    FAMILY,
    FRAMES,
    NOT_THERE,
    POSITIONS,
    VALUES,
    Pair,
    Sounds,
    decisive_pairs,
    fact_codes,
    family,
    kept,
    moved,
)

SEED = "train-clap"
HELD_OUT = "train-clap-held-out"
WIDTH, HEADS, AUDIO_LAYERS, TEXT_LAYERS = 128, 4, 3, 2
ROWS = 8
"""Stretches of time that the model's image stacks; a patch is a whole spectrum, so 64 of them."""

TOKENS = 80
"""Words and marks of a text; longer ones are cut."""

WARM_UP = 60
"""Steps in which the learning rate rises."""

EASY_UNTIL, MEDIUM_SHARE = 0.4, 0.2
"""Share of the training that is of level easy alone, and of later batches that are of medium."""

DIRECT_UNTIL = 0.6
"""Share of the training after which facts are no longer asked directly."""


class Words(NamedTuple):
    """Texts as the model takes them."""

    ids: Tensor
    mask: Tensor


def tokenizer(texts: list[str]) -> Any:
    """Wordings of facts, other words and marks; begin is 0, padding 1, end 2, as in RoBERTa.

    "In quick succession" is one token, so a text is half as long.
    """
    from tokenizers import (
        Regex,
        Tokenizer,
        models,
        normalizers,
        pre_tokenizers,
        processors,
        trainers,
    )
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.WordLevel(unk_token="<unk>"))
    made.normalizer = normalizers.Lowercase()
    told = "|".join(re.escape(wording) for wording in sorted(_wordings(), key=len, reverse=True))
    pattern = Regex(rf"\b(?:{told})\b|\w+|[^\w\s]")
    made.pre_tokenizer = pre_tokenizers.Split(pattern, "removed", invert=True)
    specials = ["<s>", "<pad>", "</s>", "<unk>"]
    made.train_from_iterator(texts, trainers.WordLevelTrainer(special_tokens=specials))
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        model_max_length=TOKENS,
        model_input_names=["input_ids", "attention_mask"],
    )


def _wordings() -> set[str]:
    """What the grammar of sounds says with several words."""
    facts = (words.RHYTHMS, words.CONTOURS, words.PITCHES, words.NUMBERS)
    said = {wording for table in facts for values in table.values() for wording in values}
    forms = {form for values in words.TIMBRES.values() for form in values}
    said |= {form.format(note) for form in forms for note in words.NOTES}
    turns = (words.FIRST, words.NEXT, words.LAST, words.BEFORE, words.START)
    said |= {turn.rstrip(",") for values in turns for turn in values}
    return {wording.lower() for wording in (*said, "there are") if not wording.isalpha()}


def new_model(vocabulary: int) -> Any:
    """A CLAP with random weights."""
    from transformers import ClapConfig, ClapModel

    bins = EXTRACTOR["feature_size"]
    audio = {
        "spec_size": ROWS * bins,
        "num_mel_bins": bins,
        "patch_size": bins,
        "patch_stride": [bins, bins],
        "patch_embeds_hidden_size": WIDTH,
        "hidden_size": WIDTH,
        "depths": [AUDIO_LAYERS],
        "num_attention_heads": [HEADS],
        "num_hidden_layers": 1,
        "window_size": ROWS,
        "mlp_ratio": 3.0,
        "hidden_dropout_prob": 0.0,
        "num_classes": 1,
    }
    text = {
        "vocab_size": vocabulary,
        "hidden_size": WIDTH,
        "intermediate_size": 3 * WIDTH,
        "num_hidden_layers": TEXT_LAYERS,
        "num_attention_heads": HEADS,
        "max_position_embeddings": TOKENS + 2,
        "type_vocab_size": 1,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
    }
    model = ClapModel(ClapConfig(text_config=text, audio_config=audio, projection_dim=WIDTH))
    for module in model.modules():
        if isinstance(module, nn.Linear):  # the library's 0.02 all but mutes it
            nn.init.xavier_uniform_(module.weight)
    _tell_time(model)
    return model


@torch.no_grad()
def _tell_time(model: Any) -> None:
    """Let heads start by looking nearby, back, ahead and everywhere.

    The model knows time only by these biases. From zeros it takes long to tell what came first.
    """
    rows, columns = torch.meshgrid(*[torch.arange(1 - ROWS, ROWS)] * 2, indexing="ij")
    later = (rows * ROWS + columns).flatten().float()  # how much later a patch is than the other
    back = torch.where(later > 0, -0.1 * later, torch.tensor(-4.0))
    ahead = torch.where(later < 0, 0.1 * later, torch.tensor(-4.0))
    table = torch.stack([-0.5 * later.abs(), back, ahead, torch.zeros_like(later)], dim=1)
    for stage in model.audio_model.audio_encoder.layers:
        for block in stage.blocks:
            block.attention.self.relative_position_bias_table.copy_(table)


class Ear(nn.Module):
    """The audio side of a CLAP as one forward pass without the stretched image between.

    Stretching frames and embedding patches are linear: together they are one matrix for each patch
    over the few frames that it shows. `test_the_ear_hears_what_the_model_hears` compares the two.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        bins = EXTRACTOR["feature_size"]
        eye = torch.eye(FRAMES)[None, None]
        size = (bins * ROWS**2, FRAMES)
        whole = interpolate(eye, size, mode="bicubic", align_corners=True)[0, 0]
        patches = whole.view(ROWS**2, bins, FRAMES)
        seen = patches.abs().sum(1) > 0
        width = int(seen.sum(1).max())
        first = seen.int().argmax(1).clamp(max=FRAMES - width)
        index = first[:, None] + torch.arange(width)
        self.register_buffer("index", index)
        taken = index[:, None].expand(-1, bins, -1)
        self.register_buffer("stretch", patches.gather(2, taken))

    def forward(self, mels: Tensor) -> Tensor:
        """Embeddings, shape (n, width), of decibels, shape (n, frames, bins)."""
        encoder = self.model.audio_model.audio_encoder
        spread, embed = encoder.batch_norm, encoder.patch_embed
        scaled = (mels - spread.running_mean) / (spread.running_var + spread.eps).sqrt()
        frames = scaled[:, self.index].permute(1, 0, 2, 3).flatten(2)
        weight = torch.einsum("dft,pts->psfd", embed.proj.weight[:, 0], self.stretch).flatten(1, 2)
        hidden = embed.norm(torch.bmm(frames, weight).transpose(0, 1) + embed.proj.bias)
        for stage in encoder.layers:
            hidden = stage(hidden, (ROWS, ROWS))[0]
        return self.model.audio_projection(encoder.norm(hidden).mean(1))


class Learner(nn.Module):
    """A CLAP in training, with a head that names facts and is thrown away afterwards.

    The head is the same for both sides, so a fact lies in the same direction in both.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model, self.ear = model, Ear(model)
        self.head = nn.Linear(WIDTH, POSITIONS * sum(len(values) for values in VALUES.values()))

    def read(self, said: Words) -> Tensor:
        """Embeddings of texts."""
        found = self.model.get_text_features(input_ids=said.ids, attention_mask=said.mask)
        return getattr(found, "pooler_output", found)

    def loss(self, mels: Tensor, told: Words, codes: Tensor, direct: float) -> Tensor:
        """What is wrong in a batch of whole families.

        Args:
            mels: Shape (n, frames, bins); families one after another.
            told: A text for each.
            codes: Facts, shape (n, positions, attributes).
            direct: Weight of facts asked directly.
        """
        heard, said = normalize(self.ear(mels).float()), normalize(self.read(told).float())
        logits = self.model.logit_scale_a.exp().clamp(max=100) * heard @ said.T
        targets = torch.arange(len(logits))
        loss = cross_entropy(logits, targets) + cross_entropy(logits.T, targets)
        blocks = torch.stack([b for b in _diagonal(logits)])
        within = torch.arange(FAMILY).repeat(len(blocks))
        loss = loss + cross_entropy(blocks.flatten(0, 1), within)
        loss = loss + cross_entropy(blocks.transpose(1, 2).flatten(0, 1), within)
        if direct:
            loss = loss + direct * (self._facts(heard, codes) + self._facts(said, codes))
        return loss

    def _facts(self, embeddings: Tensor, codes: Tensor) -> Tensor:
        sizes = [len(values) for values in VALUES.values()]
        logits = self.head(embeddings * WIDTH**0.5).view(len(codes), POSITIONS, sum(sizes))
        losses = [
            cross_entropy(part.flatten(0, 1), codes[..., i].flatten(), ignore_index=NOT_THERE)
            for i, part in enumerate(logits.split(sizes, dim=2))
        ]
        return torch.stack(losses).sum()


def _diagonal(logits: Tensor) -> list[Tensor]:
    """The blocks of a square matrix in which families meet themselves."""
    starts = range(0, len(logits), FAMILY)
    return [logits[s : s + FAMILY, s : s + FAMILY] for s in starts]


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
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.rate * min(1.0, (number + 1) / WARM_UP) * _cooled(progress)
        late = progress > EASY_UNTIL
        turn = len(self.lessons) > 1 and late and self.random.random() < MEDIUM_SHARE
        sounds = self.lessons[int(turn)].sounds
        chosen = self.random.choice(len(sounds.scenes), self.plan.batch, replace=False)
        scenes = [scene for i in chosen for scene in sounds.scenes[i]]
        stream = Stream(SEED, "told", number)
        texts = [caption(scene, stream.fork(place)) for place, scene in enumerate(scenes)]
        mels = torch.from_numpy(moved(sounds.mels[chosen], self.random)).flatten(0, 1)
        codes = torch.from_numpy(np.stack([fact_codes(scene) for scene in scenes]))
        direct = float(progress < DIRECT_UNTIL)
        with torch.autocast("cpu", torch.bfloat16):
            loss = self.learner.loss(mels, self.words(texts), codes, direct)
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
            said = normalize(self.learner.read(self.words(texts[part])))
            mels = torch.from_numpy(at.heard.mels[part]).float()
            heard = normalize(self.learner.ear(mels.flatten(0, 1))).view(len(mels), 2, -1)
            cosines = torch.einsum("nd,nkd->nk", said, heard)
            right += (cosines[:, 0] > cosines[:, 1]).tolist()
        names = sorted({pair.breaks for pair in at.pairs})
        of = {n: [r for r, p in zip(right, at.pairs, strict=True) if p.breaks == n] for n in names}
        return {"all": float(np.mean(right)), **{n: float(np.mean(of[n])) for n in names}}

    def train(self) -> list[dict[str, Any]]:
        """All steps; the learning curve."""
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
        return curve

    def save(self, folder: Path) -> None:
        """Write the model with its processor as the Hub holds them."""
        from transformers import ClapFeatureExtractor, ClapProcessor

        self.learner.model.save_pretrained(folder)
        ClapProcessor(ClapFeatureExtractor(**EXTRACTOR), self.tokenizer).save_pretrained(folder)


def _cooled(progress: float) -> float:
    """Factor of the learning rate: whole for a third of the training, then down to nothing."""
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * max(0.0, progress - 1 / 3) * 1.5))


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
    )
    start = time.monotonic()
    levels: tuple[LevelName, ...] = ("easy", "medium") if plan.medium else ("easy",)
    lessons = [lesson(plan, level, given.workers, given.sounds) for level in levels]
    print(f"sounds made in {(time.monotonic() - start) / 60:.1f} minutes", flush=True)
    school = School(lessons, plan)
    curve = school.train()
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
