"""What the tests of judges share: models that are built once."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folder of each tiny chat model, by family."""
    from tests.judges.hf_asked import Folders

    return Folders(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def paths(tmp_path_factory):
    """The folder of each tiny scorer, by name: `paths("clip")`."""
    from tests.judges.scorer_asked import Paths

    return Paths(tmp_path_factory.mktemp("scorers"))


@pytest.fixture
def opened(paths, root):
    """Open a tiny scorer with options: `opened("clip", batch=2)`."""
    from mmjudge.judges.base import open_judge
    from tests.judges.scorer_asked import MODELS, context

    def judge(name, **options):
        return open_judge(f"{MODELS[name][0]}:{paths(name)}", context(root), options)

    return judge
