"""Options of `openai:`: what is refused, and what makes it another judge."""

from typing import Any

import pytest

from mmjudge.errors import JudgeError
from mmjudge.judges.base import JudgeContext, open_judge
from mmjudge.types import Sampling
from tests.judges.openai_asked import opened

HERE = "http://127.0.0.1:1/v1"

WRONG = [
    ({"mode": "guess"}, "mode must be one of generate, logits, found 'guess'"),
    ({"structured": "yes"}, "structured must be one of none, json_schema"),
    ({"temperature": -1}, "temperature must be a number, at least 0, found -1"),
    ({"temperature": float("nan")}, "temperature must be a number"),
    ({"concurrency": 0}, "concurrency must be a number, at least 1, found 0"),
    ({"concurrency": "many"}, "concurrency must be int"),
    ({"seed": 1.5}, "seed must be a whole number"),
    ({"batch_size": True}, "batch_size must be a whole number"),
    ({"price_in": 1}, "give both"),
    ({"price_in": "a", "price_out": 1}, "price_in must be a number"),
    ({"extra": {"messages": []}}, "messages has an option of its own"),
    ({"modalities": "text,smell"}, "text and some of text, image, video, audio"),
    ({"modalities": "image"}, "must be text and"),
    ({"mode": "logits", "structured": "json_schema"}, "needs mode=generate"),
    ({"api_key": "x"}, "unknown option 'api_key'"),
]


@pytest.mark.parametrize(("options", "wanted"), WRONG)
def test_an_option_that_does_not_fit_is_refused(options: dict[str, Any], wanted: str):
    with pytest.raises(JudgeError) as refused:
        opened(HERE, **options)
    assert wanted in str(refused.value)


def test_a_judge_needs_the_name_of_a_model():
    context = JudgeContext(task=None, protocol="pair")  # type: ignore[arg-type]
    with pytest.raises(JudgeError, match="openai:MODEL"):
        open_judge("openai:", context, {"base_url": HERE})


MEANS: list[dict[str, Any]] = [
    {"concurrency": 3},
    {"batch_size": 5},
    {"attempts": 1},
    {"timeout_s": 1.0},
    {"give_up_s": 9.0},
    {"breaker": 2},
    {"price_in": 1.0, "price_out": 2},
    {"base_url": "https://127.0.0.1:1/v1/"},
    {"base_url": "http://user:word@127.0.0.1:1/v1?key=x"},
    {"limit_field": "max_completion_tokens"},
]


@pytest.mark.parametrize("options", MEANS, ids=str)
def test_how_a_run_is_carried_out_is_no_other_judge(options: dict[str, Any]):
    assert opened(HERE, **options).card.fingerprint == opened(HERE).card.fingerprint


SHAPES: list[dict[str, Any]] = [
    {"base_url": "http://127.0.0.1:2/v1"},
    {"base_url": "http://127.0.0.1:1/v2"},
    {"endpoint": "the same model elsewhere"},
    {"temperature": 0.1},
    {"temperature": None},
    {"max_tokens": 5},
    {"seed": 1},
    {"mode": "logits"},
    {"structured": "json_schema"},
    {"image": "jpeg"},
    {"detail": "low"},
    {"video": "url"},
    {"frames": 2},
    {"max_side": 64},
    {"extra": {"top_k": 1}},
]


@pytest.mark.parametrize("options", SHAPES, ids=str)
def test_what_shapes_an_answer_makes_another_judge(options: dict[str, Any]):
    assert opened(HERE, **options).card.fingerprint != opened(HERE).card.fingerprint


def test_a_model_that_moved_is_the_same_judge_under_the_name_of_its_endpoint():
    first = opened("http://127.0.0.1:1/v1", endpoint="lab")
    second = opened("http://127.0.0.1:2/v1", endpoint="lab")
    assert first.card.fingerprint == second.card.fingerprint


def test_the_card_says_what_is_looked_at_and_how_much_at_a_time():
    card = opened(HERE, modalities="image, text", frames=3, concurrency=4).card
    assert card.modalities == ("text", "image")
    assert card.sampling == Sampling(frames=3)
    assert (card.batch_size, card.priced) == (32, False)
    assert opened(HERE, price_in=0, price_out=0).card.priced
