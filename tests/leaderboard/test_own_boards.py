"""What the repository's own boards are made from: its submissions, its season, its recordings."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leaderboard import season
from leaderboard.figures import read_figures
from leaderboard.recompute import FILE, RECORDINGS, recompute
from leaderboard.recorded_boards import BOARDS, recorded_boards
from mmjudge.cli import app
from mmjudge.leaderboard.boards.board import Board
from mmjudge.leaderboard.boards.layout import read_layout
from mmjudge.leaderboard.submissions.check import check
from mmjudge.leaderboard.submissions.plans import Sources
from mmjudge.scenes.pack import MANIFEST
from mmjudge.scenes.season import commitment

HERE = Path(season.__file__).parent
SUBMISSIONS = sorted(path.parent for path in HERE.glob("submissions/*/*/meta.yaml"))
SMALL = 10
"""Megabytes that all submissions may take."""


def accepted(folder, sources=None):
    report = check(folder, sources, resamples=0)
    assert report.accepted, report.problems
    return report


def test_a_submission_of_the_repository_is_accepted():
    accepted(HERE / "submissions" / "dual-scenes-clap" / "scenes")


@pytest.mark.slow
@pytest.mark.parametrize("folder", SUBMISSIONS, ids=lambda path: path.parent.name)
def test_every_submission_of_the_repository_is_accepted(folder):
    report = accepted(folder)
    assert report.meta.training_data.known == "all"


def test_all_submissions_are_small():
    files = [path for path in HERE.rglob("submissions/*/*/*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < SMALL * 1024**2


def test_every_submission_is_on_a_board_and_said_to_be_run_by_us():
    layout = read_layout(HERE)
    named = {
        HERE / board.submissions / name
        for board in layout.boards
        if board.submissions
        for name in board.run_by_us
    }
    assert named == {path.parent for path in HERE.rglob("submissions/*/*/meta.yaml")}


@pytest.mark.slow
def test_season_0_is_made_again_from_its_secret_and_its_submissions_are_scored(tmp_path):
    season.make_season()
    kept = json.loads(season.KEPT.read_bytes())
    assert commitment(season.SECRET.read_text().strip(), season.PRIVATE) == kept["commitment"]
    assert json.loads((season.PUBLIC / MANIFEST).read_bytes())["files"] == kept["files"]
    sources = Sources([season.PRACTICE, season.PUBLIC], gold={season.NAME: season.PRIVATE})
    for folder in sorted(season.SUBMISSIONS.glob("*/*")):
        figures = [run.figures[0] for run in accepted(folder, sources).runs]
        assert [figure.n_items for figure in figures] == [season.N_ITEMS] * 2


QUICK = ("pandalm",)


@pytest.mark.parity
@pytest.mark.parametrize("some", [QUICK, pytest.param(None, marks=pytest.mark.slow)])
def test_figures_of_recorded_judges_are_recomputed_to_the_last_digit(shared_data, tmp_path, some):
    chosen = [one for one in RECORDINGS if some is None or one.task in some]
    again = recompute(shared_data / "parity", tmp_path, 0, chosen).judges
    tasks = {one.task for one in again}
    kept = [one for one in read_figures(FILE).judges if one.task in tasks]
    bare = {"figures": {"__all__": {"ci95"}}}
    assert [one.model_dump(exclude=bare) for one in again] == [
        one.model_dump(exclude=bare) for one in kept
    ]


def test_every_published_figure_is_reached_or_it_is_said_why_not():
    figures = [figure for judged in read_figures(FILE).judges for figure in judged.figures]
    published = [figure for figure in figures if figure.published is not None]
    assert len(published) > 100
    assert all(figure.note for figure in published if figure.differs)
    assert not any(figure.note for figure in published if not figure.differs)


def test_recorded_judges_come_with_licence_and_revision():
    found = read_figures(FILE)
    assert {one.task for one in found.judges} == {one.task for one in found.sources}
    assert {one.licence for one in found.sources} == {"MIT", "Apache-2.0"}


def test_boards_of_recorded_judges_hold_figures_alone():
    layout = read_layout(HERE)
    paths = [HERE / board.aggregates for board in layout.boards if board.aggregates]
    assert {path.stem for path in paths} == {one.task for one in BOARDS}
    for path in paths:
        board = Board.model_validate_json(path.read_bytes())
        assert {badge for entry in board.entries for badge in entry.badges} == {"recorded"}
        assert all(entry.licence.startswith(("MIT", "Apache-2.0")) for entry in board.entries)
        assert not any(entry.files for entry in board.entries)


@pytest.mark.slow
@pytest.mark.parity
def test_a_board_of_recorded_judges_is_made_again_to_the_last_digit(shared_data, tmp_path):
    chosen = [one for one in BOARDS if one.task == "pandalm"]
    (again,) = recorded_boards(shared_data / "parity", tmp_path, 1000, chosen)
    kept = Board.model_validate_json((HERE / "recorded" / "pandalm.json").read_bytes())
    assert again.cells == kept.cells
    assert again.duels == kept.duels


@pytest.mark.slow
def test_the_whole_leaderboard_builds_twice_to_the_same_site(tmp_path):
    season.make_season()
    sites = []
    for name in ("one", "two"):
        words = ["leaderboard", "build", str(HERE), "--out", str(tmp_path / name)]
        done = CliRunner().invoke(app, [*words, "--resamples", "100"])
        assert done.exit_code == 0, done.stderr
        found = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        sites.append({str(path.relative_to(tmp_path / name)): path.read_bytes() for path in found})
    assert sites[0] == sites[1]
    assert {"index.html", "season_0/index.html", "genai_bench/index.html"} <= sites[0].keys()


def test_scores_and_rankings_are_shown_by_the_measure_of_their_protocol():
    report = accepted(HERE / "submissions" / "dual-scenes-clap" / "scenes")
    shown = {run.protocol: {figure.metric for figure in run.figures} for run in report.runs}
    assert shown == {"pair": {"accuracy"}, "score": {"tau_b"}, "rank": {"rank_tau_b"}}
