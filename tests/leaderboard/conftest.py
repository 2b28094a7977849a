"""One good submission, and a fresh copy of it for each test."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mmjudge.leaderboard.submissions.check import Report, check
from mmjudge.leaderboard.submissions.plans import Sources
from tests.leaderboard.entries import Writer, luck, submit, write_task


@pytest.fixture(scope="session")
def small_task(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_task(tmp_path_factory.mktemp("task") / "small")


@pytest.fixture(scope="session")
def good(small_task: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return submit(small_task, Writer(luck), tmp_path_factory.mktemp("good"))


@pytest.fixture
def entry(good: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(good, tmp_path / "entry"))


@pytest.fixture(scope="session")
def checked(small_task: Path) -> Callable[..., Report]:
    sources = Sources([small_task])

    def call(entry: Path, against: Path | None = None) -> Report:
        return check(entry, sources, against, resamples=0)

    return call
