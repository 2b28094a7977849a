"""The judge `hf:` on tiny models of real architectures: equal answers in every way to ask."""

from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmjudge.judges.hf.logits import with_question
from mmjudge.protocols import parse, render, render_parts
from mmjudge.protocols.checklist import before
from mmjudge.protocols.render import Alone
from mmjudge.types import (
    Answers,
    ProtocolName,
    Scale,
)
from tests.judges.hf_asked import (
    BUILDERS,
    CRITERIA,
    MEDIA,
    PICTURES,
    SHOWN,
    ask,
    batch,
    numbers,
    of_parts,
    opened,
    plain,
    torch,
)
from tests.protocols.listed import checklist

FAMILIES = sorted(BUILDERS)


def with_each(kinds: list[str], first: str, fast: tuple[str, ...]) -> list[Any]:
    """Each family with each kind; but for the first kind only some are fast."""
    return [
        pytest.param(
            family, kind, marks=() if kind == first or family in fast else pytest.mark.slow
        )
        for family in FAMILIES
        for kind in kinds
    ]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("protocol", "anchor", "options"),
    [("pair", "Verdict: [[", ("A", "B", "tie")), ("score", "Score: [[", tuple("12345"))],
)
def test_probabilities_are_the_softmax_of_a_plain_forward(
    folders: dict[str, Path],
    family: str,
    protocol: ProtocolName,
    anchor: str,
    options: tuple[str, ...],
):
    judge = opened(folders[family], mode="logits")
    requests = batch(protocol, SHOWN[family])
    for request, reply in zip(requests, judge.judge(requests, MEDIA), strict=True):
        assert list(reply.probabilities or {}) == list(options)
        expected = plain(judge, request, anchor, options)
        assert numbers(reply) == pytest.approx(expected, abs=1e-5)


def test_a_question_of_a_checklist_is_read_as_if_it_were_asked_alone(folders: dict[str, Path]):
    judge = opened(folders["qwen2_5_vl"], mode="logits")
    shown = PICTURES[1:2]
    request = checklist().model_copy(update={"prompt": ("a cup", *shown)})
    other = checklist(answer="a mug").model_copy(update={"prompt": ("a cup", *shown)})
    reply, _ = judge.judge([request, other], MEDIA)
    said = parse(request, reply)
    assert isinstance(said, Answers)
    found = dict(reply.probabilities or {})
    for place, question in enumerate(request.questions):
        given = tuple((n + 1, said.answers[n]) for n in before(request.questions, place))
        alone = render_parts(request, reasons=False, alone=Alone(place + 1, given))
        parts = with_question(alone.material, alone.question)
        expected = of_parts(judge, parts, f"Answer {place + 1}: [[", question.answers)
        shares = [found[f"{place + 1}:{answer}"] for answer in question.answers]
        assert shares == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("family", "protocol"), with_each(["pair", "score", "rank"], "pair", ("qwen2_5_vl",))
)
def test_a_shared_pass_answers_as_if_each_question_stood_alone(
    folders: dict[str, Path], family: str, protocol: ProtocolName
):
    requests = batch(protocol, SHOWN[family])
    ways = {
        way: opened(folders[family], mode="logits", share=way)
        for way in ("none", "packed", "cache")
    }
    assert [judge.card.params["share"] for judge in ways.values()] == list(ways)
    replies = {way: judge.judge(requests, MEDIA) for way, judge in ways.items()}
    for alone, packed, cached in zip(*replies.values(), strict=True):
        assert numbers(packed) == pytest.approx(numbers(alone), abs=1e-5)
        assert numbers(cached) == pytest.approx(numbers(alone), abs=1e-5)
    assert len({tuple(np.round(numbers(r), 4)) for r in replies["packed"]}) > len(requests) // 2


@pytest.mark.parametrize(
    ("family", "mode"), with_each(["logits", "generate"], "logits", ("qwen2_5_vl", "qwen2_audio"))
)
def test_batch_and_order_change_no_verdict(folders: dict[str, Path], family: str, mode: str):
    options = {} if mode == "logits" else {"max_new_tokens": 6, "temperature": 0.7}
    judge = opened(folders[family], mode=mode, **options)
    requests = batch("pair", SHOWN[family])
    together = judge.judge(requests, MEDIA)
    backwards = judge.judge(requests[::-1], MEDIA)[::-1]
    alone = [judge.judge([request], MEDIA)[0] for request in requests]
    for replies in zip(together, backwards, alone, strict=True):
        assert len({reply.text for reply in replies}) == 1
        outcomes = {repr(parse(requests[0], reply)) for reply in replies}
        assert len(outcomes) == 1
        if mode == "logits":
            assert numbers(replies[1]) == pytest.approx(numbers(replies[0]), abs=1e-5)
            assert numbers(replies[2]) == pytest.approx(numbers(replies[0]), abs=1e-5)


def test_generation_repeats_itself_but_for_the_repeats_that_are_drawn(folders: dict[str, Path]):
    cold = opened(folders["qwen2_5_vl"], max_new_tokens=8)
    warm = opened(folders["qwen2_5_vl"], max_new_tokens=8, temperature=1.0)
    repeats = [ask(repeat=i) for i in range(4)]
    assert len({reply.text for reply in cold.judge(repeats, {})}) == 1
    drawn = [reply.text for reply in warm.judge(repeats, {})]
    assert len(set(drawn)) == 4
    assert drawn == [reply.text for reply in warm.judge(repeats, {})]


def test_a_draw_follows_the_softmax():
    from mmjudge.judges.hf.generate import SeededDraw

    scores = torch.tensor([[1.0, 0.0, -1.0]]).repeat(4000, 1)
    picked = SeededDraw(range(4000), temperature=0.5)(None, scores).argmax(-1)
    shares = torch.bincount(picked, minlength=3) / 4000
    expected = (scores[0] / 0.5).softmax(-1)
    assert torch.allclose(shares, expected, atol=0.03)


@pytest.mark.parametrize(
    "spelled", ["<|im_end|>", "<|im_start|>system", "<|image_pad|>", "<|endoftext|>"]
)
@pytest.mark.parametrize("mode", ["logits", "generate"])
def test_text_of_a_candidate_never_becomes_a_control_token(
    folders: dict[str, Path], mode: str, spelled: str, monkeypatch: pytest.MonkeyPatch
):
    judge = opened(
        folders["qwen2_5_vl"], mode=mode, **({} if mode == "logits" else {"max_new_tokens": 2})
    )
    chat = judge.answerer.chat
    rows = []
    call = chat.loaded.model.forward

    @wraps(call)
    def spy(**inputs: Any) -> Any:
        rows.append(inputs["input_ids"])
        return call(**inputs)

    def controls(text: str) -> list[list[int]]:
        rows.clear()
        request = ask(answers=[(text, PICTURES[0]), ("y",)], prompt=(text,))
        reply = judge.judge([request], MEDIA)[0]
        assert reply.error is None
        special = set(chat.tokenizer.all_special_ids)
        return [[t for t in row.tolist() if t in special] for row in rows[0]]

    monkeypatch.setattr(chat.loaded.model, "forward", spy)
    assert controls(f"x{spelled}y") == controls("harmless")


def test_what_criteria_say_is_no_control_token_in_a_form(folders: dict[str, Path]):
    chat = opened(folders["qwen2_5_vl"], mode="logits").answerer.chat
    assert not set(chat.text("a <|im_end|> b")) & set(chat.tokenizer.all_special_ids)


def test_in_a_form_a_later_question_sees_the_earlier_ones_and_only_those(folders: dict[str, Path]):
    judge = opened(folders["qwen2_5_vl"], mode="logits", share="causal")
    first, second, third = (ask(criterion=c, prompt=("cup", PICTURES[0])) for c in CRITERIA)
    alone = numbers(judge.judge([first], MEDIA)[0])
    many = [numbers(reply) for reply in judge.judge([first, second, third], MEDIA)]
    other = [numbers(reply) for reply in judge.judge([third, second], MEDIA)]
    assert many[0] == pytest.approx(alone, abs=1e-5)
    assert many[1] != pytest.approx(other[1], abs=1e-4)
    assert judge.card.params["share"] == "causal"


@pytest.mark.parametrize("share", ["packed", "cache", "none"])
def test_options_that_begin_alike_are_compared_as_a_whole(folders: dict[str, Path], share: str):
    judge = opened(folders["qwen2_5_vl"], mode="logits", share=share)
    criterion = CRITERIA[0].model_copy(update={"scale": Scale(lowest=1, highest=12)})
    request = ask("score", criterion, prompt=("cup", PICTURES[0]))
    (reply,) = judge.judge([request], MEDIA)
    chat = judge.answerer.chat
    (message,) = render(request, reasons=False)
    start = chat.inputs([chat.conversation(message.parts, MEDIA)])
    logs = []
    for level in range(1, 13):
        tail = chat.text(f"Score: [[{level}]]")
        lead = len(chat.text("Score: [["))
        ids = torch.tensor([[*start.rows[0], *tail]])
        kinds = torch.tensor([[*start.kinds["mm_token_type_ids"][0], *[0] * len(tail)]])
        with torch.inference_mode():
            out = chat.loaded.model(input_ids=ids, mm_token_type_ids=kinds, **start.media)
        steps = out.logits[0, -len(tail) - 1 : -1].log_softmax(-1)
        logs.append(sum(steps[i, tail[i]] for i in range(lead, len(tail))))
    assert numbers(reply) == pytest.approx(torch.stack(logs).softmax(0).tolist(), abs=1e-5)


def test_a_ranking_by_choice_takes_the_best_of_those_left(folders: dict[str, Path]):
    judge = opened(folders["qwen2_5_vl"], mode="logits", ranking="choice")
    request = ask("rank")
    (reply,) = judge.judge([request], {})
    said, left = "Ranking: [[", ["A", "B", "C"]
    while len(left) > 1:
        shares = plain(judge, request, said, left)
        best = left[shares.index(max(shares))]
        left.remove(best)
        said += f"{best} > "
    order = [*said.removeprefix("Ranking: [[").split(" > ")[:-1], left[0]]
    assert reply.scores == tuple(3.0 - order.index(label) for label in "ABC")


def test_a_ranking_by_wins_adds_up_to_the_number_of_pairs(folders: dict[str, Path]):
    (reply,) = opened(folders["qwen2_5_vl"], mode="logits").judge([ask("rank")], {})
    assert sum(numbers(reply)) == pytest.approx(3.0)
