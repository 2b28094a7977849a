"""Families of judges carried by an endpoint: their prompt goes out, their reply is read."""

from pathlib import Path
from typing import Any

import pytest

from mmjudge.api import run
from mmjudge.errors import JudgeError
from tests.judges.openai_asked import QUICK
from tests.judges.openai_server import Server, completion


def judged(server: Server, family: str, out: Path, **options: Any) -> list[Any]:
    given = QUICK | {"base": "openai", "model": "tiny", "base_url": server.url} | options
    done = run("assets/demo", f"family:{family}", options=given, limit=4, orders="given", out=out)
    return list(done.dataframe()["verdict"])


def test_a_family_is_asked_in_its_form_and_read_by_its_grammar(tmp_path: Path):
    with Server(lambda _i, _body: completion("8 5\nThe first is better.")) as server:
        verdicts = judged(server, "judgelm", tmp_path / "first")
    assert verdicts == ["first"] * 4
    asked = [str(call.body["messages"]) for call in server.calls]
    assert all("Assistant 1" in text and "[[A]]" not in text for text in asked)


def test_a_family_that_begins_the_judges_turn_is_refused(tmp_path: Path):
    card = tmp_path / "begun.yaml"
    (tmp_path / "pair.jinja").write_text(
        "{% block material %}{{ prompt }}{% endblock %}{% block question %}Which?{% endblock %}"
    )
    card.write_text(
        "name: begun\nsummary: Begins.\nbase: hf\nmodalities: [text]\nprotocols:\n  pair:\n"
        "    prompt: pair.jinja\n    reply: {begun: 'Best: '}\n"
    )
    with (
        Server(lambda _i, _body: completion("A")) as server,
        pytest.raises(JudgeError, match="begins the judge's turn"),
    ):
        judged(server, str(card), tmp_path / "run")
    assert not server.calls


def test_a_family_gives_its_own_form_to_the_answer(tmp_path: Path):
    with (
        Server(lambda _i, _body: completion("8 5")) as server,
        pytest.raises(JudgeError, match="structured=none"),
    ):
        judged(server, "judgelm", tmp_path / "run", structured="json_schema")
