"""A key is read from the variable that was named, and is found nowhere afterwards."""

import base64
import logging
from pathlib import Path
from typing import Any

import pytest

from mmjudge.api import run
from mmjudge.errors import JudgeError, without_secrets
from tests.engine.driven import Listed, pair
from tests.judges.openai_asked import KEY, ask, leaked, opened
from tests.judges.openai_server import Deed, Server, completion, error, good
from tests.media.site import serving


def echoing(n: int, body: Any) -> Deed:
    """Repeats the key in every kind of answer."""
    said = [
        error(500, f"cannot use {KEY}"),
        error(400, f"{KEY} is odd", "content_filter"),
        completion(f"Your key is {KEY}. Verdict: [[A]]"),
        completion(None, message={"refusal": f"Not with {KEY}"}),
        error(422, f"{KEY} again"),
        good(body),
    ]
    return said[n % len(said)]


def test_a_key_that_the_server_repeats_is_nowhere_in_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv("MY_KEY", f" {KEY}\n")
    caplog.set_level(logging.DEBUG)
    with Server(echoing) as server:
        judge = opened(server, api_key_env="MY_KEY", attempts=1, concurrency=1)
        run(Listed([pair(i) for i in range(12)]), judge, out=tmp_path / "run")
    assert {call.headers["authorization"] for call in server.calls} == {f"Bearer {KEY}"}
    assert leaked(tmp_path) == []
    assert b"***" in (tmp_path / "run" / "run.db").read_bytes()
    assert KEY not in caplog.text
    assert KEY not in repr(judge.endpoint) + repr(judge.card)


@pytest.mark.parametrize("place", ["me:{}@", "{}@"])
def test_a_password_in_the_address_is_sent_and_not_kept(place: str, tmp_path: Path):
    with Server(lambda _, body: good(body)) as server:
        url = server.url.replace("http://", "http://" + place.format(KEY))
        run(Listed([pair(1)]), opened(url), out=tmp_path / "run")
    sent = server.calls[0].headers["authorization"].removeprefix("Basic ")
    assert base64.b64decode(sent).decode() in (f"me:{KEY}", f"{KEY}:")
    assert leaked(tmp_path) == []


def test_a_key_in_the_query_is_sent_and_neither_kept_nor_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    with Server(lambda n, body: good(body) if n else error(500, "no")) as server:
        judge = opened(f"{server.url}?key={KEY}&api-version=1")
        run(Listed([pair(1)]), judge, out=tmp_path / "run")
    assert server.calls[1].path == f"/v1/chat/completions?key={KEY}&api-version=1"
    assert leaked(tmp_path) == []
    assert "HTTP Request: POST" in caplog.text
    assert KEY not in caplog.text


def test_no_variable_is_read_but_the_one_that_was_named(monkeypatch: pytest.MonkeyPatch):
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, KEY)
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"Authorization: Bearer {KEY}\nX-Api-Key: {KEY}")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    with Server(lambda _, body: good(body)) as server:
        opened(server).judge([ask()], {})
    headers = server.calls[0].headers
    assert headers["authorization"] == "Bearer none"
    assert KEY not in str(headers)


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"api_key_env": "NOT_SET"}, "variable NOT_SET is not set"),
        ({"api_key_env": KEY}, "variable of that name is not set"),
        ({"api_key_env": "SPACED"}, "SPACED holds spaces"),
        ({"base_url": KEY}, "base_url is no address"),
        ({"base_url": f"http://{KEY}:{KEY}/v1"}, "base_url is no address"),
        ({"base_url": ""}, "needs base_url"),
        ({"base_url": f"http://me:{KEY}@host/v1", "api_key_env": "SET"}, "give one of them"),
    ],
)
def test_a_key_in_the_wrong_place_is_refused_and_not_shown(
    options: dict[str, Any], wanted: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SPACED", "a b")
    monkeypatch.setenv("SET", KEY)
    with pytest.raises(JudgeError, match=wanted) as refused:
        opened("http://127.0.0.1:1/v1", **options)
    assert KEY not in str(refused.value)


@pytest.mark.parametrize("url", [f"https://u:{KEY}@h/v1", f"https://h/v1?a=1&key={KEY}"])
def test_what_is_printed_of_a_command_has_no_key(url: str):
    assert KEY not in without_secrets(f"mmjudge run -J base_url={url} --out x")
    assert without_secrets(url).startswith("https://")


def test_a_server_on_this_machine_whose_certificate_nobody_vouches_for_is_sent_nothing(
    tmp_path: Path,
):
    with serving(tmp_path) as (url, _):
        (reply,) = opened(f"{url}/v1", attempts=1).judge([ask()], {})
    assert reply.error is not None
    assert (reply.error.reason, "no connection" in reply.error.detail) == ("infra", True)
