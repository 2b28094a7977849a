import json
from itertools import permutations
from pathlib import Path

import pytest

from mmjudge.protocols import parse
from mmjudge.protocols.render import nonce
from mmjudge.types import (
    Failure,
    Preference,
    PreferenceValue,
    Ranking,
    Reply,
    Scale,
    Score,
    Verdict,
)
from tests.protocols.asked import asked, outcome
from tests.protocols.labelled_replies import CODE, PAIR, RANK, SCORE

SWAPPED = {"first": "second", "second": "first"}
AUTHORS = {
    "[[A>B]]": "first",
    "[[B>A]]": "second",
    "[[A=B=Good]]": "both_good",
    "[[A=B=Bad]]": "both_bad",
}


@pytest.mark.parametrize(("reply", "said"), PAIR)
def test_a_pair_reply_says_what_a_reader_takes_it_to_say(reply: Reply | str, said: str):
    assert outcome(asked("pair"), reply) == said


@pytest.mark.parametrize(("reply", "said"), PAIR)
def test_swapping_the_order_swaps_the_verdict_and_no_failure(reply: Reply | str, said: str):
    swapped = asked("pair", order=(1, 0))
    if isinstance(reply, str):  # what quotes the candidates quotes them as they were shown
        reply = reply.replace(CODE, nonce(swapped))
    assert outcome(swapped, reply) == SWAPPED.get(said, said)


@pytest.mark.parametrize(("reply", "scale", "said"), SCORE)
def test_a_score_reply_says_what_a_reader_takes_it_to_say(
    reply: Reply | str, scale: Scale | None, said: float | str
):
    assert outcome(asked("score", scale=scale), reply) == said


@pytest.mark.parametrize(("reply", "said"), RANK)
def test_a_rank_reply_says_what_a_reader_takes_it_to_say(reply: Reply | str, said: object):
    assert outcome(asked("rank"), reply) == said


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize(("reply", "said"), RANK)
def test_a_ranking_follows_its_candidates_through_every_order(
    reply: Reply | str, said: object, order: tuple[int, ...]
):
    found = outcome(asked("rank", order=order), reply)
    if isinstance(said, tuple):
        assert tuple(found[place] for place in order) == said
    else:
        assert found == said


@pytest.mark.parametrize(
    ("sub", "said"),
    [("[3, 4]", 3), ("[5, 5]", 5), ("[3, 9]", "!off_scale"), ("[]", "!ambiguous"), ("4", 4)],
)
def test_the_lowest_of_the_subscores_is_the_score(sub: str, said: object):
    request = asked("score", scale=Scale(), subscores=("fit", "looks"))
    assert outcome(request, f'{{"score": {sub}}}') == said


def test_more_than_26_candidates_are_ranked_by_number():
    order = tuple(range(27, -1, -1))
    reply = f"Ranking: [[{' > '.join(map(str, range(1, 29)))}]]"
    assert outcome(asked("rank", n=28, order=order), reply) == tuple(range(28, 0, -1))


def test_letters_do_not_rank_candidates_that_have_numbers():
    assert outcome(asked("rank", n=28), "A > B > C") == "!not_a_permutation"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("value", ["first", "second", "tie", "both_good", "both_bad"])
def test_a_recorded_preference_is_in_item_order_already(
    value: PreferenceValue, order: tuple[int, ...]
):
    assert outcome(asked(order=order), Reply(verdict=Preference(value=value))) == value


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (Score(value=3), "!unsupported"),
        (Ranking(ranks=(1, 2)), "!unsupported"),
        (Preference(value="tie"), "tie"),
    ],
)
def test_a_recorded_verdict_of_another_kind_is_refused(verdict: Verdict, said: str):
    assert outcome(asked("pair"), Reply(verdict=verdict)) == said


def test_a_recorded_score_off_the_scale_is_refused():
    assert outcome(asked("score", scale=Scale()), Reply(verdict=Score(value=6))) == "!off_scale"


def test_a_recorded_ranking_of_too_few_is_refused():
    reply = Reply(verdict=Ranking(ranks=(1, 2)))
    assert outcome(asked("rank"), reply) == "!not_a_permutation"


def test_an_error_stays_what_it_is():
    failure = Failure(reason="infra", detail="connection reset")
    assert parse(asked(), Reply(text="Verdict: [[A]]", error=failure)) == failure


def test_an_ambiguous_reply_shows_the_verdicts_that_it_holds():
    failure = parse(asked(), Reply(text="Verdict: [[A]]\nVerdict: [[B]]"))
    assert failure == Failure(reason="ambiguous", detail="verdicts first, second")


@pytest.mark.parity
def test_no_verdict_contradicts_the_authors_of_genai_bench(shared_data: Path):
    path = shared_data / "parity" / "genai_bench" / "raw_responses_sample.jsonl"
    both, contradictions = 0, []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        ours = outcome(asked("pair"), row["response"])
        theirs = AUTHORS.get(row["model_vote"] or "")
        if theirs and not ours.startswith("!"):
            both += 1
            if ours != theirs:
                contradictions.append((row["judge"], row["idx"], theirs, ours))
    assert not contradictions
    assert both >= 350
