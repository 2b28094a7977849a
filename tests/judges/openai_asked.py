"""Judges of `openai:` at a server of tests, patient for a moment only."""

import base64
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("openai", reason="the extra api is not installed: openai: WAS NOT TESTED")
pytest.importorskip("stamina", reason="the extra api is not installed: openai: WAS NOT TESTED")

from mmjudge.judges.base import JudgeContext, open_judge
from mmjudge.judges.openai.judge import OpenAI
from mmjudge.types import Candidate, Criterion, ProtocolName, Reply, Request, Scale
from tests.judges.openai_server import Script, Server

KEY = "sk-4f9aQ7secretZZ81"
QUICK: dict[str, Any] = {"attempts": 3, "wait_s": 0.01, "timeout_s": 5.0}


def opened(server: Server | str, **options: Any) -> OpenAI:
    url = server if isinstance(server, str) else server.url
    context = JudgeContext(task=None, protocol="pair")  # type: ignore[arg-type]
    judge = open_judge("openai:tiny", context, QUICK | {"base_url": url} | options)
    assert isinstance(judge, OpenAI)
    return judge


def ask(protocol: ProtocolName = "pair", i: int = 0, **changes: Any) -> Request:
    n = {"pair": 2, "score": 1, "rank": 3}[protocol]
    words = ("good", "bad", "poor")
    fields = {
        "key": f"{i:032x}",
        "task": "t@1",
        "item": str(i),
        "protocol": protocol,
        "criterion": Criterion(name="overall", question="Which is better?", scale=Scale()),
        "prompt": (f"prompt {i}",),
        "candidates": tuple(Candidate(id=w, parts=(f"{w} {i}",)) for w in words[:n]),
        "order": tuple(range(n)),
    }
    return Request.model_validate(fields | changes)


def once(script: Script, request: Request | None = None, **options: Any) -> tuple[Reply, Server]:
    """The reply to one request, and the server with the calls that it took."""
    with Server(script) as server:
        (reply,) = opened(server, **options).judge([request or ask()], {})
        return reply, server


def leaked(folder: Path) -> list[str]:
    """The files of a folder in which the key stands, as it is or encoded."""
    forms = [KEY.encode(), base64.b64encode(f"me:{KEY}".encode()), KEY[::-1].encode()]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [str(p) for p in files if any(form in p.read_bytes() for form in forms)]
