"""The public copy: prompts from the Hub, images and ratings from two GitHub repositories."""

import csv
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from mmjudge.errors import TaskError
from mmjudge.jsonl import explain
from mmjudge.sources.github import FileAbsentError, GithubName, github_file, github_path
from mmjudge.sources.hub import HubName, hub_rows, media_cache
from mmjudge.task import BadItem
from mmjudge.types import Media, Parts

from .recording import Row, Shown

MUSEUM = GithubName("ChromAIca/ChromAIca.github.io", "062cb034569cf8146d84e905b30cc13526b6961a")
PEOPLE = GithubName("TIGER-AI-Lab/ImagenHub", "439f72c9c0dc9e698171b5ee9e94eea9a0853536")
RATERS = (1, 2, 3)
RATED_AS = {"DALLE2": "DALLE"}
"""Generators that the rating files call otherwise than their images' folders."""

Ratings = dict[str, dict[str, str]]


class Subtask(NamedTuple):
    """Where one of the four sub-tasks lies; `inputs` are folders of images to show first."""

    name: str
    hub: HubName
    split: str
    columns: tuple[str, ...]
    ratings: str
    generators: tuple[str, ...]
    inputs: tuple[str, ...] = ()


SUBTASKS = (
    Subtask(
        name="Text-Guided_IG",
        hub=HubName("ImagenHub/Text_to_Image", "8b9de17"),
        split="eval",
        columns=("uid", "prompt"),
        ratings="Text-To-Image",
        generators=("DALLE2", "DeepFloydIF", "OpenJourney", "SD", "SDXL"),
    ),
    Subtask(
        name="Mask-Guided_IE",
        hub=HubName(
            "ImagenHub/Mask_Guided_Image_Editing", "d04917bb6ec45e495005c5f790fe4ffc00e221cc"
        ),
        split="filtered",
        columns=("img_id", "turn_index", "instruction"),
        ratings="Mask-Guided_IE",
        generators=("BlendedDiffusion", "Glide", "SDInpaint", "SDXLInpaint"),
        inputs=("input",),
    ),
    Subtask(
        name="Subject-Driven_IE",
        hub=HubName("ImagenHub/Subject_Driven_Image_Editing", "b609381"),
        split="eval",
        columns=("uid", "subject"),
        ratings="Subject-Driven_IE",
        generators=("BLIPDiffusion_Edit", "DreamEdit", "PhotoSwap"),
        inputs=("input", "token"),
    ),
    Subtask(
        name="Multi-Concept_IC",
        hub=HubName(
            "ImagenHub/Multi_Subject_Driven_Image_Generation",
            "d28660c0b41ae4392a288d9ed93abc739ade3729",
        ),
        split="train",
        columns=("uid", "prompt"),
        ratings="Multi-Subject_IG",
        generators=("CustomDiffusion", "DreamBooth", "TextualInversion"),
        inputs=("input",),
    ),
)


def public_prompts() -> Iterator[tuple[list[Row], Shown] | BadItem]:
    """Yield each prompt with the rated images of its generators, sub-task by sub-task.

    Raises:
        TaskError: A source cannot be reached, or has other columns.
    """
    for subtask in SUBTASKS:
        ratings = [_ratings(subtask, rater) for rater in RATERS]
        rows = hub_rows(subtask.hub, None, subtask.split, subtask.columns)
        for place, row in enumerate(rows):
            uid = _uid(row)
            where = f"{subtask.hub} {subtask.split} row {place}"
            try:
                rated = [_rated(subtask, uid, name, ratings) for name in subtask.generators]
                yield rated, _shown(subtask, uid, row)
            except (FileAbsentError, _RatingError) as error:
                yield BadItem(id=f"{subtask.name}/{uid}", where=where, problem=str(error))


class _RatingError(Exception):
    """An image has no rating that can be read."""


def _uid(row: dict[str, Any]) -> str:
    if "uid" in row:
        return f"sample_{row['uid']}.jpg"
    return f"sample_{row['img_id']}_{row['turn_index']}.jpg"


def _ratings(subtask: Subtask, rater: int) -> Ratings:
    folder = f"eval/human_ratings/{subtask.ratings}"
    path = github_path(PEOPLE, f"{folder}/{subtask.ratings}_rater{rater}.tsv")
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            lines = csv.DictReader(text, delimiter="\t")
            wanted = ["uid", *(RATED_AS.get(name, name) for name in subtask.generators)]
            found = list(lines.fieldnames or ())
            if missing := [name for name in wanted if name not in found]:
                raise TaskError(f"{path}:1: columns {missing} are needed, found {found}")
            return {line["uid"]: line for line in lines}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TaskError(f"{path}: cannot be read: {error}") from error


def _rated(subtask: Subtask, uid: str, generator: str, ratings: list[Ratings]) -> Row:
    column = RATED_AS.get(generator, generator)
    cells = [each.get(uid, {}).get(column) for each in ratings]
    try:
        people = [json.loads(cell or "null") for cell in cells]
        row = {"task": subtask.name, "model": generator, "uid": uid, "human": people, "judges": {}}
        return Row.model_validate(row)
    except ValidationError as error:
        problem = explain(error)
    except ValueError as error:
        problem = str(error)
    raise _RatingError(f"ratings of {generator}: {problem}, found {cells}")


def _shown(subtask: Subtask, uid: str, row: dict[str, Any]) -> Shown:
    inputs = [_image(subtask, folder, uid) for folder in subtask.inputs]
    images = {name: _image(subtask, name, uid) for name in subtask.generators}
    return Shown(_prompt(row, inputs), images)


def _prompt(row: dict[str, Any], inputs: list[Media]) -> Parts:
    if "instruction" in row:
        return "Edit this image:", *inputs, f"Instruction: {row['instruction']}"
    if "subject" in row:
        image, token = inputs
        subject = str(row["subject"]).replace("_", " ")
        return (
            f"Replace the {subject} of this image:",
            image,
            f"by this {subject}, and keep everything else:",
            token,
        )
    if inputs:
        return "Make an image of the two things shown here:", *inputs, str(row["prompt"])
    return (str(row["prompt"]),)


def _image(subtask: Subtask, folder: str, uid: str) -> Media:
    kept = github_file(MUSEUM, f"Museum/ImagenHub_{subtask.name}/{folder}/{uid}")
    content = Path(media_cache() / kept).read_bytes()
    return Media(modality="image", uri=kept, sha256=hashlib.sha256(content).hexdigest())
