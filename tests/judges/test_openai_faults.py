"""The judge `openai:` at a server that misbehaves: each request ends answered or typed."""

import json
import random
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from mmjudge.api import run
from mmjudge.errors import JudgeError
from mmjudge.types import Criterion, Failure, Preference
from tests.engine.driven import Listed, pair, stored
from tests.judges.openai_asked import ask, once, opened
from tests.judges.openai_server import (
    Deed,
    Hang,
    Reset,
    Say,
    Server,
    completion,
    error,
    good,
)

WHOLE = completion().body
PASSING: dict[str, Deed] = {
    "429": error(429, "slow down"),
    "408": error(408),
    "500": error(500, "oops"),
    "502 HTML": Say(502, b"<html>Bad gateway</html>", "text/html"),
    "503": error(503),
    "529": error(529, "overloaded"),
    "reset": Reset(),
    "hang": Hang(),
    "cut off": Say(body=WHOLE[:40], promised=len(WHOLE)),
}
GARBAGE: dict[str, Deed] = {
    "HTML with 200": Say(200, b"<html>Please sign in</html>", "text/html"),
    "truncated JSON": Say(body=WHOLE[:40]),
    "empty": Say(),
    "no choices": Say(body=b'{"choices": []}'),
    "a list": Say(body=b"[1, 2]"),
    "null": Say(body=b"null"),
    "no message": Say(body=b'{"choices": [{"index": 0}]}'),
    "a number as content": Say(body=b'{"choices": [{"message": {"content": 4}}]}'),
    "half a character": Say(body=b'{"choices": [{"message": {"content": "\\ud800"}}]}'),
    "bytes that are no text": Say(body=b"\xff\xfe\x00{"),
    "deep JSON": Say(body=b"[" * 100_000),
}


@pytest.mark.parametrize("deed", [*PASSING.values(), *GARBAGE.values()], ids=[*PASSING, *GARBAGE])
def test_what_passes_is_asked_once_more_and_answered(deed: Deed):
    reply, server = once(lambda n, _: completion() if n else deed, timeout_s=0.5)
    assert reply.text == "Verdict: [[A]]"
    assert len(server.calls) == 2


@pytest.mark.parametrize("deed", PASSING.values(), ids=PASSING)
def test_what_does_not_pass_is_a_typed_failure_after_the_attempts(deed: Deed):
    reply, server = once(lambda *_: deed, timeout_s=0.3, attempts=3)
    assert reply.error is not None
    assert reply.error.reason == "infra"
    assert reply.error.detail.startswith("asked 3 times, the last time: ")
    assert len(server.calls) == 3


@pytest.mark.parametrize("deed", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_asked_for_once_more_at_most(deed: Deed):
    reply, server = once(lambda *_: deed, attempts=6)
    assert reply.error is not None
    assert reply.error.reason == "infra"
    assert "status 200" in reply.error.detail
    assert len(server.calls) == 2


def test_a_server_that_trickles_bytes_is_cut_off_too():
    class Slow(Server):
        def _say(self, handler: Any, deed: Say) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", "1000")
            handler.end_headers()
            for _ in range(100):
                handler.wfile.write(b" ")
                handler.wfile.flush()
                time.sleep(0.1)

    with Slow(lambda *_: Say()) as server:
        begun = time.monotonic()
        (reply,) = opened(server, timeout_s=0.5, attempts=1).judge([ask()], {})
    assert reply.error == Failure(
        reason="infra", detail="asked once, the last time: no answer in 0.5 s"
    )
    assert time.monotonic() - begun < 5


def test_nobody_at_the_address_is_a_typed_failure():
    with Server(lambda *_: completion()) as server:
        url = server.url
    (reply,) = opened(url, attempts=2).judge([ask()], {})
    assert reply.error is not None
    assert (reply.error.reason, "no connection" in reply.error.detail) == ("infra", True)


def in_seconds() -> str:
    return "1"


def as_date() -> str:
    return formatdate(time.time() + 2, usegmt=True)


@pytest.mark.parametrize(("wait", "least"), [(in_seconds, 1.0), (as_date, 1.0)])
def test_the_wait_that_a_server_asks_for_is_kept(wait: Callable[[], str], least: float):
    reply, server = once(lambda n, _: good(_) if n else error(429, Retry_After=wait()))
    assert reply.error is None
    first, second = server.calls
    assert least <= second.at - first.at < 4


def test_while_a_server_asks_to_wait_no_other_request_is_begun():
    with Server(lambda n, b: error(429, Retry_After="1.5") if n == 4 else good(b)) as server:
        replies = opened(server, concurrency=2).judge([ask(i=i) for i in range(20)], {})
    assert not [reply for reply in replies if reply.error]
    told = server.calls[4].at
    assert not [call for call in server.calls if told + 0.3 < call.at < told + 1.5]
    assert len(server.calls) == 21


def test_a_wait_beyond_all_patience_is_not_begun():
    begun = time.monotonic()
    reply, server = once(lambda *_: error(429, Retry_After="3600"), give_up_s=60.0)
    assert reply.error is not None
    assert reply.error.reason == "infra"
    assert len(server.calls) == 1
    assert time.monotonic() - begun < 10


def test_a_wait_that_makes_no_sense_is_ours():
    for value in ("soon", "nan", "-5", "inf", "Tue, 99 Foo 2020"):
        reply, _ = once(lambda n, b, v=value: good(b) if n else error(503, Retry_After=v))
        assert reply.error is None


FATAL: dict[str, tuple[Deed, str]] = {
    "401": (error(401, "bad key"), "api_key_env"),
    "402": (error(402, "pay first"), "nothing left to pay"),
    "403": (error(403, "not yours"), "api_key_env"),
    "404": (error(404, "no such model"), "model's name and base_url"),
    "400 for the model": (error(400, "x", "model_not_found"), "model's name"),
    "400 in words": (error(400, "The model `tiny` does not exist"), "model's name"),
    "quota": (error(429, "no credit", "insufficient_quota"), "nothing left to pay"),
    "redirect": (Say(307, headers={"Location": "http://127.0.0.1:1/v1"}), "points elsewhere"),
}


@pytest.mark.parametrize(("deed", "advice"), FATAL.values(), ids=FATAL)
def test_what_concerns_every_request_stops_at_once(deed: Deed, advice: str):
    with Server(lambda *_: deed) as server:
        with pytest.raises(JudgeError, match=advice) as stop:
            opened(server, concurrency=1).judge([ask(i=i) for i in range(20)], {})
        assert f"tiny at {server.url.removeprefix('http://')}" in str(stop.value)
    assert len(server.calls) == 1


def test_a_key_that_ends_midway_stops_the_run_which_keeps_every_answer(tmp_path: Path):
    items = Listed([pair(i) for i in range(100)])
    with Server(lambda n, b: good(b) if n < 30 else error(401, "revoked")) as server:
        with pytest.raises(JudgeError, match="revoked"):
            run(items, opened(server, concurrency=4), out=tmp_path / "run")
        kept = stored(tmp_path / "run")
        assert len(kept) == 30
        assert {j.outcome for j in kept} == {Preference(value="first")}
        asked_before = len(server.calls)
        server.script = lambda _, body: good(body)
        run(items, opened(server), out=tmp_path / "run")
        assert len(server.calls) - asked_before == 70
    assert len(stored(tmp_path / "run")) == 100


ALONE: dict[str, tuple[Deed, str]] = {
    "content filter": (error(400, "filtered", "content_filter"), "refused"),
    "policy of Azure": (
        Say(400, b'{"error":{"innererror":{"code":"ResponsibleAIPolicyViolation"}}}'),
        "refused",
    ),
    "moderation with 403": (error(403, "your input was flagged"), "refused"),
    "too long": (error(400, "maximum context", "context_length_exceeded"), "unsupported"),
    "too large": (Say(413, b"too large", "text/plain"), "unsupported"),
    "unknown part": (Say(422, b'{"detail": [{"msg": "no audio"}]}'), "unsupported"),
}


@pytest.mark.parametrize(("deed", "reason"), ALONE.values(), ids=ALONE)
def test_what_concerns_one_request_fails_alone_and_is_not_asked_again(deed: Deed, reason: str):
    with Server(
        lambda _, b: deed if "prompt 3\n" in str(b["messages"][0]["content"]) else good(b)
    ) as server:
        replies = opened(server).judge([ask(i=i) for i in range(8)], {})
    failed = {i: reply.error.reason for i, reply in enumerate(replies) if reply.error}
    assert failed == {3: reason}
    assert len(server.calls) == 8


def test_an_error_with_status_200_means_what_its_code_says():
    def late(n: int, body: Any) -> Deed:
        return good(body) if n else Say(body=b'{"error": {"code": 429, "message": "busy"}}')

    assert once(late)[0].error is None
    with pytest.raises(JudgeError, match="pay"):
        once(lambda *_: Say(body=b'{"error": {"code": 402, "message": "pay"}}'))
    reply, server = once(lambda *_: Say(body=b'{"error": "worker died"}'))
    assert reply.error is not None
    assert (reply.error.reason, len(server.calls)) == ("infra", 3)


def test_an_endpoint_that_fails_all_the_time_is_given_up_and_its_requests_asked_again(
    tmp_path: Path,
):
    items = Listed([pair(i) for i in range(60)])
    options: dict[str, Any] = {"breaker": 5, "attempts": 1, "concurrency": 2}
    with Server(lambda n, b: good(b) if n < 20 else error(500)) as server:
        with pytest.raises(JudgeError, match="5 requests in a row failed") as stop:
            run(items, opened(server, **options), out=tmp_path / "run")
        assert "status 500" in str(stop.value)
        assert len(stored(tmp_path / "run")) == 20
        assert len(server.calls) <= 20 + 5 + 1
        server.script = lambda _, body: good(body)
        run(items, opened(server, **options), out=tmp_path / "run")
    kept = stored(tmp_path / "run")
    assert len(kept) == 60
    assert not [j for j in kept if isinstance(j.outcome, Failure)]


def test_failures_with_success_in_between_never_add_up():
    with Server(lambda n, b: good(b) if n % 4 == 3 else error(500)) as server:
        judge = opened(server, breaker=4, attempts=1, concurrency=1)
        replies = judge.judge([ask(i=i) for i in range(40)], {})
    assert sum(reply.error is not None for reply in replies) == 30


def test_a_setting_that_the_server_refuses_for_everything_stops_the_run():
    with Server(lambda *_: error(400, "unknown field seed")) as server:
        with pytest.raises(JudgeError, match="4 requests in a row failed") as stop:
            opened(server, breaker=4, seed=1).judge([ask(i=i) for i in range(40)], {})
        assert "unknown field seed" in str(stop.value)


def test_requests_that_cannot_be_asked_say_nothing_of_the_endpoint():
    endless = Criterion(name="c", question="?")
    with Server(lambda *_: error(500)) as server:
        judge = opened(server, mode="logits", breaker=2)
        replies = judge.judge([ask("score", i=i, criterion=endless) for i in range(9)], {})
    assert not server.calls
    assert {reply.error.reason for reply in replies if reply.error} == {"unsupported"}
    assert len([reply for reply in replies if reply.error]) == 9


def test_a_server_that_gives_no_logprobs_is_not_paid_for_a_whole_run_of_nothing():
    with Server(lambda *_: completion()) as server:
        judge = opened(server, mode="logits", breaker=4, concurrency=2)
        with pytest.raises(JudgeError, match="gives no top_logprobs"):
            judge.judge([ask(i=i) for i in range(40)], {})
    assert len(server.calls) <= 5


SOAKS = (91 * 4, pytest.param(91 * 22, marks=pytest.mark.slow))
"""Requests; with 9 faults in 100 calls they take 100 / 91 calls each."""


@pytest.mark.slow
@pytest.mark.parametrize("soak", SOAKS)
def test_under_faults_every_request_ends_answered_or_typed_with_few_calls_too_many(
    soak: int, tmp_path: Path
):
    """Of 100 calls in a row 5 are 429, 2 are 5xx, 1 hangs and 1 is garbage, in random places."""
    faults: list[Deed] = [
        *[error(429, Retry_After="0")] * 3,
        *[error(429)] * 2,
        error(500),
        error(503),
        Hang(),
        GARBAGE["HTML with 200"],
    ]
    draw = random.Random(4)
    script: list[Deed | None] = []
    for _ in range(40):
        block = [*faults, *[None] * (100 - len(faults))]
        draw.shuffle(block)
        script += block

    def answer(number: int, body: Any) -> Deed:
        return script[number] or good(body)

    with Server(answer) as server:
        judge = opened(server, concurrency=16, batch_size=512, timeout_s=3.0, attempts=6)
        run(Listed([pair(i) for i in range(soak)]), judge, out=tmp_path / "run")
        calls = len(server.calls)
    kept = stored(tmp_path / "run")
    assert len(kept) == soak
    failed = [j.outcome for j in kept if isinstance(j.outcome, Failure)]
    assert {failure.reason for failure in failed} <= {"infra"}
    assert len(failed) <= 3
    right = [j for j in kept if j.outcome == Preference(value="first")]
    assert len(right) + len(failed) == soak
    assert calls <= 1.1 * soak


def test_connections_are_kept_open_over_a_batch():
    with Server(lambda _, body: good(body)) as server:
        opened(server, concurrency=4).judge([ask(i=i) for i in range(40)], {})
    assert len({call.connection for call in server.calls}) == 4


def test_no_more_calls_run_at_a_time_than_was_asked_for():
    running, most = [0], [0]

    def busy(_: int, body: Any) -> Deed:
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(0.05)
        running[0] -= 1
        return good(body)

    with Server(busy) as server:
        opened(server, concurrency=3).judge([ask(i=i) for i in range(20)], {})
    assert most[0] == 3


def test_a_judge_answers_where_an_event_loop_runs_already():
    import asyncio

    async def notebook() -> Any:
        return once(lambda _, body: good(body))[0]

    assert json.loads(asyncio.run(notebook()).model_dump_json())["text"] == "Verdict: [[A]]"
