"""A skeleton is sound at once: of every kind, protocol and modality."""

import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner

from mmjudge.checks.task import check_task
from mmjudge.cli import app
from mmjudge.errors import MmjudgeError
from mmjudge.skeletons import Wanted, new_task
from mmjudge.sources.folder import open_task
from mmjudge.types import Modality

MODALITIES = get_args(Modality)
PROTOCOLS = ("pair", "score", "rank")


def broken(report):
    return [found for found in report.findings if found.level == "broken"]


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("MMJUDGE_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize(
    ("protocol", "modality"),
    [*((p, "text") for p in PROTOCOLS), *(("pair", m) for m in MODALITIES if m != "text")],
)
def test_a_folder_and_a_mapping_pass_at_once(tmp_path, protocol, modality):
    new_task(Wanted("cups", "folder", protocol, modality), tmp_path / "folder")
    new_task(Wanted("cups", "hub", protocol, modality), tmp_path / "hub")
    plain = check_task(str(tmp_path / "folder"))
    mapped = check_task(str(tmp_path / "hub"), tmp_path / "hub" / "sample")
    assert broken(plain) == broken(mapped) == []
    assert plain.items == mapped.items == {protocol: 2}
    decoded = [f.said for f in plain.findings if f.check == "media" and f.level == "ok"]
    assert bool(decoded) == (modality != "text")


@pytest.mark.parametrize("modality", ["text", "image"])
@pytest.mark.parametrize("protocol", ["checklist", "steps"])
def test_a_folder_and_a_mapping_of_lists_pass_at_once(tmp_path, protocol, modality):
    new_task(Wanted("cups", "folder", protocol, modality), tmp_path / "folder")
    new_task(Wanted("cups", "hub", protocol, modality), tmp_path / "hub")
    plain = check_task(str(tmp_path / "folder"))
    mapped = check_task(str(tmp_path / "hub"), Path("sample"))
    assert broken(plain) == broken(mapped) == []
    assert plain.items == mapped.items == {protocol: 2}
    items = [
        list(open_task(*of).load(protocol))
        for of in ((str(tmp_path / "folder"),), (str(tmp_path / "hub"), Path("sample")))
    ]
    assert [item.gold for item in items[0]] == [item.gold for item in items[1]]
    assert [item.checklists for item in items[0]] == [item.checklists for item in items[1]]


TASK = """
import sys
sys.path.insert(0, sys.argv[1])
import {name}
from mmjudge.checks.task import check_task
report = check_task({name}.{title}(None))
print(report.items, [found for found in report.findings if found.level == "broken"])
"""


@pytest.mark.parametrize(
    ("protocol", "modality"),
    [
        ("pair", "image"),
        ("rank", "text"),
        pytest.param("checklist", "image", marks=pytest.mark.slow),
        pytest.param("steps", "text", marks=pytest.mark.slow),
    ],
)
def test_the_class_of_a_package_passes_at_once(tmp_path, protocol, modality):
    out = tmp_path / "package"
    new_task(Wanted("cup_pairs", "package", protocol, modality), out)
    done = subprocess.run(
        [sys.executable, "-c", TASK.format(name="cup_pairs", title="CupPairs"), str(out)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"{{'{protocol}': 2}} []"


def test_the_code_of_a_package_is_as_this_project_would_have_it(tmp_path, root):
    for protocol in PROTOCOLS:
        new_task(Wanted("cups", "package", protocol, "image"), tmp_path / protocol)
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "E,F,I,W"]
    words = [*ruff, "--line-length", "100", "--no-cache", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("Cups", "folder", "small letters"),
        ("9cups", "package", "begins with a letter"),
        ("viescore", "folder", "installed already"),
    ],
)
def test_a_name_that_cannot_be_is_refused(tmp_path, name, kind, words):
    with pytest.raises(MmjudgeError, match=words):
        new_task(Wanted(name, kind), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_there_is_not_written_over(tmp_path):
    (tmp_path / "mine").write_text("")
    with pytest.raises(MmjudgeError, match="not empty"):
        new_task(Wanted("cups"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_the_command_says_what_comes_next(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["new-task", "cups", "--kind", "hub"])
    assert done.exit_code == 0
    command = done.stderr.splitlines()[-1].split()
    assert command == ["mmjudge", "check-task", "./cups", "--data", "./cups/sample"]
    assert CliRunner().invoke(app, command[1:]).exit_code == 0
