"""The comparison of runs: on the terminal, as Markdown, JSON and a page."""

from pathlib import Path
from random import Random

import pytest

import mmjudge
from mmjudge.commands.compare import Wanted, write_comparison
from mmjudge.errors import MmjudgeError, StoreError
from mmjudge.report.comparison import ComparisonRecord, compare_all
from mmjudge.report.comparison_page import render_comparison, tone
from mmjudge.report.comparison_text import order_words
from mmjudge.report.overview import overview
from mmjudge.report.page import render
from mmjudge.report.terminal import comparison_report, plain
from mmjudge.report.written import Places
from mmjudge.types import Reply, Request
from tests.biases.habits import follows_authority, judge, right, texts
from tests.report.html_page import Page
from tests.report.test_page import ATTRIBUTES, EVIL
from tests.scoring.scoring_helpers import Scripted

PROBES = "rerun,authority"


def mostly_right(request: Request, _: Random) -> int:
    slot = right(request)
    return slot if Random(request.item).random() < 0.9 else 1 - slot


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two judges of texts, one of them moved by a reference; and a third that always says A."""
    out = tmp_path_factory.mktemp("compared")
    judges = (
        judge(mostly_right),
        judge(follows_authority),
        Scripted(lambda _: Reply(text="[[A]]")),
    )
    for letter, one in zip("abc", judges, strict=True):
        one.card = one.card.model_copy(update={"name": f"{letter} {EVIL}"})
    task = texts(40, ("overall", EVIL))
    return [
        mmjudge.run(task=task, judge=one, out=out / letter, orders="both", probes=PROBES).folder
        for letter, one in zip("abc", judges, strict=True)
    ]


@pytest.fixture(scope="module")
def record(runs) -> ComparisonRecord:
    return compare_all(runs, 200)


@pytest.fixture(scope="module")
def page(record) -> Page:
    return Page(render_comparison(record, record.pairs))


def test_a_comparison_reads_back_as_it_was(record):
    assert ComparisonRecord.model_validate_json(record.model_dump_json()) == record
    assert (record.format, record.schema_version) == ("mmjudge.scoring.comparison", 1)


def test_the_order_says_who_is_ahead_and_whom_nothing_separates(record):
    places = {record.runs[one.run].letter: (one.best, one.worst) for one in record.order}
    assert places["C"] == (3, 3)
    assert places["B"][0] == 1
    assert "ahead of C" in order_words(record)


def test_figures_of_the_record_stand_on_the_page(record, page):
    words = " ".join(page.text.split())
    for pair in record.pairs:
        for one in (*pair.comparisons, *pair.probes):
            if one.difference is not None:
                assert f"{round(one.difference, 3) or 0.0:+.3f}" in words
    for one in record.agreements:
        assert f"{one.value:.3f}" in words
    assert f"{order_words(record)}." in words


def test_plots_of_a_comparison_say_the_differences(record, page):
    titles = [t for t in page.texts if t.startswith("authority: ")]
    shown = next(one for one in record.pairs[0].probes if one.stratum == "probe=authority")
    assert any(title.startswith(f"authority: {shown.difference:.3f} [") for title in titles)


def test_what_strangers_wrote_is_text_on_a_comparison(page):
    assert page.text.count("<script>") > 8
    assert not {"script", "iframe", "object", "embed", "form", "img"} & set(page.counts())
    assert {name for _, attrs in page.tags for name in attrs} <= ATTRIBUTES
    assert all(v.startswith("#") for v in page.values("href"))
    assert "unsafe" not in page.values("content")[0]


def test_a_comparison_is_the_same_when_made_again(runs, record):
    assert compare_all(runs, 200) == record
    assert render_comparison(record, record.pairs) == render_comparison(record, record.pairs)


def test_runs_that_were_not_asked_the_same_are_refused(runs, tmp_path):
    other = mmjudge.run(task=texts(10), judge="baseline:first", out=tmp_path / "run").folder
    with pytest.raises(StoreError, match="cannot be compared: item"):
        compare_all([*runs, other])
    with pytest.raises(MmjudgeError, match="2 to 26 runs, found 1"):
        compare_all(runs[:1])


def test_all_forms_are_written_at_once_and_nothing_is_printed(runs, tmp_path, capsys):
    places = Places(tmp_path / "c.html", tmp_path / "c.md")
    write_comparison(runs[:2], Wanted(places, (), 20, every=False, as_json=False))
    out = capsys.readouterr()
    assert out.out == ""
    assert "open it in a browser" in out.err
    said = (tmp_path / "c.md").read_text()
    assert "## A minus B" in said
    assert "`cue_shift` | authority" in said
    assert "<script>" not in said.replace("\\<script>", "")


def test_the_page_opens_with_the_items_on_which_judges_disagree(runs, record, tmp_path, browser):
    write_comparison(runs, Wanted(Places(tmp_path / "c.html"), (), 20, every=False, as_json=False))
    complaints: list[str] = []
    for width, scheme in ((1440, "dark"), (390, "light")):
        shown = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        shown.on("console", lambda message: complaints.append(message.text))
        shown.on("pageerror", lambda error: complaints.append(str(error)))
        shown.goto((tmp_path / "c.html").as_uri())
        assert shown.evaluate("document.documentElement.scrollWidth") == width
        assert shown.locator("svg.plot").first.is_visible()
        assert "40 items" in shown.locator("#items").inner_text()
        assert "disagree" in shown.locator("#items").inner_text()
        shown.close()
    assert complaints == []


@pytest.mark.parametrize(
    "scheme", [pytest.param(s, marks=pytest.mark.slow) for s in ("light", "dark")]
)
def test_axe_finds_nothing_on_a_comparison_and_a_report(runs, record, tmp_path, browser, scheme):
    from axe_playwright_python.sync_playwright import Axe

    pages = {
        "comparison": render_comparison(record, record.pairs),
        "report": render(overview(runs, 50), items=0),
    }
    for name, written in pages.items():
        (tmp_path / name).with_suffix(".html").write_text(written)
        # axe is put into the page by the test: the page itself allows no script
        context = browser.new_context(color_scheme=scheme, bypass_csp=True)
        shown = context.new_page()
        shown.goto((tmp_path / name).with_suffix(".html").as_uri())
        shown.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        found = Axe().run(shown).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []
        context.close()


def test_every_colour_of_a_difference_is_one_that_the_page_knows(record):
    text = render_comparison(record, record.pairs)
    tones = {tone(one) for pair in record.pairs for one in (*pair.comparisons, *pair.probes)}
    assert {"accent", "soft"} <= tones
    assert all(f"td.{one} {{" in text for one in tones)


def test_a_difference_of_few_items_is_marked_as_such_in_text(record):
    (one, *_), outcome = record.pairs[0].comparisons, record.runs[0].outcome
    few, known = (one.model_copy(update={"n_items": n, "p_holm": 0.001}) for n in (9, 10))
    runs = [("A", outcome), ("B", outcome)]
    assert "9?" in (said := plain(comparison_report(runs, [("B", [few])])))
    assert "too few to say" in said
    assert "?" not in plain(comparison_report(runs, [("B", [known])]))
