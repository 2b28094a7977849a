"""What the tests of judges share: tiny scorers, opened with options."""

import pytest


@pytest.fixture
def opened(paths, root):
    """Open a tiny scorer with options: `opened("clip", batch=2)`."""
    from mmjudge.judges.base import open_judge
    from tests.judges.scorer_asked import MODELS, context

    def judge(name, **options):
        return open_judge(f"{MODELS[name][0]}:{paths(name)}", context(root), options)

    return judge
