"""Trains scenes-clip, a small open_clip model that scores a picture of a scene against a caption.

Run: python training/scenes_clip.py --out assets/models/scenes-clip. Batches are made on the fly:
families of scenes that differ from the next in one fact, so that the hardest wrong captions of a
picture stand beside the right one. Easy scenes first, then medium ones among them. Everything
follows from seeds that no test and no pack uses.
"""

import argparse
import json
import math
import time
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from safetensors.torch import load_file, save_file
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from mmjudge.scenes.facts import Still
from mmjudge.scenes.items import Place, content
from mmjudge.scenes.levels import LEVELS, LevelName
from mmjudge.scenes.stream import Stream
from mmjudge.scenes.texts import caption
from training.pictures import GROUND, SIDE, SPREAD, Family, families, normalised, picture
from training.tokens import caption_tokenizer

CONTEXT = 80
WEIGHTS = "open_clip_model.safetensors"
MODEL = {
    "embed_dim": 128,
    "vision_cfg": {
        "image_size": SIDE,
        "patch_size": 12,
        "width": 128,
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
PREPROCESS = {"mean": [GROUND] * 3, "std": [SPREAD] * 3, "interpolation": "bicubic"}
MEMBERS = 5
"""Scenes in a family."""
LEVEL_NAMES: tuple[LevelName, ...] = ("easy", "medium")


class Batches(IterableDataset):
    """Batches of families: easy ones, and from a step on a share of medium ones.

    Args:
        seed: Everything follows from it.
        steps: Number of batches.
        size: Families in a batch.
        grown: Share of the steps before there are medium families.
        medium: Share of medium families after that.
    """

    def __init__(self, seed: str, steps: int, size: int, grown: float, medium: float) -> None:
        self.seed, self.steps, self.size, self.grown = seed, steps, size, grown
        self.medium = medium

    def __iter__(self) -> Iterator[tuple[np.ndarray, list[str]]]:
        worker = get_worker_info()
        number, count = (worker.id, worker.num_workers) if worker else (0, 1)
        sources: dict[LevelName, Iterator[Family]] = {
            level: families(f"{self.seed}-{number}", level, MEMBERS) for level in LEVEL_NAMES
        }
        for step in range(number, self.steps, count):
            medium = round(self.size * self.medium) if step >= self.grown * self.steps else 0
            found = [
                *islice(sources["easy"], self.size - medium),
                *islice(sources["medium"], medium),
            ]
            pictures = np.concatenate([family.pictures for family in found])
            yield pictures, list(chain.from_iterable(family.captions for family in found))


def contrast(image: Any, text: Any, scale: Any) -> Any:
    """The loss of CLIP, over the batch and over each family alone, where all is hard."""
    logits = scale * image @ text.T
    alone = logits.view(-1, MEMBERS, len(logits) // MEMBERS, MEMBERS)
    within = alone.diagonal(dim1=0, dim2=2).permute(2, 0, 1).reshape(-1, MEMBERS)
    across = alone.diagonal(dim1=0, dim2=2).permute(2, 1, 0).reshape(-1, MEMBERS)
    here = torch.arange(MEMBERS).repeat(len(logits) // MEMBERS)
    everywhere = torch.arange(len(logits))
    cross = torch.nn.functional.cross_entropy
    whole = (cross(logits, everywhere) + cross(logits.T, everywhere)) / 2
    return whole + (cross(within, here) + cross(across, here)) / 2


def text_features(model: Any, tokens: Any) -> Any:
    """What `encode_text` gives, without the padding that all rows share: a third of the time."""
    length = int((tokens != 0).sum(1).max())
    tokens = tokens[:, :length]
    x = model.token_embedding(tokens) + model.positional_embedding[:length]
    x = model.ln_final(model.transformer(x, attn_mask=model.attn_mask[:length, :length]))
    ends = x[torch.arange(len(x)), tokens.argmax(dim=-1)] @ model.text_projection
    return torch.nn.functional.normalize(ends, dim=-1)


def check(model: Any, tokenizer: Any, level: LevelName, count: int = 420) -> dict[str, float]:
    """Accuracy on pairs of a seed that is not trained on, by criterion; ties are left out."""
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
    model.eval()
    with torch.inference_mode():
        image = model.encode_image(normalised(np.stack(pictures)), normalize=True)
        text = text_features(model, tokenizer(captions))
    model.train()
    scores = (image.view(len(text), 2, -1) * text[:, None]).sum(-1)
    right: dict[str, list[bool]] = {"all": []}
    for (criterion, is_first), (one, other) in zip(about, scores.tolist(), strict=True):
        right.setdefault(criterion, []).append((one > other) == is_first)
        right["all"].append((one > other) == is_first)
    return {name: round(float(np.mean(found)), 3) for name, found in sorted(right.items())}


def parameter_groups(model: Any, decay: float) -> list[dict[str, Any]]:
    """Weights decay; gains, shifts and the temperature do not."""
    named = list(model.named_parameters())
    return [
        {"params": [p for _, p in named if p.ndim > 1], "weight_decay": decay},
        {"params": [p for _, p in named if p.ndim < 2], "weight_decay": 0.0},
    ]


def rate(step: int, steps: int, warm: int = 100) -> float:
    """Learning rate as a share of the highest: a rise, then half a cosine."""
    rise = min(1.0, (step + 1) / warm)
    return rise * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps))))


def train(options: argparse.Namespace) -> None:
    """Train, check now and then, and keep the model after each check."""
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    tokenizer = open_clip.get_tokenizer(f"local-dir:{options.out}")
    config = json.loads((options.out / "open_clip_config.json").read_text(encoding="utf-8"))
    model = open_clip.CLIP(**config["model_cfg"])
    _place_patches(model.visual)
    if options.start:
        model.load_state_dict(load_file(options.start / WEIGHTS))
    optimizer = torch.optim.AdamW(
        parameter_groups(model, 0.1), lr=options.rate, betas=(0.9, 0.98), eps=1e-6
    )
    batches = Batches(options.seed, options.steps, options.families, options.grown, options.medium)
    loader = DataLoader(batches, batch_size=None, num_workers=1, prefetch_factor=8)
    curve: list[dict[str, Any]] = []
    begun = time.monotonic()
    for step, (pictures, captions) in enumerate(loader):
        for group in optimizer.param_groups:
            group["lr"] = options.rate * rate(step, options.steps)
        loss = _loss(model, tokenizer, np.asarray(pictures), captions)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, math.log(100))
        if (step + 1) % options.every == 0 or step + 1 == options.steps:
            minutes = round((time.monotonic() - begun) / 60, 2)
            curve.append({"step": step + 1, "minutes": minutes, "loss": round(loss.item(), 4)})
            for level in LEVEL_NAMES:
                curve[-1][level] = check(model, tokenizer, level)
            print(json.dumps(curve[-1]), flush=True)
            save(model, options.out, curve)


def _place_patches(visual: Any) -> None:
    """Begin with places in rows and columns: sines and cosines, as strong as what patches show."""
    across, width = visual.grid_size[1], visual.positional_embedding.shape[1]
    angles = torch.arange(across)[:, None] * math.pi / across * torch.arange(1, width // 4 + 1) / 4
    waves = torch.cat([angles.sin(), angles.cos()], dim=1)
    rows, columns = waves.repeat_interleave(across, dim=0), waves.repeat(across, 1)
    with torch.no_grad():
        visual.positional_embedding[1:] = 0.3 * torch.cat([rows, columns], dim=1)


def _loss(model: Any, tokenizer: Any, pictures: np.ndarray, captions: list[str]) -> Any:
    with torch.autocast("cpu", torch.bfloat16):
        image = model.encode_image(normalised(pictures), normalize=True)
        text = text_features(model, tokenizer(captions))
    return contrast(image.float(), text.float(), model.logit_scale.exp())


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
    text = {**MODEL["text_cfg"], "vocab_size": len(tokenizer)}
    config = {"model_cfg": {**MODEL, "text_cfg": text}, "preprocess_cfg": PREPROCESS}
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=1) + "\n")


def main() -> None:
    """Read the options, and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("assets/models/scenes-clip"))
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--families", type=int, default=48, help="in a batch")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--grown", type=float, default=0.6, help="share of steps without medium")
    parser.add_argument("--every", type=int, default=200, help="steps between two checks")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--medium", type=float, default=0.4, help="share of medium then")
    parser.add_argument("--seed", default="train-clip")
    parser.add_argument("--start", type=Path, help="a folder to take the weights from")
    options = parser.parse_args()
    prepare(options.out)
    train(options)


if __name__ == "__main__":
    main()
