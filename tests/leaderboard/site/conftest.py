import pytest

from mmjudge.leaderboard.site import write_site
from tests.leaderboard.site.boards import EVIL, board
from tests.once import once, shared


@pytest.fixture(scope="package")
def written(tmp_path_factory):
    """A site of 60 judges and 40 columns, with its board."""
    made = board(60, 40, n_tasks=2)
    return made, once(shared(tmp_path_factory) / "site", lambda out: write_site(made, out))


@pytest.fixture(scope="package")
def hostile(tmp_path_factory):
    """A site of which every free text is a script."""
    made = board(4, 20, say=EVIL, n_tasks=2)
    return once(shared(tmp_path_factory) / "hostile", lambda out: write_site(made, out))
