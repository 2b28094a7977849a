import pytest

from mmjudge.leaderboard.site import write_site
from tests.leaderboard.site.boards import EVIL, board


@pytest.fixture(scope="package")
def written(tmp_path_factory):
    """A site of 60 judges and 40 columns, with its board."""
    made = board(60, 40, n_tasks=2)
    out = tmp_path_factory.mktemp("site")
    write_site(made, out)
    return made, out


@pytest.fixture(scope="package")
def hostile(tmp_path_factory):
    """A site of which every free text is a script."""
    out = tmp_path_factory.mktemp("hostile")
    write_site(board(4, 20, say=EVIL, n_tasks=2), out)
    return out
