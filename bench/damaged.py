"""How much damage inside files is found without a sha256: `python bench/damaged.py`.

Counts, not ratios of time: seeded damage of three ways (bits flipped, parts overwritten by others
or by zeros), each file decoded by each library that takes it. `found` failed, `equal` gave the
pixels of the undamaged file, `passed` gave others.
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from mmjudge.media import MediaError, decode_audio, decode_image, decode_video
from mmjudge.types import Sampling
from tests.media.damaged import WAYS, damage, originals

COPIES = 100
"""Damaged copies of a file for each way."""

LIBRARIES = {"image": ("pillow",), "video": ("pyav", "decord", "torchcodec"), "audio": ("",)}


def decoded(path: Path, modality: str, library: str) -> Any:
    if modality == "image":
        return np.asarray(decode_image(path.read_bytes(), path.name))
    if modality == "audio":
        return decode_audio(path, path.name, Sampling()).samples
    sampling = Sampling(frames=8, backend=library)  # type: ignore[arg-type]
    return decode_video(path, path.name, sampling).frames


def counted(whole: Path, modality: str, library: str, copy: Path) -> Counter[str]:
    """What came of the damaged copies of a file."""
    good, content = decoded(whole, modality, library), whole.read_bytes()
    rng = np.random.default_rng(11)
    found: Counter[str] = Counter()
    for way in WAYS[1:]:
        for _ in range(COPIES):
            copy.write_bytes(damage(content, way, rng))
            try:
                same = np.array_equal(decoded(copy, modality, library), good)
            except MediaError:
                found["found"] += 1
            else:
                found["equal" if same else "passed"] += 1
    return found


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for modality, files in originals(folder / "whole").items():
            for library in LIBRARIES[modality]:
                for whole in files:
                    try:
                        found = counted(whole, modality, library, folder / f"x{whole.suffix}")
                    except MediaError as error:
                        print(f"{library}: NOT MEASURED: {error}")
                        break
                    counts = "  ".join(f"{k} {found[k]:4}" for k in ("found", "equal", "passed"))
                    print(f"{modality:6} {library:11} {whole.name:16} {counts}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
