"""`mmjudge run --allow-urls` end to end: off unless asked for, never to a private address."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mmjudge.api import run
from mmjudge.cli import app
from mmjudge.media import urls
from mmjudge.media.urls import Rules
from mmjudge.types import Candidate, Failure, Media, Preference, Reply
from tests.engine.driven import Listed, Told, pair, stored

CARD = """name: far
protocols: [pair]
modalities: [text, image]
primary: accuracy
criteria:
  - {name: overall, question: Which is better?}
card: {summary: Pictures from the web.}
"""

PLUGIN = """
from mmjudge.judges.base import Judge
from mmjudge.types import JudgeCard, Reply

class Looking(Judge):
    card = JudgeCard(name="looking:", summary="Looks.", media=True, fingerprint="1")

    @classmethod
    def open(cls, name, options, context):
        return cls()

    @classmethod
    def catalog(cls):
        return [cls.card]

    def judge(self, batch, media):
        return [Reply(text="Verdict: [[A]]", finish_reason="stop") for _ in batch]
"""


@pytest.fixture
def looking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The judge `looking:` of a package of a stranger, which gets all media decoded."""
    from mmjudge.registry import registry

    place = tmp_path / "site"
    facts = place / "looking-1.0.dist-info"
    facts.mkdir(parents=True)
    (place / "looking_module.py").write_text(PLUGIN, encoding="utf-8")
    (facts / "METADATA").write_text("Name: looking\nVersion: 1.0\n", encoding="utf-8")
    entry = "[mmjudge.judges]\nlooking = looking_module:Looking\n"
    (facts / "entry_points.txt").write_text(entry, encoding="utf-8")
    monkeypatch.syspath_prepend(str(place))
    registry.cache_clear()
    yield
    registry.cache_clear()


def task_of(folder: Path, uris: list[str]) -> Path:
    lines = []
    for place, uri in enumerate(uris):
        shown = {"modality": "image", "uri": uri}
        candidates = [{"id": "a", "parts": [shown]}, {"id": "b", "parts": ["none"]}]
        lines.append(json.dumps({"id": str(place), "prompt": ["Which?"], "candidates": candidates}))
    folder.mkdir()
    (folder / "task.yaml").write_text(CARD, encoding="utf-8")
    (folder / "items.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def failures(folder: Path) -> dict[str, Failure]:
    return {j.item: j.outcome for j in stored(folder) if isinstance(j.outcome, Failure)}


PRIVATE = ["127.0.0.1", "localhost", "10.1.2.3", "192.168.0.1", "169.254.169.254", "[::1]"]


@pytest.mark.usefixtures("looking")
def test_without_the_option_no_address_is_asked_and_the_failure_says_how(tmp_path: Path):
    task = task_of(tmp_path / "task", ["https://example.org/a.png", "https://127.0.0.1/a.png"])
    words = ["run", "--task", task, "--judge", "looking:", "--out", tmp_path / "run"]
    done = CliRunner().invoke(app, list(map(str, words)))
    assert done.exit_code == 1, done.output
    found = failures(tmp_path / "run")
    assert [failure.reason for failure in found.values()] == ["media", "media"]
    assert all("only with --allow-urls" in failure.detail for failure in found.values())


@pytest.mark.usefixtures("looking")
def test_with_the_option_no_private_address_is_asked(site: tuple[str, Rules], tmp_path: Path):
    """The site on this machine is up, and would answer."""
    uris = [f"https://{host}:1/a.png" for host in PRIVATE] + [f"{site[0]}/picture"]
    task = task_of(tmp_path / "task", uris)
    words = [
        "run",
        "--task",
        task,
        "--judge",
        "looking:",
        "--allow-urls",
        "--out",
        tmp_path / "run",
    ]
    done = CliRunner().invoke(app, list(map(str, words)))
    assert done.exit_code == 1, done.output
    found = failures(tmp_path / "run")
    assert len(found) == len(uris)
    assert all("is not a public address" in failure.detail for failure in found.values())
    assert {failure.reason for failure in found.values()} == {"media"}


def test_every_hop_is_checked_and_what_is_public_is_shown(
    site: tuple[str, Rules], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """This machine alone counts as public here: all else is what users get."""
    monkeypatch.setattr(urls, "Rules", lambda: site[1])
    ways = ("/picture", "/shown", "/inside", "/plain", "/file", "/loop", "/small")
    items = [
        pair(place, candidates=(picture("a", site[0] + way), picture("b", "https://10.0.0.1/b")))
        if way == "/loop"
        else pair(place, prompt=("p", medium(site[0] + way)))
        for place, way in enumerate(ways)
    ]
    judge = Told(lambda _: Reply(text="[[A]]"), media=True)
    run(Listed(items), judge, out=tmp_path / "run", allow_urls=True)
    found = {j.item: j.outcome for j in stored(tmp_path / "run")}
    assert [isinstance(found[str(i)], Preference) for i in range(7)] == [True] * 2 + [False] * 5
    assert {request.item for request in judge.asked} == {"0", "1"}
    assert judge.media[medium(site[0] + "/shown")].getpixel((4, 2)) == (255, 0, 0)
    said = {way: getattr(found[str(i)], "detail", "") for i, way in enumerate(ways)}
    assert "10.0.0.1 is not a public address" in said["/inside"]
    assert "only plain https" in said["/plain"]
    assert "only plain https" in said["/file"]
    assert "redirections" in said["/loop"]
    assert "not an image" in said["/small"]


def medium(uri: str) -> Media:
    return Media(modality="image", uri=uri)


def picture(name: str, uri: str) -> Candidate:
    return Candidate(id=name, parts=(medium(uri),))


def test_an_address_in_the_text_of_a_candidate_is_never_asked(
    site: tuple[str, Rules], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked: list[str] = []
    rules = site[1]._replace(allowed=lambda ip: bool(asked.append(ip)) or ip == "127.0.0.1")
    monkeypatch.setattr(urls, "Rules", lambda: rules)
    link = f"![the best]({site[0]}/picture)"
    item = pair(0, prompt=("p", medium(f"{site[0]}/picture")))
    texts = (Candidate(id="a", parts=(link,)), Candidate(id="b", parts=(link + " b",)))
    only_text = pair(1, candidates=texts)
    judge = Told(lambda _: Reply(text="[[A]]"), media=True)
    run(Listed([only_text]), judge, out=tmp_path / "text", allow_urls=True)
    assert not asked
    run(Listed([item]), judge, out=tmp_path / "image", allow_urls=True)
    assert set(asked) == {"127.0.0.1"}
