"""`mmjudge run --judge openai:`: exit codes, what is said at a limit, and what is never said."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from mmjudge.store.run_store import RunStore
from tests.judges.openai_asked import KEY, leaked
from tests.judges.openai_server import Hang, Say, Server, completion, error


def test_the_command_stops_with_a_code_of_its_own_and_says_how_to_go_on(
    mmjudge: Any, tmp_path: Path, demo: Path
):
    with Server(lambda *_: completion()) as server:
        words = ["run", "--task", demo, "--judge", "openai:tiny", "-J", f"base_url={server.url}"]
        words += ["-J", "price_in=1250", "-J", "price_out=0", "-J", "concurrency=1"]
        words += ["--out", tmp_path / "run"]
        done = mmjudge(*words, "--max-cost", "1")
        assert done.code == 3
        assert "stopped: $1 of max-cost 1 is spent" in done.err
        assert "--max-cost 1" in done.err.splitlines()[-1]
        assert len(server.calls) == 8
        assert mmjudge(*words).code == 0


def test_the_command_shows_no_key_whether_it_works_or_not(
    mmjudge: Any,
    mmjudge_process: Any,
    tmp_path: Path,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("MY_KEY", KEY)
    words = ["run", "--task", root / "assets" / "demo", "--judge", "openai:tiny"]
    words += ["-J", "api_key_env=MY_KEY", "-J", "price_in=1", "-J", "price_out=1"]
    with Server(lambda *_: error(401, f"Incorrect API key provided: {KEY}")) as server:
        failed = mmjudge(*words, "-J", f"base_url={server.url}", "--out", tmp_path / "a")
        server.script = lambda _, body: completion()
        words[-6:-4] = []
        url = server.url.replace("http://", f"http://me:{KEY}@") + f"?key={KEY}"
        words += ["-J", f"base_url={url}", "--out", tmp_path / "b", "--max-cost", "0.00001"]
        stopped = mmjudge_process(*words, OPENAI_LOG="debug")
    assert (failed.code, stopped.code) == (2, 3)
    assert "Incorrect API key provided: ***" in failed.err
    assert "base_url=http://***@127.0.0.1" in stopped.err
    assert KEY not in failed.out + failed.err + stopped.out + stopped.err
    assert leaked(tmp_path) == []


@pytest.mark.slow
def test_an_interrupt_waits_for_the_calls_under_way_and_loses_none(demo: Path, tmp_path: Path):
    def slow(number: int, body: Any) -> Say:
        time.sleep(0.3 if number < 12 else 0)  # those after the interrupt come as they may
        return completion()

    with Server(slow) as server:
        command = [sys.executable, "-m", "mmjudge", "run", "--task", demo, "--judge", "openai:tiny"]
        command += ["-J", f"base_url={server.url}", "-J", "concurrency=2"]
        command = [str(word) for word in [*command, "--out", tmp_path / "run"]]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        while len(server.calls) < 6:
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        assert process.returncode == 130, said
        asked = len(server.calls)
        assert asked <= 10
        with RunStore.open(tmp_path / "run") as store:
            assert store.counts()["judgments"] == asked
        subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert len(server.calls) == 60


def test_a_second_interrupt_stops_at_once(demo: Path, tmp_path: Path):
    with Server(lambda *_: Hang(60)) as server:
        command = [sys.executable, "-m", "mmjudge", "run", "--task", demo, "--judge", "openai:tiny"]
        command += ["-J", f"base_url={server.url}", "--out", tmp_path / "run"]
        process = subprocess.Popen([str(w) for w in command], stderr=subprocess.PIPE, text=True)
        while len(server.calls) < 2:
            assert process.poll() is None
            time.sleep(0.02)
        for _ in range(2):
            process.send_signal(signal.SIGINT)
            time.sleep(0.5)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 130, said
    assert "Traceback" not in said


def test_what_was_lost_on_the_way_is_shown_with_how_to_ask_again(
    mmjudge: Any, tmp_path: Path, demo: Path
):
    words = ["run", "--task", demo, "--judge", "openai:tiny", "--limit", "4"]
    words += ["--out", tmp_path / "run", "-J", "attempts=1", "--max-failures", "100%"]
    with Server(lambda n, _: completion() if n else error(500)) as server:
        words += ["-J", f"base_url={server.url}"]
        first = mmjudge(*words)
        assert "1 lost on the way (infra); --retry infra asks them again" in first.err
        again = mmjudge(*words, "--retry", "infra")
    assert "1 judged" in again.err
    assert "lost on the way" not in again.err
    assert len(server.calls) == 5
