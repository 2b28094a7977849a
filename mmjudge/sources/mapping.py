"""Which columns of a Hub dataset are which fields of an item: the YAML of a task without code."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from mmjudge.types import PreferenceValue, Record

Place = tuple[int | str, ...]
"""Where in `task.yaml` something stands."""

Step = Annotated[str, Field(min_length=1)]
"""The name of a column, with where to go in what it holds."""


class HubSource(Record):
    """The dataset, and which of its rows.

    `revision` is a commit or a tag, since a branch moves. `split` and `config` as the Hub names
    them. `files`: the parquet files of a local copy; left out, those whose path has the split in
    it.
    """

    dataset: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    revision: str = Field(pattern=r"^[\w./-]+$")
    split: str = "test"
    config: str | None = None
    files: str | None = None

    @field_validator("revision", mode="before")
    @classmethod
    def _is_text(cls, found: Any) -> Any:
        if isinstance(found, int | float):
            raise ValueError("a revision of digits alone must be quoted")
        return found


def _by_name(found: Any) -> Any:
    """A name alone is that of a column."""
    return {"column": found} if isinstance(found, str) else found


class Source(Record):
    """A column, or a text that is the same for all rows (`text`).

    `column` may go into what a column holds: `response.0`, `answer.text`. With `media` it holds an
    image, a video or a sound: its bytes, or its path in the dataset from `folder` on.
    """

    column: Step | None = None
    text: str | None = None
    media: Literal["image", "video", "audio"] | None = None
    folder: str = ""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.column is None) == (self.text is None):
            raise ValueError("either column or text is needed")
        if self.text is not None and self.media:
            raise ValueError("media come from a column, not from text")
        return self


def _by_questions(found: Any) -> Any:
    """A name alone is that of the column of questions."""
    return {"questions": found} if isinstance(found, str) else found


def word(found: Any) -> Any:
    """What is true or false, as the words of a question's answer; all else as it is.

    Example:
        >>> word(True), word("maybe")
        ('yes', 'maybe')
    """
    return {True: "yes", False: "no"}[found] if isinstance(found, bool) else found


Named = Annotated[Source, BeforeValidator(_by_name)]
Sources = Annotated[tuple[Named, ...], Field(min_length=1)]


class CandidateSource(Record):
    """One candidate: its parts, and who made it, if that is known."""

    parts: Sources
    id: Named | None = None
    system: Named | None = None


Answer = Annotated[str, BeforeValidator(word)]
"""A word of YAML: yes and no are meant as words, and not as truth values."""

RIGHT = "right"
"""What labels say of a step that nothing is wrong with."""


def _by_text(found: Any) -> Any:
    """Labels by the text of what a column says."""
    if not isinstance(found, dict):
        return found
    # True may be meant as that, or as yes: a column may say either.
    names = {str(name): coded for name, coded in found.items()}
    names |= {word(name): coded for name, coded in found.items() if isinstance(name, bool)}
    return {name: word(coded) for name, coded in names.items()}


class GoldSource(Record):
    """Where the gold of a criterion is: one of `column`, `scores`, `ranks` and `value`.

    `column` holds the verdict, coded as `labels` say; without labels it is as in an item: first,
    second, tie, both_good, both_bad, a number, or a list of ranks, of answers, or of what is wrong
    with each step (null, or the label `right`, if nothing is). `scores` are columns with a number
    for each candidate, the higher the better; `ranks` the same, the lower the better; `value` is
    the same for all rows. `ratings`: columns of what each annotator said, coded alike.
    """

    column: Step | None = None
    scores: tuple[Step, ...] = ()
    ranks: tuple[Step, ...] = ()
    value: PreferenceValue | None = None
    labels: Annotated[dict[str, float | str], BeforeValidator(_by_text)] = Field(
        default_factory=dict
    )
    ratings: tuple[Step, ...] = ()

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = [n for n in ("column", "scores", "ranks", "value") if getattr(self, n)]
        if len(given) != 1:
            found = ", ".join(given) or "none"
            raise ValueError(f"one of column, scores, ranks, value is needed, given: {found}")
        if self.labels and not self.column:
            raise ValueError("labels: they code what a column says, so a column is needed")
        return self


NamedGold = Annotated[GoldSource, BeforeValidator(_by_name)]


class ChecklistSource(Record):
    """Where the questions of a criterion are: columns of lists, with an entry for each question.

    `answers` are the words that all questions may be answered with; `wanted` holds the answer that
    speaks for the candidate, coded as `labels` say, the first of `answers` if left out. `parents`
    holds lists of the ids (`ids`) of questions on which one depends; without `ids` a question is
    called by its number from 1 on.
    """

    questions: Named
    answers: tuple[Answer, ...] = ("yes", "no")
    wanted: Named | None = None
    labels: Annotated[dict[str, str], BeforeValidator(_by_text)] = Field(default_factory=dict)
    ids: Named | None = None
    parents: Named | None = None
    kinds: Named | None = None

    @model_validator(mode="after")
    def _words_are_answers(self) -> Self:
        for word, coded in self.labels.items():
            if coded not in self.answers:
                allowed = ", ".join(self.answers)
                raise ValueError(f"labels.{word}: one of {allowed} is needed, found {coded!r}")
        return self


NamedQuestions = Annotated[ChecklistSource, BeforeValidator(_by_questions)]


class Columns(Record):
    """Which column is which field of an item; the fields are those of an item.

    Without `id` an item is called by the number of its row.
    """

    id: Named | None = None
    prompt: Sources
    candidates: tuple[CandidateSource, ...] = Field(min_length=1)
    reference: Sources | None = None
    gold: dict[str, NamedGold] = Field(default_factory=dict)
    checklists: dict[str, NamedQuestions] = Field(default_factory=dict)
    strata: dict[str, Named] = Field(default_factory=dict)


class Use(NamedTuple):
    """A column that is used, and where `task.yaml` says so."""

    column: str
    place: Place

    @property
    def first(self) -> str:
        """The column itself, where the name goes into what it holds."""
        return self.column.partition(".")[0]


def uses(columns: Columns) -> Iterator[Use]:
    """Every column that a mapping names."""
    yield from _used(columns, ("columns",))


def _used(found: Any, place: Place) -> Iterator[Use]:
    for name, value in _children(found):
        # That of a part is the whole part: `caption` is short for `{column: caption}`.
        at = place if isinstance(found, Source) else (*place, name)
        is_name = name == "column" or place[-1] in ("scores", "ranks", "ratings")
        if isinstance(value, str) and is_name:
            yield Use(value, at)
        elif not isinstance(value, str):
            yield from _used(value, at)


def _children(found: Any) -> Iterator[tuple[int | str, Any]]:
    """What a record, a mapping or a list holds, by name or place."""
    match found:
        case Record():
            yield from ((name, getattr(found, name)) for name in type(found).model_fields)
        case dict():
            yield from found.items()
        case tuple():
            yield from enumerate(found)


def dotted(place: Place) -> str:
    """A place as in messages.

    Example:
        >>> dotted(("columns", "prompt", 0))
        'columns.prompt.0'
    """
    return re.sub(r"\s+", " ", ".".join(map(str, place)))
