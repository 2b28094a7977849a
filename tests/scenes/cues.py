"""What can be seen of a candidate alone, and whether that tells which candidate is right."""

import io
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy import stats
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mmjudge.scenes.facts import Scene

Cues = dict[str, float]

MODELS = {
    "logistic regression": lambda: make_pipeline(
        StandardScaler(), LogisticRegression(C=0.3, max_iter=500)
    ),
    "boosted trees": lambda: HistGradientBoostingClassifier(max_iter=40, random_state=0),
}


def of_scene(scene: Scene) -> Cues:
    """How often each value of each attribute is there, and how many things."""
    found: Counter[str] = Counter()
    for thing in scene.things:
        found["things"] += 1
        for attribute, value in vars(thing).items():
            if attribute not in ("name", "mover"):
                found[f"{attribute}={value}"] += 1
            if attribute == "count":
                found["objects"] += value
    return {name: float(number) for name, number in found.items()}


def of_text(text: str) -> Cues:
    words = re.findall(r"[a-z]+|\d", text.lower())
    return {
        "characters": float(len(text)),
        "words": float(len(words)),
        "clauses": float(len(re.split("[.;\n]", text))),
        "commas": float(text.count(",")),
        **{f"word {word}": float(number) for word, number in Counter(words).items()},
    }


def of_image(content: bytes) -> Cues:
    pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), np.float32)
    grey = pixels.mean(-1)
    saturation = pixels.max(-1) - pixels.min(-1)
    return {
        "bytes": float(len(content)),
        "side": float(pixels.shape[0]),
        "brightness": float(grey.mean()),
        "contrast": float(grey.std()),
        "edges": float(np.abs(np.diff(grey)).mean()),
        "saturation": float(saturation.mean()),
        "coloured": float((saturation > 60).mean()),
        **{f"channel {i}": float(pixels[..., i].mean()) for i in range(3)},
        **{f"left {i}": float(pixels[:, : len(pixels) // 2, i].mean()) for i in range(3)},
    }


def of_file(path: Path) -> Cues:
    content = path.read_bytes()
    if path.suffix in (".png", ".jpg"):
        return of_image(content)
    if path.suffix == ".mp4":
        return {"bytes": float(len(content))} | of_frames(path)
    import soundfile

    samples, rate = soundfile.read(path)
    return {
        "bytes": float(len(content)),
        "flac": float(path.suffix == ".flac"),
        "seconds": len(samples) / rate,
        "level": float(np.sqrt((samples**2).mean())),
        "peak": float(np.abs(samples).max()),
        "crossings": float((np.diff(np.sign(samples)) != 0).mean()),
    }


def of_frames(path: Path) -> Cues:
    import av

    with av.open(str(path)) as container:
        frames = [f.to_ndarray(format="gray").astype(np.float32) for f in container.decode(video=0)]
    moving = [float(np.abs(b - a).mean()) for a, b in pairwise(frames)]
    return {
        "frames": float(len(frames)),
        "brightness": float(frames[0].mean()),
        "contrast": float(frames[0].std()),
        "motion": float(np.mean(moving)),
        "most motion": float(np.max(moving)),
    }


def table(rows: list[Cues]) -> np.ndarray:
    """Cues as a matrix; rare ones are left out, so that nothing is learnt by heart."""
    often = Counter(name for row in rows for name in row)
    names = sorted(name for name, number in often.items() if number >= 0.02 * len(rows))
    return np.array([[row.get(name, 0.0) for name in names] for row in rows])


def chance_of_guessing(pairs: list[tuple[Cues, Cues, bool]]) -> dict[str, Any]:
    """How well each model tells the better of two, from each alone, on pairs it has not seen.

    One half is learnt from and the other told: told pairs are independent of the model, so what it
    gets right by chance is binomial (which it is not over the folds of a cross-validation).

    Args:
        pairs: Cues of the first and of the second, and whether the first is better.

    Returns:
        For each model the share of pairs told right, and the probability of so many or more by
        fair coins.
    """
    x = table([cues for one, other, _ in pairs for cues in (one, other)])
    y = np.array([better for *_, first in pairs for better in (first, not first)])
    half = len(pairs) // 2 * 2
    found = {}
    for name, model in MODELS.items():
        score = model().fit(x[:half], y[:half]).predict_proba(x[half:])[:, 1]
        margin, first = score[::2] - score[1::2], y[half::2]
        # Equal scores are half right.
        right = int(((margin > 0) == first)[margin != 0].sum() + (margin == 0).sum() // 2)
        p = float(stats.binomtest(right, len(first), 0.5, "greater").pvalue)
        found[name] = {"right": right / len(first), "p": p, "n": len(first)}
    return found
