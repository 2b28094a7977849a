"""A run that is killed, interrupted or starved of disk loses nothing that it had committed."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest

from mmjudge.api import run
from mmjudge.errors import StoreError
from mmjudge.store.run_file import FILE, LOCK
from mmjudge.store.run_store import RunStore
from tests.engine.driven import Listed, Told, outcomes, pair, stored

COUNT = 400
SLOW = 0.001


def start(folder: Path, root: Path, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.engine.driven", str(folder), str(COUNT), str(SLOW)]
    return subprocess.Popen(
        command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def wait_for_run(folder: Path, process: subprocess.Popen[str]) -> None:
    while process.poll() is None and not (folder / FILE).exists():
        time.sleep(0.005)


def committed(folder: Path) -> dict[str, Any]:
    if not RunStore.exists(folder):
        return {}
    return {j.key: (j.reply, j.outcome) for j in stored(folder)}


def kill_and_resume(folder: Path, root: Path, kills: int, seed: int) -> int:
    """Kill a run so often, at random moments; the number of kills that hit it at work."""
    random = Random(seed)
    before: dict[str, Any] = {}
    hit = 0
    for _ in range(kills):
        process = start(folder, root)
        wait_for_run(folder, process)
        time.sleep(random.uniform(0, 0.9))
        hit += process.poll() is None
        process.kill()
        process.communicate()
        now = committed(folder)
        assert before.items() <= now.items()
        before = now
    run(Listed([pair(i) for i in range(COUNT)]), Told(), out=folder, orders="both")
    assert before.items() <= committed(folder).items()
    return hit


def check_all_there_once(folder: Path, undisturbed: Path) -> None:
    run(Listed([pair(i) for i in range(COUNT)]), Told(), out=undisturbed, orders="both")
    assert outcomes(folder) == outcomes(undisturbed)
    assert len(stored(folder)) == 2 * COUNT


def test_six_kills_lose_nothing_and_ask_nothing_twice(tmp_path: Path, root: Path):
    hit = kill_and_resume(tmp_path / "run", root, kills=6, seed=1)
    check_all_there_once(tmp_path / "run", tmp_path / "undisturbed")
    assert hit


@pytest.mark.slow
def test_thirty_kills_lose_nothing_and_ask_nothing_twice(tmp_path: Path, root: Path):
    hits = 0
    for seed in range(10):
        folder = tmp_path / f"run{seed}"
        hits += kill_and_resume(folder, root, kills=3, seed=seed)
        check_all_there_once(folder, tmp_path / f"undisturbed{seed}")
    assert hits >= 20


def test_one_interrupt_drains_and_the_run_resumes(tmp_path: Path, root: Path):
    folder = tmp_path / "run"
    process = start(folder, root)
    wait_for_run(folder, process)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    said, errors = process.communicate(timeout=60)
    assert (said, process.returncode) == ("interrupted\n", 0), errors
    some = len(stored(folder))
    assert 0 < some < 2 * COUNT
    judge = Told()
    run(Listed([pair(i) for i in range(COUNT)]), judge, out=folder, orders="both")
    assert len(judge.asked) == 2 * COUNT - some


def test_a_killed_run_leaves_no_lock_behind(tmp_path: Path, root: Path):
    folder = tmp_path / "run"
    process = start(folder, root)
    wait_for_run(folder, process)
    process.kill()
    process.communicate()
    assert RunStore.exists(folder)
    with RunStore.open(folder, "append") as store:
        assert store.counts()["judgments"] <= 2 * COUNT


def limit_file_size() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200 * 1024, 200 * 1024))


def test_a_full_disk_stops_clearly_and_the_run_resumes(tmp_path: Path, root: Path):
    folder = tmp_path / "run"
    process = start(folder, root, preexec_fn=limit_file_size)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "cannot be written" in errors
    assert "run the same command again" in errors
    before = committed(folder)
    assert before
    run(Listed([pair(i) for i in range(COUNT)]), Told(), out=folder, orders="both")
    assert before.items() <= committed(folder).items()
    check_all_there_once(folder, tmp_path / "undisturbed")


def test_a_folder_that_cannot_be_written_is_refused():
    with pytest.raises(StoreError, match="/proc/run: cannot be written"):
        run(Listed([pair(1)]), Told(), out="/proc/run")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to the superuser")
def test_a_read_only_folder_is_refused(tmp_path: Path):
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    with pytest.raises(StoreError, match="cannot be written"):
        run(Listed([pair(1)]), Told(), out=folder / "run")


@pytest.mark.slow
def test_no_kill_while_a_run_is_made_keeps_it_from_being_made(tmp_path: Path, root: Path):
    random = Random(5)
    for kill in range(30):
        folder = tmp_path / f"run{kill}"
        process = start(folder, root)
        while process.poll() is None and not (folder / LOCK).exists():
            time.sleep(0.0005)
        time.sleep(random.uniform(0, 0.02))
        process.kill()
        process.communicate()
        run(Listed([pair(i) for i in range(COUNT)]), Told(), out=folder, orders="both", limit=5)
