"""What keeps the parts apart: import directions, light start-up, the list of packages."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "mmjudge"

HEAVY = (
    "torch",
    "transformers",
    "pandas",
    "datasets",
    "pyarrow",
    "sklearn",
    "statsmodels",
    "scipy",
    "evaluate",
    "evalica",
    "huggingface_hub",
    "numpy",
    "pydantic",
    "PIL",
)
"""What neither `import mmjudge` nor `mmjudge --help` may load."""

LAYERS = (
    ("types", "errors"),
    ("assets", "cards", "jsonl", "plural", "registry", "metrics"),
    ("task", "task_lists", "media"),
    ("sources", "protocols", "scenes"),
    ("judges", "probes", "strategies", "store"),
    ("engine", "executors"),
    ("scoring",),
    ("api",),
    ("report", "export", "interop", "leaderboard", "checks"),
    ("suites",),
    ("doctor", "demo", "skeletons", "commands"),
    ("cli",),
    ("__main__",),
)
"""From the bottom up: a module imports from its own layer or from one below."""

LAZY = {("api", "report"), ("api", "export")}
"""Upward, inside of a function: a run prints itself and gives its rows."""


def _modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if part != "__init__":
            yield part, path


@cache
def _imports(path: Path) -> tuple[tuple[str, int, bool], ...]:
    """Every module that a file imports, its line, and whether that is in a function."""
    return tuple(_found_in(path))


def _found_in(path: Path) -> Iterator[tuple[str, int, bool]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    inner = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, id(node) in inner
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [alias.name for alias in node.names] if node.module == "mmjudge" else [""]
            for name in names:
                yield f"{node.module}.{name}".strip("."), node.lineno, id(node) in inner


def _part(module: str) -> str:
    """The part of the package that a module belongs to; empty for all else."""
    names = module.split(".")
    return names[1] if names[0] == "mmjudge" and len(names) > 1 else ""


LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}


def test_every_part_of_the_package_has_its_layer():
    missing = {part for part, _ in _modules()} - set(LEVEL)
    assert not missing, f"add to LAYERS in tests/test_structure.py: {sorted(missing)}"


def test_imports_go_downwards_only():
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {part} (layer {LEVEL[part]}) imports {module}"
        for part, path in _modules()
        for module, line, inside in _imports(path)
        if (other := _part(module)) in LEVEL
        and LEVEL[other] > LEVEL[part]
        and not (inside and (part, other) in LAZY)
    ]
    assert not wrong, "\n".join(wrong)


def test_metrics_know_neither_judges_nor_protocols():
    allowed = {"metrics", "errors", ""}
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {module}"
        for part, path in _modules()
        for module, line, _ in _imports(path)
        if part == "metrics" and _part(module) not in allowed
    ]
    assert not wrong, "\n".join(wrong)


def test_tasks_import_only_public_names():
    wrong = []
    for path in sorted((ROOT / "tasks").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mmjudge"):
                names = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
                wrong += [f"{path.name}:{node.lineno}: {n}" for n in names if n.startswith("_")]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("folder", ["mmjudge", "tasks", "assets"])
def test_every_package_is_listed_in_pyproject(folder):
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = set(settings["tool"]["setuptools"]["packages"])
    root = folder if folder == "mmjudge" else f"mmjudge_{folder}"
    found = {
        ".".join((root, *path.parent.relative_to(ROOT / folder).parts))
        for path in (ROOT / folder).rglob("__init__.py")
    }
    missing = "".join(f'\n    "{name}",' for name in sorted(found - listed))
    assert not missing, f"add to [tool.setuptools] packages in pyproject.toml:{missing}"


def _loaded(code: str) -> set[str]:
    report = "\nimport sys; print(*sorted({n.partition('.')[0] for n in sys.modules}))"
    command = [sys.executable, "-c", code + report]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return set(done.stdout.splitlines()[-1].split())


CALL = """
import sys
sys.argv = ["mmjudge", *{words!r}]
try:
    import mmjudge.cli
    mmjudge.cli.main()
except SystemExit:
    pass
"""


def test_import_mmjudge_loads_nothing_heavy():
    assert not _loaded("import mmjudge") & set(HEAVY)


@pytest.mark.parametrize("word", ["--help", "--version", "--jugde"])
def test_help_version_and_a_wrong_option_load_nothing_heavy(word):
    assert not _loaded(CALL.format(words=[word])) & {*HEAVY, "rich", "yaml"}


def test_an_unknown_task_is_refused_before_any_model_library_loads():
    words = ["run", "--task", "nope", "--judge", "baseline:first"]
    models = {"torch", "transformers", "pandas", "datasets", "sklearn", "scipy", "huggingface_hub"}
    assert not _loaded(CALL.format(words=words)) & models


def test_the_lock_names_no_host_and_every_pinned_version_once():
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [line.partition("==") for line in lines if line and not line.startswith("#")]
    assert not [line for line in lines if "://" in line or line.startswith("-")]
    assert all(version for _, _, version in pins)
    assert len({name for name, _, _ in pins}) == len(pins)
