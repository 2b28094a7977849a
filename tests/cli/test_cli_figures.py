"""`mmjudge score` and `mmjudge compare`: what their tables say, and what they refuse."""

import json
import re

import pytest

import mmjudge as package
from mmjudge.report.terminal import number
from mmjudge.scoring.score import score_run
from tests.cli.small_folders import pair

ANSI = re.compile(r"\x1b\[")
PUBLISHED = {"image_generation": 45.59, "image_editing": 53.54}
"""GPT-4o in the table of GenAI-Bench, in percent."""


@pytest.fixture(scope="module")
def genai_run(mmjudge, shared_data, tmp_path_factory):
    out = tmp_path_factory.mktemp("genai") / "gpt4o"
    data = shared_data / "parity" / "genai_bench"
    words = ["--data", data, "--judge", "replay:gpt4o", "--orders", "given", "--out", out]
    assert mmjudge("run", "--task", "genai_bench", *words).code == 0
    return out


def test_the_table_shows_the_primary_measure_first_with_interval_and_failures(mmjudge, demo_runs):
    done = mmjudge("score", demo_runs[1], "--resamples", 50)
    lines = done.out.splitlines()
    assert lines[0] == "demo@1 judged by replay:hasty"
    assert lines[1] == "protocol pair, orders both, 60 items, 120 judgments"
    assert re.match(r"failed \d+ \(\d\.\d%\): \d ", lines[2])
    head = next(i for i, line in enumerate(lines) if line.startswith("correctness "))
    assert re.match(r"accuracy +0\.\d{3} +\[0\.\d{3}, 0\.\d{3}\] high +60 +\d", lines[head + 1])


def test_tables_fit_80_columns_and_carry_no_ansi_when_piped(
    mmjudge, mmjudge_process, demo_runs, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "80")
    for say, words in (
        (mmjudge_process, ("score", *demo_runs, "--by", "longer")),
        (mmjudge, ("compare", *demo_runs)),
    ):
        done = say(*words, "--resamples", 20)
        assert done.code == 0, done.err
        assert not ANSI.search(done.out)
        assert max(map(len, done.out.splitlines())) <= 80


def test_a_breakdown_shows_that_the_hasty_judge_follows_length(mmjudge, demo_runs):
    done = mmjudge("score", demo_runs[1], "--by", "longer", "--json", "--resamples", 0)
    figures = json.loads(done.out)["runs"][0]["results"]
    accuracy = {f["stratum"]: f["value"] for f in figures if f["metric"] == "accuracy"}
    assert accuracy["longer=right"] > accuracy["longer=wrong"] + 0.3


def test_json_holds_the_header_and_every_figure_as_python_gives_it(mmjudge, demo_runs):
    done = mmjudge("score", demo_runs[0], "--json", "--resamples", 20)
    run = json.loads(done.out)["runs"][0]
    assert run["header"]["judge"]["name"] == "replay:careful"
    assert run["judgments"] == 120
    expected = score_run(demo_runs[0], n_resamples=20)
    assert run["results"] == [result.model_dump(mode="json") for result in expected]


def test_published_rules_stand_in_a_section_of_their_own(mmjudge, genai_run):
    done = mmjudge("score", genai_run, "--resamples", 20)
    before, title, after = done.out.partition("the benchmark's own rule")
    assert title
    assert "genai_bench.accuracy" not in before
    for subset, value in PUBLISHED.items():
        assert re.search(rf"subset={subset} +{value:.2f} ", after)


def test_a_hidden_figure_is_counted_and_all_shows_it(mmjudge, demo_runs):
    short = mmjudge("score", demo_runs[0], "--resamples", 0).out
    whole = mmjudge("score", demo_runs[0], "--resamples", 0, "--all").out
    assert "scott_pi" not in short
    assert "more figures with --all" in short
    assert "scott_pi" in whole
    assert "--all" not in whole


def test_measures_can_be_chosen_and_a_wrong_one_names_the_nearest(mmjudge, demo_runs):
    done = mmjudge("score", demo_runs[0], "--measure", "accuracy(ties=half)", "--resamples", 0)
    assert "accuracy(ties=half)" in done.out
    done = mmjudge("score", demo_runs[0], "--measure", "acuracy")
    assert done.code == 2
    assert "did you mean 'accuracy'" in done.err


def test_an_unknown_axis_names_those_there_are(mmjudge, demo_runs):
    done = mmjudge("score", demo_runs[0], "--by", "colour")
    assert done.code == 2
    assert "longer, modality, topic" in done.err


def test_a_folder_without_a_run_is_refused_before_anything_is_printed(mmjudge, demo_runs, tmp_path):
    for command in ("score", "compare"):
        done = mmjudge(command, demo_runs[0], tmp_path)
        assert done.code == 2
        assert done.out == ""
        assert "no run here" in done.err


def test_compare_finds_the_careful_judge_better_and_says_so_with_p(mmjudge, demo_runs):
    done = mmjudge("compare", *demo_runs, "--json", "--resamples", 200)
    found = json.loads(done.out)["pairs"][0]["comparisons"]
    accuracy = next(one for one in found if one["metric"] == "accuracy")
    assert accuracy["difference"] > 0.2
    assert accuracy["p_holm"] < 0.05
    assert accuracy["n_items"] == 60


def test_compare_sets_each_of_three_runs_against_the_first(mmjudge, demo_runs):
    done = mmjudge("compare", *demo_runs, demo_runs[0], "--resamples", 20)
    assert "A - B" in done.out
    assert "A - C" in done.out
    assert "B - C" not in done.out


def test_compare_refuses_runs_of_other_items_and_a_single_run(
    mmjudge, demo_runs, folder_task, tmp_path
):
    words = ["--judge", "baseline:first", "--out", tmp_path / "small"]
    assert mmjudge("run", "--task", folder_task([pair("1")]), *words).code == 0
    done = mmjudge("compare", demo_runs[0], tmp_path / "small")
    assert done.code == 2
    assert "cannot be compared: task demo@1 and small@1" in done.err
    assert "2 to 26 runs, found 1" in mmjudge("compare", demo_runs[0]).err


def test_a_run_prints_as_its_report(demo_runs):
    run = package.Run(demo_runs[0])
    assert str(run).startswith("demo@1 judged by replay:careful")


def test_an_undefined_figure_is_a_dash_with_a_reason(mmjudge, folder_task, tmp_path):
    task = folder_task([pair(str(n)) for n in range(4)])
    out = tmp_path / "out"
    words = ["--judge", "baseline:oracle", "--orders", "given", "--out", out]
    assert mmjudge("run", "--task", task, *words).code == 0
    done = mmjudge("score", out, "--measure", "kappa", "--resamples", 20)
    assert re.search(r"kappa +- .*\[1\]", done.out)
    assert "[1] undefined" in done.out


def test_a_small_negative_value_has_no_minus_before_its_zero():
    assert number(-0.0001) == "0.000"
    assert number(-0.0001, sign=True) == "+0.000"


def test_a_task_whose_gold_sits_in_one_slot_is_reported(mmjudge, folder_task, tmp_path):
    task, out = folder_task([pair(str(n)) for n in range(30)]), tmp_path / "out"
    assert mmjudge("run", "--task", task, "--judge", "baseline:first", "--out", out).code == 0
    done = mmjudge("score", out, "--resamples", 0)
    assert "warning: " in done.out
    assert "30 of 30" in done.out
    run = json.loads(mmjudge("score", out, "--resamples", 0, "--json").out)["runs"][0]
    assert "30 of 30" in run["warnings"][0]
