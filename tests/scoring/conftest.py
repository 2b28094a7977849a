"""Runs of scripted judges on small tasks, through the path that users take."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mmjudge
from mmjudge.task import Task


@pytest.fixture
def score(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Run a judge on items and give the figures by measure (of the only criterion and stratum)."""

    def go(task: Task, judge: Any, resamples: int = 0, **settings: Any) -> dict[str, Any]:
        out = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
        run = mmjudge.run(task=task, judge=judge, out=out, **settings)
        return {figure.metric: figure for figure in run.scores(n_resamples=resamples)}

    return go
