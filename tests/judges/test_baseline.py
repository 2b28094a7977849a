"""Judges of known behaviour: each does what its name says, in every slot and protocol."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmjudge.api import run
from mmjudge.errors import JudgeError, MmjudgeError
from mmjudge.judges import JudgeContext, lift, open_judge
from mmjudge.judges.base import MediaMap
from mmjudge.judges.baseline import SUMMARIES
from mmjudge.protocols import parse
from mmjudge.types import Candidate, Failure, JudgeCard, Parts, ProtocolName, Request, Scale
from tests.engine.driven import Listed, outcomes, pair
from tests.protocols.asked import asked, outcome

PROTOCOLS: tuple[ProtocolName, ...] = ("pair", "score", "rank")
KNOWS_NOTHING = sorted(set(SUMMARIES) - {"oracle"})


def judge(name: str, protocol: ProtocolName = "pair", **options: Any) -> Any:
    return open_judge(f"baseline:{name}", JudgeContext(Listed([]), protocol), options)


def says(name: str, request: Request, **options: Any) -> Any:
    (reply,) = judge(name, request.protocol, **options).judge([request], {})
    return outcome(request, reply)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize(("name", "slot"), [("first", 0), ("second", 1)])
def test_a_judge_of_slots_prefers_whatever_stands_in_its_slot(
    name: str, slot: int, order: tuple[int, ...]
):
    assert says(name, asked(order=order)) == ("first", "second")[order[slot]]


def test_a_judge_of_slots_ranks_as_shown_and_backwards():
    assert says("first", asked("rank", order=(2, 0, 1))) == (2, 3, 1)
    assert says("second", asked("rank", order=(2, 0, 1))) == (2, 1, 3)


@pytest.mark.parametrize("name", KNOWS_NOTHING)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_baseline_answers_every_protocol_on_the_scale(name: str, protocol: ProtocolName):
    request = asked(protocol, scale=Scale())
    (reply,) = judge(name, protocol).judge([request], {})
    assert not isinstance(parse(request, reply), Failure)


@pytest.mark.parametrize("name", KNOWS_NOTHING)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_no_baseline_but_the_oracle_looks_at_ids_systems_or_keys(name: str, protocol: ProtocolName):
    request = asked(protocol, scale=Scale())
    scrambled = request.model_copy(
        update={
            "item": "x",
            "task": "x@9",
            "key": "00" * 16,
            "candidates": tuple(
                c.model_copy(update={"id": f"x{i}", "system": None})
                for i, c in enumerate(request.candidates)
            ),
        }
    )
    told = judge(name, protocol)
    assert told.judge([request], {}) == told.judge([scrambled], {})


def coin(count: int, **options: Any) -> list[Any]:
    told = judge("random", **options)
    request = asked(options=("first", "second"))
    requests = [request.model_copy(update={"prompt": (str(i),)}) for i in range(count)]
    return [outcome(request, reply) for reply in told.judge(requests, {})]


def test_the_coin_is_fair_and_falls_the_same_way_again():
    falls = coin(2000)
    assert abs(Counter(falls)["first"] - 1000) < 4 * (2000 * 0.25) ** 0.5
    assert coin(2000) == falls


def test_another_seed_is_another_coin():
    assert coin(100, seed=1) != coin(100, seed=2)
    one, two = judge("random", seed=1), judge("random", seed=2)
    assert one.card.fingerprint != two.card.fingerprint


def test_a_repeat_throws_the_coin_again():
    throws = {says("random", asked().model_copy(update={"repeat": i})) for i in range(30)}
    assert throws == {"first", "second", "tie"}


def test_random_levels_reach_every_level_of_the_scale():
    request = asked("score", scale=Scale())
    prompts = [request.model_copy(update={"prompt": (str(i),)}) for i in range(200)]
    assert {says("random", r) for r in prompts} == {1, 2, 3, 4, 5}


def test_length_is_counted_in_the_text_of_the_candidate():
    request = asked(order=(1, 0))
    long = Candidate(id="c1", parts=("a longer answer",))
    request = request.model_copy(update={"candidates": (long, request.candidates[1])})
    assert says("longest", request) == "second"
    assert says("shortest", request) == "first"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_constant_says_tie_or_what_it_was_told_in_slots(order: tuple[int, ...]):
    assert says("constant", asked(order=order)) == "tie"
    assert says("constant", asked(order=order), value="first") == ("first", "second")[order[0]]


def test_the_constant_gives_the_middle_of_the_scale():
    assert says("constant", asked("score", scale=Scale())) == 3
    assert says("constant", asked("rank")) == (1, 1, 1)


@pytest.mark.parametrize("value", [4, 4.0])
def test_the_constant_gives_the_score_that_it_was_told(value: float):
    assert says("constant", asked("score", scale=Scale()), value=value) == 4


@pytest.mark.parametrize("value", ["best", 7])
def test_a_constant_that_is_no_answer_to_the_protocol_is_refused(value: object):
    with pytest.raises(JudgeError, match="value"):
        says("constant", asked("pair"), value=value)


def test_the_oracle_is_always_right_and_says_where_there_is_no_gold(tmp_path: Path):
    items = [pair(i, gold=("first", "second", "tie")[i % 3]) for i in range(30)]
    items.append(pair(99, gold="tie").model_copy(update={"gold": {}}))
    done = run(Listed(items), "baseline:oracle", out=tmp_path / "run", orders="both")
    for (item, _), found in outcomes(done.folder).items():
        if item == "99":
            assert found.reason == "unsupported"
        else:
            assert found.value == ("first", "second", "tie")[int(item) % 3]


class Length:
    """A scorer: the length of the answer."""

    card = JudgeCard(name="length", summary="Length.", scale="own")

    def score(self, pairs: list[tuple[Parts, Parts]], media: MediaMap) -> Any:
        return np.array([len(str(answer[0])) for _, answer in pairs], dtype=np.float64)


def test_a_scorer_is_lifted_to_all_protocols():
    def answers(*texts: str) -> dict[str, Any]:
        return {"candidates": tuple(Candidate(id=t, parts=(t,)) for t in texts)}

    requests = [
        asked("pair", order=(1, 0)).model_copy(update=answers("aaa", "a")),
        asked("score").model_copy(update=answers("aaaa")),
        asked("rank").model_copy(update=answers("aa", "a", "aa")),
    ]
    replies = lift(Length()).judge(requests, {})
    found = [outcome(r, reply) for r, reply in zip(requests, replies, strict=True)]
    assert found == ["second", 4.0, (1, 3, 1)]


def test_an_unknown_baseline_is_refused_with_the_nearest_name():
    with pytest.raises(JudgeError, match="did you mean 'longest'"):
        judge("longst")


def test_an_unknown_kind_of_judge_is_refused_with_the_nearest_name():
    with pytest.raises(MmjudgeError, match="did you mean 'baseline'"):
        open_judge("baselin:random", JudgeContext(Listed([]), "pair"))


def test_an_unknown_option_is_refused_with_those_that_are_known():
    with pytest.raises(JudgeError, match="unknown option 'sed'; it takes seed=0"):
        judge("random", sed=1)


def test_an_option_of_another_type_is_refused():
    with pytest.raises(JudgeError, match="option seed must be int, found 'x'"):
        judge("random", seed="x")


def write(folder: Path, text: str) -> str:
    (folder / "judge.yaml").write_text(text, encoding="utf-8")
    return str(folder / "judge.yaml")


def test_a_judge_of_a_yaml_file_is_the_judge_of_its_spec(tmp_path: Path):
    path = write(tmp_path, "judge: baseline:random\noptions:\n  seed: 5\n")
    context = JudgeContext(Listed([]), "pair")
    assert open_judge(path, context).card == judge("random", seed=5).card
    assert open_judge(path, context, {"seed": 6}).card == judge("random", seed=6).card


def test_an_unknown_key_of_a_yaml_file_is_named_with_its_line(tmp_path: Path):
    path = write(tmp_path, "judge: baseline:random\noptionen:\n  seed: 5\n")
    with pytest.raises(MmjudgeError, match=r"judge.yaml:2: optionen: .*allowed here: judge, opt"):
        open_judge(path, JudgeContext(Listed([]), "pair"))
