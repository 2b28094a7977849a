"""Trains scenes-vlm, a small LLaVA that judges pictures of scenes by token: pairs, scores, ranks.

Run: python training/scenes_vlm.py --clip assets/models/scenes-clip --out assets/models/scenes-vlm.
The picture side of scenes-clip becomes its eyes, which stay as they are; the text side becomes the
first layers of its language model (a GPT-2, whose blocks are the same), with fresh layers on top.
Every item is put as the suite puts it with `mode=logits`: all questions about the same material in
one row, each seeing the material and itself alone.
"""

import argparse
import copy
import json
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import torch
from transformers import CLIPImageProcessor, LlavaProcessor

from mmjudge.scenes.facts import CRITERIA
from mmjudge.scenes.levels import LEVELS
from mmjudge.scenes.stream import Stream
from training.from_clip import FRESH, model_from, take_space
from training.judge_tokens import TEMPLATE, judge_tokenizer
from training.judged_items import LENGTH, LOOKS, STRANGER, Broken, Chain, Composer, Judged, chains
from training.looks import misdirected, watched
from training.pictures import GROUND, SIDE, SPREAD, normalised, picture
from training.rows import Batch, Writer, batch_of

LEVEL_NAMES = ("easy", "medium")
WAYS = ("text->image", "image->text", "text->text")
SIZES = {"pair": 32, "rank": 12, "score": 48}
"""Items in a batch of each protocol."""
GROWING = (
    (0.05, (STRANGER, LENGTH - 1)),
    (0.12, (4, 3, 2)),
    (0.25, (3, 2, 1)),
    (2.0, (2, 1, 1, 1)),
)
"""How many facts apart the two of a pair are, up to each share of the training."""
PROTOCOLS = ("pair", "pair", "rank", "score")
"""Protocols of batches in turn."""


def states_of(model: Any, batch: Batch, seen: Any) -> Any:
    """States of the last layer, shape (rows, length, width)."""
    found: dict[str, Any] = {}
    if batch.pictures:
        shown = model.model.multi_modal_projector(seen[batch.pictures].float())
        found["image"] = SimpleNamespace(pooler_output=list(shown))
    with torch.autocast("cpu", torch.bfloat16):
        out = model.model(
            input_ids=batch.ids,
            attention_mask=batch.mask,
            position_ids=batch.positions,
            mm_encoder_outputs=found,
            use_cache=False,
        )
    return out.last_hidden_state.float()


def answers_of(model: Any, batch: Batch, seen: Any) -> Any:
    """Logits at the answers, shape (answers, vocabulary)."""
    return model.lm_head(states_of(model, batch, seen)[batch.reads])


def broken_loss(found: Any, broken: Sequence[Broken]) -> Any:
    """How badly a guess made after each candidate says what is wrong with it.

    Args:
        found: Shape (candidates, LENGTH + 1 + criteria): logits of the number of facts broken,
            the last of a stranger; then of whether each criterion is broken.
        broken: What is wrong with each candidate.
    """
    functional = torch.nn.functional
    numbers = torch.tensor([LENGTH if b is None else min(b.total(), LENGTH - 1) for b in broken])
    loss = functional.cross_entropy(found[:, : LENGTH + 1], numbers)
    known = [i for i, b in enumerate(broken) if b is not None]
    flags = [[float(b[c] > 0) for c in CRITERIA["still"]] for b in broken if b is not None]
    if known:
        told = found[known, LENGTH + 1 :]
        loss = loss + functional.binary_cross_entropy_with_logits(told, torch.tensor(flags))
    return loss


def looked_at(model: Any, families: Sequence[Chain], seed: str) -> Any:
    """What the eyes see of all pictures of the chains, shape (pictures, patches, width)."""
    out = []
    for family in families:
        level = LEVELS[family.level]
        drawn = [
            picture(scene, level, Stream(seed, "look", family.first, i, look))
            for i, scene in enumerate(family.scenes)
            for look in range(LOOKS)
        ]
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            states = model.model.vision_tower(
                normalised(np.stack(drawn)), output_hidden_states=True
            ).hidden_states[-1]
        out.append(states[:, 1:].bfloat16())
    return torch.cat(out).clone()


class Data(NamedTuple):
    """Chains with what is seen of their pictures."""

    families: dict[str, list[Chain]]
    seen: Any


def prepare(model: Any, seed: str, counts: dict[str, int]) -> Data:
    """Draw the pictures of chains of each level and look at them."""
    families: dict[str, list[Chain]] = {}
    seen, first = [], 0
    for level, count in counts.items():
        families[level] = list(chains(seed, level, count, first))  # type: ignore[arg-type]
        seen.append(looked_at(model, families[level], seed))
        first += count * LENGTH * LOOKS
        print(f"drew and looked at {first} pictures", flush=True)
    return Data(families, torch.cat(seen))


def check(model: Any, writer: Writer, data: Data) -> dict[str, float]:
    """Accuracy on overall of pairs and rank comparisons, and Pearson of expected scores."""
    out: dict[str, float] = {}
    model.eval()
    for level, families in data.families.items():
        composer = Composer(f"check-{level}", {WAYS[0]: 1.0})
        for protocol in SIZES:
            rows = [writer.row(getattr(composer, protocol)(f, f)) for f in families for _ in (0, 1)]
            logits, answers, weights = [], [], []
            for start in range(0, len(rows), 32):
                batch = batch_of(rows[start : start + 32])
                with torch.inference_mode():
                    logits.append(answers_of(model, batch, data.seen))
                answers.append(batch.answers)
                weights.append(batch.weights)
            found = torch.cat(logits), torch.cat(answers), torch.cat(weights)
            out |= {f"{level} {k}": v for k, v in _figures(writer, protocol, *found).items()}
    model.train()
    return out


def _figures(writer: Writer, protocol: str, logits: Any, answers: Any, weights: Any) -> Any:
    word = {name: writer.known(name)[0] for name in ("A", "B", "C", "D", "tie")}
    if protocol == "score":
        levels = [writer.known(n)[0] for n in ("four", "three", "two", "one", "all")]
        share = logits[:, levels].softmax(-1).numpy() @ np.arange(1, 6)
        gold = np.array([levels.index(a) + 1 for a in answers.tolist()])
        return {"score pearson": round(float(np.corrcoef(share, gold)[0, 1]), 3)}
    if protocol == "rank":
        options = logits[:, [word[n] for n in "ABCD"]]
        best = torch.tensor([word[n] for n in "ABCD"])[options.argmax(-1)]
        return {"rank pairs": round(float((best == answers).float().mean()), 3)}
    overall = weights == 2.0
    three = torch.tensor([word[n] for n in ("A", "B", "tie")])
    logits, answers = logits[overall], answers[overall]
    chosen = three[logits[:, three].argmax(-1)]
    decided = answers != word["tie"]
    two = three[logits[:, three[:2]].argmax(-1)]
    return {
        "pair": round(float((chosen == answers).float().mean()), 3),
        "pair without ties": round(float((two == answers)[decided].float().mean()), 3),
    }


class Schedule:
    """What is trained on at each step, and how fast: easy pictures first, then all there is."""

    def __init__(self, options: argparse.Namespace, data: Data) -> None:
        self.options, self.data, self.begun = options, data, time.monotonic()
        self.random, self.composer = Random(options.seed), Composer(options.seed, {WAYS[0]: 1.0})

    def progress(self, step: int) -> float:
        """How far the training is, from 0 to 1: by steps, or by the clock where that is further."""
        clock = (time.monotonic() - self.begun) / 60 / self.options.minutes
        return min(1.0, max(step / self.options.steps, clock))

    def items(self, step: int, grown: float) -> list[Judged]:
        """The items of a step, all of one protocol; `grown` is how far the training is."""
        if grown >= self.options.turned:
            self.composer.ways = dict(zip(WAYS, (0.76, 0.14, 0.1), strict=True))
        protocol = PROTOCOLS[step % len(PROTOCOLS)]
        medium = 0.3 if grown >= self.options.grown and self.options.medium else 0.0
        compose = getattr(self.composer, protocol)
        self.composer.steps = next(steps for end, steps in GROWING if grown < end)
        levels = self.random.choices(LEVEL_NAMES, (1 - medium, medium), k=SIZES[protocol])
        drawn = [self.random.sample(self.data.families[level], 2) for level in levels]
        return [compose(*some) for some in drawn]

    def rate(self, step: int, grown: float) -> float:
        """The learning rate: a rise, then half a cosine."""
        falling = 0.5 * (1 + math.cos(math.pi * grown))
        return float(self.options.rate * min(1.0, (step + 1) / 80) * (0.02 + 0.98 * falling))


def fresh_parts(model: Any) -> Any:
    """What is new in the model, and learns from the beginning."""
    inner = model.model.language_model
    return torch.nn.ModuleList([*inner.h[-FRESH:], inner.ln_f, model.lm_head])


def thaw(model: Any, optimizer: Any) -> None:
    """Let what came from scenes-clip learn, too, but the eyes; slower, as it knows something."""
    known = {id(p) for group in optimizer.param_groups for p in group["params"]}
    for part in (model.model.language_model, model.model.multi_modal_projector):
        part.requires_grad_(True)
        for group in groups_of(part, pace=0.2):
            group["params"] = [p for p in group["params"] if id(p) not in known]
            optimizer.add_param_group(group)


def groups_of(part: Any, pace: float = 1.0) -> list[dict[str, Any]]:
    """Parameters for an optimizer; gains and shifts do not decay. `pace` multiplies the rate."""
    found = list(part.parameters())
    return [
        {"params": [p for p in found if p.ndim > 1], "weight_decay": 0.05, "pace": pace},
        {"params": [p for p in found if p.ndim < 2], "weight_decay": 0.0, "pace": pace},
    ]


class Pupil(NamedTuple):
    """The model with what writes its rows, and what it learns from and is measured on."""

    model: Any
    writer: Writer
    data: Data
    held: Data


def pupil_of(options: argparse.Namespace) -> Pupil:
    """The model as it begins, in which only what is new learns, and its pictures."""
    torch.manual_seed(0)
    tokenizer = judge_tokenizer()
    model = model_from(options.clip, tokenizer)
    model.requires_grad_(False)
    model.set_attn_implementation({"text_config": "eager"})
    counts = {k: n for k, n in (("easy", options.easy), ("medium", options.medium)) if n}
    data = prepare(model, options.seed, counts)
    take_space(model, options.clip, data.seen[:200])
    held = prepare(model, "train-vlm-check", dict.fromkeys(counts, options.held))
    return Pupil(model, Writer(tokenizer), data, held)


def train(options: argparse.Namespace) -> None:
    """Train, and keep the model after each point of the learning curve."""
    torch.set_num_threads(options.threads)
    pupil, curve = pupil_of(options), []
    for point in points(pupil, options):
        curve.append(point)
        print(json.dumps(point), flush=True)
        save(pupil.model, pupil.writer.tokenizer, options.out, curve)


def points(pupil: Pupil, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Train; yield a point of the learning curve now and then, and at the end."""
    model, fresh = pupil.model, fresh_parts(pupil.model).requires_grad_(True)
    # What is wrong with each candidate is guessed after it, too: by a head that is not kept.
    head = torch.nn.Linear(model.config.text_config.n_embd, LENGTH + 1 + len(CRITERIA["still"]))
    optimizer = torch.optim.AdamW(groups_of(fresh.append(head)), betas=(0.9, 0.98), eps=1e-6)
    schedule = Schedule(options, pupil.data)
    losses: list[tuple[float, ...]] = []
    step, grown, thawed = 0, 0.0, False
    while grown < 1:
        if grown >= options.thawed and not thawed:
            thaw(model, optimizer)
            thawed = True
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate(step, grown) * group["pace"]
        batch = batch_of([pupil.writer.row(item) for item in schedule.items(step, grown)])
        losses.append(_step(model, head, optimizer, batch, pupil.data.seen))
        step += 1
        grown = schedule.progress(step)
        if step % options.every == 0 or grown == 1:
            minutes = round((time.monotonic() - schedule.begun) / 60, 1)
            mean = np.mean(losses, axis=0).round(3).tolist()
            losses.clear()
            line = {"step": step, "minutes": minutes}
            line |= dict(zip(("loss", "beside", "off"), mean, strict=True))
            yield line | check(model, pupil.writer, pupil.held)


def _step(model: Any, head: Any, optimizer: Any, batch: Batch, seen: Any) -> tuple[float, ...]:
    inner = model.model.language_model
    with watched(inner.h[-FRESH:]) as attention:
        states = states_of(model, batch, seen)
    logits = model.lm_head(states[batch.reads])
    each = torch.nn.functional.cross_entropy(logits, batch.answers, reduction="none")
    loss = (each * batch.weights).sum() / batch.weights.sum()
    beside = broken_loss(head(states[batch.ends]), batch.broken)
    off = misdirected(attention, batch.looks)
    optimizer.zero_grad(set_to_none=True)
    (loss + beside + off).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item(), beside.item(), off.item()


def save(model: Any, tokenizer: Any, folder: Path, curve: list[dict[str, Any]]) -> None:
    """Write the model, its processor and its learning curve as the Hub holds them."""
    pictures = CLIPImageProcessor(
        size={"shortest_edge": SIDE},
        crop_size={"height": SIDE, "width": SIDE},
        resample=3,
        image_mean=[GROUND] * 3,
        image_std=[SPREAD] * 3,
    )
    processor = LlavaProcessor(
        pictures,
        tokenizer,
        patch_size=model.config.vision_config.patch_size,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=TEMPLATE,
    )
    folder.mkdir(parents=True, exist_ok=True)
    copy.deepcopy(model).half().save_pretrained(
        folder
    )  # half the size; judges read it as they compute
    processor.save_pretrained(folder)
    (folder / "learning_curve.json").write_text(json.dumps(curve, indent=1) + "\n")


def options_from(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The options, from the command line if left out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", type=Path, default=Path("assets/models/scenes-clip"))
    parser.add_argument("--out", type=Path, default=Path("assets/models/scenes-vlm"))
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=60.0, help="end sooner by the clock")
    parser.add_argument("--easy", type=int, default=3000, help="chains of level easy")
    parser.add_argument("--medium", type=int, default=1000, help="chains of level medium")
    parser.add_argument("--held", type=int, default=100, help="chains of a level to check on")
    parser.add_argument("--rate", type=float, default=1e-3, help="highest learning rate")
    parser.add_argument("--every", type=int, default=200, help="steps between two checks")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--thawed", type=float, default=0.2, help="share of training before all learns"
    )
    parser.add_argument(
        "--grown", type=float, default=0.45, help="share of training without medium"
    )
    parser.add_argument("--turned", type=float, default=0.6, help="share of training without texts")
    parser.add_argument("--seed", default="train-vlm")
    return parser.parse_args(words)


if __name__ == "__main__":
    train(options_from())
