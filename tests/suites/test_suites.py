"""Several tasks put to one judge: loaded once, resumable, with figures by task and over tasks."""

import json
import re

import pytest
import yaml

from mmjudge import api
from mmjudge.errors import MmjudgeError, TaskError
from mmjudge.judges import Judge, JudgeCard, Reply
from mmjudge.store import RunStore
from mmjudge.suite_scores import suite_scores
from mmjudge.suites import FILE, Place, Suite, builtin, open_suite, open_tasks, play, read, runs_of
from mmjudge.types import Failure
from tests.cli.conftest import mmjudge

__all__ = ["mmjudge"]  # a fixture: the commands, as the tests of cli call them

CARD = """\
name: {name}
protocols: {protocols}
modalities: [text]
primary: accuracy
criteria: [{{name: fit, question: Which fits?, scale: {{highest: 5}}}}]
card: {{summary: Texts.}}
"""


def write_task(folder, name, right, protocols="[pair]"):
    """Ten pairs; the longer answer is the right one in `right` of them."""
    folder.mkdir(parents=True)
    (folder / "task.yaml").write_text(CARD.format(name=name, protocols=protocols))
    lines = []
    for i in range(10):
        longer_first = i % 2 == 0
        texts = ["long " * 9, "short"] if longer_first else ["short", "long " * 9]
        value = "first" if longer_first == (i < right) else "second"
        candidates = [{"id": "ab"[p], "parts": [t]} for p, t in enumerate(texts)]
        gold = {"fit": {"kind": "preference", "value": value}}
        item = {"id": str(i), "prompt": [f"p{i}"], "candidates": candidates, "gold": gold}
        lines.append(json.dumps(item) + "\n")
    (folder / "items.jsonl").write_text("".join(lines))


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
    assert "pair: mean of 2 tasks" in shown.out
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


def keys(run):
    with RunStore.open(run) as store:
        return [judgment.key for _, judgment in store.judgments()]


def test_a_judge_is_opened_once_unless_it_looks_answers_up(suite, tmp_path):
    from mmjudge.commands.suite import opener

    found, base = open_suite(suite)
    opened, _ = open_tasks(found, base)
    first, second = opened.values()
    kept = opener("baseline:longest", None)
    assert kept(first, "pair") is kept(second, "pair")
    oracle = opener("baseline:oracle", None)
    play(found, opened, oracle, Place(tmp_path / "oracle", lambda line: None))
    assert [t.result.value for t in suite_scores(tmp_path / "oracle", 0).tasks] == [1.0, 1.0]


def test_a_run_that_was_stopped_is_in_no_figure_and_is_named(suite, tmp_path, monkeypatch):
    found, base = open_suite(suite)
    opened, _ = open_tasks(found, base)
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
    assert scores.macro[0].n_tasks == 1
    assert scores.missing == ("hard@1, pair: not finished: run it again",)


def test_a_task_that_is_not_at_hand_is_left_out_with_the_reason(suite, tmp_path):
    from mmjudge.commands.suite import opener

    found, base = open_suite(suite)
    opened, _ = open_tasks(found, base)
    opened[1].load = lambda protocol: (_ for _ in ()).throw(TaskError("the Hub was not asked"))
    out = tmp_path / "o"
    played = play(found, opened, opener("baseline:longest", None), Place(out, lambda s: None))
    assert [run.task for run in played.runs] == ["easy@1"]
    assert "the Hub was not asked" in played.left_out[0]
    assert read(out) == played
    assert suite_scores(out, 0).missing == played.left_out


def test_the_suites_that_come_along_open():
    assert {"multimodal-core", "scenes"} <= set(builtin())
    for name in builtin():
        suite, base = open_suite(f"suite:{name}")
        opened, left_out = open_tasks(suite, base)
        assert left_out == []
        assert len(opened) == len(suite.tasks)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: x\ntasks: [{task: a, order: both}]\n", "mine.yaml:2: tasks.0.order: .*allowed"),
        ("name: x\ntasks: []\n", "mine.yaml:2: tasks"),
        ("name: x\ntasks: [{task: a}, {task: b/a}]\n", "found twice: a"),
        ("name: x\ntasks: [{task: no_such}]\n", "no task opens: no_such: unknown task"),
    ],
)
def test_what_a_suite_may_not_say_is_refused(tmp_path, text, words):
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(MmjudgeError, match=words):
        open_tasks(*open_suite(f"suite:{tmp_path / 'mine.yaml'}"))


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


def test_a_task_of_which_the_judge_takes_nothing_is_named_and_not_counted_as_nought(
    suite, tmp_path
):
    from mmjudge.commands.suite import opener

    found, base = open_suite(suite)
    opened, _ = open_tasks(found, base)
    longest = opener("baseline:longest", None)

    class TakesNothing(Judge):
        card = JudgeCard(name="nothing", summary="Refuses all.")

        def judge(self, batch, media):
            return [Reply(error=Failure(reason="unsupported")) for _ in batch]

    def judge(task, protocol):
        return TakesNothing() if task.spec.name == "hard" else longest(task, protocol)

    play(found, opened, judge, Place(tmp_path / "o", lambda line: None))
    scores = suite_scores(tmp_path / "o", 0)
    assert scores.missing == ("hard@1, pair: the judge takes nothing of it",)
    assert [macro.value for macro in scores.macro] == [1.0]
