"""Records: frozen, strict, finite, and the same after a round trip."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mmjudge.types import (
    Candidate,
    Criterion,
    Failure,
    Item,
    Judgment,
    Media,
    MetricResult,
    Preference,
    PreferenceGold,
    Ranking,
    RankingGold,
    Record,
    Reply,
    Scale,
    Score,
    ScoreGold,
    TaskCard,
    TaskSpec,
)

SPEC = TaskSpec(
    name="t",
    protocols=("pair",),
    criteria=(Criterion(name="overall", question="?"),),
    modalities=("text",),
    card=TaskCard(summary="t"),
    primary="accuracy",
)
ITEM = Item(
    id="1",
    prompt=("p", Media(modality="image", uri="a.png", sha256="0" * 64)),
    candidates=(Candidate(id="a", parts=("x",), system="s"), Candidate(id="b", parts=("y",))),
    gold={
        "one": PreferenceGold(value="tie", ratings=("first", None)),
        "two": ScoreGold(value=2.5, ratings=(2, 3)),
        "three": RankingGold(ranks=(1, 2), ratings=((1, 2), None)),
    },
    strata={"domain": "x"},
)
JUDGMENT = Judgment(
    key="0" * 32,
    item="1",
    protocol="pair",
    criterion="overall",
    order=(1, 0),
    judge="j",
    reply=Reply(text="A", tokens_in=3),
    outcome=Failure(reason="empty"),
)
RECORDS = [SPEC, ITEM, JUDGMENT, Ranking(ranks=(1, 1)), Score(value=0), Preference(value="tie")]


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: type(r).__name__)
def test_json_and_back_is_the_same_record(record: Record):
    assert type(record).model_validate_json(record.model_dump_json()) == record


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: type(r).__name__)
def test_a_record_cannot_be_changed(record: Record):
    name = next(iter(type(record).model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(record, name, getattr(record, name))


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: type(r).__name__)
def test_an_unknown_field_is_refused_by_name(record: Record):
    content = record.model_dump() | {"surprise": 1}
    with pytest.raises(ValidationError, match=r"surprise\n.*not permitted"):
        type(record).model_validate(content)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e309"])
@pytest.mark.parametrize(
    ("record", "field"),
    [
        (Score, '{"value": %s}'),
        (ScoreGold, '{"value": 1, "ratings": [%s]}'),
        (Ranking, '{"ranks": [1, %s]}'),
        (Reply, '{"scores": [%s]}'),
        (Reply, '{"probabilities": {"A": %s}}'),
        (Scale, '{"lowest": 0, "highest": %s}'),
    ],
)
def test_what_is_not_a_finite_number_is_refused(record: type[Record], field: str, number: str):
    with pytest.raises(ValidationError):
        record.model_validate_json(field % number)


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_a_score_keeps_every_bit(value: float):
    assert Score.model_validate_json(Score(value=value).model_dump_json()).value == value


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_text_keeps_every_character(text: str):
    assert Reply.model_validate_json(Reply(text=text).model_dump_json()).text == text


def test_a_lone_surrogate_is_refused_at_the_door():
    with pytest.raises(ValidationError):
        Reply(text="\ud800")
    with pytest.raises(ValidationError):
        Reply.model_validate_json(b'{"text": "\\ud800"}')


@pytest.mark.parametrize(
    ("record", "content"),
    [
        (Media, {"modality": "image", "uri": ""}),
        (Media, {"modality": "image", "uri": "a", "sha256": "0" * 63}),
        (Media, {"modality": "smell", "uri": "a"}),
        (Candidate, {"id": "a", "parts": []}),
        (Candidate, {"id": "", "parts": ["x"]}),
        (Item, {"id": "1", "prompt": ["p"], "candidates": []}),
        (Preference, {"value": "A"}),
        (Ranking, {"ranks": [1]}),
        (Ranking, {"ranks": [0, 1]}),
        (Failure, {"reason": "tired"}),
        (Scale, {"lowest": 5, "highest": 5}),
        (Scale, {"lowest": 1, "highest": 3, "labels": ["a", "b"]}),
        (TaskSpec, SPEC.model_dump() | {"name": "Bad Name"}),
        (TaskSpec, SPEC.model_dump() | {"protocols": []}),
    ],
)
def test_what_makes_no_sense_is_refused(record: type[Record], content: dict[str, object]):
    with pytest.raises(ValidationError):
        record.model_validate(content)


def test_a_failure_is_told_from_a_verdict_by_its_kind():
    text = JUDGMENT.model_dump_json()
    assert isinstance(Judgment.model_validate_json(text).outcome, Failure)
    with pytest.raises(ValidationError, match="kind"):
        Judgment.model_validate(JUDGMENT.model_dump() | {"outcome": {"reason": "empty"}})


def test_a_task_names_the_criterion_that_is_asked_for():
    assert SPEC.criterion("overall") is SPEC.criteria[0]
    with pytest.raises(KeyError):
        SPEC.criterion("other")


def test_an_undefined_figure_is_none_and_never_nan():
    with pytest.raises(ValidationError):
        MetricResult(metric="m", task="t", criterion="c", value=float("nan"), n_items=0, n_failed=0)
