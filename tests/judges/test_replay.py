"""Recorded replies: looked up exactly, never guessed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mmjudge.api import run
from mmjudge.errors import JudgeError
from mmjudge.judges import JudgeContext, open_judge
from mmjudge.task import Recorded
from mmjudge.types import Failure, Preference, Reply, Request
from tests.engine.driven import Listed, pair, stored
from tests.protocols.asked import asked

LINE = {"item": "i", "criterion": "overall", "protocol": "pair"}


def replayed(folder: Path, lines: list[dict[str, Any] | str], name: str = "r.jsonl") -> Any:
    text = "\n".join(line if isinstance(line, str) else json.dumps(LINE | line) for line in lines)
    (folder / name).write_text(text + "\n", encoding="utf-8")
    return open_judge(f"replay:{folder / name}", JudgeContext(Listed([]), "pair"))


def reply(judge: Any, request: Request) -> Reply:
    (answer,) = judge.judge([request], {})
    return answer


def test_a_recording_answers_in_the_order_that_was_recorded(tmp_path: Path):
    lines = [{"order": ["c0", "c1"], "text": "[[A]]"}, {"order": ["c1", "c0"], "text": "[[B]]"}]
    judge = replayed(tmp_path, lines)
    assert reply(judge, asked(order=(0, 1))).text == "[[A]]"
    assert reply(judge, asked(order=(1, 0))).text == "[[B]]"


def test_a_line_without_an_order_is_of_the_order_in_the_file(tmp_path: Path):
    judge = replayed(tmp_path, [{"text": "[[A]]"}])
    assert reply(judge, asked(order=(0, 1))).text == "[[A]]"
    assert reply(judge, asked(order=(1, 0))).error is not None


@pytest.mark.parametrize(
    "changes", [{"item": "other"}, {"repeat": 1}, {"order": (1, 0)}, {"protocol": "rank"}]
)
def test_what_was_not_recorded_is_a_failure_that_says_so(changes: dict[str, Any], tmp_path: Path):
    judge = replayed(tmp_path, [{"order": ["c0", "c1"], "text": "[[A]]"}])
    request = asked()
    candidates = tuple(request.candidates[i] for i in changes.get("order", (0, 1)))
    missed = request.model_copy(update={"candidates": candidates} | changes)
    error = reply(judge, missed).error
    assert error is not None
    assert error.reason == "infra"
    assert error.detail.startswith(f"not recorded: item {missed.item!r}")


def test_a_condition_wins_over_a_line_without_one(tmp_path: Path):
    judge = replayed(tmp_path, [{"text": "[[A]]"}, {"text": "[[B]]", "condition": "transcript"}])
    assert reply(judge, asked().model_copy(update={"condition": "transcript"})).text == "[[B]]"
    assert reply(judge, asked().model_copy(update={"condition": "audio"})).text == "[[A]]"


def test_two_different_replies_to_one_request_are_refused(tmp_path: Path):
    with pytest.raises(JudgeError, match="two different replies"):
        replayed(tmp_path, [{"text": "[[A]]"}, {"text": "[[B]]"}])


def test_the_same_line_twice_is_one_reply(tmp_path: Path):
    assert reply(replayed(tmp_path, [{"text": "[[A]]"}] * 2), asked()).text == "[[A]]"


def test_lines_that_cannot_be_read_are_named_with_what_they_may_have_held(tmp_path: Path):
    judge = replayed(tmp_path, [{"text": "[[A]]", "repeat": 3}, '{"item": "i", "txt": 1'])
    error = reply(judge, asked()).error
    assert error is not None
    assert "1 unreadable lines" in error.detail
    assert "r.jsonl:2" in error.detail


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"verdict": {"kind": "preference", "value": "tie"}}, Preference(value="tie")),
        ({"failure": {"reason": "refused"}}, Failure(reason="refused")),
        ({"scores": [0.1, 0.7]}, Preference(value="second")),
        ({"text": ""}, Failure(reason="empty", detail="no text")),
        ({}, Failure(reason="empty", detail="the recording has no reply here")),
    ],
)
def test_each_form_of_a_recording_becomes_its_outcome(
    line: dict[str, Any], expected: object, tmp_path: Path
):
    replayed(tmp_path, [line | {"item": "0"}])
    spec = f"replay:{tmp_path / 'r.jsonl'}"
    done = run(Listed([pair(0)]), spec, out=tmp_path / "run", orders="given")
    assert [j.outcome for j in stored(done.folder)] == [expected]


def test_an_edited_recording_is_another_judge(tmp_path: Path):
    one = replayed(tmp_path, [{"text": "[[A]]"}])
    other = replayed(tmp_path, [{"text": "[[B]]"}])
    assert one.card.fingerprint != other.card.fingerprint


def test_scores_are_on_the_scale_of_the_scorer(tmp_path: Path):
    assert replayed(tmp_path, [{"scores": [0.1, 0.7]}]).card.scale == "own"
    assert replayed(tmp_path, [{"text": "[[A]]"}]).card.scale == "task"


class Holding(Listed):
    """A task that holds the replies of one judge."""

    def recorded_judges(self) -> tuple[str, ...]:
        return ("gpt4o",)

    def recorded(self, judge: str) -> Iterator[Recorded]:
        for protocol in ("pair", "score"):
            yield Recorded.model_validate(LINE | {"protocol": protocol, "text": f"of {protocol}"})


def test_a_recording_that_the_task_holds_is_found_by_name():
    judge = open_judge("replay:gpt4o", JudgeContext(Holding([]), "pair"))
    assert reply(judge, asked()).text == "of pair"


def test_an_unknown_recording_is_refused_with_the_nearest_name():
    with pytest.raises(JudgeError, match="did you mean 'gpt4o'"):
        open_judge("replay:gpt4", JudgeContext(Holding([]), "pair"))


def test_a_path_is_relative_to_the_yaml_file_that_names_it(tmp_path: Path):
    replayed(tmp_path, [{"text": "[[B]]"}])
    (tmp_path / "judge.yaml").write_text("judge: replay:r.jsonl\n", encoding="utf-8")
    judge = open_judge(str(tmp_path / "judge.yaml"), JudgeContext(Listed([]), "pair"))
    assert reply(judge, asked()).text == "[[B]]"


def test_a_probed_request_is_answered_by_a_line_of_that_probe_alone(tmp_path: Path):
    lines = [{"text": "[[A]]"}, {"probe": "authority", "text": "[[B]]"}]
    judge = replayed(tmp_path, lines)
    plain = asked(order=(0, 1))
    assert reply(judge, plain).text == "[[A]]"
    assert reply(judge, plain.model_copy(update={"probe": "authority"})).text == "[[B]]"
    error = reply(judge, plain.model_copy(update={"probe": "verbosity"})).error
    assert error is not None
    assert error.reason == "infra"
    assert "probe verbosity" in error.detail


def test_a_swapped_order_is_answered_by_a_plain_line_in_that_order(tmp_path: Path):
    judge = replayed(tmp_path, [{"order": ["c0", "c1"], "text": "[[A]]"}])
    swapped = asked(order=(0, 1)).model_copy(update={"probe": "order_swapped"})
    assert reply(judge, swapped).text == "[[A]]"
    other = asked(order=(1, 0)).model_copy(update={"probe": "order_swapped"})
    assert reply(judge, other).error is not None
