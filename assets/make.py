"""Makes what is embedded: the pack of scenes, and `manifest.toml`, which names it and the judges.

    python assets/make.py               # the pack anew, then the manifest
    python assets/make.py --manifest    # the manifest only: after a judge came, went or changed

A judge is a folder under `assets/models/` in the layout of the Hub. Its `README.md`, the card of
the model, begins with what the manifest says of it:

    ---
    license: cc0-1.0
    mmjudge:
      judge: clip                      # the kind that opens it: clip, dual or hf
      modalities: [text, image, video]
      made_by: python -m training.scenes_clip  # the command that made it
      summary: Cosine of caption and picture, trained on scenes.
    ---
"""

import argparse
import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from mmjudge.assets import MANIFEST, MODELS, PACK, SPEECH, Embedded
from mmjudge.errors import MmjudgeError
from mmjudge.jsonl import explain
from mmjudge.scenes.directions import DIRECTIONS
from mmjudge.scenes.levels import LevelName
from mmjudge.scenes.pack import Line, Wanted, described, fresh, lines, write_items, write_manifest
from mmjudge.types import ProtocolName

HERE = Path(__file__).parent
SEED = "mmjudge"
LICENCE = "CC0-1.0"

IMAGES = ("text->image", "image->text", "image->image")
SMALL = ("video->text", "text->audio", "audio->text")
"""Directions that come twice at level easy: of small files, and of families with few twins."""


def _part(each: int, level: LevelName, protocol: ProtocolName, directions: Sequence[str]) -> Wanted:
    items = each * len(directions)
    return Wanted(SEED, items, tuple(directions), (level,), (protocol,), compact=True)


def _other(*names: str) -> list[str]:
    return [name for name in DIRECTIONS if name not in names]


def _unmixed(*names: str) -> list[str]:
    return [name for name in _other(*names) if "rank" in DIRECTIONS[name].protocols]


PARTS = (
    _part(12, "easy", "pair", SMALL),
    _part(6, "easy", "pair", _other(*SMALL)),
    _part(10, "easy", "score", SMALL),
    _part(5, "easy", "score", _unmixed(*SMALL)),
    _part(4, "easy", "rank", _unmixed("image->image")),
    _part(6, "medium", "pair", _other("text->video", "text->audio", "text->audio+text")),
    _part(5, "medium", "score", IMAGES),
    _part(4, "medium", "rank", IMAGES),
)
"""What the pack is made of: pairs by the six, scores by the five, rankings by the four, since gold
is balanced in so many. What takes most room is left out: noisy sounds, long films, sets of PNGs."""


def whole() -> Wanted:
    """What has the card of all parts together."""
    levels = tuple(dict.fromkeys(level for part in PARTS for level in part.levels))
    return Wanted(SEED, sum(part.items for part in PARTS), levels=levels, compact=True)


def make_pack(folder: Path, workers: int = 2) -> dict[str, Any]:
    """Write the pack into a new folder.

    Returns:
        Its manifest.
    """
    with fresh(whole(), folder):
        files = write_items(whole(), folder, folder, _lines(folder, workers))
        about = {"seed": SEED, "parts": [described(part) for part in PARTS]}
        return write_manifest(folder, files, about)


def _lines(folder: Path, workers: int) -> Iterator[Line]:
    for part in PARTS:
        yield from lines(part, folder, workers)


def entries(base: Path = HERE) -> list[Embedded]:
    """What the manifest should say of the folders that are there.

    Raises:
        MmjudgeError: The card of a judge, or of the recordings, lacks something.
    """
    found = []
    if (base / PACK).is_dir():
        found.append(_entry(base, PACK, _pack_facts(base / PACK)))
    for folder in sorted((base / MODELS).glob("*/")):
        found.append(_entry(base, f"{MODELS}/{folder.name}", _card_facts(folder)))
    if (base / SPEECH).is_dir():
        found.append(_entry(base, SPEECH, _card_facts(base / SPEECH)))
    return found


def _entry(base: Path, path: str, facts: dict[str, Any]) -> Embedded:
    files = sorted(file for file in (base / path).rglob("*") if file.is_file())
    whole = hashlib.sha256()
    for file in files:
        name = file.relative_to(base / path).as_posix()
        whole.update(f"{name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    size = sum(file.stat().st_size for file in files)
    told = {"path": path, "sha256": whole.hexdigest(), "bytes": size, **facts}
    try:
        return Embedded.model_validate(told)
    except ValidationError as error:
        raise MmjudgeError(f"{base / path / 'README.md'}: mmjudge: {explain(error)}") from error


def _pack_facts(folder: Path) -> dict[str, Any]:
    count = sum(len(file.read_bytes().splitlines()) for file in folder.glob("items.*.jsonl"))
    summary = f"{count} generated items, twins counted, in image, video, audio and text."
    return {"licence": LICENCE, "made_by": "python assets/make.py", "summary": summary}


def _card_facts(folder: Path) -> dict[str, Any]:
    card = folder / "README.md"
    try:
        head = yaml.safe_load(card.read_text(encoding="utf-8").split("---\n")[1])
        return {"licence": head["license"], **head["mmjudge"]}
    except (OSError, IndexError, KeyError, TypeError, yaml.YAMLError) as error:
        raise MmjudgeError(
            f"{card}: begins with license, and mmjudge with judge, modalities, made_by and "
            f"summary, as assets/make.py shows; found {type(error).__name__}: {error}"
        ) from error


def manifest_text(found: list[Embedded]) -> str:
    """The manifest as TOML."""
    blocks = ["# Written by: python assets/make.py\n"]
    for entry in found:
        fields = entry.model_dump(mode="json", exclude_defaults=True)
        # Texts, whole numbers and lists of texts are written alike in JSON and in TOML.
        told = (f"{k} = {json.dumps(v, ensure_ascii=False)}\n" for k, v in fields.items())
        blocks.append("[[embedded]]\n" + "".join(told))
    return "\n".join(blocks)


def main() -> None:
    """Make the pack, unless only the manifest is asked for, and write the manifest."""
    parser = argparse.ArgumentParser(description="Make what is embedded.")
    parser.add_argument("--manifest", action="store_true", help="leave the pack as it is")
    if not parser.parse_args().manifest:
        shutil.rmtree(HERE / PACK, ignore_errors=True)
        make_pack(HERE / PACK)
    try:
        found = entries()
    except MmjudgeError as error:
        parser.exit(2, f"error: {error}\n")
    (HERE / MANIFEST).write_text(manifest_text(found), encoding="utf-8")
    for entry in found:
        print(f"{entry.path}: {entry.bytes / 1e6:.1f} MB, {entry.summary}")


if __name__ == "__main__":
    main()
