"""A report as a page, as Markdown and as JSON: the same figures, and strangers' text is text."""

import json
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

import mmjudge
from mmjudge.errors import MmjudgeError
from mmjudge.report.markdown import markdown
from mmjudge.report.markdown_text import text
from mmjudge.report.overview import overview
from mmjudge.report.page import render
from mmjudge.report.record import ReportRecord, report_record
from mmjudge.report.written import Places
from mmjudge.scoring.score import score_run
from mmjudge.types import PreferenceGold, Reply
from tests.report.html_page import Page
from tests.report.test_page import EVIL, evil_task
from tests.scoring.scoring_helpers import ListTask, Scripted, pair_item, score_item, spec

HOSTILE = (
    "a|b", "`code`", "<b>bold</b>", "![x](https://evil.example/x.png)", "[a](javascript:alert(1))",
    "https://evil.example", "www.evil.example", "me@evil.example", "@everyone", "#12", "**x**",
    "__x__", "~~x~~", "&lt;", "$x^2$", ":smile:", "a\nb", "\x00\x1b[31m", "# head", "- list",
    "1. one", "> quote", "\\|",
)  # fmt: skip


@pytest.fixture(scope="module")
def judges(tmp_path_factory: pytest.TempPathFactory):
    """A judge that is surer where it is right, on pairs and scores, with two axes of strata."""
    out = tmp_path_factory.mktemp("forms")
    golds = ("first", "second")
    pairs = [
        pair_item(
            str(i), golds[i % 2], (golds[i % 2], golds[i % 3 % 2]),
            level=("easy", "hard")[i % 3 == 0], modality=("text->image", "image->text")[i % 2],
            number=str(i),
        )
        for i in range(60)
    ]  # fmt: skip
    scores = [
        score_item(str(i), i % 5 + 1, modality=("text->image", "image->text")[i // 30])
        for i in range(60)
    ]

    def sure(request) -> Reply:
        place = int(request.item)
        if request.protocol == "score":
            return Reply(text=str(min(5, place % 5 + 2)))
        good = place % 3 > 0
        gold = place % 2 if good else 1 - place % 2
        first = request.order[0] == gold
        chance = 0.6 + 0.3 * good
        return Reply(probabilities={"A": chance if first else 1 - chance,
                                    "B": 1 - chance if first else chance})  # fmt: skip

    runs = [
        mmjudge.run(ListTask(spec(kind), items), Scripted(sure), orders="given", out=out / kind)
        for kind, items in (("pair", pairs), ("score", scores))
    ]
    (one,) = overview([run.folder for run in runs[:1]], 50)
    (other,) = overview([run.folder for run in runs[1:]], 50)
    return [one, other._replace(name="scorer")]


@pytest.fixture(scope="module")
def page(judges) -> str:
    return render(judges, items=0)


def test_strata_are_the_figures_of_their_items_the_best_first_and_names_are_no_axis(judges):
    more = judges[0].asked[0].detail
    assert [axis.name for axis in more.axes] == ["level"]
    assert more.wide == ("number",)
    easy, hard = more.axes[0].results
    assert (easy.stratum, easy.value, easy.n_items) == ("level=easy", 1, 40)
    assert (hard.stratum, hard.value, hard.n_items) == ("level=hard", 0, 20)


def test_confidence_is_binned_and_the_surest_are_right(judges):
    more = judges[0].asked[0].detail
    assert [(b.n, b.accuracy) for b in more.bins] == [(20, 0), (40, 1)]
    assert [b.confidence for b in more.bins] == pytest.approx([0.6, 0.9])
    assert (more.curve[0].risk, more.curve[-1].risk) == pytest.approx((0, 1 / 3))
    assert {one.metric for one in more.calibration} >= {"ece", "auroc", "aurc"}
    assert not judges[1].asked[0].detail.calibration


def test_scores_stand_beside_those_of_people_and_the_offset_is_known(judges):
    more = judges[1].asked[0].detail
    assert [(one.low, one.median) for one in more.levels] == [
        (1, 2),
        (2, 3),
        (3, 4),
        (4, 5),
        (5, 5),
    ]
    assert sum(one.n for one in more.levels) == 60
    assert [one.value for one in more.offsets] == pytest.approx([0.8, 0.8, 0.8])


def test_the_ceiling_is_that_of_the_scores_and_stands_on_every_form(judges, page):
    asked = judges[0].asked[0]
    (run,) = judges[0].runs
    (want,) = score_run(run, 50, measures=(f"ceiling(of={asked.main})",))
    assert asked.detail.ceiling is not None
    assert asked.detail.ceiling.value == want.value
    share = f"the judge has {asked.headline.value / want.value:.0%} of it"
    assert share in Page(page).text
    assert f"{want.value:.2f}" in markdown(report_record(judges)).split("## scripted")[0]


def test_all_forms_say_the_same_figures(judges, page):
    record = report_record(judges)
    shown, said = Page(page).text, markdown(record)
    for judge in record.judges:
        for asked in judge.protocols:
            for one in (*asked.figures, *(r for axis in asked.detail.axes for r in axis.results)):
                assert f"{one.value:.2f}" in shown
                assert f"{one.value:.2f}" in said
    assert "risk by coverage" in page
    assert page.count('<svg class="plot"') == 8


def test_the_json_reads_back_as_it_was_and_names_its_form(judges):
    record = report_record(judges)
    written = record.model_dump_json()
    assert ReportRecord.model_validate_json(written) == record
    facts = json.loads(written)
    assert (facts["format"], facts["schema_version"]) == ("mmjudge.report", 1)
    with pytest.raises(ValidationError):
        ReportRecord.model_validate({**facts, "schema_version": 2})


def test_every_form_is_the_same_when_made_again(judges, page):
    again = [overview(judged.runs, 50)[0]._replace(name=judged.name) for judged in judges]
    for form in (markdown, lambda record: record.model_dump_json()):
        assert form(report_record(again)) == form(report_record(judges))
    assert render(again, items=0) == page


@pytest.mark.parametrize("said", HOSTILE)
def test_what_means_something_in_markdown_means_nothing_in_a_strangers_text(said):
    shown = text(said)
    assert "\n" not in shown
    assert "\x1b" not in shown
    bare = re.sub(r"\\.", "", shown.replace("<!-- -->", "\0"))  # what is not escaped
    assert not re.search(r"[`*\[\]<|~&$]|https?://|www\.|:\w+:|(?<!\w)_|_(?!\w)", bare)
    assert not re.search(r"(?<!\w)@\w|@[^\0\s]\S*\.|#\d", bare)
    assert not re.match(r"[-+#>=]|\d+[.)]", bare)


def test_a_hostile_run_is_a_table_of_whole_rows_in_markdown(tmp_path: Path):
    judge = Scripted(lambda _: Reply(text=EVIL), modalities=("text", "image"))
    judge.card = judge.card.model_copy(update={"name": f"|{EVIL}", "summary": EVIL})
    run = mmjudge.run(str(evil_task(tmp_path / "task")), judge, out=tmp_path / "run")
    said = markdown(report_record(overview([run.folder], 20)))
    assert "alert" in said
    assert not re.search(r"(?<!\\)<(?!!-- -->)", said)
    for block in re.findall(r"(?:^\|.*\n)+", said, re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", row)) for row in block.splitlines()}
        assert len(widths) == 1


def test_a_page_without_the_library_of_plots_says_so_and_keeps_the_numbers(judges, monkeypatch):
    monkeypatch.setattr("mmjudge.report.sections.plots_missing", lambda: "no altair")
    monkeypatch.setattr("mmjudge.report.page.plots_missing", lambda: "no altair")
    page = Page(render(judges, items=0))
    assert "No plots, only their numbers: no altair." in page.text
    assert "plot" not in page.values("class")
    assert "easy" in page.text


@pytest.mark.parametrize(
    ("places", "said"),
    [
        (Places(), "name what to write: --html FILE, --markdown FILE or --json FILE"),
        (Places(html=Path("-")), "a page is a file; name one"),
        (Places(markdown=Path("-"), json=Path("-")), "each needs a place of its own"),
        (Places(json=Path()), "is a folder; name a file in it"),
    ],
)
def test_places_where_nothing_can_be_written_are_refused(places, said):
    with pytest.raises(MmjudgeError, match=said):
        places.check("report")


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    out = tmp_path / "report.md"
    out.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(MmjudgeError, match=r"report\.md: cannot be written: No space left"):
        Places(markdown=out).write("new", "{}")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("report.md", "old")]


def test_ties_of_gold_do_not_break_a_report(tmp_path):
    items = [
        one.model_copy(update={"gold": {"overall": PreferenceGold(value="tie")}})
        for one in (pair_item(str(i), "first") for i in range(12))
    ]
    run = mmjudge.run(ListTask(spec("pair"), items), "baseline:first", out=tmp_path / "run")
    judges = overview([run.folder], 20)
    assert "undefined" in Page(render(judges, items=0)).text
    assert "| - |" in markdown(report_record(judges))
