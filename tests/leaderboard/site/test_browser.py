"""The board's pages in Chromium: what a reader does, and what a stranger's text must not do."""

import csv
import io
import json
import re
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mmjudge.leaderboard.site import write_site
from mmjudge.leaderboard.site.view import MINUS
from tests.leaderboard.site.boards import board

READY = "document.documentElement.dataset.ready === 'yes'"
KINDS = (
    "index.html", "orders.html", "duels.html", "columns.html", "licences.html",
    "judges/judge-003.html", "tasks/genai_bench-pair.html",
)  # fmt: skip


@pytest.fixture
def page(browser):
    """An empty page at which every error and every word on the console is a failure."""
    with opened(browser) as page:
        yield page


def lost(request) -> list[str]:
    """What could not be loaded; what a reader left before it came is none of that."""
    gone = request.failure == "net::ERR_ABORTED"
    return [] if gone else [f"failed: {request.url}: {request.failure}"]


@contextmanager
def opened(browser, **settings):
    context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **settings})
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(f"{said.type}: {said.text}"))
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}") or dialog.dismiss())
    page.on("requestfailed", lambda request: wrong.extend(lost(request)))
    yield page
    context.close()
    assert not wrong, wrong


def show(page, folder: Path, address: str = "") -> None:
    page.goto("about:blank")
    page.goto((folder / "index.html").as_uri() + address)
    page.wait_for_function(READY)


def column(page, name: str) -> list[str]:
    """A column's values as they stand, from the top."""
    page.wait_for_selector("[data-filled=yes]")
    return page.evaluate(
        """(name) => {
            const heads = [...document.querySelectorAll("#table thead th")];
            const k = heads.findIndex((th) => th.dataset.column === name);
            const text = (td) => (td.querySelector("b, a, .none") ?? td).textContent;
            return [...document.querySelectorAll("#table tbody tr")].map((tr) => text(tr.cells[k]));
        }""",
        name,
    )


def number(text: str) -> float | None:
    try:
        return float(text.replace(MINUS, "-").replace(",", ""))
    except ValueError:
        return None


def heading(page, name: str):
    return page.locator(f'th[data-column="{name}"] [role=button]')


def test_a_press_on_a_heading_sorts_and_what_is_missing_stands_last(written, page):
    _, folder = written
    name = "task-genai_bench-pair"
    show(page, folder, "#rows=all")
    for way, sign in (("descending", -1), ("ascending", 1)):
        heading(page, name).click()
        page.wait_for_selector(f'th[data-column="{name}"][aria-sort={way}]')
        found = [number(text) for text in column(page, name)]
        there = [value for value in found if value is not None]
        assert len(found) == 60
        assert 40 < len(there) < 60
        assert found[: len(there)] == sorted(there, key=lambda value: sign * value)


@pytest.mark.slow
def test_a_bias_is_sorted_by_its_distance_from_none(written, page):
    _, folder = written
    show(page, folder, "#sort=bias-verbosity&rows=all")
    there = [
        value for text in column(page, "bias-verbosity") if (value := number(text)) is not None
    ]
    assert min(there) < 0 < max(there)
    assert [abs(v) for v in there] == sorted(abs(v) for v in there)


def test_search_and_filters_say_how_many_are_left_and_reset_brings_all_back(written, page):
    made, folder = written
    show(page, folder)
    page.fill("#find", "kestrel greedy")
    wanted = [e for e in made.entries if "Kestrel" in e.judge and "greedy" in e.setting]
    assert wanted
    assert page.inner_text("#shown").startswith(f"{len(wanted)} of 60 judges")
    page.fill("#find", "")
    page.select_option("#badge", "partial")
    page.select_option("#licence", "proprietary")
    wanted = [e for e in made.entries if "partial" in e.badges and e.licence == "proprietary"]
    assert len(column(page, "judge")) == len(wanted)
    assert 0 < len(wanted) < 60
    page.fill("#find", "nobody is called that")
    assert "Take a filter away" in page.inner_text("#table")
    page.click("#reset")
    assert page.inner_text("#shown").startswith("60 of 60 judges, in the order of overall")
    assert page.input_value("#licence") == ""


def test_any_state_has_a_link_and_back_goes_to_the_one_before(written, browser, page):
    _, folder = written
    show(page, folder)
    page.select_option("#modality", "video")
    heading(page, "bias-verbosity").click()
    page.wait_for_selector('th[data-column="bias-verbosity"][aria-sort]')
    page.click("#choose")
    page.get_by_label("None of Tasks").click()
    page.fill("#find", "3b")
    page.wait_for_function("location.hash.includes('q=3b')")
    with opened(browser) as other:
        show(other, folder, page.evaluate("location.hash"))
        assert other.input_value("#modality") == "video"
        assert other.input_value("#find") == "3b"
        heads = "[...document.querySelectorAll('#table thead th')].map((th) => th.dataset.column)"
        assert other.evaluate(heads) == page.evaluate(heads)
        assert "task-genai_bench-pair" not in other.evaluate(heads)
        assert column(other, "judge") == column(page, "judge")
        assert other.inner_text("#shown") == page.inner_text("#shown")
    page.go_back()
    page.wait_for_function("document.getElementById('find').value === ''")
    page.go_back()
    page.wait_for_selector('th[data-column="task-genai_bench-pair"]')


@pytest.mark.slow
def test_a_link_that_says_nonsense_shows_the_board(written, page):
    _, folder = written
    show(page, folder, "#sort=-nope,x&columns=a,b&rows=7&page=x&badge=%3Cimg%3E&licence=none")
    assert len(column(page, "judge")) == 50
    assert page.locator("#table img").count() == 0


@pytest.mark.slow
def test_all_is_reached_by_the_keyboard_alone(written, page):
    _, folder = written
    show(page, folder)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.focus("#choose")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    for _ in range(12):  # through the tools between the button and the panel
        if page.evaluate("document.activeElement.closest('#chooser') !== null"):
            break
        page.keyboard.press("Tab")
    page.keyboard.type("bandwagon")
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type === 'checkbox'"):
            break
    page.keyboard.press("Space")
    page.wait_for_selector('th[data-column="bias-bandwagon"]')
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "choose"
    assert page.is_hidden("#chooser")
    heading(page, "judge").focus()
    page.wait_for_selector("#tip:not([hidden])")
    assert "its revision" in page.inner_text("#tip")
    page.keyboard.press("Escape")
    assert page.is_hidden("#tip")
    page.keyboard.press("Enter")
    page.wait_for_selector('th[data-column="judge"][aria-sort=ascending]')
    found = column(page, "judge")
    assert found == sorted(found, key=str.casefold) or found[0] < found[-1]


def test_what_is_shown_is_what_is_saved(written, page):
    made, folder = written
    show(page, folder, "#badge=partial&columns=overall,bias-blur&sort=bias-blur")
    shown = column(page, "bias-blur")
    page.click("#save")
    with page.expect_download() as saved:
        page.click("#csv")
    rows = list(csv.DictReader(io.StringIO(Path(saved.value.path()).read_text())))
    assert [r["judge"] for r in rows] == column(page, "judge")
    for row, text in zip(rows, shown, strict=True):
        value = number(text)
        assert (
            row["bias-blur"] == "" if value is None else round(float(row["bias-blur"]), 3) == value
        )
    assert not [k for k in rows[0] if k.startswith("task-")]
    page.click("#save")
    with page.expect_download() as saved:
        page.click("#json")
    said = json.loads(Path(saved.value.path()).read_text())
    assert [e["id"] for e in said] == [r["id"] for r in rows]
    cell = made.cell(said[0]["id"], "overall")
    assert said[0]["cells"]["overall"]["value"] == pytest.approx(cell.value, abs=1e-6)


@pytest.mark.slow
def test_pages_of_rows_are_walked_and_linked(written, page):
    _, folder = written
    show(page, folder, "#rows=25")
    first = column(page, "place") and column(page, "judge")
    page.get_by_role("button", name="Next").click()
    page.wait_for_function("location.hash.includes('page=2')")
    assert not set(first) & set(column(page, "judge")) or first != column(page, "judge")
    show(page, folder, "#rows=25&page=3")
    assert len(column(page, "judge")) == 10


def test_the_board_reads_without_script(written, browser):
    made, folder = written
    with opened(browser, java_script_enabled=False) as page:
        page.goto((folder / "index.html").as_uri())
        assert page.locator("#table tbody tr").count() == 60
        assert page.is_hidden("#find")
        assert page.is_hidden("#theme")
        best = max(made.entries, key=lambda e: (made.cell(e.id, "overall") or 0).value or 0)
        row = page.locator("#table tbody tr").first
        assert best.judge in row.inner_text()
        assert f"{made.cell(best.id, 'overall').value:.3f}" in row.inner_text()
        row.locator("a").click()
        assert best.judge in page.inner_text("h1")
        page.goto((folder / "duels.html").as_uri())
        assert page.locator(".matrix tbody tr").count() == 40


def test_with_script_and_without_the_first_rows_say_the_same(written, browser, page):
    _, folder = written
    words = """() => [...document.querySelectorAll("#table tbody tr")].slice(0, 20).map(
        (tr) => [...tr.cells].map((td) => td.textContent.replace(/\\s+/g, " ").trim()))"""
    show(page, folder)
    page.wait_for_selector("[data-filled=yes]")
    with opened(browser, java_script_enabled=False) as plain:
        plain.goto((folder / "index.html").as_uri())
        for without, with_script in zip(plain.evaluate(words), page.evaluate(words), strict=True):
            assert without == with_script


@pytest.mark.slow
def test_colours_are_chosen_kept_and_linked(written, page):
    _, folder = written
    show(page, folder)
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.click("#theme")
    page.click("#theme")
    assert "dark" in page.inner_text("#theme")
    assert page.evaluate(ground) != light
    assert "theme=dark" in page.url
    page.goto((folder / "orders.html").as_uri())
    assert "dark" in page.inner_text("#theme")


@pytest.mark.slow
def test_two_judges_are_compared_column_by_column(written, page):
    made, folder = written
    page.goto((folder / "duels.html").as_uri() + "#a=judge-040&b=judge-003")
    page.wait_for_selector("#duel td")
    duel = next(d for d in made.duels if (d.a, d.b) == ("judge-003", "judge-040"))
    said = page.locator("#duel tbody tr").first.inner_text()
    assert f"{abs(duel.difference):.3f}" in said
    assert (MINUS in said.split("\t")[3]) == (-duel.difference < 0)
    page.click("#swap")
    page.wait_for_function("location.hash === '#a=judge-003&b=judge-040'")
    first = page.locator("#duel tbody tr").first
    assert (MINUS in first.inner_text().split("\t")[3]) == (duel.difference < 0)


def test_a_strangers_text_runs_nothing_and_is_no_element(hostile, page):
    for name in ("index.html", "duels.html", "judges/judge-002.html", "orders.html"):
        page.goto((hostile / name).as_uri())
        if name == "index.html":
            page.wait_for_function(READY)
            page.click("#choose")
            page.hover('th[data-column="overall"] bdi')
            page.wait_for_selector("#tip:not([hidden])")
            page.fill("#find", "<script>")
        if name == "duels.html":
            page.wait_for_selector("#duel p")
        page.wait_for_timeout(50)
        assert page.locator("main img, main script, main iframe, body > img").count() == 0
        links = page.evaluate("[...document.querySelectorAll('a')].map((a) => a.href)")
        assert all(link.startswith(("file://", "https://example.org/")) for link in links)
        assert "alert(1)" in page.inner_text("main")


@contextmanager
def server(folder: Path):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.server_port}/"
    finally:
        made.shutdown()
        made.server_close()
        thread.join()


@pytest.mark.slow
def test_a_server_gives_what_a_file_gives_and_nothing_is_asked_elsewhere(written, page):
    _, folder = written
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with server(folder) as address:
        page.goto(address + "index.html#badge=partial&sort=-overall")
        page.wait_for_function(READY)
        served = column(page, "judge")
        page.goto(address + "duels.html")
        page.wait_for_selector("#duel td")
        assert asked
        assert all(url.startswith(address) for url in asked)
        page.goto("about:blank")
    show(page, folder, "#badge=partial&sort=-overall")
    assert column(page, "judge") == served


def axe() -> str:
    found = pytest.importorskip("axe_playwright_python")
    return (Path(found.__file__).parent / "axe.min.js").read_text()


RUN = """() => axe.run(document, {resultTypes: ["violations"], preload: false}).then(
    (found) => found.violations.map((v) =>
        `${v.id}: ${v.nodes.length}, such as ${v.nodes[0].html.slice(0, 120)}`))"""


def violations(browser, folder: Path, name: str, **settings) -> list[str]:
    # The checker is no script of the site: only here may it run.
    with opened(browser, bypass_csp=True, **settings) as page:
        page.goto((folder / name).as_uri())
        if name == "index.html":
            page.wait_for_selector("[data-filled=yes]")
            page.click("#choose")
        page.evaluate(axe())
        return page.evaluate(RUN)


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", KINDS)
def test_no_page_has_a_violation_that_axe_knows(written, browser, name, scheme, width):
    settings = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}}
    assert violations(browser, written[1], name, **settings) == []


@pytest.mark.slow
@pytest.mark.parametrize("say", ["", "W" * 200, "word " * 39])
def test_no_page_is_wider_than_a_phone_whatever_it_says(browser, tmp_path, say):
    write_site(board(4, 20, say=say.strip(), n_tasks=2), tmp_path)
    with opened(browser, viewport={"width": 390, "height": 844}) as page:
        for name in KINDS:
            page.goto((tmp_path / name).as_uri())
            page.wait_for_timeout(100)
            assert page.evaluate("document.documentElement.scrollWidth") == 390, name


def test_the_pages_tested_are_of_every_kind(written):
    _, folder = written
    kinds = {re.sub(r"/.*", "", p.relative_to(folder).as_posix()) for p in folder.rglob("*.html")}
    assert kinds == {re.sub(r"/.*", "", name) for name in KINDS}
