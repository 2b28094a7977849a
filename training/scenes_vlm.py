"""Trains scenes-vlm, a small LLaVA that judges pictures of scenes by token: pairs, scores, ranks.

Run: python training/scenes_vlm.py --clip assets/models/scenes-clip --out assets/models/scenes-vlm.
The picture side of scenes-clip becomes its eyes, which stay as they are; the text side becomes the
first layers of its language model (a GPT-2, whose blocks are the same), with fresh layers on top.
Every item is put as the suite puts it with `mode=logits`: all questions about the same material in
one row, each seeing the material and itself alone.
"""

import argparse
import json
import math
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors.torch import load_file
from transformers import CLIPImageProcessor, LlavaProcessor

from mmjudge.scenes.levels import LEVELS
from mmjudge.scenes.stream import Stream
from training.from_clip import model_from, take_space
from training.judge_tokens import TEMPLATE, judge_tokenizer
from training.judged_items import LENGTH, LOOKS, STRANGER, Chain, Composer, Judged, chains
from training.pictures import GROUND, SIDE, SPREAD, normalised, picture
from training.rows import Batch, Writer, batch_of

LEVEL_NAMES = ("easy", "medium")
WAYS = ("text->image", "image->text", "text->text")
SIZES = {"pair": 32, "rank": 12, "score": 48}
"""Items in a batch of each protocol."""
GROWING = (
    (0.12, (STRANGER, LENGTH - 1)),
    (0.24, (4, 3, 2)),
    (0.36, (3, 2, 1)),
    (2.0, (2, 1, 1, 1)),
)
"""How many facts apart the two of a pair are, up to each share of the training."""
PROTOCOLS = ("pair", "pair", "rank", "score")
"""Protocols of batches in turn."""


def answers_of(model: Any, batch: Batch, seen: Any) -> Any:
    """Logits at the answers, shape (answers, vocabulary)."""
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
        return model.lm_head(out.last_hidden_state[batch.reads]).float()


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
        self.options, self.data = options, data
        self.random, self.composer = Random(options.seed), Composer(options.seed, {WAYS[0]: 1.0})

    def items(self, step: int) -> list[Judged]:
        """The items of a step, all of one protocol."""
        grown = step / self.options.steps
        if grown >= self.options.turned:
            self.composer.ways = dict(zip(WAYS, (0.76, 0.14, 0.1), strict=True))
        protocol = PROTOCOLS[step % len(PROTOCOLS)]
        medium = 0.3 if grown >= self.options.grown and self.options.medium else 0.0
        compose = getattr(self.composer, protocol)
        self.composer.steps = next(steps for end, steps in GROWING if grown < end)
        levels = self.random.choices(LEVEL_NAMES, (1 - medium, medium), k=SIZES[protocol])
        drawn = [self.random.sample(self.data.families[level], 2) for level in levels]
        return [compose(*some) for some in drawn]

    def rate(self, step: int) -> float:
        """The learning rate: a rise, then half a cosine."""
        falling = 0.5 * (1 + math.cos(math.pi * step / self.options.steps))
        return float(self.options.rate * min(1.0, (step + 1) / 200) * (0.02 + 0.98 * falling))


def optimizer_of(model: Any, rate: float) -> Any:
    """AdamW over what is trained; gains and shifts do not decay."""
    trained = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": 0.05},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98), eps=1e-6)


def train(options: argparse.Namespace) -> None:
    """Train, check now and then, and keep the model after each check."""
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    tokenizer = judge_tokenizer()
    model = model_from(options.clip, tokenizer, options.fresh)
    if options.start:
        began = load_file(options.start / "model.safetensors")
        eyes = {name for name in began if "vision_tower" in name}  # those of scenes-clip stay
        model.load_state_dict({n: w for n, w in began.items() if n not in eyes}, strict=False)
    model.model.vision_tower.requires_grad_(False)
    writer = Writer(tokenizer)
    counts = {k: n for k, n in (("easy", options.easy), ("medium", options.medium)) if n}
    data = prepare(model, options.seed, counts)
    if not options.start:
        take_space(model, options.clip, data.seen[:200])
    held = prepare(model, "train-vlm-check", dict.fromkeys(counts, options.held))
    schedule, optimizer = Schedule(options, data), optimizer_of(model, options.rate)
    curve: list[dict[str, Any]] = []
    losses: list[float] = []
    begun = time.monotonic()
    for step in range(options.steps):
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate(step)
        batch = batch_of([writer.row(item) for item in schedule.items(step)])
        losses.append(_step(model, optimizer, batch, data.seen))
        if (step + 1) % options.every == 0 or step + 1 == options.steps:
            minutes = round((time.monotonic() - begun) / 60, 1)
            line = {"step": step + 1, "minutes": minutes, "loss": round(float(np.mean(losses)), 3)}
            losses.clear()
            curve.append(line | check(model, writer, held))
            print(json.dumps(curve[-1]), flush=True)
            save(model, tokenizer, options.out, curve)


def _step(model: Any, optimizer: Any, batch: Batch, seen: Any) -> float:
    logits = answers_of(model, batch, seen)
    each = torch.nn.functional.cross_entropy(logits, batch.answers, reduction="none")
    loss = (each * batch.weights).sum() / batch.weights.sum()
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return float(loss.item())


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
    model.save_pretrained(folder, safe_serialization=True)
    processor.save_pretrained(folder)
    (folder / "learning_curve.json").write_text(json.dumps(curve, indent=1) + "\n")


def main() -> None:
    """Read the options, and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", type=Path, default=Path("assets/models/scenes-clip"))
    parser.add_argument("--out", type=Path, default=Path("assets/models/scenes-vlm"))
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--easy", type=int, default=4000, help="chains of level easy")
    parser.add_argument("--medium", type=int, default=1500, help="chains of level medium")
    parser.add_argument("--held", type=int, default=150, help="chains of a level to check on")
    parser.add_argument("--fresh", type=int, default=3, help="new layers of the language model")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--every", type=int, default=250, help="steps between two checks")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--turned", type=float, default=0.3, help="share of steps without texts")
    parser.add_argument("--grown", type=float, default=0.5, help="share of steps without medium")
    parser.add_argument("--seed", default="train-vlm")
    parser.add_argument("--start", type=Path, help="a folder to take the weights from")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
