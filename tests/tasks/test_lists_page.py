"""Checklists and steps in docs/tasks.md: the folders that it shows are sound, and run."""

import re
from pathlib import Path

import pytest

from mmjudge import api
from mmjudge.checks.task import check_task

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tasks.md"


@pytest.mark.parametrize("protocol", ["checklist", "steps"])
def test_the_folders_of_the_page_are_sound_and_run(tmp_path: Path, protocol: str):
    text = PAGE.read_text(encoding="utf-8")
    for kind, name in (("yaml", "task.yaml"), ("json", "items.jsonl")):
        (block,) = re.findall(rf"^```{kind} {protocol}\n(.*?)^```", text, re.M | re.S)
        (tmp_path / name).write_text(block)
    report = check_task(str(tmp_path))
    assert [found for found in report.findings if found.level == "broken"] == []
    assert report.items == {protocol: 2}
    run = api.run(str(tmp_path), "baseline:random", out=tmp_path / "run")
    assert [figure.n_failed for figure in run.scores(n_resamples=0)] != []
