"""Commands as a user types them, small task folders, and plugins of strangers."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from typer.testing import CliRunner

from mmjudge.cli import app
from mmjudge.registry import registry
from tests.cli.small_folders import CARD, write_lines


class Said(NamedTuple):
    """What a command left: exit code, and its two streams."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def mmjudge() -> Callable[..., Said]:
    """Run a command in this process."""

    def call(*words: object) -> Said:
        registry.cache_clear()
        result = CliRunner().invoke(app, [str(word) for word in words])
        error = result.exception
        if error is not None and not isinstance(error, SystemExit):
            raise error
        return Said(result.exit_code, result.stdout, result.stderr)

    return call


@pytest.fixture(scope="session")
def mmjudge_process() -> Callable[..., Said]:
    """Run a command in a process of its own, as from a shell whose output is piped."""

    def call(*words: object, **environment: str) -> Said:
        command = [sys.executable, "-m", "mmjudge", *map(str, words)]
        env = {**os.environ, "COLUMNS": "80", **environment}
        done = subprocess.run(command, capture_output=True, env=env, timeout=60, check=False)
        return Said(done.returncode, done.stdout.decode(), done.stderr.decode())

    return call


@pytest.fixture
def folder_task(tmp_path: Path) -> Callable[..., Path]:
    """Write a task folder from lines, each a record or raw bytes."""

    def make(items: list[Any], recorded: dict[str, list[Any]] | None = None, **card: Any) -> Path:
        folder = tmp_path / "small"
        folder.mkdir(exist_ok=True)
        (folder / "task.yaml").write_text(yaml.safe_dump(CARD | card), encoding="utf-8")
        write_lines(folder / "items.jsonl", items)
        for name, lines in (recorded or {}).items():
            write_lines(folder / "recorded" / f"{name}.jsonl", lines)
        return folder

    return make


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Install a package of a stranger for the test: one module, one entry point."""

    def install(distribution: str, group: str, name: str, code: str) -> Path:
        place = tmp_path / "site" / distribution
        facts = place / f"{distribution}-1.0.dist-info"
        facts.mkdir(parents=True)
        module = f"{distribution}_module"
        (place / f"{module}.py").write_text(code, encoding="utf-8")
        (facts / "METADATA").write_text(f"Name: {distribution}\nVersion: 1.0\n", encoding="utf-8")
        (facts / "entry_points.txt").write_text(f"[{group}]\n{name} = {module}:Plugin\n")
        monkeypatch.syspath_prepend(str(place))
        registry.cache_clear()
        return place

    yield install
    registry.cache_clear()


@pytest.fixture(scope="session")
def demo(root: Path) -> Path:
    return root / "assets" / "demo"


@pytest.fixture(scope="session")
def demo_runs(
    demo: Path, mmjudge: Callable[..., Said], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """Finished runs of both judges of the demo, in both orders."""
    made = []
    for judge in ("careful", "hasty"):
        out = tmp_path_factory.mktemp("demo") / judge
        command = ("run", "--task", demo, "--judge", f"replay:{judge}", "--orders", "both")
        assert mmjudge(*command, "--out", out).code == 0
        made.append(out)
    return made[0], made[1]
