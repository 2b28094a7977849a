"""Laws of films of web pages: nothing gets out, nothing hangs, the same page is the same film."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from mmjudge.cli import app
from mmjudge.errors import MmjudgeError, TaskError
from mmjudge.media.browser import PageFiles
from mmjudge.media.films import Script
from mmjudge.sources.pages import film_pages, found_pages
from tests.browser import need_chromium
from tests.media.hostile_pages import CART, HEAD, STORMS, neighbour, reaching

QUICK = Script(width=320, height=240, step_s=10)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two pages filmed by one browser: what came of them, where, and how many came to the port."""
    need_chromium()
    folder, out = tmp_path_factory.mktemp("pages"), tmp_path_factory.mktemp("out")
    with pytest.MonkeyPatch.context() as patch, neighbour() as port:
        patch.setenv("MMJUDGE_CACHE", str(tmp_path_factory.mktemp("cache")))
        (folder / "cart.html").write_text(CART)
        (folder / "reaching.html").write_text(reaching(port.port))
        films = {one.name: one.film for one in film_pages(found_pages(folder), out, QUICK)}
    return films, out, port.visits


def captions(film):
    return [step.caption for step in film.steps]


def test_a_page_reaches_nothing_and_what_it_tried_is_counted(made):
    films, _, visits = made
    assert visits == 0
    assert films["reaching"].failed is None
    assert films["reaching"].blocked >= 8
    assert "were not let through" in captions(films["reaching"])[-1]
    said = " ".join(captions(films["reaching"]))
    for way in ("away", "link", "new", "form"):
        assert f"/{way}, which was not opened" in said


def test_a_working_control_changes_the_screen_and_a_broken_one_does_not(made):
    film = made[0]["cart"]
    opened, added, broken, failing, typed = film.steps
    assert opened.frame == "00.png"
    assert (added.caption, added.frame) == ("Pressed 'Add'.", "01.png")
    assert (broken.caption, broken.frame) == ("Pressed 'Broken'. The screen stays as it was.", None)
    assert failing.frame is None
    assert "Error in its script: missing is not defined" in failing.caption
    assert typed.caption.startswith("Typed 'Test 123' into 'Name'.")
    assert typed.frame is not None


def test_a_film_lies_beside_its_pictures_and_the_screenshot_is_its_first(made):
    films, out, _ = made
    held = json.loads((out / "films/cart/film.json").read_text())
    assert held == json.loads(films["cart"].model_dump_json())
    for step in films["cart"].steps:
        if step.frame:
            with Image.open(out / "films/cart" / step.frame) as picture:
                assert picture.size == (320, 240)
    first = (out / "films/cart/00.png").read_bytes()
    assert (out / "screenshots/cart.png").read_bytes() == first


def test_a_page_gets_its_own_files_only(tmp_path):
    (tmp_path / "page/part").mkdir(parents=True)
    for name in ("secret.txt", "page/index.html", "page/part/a.css"):
        (tmp_path / name).write_text("x")
    (tmp_path / "page/out").symlink_to(tmp_path / "secret.txt")
    page = PageFiles("page", tmp_path / "page")
    host = "http://page.invalid"
    assert page.file(f"{host}/") == tmp_path / "page/index.html"
    assert page.file(f"{host}/part/a.css?v=1") == tmp_path / "page/part/a.css"
    inside = "/../secret.txt", "/%2e%2e/secret.txt", "/out", "/missing", "//etc/passwd", "/a\0b"
    for url in (*(host + path for path in inside), "http://other/index.html", "file:///etc/passwd"):
        assert page.file(url) is None
    alone = PageFiles("one", tmp_path, "secret.txt")
    assert alone.file(f"{host}/secret.txt") == tmp_path / "secret.txt"
    assert alone.file(f"{host}/page/index.html") is None


def test_folders_without_pages_and_pages_of_one_name_are_refused(tmp_path):
    with pytest.raises(TaskError, match="no such folder"):
        found_pages(tmp_path / "none")
    with pytest.raises(TaskError, match=r"NAME/index\.html or NAME\.html; found none"):
        found_pages(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a/index.html").touch()
    (tmp_path / "a.html").touch()
    with pytest.raises(TaskError, match="have one name"):
        found_pages(tmp_path)


def test_without_chromium_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MmjudgeError, match="apt-get install chromium"):
        film_pages([PageFiles("a", tmp_path)], tmp_path / "out", QUICK)


@pytest.mark.slow
def test_storms_end_typed_and_within_their_time_and_keep_no_page_from_being_filmed(
    tmp_path, monkeypatch
):
    need_chromium()
    monkeypatch.setenv("MMJUDGE_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "pages"
    folder.mkdir()
    for name, page in {**STORMS, "zero": CART}.items():
        (folder / f"{name}.html").write_text(page)
    out = tmp_path / "out"
    script = Script(width=320, height=240, step_s=5, page_s=20)
    films = {one.name: one.film for one in film_pages(found_pages(folder), out, script)}
    assert films.keys() == {*STORMS, "zero"}
    for name in ("alerts", "frozen", "hungry"):
        assert films[name].failed
        assert films[name].steps == ()
        assert not (out / f"screenshots/{name}.png").exists()
    assert captions(films["freezing"])[-1] == "Pressed 'Freeze'. The page stops answering."
    assert films["freezing"].steps[0].frame == "00.png"
    assert "allocation failed" in captions(films["buffers"])[0]
    assert "offers a download" in captions(films["saving"])[-1]
    assert captions(films["tall"])[1].startswith("Scrolled down to 216 of 100")
    assert sum(step.frame is not None for step in films["tall"].steps) <= script.frames
    assert len(films["zero"].steps) == 5


@pytest.mark.slow
def test_the_same_page_is_the_same_film_in_another_browser(tmp_path, monkeypatch):
    need_chromium()
    (tmp_path / "page").mkdir()
    moving = (
        "<style>@keyframes a {to {margin-left: 99px}} p {animation: a 1s infinite}</style><p>on</p>"
        "<p id=t></p><script>setInterval(() => t.textContent = Date.now() + ' ' + Math.random(), 7)"
        "</script>"
    )
    (tmp_path / "page/index.html").write_text(CART + moving)
    pages = found_pages(tmp_path)
    films = []
    for place in ("one", "two"):
        monkeypatch.setenv("MMJUDGE_CACHE", str(tmp_path / place))
        films.append(film_pages(pages, tmp_path / "out" / place, QUICK)[0].film)
    assert films[0] == films[1]
    assert len({step.sha256 for step in films[0].steps if step.sha256}) > 3


@pytest.mark.slow
def test_a_browser_that_ended_is_started_again_for_the_next_page(tmp_path):
    need_chromium()
    from mmjudge.media.browser import Browser
    from mmjudge.media.films import shoot

    (tmp_path / "index.html").write_text(HEAD)
    page = PageFiles("page", tmp_path)

    async def twice():
        async with Browser() as browser:
            first = await shoot(browser, page, QUICK)
            await browser._browser.close()
            return first, await shoot(browser, page, QUICK)

    first, second = asyncio.run(twice())
    assert first == second


@pytest.mark.slow
def test_the_command_says_what_came_of_each_page(tmp_path, monkeypatch):
    need_chromium()
    monkeypatch.setenv("MMJUDGE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "in").mkdir()
    (tmp_path / "in/good.html").write_text(HEAD)
    big = tmp_path / "in/big"
    big.mkdir()
    (big / "index.html").write_text(HEAD)
    with (big / "film.mp4").open("wb") as file:
        file.truncate(65 << 20)
    asked = ["pages", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--no-drive"]
    shown = CliRunner().invoke(app, asked)
    assert shown.exit_code == 0, shown.output
    assert "1 of 2 pages filmed" in shown.output
    assert "big: not filmed" in shown.output
    assert "more than 67108864 bytes" in shown.output
    with Image.open(tmp_path / "out/screenshots/good.png") as picture:
        assert picture.size == (1280, 800)
    again = CliRunner().invoke(app, asked)
    assert "1 of 2 pages filmed, 1 of them taken from the cache" in again.output
    only = CliRunner().invoke(app, [*asked, "--page", "big"])
    assert only.exit_code == 1
    assert Path(tmp_path / "out/films/big/film.json").is_file()
    strange = CliRunner().invoke(app, [*asked, "--page", "bad"])
    assert strange.exit_code == 2


@pytest.mark.slow
def test_ctrl_c_stops_at_once_and_what_was_filmed_is_kept(tmp_path):
    need_chromium()
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.html").write_text(HEAD)
    for n in range(9):
        (tmp_path / f"in/z{n}.html").write_text(STORMS["frozen"])
    command = [sys.executable, "-m", "mmjudge", "pages", "in", "--out", "out"]
    env = {**os.environ, "MMJUDGE_CACHE": str(tmp_path / "cache")}
    with subprocess.Popen(command, cwd=tmp_path, env=env, stderr=subprocess.PIPE) as running:
        until = time.monotonic() + 60
        while not (tmp_path / "out/screenshots/a.png").exists() and time.monotonic() < until:
            time.sleep(0.1)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=20)
    assert running.returncode == 130, said
    assert len(list((tmp_path / "cache/media/pages").iterdir())) == 1


@pytest.mark.slow
def test_pages_are_filmed_where_a_loop_runs_already(tmp_path, monkeypatch):
    need_chromium()
    monkeypatch.setenv("MMJUDGE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "a.html").write_text(HEAD)

    async def inside():
        return film_pages(found_pages(tmp_path), tmp_path / "out", QUICK)

    (one,) = asyncio.run(inside())
    assert one.film.failed is None
