"""What is said of a line that is no record."""

import pytest
from pydantic import BaseModel, ValidationError

from mmjudge.jsonl import explain
from mmjudge.types import Item, Judgment

ITEM = {"id": "1", "prompt": ["p"], "candidates": [{"id": "a", "parts": ["x"]}]}


@pytest.mark.parametrize(
    ("record", "content", "problem"),
    [
        (
            Item,
            ITEM | {"gold": {"q": {"kind": "answers", "answers": [True]}}},
            "gold.q.answers.0: Input should be a valid string, found True",
        ),
        (
            Item,
            ITEM | {"gold": {"steps": {"kind": "steps", "errors": [None, 3]}}},
            "gold.steps.errors.1: Input should be a valid string, found 3",
        ),
        (
            Item,
            ITEM | {"candidates": [{"id": "a", "parts": []}]},
            "candidates.0.parts: Tuple should have at least 1 item after validation, not 0, "
            "found []",
        ),
    ],
)
def test_a_problem_is_said_once_by_the_fields_that_lead_to_it(
    record: type[BaseModel], content: dict[str, object], problem: str
):
    with pytest.raises(ValidationError) as error:
        record.model_validate(content)
    assert explain(error.value) == problem


def test_the_kind_of_an_outcome_is_no_field():
    with pytest.raises(ValidationError) as error:
        Judgment.model_validate({"outcome": {"kind": "steps", "errors": [3]}})
    assert "outcome.errors.0: Input" in explain(error.value)
