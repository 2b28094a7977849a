"""`pack`: what a submission holds, and that it says nothing of the machine that made it."""

import json

import pytest

from mmjudge import run
from mmjudge.errors import MmjudgeError
from mmjudge.leaderboard.submissions.pack import pack
from mmjudge.leaderboard.submissions.submission import JSONL, META, RUN, UNSAID
from mmjudge.store.run_store import RunStore
from tests.leaderboard.entries import Writer, luck, read_lines, write_task


def test_a_submission_holds_every_raw_reply_and_no_verdict(good):
    with RunStore.open(good.parent / "run") as store:
        judged = {judgment.key: judgment for _, judgment in store.judgments()}
    lines = {line["key"]: line for line in read_lines(good)}
    assert lines.keys() == judged.keys()
    assert all(lines[key]["reply"]["text"] == one.reply.text for key, one in judged.items())
    assert not any("outcome" in line or "verdict" in line["reply"] for line in lines.values())


def test_the_same_run_packs_to_the_same_bytes(good, tmp_path):
    pack([good.parent / "run"], tmp_path / "again")
    for name in (JSONL, RUN):
        assert (tmp_path / "again" / name).read_bytes() == (good / name).read_bytes()


def test_no_path_of_this_machine_is_packed(good, small_task):
    for name in (META, RUN):
        assert str(small_task) not in (good / name).read_text(encoding="utf-8")


def test_what_only_the_submitter_knows_is_left_to_fill_in_and_refused_until_then(
    good, checked, tmp_path
):
    pack([good.parent / "run"], tmp_path / "bare")
    report = checked(tmp_path / "bare")
    fields = {problem.field for problem in report.problems}
    assert fields == {"licence", "contact", "training_data.known"}
    assert all(UNSAID in problem.found for problem in report.problems)


def test_runs_of_two_judges_and_two_runs_of_one_task_are_no_submission(good, small_task, tmp_path):
    first = good.parent / "run"
    other = run(str(small_task), Writer(luck, "other"), out=tmp_path / "other").folder
    with pytest.raises(MmjudgeError, match=r"judge\.name is 'other'"):
        pack([first, other], tmp_path / "a")
    with pytest.raises(MmjudgeError, match="leave one out"):
        pack([first, first], tmp_path / "b")
    assert not (tmp_path / "a").exists()


def test_an_address_that_may_hold_a_key_is_not_packed(small_task, tmp_path):
    judge = Writer(luck)
    judge.card = judge.card.model_copy(update={"params": {"base_url": "https://me:key@host/v1"}})
    done = run(str(small_task), judge, out=tmp_path / "run")
    with pytest.raises(MmjudgeError, match="may be a key"):
        pack([done.folder], tmp_path / "entry")


def test_runs_of_several_tasks_are_one_submission(good, small_task, tmp_path):
    second = write_task(tmp_path / "second", n=6, name="second")
    done = run(str(second), Writer(luck), out=tmp_path / "run", orders="both")
    assert pack([good.parent / "run", done.folder], tmp_path / "both") == 20 + 12
    content = json.loads((tmp_path / "both" / RUN).read_text(encoding="utf-8"))
    assert [one["task"] for one in content["runs"]] == ["small@1", "second@1"]


def test_a_folder_that_holds_files_is_left_alone(good, tmp_path):
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(MmjudgeError, match="holds files already"):
        pack([good.parent / "run"], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
