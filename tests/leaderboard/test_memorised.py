"""A judge that learned the public gold by heart: the hidden gold of a season tells."""

from typing import Any

import pytest

from mmjudge import run
from mmjudge.judges.base import Judge
from mmjudge.leaderboard.check import check
from mmjudge.leaderboard.pack import pack
from mmjudge.leaderboard.plans import Sources
from mmjudge.scenes.pack import Wanted, generate
from mmjudge.scenes.season import season
from mmjudge.types import Preference
from tests.leaderboard.entries import META_SAID, Writer, luck

N = 60
SECRET = "a secret of this test, and of no season that anybody plays"


def wanted(name: str, seed: str = "") -> Wanted:
    """Pairs of captions of easy pictures."""
    return Wanted(seed, N, ("image->text",), ("easy",), ("pair",), twins=False, name=name)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Folders of practice, public part and private part."""
    folder = tmp_path_factory.mktemp("season")
    (folder / "secret.txt").write_text(SECRET, encoding="utf-8")
    generate(wanted("practice", "open to all"), folder / "practice", workers=1)
    season(wanted("season_9"), folder / "secret.txt", folder / "season", workers=1)
    return folder / "practice", folder / "season" / "public", folder / "season" / "private"


class ByHeart(Writer):
    """Says what the practice pack says of a pair that is in it, and guesses at any other."""

    def __init__(self, practice) -> None:
        from mmjudge.folder_task import FolderTask

        super().__init__(self.recall, "by heart")
        self.known: dict[Any, str] = {}
        for item in FolderTask(practice).load("pair"):
            for criterion, gold in item.gold.items():
                assert isinstance(gold, Preference)
                shown = tuple(candidate.parts for candidate in item.candidates)
                right = {"first": 0, "second": 1}.get(gold.value, -1)
                for order in ((0, 1), (1, 0)):
                    asked = item.prompt, tuple(shown[i] for i in order), criterion
                    self.known[asked] = "C" if right < 0 else "AB"[order.index(right)]

    def recall(self, request) -> str:
        asked = request.prompt, tuple(c.parts for c in request.candidates), request.criterion.name
        return self.known.get(asked) or luck(request)


def report(judge: Judge, made, out):
    """Run a judge on both, submit, and check with the private part."""
    practice, public, private = made
    runs = [
        run(str(task), judge, out=out / task.name, orders="both").folder
        for task in (practice, public)
    ]
    pack(runs, out / "entry", META_SAID)
    return check(out / "entry", Sources([practice, public], gold={"season_9": private}))


def test_a_judge_that_learned_practice_by_heart_is_right_there_and_guesses_on_the_season(
    made, tmp_path
):
    found = report(ByHeart(made[0]), made, tmp_path)
    assert found.accepted, found.problems
    practised, hidden = (run.figures[0] for run in found.runs)
    assert practised.value == 1.0
    assert hidden.ci95[1] < 0.6
    assert {flag.name for flag in found.flags} >= {"nearly perfect"}


def test_a_judge_that_guesses_shows_no_gap(made, tmp_path):
    found = report(Writer(luck), made, tmp_path)
    practised, hidden = (run.figures[0] for run in found.runs)
    assert practised.ci95[0] < hidden.value < practised.ci95[1]
