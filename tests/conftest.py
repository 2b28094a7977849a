"""What tests everywhere need: one thread for arithmetic, and where the shared data is."""

import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser import chromium, need_chromium
from tests.once import shared

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Before numpy, torch or scikit-learn is loaded, and for every process that a test starts: workers
# share the cores, and threads that wait for each other in a busy loop take them from one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Doctests are looked for in every module, and several modules are called conftest.
collect_ignore_glob = ["conftest.py", "*/conftest.py"]

# What trains, draws or loads models. Whole files go to a worker each (see the Makefile), so that
# what a file prepares is prepared once; these come first, so that short files fill up the end.
LONG = ("tests/training/", "tests/scenes/", "tests/assets/", "tests/judges/", "tests/engine/")

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"


class WithDoctests:
    """Leaves out files without a doctest, so that no worker imports them to find none."""

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_file(self, file_path: Path) -> Generator[None, Any, Any]:
        found = yield
        if b">>>" in file_path.read_bytes():
            return found
        return [node for node in found if type(node).__name__ != "DoctestModule"]


def pytest_configure(config: pytest.Config) -> None:
    # A hook of this file itself would see the files of tests alone.
    config.pluginmanager.register(WithDoctests())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the collector need not look through all of torch each time."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    gc.unfreeze()


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED.is_dir():
        pytest.skip("../shared/data is not here: what needs it WAS NOT TESTED")
    return SHARED


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folder of each tiny chat model, by family."""
    from tests.judges.hf_asked import Folders

    return Folders(shared(tmp_path_factory) / "models")


@pytest.fixture(scope="session")
def paths(tmp_path_factory):
    """The folder of each tiny scorer, by name: `paths("clip")`."""
    from tests.judges.scorer_asked import Paths

    return Paths(shared(tmp_path_factory) / "scorers")


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    # A module's own: while it is there, asyncio.run is refused to all tests of the process.
    need_chromium()
    with chromium() as opened:
        yield opened
