"""The five files of JudgeAnything, and how their rows belong together."""

import ast
from contextlib import suppress
from typing import Annotated, Literal, NamedTuple

from pydantic import BeforeValidator, Field

from mmjudge.errors import TaskError
from mmjudge.sources.public_rows import PublicRow
from mmjudge.types import Media, Part

PROMPTS = "dataset/X2XRawBenchmark"
RESPONSES = "dataset/ResponseCollection"
"""Folders below which the media of prompts and of responses lie."""


def _paths(value: object) -> object:
    """One path or several; some copies write a list as text."""
    if isinstance(value, str) and value.startswith("["):
        with suppress(ValueError, SyntaxError):
            value = ast.literal_eval(value)
    return (value,) if isinstance(value, str) else value or ()


Paths = Annotated[tuple[str, ...], BeforeValidator(_paths)]
MODALITIES = "Text|Image|Video|Audio"


class Query(PublicRow):
    """A row of `TaskAnything.json`: one of 100 queries of a category such as `Image2Text`."""

    uniq_id: str = Field(min_length=1)
    task_name: str = Field(pattern=rf"^({MODALITIES}|AudioVideo)2({MODALITIES})$")
    question: str
    image_path: Paths = ()
    video_path: Paths = ()
    audio_path: Paths = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its media, then its words."""
        media = (("image", self.image_path), ("video", self.video_path), ("audio", self.audio_path))
        shown = [medium(kind, f"{PROMPTS}/{path}") for kind, paths in media for path in paths]
        return (*shown, self.question)

    @property
    def strata(self) -> dict[str, str]:
        """Its category, and whether that asks to understand or to generate."""
        ability = "understanding" if self.task_name.endswith("2Text") else "generation"
        return {"ability": ability, "category": self.task_name}


class Content(PublicRow):
    """What a model made: a text, or the paths of media."""

    type: Literal["text", "image", "video", "audio"]
    content: str | tuple[str, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        """The text, or the media."""
        made = (self.content,) if isinstance(self.content, str) else self.content
        if self.type == "text":
            return made
        return tuple(medium(self.type, f"{RESPONSES}/{path}") for path in made)


class Response(PublicRow):
    """A row of `JudgeAnything.json`: one of four responses to a query."""

    uniq_id: str
    model_name: str = Field(min_length=1)
    response: Content


Rubric = Literal[
    "overall_score",
    "relevance",
    "trustworthiness",
    "creativity",
    "clarity",
    "coherence",
    "completeness",
]


class PairLabel(PublicRow):
    """A row of `Human_Pairing.json`: 0 for the first model, 1 for a tie, 2 for the second."""

    uniq_id: str
    rubric_name: Rubric
    model_pair: str = Field(pattern=r"._vs_.")
    choice: Annotated[Literal["0", "1", "2"], BeforeValidator(str)]

    @property
    def models(self) -> tuple[str, ...]:
        """The two models, in the order of the label."""
        return tuple(self.model_pair.split("_vs_", 1))


class ScoreLabel(PublicRow):
    """A row of `Human_Scoring.json`."""

    uniq_id: str
    rubric_name: Rubric
    model_name: str
    score: int = Field(ge=1, le=5)

    @property
    def models(self) -> tuple[str, ...]:
        """The one model."""
        return (self.model_name,)


class Checklist(PublicRow):
    """A row of `checklist.json`: what to look at in a response to a query under a rubric."""

    uniq_id: str
    rubric: Rubric
    checklists: tuple[str, ...] = Field(min_length=1)


class Asked(NamedTuple):
    """A query with its responses."""

    query: Query
    responses: tuple[Response, ...]

    def response(self, model: str) -> Response:
        """The response of a model; a label may name the model by a part of its name.

        Raises:
            TaskError: None of the responses is of such a model, or several are.
        """
        same = [one for one in self.responses if one.model_name == model]
        near = [one for one in self.responses if model.lower() in one.model_name.lower()]
        found = same or near
        if len(found) != 1:
            names = [one.model_name for one in self.responses]
            raise TaskError(f"{self.query.uniq_id}: a model of {names} is needed, found {model!r}")
        return found[0]


def medium(modality: str, uri: str) -> Media:
    """A medium by its path in the repository."""
    return Media.model_validate({"modality": modality, "uri": uri})


def short_id(name: str) -> str:
    """A query's id as labels may write it: the last two of its parts.

    Example:
        >>> short_id("1732019006_376_7b6a1840"), short_id("34d8478e")
        ('376_7b6a1840', '34d8478e')
    """
    return "_".join(name.split("_")[-2:])
