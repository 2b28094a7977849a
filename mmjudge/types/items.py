"""What is judged: media, candidates, criteria with their scales and questions, items with gold."""

from collections.abc import Iterable
from operator import not_
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from mmjudge.types.base import Record
from mmjudge.types.verdicts import Gold, PreferenceValue


class Media(Record):
    """One image, video or sound, by reference.

    `uri` is a path relative to the task's root, or `hf://...`. With `sha256` the file is checked
    before it is decoded. `changes` are made to what was decoded, one after the other, each written
    as in `jpeg(quality=10)`; `mmjudge.media.changes` knows them. Without any, nothing is written of
    them, so that hashes of items stay what they were.
    """

    modality: Literal["image", "video", "audio"]
    uri: str = Field(min_length=1)
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    changes: tuple[str, ...] = Field(default=(), exclude_if=not_)

    @property
    def content(self) -> str:
        """What tells its content from that of others of its modality: the file, and the changes.

        Example:
            >>> Media(modality="image", uri="a.png").content
            'a.png'
        """
        return "\0".join((self.sha256 or self.uri, *self.changes))

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Fields to show: judges draw seeds from it, which stay the same without changes."""
        return [
            (name, value) for name, value in super().__repr_args__() if name != "changes" or value
        ]


Part = str | Media

Parts = tuple[Part, ...]


class Candidate(Record):
    """One thing to be judged. `system` is who made it, if known; a judge never sees it."""

    id: str = Field(min_length=1)
    parts: Parts = Field(min_length=1)
    system: str | None = None


class Scale(Record):
    """What a score may be: from `lowest` to `highest`, whole numbers unless `integer` is false.

    `labels` names the levels from lowest to highest; a judge may answer with the words.
    """

    lowest: float = 1
    highest: float = 5
    integer: bool = True
    labels: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _levels_fit(self) -> Self:
        if self.lowest >= self.highest:
            raise ValueError(f"lowest {self.lowest:g} must be below highest {self.highest:g}")
        levels = int(self.highest - self.lowest) + 1
        if self.labels and len(self.labels) != levels:
            raise ValueError(f"labels: {levels} levels need {levels}, found {len(self.labels)}")
        return self


class Question(Record):
    """One question of a checklist.

    `wanted` is the one of `answers` that speaks for the candidate; a judge is not told which.
    `parents`: ids of questions that stand before it and without whose wanted answer this one means
    nothing, so that it counts as not met. `kind`: what it is about, such as `color`.
    """

    id: str = Field(min_length=1)
    text: str = Field(min_length=1)
    answers: tuple[str, ...] = Field(default=("yes", "no"), min_length=2)
    wanted: str = "yes"
    parents: tuple[str, ...] = ()
    kind: str = ""

    @model_validator(mode="after")
    def _wanted_is_an_answer(self) -> Self:
        folded = [answer.strip().casefold() for answer in self.answers]
        if len(set(folded)) != len(folded) or "" in folded:
            raise ValueError(f"answers: must differ in more than case, found {list(self.answers)}")
        if self.wanted not in self.answers:
            raise ValueError(f"wanted: one of {list(self.answers)}, found {self.wanted!r}")
        return self


class Criterion(Record):
    """What is judged.

    `options` are the answers that a pair offers; `scale` is what a score may be (None: any number);
    `subscores`: a judge may give these in turn, and the lowest is the score; `error_types`: what
    may be wrong with a step (none: a step is right or wrong).
    """

    name: str = Field(min_length=1)
    question: str
    rubric: str = ""
    options: tuple[PreferenceValue, ...] = ("first", "second", "tie")
    scale: Scale | None = None
    subscores: tuple[str, ...] = ()
    error_types: tuple[str, ...] = Field(default=(), exclude_if=not_)


class Item(Record):
    """One thing to judge, with its gold.

    `candidates`: 1 for score, checklist and steps, 2 for pair, 2 or more for rank; in steps each
    part of the candidate is one step. `criteria`: names of those that this item is judged on; empty
    for all of the task's. `checklists`: the questions of each criterion that has a checklist here.
    `strata`: axis to value, for breakdowns.
    `absent`: what of the item is not at hand, a placeholder standing for it; only recorded judges,
    and those that do not look, may answer then. `in_words`: what media of the item show or say, in
    words, by their uri: a caption, a transcript; no judge is shown it, but a probe that asks about
    the words instead.
    """

    id: str = Field(min_length=1)
    prompt: Parts
    candidates: tuple[Candidate, ...] = Field(min_length=1)
    reference: Parts | None = None
    criteria: tuple[str, ...] = ()
    gold: dict[str, Gold] = Field(default_factory=dict)
    checklists: dict[str, tuple[Question, ...]] = Field(default_factory=dict, exclude_if=not_)
    strata: dict[str, str] = Field(default_factory=dict)
    absent: str | None = None
    in_words: dict[str, Annotated[str, Field(pattern=r"\S")]] = Field(
        default_factory=dict, exclude_if=not_
    )

    @model_validator(mode="after")
    def _words_are_of_media(self) -> Self:
        shown = (self.prompt, self.reference or (), *(one.parts for one in self.candidates))
        known = {part.uri for parts in shown for part in parts if isinstance(part, Media)}
        if strange := sorted(set(self.in_words) - known):
            raise ValueError(f"in_words: no medium of the item has the uri {strange[0]!r}")
        return self

    @model_validator(mode="after")
    def _questions_follow_their_parents(self) -> Self:
        for name, questions in self.checklists.items():
            before: set[str] = set()
            for question in questions:
                if strange := [one for one in question.parents if one not in before]:
                    raise ValueError(
                        f"checklists.{name}: question {question.id!r} has the parent "
                        f"{strange[0]!r}, which no question before it has as its id"
                    )
                if question.id in before:
                    raise ValueError(f"checklists.{name}: two questions of the id {question.id!r}")
                before.add(question.id)
            if not questions:
                raise ValueError(f"checklists.{name}: a checklist needs a question")
        return self
