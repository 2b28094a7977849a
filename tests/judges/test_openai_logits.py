"""`openai:` with mode=logits: the shares of the options, from the tokens that a server names."""

import json
import math
from typing import Any

import pytest

from mmjudge.judges.openai.client import Answer, Token, read_answer
from mmjudge.judges.openai.logprobs import option_shares
from mmjudge.protocols import parse
from mmjudge.types import Failure, Preference, Ranking, Score
from tests.judges.openai_asked import ask, once, opened
from tests.judges.openai_server import Say, Server, completion, text_of

PAIR = ("A", "B", "tie")
WIDE = ("A", "B", "A=B=Good", "A=B=Bad")
LEVELS = tuple(str(n) for n in range(1, 11))


def sure(text: str) -> Token:
    return Token(text, ((text, 0.0),))


def open_(text: str, **shares: float) -> Token:
    """A token whose alternatives have these probabilities; `_` stands for a space."""
    top = tuple((name.replace("_", " "), math.log(p)) for name, p in shares.items())
    return Token(text, top)


def listed(text: str, shares: dict[str, float]) -> Token:
    return Token(text, tuple((name, math.log(p)) for name, p in shares.items()))


def answer(*tokens: Token, finish: Any = "stop") -> Answer:
    return Answer("".join(t.text for t in tokens), "", finish, 1, 1, tokens)


def shares(*tokens: Token, options: tuple[str, ...] = PAIR, finish: Any = "stop") -> Any:
    return option_shares(answer(*tokens, finish=finish), options)


LEAD = [sure("Ver"), sure("dict"), sure(":"), sure(" [[")]


def test_the_token_after_the_brackets_decides():
    found = shares(*LEAD, open_("A", A=0.6, B=0.3, tie=0.1), sure("]]"))
    assert found == pytest.approx([0.6, 0.3, 0.1])


def test_what_is_no_option_is_left_out_of_the_shares():
    found = shares(*LEAD, open_("A", A=0.4, B=0.1, C=0.3, the=0.2), sure("]]"))
    assert found == pytest.approx([0.8, 0.2, 0.0])


def test_an_option_may_begin_in_the_token_of_the_brackets():
    last = listed(" [[B", {" [[B": 0.5, "[[A": 0.25, " [[t": 0.25, "\n": 0.0001})
    found = shares(sure("Verdict:"), last, sure("]]"))
    assert found == pytest.approx([0.25, 0.5, 0.25])


def test_tokens_of_one_option_add_up():
    last = listed("A", {"A": 0.3, " A": 0.2, "a": 0.1, "A]]": 0.1, "B": 0.2, "t": 0.1})
    assert shares(*LEAD, last) == pytest.approx([0.7, 0.2, 0.1])


def test_an_option_that_begins_another_is_settled_by_what_follows():
    last = listed("A", {"A": 0.9, "B": 0.1})
    after = listed("=", {"=": 0.75, "]]": 0.25})
    end = listed("Good", {"Good": 0.6, "Bad": 0.4})
    found = shares(*LEAD, last, after, sure("B"), sure("="), end, sure("]]"), options=WIDE)
    assert found == pytest.approx([0.225, 0.1, 0.9 * 0.75 * 0.6, 0.9 * 0.75 * 0.4])


def test_one_and_ten_are_told_apart_by_the_digit_that_follows():
    first = listed("1", {"1": 0.5, "2": 0.5})
    found = shares(*LEAD, first, listed("0", {"0": 0.8, "]]": 0.2}), sure("]]"), options=LEVELS)
    assert found == pytest.approx([0.1, 0.5, *[0.0] * 7, 0.4])


def test_a_beginning_of_several_that_was_not_chosen_is_no_guess():
    first = listed("2", {"2": 0.6, "1": 0.4})
    found = shares(*LEAD, first, sure("]]"), options=LEVELS)
    assert isinstance(found, Failure)
    assert (found.reason, "mode=generate" in found.detail) == ("unsupported", True)


def test_a_bare_answer_counts_where_it_is_all_there_is():
    assert shares(open_("B", A=0.25, B=0.75)) == pytest.approx([0.25, 0.75, 0.0])
    ending = [open_("A", A=1.0)]
    assert shares(*ending, options=WIDE) == pytest.approx([1.0, 0, 0, 0])


@pytest.mark.parametrize("text", ["A red cup is seen in B", "Between [[A]] and [[B]], B", "So A"])
def test_a_verdict_that_does_not_come_first_is_not_looked_for(text: str):
    words = [sure(word) for word in text.replace(" ", "| ").split("|")]
    found = shares(*words)
    assert isinstance(found, Failure)
    assert found.reason == "ambiguous"


def test_a_score_between_levels_is_never_one_of_them():
    found = shares(*LEAD, sure("4."), sure("5"), sure("]]"), options=LEVELS)
    assert isinstance(found, Failure)


def test_a_judge_that_was_about_to_say_something_else_is_no_verdict():
    found = shares(*LEAD, open_("Neither", Neither=0.995, A=0.003, B=0.002), sure("]]"))
    assert isinstance(found, Failure)
    assert found.reason == "ambiguous"


def test_shares_add_up_to_one_whatever_the_tokens():
    import random

    draw = random.Random(0)
    pieces = ["A", "B", "tie", "t", "ie", "]]", "[[", " ", "=", "A=", "Good", ":", "Verdict", "1"]
    for _ in range(3000):
        tokens = []
        for _ in range(draw.randrange(1, 7)):
            top = draw.sample(pieces, 4)
            weights = [draw.random() for _ in top]
            found = {t: w / sum(weights) for t, w in zip(top, weights, strict=True)}
            tokens.append(listed(draw.choice(top), found))
        for options in (PAIR, WIDE, LEVELS):
            got = shares(*tokens, options=options, finish=draw.choice(["stop", "length"]))
            if not isinstance(got, Failure):
                assert sum(got) == pytest.approx(1.0)
                assert all(0 <= share <= 1 + 1e-9 for share in got)


def with_logprobs(*tokens: Token) -> Say:
    content = [
        {
            "token": token.text,
            "logprob": 0.0,
            "top_logprobs": [{"token": t, "logprob": p, "bytes": None} for t, p in token.top],
        }
        for token in tokens
    ]
    return completion("".join(t.text for t in tokens), logprobs={"content": content})


def test_a_pair_is_asked_for_its_verdict_at_once_and_read_from_the_shares():
    said = with_logprobs(*LEAD, open_("B", A=0.2, B=0.7, tie=0.1), sure("]]"))
    reply, server = once(lambda *_: said, mode="logits")
    assert reply.probabilities == pytest.approx({"A": 0.2, "B": 0.7, "tie": 0.1})
    assert parse(ask(), reply) == Preference(value="second")
    body = server.calls[0].body
    assert "without reasons" in text_of(body)
    assert (body["logprobs"], body["top_logprobs"], body["max_tokens"]) == (True, 20, 24)


def test_a_score_is_the_expected_level():
    last = listed("4", {"4": 0.5, "5": 0.25, "3": 0.25})
    request = ask("score")
    reply, _ = once(lambda *_: with_logprobs(*LEAD, last, sure("]]")), request, mode="logits")
    outcome = parse(request, reply)
    assert isinstance(outcome, Score)
    assert outcome.value == pytest.approx(4.0)


def test_a_ranking_compares_every_two_candidates():
    def better(_: int, body: Any) -> Say:
        text = text_of(body)
        a, b = text.rpartition("candidates ")[2].split(" is better?")[0].split(" and ")
        return with_logprobs(*LEAD, listed(b, {a: 0.1, b: 0.9}), sure("]]"))

    request = ask("rank")
    reply, server = once(better, request, mode="logits", price_in=1, price_out=1)
    assert len(server.calls) == 3
    assert reply.scores == pytest.approx((0.2, 1.0, 1.8))
    assert parse(request, reply) == Ranking(ranks=(3.0, 2.0, 1.0))
    assert reply.tokens_in == 300
    assert reply.cost_usd == pytest.approx(330e-6)


@pytest.mark.parametrize("logprobs", [None, {}, {"content": None}, {"content": []}])
def test_a_server_without_logprobs_is_a_failure_that_says_what_to_do(logprobs: Any):
    with Server(lambda *_: completion(logprobs=logprobs)) as server:
        judge = opened(server, mode="logits", breaker=3)
        judge.breaker.answered = True
        (reply,) = judge.judge([ask()], {})
    assert reply.error is not None
    assert reply.error.reason == "unsupported"
    assert "mode=generate" in reply.error.detail


@pytest.mark.parametrize("logprob", ["x", None, 0.5, "NaN"])
def test_log_probabilities_that_are_none_are_garbage(logprob: Any):
    content = [{"token": "A", "top_logprobs": [{"token": "A", "logprob": logprob}]}]
    said = completion("A", logprobs={"content": content})
    body = json.loads(said.body)
    with pytest.raises((TypeError, ValueError)):
        read_answer(body)
    reply, server = once(lambda *_: said, mode="logits")
    assert reply.error is not None
    assert (reply.error.reason, len(server.calls)) == ("infra", 2)
