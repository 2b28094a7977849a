"""The page of a report: what is on it, and that nothing of strangers is more than text."""

import base64
import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

import mmjudge
from mmjudge.errors import MmjudgeError
from mmjudge.report import plots
from mmjudge.report.overview import overview
from mmjudge.report.page import render, write_page
from mmjudge.types import Failure, Reply
from tests.report.html_page import Page
from tests.scoring.scoring_helpers import Scripted

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><a href='javascript:alert(3)'>"
ATTRIBUTES = {
    "alt", "aria-hidden", "aria-label", "charset", "class", "colspan", "content", "controls",
    "height", "href", "http-equiv", "id", "lang", "loading", "loop", "muted", "name", "playsinline",
    "preload", "preserveaspectratio", "role", "scope", "src", "tabindex", "title", "viewbox",
    "width", "x", "y", "open",
    *(name.lower() for name in (*plots.ATTRIBUTES, "font-family")),
}  # fmt: skip
"""All that the template itself uses, and its plots: none that runs anything."""


@pytest.fixture(scope="session")
def page(runs) -> Page:
    return Page(render(overview(runs.folders, 50), items=12))


def evil_task(folder: Path) -> Path:
    """A task with a script in every text that a stranger may choose, and media that lie."""
    part = {"modality": "image", "uri": f"a{EVIL.replace('/', '')}.png"}
    item = {
        "id": f"1 {EVIL}",
        "prompt": [EVIL, part],
        "reference": [EVIL],
        "candidates": [
            {"id": f"{name}{EVIL}", "parts": [EVIL, part], "system": EVIL} for name in "ab"
        ],
        "gold": {EVIL: {"kind": "preference", "value": "first"}},
        "strata": {axis: EVIL for axis in ("modality", "level", "condition", "breaks", EVIL)},
    }
    card = {
        "name": "evil", "protocols": ["pair"], "modalities": ["text", "image"],
        "primary": "accuracy",
        "criteria": [{"name": EVIL, "question": EVIL, "rubric": EVIL}],
        "card": {"summary": EVIL, "source": EVIL, "licence": EVIL, "known_flaws": [EVIL]},
    }  # fmt: skip
    folder.mkdir()
    (folder / "task.yaml").write_text(json.dumps(card))
    (folder / "items.jsonl").write_text(json.dumps(item) + "\n")
    return folder


@pytest.mark.parametrize(
    "reply",
    [
        Reply(text=f"{EVIL} [[A]]"),
        Reply(error=Failure(reason="infra", detail=EVIL)),
        Reply(probabilities={"A": 0.6, "B": 0.4}, text=EVIL),
    ],
)
def test_what_strangers_wrote_is_text_and_nothing_else(tmp_path, reply):
    judge = Scripted(lambda _: reply, modalities=("text", "image"))
    judge.card = judge.card.model_copy(update={"name": EVIL, "summary": EVIL})
    run = mmjudge.run(str(evil_task(tmp_path / "task")), judge, out=tmp_path / "run", orders="both")
    written = render(overview([run.folder], 20))
    page = Page(written)
    assert page.text.count("<script>") > 8
    assert not {"script", "iframe", "object", "embed", "form"} & set(page.counts())
    assert {name for _, attrs in page.tags for name in attrs} <= ATTRIBUTES
    assert all(v.startswith("data:") for v in page.values("src"))
    assert all(v.startswith("#") for v in page.values("href"))
    assert "cannot be read" in page.text  # the picture that is not there


def test_nothing_is_fetched_and_no_script_may_run(page):
    policy = page.values("content")[0]
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert not page.values("style")
    assert "url(" not in page.style
    assert "@import" not in page.style
    assert all(v.startswith(("data:image/", "#")) for v in page.values("src", "href"))


def test_items_of_all_modalities_are_shown_with_their_pictures_and_verdicts(page):
    classes = page.values("class")
    assert classes.count("item") == 12
    for way in ("text → image", "image → text", "text → text"):
        assert way in page.text
    assert page.counts()["img"] >= 12
    for judge in ("baseline:first", "baseline:oracle"):
        assert page.text.count(judge) > 12
    assert "✓" in page.text
    assert "✗" in page.text


def test_a_page_is_the_same_when_written_again_and_another_seed_shows_other_items(runs):
    judges = overview(runs.folders, 20)
    again = render(overview(runs.folders, 20), items=9)
    assert render(judges, items=9) == again
    assert render(judges, items=9, seed=1) != again
    assert Page(render(judges, items=0)).values("class").count("item") == 0


def test_figures_stand_on_the_page_as_they_were_computed(runs):
    (judged,) = overview(runs.parts["baseline:first", "pair"], 50)
    page = Page(render([judged], items=1))
    words = " ".join(" ".join(page.texts).split())
    assert "accuracy(ties=half), chance 0.5" in words
    flips = next(r for r in judged.biases if r.metric == "flip_rate")
    assert flips.value == 1
    assert "flip_rate 1.00 [1.00, 1.00]" in words


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("file/page.html", "cannot be written: .*file is no folder that you may write to; name"),
        ("file/in/page.html", "cannot be written: .*file is no folder"),
        ("folder", r"folder: is a folder; name a file in it, such as .*folder/report\.html"),
        ("folder/.", "is a folder; name a file in it"),
    ],
)
def test_a_place_where_no_page_can_be_is_refused_before_any_figure(tmp_path, out, said):
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "folder").mkdir()
    with pytest.raises(MmjudgeError, match=said):
        write_page([tmp_path / "no run"], tmp_path / out)
    with pytest.raises(MmjudgeError, match=r"^\.: is a folder"):
        write_page([tmp_path / "no run"], Path())
    assert {path.name for path in tmp_path.rglob("*")} == {"file", "folder"}


def test_a_page_that_cannot_be_written_leaves_the_old_one_and_nothing_else(
    runs, tmp_path, monkeypatch
):
    out = tmp_path / "page.html"
    out.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(MmjudgeError, match=r"page\.html: cannot be written: No space left.*room"):
        write_page(runs.parts["baseline:first", "pair"], out, 0, 0)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("page.html", "old")]


@pytest.mark.parametrize("width", [pytest.param(390, marks=pytest.mark.slow), 1440])
def test_a_browser_shows_the_page_and_refuses_nothing_of_it(runs, tmp_path, width):
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("chromium is not installed: the page was NOT LOOKED AT by a browser")
    write_page(runs.folders, tmp_path / "page.html", items=6, n_resamples=20)
    picture = tmp_path / "page.png"
    done = subprocess.run(
        [
            browser, "--headless", "--no-sandbox", "--disable-gpu",
            "--disable-background-networking", f"--user-data-dir={tmp_path / 'profile'}",
            "--enable-logging=stderr", f"--window-size={width},1200",
            f"--screenshot={picture}", (tmp_path / "page.html").as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert "CONSOLE" not in done.stderr  # a refused style or medium is reported there
    with Image.open(picture) as shown:
        assert shown.width == width
        assert len(shown.convert("RGB").getcolors(1 << 24)) > 20
