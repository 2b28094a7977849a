"""A season on a board: hidden figures beside public ones, and what is said where gold is not here.

The entry was also asked with probes, so this board has the columns of biases.
"""

import shutil

import pytest
import yaml
from typer.testing import CliRunner

from mmjudge import run
from mmjudge.cli import app
from mmjudge.leaderboard.boards.board import Board
from mmjudge.leaderboard.boards.build import build
from mmjudge.leaderboard.submissions.pack import pack
from mmjudge.scenes.pack import Wanted
from mmjudge.scenes.season import season
from tests.leaderboard.boards import write_layout
from tests.leaderboard.entries import META_SAID, Writer, luck, write_task

N_ITEMS = 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A leaderboard of a public task and of a season that holds other items."""
    root = tmp_path_factory.mktemp("season")
    (root / "secret.txt").write_text("a secret of this test, and of no season at all", "utf-8")
    wanted = Wanted("", N_ITEMS, ("text->image",), ("easy",), ("pair",))
    season(wanted, root / "secret.txt", root / "season")
    hidden = root / "season" / "public"
    name = yaml.safe_load((hidden / "task.yaml").read_text(encoding="utf-8"))["name"]
    public = write_task(root / "small", n=40)
    made = [
        run(str(task), Writer(luck), out=root / "runs" / task.name, orders="both", probes=probes)
        for task, probes in ((public, "rerun,authority"), (hidden, ""))
    ]
    pack([one.folder for one in made], root / "submissions" / "luck" / "one", META_SAID)
    tasks = [
        {"task": "small@1", "protocol": "pair", "folder": "small", "weight": 0},
        {
            "task": f"{name}@1",
            "protocol": "pair",
            "folder": "season/public",
            "gold": "season/private",
            "public": "small@1",
        },
    ]
    write_layout(
        root, [{"name": "season", "title": "S", "tasks": tasks, "submissions": "submissions"}]
    )
    return root


@pytest.fixture(scope="module")
def board(folder):
    return build(folder, resamples=200).boards[0]


@pytest.fixture(scope="module")
def hidden(board):
    return next(task.id for task in board.tasks if task.hidden)


def test_hidden_figures_stand_beside_public_ones(board, hidden):
    assert board.column(hidden).kind == "hidden"
    assert board.column("small-pair").kind == "task"
    assert board.cell("luck--one", hidden).value is not None
    gap, cells = board.column(f"{hidden}-gap"), board.cells["luck--one"]
    assert gap.kind == "hidden"
    assert not gap.ranked
    difference = cells[hidden].value - cells["small-pair"].value
    assert cells[gap.id].value == pytest.approx(difference)
    low, high = cells[gap.id].ci95
    assert low < difference < high


def test_the_digest_of_a_hidden_task_is_not_shown_since_it_would_confirm_a_guess(board, hidden):
    assert board.task(hidden).digest == ""
    assert len(board.task("small-pair").digest) == 64


def test_a_task_of_weight_0_has_a_column_and_no_vote(board, hidden):
    assert board.voters == (hidden,)
    overall = board.cell("luck--one", "overall")
    assert overall.n_items == board.cell("luck--one", hidden).n_items


def test_probes_have_a_column_of_what_they_moved_and_one_of_what_is_beyond_noise(board):
    effect = board.cell("luck--one", "probe-pair-authority-directed-effect")
    beyond = board.cell("luck--one", "probe-pair-authority-robustness-less-re-run")
    # A judge that throws a coin by item and order does not heed what the change says.
    assert effect.value == 0
    assert effect.ci95[0] <= 0 <= effect.ci95[1]
    assert beyond.value == 0
    assert board.cell("luck--one", "probe-pair-rerun-directed-effect") is None
    assert all(c.probe for c in board.columns if c.id.startswith("probe-"))


def test_without_the_hidden_gold_its_figures_are_left_out_and_it_says_so(folder, tmp_path, hidden):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    shutil.rmtree(copy / "season" / "private")
    built = build(copy, resamples=200)
    board = built.boards[0]
    assert board.cell("luck--one", hidden) is None
    assert board.cell("luck--one", "small-pair").value is not None
    assert "hidden gold (private) is not here" in board.notes[-1]
    assert not [column for column in board.columns if column.id == f"{hidden}-gap"]
    assert built.rejected == ()


def test_the_command_writes_the_same_site_twice_and_says_what_it_left_out(
    folder, tmp_path, monkeypatch
):
    monkeypatch.setenv("MMJUDGE_CACHE", str(tmp_path / "cache"))

    def call(out):
        words = ["leaderboard", "build", str(folder), "--out", str(out), "--resamples", "50"]
        return CliRunner().invoke(app, words, catch_exceptions=False)

    assert call(tmp_path / "one").exit_code == 0
    broken = folder / "submissions" / "luck" / "broken"
    broken.mkdir()
    try:
        done = call(tmp_path / "two")
    finally:
        broken.rmdir()
    assert done.exit_code == 1
    assert f"{broken}: left out, " in done.stderr
    files = [
        {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}
        for out in (tmp_path / "one", tmp_path / "two")
    ]
    assert files[0] == files[1]
    assert Board.model_validate_json(files[0]["board.json"]).entries[0].id == "luck--one"
    assert any((tmp_path / "cache" / "leaderboard").iterdir())
