"""Small data for the tests of tasks."""

from pathlib import Path

import pytest

from tests.tasks.small_task_data import SMALL

collect_ignore = ["conftest.py"]  # else every conftest.py is one doctest module


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Write the small data of a task, and give its folder; media of its rows are kept beside it."""
    monkeypatch.setenv("MMJUDGE_CACHE", str(tmp_path / "cache"))

    def make(name: str) -> Path:
        folder = tmp_path / name
        SMALL[name](folder)
        return folder

    return make
