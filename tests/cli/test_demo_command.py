"""`mmjudge demo` runs what is at hand, says what is not, and needs no network."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmjudge.demo import JUDGES, TASKS, Contestant, play
from mmjudge.errors import MissingExtraError, TaskError
from mmjudge.judges.scorers import clip
from mmjudge.store.run_store import RunStore

TEXT = {"scenes_text": TASKS["scenes_text"]}
FIRST = Contestant("baseline:first")

OFFLINE = """
import socket
def refuse(*_):
    raise AssertionError("the network was used")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
import sys
sys.argv = ["mmjudge", *sys.argv[1:]]
from mmjudge.cli import main
main()
"""


def test_every_task_is_put_in_every_protocol_and_pairs_in_both_orders(tmp_path):
    said: list[str] = []
    played = play(tmp_path, said.append, [FIRST], TEXT)
    headers = []
    for run in played.runs:
        with RunStore.open(run) as store:
            headers.append(store.header)
    assert [h.settings.protocol for h in headers] == ["pair", "score", "rank"]
    assert [h.settings.orders for h in headers] == ["both", "balanced", "balanced"]
    assert len(said) == 3
    assert all("scenes_text" in line and "0 failed" in line for line in said)


def test_a_second_demo_finds_everything_done(tmp_path):
    first = play(tmp_path, lambda _: None, [FIRST], TEXT)
    before = [(run / "run.db").stat().st_mtime_ns for run in first.runs]
    assert play(tmp_path, lambda _: None, [FIRST], TEXT) == first
    assert [(run / "run.db").stat().st_mtime_ns for run in first.runs] == before


def test_a_judge_that_is_not_there_is_left_out_and_the_others_go_on(tmp_path):
    absent = Contestant("clip:no-such-judge")
    played = play(tmp_path, lambda _: None, [absent, FIRST], TEXT)
    assert len(played.runs) == 3
    assert played.left_out == ("clip:no-such-judge: its weights are not in this installation",)


def test_a_judge_whose_library_is_missing_says_what_to_install(tmp_path, monkeypatch):
    def missing(*_):
        raise MissingExtraError("judge clip:x", "open_clip", "clip")

    monkeypatch.setattr(clip.Clip, "open", missing)
    here = Contestant(f"clip:{tmp_path}")
    (line,) = play(tmp_path / "out", lambda _: None, [here], TEXT).left_out
    assert "needs open_clip" in line
    assert "pip install 'mmjudge[clip]'" in line


def test_a_task_that_is_not_there_stops_the_demo(tmp_path):
    with pytest.raises(TaskError):
        play(tmp_path, lambda _: None, [FIRST], {str(tmp_path / "none"): "text"})


@pytest.mark.slow
def test_the_demo_needs_no_network_and_ends_in_a_table_and_a_page(tmp_path: Path):
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hub"), "COLUMNS": "80"}
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, "demo", "--out", str(tmp_path / "demo")],
        env={**os.environ, **offline}, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "demo" / "report.html").read_text().startswith("<!doctype html>")
    assert str(tmp_path / "demo" / "report.html") in done.stderr
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    for judge in JUDGES:
        name = judge.spec
        assert f"left out: {name}" in done.stderr or f"\n{name}" in f"\n{done.stdout}"
    assert "baseline:random is at chance on overall: pair" in done.stdout
