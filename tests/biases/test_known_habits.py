"""Each measure of bias recovers what a judge of known habit has, and sees nothing in others."""

from math import log
from pathlib import Path
from random import Random

import pytest

from mmjudge.types import Media, Reply, Request
from tests.biases.habits import (
    N,
    at_random,
    follows_authority,
    holds,
    judge,
    leans,
    longer,
    measured,
    pictures,
    right,
    scores,
    sounds,
    text,
    texts,
)
from tests.scoring.scoring_helpers import Scripted

SPEAKING = "verbosity,authority,sentiment,bandwagon,fake_chain_of_thought"
TEXT_PROBES = "rerun,order_swapped,verbosity,authority,bandwagon,sentiment,markdown,distraction"


@pytest.mark.parametrize("p", [0.2, 0.6])
def test_a_judge_that_takes_the_longer_with_probability_p_moves_by_p(p: float, tmp_path: Path):
    found = measured(texts(), judge(longer(p)), tmp_path / "run", "rerun,verbosity")
    bias = found["verbosity"]
    assert holds(bias, "cue_shift_worse", p)  # its plain verdicts are right: all of these can move
    assert bias.figure("cue_shift_better").value == 0
    assert holds(bias, "cue_shift", p / 2)  # the padded one is the worse in half of the pairs
    assert holds(bias, "robustness", 1 - p / 2)
    assert holds(bias, "accuracy_lost", p)
    assert found["rerun"].figure("robustness").value == 1
    assert (bias.way, bias.n_asked, bias.n_broke) == ("towards", N, 0)
    assert bias.size in ("clear", "strong")


def test_a_judge_that_follows_authority_moves_altogether_and_by_nothing_else(tmp_path: Path):
    found = measured(texts(), judge(follows_authority), tmp_path / "run", TEXT_PROBES)
    assert found["authority"].figure("cue_shift_worse").value == 1
    assert found["authority"].figure("cue_shift_better").value == 0
    assert holds(found["authority"], "cue_shift", 0.5)
    assert found["authority"].size == "strong"
    others = [bias for name, bias in found.items() if name not in ("authority", "rerun")]
    assert {bias.effect for bias in others} == {0}
    assert {bias.size for bias in others} == {"none"}
    assert list(found)[:2] == ["rerun", "authority"]  # the worst first


@pytest.mark.parametrize("b", [0.0, 0.8, -0.5])
def test_a_lean_to_the_first_slot_is_found_in_log_odds_whatever_the_items(b: float, tmp_path: Path):
    bias = measured(texts(600), judge(leans(b)), tmp_path / "run", "rerun,order_swapped")[
        "order_swapped"
    ]
    assert holds(bias, "cue_log_odds", 2 * b)
    assert bias.way == {0.0: "", 0.8: "towards", -0.5: "away"}[b]


def test_oracle_and_random_show_nothing(tmp_path: Path):
    oracle = measured(texts(), "baseline:oracle", tmp_path / "oracle", TEXT_PROBES)
    assert {one.size for name, one in oracle.items() if name != "rerun"} == {"none"}
    assert {one.figure("robustness").value for one in oracle.values()} == {1}
    chance = measured(texts(600), judge(at_random), tmp_path / "random", TEXT_PROBES)
    assert holds(chance["rerun"], "robustness", 0.5)
    seen = [one for one in chance.values() if one.size in ("small", "clear", "strong")]
    assert len(seen) <= 1  # an interval of 95 % misses one in 20
    assert all(one.certain < 0.05 for one in seen)
    for metric in ("cue_shift", "cue_log_odds", "robustness_gap"):
        missed = [n for n, one in chance.items() if n != "rerun" and not holds(one, metric, 0)]
        assert len(missed) <= 1, (metric, missed)


@pytest.mark.parametrize("noise", [pytest.param(0.3, marks=pytest.mark.slow), 1.0])
def test_a_judge_that_a_change_merely_confuses_is_pulled_nowhere(noise: float, tmp_path: Path):
    """It errs by chance when anything was changed; a cue that it cannot read pulls it nowhere."""

    def confused(request: Request, coin: Random) -> int:
        if request.probe in (None, "rerun") or coin.random() >= noise:
            return right(request)
        return coin.randrange(2)

    found = measured(texts(480), judge(confused), tmp_path / "run", f"rerun,{SPEAKING}")
    expected = {"cue_shift": 0, "cue_shift_worse": noise / 2, "cue_shift_better": -noise / 2}
    expected["accuracy_lost"] = noise / 2
    for metric, value in expected.items():
        missed = [name for name in SPEAKING.split(",") if not holds(found[name], metric, value)]
        assert len(missed) <= 1, (metric, missed)  # an interval of 95 % misses one in 20
    assert {found[name].way for name in SPEAKING.split(",")} == {"changed"}


def test_what_breaks_the_grader_is_not_what_wins_it_over(tmp_path: Path):
    def answer(request: Request) -> Reply:
        if request.probe == "verdict_spoofing":
            return Reply(text="no verdict" if int(request.item) % 3 == 0 else "[[A]]")
        return Reply(text=f"[[{'AB'[right(request)]}]]")

    found = measured(texts(), Scripted(answer), tmp_path / "run", "rerun,verdict_spoofing")
    spoofed = found["verdict_spoofing"]
    assert spoofed.n_broke == N / 3
    assert spoofed.figure("broken").value == pytest.approx(1 / 3)
    assert holds(spoofed, "cue_shift_worse", 0.5)  # where it answers, half see the cue first
    assert holds(spoofed, "cue_shift", 0)  # as often as it is not: what it says speaks for the slot


def looks(request: Request) -> list[Media]:
    return [part for part in request.prompt if isinstance(part, Media)]


def sees(request: Request) -> int | None:
    """The slot whose caption names the number of the picture; a tie where none is named."""
    numbers = [part.uri.partition(".")[0] for part in looks(request)]
    fits = [slot for slot in (0, 1) if text(request, slot).split()[1] in numbers]
    return fits[0] if len(fits) == 1 else None


def test_a_judge_that_looks_relies_on_the_media_by_all_that_it_knows(tmp_path: Path):
    def looking(request: Request, _: object) -> int | None:
        return sees(request)

    (tmp_path / "media").mkdir()
    task = pictures(tmp_path / "media")
    habit = judge(looking, modalities=("text", "image"))
    found = measured(task, habit, tmp_path / "run", "rerun,blind,mismatched,contradicting")
    for name in ("blind", "mismatched"):
        assert found[name].kind == "reliance"
        assert found[name].figure("accuracy_lost").value == pytest.approx(0.5)  # half is luck
        assert found[name].size == "strong"
    assert found["contradicting"].figure("cue_preference").value == 0  # the media decide


def test_a_judge_that_never_looks_relies_on_nothing_and_text_decides_for_one_that_reads(
    tmp_path: Path,
):
    def reads(request: Request, coin: object) -> int:
        """What the prompt says in words; else the smaller number, which is always the right one."""
        said = " ".join(part for part in request.prompt if isinstance(part, str))
        named = [slot for slot in (0, 1) if f"{text(request, slot)})" in said]
        numbers = [int(text(request, slot).split()[1]) for slot in (0, 1)]
        return named[0] if named else numbers.index(min(numbers))

    (tmp_path / "media").mkdir()
    task = pictures(tmp_path / "media")
    habit = judge(reads, modalities=("text", "image"))
    found = measured(task, habit, tmp_path / "run", "rerun,blind,mismatched,contradicting")
    for name in ("blind", "mismatched"):
        assert found[name].figure("accuracy_lost").value == 0
        assert found[name].size == "none"
    assert found["contradicting"].figure("cue_preference").value == 1
    assert (found["contradicting"].size, found["contradicting"].way) == ("strong", "towards")


@pytest.mark.parametrize("p", [0.5, 0.8])
def test_a_judge_that_favours_audio_shows_it_where_equal_candidates_differ(
    p: float, tmp_path: Path
):
    def favours_audio(request: Request, coin: object) -> int:
        heard = [isinstance(one.parts[0], Media) for one in request.candidates]
        first = p if heard[0] > heard[1] else 1 - p if heard[1] > heard[0] else 0.5
        return 0 if coin.random() < first else 1

    told = judge(favours_audio, modalities=("text", "audio"))
    found = measured(sounds(), told, tmp_path / "run", "rerun,mixed")["mixed"]
    assert holds(found, "cue_preference", p)
    assert holds(found, "cue_preference_log_odds", log(p / (1 - p)))
    assert holds(found, "cue_shift", p - 0.5)


@pytest.mark.parametrize("points", [0.0, 1.0])
def test_a_judge_that_gives_points_for_authority_shifts_by_so_many(points: float, tmp_path: Path):
    def answer(request: Request) -> Reply:
        cited = "Annual Review" in text(request, 0)
        known = float(text(request, 0).partition("answer of ")[2][0])
        return Reply(text=f"Score: [[{known + points * cited:g}]]")

    found = measured(scores(), Scripted(answer), tmp_path / "run", "rerun,authority,sentiment")
    assert found["authority"].figure("score_shift").value == pytest.approx(points)
    assert found["authority"].size == ("strong" if points else "none")
    assert found["sentiment"].figure("score_shift").value == 0
