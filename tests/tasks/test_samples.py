"""`--data sample`: a task runs on what comes with it, from anywhere, and a folder is still one."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import mmjudge
from mmjudge.cli import app
from mmjudge.errors import TaskError
from mmjudge.report.browser import media_root
from mmjudge.sources.folder import open_task
from mmjudge.sources.samples import data_place
from mmjudge.suites import Entry, Suite, SuiteFile, open_tasks
from mmjudge.task import checked
from tests.tasks.samples import EMBEDDED, SAMPLES


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MMJUDGE_CACHE", str(tmp_path / "cache"))


def mmjudge_says(*words):
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("name", SAMPLES)
def test_the_word_sample_is_the_folder_that_comes_with_the_task(name):
    task = open_task(name, Path("sample"))
    there = open_task(name, SAMPLES[name])
    for protocol in task.spec.protocols:
        assert list(checked(task, protocol)) == list(checked(there, protocol))


def test_a_task_runs_on_its_sample_and_the_run_notes_the_word_not_a_place_of_this_machine(tmp_path):
    words = ("run", "--task", "mmrb2", "--data", "sample", "--judge", "baseline:first")
    said = mmjudge_says(*words)
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name.startswith("mmrb2-sample-baseline-first-")
    assert "4 judgments, 0 failed" in said
    header = mmjudge.Run(folder).header
    assert header.data == "sample"
    assert media_root(header) == SAMPLES["mmrb2"]
    assert "made-up items" in mmjudge_says("score", str(folder))


def test_a_folder_called_sample_is_reached_by_its_path(tmp_path):
    shutil.copytree(SAMPLES["pandalm"], tmp_path / "sample")
    (line,) = {len((tmp_path / "sample" / "verdicts.csv").read_text().splitlines())}
    with (tmp_path / "sample" / "verdicts.csv").open("a") as more:
        more.write("3,llama-7b_opt-7b,1,1,2,1,1\n")
    counted = []
    for data in ("sample", "./sample", "sample/", str(tmp_path / "sample")):
        task = open_task("pandalm", data_place(data))
        counted.append(len(list(checked(task, "pair"))))
        said = mmjudge_says("check-task", "pandalm", "--data", data)
        assert f"{counted[-1]} items (pair)" in said
    assert counted == [line - 1, line, line, line]


@pytest.mark.parametrize("spec", [EMBEDDED[0], "hub:someone/cups@0123abc"])
def test_a_task_without_a_sample_says_so(spec):
    with pytest.raises(TaskError, match=r"no sample comes with it.*is \./sample"):
        open_task(spec, data_place("sample"))


def test_a_mapped_folder_has_its_sample_inside(tmp_path):
    mmjudge_says("new-task", "cups", "--kind", "hub")
    assert "items (pair)" in mmjudge_says("check-task", "./cups", "--data", "sample")


def test_a_suite_may_ask_for_samples(tmp_path):
    suite = Suite(name="s", tasks=(Entry(task="pandalm", data="sample"),))
    for base in (Path(), tmp_path / "suites"):
        opened = open_tasks(SuiteFile(suite, base / "suite.yaml"))
        assert opened.left_out == ()
        assert opened.tasks[0].data == SAMPLES["pandalm"]


def test_the_card_and_the_judges_of_a_task_say_what_the_sample_has():
    assert "--data sample" in mmjudge_says("tasks", "judgebench")
    assert "--data sample" not in mmjudge_says("tasks", EMBEDDED[0])
    assert "replay:way/j" in mmjudge_says("judges", "--task", "judgebench", "--data", "sample")
