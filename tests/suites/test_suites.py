"""Several tasks put to one judge: loaded once, resumable, with figures by task and over tasks."""

import json
import re
import shutil

import pytest
import yaml

from mmjudge import api
from mmjudge.errors import MmjudgeError, TaskError
from mmjudge.judges import Judge, JudgeCard, Reply
from mmjudge.sources.folder import open_task
from mmjudge.store.run_store import RunStore
from mmjudge.suites import FILE, Place, Suite, builtin, open_suite, open_tasks, play, read, runs_of
from mmjudge.suites.scores import suite_scores
from mmjudge.types import Failure, Item
from tests.cli.conftest import mmjudge
from tests.suites.small_suites import write_task
from tests.tasks.samples import NAMES, SAMPLES

__all__ = ["mmjudge"]  # a fixture: the commands, as the tests of cli call them


@pytest.fixture
def suite(tmp_path):
    write_task(tmp_path / "tasks" / "easy", "easy", 10)
    write_task(tmp_path / "tasks" / "hard", "hard", 4)
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\ntasks:\n- task: tasks/easy\n- task: tasks/hard\n")
    return f"suite:{path}"


def test_a_suite_of_ones_own_is_run_and_scored_by_task_and_over_tasks(mmjudge, suite, tmp_path):
    out = str(tmp_path / "out")
    done = mmjudge("run", "--task", suite, "--judge", "baseline:longest", "--out", out, "--json")
    assert done.code == 0, done.err
    scores = json.loads(done.out)
    values = {t["result"]["task"]: t["result"]["value"] for t in scores["tasks"]}
    assert values == {"easy@1": 1.0, "hard@1": 0.4}
    (macro,) = scores["macro"]
    assert macro["value"] == pytest.approx(0.7)
    assert macro["ci95"][0] < 0.7 < macro["ci95"][1]
    shown = mmjudge("score", out)
    assert "mean of 2 tasks " in shown.out
    assert "hard@1 fit" in shown.out


def test_the_same_command_goes_on_and_asks_nothing_twice(mmjudge, suite, tmp_path):
    out = tmp_path / "o"
    words = ["run", "--task", suite, "--judge", "baseline:longest", "--out", out]
    assert mmjudge(*words).code == 0
    runs = runs_of([out])
    assert len(runs) == 2
    before = [keys(run) for run in runs]
    again = mmjudge(*words)
    assert again.code == 0
    assert [keys(run) for run in runs] == before
    assert all(len(found) == len(set(found)) == 20 for found in before)


def opened_suite(spec):
    """The suite, and its tasks."""
    file = open_suite(spec)
    return file.suite, open_tasks(file)


def keys(run):
    with RunStore.open(run) as store:
        return [judgment.key for _, judgment in store.judgments()]


def test_a_judge_is_opened_once_unless_it_looks_answers_up(suite, tmp_path):
    from mmjudge.commands.suite import opener

    found, opened = opened_suite(suite)
    first, second = opened.tasks.values()
    kept = opener("baseline:longest", None)
    assert kept(first, "pair") is kept(second, "pair")
    oracle = opener("baseline:oracle", None)
    play(found, opened, oracle, Place(tmp_path / "oracle", lambda line: None))
    assert [t.result.value for t in suite_scores(tmp_path / "oracle", 0).tasks] == [1.0, 1.0]


def test_a_run_that_was_stopped_is_in_no_figure_and_is_named(suite, tmp_path, monkeypatch):
    found, opened = opened_suite(suite)
    run = api.run

    def stops(task, *words, **settings):
        if task.spec.name == "hard":
            raise KeyboardInterrupt
        return run(task, *words, **settings)

    from mmjudge.commands.suite import opener

    monkeypatch.setattr(api, "run", stops)
    with pytest.raises(KeyboardInterrupt):
        play(found, opened, opener("baseline:longest", None), Place(tmp_path / "o", lambda s: None))
    scores = suite_scores(tmp_path / "o", 0)
    assert [t.result.task for t in scores.tasks] == ["easy@1"]
    assert scores.macro == ()
    assert [(mean.n_tasks, mean.of_tasks) for mean in scores.partial] == [(1, 2)]
    assert scores.missing == ("hard@1, pair: not finished: run it again",)


def test_a_task_that_is_not_at_hand_is_left_out_with_the_reason(suite, tmp_path):
    from mmjudge.commands.suite import opener

    found, opened = opened_suite(suite)
    opened.tasks[1].load = lambda protocol: (_ for _ in ()).throw(
        TaskError("the Hub was not asked")
    )
    out = tmp_path / "o"
    played = play(found, opened, opener("baseline:longest", None), Place(out, lambda s: None))
    assert [run.task for run in played.runs] == ["easy@1"]
    assert "the Hub was not asked" in played.left_out[0]
    assert read(out) == played
    assert suite_scores(out, 0).missing == played.left_out


def test_the_suites_that_come_along_open():
    assert {"multimodal-core", "scenes"} <= set(builtin())
    for name in builtin():
        for entry in open_suite(f"suite:{name}").suite.tasks:
            spec = open_task(entry.task).spec
            assert set(entry.protocols) <= set(spec.protocols)
            assert entry.takes in (None, *spec.modalities)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: x\ntasks: [{task: a, order: both}]\n", "mine.yaml:2: tasks.0.order: .*allowed"),
        ("name: x\ntasks: []\n", "mine.yaml:2: tasks: .*at least 1"),
        ("name: x\ntasks:\n- task: suite:scenes\n", "mine.yaml:3: tasks.0.task: .*no other suite"),
        ("name: x\ntasks:\n- task: a\n  takes: smell\n", "mine.yaml:4: tasks.0.takes: .*'text'"),
        ("name: x\ntasks:\n- task: a\n  limit: 0\n", "mine.yaml:4: tasks.0.limit: .*found 0"),
        (
            "name: x\ntasks:\n- task: tasks/easy\n- task: other/easy\n",
            "mine.yaml:4: tasks.1.task: each task stands there once; easy is tasks.0, too",
        ),
        (
            "name: x\ntasks:\n- task: tasks/easy\n  protocols: [rank]\n",
            "mine.yaml:4: tasks.0.protocols: easy has no protocol 'rank'; it has pair",
        ),
        ("name: x\ntasks: [{task: no_such}]\n", "no task can be asked:\n.*unknown task 'no_such'"),
    ],
)
def test_what_a_suite_may_not_say_is_refused_with_file_line_and_field(tmp_path, text, words):
    write_task(tmp_path / "tasks" / "easy", "easy", 10)
    write_task(tmp_path / "other" / "easy", "easy", 10)
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(MmjudgeError, match=words):
        opened_suite(f"suite:{tmp_path / 'mine.yaml'}")


LOADED = """
from pathlib import Path
from mmjudge.judges import Judge, JudgeCard, Reply

class Counted(Judge):
    card = JudgeCard(name="counted", summary="Says how often it was loaded.")

    def __init__(self):
        with (Path(__file__).parent / "loaded").open("a") as file:
            file.write("x")

    def judge(self, batch, media):
        return [Reply(text="Verdict: A") for _ in batch]
"""


def test_one_judge_is_loaded_once_for_all_tasks_of_a_suite(mmjudge, suite, tmp_path):
    (tmp_path / "mine.py").write_text(LOADED)
    judge = f"{tmp_path / 'mine.py'}:Counted"
    done = mmjudge("run", "--task", suite, "--judge", judge, "--out", tmp_path / "o")
    assert done.code == 0, done.err
    assert (tmp_path / "loaded").read_text() == "x"
    assert len(runs_of([tmp_path / "o"])) == 2


def test_an_absent_task_is_said_before_a_judge_is_loaded(mmjudge, suite, tmp_path):
    (tmp_path / "tasks" / "hard" / "items.jsonl").unlink()
    (tmp_path / "mine.py").write_text(LOADED)
    words = ["run", "--task", suite, "--judge", f"{tmp_path / 'mine.py'}:Counted"]
    words += ["--out", tmp_path / "o"]
    refused = mmjudge(*words)
    assert refused.code == 2
    assert "1 of 2 tasks cannot be asked, so nothing was loaded" in refused.err
    assert "mine.yaml:4: tasks.1.task: tasks/hard: " in refused.err
    assert "--skip-absent" in refused.err
    assert not (tmp_path / "loaded").exists()
    assert not (tmp_path / "o").exists()
    done = mmjudge(*words, "--skip-absent", "--json")
    assert done.code == 0, done.err
    scores = json.loads(done.out)
    assert scores["macro"] == []
    assert [(m["n_tasks"], m["of_tasks"]) for m in scores["partial"]] == [(1, 2)]
    assert "tasks/hard" in scores["missing"][0]
    assert "mean of 1 of 2 tasks, not the suite's figure" in mmjudge("score", tmp_path / "o").out


def test_a_part_of_the_items_is_not_the_suites_figure(mmjudge, suite, tmp_path):
    words = ["run", "--task", suite, "--judge", "baseline:longest", "--out", tmp_path / "o"]
    assert mmjudge(*words, "--limit", "4").code == 0
    scores = suite_scores(tmp_path / "o", 0)
    assert scores.macro == ()
    assert "first 4 items" in scores.missing[-1]
    assert mmjudge(*words).code == 0
    assert [mean.n_tasks for mean in suite_scores(tmp_path / "o", 0).macro] == [2]


def test_a_stratum_that_no_item_has_is_named(mmjudge, suite, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(path.read_text() + "  where: {modality: smell}\n")
    done = mmjudge("run", "--task", suite, "--judge", "baseline:longest", "--out", tmp_path / "o")
    assert "left out: tasks/hard: no item has modality=smell" in done.err
    assert "mean of 1 of 2 tasks" in done.out


PRICED = """
from mmjudge.judges import Judge, JudgeCard, Reply

class Priced(Judge):
    card = JudgeCard(name="priced", summary="A cent a reply.", priced=True, batch_size=1)

    def judge(self, batch, media):
        return [Reply(text="Verdict: A", cost_usd=0.01) for _ in batch]
"""


def test_max_cost_is_one_budget_for_all_runs_of_a_suite(mmjudge, suite, tmp_path):
    (tmp_path / "mine.py").write_text(PRICED)
    out = tmp_path / "o"
    words = ["run", "--task", suite, "--judge", f"{tmp_path / 'mine.py'}:Priced", "--out", out]
    done = mmjudge(*words, "--max-cost", "0.295")
    assert done.code == 3, done.err
    assert "max-cost is spent" in done.err
    assert [len(keys(run)) for run in runs_of([out])] == [20, 10]
    scores = suite_scores(out, 0)
    assert scores.macro == ()
    assert scores.missing == ("hard@1, pair: not finished: max-cost is spent; run it again",)
    again = mmjudge(*words, "--max-cost", "0.2")
    assert again.code == 3
    assert [len(keys(run)) for run in runs_of([out])] == [20, 10]
    assert mmjudge(*words, "--max-cost", "1").code == 0
    assert [len(keys(run)) for run in runs_of([out])] == [20, 20]
    assert [mean.n_tasks for mean in suite_scores(out, 0).macro] == [2]


def test_a_dry_run_of_a_suite_counts_by_task_and_in_sum_and_asks_nothing(mmjudge, suite, tmp_path):
    out = tmp_path / "o"
    words = ["run", "--task", suite, "--judge", "baseline:longest", "--out", out]
    done = mmjudge(*words, "--dry-run", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert [(run["task"], run["calls"]) for run in found["runs"]] == [
        ("easy@1", 20),
        ("hard@1", 20),
    ]
    assert found["sum"]["calls"] == 40
    assert found["sum"]["seconds"] is None
    assert not out.exists()
    assert mmjudge(*words).code == 0
    shown = mmjudge(*words, "--dry-run")
    assert re.search(r"hard@1, pair +10 +0 +20 ", shown.out)
    assert re.search(r"sum +20 +0 +40 ", shown.out)
    assert json.loads(mmjudge(*words, "--dry-run", "--json").out)["sum"]["there"] == 40


def test_an_unknown_suite_is_answered_with_the_nearest_name(mmjudge, suite, tmp_path):
    done = mmjudge("run", "--task", "suite:multimodal", "--judge", "baseline:first")
    assert done.code == 2
    assert "did you mean 'multimodal-core'" in done.err
    refused = mmjudge("run", "--task", suite, "--judge", "baseline:first", "--where", "a=b")
    assert refused.code == 2
    assert "a suite's file says that" in refused.err


def test_a_report_takes_the_folder_of_a_suite(mmjudge, suite, tmp_path):
    out = str(tmp_path / "o")
    mmjudge("run", "--task", suite, "--judge", "baseline:longest", "--out", out, "--quiet")
    done = mmjudge("report", out, "--json", "-", "--resamples", "0")
    assert done.code == 0, done.err
    assert FILE not in done.out
    assert json.loads(done.out)["judges"][0]["judgments"] == 40


def test_the_suite_that_the_documentation_shows_is_one(root):
    page = (root / "docs" / "tasks.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"^```yaml suite\n(.*?)^```", page, re.M | re.S)
    suite = Suite.model_validate(yaml.safe_load(text))
    assert [entry.limit for entry in suite.tasks] == [None, 100, None]


def test_the_documentation_names_every_suite_that_comes_along(root):
    page = (root / "docs" / "tasks.md").read_text(encoding="utf-8")
    table = page.partition("| suite | what it asks")[2].partition("\n\n")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines()[2:]]
    assert sorted(name for row in rows for name in re.findall(r"`(.*?)`", row[0])) == builtin()
    n = len(open_suite("suite:samples").suite.tasks)
    assert any(f"the samples of {n} tasks" in what for _, what in rows)
    tasks = {name for name in NAMES for row in rows if f"`{name}`" in row[1]}
    listed = {e.task for name in builtin() for e in open_suite(f"suite:{name}").suite.tasks}
    assert tasks <= listed


def test_a_task_of_which_the_judge_takes_nothing_is_named_and_not_counted_as_nought(
    suite, tmp_path
):
    from mmjudge.commands.suite import opener

    found, opened = opened_suite(suite)
    longest = opener("baseline:longest", None)

    class TakesNothing(Judge):
        card = JudgeCard(name="nothing", summary="Refuses all.")

        def judge(self, batch, media):
            return [Reply(error=Failure(reason="unsupported", detail="too dark")) for _ in batch]

    def judge(task, protocol):
        return TakesNothing() if task.spec.name == "hard" else longest(task, protocol)

    play(found, opened, judge, Place(tmp_path / "o", lambda line: None))
    scores = suite_scores(tmp_path / "o", 0)
    assert scores.missing == ("hard@1, pair: the judge takes nothing of it: too dark",)
    assert scores.macro == ()
    assert [mean.value for mean in scores.partial] == [1.0]


def test_what_a_judge_does_not_take_is_no_failure_of_the_command(mmjudge, suite, tmp_path):
    (tmp_path / "mine.py").write_text(PICKY)
    words = ["run", "--task", suite, "--judge", f"{tmp_path / 'mine.py'}:Picky", "--out"]
    done = mmjudge(*words, tmp_path / "o")
    assert "20 judgments, 10 not taken, 0 failed" in done.err
    assert done.code == 0
    (tmp_path / "mine.py").write_text(PICKY.replace("unsupported", "refused"))
    assert mmjudge(*words, tmp_path / "p").code == 1


PICKY = """
from mmjudge.judges import Judge, JudgeCard, Reply
from mmjudge.types import Failure

class Picky(Judge):
    card = JudgeCard(name="picky", summary="Every second request.", batch_size=2)

    def judge(self, batch, media):
        refused = Reply(error=Failure(reason="unsupported"))
        return [Reply(text="Verdict: A") if i % 2 else refused for i, _ in enumerate(batch)]
"""


def test_the_data_of_a_suites_tasks_may_lie_in_a_folder_for_each(mmjudge, suite, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(SAMPLES["evalbiasbench"], data / "evalbiasbench")
    (tmp_path / "mine.yaml").write_text(
        "name: s\ntasks:\n- task: evalbiasbench\n- task: tasks/easy\n"
    )
    words = ["run", "--task", suite, "--judge", "baseline:first", "--out", tmp_path / "o", "--data"]
    done = mmjudge(*words, data)
    assert done.code == 0, done.err
    with RunStore.open(tmp_path / "o" / "evalbiasbench-pair") as store:
        assert store.header.data == str(data / "evalbiasbench")
    refused = mmjudge(*words, tmp_path / "tasks" / "hard")
    assert refused.code == 2
    assert "called like it (evalbiasbench, easy); found none" in refused.err


def test_a_mean_over_samples_is_not_the_suites_figure(mmjudge, suite, tmp_path):
    (tmp_path / "mine.yaml").write_text("name: s\ntasks:\n- {task: rewardbench, data: sample}\n")
    done = mmjudge("run", "--task", suite, "--judge", "baseline:first", "--out", tmp_path / "o")
    assert done.code == 0, done.err
    assert "mean of some items of each" in done.out
    scores = suite_scores(tmp_path / "o", 0)
    assert scores.macro == ()
    assert "asked on their sample" in scores.missing[-1]


def test_a_suite_is_listed_with_what_is_at_hand(mmjudge, suite, tmp_path):
    (tmp_path / "mine.yaml").write_text(
        "name: s\nsummary: Mine.\ntasks:\n- {task: scenes_text, takes: text, limit: 3}\n"
        "- {task: koffvqa, data: sample}\n- task: koffvqa\n- task: tasks/easy\n"
    )
    done = mmjudge("tasks", suite)
    assert done.code == 0, done.err
    rows = [re.split(r" {2,}", line.strip()) for line in done.out.splitlines()]
    assert ["scenes_text", "at hand", "of judges that take text, the first 3"] in rows
    assert rows[4:6] == [["koffvqa", "its sample"], ["koffvqa", "sample only"]]
    assert ["tasks/easy", "its own"] in rows
    said = json.loads(mmjudge("tasks", "suite:scenes", "--json").out)
    assert {task["at_hand"] for task in said["tasks"]} == {"yes"}


def test_a_task_without_gold_is_named_as_such(mmjudge, suite, tmp_path):
    (tmp_path / "mine.yaml").write_text(
        "name: s\ntasks:\n- {task: mj_bench_bias, data: sample}\n- {task: koffvqa, data: sample}\n"
    )
    mmjudge("run", "--task", suite, "--judge", "baseline:constant", "--out", tmp_path / "o")
    lines = suite_scores(tmp_path / "o", 0).missing
    assert "mj_bench_bias@1, score: no item has gold" in lines
    assert "koffvqa@1, score: tau_b is undefined" in lines


def test_the_suite_of_samples_has_every_task_whose_sample_can_be_shown_to_a_judge():
    listed = {entry.task: entry for entry in open_suite("suite:samples").suite.tasks}
    assert {entry.data for entry in listed.values()} == {"sample"}
    for name, folder in SAMPLES.items():
        task = open_task(name, folder)
        items = (item for protocol in task.spec.protocols for item in task.load(protocol))
        shown = any(isinstance(item, Item) and item.absent is None for item in items)
        assert shown == (name in listed), name


def test_every_task_of_the_suite_of_samples_is_asked_and_judged(mmjudge, tmp_path):
    words = ["run", "--task", "suite:samples", "--judge", "baseline:random", "--out", tmp_path]
    done = mmjudge(*words)
    assert done.code == 0, done.err
    assert "left out" not in done.err
    asked = {run.task.partition("@")[0] for run in read(tmp_path).runs if run.whole}
    assert asked == {entry.task for entry in open_suite("suite:samples").suite.tasks}
