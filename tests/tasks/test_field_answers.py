"""GroUSE, KOFFVQA, REPA and CodeJudgeBench: what is read, refused, and counted."""

import pytest
from mmjudge_tasks.grouse.published import meets

from mmjudge.protocols.plan import requests
from mmjudge.protocols.render import render
from mmjudge.sources.folder import open_task
from mmjudge.task import JudgedRow
from mmjudge.types import Failure, Reply, RunSettings, Score
from tests.tasks.judged_rows import by_id, figures, is_bad, judged

# GroUSE

METRICS = ("answer_relevancy", "completeness", "faithfulness", "usefulness")
SIX = (*METRICS, "positive_acceptance", "negative_rejection", "total")


def scored(item, criterion, value, text=None):
    outcome = Failure(reason="empty") if value is None else Score(value=value)
    return JudgedRow(item, criterion, (0,), 0, Reply(text=text), outcome)


def levels(task, criterion):
    scale = task.spec.criterion(criterion).scale
    return [float(level) for level in range(int(scale.lowest), int(scale.highest) + 1)]


def meeting(task, item, criterion):
    """A level that meets the item's condition on a criterion."""
    none = levels(task, criterion)[0]
    condition = item.strata[f"{criterion}_wanted"]
    return next(
        level
        for level in levels(task, criterion)
        if meets(None if level == none else level, condition)
    )


def test_whoever_meets_every_condition_passes_all_and_whoever_says_nothing_passes_none(small):
    task = open_task("grouse", small("grouse"))
    items = list(task.load("score"))
    best = [scored(i, name, meeting(task, i, name)) for i in items for name in METRICS]
    silent = [scored(i, name, None) for i in items for name in METRICS]
    for rule in ("grouse.passed", "grouse.passed_in_turn"):
        for name in SIX:
            assert figures(task, best)[rule, name, "all"] == pytest.approx(100)
            assert figures(task, silent)[rule, name, "all"] == 0


def test_a_condition_with_one_level_is_gold_and_gold_meets_its_condition(small):
    task = open_task("grouse", small("grouse"))
    for item in task.load("score"):
        for name in METRICS:
            fit = {
                level
                for level in levels(task, name)
                if meets(
                    None if level == levels(task, name)[0] else level,
                    item.strata[f"{name}_wanted"],
                )
            }
            assert fit
            assert (name in item.gold) == (len(fit) == 1)
            assert name not in item.gold or {item.gold[name].value} == fit


def test_in_turn_a_failed_relevancy_takes_what_is_asked_after_it_with_it(small):
    task = open_task("grouse", small("grouse"))
    item = next(iter(task.load("score")))
    rows = [scored(item, name, meeting(task, item, name)) for name in METRICS]
    rows[0] = scored(item, "answer_relevancy", None)
    found = figures(task, rows)
    asked, turned = (
        [found[rule, name, "all"] for name in METRICS[1:]]
        for rule in ("grouse.passed", "grouse.passed_in_turn")
    )
    assert asked == [100, 100, 100]
    assert turned == [100, 0, 0]
    assert found["grouse.passed", "positive_acceptance", "all"] == 0


def test_a_condition_of_another_form_is_a_bad_row(small):
    folder = small("grouse")
    path = folder / "test.jsonl"
    path.write_text(path.read_text().replace('"<5"', '"about 5"', 1))
    (bad,) = filter(is_bad, open_task("grouse", folder).load("score"))
    assert "answer_relevancy_condition" in bad.problem
    assert "'about 5'" in bad.problem


# KOFFVQA


def test_an_answer_that_is_not_korean_has_nothing_and_the_last_number_counts(small):
    task = open_task("koffvqa", small("koffvqa"))
    items = by_id(task, "score")
    texts = {
        "alpha-vl/0": "10점 중 10점",
        "alpha-vl/1": "10점 만점에 5점",
        "alpha-vl/2": "100",
        "alpha-vl/3": "?",
        "beta-vl/0": "최종 점수: 10",
        "beta-vl/1": None,
    }
    rows = [scored(items[name], "overall", 10, text) for name, text in texts.items()]
    found = figures(task, rows)
    assert found["koffvqa.score", "overall", "system=alpha-vl"] == pytest.approx((100 + 50) / 4)
    assert found["koffvqa.score", "overall", "system=beta-vl"] == pytest.approx((0 + 100) / 2)


def test_a_graded_file_stands_for_the_plain_one_beside_it(small):
    folder = small("koffvqa")
    beta = folder / "result" / "beta-vl"
    before = by_id(open_task("koffvqa", folder), "score")
    (beta / "KOFFVQA_gen.xlsx").write_bytes((beta / "KOFFVQA_eval.xlsx").read_bytes())
    task = open_task("koffvqa", folder)
    assert by_id(task, "score") == before
    assert [line.item for line in task.recorded("review")] == [f"beta-vl/{i}" for i in range(4)]


def test_people_s_scores_are_gold_and_rules_are_the_reference(small):
    items = by_id(open_task("koffvqa", small("koffvqa")), "score")
    assert items["alpha-vl/1"].gold["overall"].value == 5
    assert "10점" in items["alpha-vl/0"].reference[0]
    assert {item.strata["korean"] for item in items.values()} == {"yes", "no"}
    assert items["beta-vl/2"].strata["korean"] == "yes"  # digits alone


def test_an_image_that_is_no_base64_is_reported_and_its_answers_have_no_question(small):
    folder = small("koffvqa")
    path = folder / "data" / "KOFFVQA.tsv"
    lines = path.read_text().splitlines(keepends=True)
    cells = lines[1].split("\t")
    path.write_text("".join([lines[0], "\t".join([cells[0], "?!", *cells[2:]]), *lines[2:]]))
    image, *orphans = filter(is_bad, open_task("koffvqa", folder).load("score"))
    assert "base64 is needed" in image.problem
    assert ["no such question" in bad.problem for bad in orphans] == [True, True]


# REPA


def test_gold_is_what_more_than_half_say_and_none_where_nobody_has_more_than_half(small):
    folder = small("repa")
    items = by_id(open_task("repa", folder), "pair")
    assert items["0002"].gold["overall"].value == "both_good"
    assert items["0002"].gold["overall"].ratings == ("both_good", "second", "both_good")
    path = folder / "repa_dataset.tsv"
    rows = path.read_text().splitlines()
    rows[7] = rows[7].removesuffix("both_good") + "bot_1"
    rows[8] = rows[8].removesuffix("bot_2") + "both_good "  # as the dataset card writes it
    rows[9] = rows[9].removesuffix("both_good") + "both_bad"
    path.write_text("\n".join(rows) + "\n")
    split = by_id(open_task("repa", folder), "pair")["0002"]
    assert "overall" not in split.gold
    assert len(split.gold) == 10


def test_a_label_that_nobody_knows_is_reported_with_its_line(small):
    folder = small("repa")
    path = folder / "repa_dataset.tsv"
    path.write_text(path.read_text().replace("bot_1", "bot_3", 1))
    (bad,) = filter(is_bad, open_task("repa", folder).load("pair"))
    assert bad.where == f"{path}:2"
    assert "'bot_3'" in bad.problem


# CodeJudgeBench


def test_what_is_repaired_and_what_is_tested_is_shown(small):
    task = open_task("code_judgebench", small("code_judgebench"))
    items = by_id(task, "pair")
    repair = items["coderepair/model_a/0000"]
    (request,) = requests(task.spec, repair, 0, RunSettings(protocol="pair", orders="given"), "x")
    shown = "".join(part for part in render(request)[0].parts if isinstance(part, str))
    for fact in ("print(a + b)", "it gives a wrong answer", "inputs: 1 2", "output: 12"):
        assert fact in shown
    right, wrong = items["testgen/model_b/0001"].candidates
    assert right.parts == ("Test input:\n4\n\nTest output:\n2",)
    assert wrong.parts == ("Test input:\n5\n\nTest output:\n2",)


def test_each_order_counts_once_whole_and_by_part(small):
    task = open_task("code_judgebench", small("code_judgebench"))
    items = by_id(task, "pair")
    rows = [
        *judged(items["codegen/model_a/0000"], "first"),
        *judged(items["codegen/model_a/0000"], "second", order=(1, 0)),
        *judged(items["testgen/model_b/0000"], "first"),
        *judged(items["testgen/model_b/0000"], None, order=(1, 0)),
        *judged(items["testgen/model_b/0001"], "first"),
    ]
    found = figures(task, rows)
    assert found["code_judgebench.accuracy", "overall", "all"] == pytest.approx(60)
    assert found["code_judgebench.accuracy", "overall", "part=codegen"] == 50
    assert found["code_judgebench.accuracy", "overall", "difficulty=hard"] == 100
