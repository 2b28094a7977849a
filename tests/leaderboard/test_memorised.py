"""A judge that learned the public gold by heart: the hidden gold of a season tells."""

import shutil
from typing import Any

import pytest
import yaml

from mmjudge import run
from mmjudge.leaderboard.boards.build import build
from mmjudge.leaderboard.boards.layout import LAYOUT
from mmjudge.leaderboard.submissions.check import check
from mmjudge.leaderboard.submissions.pack import pack
from mmjudge.leaderboard.submissions.plans import Sources
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
        from mmjudge.sources.folder import FolderTask

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


@pytest.fixture(scope="module")
def entries(made, tmp_path_factory):
    """Submissions of both judges, by name: each ran on practice and on the public part."""
    out = tmp_path_factory.mktemp("entries")
    for judge in (ByHeart(made[0]), Writer(luck, "guesses")):
        name = judge.card.name.replace(" ", "_")
        runs = [
            run(str(task), judge, out=out / "runs" / name / task.name, orders="both").folder
            for task in made[:2]
        ]
        pack(runs, out / "submissions" / name, {**META_SAID, "judge": judge.card.name})
    return out / "submissions"


@pytest.fixture
def report(made, entries):
    sources = Sources(made[:2], gold={"season_9": made[2]})
    return lambda name: check(entries / name, sources)


def test_a_judge_that_learned_practice_by_heart_is_right_there_and_guesses_on_the_season(report):
    found = report("by_heart")
    assert found.accepted, found.problems
    practised, hidden = (run.figures[0] for run in found.runs)
    assert practised.value == 1.0
    assert hidden.ci95[1] < 0.6
    assert {flag.name for flag in found.flags} >= {"nearly perfect"}


def test_a_judge_that_guesses_shows_no_gap(report):
    practised, hidden = (run.figures[0] for run in report("guesses").runs)
    assert practised.ci95[0] < hidden.value < practised.ci95[1]


def board(made, entries, folder):
    """The board of both judges, whose folder holds `leaderboard.yaml` alone."""
    practice, public, private = map(str, made)
    tasks = [
        {"task": "practice@1", "protocol": "pair", "folder": practice, "weight": 0},
        {
            "task": "season_9@1",
            "protocol": "pair",
            "folder": public,
            "gold": private,
            "public": "practice@1",
        },
    ]
    plan = {"name": "s", "title": "S", "submissions": str(entries), "tasks": tasks}
    folder.mkdir()
    layout = yaml.safe_dump({"title": "T", "boards": [plan]})
    (folder / LAYOUT).write_text(layout, encoding="utf-8")
    return build(folder, resamples=200).boards[0]


@pytest.mark.slow
def test_the_board_shows_how_much_less_a_judge_has_where_gold_was_hidden(made, entries, tmp_path):
    found = board(made, entries, tmp_path / "board")
    (gap,) = [column.id for column in found.columns if column.id.endswith("-gap")]
    assert found.cell("by-heart", gap).ci95[1] < 0 < found.cell("guesses", gap).ci95[1]
    assert found.cell("by-heart", gap).value < -0.3


def test_without_the_private_part_the_board_says_nothing_of_the_season(made, entries, tmp_path):
    practice, public, private = made
    gone = shutil.copytree(private, tmp_path / "private")
    shutil.rmtree(gone)
    found = board((practice, public, gone), entries, tmp_path / "board")
    assert not [column.id for column in found.columns if column.id.endswith("-gap")]
    assert "hidden gold (private) is not here" in " ".join(found.notes)
