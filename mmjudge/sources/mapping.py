"""Which columns of a Hub dataset are which fields of an item: the YAML of a task without code."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from mmjudge.types import PreferenceValue, Record, TaskSpec

Place = tuple[int | str, ...]
"""Where in `task.yaml` something stands."""

Step = Annotated[str, Field(min_length=1)]


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


Named = Annotated[Source, BeforeValidator(_by_name)]
Sources = Annotated[tuple[Named, ...], Field(min_length=1)]


class CandidateSource(Record):
    """One candidate: its parts, and who made it, if that is known."""

    parts: Sources
    id: Named | None = None
    system: Named | None = None


class GoldSource(Record):
    """Where the gold of a criterion is: one of `column`, `scores`, `ranks` and `value`.

    `column` holds the verdict, coded as `labels` say; without labels it is as in an item: first,
    second, tie, both_good, both_bad, a number, or a list of ranks. `scores` are columns with a
    number for each candidate, the higher the better; `ranks` the same, the lower the better;
    `value` is the same for all rows. `ratings`: columns of what each annotator said, coded alike.
    """

    column: Step | None = None
    scores: tuple[Step, ...] = ()
    ranks: tuple[Step, ...] = ()
    value: PreferenceValue | None = None
    labels: dict[str, PreferenceValue | float] = Field(default_factory=dict)
    ratings: tuple[Step, ...] = ()

    @field_validator("labels", mode="before")
    @classmethod
    def _labels_are_text(cls, found: Any) -> Any:
        return {str(k): v for k, v in found.items()} if isinstance(found, dict) else found

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


class Columns(Record):
    """Which column is which field of an item; the fields are those of an item.

    Without `id` an item is called by the number of its row.
    """

    id: Named | None = None
    prompt: Sources
    candidates: tuple[CandidateSource, ...] = Field(min_length=1)
    reference: Sources | None = None
    gold: dict[str, NamedGold] = Field(default_factory=dict)
    strata: dict[str, Named] = Field(default_factory=dict)


class MappedSpec(TaskSpec):
    """What `task.yaml` of a mapped dataset says."""

    hub: HubSource
    columns: Columns

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.protocols) != 1:
            raise ValueError(f"protocols: a mapping is of one, found {list(self.protocols)}")
        protocol, found = self.protocols[0], len(self.columns.candidates)
        if protocol in ("checklist", "steps"):
            raise ValueError(
                f"protocols: a {protocol} cannot be mapped column by column; rows with the columns "
                "of an item (hub:owner/name, or items.jsonl) or a loader of your own can have one"
            )
        needed = {"pair": "2", "score": "1"}.get(protocol, "2 or more")
        if str(found) != needed and not (protocol == "rank" and found >= 2):
            raise ValueError(f"columns.candidates: a {protocol} needs {needed}, found {found}")
        known = [criterion.name for criterion in self.criteria]
        for name, gold in self.columns.gold.items():
            if name not in known:
                raise ValueError(f"columns.gold: no criterion {name!r}; the task has {known}")
            self._check_gold(name, gold)
        return self

    def _check_gold(self, name: str, gold: GoldSource) -> None:
        protocol, n = self.protocols[0], len(self.columns.candidates)
        at = f"columns.gold.{name}"
        for field in ("scores", "ranks"):
            given = getattr(gold, field)
            if given and (protocol == "score" or len(given) != n):
                raise ValueError(
                    f"{at}.{field}: one column for each candidate of a pair or ranking is needed "
                    f"({protocol} with {n}), found {len(given)}"
                )
        if gold.value and protocol != "pair":
            raise ValueError(f"{at}.value: only a pair has one, found protocol {protocol}")
        options = self.criterion(name).options
        for label, coded in gold.labels.items():
            if isinstance(coded, str) != (protocol == "pair") or protocol == "rank":
                wanted = {"pair": " or ".join(options), "score": "a number"}
                raise ValueError(
                    f"{at}.labels.{label}: {wanted.get(protocol, 'none for a ranking')} is needed, "
                    f"found {coded!r}"
                )


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
