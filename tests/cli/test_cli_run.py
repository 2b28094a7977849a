"""`mmjudge run`: exit codes, what it says, resuming, interrupts, progress."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from mmjudge.engine.pipeline import Stats
from mmjudge.report import progress
from mmjudge.report.progress import Lines, Total, summary, time_left
from mmjudge.store.run_store import RunStore
from mmjudge.types import RunSettings
from tests.cli.small_folders import pair, said

SLOW_JUDGE = """
import os
import time
from mmjudge.judges.base import Judge
from mmjudge.types import RunSettings
from mmjudge.types import JudgeCard, Reply

class Plugin(Judge):
    card = JudgeCard(name="slow:", summary="Takes its time.", batch_size=1)

    @classmethod
    def open(cls, name, options, context):
        return cls()

    @classmethod
    def catalog(cls):
        return [cls.card]

    def judge(self, batch, media):
        self.asked = getattr(self, "asked", 0) + 1
        time.sleep(0.05 if self.asked < int(os.environ.get("STUCK_AT", "1000000")) else 60)
        return [Reply(text="[[A]]", tokens_in=1000, tokens_out=2) for _ in batch]
"""


def test_a_run_says_what_was_judged_and_what_to_do_next(mmjudge, folder_task, tmp_path):
    task = folder_task([pair("1"), pair("2")])
    done = mmjudge("run", "--task", task, "--judge", "baseline:first", "--out", tmp_path / "out")
    assert done.code == 0
    assert done.out == ""
    assert "2 items, 2 judgments, 0 failed" in done.err
    assert f"mmjudge score {tmp_path / 'out'}" in done.err


def test_too_many_failures_are_exit_code_1_and_everything_is_stored(mmjudge, folder_task, tmp_path):
    task = folder_task(
        [pair("1"), pair("2")], {"poor": [said("1", "[[A]]"), said("2", "Hard to say.")]}
    )
    out = tmp_path / "out"
    command = ["run", "--task", task, "--judge", "replay:poor", "--orders", "given", "--out", out]
    done = mmjudge(*command)
    assert done.code == 1
    assert "50.0% failed, more than --max-failures allows (5.0%)" in done.err
    assert "1 ambiguous, such as item 2: no verdict in: Hard to say." in done.err
    with RunStore.open(out) as store:
        assert store.counts()["judgments"] == 2
    assert mmjudge(*command, "--max-failures", "50%").code == 0


@pytest.mark.parametrize("share", ["5", "-1%", "101%", "half", "nan"])
def test_a_share_of_failures_that_is_none_is_refused(mmjudge, demo, share):
    done = mmjudge("run", "--task", demo, "--judge", "baseline:first", f"--max-failures={share}")
    assert done.code == 2
    assert "0% to 100%, or 0 to 1" in done.err


def test_a_second_run_of_the_same_command_asks_nothing_again(mmjudge, folder_task, tmp_path):
    command = ["run", "--task", folder_task([pair("1"), pair("2")]), "--judge", "baseline:first"]
    command += ["--out", tmp_path / "out"]
    assert mmjudge(*command, "--limit", 1).code == 0
    assert "1 judged" in mmjudge(*command).err
    assert "0 judged, 2 were there already" in mmjudge(*command).err


def test_json_is_one_record_on_stdout_and_quiet_says_nothing(mmjudge, folder_task, tmp_path):
    task = folder_task([pair("1"), pair("2"), pair("2")])
    out = tmp_path / "out"
    words = ["--judge", "baseline:first", "--out", out, "--json", "--quiet", "--max-failures=1"]
    done = mmjudge("run", "--task", task, *words)
    assert done.err == ""
    record = json.loads(done.out)
    assert (record["items"], record["bad_items"], record["judgments"]) == (3, 1, 2)
    assert record["folder"] == str(out)
    assert record["exit_code"] == done.code == 0


def test_options_of_a_judge_are_typed_like_yaml(mmjudge, folder_task, tmp_path):
    task, out = folder_task([pair("1")]), tmp_path / "out"
    done = mmjudge(
        "run", "--task", task, "--judge", "baseline:random", "-J", "seed=7", "--out", out
    )
    assert done.code == 0
    with RunStore.open(out) as store:
        assert store.header.judge.params == {"seed": 7}
    done = mmjudge(
        "run", "--task", task, "--judge", "baseline:random", "-J", "seed=x", "--out", out
    )
    assert done.code == 2
    assert "option seed must be int, found 'x'" in done.err


def test_where_takes_only_that_stratum_and_names_the_strata_if_it_has_none(
    mmjudge, folder_task, tmp_path
):
    items = [pair("1", strata={"kind": "easy"}), pair("2", strata={"kind": "hard"})]
    command = ["run", "--task", folder_task(items), "--judge", "baseline:first"]
    done = mmjudge(*command, "--where", "kind=hard", "--out", tmp_path / "hard")
    assert "1 item, 1 judgment" in done.err
    done = mmjudge(*command, "--where", "kind=odd", "--out", tmp_path / "odd")
    assert done.code == 2
    assert "no item of" in done.err
    assert "kind: easy, hard" in done.err


def test_the_first_interrupt_drains_and_the_same_command_goes_on(plugin, folder_task, tmp_path):
    site = plugin("slowpoke", "mmjudge.judges", "slow", SLOW_JUDGE)
    task, out = folder_task([pair(str(n)) for n in range(60)]), tmp_path / "out"
    command = [sys.executable, "-m", "mmjudge", "run", "--task", task, "--judge", "slow:"]
    command = [str(word) for word in [*command, "--out", out]]
    env = {**os.environ, "PYTHONPATH": str(site)}
    process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
    _wait_for_judgments(out)
    process.send_signal(signal.SIGINT)
    _, said_then = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted; what was judged is stored. To go on:" in said_then
    assert f"mmjudge run --task {task} --judge slow: --out {out}" in said_then
    assert "Traceback" not in said_then
    again = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=True)
    assert "were there already" in again.stderr
    assert "60 items, 60 judgments, 0 failed" in again.stderr
    assert "tokens: " in again.stderr


@pytest.mark.slow
def test_the_second_interrupt_stops_a_judge_at_work_and_the_same_command_goes_on(
    plugin, folder_task, tmp_path
):
    site = plugin("slowpoke", "mmjudge.judges", "slow", SLOW_JUDGE)
    task, out = folder_task([pair(str(n)) for n in range(60)]), tmp_path / "out"
    command = [sys.executable, "-m", "mmjudge", "run", "--task", task, "--judge", "slow:"]
    command = [str(word) for word in [*command, "--out", out]]
    env = {**os.environ, "PYTHONPATH": str(site)}
    process = subprocess.Popen(
        command, env={**env, "STUCK_AT": "21"}, stderr=subprocess.PIPE, text=True
    )
    _wait_for_judgments(out, 20)
    process.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):  # it waits for the judge, which takes a minute
        process.wait(timeout=2)
    process.send_signal(signal.SIGINT)
    _, said_then = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "stopped; what was committed is safe" in said_then
    assert "Traceback" not in said_then
    assert _judgments(out) == 20
    again = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=True)
    assert "40 judged" in again.stderr
    assert "20 were there already" in again.stderr
    assert "60 items, 60 judgments, 0 failed" in again.stderr


def _wait_for_judgments(out, wanted=1):
    for _ in range(600):
        if RunStore.exists(out) and _judgments(out) >= wanted:
            return
        time.sleep(0.05)
    raise AssertionError(f"{wanted} judgments were not there in 30 s")


def _judgments(out):
    with RunStore.open(out) as store:
        return store.counts()["judgments"]


def test_plain_lines_come_every_few_seconds_and_without_a_total_hold_counts_only(monkeypatch):
    monkeypatch.setattr(progress, "EVERY_S", 0.0)
    written: list[str] = []
    show = Lines(Total(lambda stats: None), written.append)
    show(Stats(judged=5, started=time.monotonic() - 2))
    assert written == ["5 judgments, 2.5/s, 0 failed"]


def test_with_a_total_the_time_left_follows_from_the_rate():
    stats = Stats(judged=100, resumed=50, total=7350, started=time.monotonic() - 1)
    assert time_left(stats, 7350) in ("1:12", "1:13")
    assert summary(stats, 7350).startswith("150/7350 judgments, 100/s, 1:1")


def test_the_total_counts_what_the_run_will_judge(monkeypatch, folder_task):
    from mmjudge.commands.run import _count

    items = [pair("1", strata={"k": "a"}), pair("2", strata={"k": "b"}), pair("3"), b"broken"]
    settings = {"task": str(folder_task(items)), "data": None, "limit": None}
    asked = RunSettings(protocol="pair", orders="both", repeats=3)
    assert _count(settings, asked) == 3 * 2 * 3
    one = RunSettings(protocol="pair", orders="given", where={"k": "b"})
    assert _count(settings, one) == 1


def test_control_characters_of_a_reply_never_reach_the_terminal(mmjudge, folder_task, tmp_path):
    task = folder_task([pair("1")], {"rude": [said("1", "\x1b[2J\x1b]0;title\x07 no verdict")]})
    words = ["--judge", "replay:rude", "--orders", "given", "--out", tmp_path / "out"]
    done = mmjudge("run", "--task", task, *words)
    assert "\x1b" not in done.err
