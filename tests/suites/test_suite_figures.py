"""The mean over tasks: each task weighs the same, its items are resampled by themselves."""

import json
from dataclasses import replace

import numpy as np
import pytest

from mmjudge.errors import MmjudgeError
from mmjudge.metrics.measure import Measure
from mmjudge.scoring.over_tasks import Drawn, draw_task, macro, stream
from mmjudge.scoring.table import Table
from mmjudge.suites.scores import compare_suites, suite_scores
from mmjudge.types import MetricResult
from tests.cli.conftest import mmjudge
from tests.suites.small_suites import write_task

__all__ = ["mmjudge"]  # a fixture: the commands, as the tests of cli call them

SHARES = {"easy": (36, 40), "fair": (30, 50), "hard": (6, 20)}
"""Pairs on which the longer answer is right, of how many."""
HALF = Measure.parse("accuracy(ties=half)")


@pytest.fixture(scope="module")
def folders(mmjudge, tmp_path_factory):
    """A suite of three tasks, put to a judge that likes long answers and to one that is right."""
    base = tmp_path_factory.mktemp("suite")
    for name, (right, n) in SHARES.items():
        write_task(base / "tasks" / name, name, right, n)
    (base / "mine.yaml").write_text(
        "name: mine\ntasks:\n" + "".join(f"- task: tasks/{name}\n" for name in SHARES)
    )
    for judge in ("longest", "oracle", "first"):
        words = ("run", "--task", f"suite:{base / 'mine.yaml'}", "--judge", f"baseline:{judge}")
        assert mmjudge(*words, "--out", base / judge, "--quiet").code == 0
    return base


def test_the_mean_gives_each_task_the_same_weight(folders):
    (found,) = suite_scores(folders / "longest", 0).macro
    assert found.value == pytest.approx(np.mean([right / n for right, n in SHARES.values()]))
    assert (found.ci95, found.n_tasks, found.of_tasks) == (None, 3, 3)


def test_the_interval_is_that_of_means_of_tasks_each_resampled_by_itself(folders):
    (found,) = suite_scores(folders / "longest", 4000).macro
    rng = np.random.default_rng(0)
    drawn = [rng.binomial(n, right / n, 200_000) / n for right, n in SHARES.values()]
    np.testing.assert_allclose(
        found.ci95, np.quantile(np.mean(drawn, axis=0), (0.025, 0.975)), atol=0.008
    )


def test_tasks_alike_are_not_resampled_alike(folders):
    table = Table.load(folders / "longest" / "fair-pair")
    header = table.header.model_copy(
        update={"task": table.header.task.model_copy(update={"name": "other"})}
    )
    one = draw_task(table, HALF, 4000, 0)
    twin = draw_task(replace(table, header=header), HALF, 4000, 0)
    assert abs(np.corrcoef(one.sampled.sample, twin.sampled.sample)[0, 1]) < 0.06
    mean = (one.sampled.sample + twin.sampled.sample) / 2
    assert mean.std() == pytest.approx(one.sampled.sample.std() / np.sqrt(2), rel=0.05)
    assert macro("pair", [one, twin], 2).ci95 == tuple(np.quantile(mean, (0.025, 0.975)))


def test_a_task_has_the_figure_in_a_suite_that_it_has_alone(mmjudge, folders):
    scores = suite_scores(folders / "longest")
    told = json.loads(
        mmjudge("score", folders / "longest" / "hard-pair", "--json", "-m", str(HALF)).out
    )
    (alone,) = told["runs"][0]["results"]
    assert alone in [one.result.model_dump(mode="json") for one in scores.tasks]


def test_a_judge_compared_with_itself_on_a_suite_differs_by_nothing(folders):
    found = compare_suites(folders / "longest", folders / "longest", 200)
    (mean,) = found.macro
    assert (mean.difference, mean.ci95, mean.p_value) == (0.0, (0.0, 0.0), 1.0)


def test_the_difference_over_tasks_is_paired_and_turns_with_the_judges(folders):
    found = compare_suites(folders / "longest", folders / "oracle", 2000)
    (mean,) = found.macro
    scores = [suite_scores(folders / name, 2000).macro[0] for name in ("longest", "oracle")]
    assert mean.difference == pytest.approx(scores[0].value - scores[1].value)
    assert mean.ci95[1] < 0
    assert mean.p_value < 0.01
    by_task = {one.comparison.task: one.comparison for one in found.tasks}
    assert mean.difference == pytest.approx(np.mean([one.difference for one in by_task.values()]))
    # The oracle does not vary, so the difference varies as the other judge does.
    np.testing.assert_allclose(np.ptp(mean.ci95), np.ptp(scores[0].ci95), atol=0.02)
    assert all(one.p_holm >= one.p_value for one in by_task.values())
    (turned,) = compare_suites(folders / "oracle", folders / "longest", 2000).macro
    assert turned.difference == -mean.difference
    np.testing.assert_allclose(turned.ci95, [-end for end in reversed(mean.ci95)], atol=1e-12)


def test_compare_takes_suites_and_names_a_folder_that_is_none(mmjudge, folders):
    a, b = folders / "longest", folders / "oracle"
    done = mmjudge("compare", a, b)
    assert done.code == 0, done.err
    assert "mean of 3 tasks" in done.out
    assert "hard@1 fit" in done.out
    told = json.loads(mmjudge("compare", a, b, folders / "first", "--json").out)
    assert [pair["macro"][0]["n_tasks"] for pair in told["pairs"]] == [3, 3]
    written = mmjudge("compare", a, b, "--markdown", "-").out
    assert "**mean of 3 tasks**" in written
    mixed = mmjudge("compare", a, b / "easy-pair")
    assert mixed.code == 2
    assert "compare suites with suites" in mixed.err


def test_two_suites_are_not_compared_as_if_they_were_one(folders, tmp_path):
    text = (folders / "oracle" / "suite.json").read_text()
    (tmp_path / "suite.json").write_text(text.replace('"mine"', '"yours"'))
    with pytest.raises(MmjudgeError, match="suite mine and suite yours"):
        compare_suites(folders / "longest", tmp_path)


def test_a_task_that_one_judge_lacks_makes_the_difference_a_partial_one(folders, tmp_path):
    played = json.loads((folders / "oracle" / "suite.json").read_text())
    played["runs"] = [run for run in played["runs"] if run["folder"] != "hard-pair"]
    played["left_out"] = ["tasks/hard: not at hand"]
    (tmp_path / "suite.json").write_text(json.dumps(played))
    for run in played["runs"]:
        (tmp_path / run["folder"]).symlink_to(folders / "oracle" / run["folder"])
    found = compare_suites(folders / "longest", tmp_path, 50)
    assert found.macro == ()
    assert [(one.n_tasks, one.of_tasks) for one in found.partial] == [(2, 3)]
    assert any("not at hand" in line for line in found.missing)


def test_score_prints_one_document_for_suites_and_runs(mmjudge, folders):
    run = folders / "oracle" / "easy-pair"
    done = mmjudge("score", folders / "longest", run, folders / "first", "--json")
    found = json.loads(done.out)
    assert [one["folder"] for one in found["runs"]] == [str(run)]
    assert [one["judge"] for one in found["suites"]] == ["baseline:longest", "baseline:first"]


def test_a_report_of_suites_shows_the_mean(mmjudge, folders, tmp_path):
    suites = (folders / "longest", folders / "first")
    written, told = tmp_path / "page.md", tmp_path / "page.json"
    forms = ("--markdown", written, "--json", told, "--resamples", "50")
    assert mmjudge("report", *suites, *forms).code == 0
    record = json.loads(told.read_text())
    assert [one["macro"][0]["n_tasks"] for one in record["suites"]] == [3, 3]
    assert "| **mean** | 0.600 [" in written.read_text()


@pytest.mark.slow
def test_a_page_has_a_section_for_suites_where_there_is_one(mmjudge, folders, tmp_path):
    suites, page = (folders / "longest", folders / "first"), tmp_path / "page.html"
    words = ("--html", page, "--resamples", "50", "--items", "2")
    assert mmjudge("report", *suites, *words).code == 0
    html = page.read_text()
    assert 'href="#suites"' in html
    assert html.count("<small>3 tasks</small>") == 2
    assert mmjudge("report", folders / "first" / "easy-pair", *words).code == 0
    assert 'id="suites"' not in page.read_text()


@pytest.mark.slow
def test_a_page_of_a_comparison_says_the_mean_and_each_task_of_each_pair(
    mmjudge, folders, tmp_path
):
    page = tmp_path / "page.html"
    suites = [folders / name for name in ("longest", "oracle", "first")]
    done = mmjudge("compare", *suites, "--html", page, "--resamples", "100")
    assert done.code == 0, done.err
    html = page.read_text()
    assert html.count("<h2>") == 2
    assert html.count('<th scope="row">mean of 3 tasks</th><td class="n bad">-') == 1
    assert html.count("<bdi>hard@1</bdi>") == 2
    assert "script" not in html.replace("description", "")


@pytest.mark.slow
def test_the_interval_of_the_mean_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(1)
    truths, sizes, covered, n = (0.9, 0.6, 0.35), (60, 200, 40), 0, 600
    for _ in range(n):
        drawn = []
        for task, (truth, size) in enumerate(zip(truths, sizes, strict=True)):
            gold, wrong = np.zeros(size, dtype=np.int64), rng.random(size) > truth
            columns = {"gold": gold, "verdict": wrong.astype(np.int64)}
            sampled = HALF.sampled(columns, np.arange(size), 300, stream(f"t{task}@1", 0))
            result = MetricResult(
                metric=str(HALF), task=f"t{task}@1", criterion="c", value=sampled.value,
                n_items=size, n_failed=0,
            )  # fmt: skip
            drawn.append(Drawn(result, sampled))
        low, high = macro("pair", drawn, 3).ci95
        covered += low <= np.mean(truths) <= high
    assert 0.91 < covered / n < 0.98
