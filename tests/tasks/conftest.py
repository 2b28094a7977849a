"""Small data for the tests of tasks."""

from pathlib import Path

import pytest

from tests.tasks.samples import copy_sample

collect_ignore = ["conftest.py"]  # else every conftest.py is one doctest module


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Copy the sample of a task, and give the folder; media of its rows are kept beside it."""
    monkeypatch.setenv("MMJUDGE_CACHE", str(tmp_path / "cache"))

    def make(name: str) -> Path:
        folder = tmp_path / name
        copy_sample(name, folder)
        return folder

    return make
