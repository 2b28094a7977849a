"""What the tests of judges share: models that are built once."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folder of each tiny chat model, by family."""
    from tests.judges.hf_asked import Folders

    return Folders(tmp_path_factory.mktemp("models"))
