"""The browser of items, driven in Chromium: filters, order, addresses, keys, players, safety."""

import json
from collections import defaultdict
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image

import mmjudge
from mmjudge.errors import MmjudgeError
from mmjudge.export import rows
from mmjudge.report import page as page_module
from mmjudge.report import sections
from mmjudge.report.items import browser as made
from mmjudge.report.items import files_of, item_browser, place_page, view_link
from mmjudge.report.overview import overview
from mmjudge.report.page import write_page
from mmjudge.types import Failure, Reply
from tests.report.test_page import EVIL, evil_task
from tests.scoring.scoring_helpers import Scripted

READY = "#items-browser[data-ready]"


class Site(NamedTuple):
    """A page, and the runs that it is of."""

    page: Path
    runs: list[Path]


def flip(request):
    """Always the first shown, but where told to fail or to be wordy."""
    if request.item.endswith("3"):
        return Reply(error=Failure(reason="refused", detail="I will not"))
    sure = {"A": 0.9, "B": 0.1} if request.item.endswith("5") else {"A": 0.6, "B": 0.4}
    return Reply(probabilities=sure, text=f"zebra says [[A]] of {request.item}")


@pytest.fixture(scope="module", autouse=True)
def no_plots():
    """Plots take seconds to draw, and have tests of their own."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (page_module, sections):
            patch.setattr(module, "plots_missing", lambda: "left out of a test")
        yield


@pytest.fixture(scope="module")
def site(runs, tmp_path_factory) -> Site:
    """Pictures, films and sounds; a coin, the oracle, and a judge that flips, fails and moves."""
    out = tmp_path_factory.mktemp("site")
    asked: dict[str, Any] = {"protocol": "pair", "orders": "both", "limit": 12}
    more = [
        mmjudge.run(
            f"scenes_{way}",
            judge,
            where={"modality": f"text->{way}"},
            out=out / way / name,
            **asked,
        )
        for way in ("video", "audio")
        for name, judge in (("first", "baseline:first"), ("oracle", "baseline:oracle"))
    ]
    scripted = Scripted(flip)
    probed = mmjudge.run(
        "scenes_audio", scripted, where={"modality": "text->audio"},
        probes=("rerun", "order_swapped"), out=out / "scripted", **asked,
    )  # fmt: skip
    folders = [*runs.folders, *(run.folder for run in more), probed.folder]
    write_page(folders, out / "page.html", items=3, n_resamples=0)
    return Site(out / "page.html", folders)


@pytest.fixture(scope="module")
def beside(site, tmp_path_factory) -> Site:
    """The same, its items beside the page."""
    out = tmp_path_factory.mktemp("beside") / "re port #1.html"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(made, "PAGE_BYTES", 0)
        write_page(site.runs, out, items=3, n_resamples=0)
    return Site(out, site.runs)


class Tab:
    """A page in a browser: what it asked for, what went wrong, and what is looked for in it."""

    def __init__(self, browser, path: Path, address: str = "", **options: Any) -> None:
        options = {"viewport": {"width": 1440, "height": 900}, **options}
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.wrong.append(message.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("dialog", lambda dialog: self.wrong.append(f"dialog {dialog.message}"))
        self.page.set_default_timeout(15_000)
        self.page.goto(path.as_uri() + address)
        if options.get("java_script_enabled", True):
            self.page.wait_for_selector(READY)

    @property
    def count(self) -> int:
        return int(self.page.inner_text("#items-count").split()[0].replace(",", ""))

    @property
    def first(self) -> str:
        return self.page.inner_text(".row[data-place='0'] .id")

    @property
    def chosen(self) -> str:
        return self.page.inner_text(".row[aria-selected=true] .id")

    @property
    def shown(self) -> str:
        return self.page.inner_text("#items-detail h3").removeprefix("# ")

    def facet(self, title: str):
        return self.page.locator(
            "details.facet", has=self.page.locator(f"summary bdi:text-is('{title}')")
        )

    def tick(self, title: str, value: str) -> None:
        facet = self.facet(title)
        if facet.get_attribute("open") is None:
            facet.locator("summary").click()
        facet.locator(f"input[value='{value}']").click()

    def find(self, words: str) -> None:
        self.page.fill("#items-find", words)
        self.page.wait_for_url(lambda url: words.partition(" ")[0] in url)


@pytest.fixture
def tab(browser, site):
    opened = Tab(browser, site.page)
    yield opened
    assert not opened.wrong
    assert opened.asked[0] == site.page.as_uri()
    assert all(url.startswith("data:") for url in opened.asked[1:])
    opened.context.close()


def judged(site: Site) -> dict[tuple[str, ...], dict[tuple[str, str], list[dict[str, Any]]]]:
    """Plain rows by item, and by judge and criterion, from the stores and not from the page."""
    found: dict[Any, Any] = defaultdict(lambda: defaultdict(list))
    for run in site.runs:
        for row in rows(run):
            if row["probe"] is None:
                item = (row["task"], row["protocol"], row["item"])
                found[item][row["judge"], row["criterion"]].append(row)
    return found


def zebras(site: Site) -> int:
    return len({row["item"] for row in rows(site.runs[-1]) if "zebra" in (row["text"] or "")})


def test_what_a_filter_leaves_is_what_the_stores_hold(tab, site):
    items = judged(site)
    assert tab.count == len(items)
    tab.tick("protocol", "pair")
    tab.tick("judge", "baseline:first")
    tab.tick("criterion", "overall")
    pairs = [units[key] for (_, way, _), units in items.items() if way == "pair"
             for key in units if key == ("baseline:first", "overall")]  # fmt: skip
    known = [said for said in pairs if said[0]["correct"] is not None]
    for value, wanted in (
        ("right", [said for said in known if all(row["correct"] for row in said)]),
        ("wrong", [said for said in known if not any(row["correct"] for row in said)]),
        ("some", [said for said in known if len({row["correct"] for row in said}) == 2]),
    ):
        tab.tick("verdict", value)
        assert tab.count == len(wanted), value
        tab.tick("verdict", value)
    tab.tick("asked again", "flipped")
    assert tab.count == len([said for said in pairs if len({row["verdict"] for row in said}) == 2])
    assert tab.count == len(pairs) > 0  # it always takes the first shown


@pytest.mark.slow
def test_the_number_beside_a_filter_is_what_is_left_when_it_is_taken(tab):
    tab.tick("protocol", "pair")
    tab.tick("judge", "baseline:first")
    checked = tab.page.evaluate(
        """() => [...document.querySelectorAll("#items-filters input:not(:checked)")]
            .filter((box, at) => at % 4 === 0 && !box.closest("label").hidden)
            .map((box) => {
              const title = box.closest("details").querySelector("bdi").textContent;
              const beside = box.closest("label").querySelector(".count").textContent;
              box.click();
              const left = document.querySelector("#items-count").textContent.split(" ")[0];
              box.click();
              return [title, box.value, beside, left];
            })"""
    )
    several = {"protocol", "judge"}  # here a second value adds to the first
    alone = [row for row in checked if row[0] not in several]
    assert len(alone) > 8
    assert [row for row in alone if row[2] != row[3]] == []
    assert all(int(row[3]) >= int(row[2]) for row in checked)


@pytest.mark.slow
def test_failures_and_probes_are_filters(tab, site):
    items = judged(site)
    name = "scripted"
    failed = {item for item, units in items.items() for (judge, _), said in units.items()
              if any(row["failure"] == "refused" for row in said)}  # fmt: skip
    tab.tick("failed", "refused")
    assert tab.count == len(failed) > 0
    assert "failed: refused" in tab.page.inner_text("#items-detail")
    assert "I will not" in tab.page.inner_text("#items-detail")
    tab.tick("failed", "refused")
    tab.tick("moved by probe", "order_swapped")
    assert tab.count > 0
    detail = tab.page.locator("#items-detail details", has_text="asked in a changed way").first
    detail.locator("summary").first.click()
    detail.locator(".probe:has-text('order_swapped')").first.wait_for()  # made when it is opened
    assert name in tab.page.inner_text("#items-filters")


@pytest.mark.slow
def test_judges_that_disagree_and_the_one_that_is_right(tab):
    tab.tick("protocol", "pair")
    tab.tick("criterion", "overall")
    tab.tick("judge", "baseline:first")
    tab.tick("judge", "baseline:oracle")
    both = tab.count
    tab.tick("judges", "only:baseline:oracle")
    assert 0 < tab.count <= both
    tab.tick("judges", "only:baseline:oracle")
    tab.tick("judges", "only:baseline:first")
    assert tab.count == 0
    assert "Nothing passes" in tab.page.inner_text("#items-detail")


@pytest.mark.slow
def test_scores_come_furthest_from_peoples_first(tab, site):
    off = {}
    for (_, way, item), units in judged(site).items():
        if way == "score":
            values = [
                sum(abs(row["score"] - float(row["gold"])) for row in said) / len(said)
                for (judge, _), said in units.items()
                if judge == "baseline:first" and said[0]["gold"] is not None
            ]
            if values:
                off[item] = max(values)
    tab.tick("protocol", "score")
    tab.tick("judge", "baseline:first")
    tab.page.select_option("#items-sort", "error")
    assert off[tab.first] == max(off.values()) > min(off.values())


@pytest.mark.slow
def test_the_surest_of_a_wrong_verdict_comes_first(tab):
    tab.tick("judge", "scripted")
    tab.tick("verdict", "some")
    tab.page.select_option("#items-sort", "sure")
    assert tab.first.endswith(("5", "5-twin"))


@pytest.mark.slow
def test_words_are_found_in_replies_and_in_prompts(tab, site):
    tab.find("zebra")
    assert tab.count == zebras(site) > 0
    tab.find("ZEBRA nothing-like-it")
    tab.page.wait_for_selector("text=Nothing passes")
    assert tab.count == 0
    tab.page.fill("#items-find", "")
    tab.page.wait_for_selector(".row")
    assert tab.count == len(judged(site))


def test_an_address_brings_back_a_view_and_back_leads_out_of_it(browser, tab, site):
    tab.tick("protocol", "pair")
    tab.tick("modality", "image->text")
    tab.page.select_option("#items-sort", "moved")
    tab.page.locator(".row").nth(2).click()
    seen = tab.count, tab.chosen, tab.shown
    assert seen[1] == seen[2]
    link = tab.page.get_attribute("#items-detail .head a", "href")
    again = Tab(browser, site.page, link)
    assert (again.count, again.chosen, again.shown) == seen
    assert again.page.input_value("#items-sort") == "moved"
    again.context.close()
    tab.page.go_back()
    tab.page.go_back()
    assert tab.page.input_value("#items-sort") == "file"
    assert tab.count == seen[0]
    tab.page.go_back()
    some = tab.count
    tab.page.go_back()
    assert len(judged(site)) == tab.count > some > seen[0]
    assert "#" not in tab.page.url
    tab.page.go_forward()
    tab.page.go_forward()
    assert tab.count == seen[0]


@pytest.mark.slow
def test_an_address_that_names_nothing_known_shows_what_is_there(browser, site):
    link = view_link({"judge": "nobody", "sort": "odd", "item": "no/such/item", "q": ""})
    opened = Tab(browser, site.page, link)
    assert opened.count > 12
    assert not opened.wrong
    opened.context.close()


def test_keys_reach_everything(tab):
    page = tab.page
    page.focus("#items-list")
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    assert page.get_attribute("#items-list", "aria-activedescendant") == "items-row-2"
    assert tab.chosen == tab.shown
    page.keyboard.press("k")
    assert page.get_attribute("#items-list", "aria-activedescendant") == "items-row-1"
    page.keyboard.press("End")
    assert page.get_attribute(".row[aria-selected=true]", "aria-posinset") == str(tab.count)
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "items-detail"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "items-list"
    page.keyboard.press("/")
    page.keyboard.type("jk?")
    assert page.input_value("#items-find") == "jk?"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.is_visible("#items-keys")
    page.keyboard.press("Escape")
    assert not page.is_visible("#items-keys")


@pytest.mark.slow
def test_tab_goes_from_the_search_to_the_item(tab):
    page = tab.page
    page.focus("#items-find")
    seen = []
    for _ in range(80):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
        if seen[-1] == "A":
            break
    assert [name for name in seen if "-" in name][:2] == ["items-sort", "items-keys-button"]
    assert {"SUMMARY", "INPUT", "items-list"} <= set(seen)
    assert seen[-1] == "A"  # the link to the item


def plays(tab, kind: str) -> None:
    """A player of the item that is shown goes on in time."""
    player = tab.page.locator(f"#items-detail {kind}").first
    player.wait_for()
    player.evaluate("(one) => { one.muted = true; return one.play(); }")
    for _ in range(50):
        if player.evaluate("(one) => one.readyState > 1 && one.currentTime > 0.05"):
            return
        tab.page.wait_for_timeout(100)
    raise AssertionError(f"{kind} does not play")


def width(image) -> int:
    """Of a picture in pixels, once it was decoded, which a broken one never is."""
    return image.evaluate("(one) => one.decode().then(() => one.naturalWidth)")


def media_are_there(tab) -> None:
    tab.tick("modality", "text->image")
    image = tab.page.locator("#items-detail img").first
    image.wait_for()
    assert width(image) > 0
    tab.tick("modality", "text->image")
    for way, kind in (("text->video", "video"), ("text->audio", "audio")):
        tab.tick("modality", way)
        plays(tab, kind)
        tab.tick("modality", way)


def test_pictures_films_and_sounds_are_there(tab):
    media_are_there(tab)


@pytest.mark.slow
def test_items_beside_the_page_are_read_from_a_file(browser, beside):
    assert files_of(beside.page) == beside.page.with_name("re port #1_files")
    opened = Tab(browser, beside.page)
    media_are_there(opened)
    opened.find("zebra")
    assert opened.count == zebras(beside) > 0
    folder = beside.page.with_name("re port #1_files").as_uri()
    allowed = (beside.page.as_uri(), f"{folder}/")
    assert all(url.startswith(allowed) for url in opened.asked)
    assert any(url.endswith(".js") for url in opened.asked)
    assert not opened.wrong
    stray = opened.page.evaluate(
        """() => { const one = document.createElement("script");
                   try { one.src = "other.js"; return "taken"; } catch (e) { return e.name; } }"""
    )
    assert stray == "TypeError"
    opened.context.close()


def test_a_page_whose_files_are_not_there_or_of_another_page_says_so(browser, beside, tmp_path):
    alone = tmp_path / "alone.html"
    alone.write_text(beside.page.read_text())
    for text, said in (
        ("", "has to lie beside this page"),
        ('mmjudgeShard("no",0,"{}");', "another page"),
    ):
        context = browser.new_context()
        page = context.new_page()
        folder = tmp_path / "re port #1_files"
        if text:
            folder.mkdir()
            (folder / "0.js").write_text(text)
        page.goto(alone.as_uri())
        page.wait_for_selector(f"#items-count:has-text('{said}')", timeout=10_000)
        context.close()


def test_a_folder_of_someone_else_is_left_alone(site, tmp_path, monkeypatch):
    monkeypatch.setattr(made, "PAGE_BYTES", 0)
    (tmp_path / "page_files").mkdir()
    (tmp_path / "page_files" / "thesis.txt").write_text("mine")
    with pytest.raises(MmjudgeError, match="page_files: is there and belongs to no report"):
        write_page(site.runs[:1], tmp_path / "page.html", 0, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["page_files"]
    assert (tmp_path / "page_files" / "thesis.txt").read_text() == "mine"


@pytest.mark.slow
@pytest.mark.parametrize("most", [0, 1 << 40])
def test_the_same_runs_give_the_same_bytes(site, tmp_path, monkeypatch, most):
    monkeypatch.setattr(made, "PAGE_BYTES", most)
    found = []
    for name in ("one", "two"):
        write_page(site.runs[-3:], tmp_path / name / "page.html", 2, 0)
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        found.append([(str(f.relative_to(tmp_path / name)), f.read_bytes()) for f in files])
    assert found[0] == found[1]
    assert (len(found[0]) > 1) == (most == 0)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(text=f"{EVIL} [[A]]</script><!--"),
        pytest.param(
            Reply(error=Failure(reason="infra", detail=f"</script>{EVIL}")), marks=pytest.mark.slow
        ),
        pytest.param(
            Reply(probabilities={"A": 0.6, "B": 0.4}, text=f"\u2028{EVIL}\x00__proto__"),
            marks=pytest.mark.slow,
        ),
    ],
)
@pytest.mark.parametrize("most", [pytest.param(0, marks=pytest.mark.slow), 1 << 40])
def test_what_strangers_wrote_stays_text(browser, tmp_path, monkeypatch, reply, most):
    monkeypatch.setattr(made, "PAGE_BYTES", most)
    judge = Scripted(lambda _: reply, modalities=("text", "image"))
    judge.card = judge.card.model_copy(update={"name": EVIL, "summary": EVIL})
    run = mmjudge.run(str(evil_task(tmp_path / "task")), judge, out=tmp_path / "run", orders="both")
    write_page([run.folder], tmp_path / "page.html", 2, 0)
    opened = Tab(browser, tmp_path / "page.html")
    page = opened.page
    for summary in page.locator("#items-detail summary").all():
        summary.click()
    assert page.inner_text("#items-detail").count("<script>alert(1)</script>") > 4
    assert (
        page.locator(
            "#items-browser script, #items-browser [onerror], #items-browser iframe"
        ).count()
        == 0
    )
    assert page.locator("#items-browser a").evaluate_all(
        "(all) => all.map((one) => one.protocol)"
    ) == ["file:"]
    page.fill("#items-find", "<script>alert(1)")
    page.wait_for_url(lambda url: "script" in url)
    assert opened.count == 1
    assert not opened.wrong
    opened.context.close()


def test_without_script_chosen_items_are_shown(browser, site):
    opened = Tab(browser, site.page, java_script_enabled=False)
    assert opened.page.locator("article.item").count() == 3
    assert not opened.page.is_visible("#items-browser")
    opened.context.close()


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_nothing_hinders_those_who_cannot_see_or_point(browser, site, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    size = {"width": width, "height": 900}
    # What looks at the page is script of its own, which the page's rules would forbid.
    opened = Tab(browser, site.page, viewport=size, color_scheme=scheme, bypass_csp=True)
    page = opened.page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width == 390:
        page.click("#items-filters-button")
    opened.tick("protocol", "pair")
    for summary in page.locator("#items-detail summary").all():
        summary.click()
    found = Axe().run(page, "#items").response["violations"]
    assert [(one["id"], [n["html"] for n in one["nodes"]][:3]) for one in found] == []
    page.click("#items-keys-button")
    found = Axe().run(page, "#items-keys").response["violations"]
    assert [one["id"] for one in found] == []
    opened.context.close()


@pytest.mark.slow
def test_a_page_may_begin_with_filters_and_link_to_others(browser, site, tmp_path):
    judges = overview(site.runs, 0)
    out = tmp_path / "page.html"
    found = item_browser(judges, out, preset={"protocol": "pair", "agreement": ["disagree"]})
    link = view_link({"protocol": ["rank", "score"], "sort": "error"})
    page = (
        f'<!doctype html><meta http-equiv="Content-Security-Policy" content="'
        f'{escape(found.policy(found.style))}"><title>t</title><style>{found.style}</style>'
        f'<a id="other" href="{escape(link)}">other</a>{found.markup}{found.end}'
    )
    place_page(out, page, found)
    opened = Tab(browser, out)
    chips = "#items-chosen button"
    chosen = [text[:-2] for text in opened.page.locator(chips).all_inner_texts()]
    assert chosen == ["judges: disagree", "protocol: pair", "all filters"]
    opened.page.click("#other")
    opened.page.wait_for_selector(f"{chips}:has-text('rank')")
    assert opened.page.input_value("#items-sort") == "error"
    assert not opened.wrong
    opened.context.close()


def test_what_a_medium_shows_in_words_stands_below_it_and_is_found(browser, tmp_path):
    folder = evil_task(tmp_path / "task")
    item = json.loads((folder / "items.jsonl").read_text())
    item["candidates"][0]["parts"] = [{"modality": "image", "uri": "cup.png"}]
    for part in (item["prompt"], item["candidates"][1]["parts"]):
        del part[1]
    Image.new("RGB", (20, 10), "red").save(folder / "cup.png")
    item |= {"reference": None, "in_words": {"cup.png": f"a red cup {EVIL}"}}
    (folder / "items.jsonl").write_text(json.dumps(item) + "\n")
    run = mmjudge.run(str(folder), Scripted(flip), out=tmp_path / "run", orders="given")
    write_page([run.folder], tmp_path / "page.html", 0, 0)
    opened = Tab(browser, tmp_path / "page.html")
    assert opened.page.inner_text("#items-detail figcaption") == f"in words: a red cup {EVIL}"
    assert width(opened.page.locator("#items-detail img")) == 20
    opened.find("RED CUP")
    assert opened.count == 1
    assert not opened.wrong
    opened.context.close()
