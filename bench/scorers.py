"""What encoding each distinct input once is worth, as ratios on this machine.

Run: python bench/scorers.py [--device cuda] [--rounds 5]. A workload of 2,000 pairs (a text, two
images) over 400 images and 200 texts. Each round runs, one after the other in this process: the
scorer; a loop over pairs that encodes the text and both images of each; and the bare encoder: the
model's own transform, then its forward pass, over the 400 images and 200 texts in batches, with
nothing else around it (and, stricter, the forward passes alone over tensors made beforehand).
Ratios are those of the medians over the rounds. The models are open_clip's with random weights, as
scores do not matter here: a small one for the loop, whose inputs are dear beside the model, and
for the bare encoder one with the patches of ViT-B-32, on a GPU with its size, too.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import open_clip
import torch
from PIL import Image
from safetensors.torch import save_file

from mmjudge.judges.base import JudgeContext, open_judge
from mmjudge.sources.folder import open_task
from mmjudge.types import Media

ROOT = Path(__file__).resolve().parents[1]
PAIRS, IMAGES, TEXTS = 2000, 400, 200


def config(width: int, layers: int, size: int, patch: int) -> dict:
    vision = {"image_size": size, "layers": layers, "width": width, "patch_size": patch}
    text = {"context_length": 77, "vocab_size": 49408, "width": width, "heads": width // 32}
    return {"embed_dim": width, "vision_cfg": vision, "text_cfg": {**text, "layers": layers}}


def saved(folder: Path, model: dict) -> Path:
    torch.manual_seed(0)
    folder.mkdir()
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": model}))
    state = {k: v.contiguous() for k, v in open_clip.CLIP(**model).state_dict().items()}
    save_file(state, folder / "open_clip_model.safetensors")
    return folder


def workload(pixels: int):
    rng = np.random.default_rng(0)
    media = {}
    for place in range(IMAGES):
        small = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        image = Image.fromarray(small).resize((pixels, pixels), Image.Resampling.BICUBIC)
        media[Media(modality="image", uri=f"{place}.png")] = image
    names = list(media)
    texts = [f"picture number {place} of a house and {place % 7} dogs" for place in range(TEXTS)]
    pairs = []
    for place in range(PAIRS):
        first, second = rng.choice(IMAGES, 2, replace=False)
        pairs.append((texts[place % TEXTS], names[first], names[second]))
    return pairs, texts, media


def seconds(run: Callable[[], object], cuda: bool) -> float:
    start = time.perf_counter()
    run()
    if cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - start


class Case:
    """A model, as a judge and bare."""

    def __init__(self, path: Path, device: str, pixels: int) -> None:
        self.spec, self.device = f"clip:{path}", device
        self.context = JudgeContext(open_task(str(ROOT / "assets" / "demo"), None), "pair")
        self.pairs, self.texts, self.media = workload(pixels)
        precision = "bf16" if device == "cuda" else "fp32"
        self.dtype = torch.bfloat16 if device == "cuda" else torch.float32
        self.model, _, self.transform = open_clip.create_model_and_transforms(
            f"local-dir:{path}", device=device, precision=precision
        )
        self.model.eval()
        self.tokenizer = open_clip.get_tokenizer(f"local-dir:{path}")

    def judge(self):
        """A fresh one, with nothing encoded; loading it is not measured."""
        return open_judge(self.spec, self.context, {"device": self.device})

    def score(self, judge) -> np.ndarray:
        """Scores of both images of each pair, by the judge."""
        asked = [((text,), (image,)) for text, *both in self.pairs for image in both]
        return judge.scorer.score(asked, self.media)

    @torch.inference_mode()
    def loop(self) -> np.ndarray:
        """The same, pair by pair."""
        scores = []
        for text, *both in self.pairs:
            read = self.model.encode_text(self.tokenizer([text]).to(self.device), normalize=True)
            seen = self.images([self.media[image] for image in both])
            scores += (seen @ read.T)[:, 0].float().cpu().tolist()
        return np.array(scores)

    def images(self, images) -> torch.Tensor:
        """Embeddings of images."""
        pixels = torch.stack([self.transform(image) for image in images])
        return self.model.encode_image(pixels.to(self.device, self.dtype), normalize=True)

    @torch.inference_mode()
    def bare(self, size: int) -> None:
        """Each distinct input once, in batches, transform and forward pass in turn."""
        images = list(self.media.values())
        for start in range(0, len(images), size):
            self.images(images[start : start + size]).cpu()
        for start in range(0, len(self.texts), size):
            tokens = self.tokenizer(self.texts[start : start + size]).to(self.device)
            self.model.encode_text(tokens, normalize=True).cpu()

    @torch.inference_mode()
    def prepared(self, size: int) -> Callable[[], None]:
        """Forward passes alone, over tensors made beforehand: no preparing, the strictest bare."""
        pixels = torch.stack([self.transform(image) for image in self.media.values()])
        tokens = self.tokenizer(self.texts)

        @torch.inference_mode()
        def run() -> None:
            for chunk in pixels.to(self.dtype).split(size):
                self.model.encode_image(chunk.to(self.device), normalize=True).cpu()
            for chunk in tokens.split(size):
                self.model.encode_text(chunk.to(self.device), normalize=True).cpu()

        return run


def show(name: str, value: float, limit: float | None) -> bool:
    reached = limit is None or value >= limit
    aim = "" if limit is None else f"at least {limit:g}  {'reached' if reached else 'NOT REACHED'}"
    print(f"{name:<64} {value:>8.2f} x  {aim}", flush=True)
    return reached


def medians(runs: dict[str, Callable[[], object]], rounds: int, cuda: bool) -> dict[str, float]:
    """Seconds of each run: medians over rounds in which every one has its turn."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            taken[name].append(seconds(run, cuda))
    return {name: statistics.median(times) for name, times in taken.items()}


def fresh(case: Case, rounds: int) -> Callable[[], np.ndarray]:
    """Score with a judge that has encoded nothing yet; loading it is not measured."""
    judges = [case.judge() for _ in range(rounds)]
    return lambda: case.score(judges.pop())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1, help="of torch; the rest prepares")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    cuda = chosen.device == "cuda"
    small = config(64, 2, 64, 16)
    large = config(768, 12, 224, 32) if cuda else config(384, 6, 224, 32)
    size = 256 if cuda else 32
    with tempfile.TemporaryDirectory() as name:
        one = Case(saved(Path(name) / "small", small), chosen.device, 256)
        two = Case(saved(Path(name) / "large", large), chosen.device, 256)
        gap = np.abs(one.score(one.judge()) - one.loop()).max()
        print(f"largest difference of a score from the loop's: {gap:.1e}")
        loop = medians({"ours": fresh(one, chosen.rounds), "loop": one.loop}, chosen.rounds, cuda)
        two.score(two.judge())
        bare = medians(
            {
                "ours": fresh(two, chosen.rounds),
                "bare": lambda: two.bare(size),
                "prepared": two.prepared(size),
            },
            chosen.rounds,
            cuda,
        )
    reached = [
        show("2,000 pairs: loop over pairs / scorer", loop["loop"] / loop["ours"], 10),
        show("distinct inputs: rate / bare encoder's", bare["bare"] / bare["ours"], 0.85),
        show("the same, forward passes alone", bare["prepared"] / bare["ours"], None),
    ]
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
