"""Checklists and steps in reports: what stands for them, what is right, what a page shows."""

import pytest

from mmjudge.report import page as page_module
from mmjudge.report import sections
from mmjudge.report.items.collect import collect
from mmjudge.report.markdown import markdown
from mmjudge.report.overview import overview
from mmjudge.report.page import render, write_page
from mmjudge.report.record import ReportRecord, report_record
from mmjudge.types import AnswersGold, Question, Scale, ScoreGold, Steps, StepsGold
from tests.scoring.listed_runs import (
    NOTHING,
    UNIT,
    checklist_item,
    checklist_spec,
    questions,
    steps_item,
    steps_spec,
    write_run,
    yes_no,
)

TREE = questions(4, {1: (0,), 2: (1,)})
EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module", autouse=True)
def no_plots():
    """Plots take seconds to draw, and have tests of their own."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (page_module, sections):
            patch.setattr(module, "plots_missing", lambda: "left out of a test")
        yield


def answered(name, said, spec=None, gold="yyny"):
    items = [
        checklist_item(
            f"{name}{i}", TREE, AnswersGold(answers=yes_no(gold).answers), half=str(i % 2)
        )
        for i in range(len(said))
    ]
    verdicts = [NOTHING if one is None else yes_no(one) for one in said]
    return spec or checklist_spec(), list(zip(items, verdicts, strict=True))


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Answered and scored checklists, and steps, by one judge."""
    out = tmp_path_factory.mktemp("lists")
    spec, said = answered("a", ["yyny", "nyny", "yyny", None] * 3)
    likert = checklist_spec(name="scored", primary="tau_b", scale=Scale(lowest=1, highest=5))
    scored = [
        (checklist_item(f"s{i}", TREE, ScoreGold(value=1 + i % 4)), yes_no(said))
        for i, said in enumerate(["nnnn", "ynnn", "yynn", "yyyn"] * 3)
    ]
    types = ("sums", "sight")
    solved = [
        (steps_item(f"p{i}", 3, StepsGold(errors=(None, types[i % 2], None))),
         Steps(errors=(None, "sums", None)))
        for i in range(12)
    ]  # fmt: skip
    return [
        write_run(out / "a", spec, said),
        write_run(out / "s", likert, scored),
        write_run(out / "p", steps_spec(types, name="solved"), solved),
    ]


@pytest.fixture(scope="module")
def judges(folders):
    return overview(folders, 50)


def test_each_way_of_being_asked_has_its_main_measure(judges):
    (judged,) = judges
    mains = {(asked.protocol, asked.main): asked.headline.value for asked in judged.asked}
    assert set(mains) == {
        ("checklist", "question_kappa"),
        ("checklist", "tau_b"),
        ("steps", "step_kappa"),
    }
    assert mains["checklist", "tau_b"] == pytest.approx(1)
    assert mains["steps", "step_kappa"] == pytest.approx(1)


def test_questions_are_broken_down_by_kind_and_errors_by_type(judges):
    of = {asked.main: asked.detail.kinds for asked in judges[0].asked}
    kinds = {one.stratum: one.value for one in of["question_kappa"]}
    assert kinds == {"kind of question=even": 5 / 8, "kind of question=odd": 6 / 8}
    errors = {one.stratum: one.value for one in of["step_kappa"]}
    assert errors == {"type of error=sums": 1.0, "type of error=sight": 0.0}
    assert of["tau_b"] == ()


def verdicts(judges):
    collected = collect(judges)
    names = [collected.items.names[item] for item in collected.units.item]
    return dict(zip(names, collected.units.verdict.tolist(), strict=True))


def test_a_checklist_is_right_where_all_answers_are_and_a_solution_by_its_first_wrong_step(judges):
    found = verdicts(judges)
    assert [found[f"a{i}"] for i in range(4)] == [0, 2, 0, 2]
    assert found["s0"] == 3  # scores of 1 to 5 say nothing of single answers
    assert [found["p0"], found["p1"]] == [0, 0]


def test_a_share_near_to_a_score_from_0_to_1_is_right(tmp_path):
    said = [
        (checklist_item(str(i), TREE, ScoreGold(value=v)), yes_no("yynn"))
        for i, v in enumerate((0.5, 0.6, 0.7))
    ]
    folder = write_run(tmp_path / "r", checklist_spec(scale=UNIT), said)
    assert list(verdicts(overview([folder], 0)).values()) == [0, 0, 2]


def test_a_report_of_lists_holds_nothing_undefined_and_reads_back(judges):
    record = report_record(judges)
    assert ReportRecord.model_validate_json(record.model_dump_json()) == record
    for text in (markdown(record), render(judges, 12)):
        assert "nan" not in text.lower().replace("nano", "")
        assert "question_kappa" in text
        assert "step_kappa" in text


def test_an_item_without_script_says_what_was_answered_question_by_question(judges):
    page = render(judges, 40)
    assert "<bdi>Is 0 there?</bdi>: yes" in page
    assert "(people: sums)" in page


@pytest.mark.slow
def test_a_page_shows_each_question_and_step_with_both_verdicts(folders, tmp_path, browser):
    from axe_playwright_python.sync_playwright import Axe

    question = Question(id="q", text=EVIL, answers=("yes", EVIL), wanted=EVIL, kind=EVIL)
    evil = checklist_item("evil", (question,), AnswersGold(answers=(EVIL,)))
    run = write_run(tmp_path / "e", checklist_spec(name="evil"), [(evil, yes_no("y"))])
    write_page([*folders, run], tmp_path / "page.html", n_resamples=0)
    tab = browser.new_context(viewport={"width": 390, "height": 900}, bypass_csp=True).new_page()
    wrong = []
    tab.on("dialog", lambda dialog: wrong.append(dialog.message))
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    uri = (tmp_path / "page.html").as_uri()
    for item, rows in {
        "listed@1/checklist/a1": ["Is 0 there?", "↳", "Is 3 there?"],
        "solved@1/steps/p1": ["step 2", "sight", "✗"],
        "evil@1/checklist/evil": [EVIL],
    }.items():
        tab.goto("about:blank")
        tab.goto(f"{uri}#items?item={item}")
        tab.wait_for_selector(".one-by-one tbody tr")
        shown = tab.inner_text(".one-by-one")
        assert all(row in shown for row in rows), shown
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert Axe().run(tab, options={"runOnly": ["wcag2a", "wcag2aa"]}).violations_count == 0
    assert wrong == []
