"""What tests everywhere need: where the shared data is, and nothing more."""

from pathlib import Path

import pytest

# Doctests are looked for in every module, and several modules are called conftest.
collect_ignore_glob = ["conftest.py", "*/conftest.py"]

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED.is_dir():
        pytest.skip("../shared/data is not here: what needs it WAS NOT TESTED")
    return SHARED
