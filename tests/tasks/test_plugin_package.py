"""A package outside of this one, installed as a user would, and found through entry points."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "plugin_package"


def write_dist(site: Path, name: str, points: str) -> None:
    """What an installer leaves of a package that has entry points and no more."""
    info = site / f"{name.replace('-', '_')}-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(points)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plugin")
    copy = folder / "package"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    target = folder / "site"
    problems = []
    for command in installers(target):
        done = subprocess.run(
            [*command, str(copy)], check=False, capture_output=True, text=True, timeout=120
        )
        if done.returncode == 0:
            return target
        problems.append(done.stderr)
    pytest.fail("\n".join(problems))


def installers(target: Path) -> Iterator[list[str]]:
    """Ways to install without a network: with what this environment has, or what uv has kept."""
    to = ["--no-deps", "--quiet", "--target", str(target)]
    yield [sys.executable, "-m", "pip", "install", "--no-build-isolation", "--no-index", *to]
    if uv := shutil.which("uv", path=Path(sys.executable).parent):
        yield [uv, "pip", "install", "--offline", *to]


def python(code: str, *sites: Path) -> str:
    """What a fresh interpreter prints that has the package's folder on its path."""
    path = os.pathsep.join(map(str, sites))
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_strangers_task_and_judge_are_found_and_run_like_our_own(site, tmp_path):
    code = f"""
import mmjudge
run = mmjudge.run("colours", "keyword:contains", out={str(tmp_path / "run")!r}, orders="both")
found = {{r.metric: r.value for r in run.scores(n_resamples=0)}}
print(run.stats.judged, found["accuracy"], found["flip_rate"])
"""
    assert python(code, site).split() == ["8", "1.0", "0.0"]


LIST = """
from mmjudge.registry import TASKS, registry
from mmjudge.errors import MmjudgeError
tasks = registry(TASKS)
print(*sorted(tasks.load_all()))
for name, problem in tasks.broken.items():
    print(name, "|", " ".join(problem.split()))
"""
OURS = "audiojudge genai_bench mj_bench_bias pandalm tifa160 viescore"


def test_a_plugin_that_raises_is_named_and_hides_nothing(site, tmp_path):
    broken = tmp_path / "site"
    write_dist(broken, "mmjudge-broken", "[mmjudge.tasks]\nbroken = mmjudge_broken:Task\n")
    (broken / "mmjudge_broken.py").write_text("raise RuntimeError('no such luck')\n")
    listed, problem = python(LIST, site, broken).splitlines()
    assert set(OURS.split()) | {"colours"} <= set(listed.split())
    assert "broken" not in listed.split()
    assert problem.startswith("broken |")
    assert "mmjudge-broken 1" in problem
    assert "no such luck" in problem


def test_two_plugins_of_one_name_are_refused_with_both_origins(site, tmp_path):
    second = tmp_path / "site"
    write_dist(second, "mmjudge-second", "[mmjudge.tasks]\ncolours = mmjudge_example:Keyword\n")
    listed, problem = python(LIST, site, second).splitlines()
    assert set(OURS.split()) <= set(listed.split())
    assert "colours" not in listed.split()
    assert "offered twice" in problem
    assert "mmjudge-example 0.0.1" in problem
    assert "mmjudge-second 1" in problem


OPEN = """
from mmjudge.errors import MmjudgeError
from mmjudge.sources.folder import open_task
try:
    open_task("odd")
except MmjudgeError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("Task = 3", "a subclass of mmjudge.task.Task is needed"),
        ("from mmjudge.task import Task as T\nclass Task(T):\n    pass", "spec must be a TaskSpec"),
        (
            "from mmjudge_example import Colours\n"
            "class Task(Colours):\n    def __init__(self, data):\n        raise ValueError('odd')",
            "does not open: ValueError: odd",
        ),
    ],
)
def test_a_plugin_that_is_no_task_is_an_error_that_says_why(site, tmp_path, source, words):
    odd = tmp_path / "site"
    write_dist(odd, "mmjudge-odd", "[mmjudge.tasks]\nodd = mmjudge_odd:Task\n")
    (odd / "mmjudge_odd.py").write_text(source)
    assert words in python(OPEN, site, odd)
