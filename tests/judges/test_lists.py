"""Judges asked checklists and steps: baselines, recordings, endpoints, probabilities."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mmjudge import api
from mmjudge.errors import JudgeError
from mmjudge.judges.base import JudgeContext, open_judge
from mmjudge.judges.hf.questions import asking
from mmjudge.protocols import parse, requests
from mmjudge.sources.folder import open_task
from mmjudge.task import checked
from mmjudge.types import Answers, Item, ProtocolName, Reply, Request, RunSettings, Steps
from tests.protocols.listed import CUP, checklist, said, solution

CARD = """\
name: cups
protocols: [checklist, steps]
modalities: [text]
primary: question_accuracy
criteria:
  - name: match
    question: Is it what was asked for?
    scale: {lowest: 1, highest: 4}
    error_types: [untrue, off_topic]
card: {summary: Cups.}
"""
ANSWERS = (("yes", "no", "red"), ("no", "no", "dark blue"), ("yes", "yes", "red"))
ERRORS = ((None, "untrue"), (None, None), ("off_topic", "untrue"))


def lines(rows: Sequence[object]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    def row(n: int, gold: dict[str, Any], **more: Any) -> dict[str, Any]:
        answer = {"id": "a", "parts": [f"part {n}", "and more"]}
        fields = {"id": str(n), "prompt": ["A cup"], "candidates": [answer]}
        return fields | {"gold": {"match": gold}} | more

    questions = [question.model_dump(mode="json") for question in CUP]
    listed = [
        row(n, {"kind": "answers", "answers": said}, checklists={"match": questions})
        for n, said in enumerate(ANSWERS)
    ]
    scored = [
        row(n + 3, {"kind": "score", "value": 1 + n}, checklists={"match": questions})
        for n in range(4)
    ]
    steps = [row(n, {"kind": "steps", "errors": errors}) for n, errors in enumerate(ERRORS)]
    (tmp_path / "task.yaml").write_text(CARD)
    (tmp_path / "items.checklist.jsonl").write_text(lines([*listed, *scored]))
    (tmp_path / "items.steps.jsonl").write_text(lines(steps))
    return tmp_path


def found(folder: Path, judge: str, protocol: ProtocolName, **options: Any) -> list[object]:
    """What a judge says to each item, as the protocol reads it."""
    task = open_task(str(folder))
    opened = open_judge(judge, JudgeContext(task, protocol, folder), options)
    asked: list[Request] = []
    for place, item in enumerate(checked(task, protocol)):
        assert isinstance(item, Item)
        asked += requests(task.spec, item, place, RunSettings(protocol=protocol), "j")
    return [said(r, reply) for r, reply in zip(asked, opened.judge(asked, {}), strict=True)]


def test_the_oracle_says_the_gold_or_comes_nearest_to_a_score(folder: Path):
    listed = found(folder, "baseline:oracle", "checklist")
    assert listed[:3] == list(ANSWERS)
    met = [sum(a == q.wanted for a, q in zip(one, CUP, strict=True)) for one in listed[3:]]  # type: ignore[call-overload]
    assert met == [0, 1, 2, 3]
    assert found(folder, "baseline:oracle", "steps") == list(ERRORS)


def test_baselines_that_know_nothing_say_a_word_for_each(folder: Path):
    assert found(folder, "baseline:first", "checklist") == [("yes", "yes", "red")] * 7
    assert found(folder, "baseline:first", "steps") == [(None, None)] * 3
    assert found(folder, "baseline:second", "checklist") == [("no", "no", "dark blue")] * 7
    assert found(folder, "baseline:second", "steps") == [("off_topic", "off_topic")] * 3
    assert found(folder, "baseline:constant", "steps", value="untrue") == [("untrue",) * 2] * 3
    assert found(folder, "baseline:constant", "checklist", value=False) == ["!off_scale"] * 7
    drawn = [found(folder, "baseline:random", "checklist", seed=seed) for seed in range(8)]
    for place, question in enumerate(CUP):
        assert {one[place] for run in drawn for one in run} == set(question.answers)  # type: ignore[index]


@pytest.mark.parametrize("protocol", ["checklist", "steps"])
@pytest.mark.parametrize(
    "judge", ["baseline:longest", "clip:none", "dual:none", "reward:none", "family:pandalm"]
)
def test_who_gives_one_number_is_refused_before_anything_is_loaded(
    folder: Path, judge: str, protocol: ProtocolName
):
    with pytest.raises(JudgeError, match=rf"{judge} takes .*, not {protocol}$"):
        found(folder, judge, protocol)


@pytest.mark.parametrize("kind", ["hf", "openai", "vllm"])
def test_steps_are_not_read_from_probabilities(folder: Path, kind: str):
    if kind == "openai":
        pytest.importorskip("openai")
    with pytest.raises(JudgeError, match="not steps; mode=generate does"):
        found(folder, f"{kind}:none", "steps", mode="logits")


def test_recorded_replies_and_verdicts_are_read_and_scored(folder: Path):
    def line(item: int, **said: Any) -> dict[str, Any]:
        return {"item": str(item), "criterion": "match", "protocol": "checklist"} | said

    rows = [
        line(0, text="Answer 1: [[yes]]\nAnswer 2: [[no]]\nAnswer 3: [[red]]"),
        line(1, verdict={"kind": "answers", "answers": ["no", "no", "red"]}),
        line(2, text="Answer 1: [[yes]]"),
    ]
    (folder / "said.jsonl").write_text(lines(rows))
    assert found(folder, "replay:said.jsonl", "checklist")[:4] == [
        ("yes", "no", "red"),
        ("no", "no", "red"),
        "!incomplete",
        "!infra",
    ]
    task = str(folder)
    run = api.run(task, f"replay:{folder / 'said.jsonl'}", out=folder / "run", limit=3)
    (figure,) = run.scores(n_resamples=0, measures=("question_accuracy",))
    assert figure.value == pytest.approx(5 / 9)  # the third failed whole
    assert figure.n_failed == 1


def rounds(request: Request, shares: Sequence[Sequence[Sequence[float]]]) -> tuple[Any, Reply]:
    """The queries of each round where these shares are answered, and the reply at the end."""
    seen, going = [], asking(request, "wins")
    queries = next(going)
    for some in shares:
        seen.append(queries)
        try:
            queries = going.send([list(one) for one in some])
        except StopIteration as end:
            return seen, end.value
    raise AssertionError("more was asked")


def test_what_depends_on_an_answer_is_asked_after_it_and_shown_it():
    seen, reply = rounds(checklist(), [[(0.3, 0.7), (0.9, 0.1)], [(0.2, 0.8)]])
    first, third = seen[0]
    (second,) = seen[1]
    assert [query.anchor for query in (first, second, third)] == [
        f"Answer {number}: [[" for number in (1, 2, 3)
    ]
    assert third.options == ("red", "dark blue")
    assert "Answer 1: [[no]]" in second.question
    assert "Answer 1: [[" not in third.question
    assert list(reply.probabilities or ()) == [
        "1:yes", "1:no", "2:yes", "2:no", "3:red", "3:dark blue"
    ]  # fmt: skip
    assert said(checklist(), reply) == ("no", "no", "red")


def test_in_one_form_every_question_stands_in_its_own_place_once():
    queries = next(asking(checklist(), "wins", form=True))
    for number, (query, question) in enumerate(zip(queries, CUP, strict=True), 1):
        assert question.text in query.question
        assert not any(q.text in query.question for q in CUP if q is not question)
        assert query.anchor == f"Answer {number}: [["
    assert [q.question.count("Criterion: match") for q in queries] == [1, 0, 0]


def test_an_endpoint_answers_in_words_and_by_a_schema():
    pytest.importorskip("openai")
    from tests.judges.openai_asked import once
    from tests.judges.openai_server import completion, text_of

    reply, server = once(
        lambda *_: completion("Answer 1: [[yes]]\nAnswer 2: [[no]]\nAnswer 3: [[red]]"), checklist()
    )
    assert said(checklist(), reply) == ("yes", "no", "red")
    assert "Answer 3: [[ANSWER]]" in text_of(server.calls[0].body)

    def by_schema(_: int, body: Any) -> Any:
        schema = body["response_format"]["json_schema"]["schema"]
        words = {key: one["enum"][-1] for key, one in schema["properties"].items() if "enum" in one}
        assert schema["required"] == ["reasons", *words]
        return completion(json.dumps({"reasons": "so {it} is"} | words))

    reply, _ = once(by_schema, checklist(), structured="json_schema")
    assert parse(checklist(), reply) == Answers(answers=("no", "no", "dark blue"))
    sums = solution(("a", "b", "c"))
    reply, _ = once(by_schema, sums, structured="json_schema")
    assert parse(sums, reply) == Steps(errors=("visual error",) * 3)


def test_an_endpoint_that_names_probabilities_is_asked_question_by_question():
    pytest.importorskip("openai")
    from tests.judges.openai_asked import once
    from tests.judges.openai_server import Say, text_of

    def weighed(_: int, body: Any) -> Say:
        number = text_of(body).rpartition("Answer question ")[2][0]
        words = {"3": ("dark blue", "red")}.get(number, ("yes", "no"))
        pieces = [f"Answer {number}: [[", words[0], "]]"]
        top = [{"token": word, "logprob": -0.2 - 2 * n} for n, word in enumerate(words)]
        content = [
            {"token": piece, "logprob": -0.2, "top_logprobs": top if piece == words[0] else
             [{"token": piece, "logprob": 0.0}]}
            for piece in pieces
        ]  # fmt: skip
        message = {"role": "assistant", "content": "".join(pieces)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        body = {"id": "x", "choices": [choice | {"logprobs": {"content": content}}]}
        return Say(body=json.dumps(body).encode())

    reply, server = once(weighed, checklist(), mode="logits")
    assert said(checklist(), reply) == ("yes", "yes", "dark blue")
    assert len(server.calls) == 3
    assert "Answer 1: [[yes]]" in text_of(server.calls[2].body)
