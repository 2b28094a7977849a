"""Small data for the tests of tasks."""

from pathlib import Path

import pytest

from tests.tasks.small_task_data import SMALL

collect_ignore = ["conftest.py"]  # else every conftest.py is one doctest module


@pytest.fixture
def small(tmp_path):
    """Write the small data of a task, and give its folder."""

    def make(name: str) -> Path:
        folder = tmp_path / name
        SMALL[name](folder)
        return folder

    return make
