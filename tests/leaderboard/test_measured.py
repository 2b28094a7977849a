"""One entry's numbers: what is drawn together, and what a judge that refuses a modality has."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from mmjudge import run
from mmjudge.leaderboard.boards.build import build
from mmjudge.leaderboard.boards.layout import TaskChoice
from mmjudge.leaderboard.boards.numbers import Measured, measure_entry, packed, unpacked
from mmjudge.leaderboard.boards.tasks import Asked, Library
from mmjudge.leaderboard.submissions.pack import pack
from mmjudge.leaderboard.submissions.plans import Sources
from mmjudge.scoring.table import Table
from mmjudge.types import Failure, Reply
from tests.leaderboard.boards import skilled, write_layout
from tests.leaderboard.entries import META_SAID, Writer, write_task

N_ITEMS = 40


def edit_items(task: Path, change) -> Path:
    """Change the items of a task folder, each with its place."""
    path = task / "items.jsonl"
    items = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for place, item in enumerate(items):
        change(place, item)
    path.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
    return task


def two_modalities(place, item):
    item["strata"] = {"modality": "text->image" if place % 4 == 0 else "text->video"}


class Blinkered(Writer):
    """Takes no films, as it says."""

    def judge(self, batch, media):
        refused = Failure(reason="unsupported", detail="no video")
        return [
            Reply(error=refused) if int(request.item[1:]) % 4 else self._reply(request)
            for request in batch
        ]


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    root = tmp_path_factory.mktemp("refusing")
    task = edit_items(write_task(root / "small", n=N_ITEMS), two_modalities)
    for name, kind in (("all", Writer), ("pictures", Blinkered), ("nothing", Blinkered)):
        folder, judge = task, kind(skilled(90, name), name)
        if name == "nothing":
            judge._reply = lambda _: Reply(error=Failure(reason="unsupported"))
        made = run(str(folder), judge, out=root / "runs" / name, orders="both")
        said = META_SAID | {"judge": name, "contact": f"{name}@example.org"}
        pack([made.folder], root / "submissions" / name / "one", said)
    tasks = [{"task": "small@1", "protocol": "pair", "folder": "small"}]
    write_layout(root, [{"name": "b", "title": "B", "tasks": tasks, "submissions": "submissions"}])
    return build(root, resamples=100).boards[0]


def test_items_of_a_modality_that_a_judge_refuses_count_as_if_it_had_not_looked(board):
    taken = board.cell("pictures--one", "modality-pair-text-image").value
    assert taken > 0.6
    assert board.cell("pictures--one", "overall").value == pytest.approx((2 * taken - 1) / 4)


def test_in_the_tasks_own_column_they_are_wrong(board):
    taken = board.cell("pictures--one", "modality-pair-text-image").value
    cell = board.cell("pictures--one", "small-pair")
    assert cell.value == pytest.approx(taken / 4)
    assert (cell.n_items, cell.n_failed) == (N_ITEMS, 2 * N_ITEMS * 3 // 4)


def test_a_refused_modality_has_no_figure_and_says_why(board):
    cell = board.cell("pictures--one", "modality-pair-text-video")
    assert (cell.value, cell.note) == (None, "the judge takes none of these items")
    assert cell.places is None


def test_a_judge_that_takes_nothing_is_at_0_overall_or_nowhere_but_never_below(board):
    assert board.cell("nothing--one", "small-pair").value is None
    assert board.cell("nothing--one", "overall") is None
    assert board.cell("nothing--one", "failed").value == 1
    assert "nothing--one" in board.orders[0].without


def test_scores_that_fail_gain_nothing_overall(tmp_path):
    def scored(place, item):
        item["candidates"] = item["candidates"][:1]
        item["gold"] = {"quality": {"kind": "score", "value": 1 + place % 5}}

    class Careful(Writer):
        """Says the gold where it says anything: of one item in four."""

        def _reply(self, request):
            place = int(request.item[1:])
            if place % 4:
                return Reply(error=Failure(reason="refusal"))
            return Reply(text=f"[[{1 + place % 5}]]")

    criteria = [{"name": "quality", "question": "How good?", "scale": {"lowest": 1, "highest": 5}}]
    task = edit_items(
        write_task(tmp_path / "small", n=N_ITEMS, protocols=["score"], criteria=criteria), scored
    )
    run(str(task), Careful(skilled(100)), out=tmp_path / "run", protocol="score")
    tasks = [{"task": "small@1", "protocol": "score", "folder": "small"}]
    runs = [{"id": "careful", "runs": ["run"]}]
    write_layout(tmp_path, [{"name": "b", "title": "B", "tasks": tasks, "runs": runs}])
    board = build(tmp_path, resamples=20).boards[0]
    assert board.cell("careful", "small-score").value == 1
    assert board.cell("careful", "failed").value == 0.75
    assert board.cell("careful", "overall").value == pytest.approx(0.25)


def asked_of(folders, resamples=50):
    choices = [TaskChoice(task=f"{folder.name}@1", protocol="pair") for folder in folders]
    return Asked(choices, Library(Sources(folders)), resamples)


def test_twins_of_one_task_are_drawn_together_as_in_a_run(tmp_path):
    def twins(place, item):
        item["strata"] = {"twin": f"i{place // 2 * 2}"} if place < 20 else {}

    task = edit_items(write_task(tmp_path / "small", n=30), twins)
    table = Table.load(run(str(task), Writer(skilled(50)), out=tmp_path / "run").folder)
    unit = asked_of([task]).tasks["small-pair"].unit
    same = unit[:, None] == unit[None, :]
    np.testing.assert_array_equal(same, table.units[:, None] == table.units[None, :])
    assert len(np.unique(unit)) == 20


def test_twins_in_other_tasks_are_drawn_together_too_but_not_namesakes(tmp_path):
    def original(place, item):
        item["strata"] = {"twin": item["id"]}

    def twin(place, item):
        item["strata"] = {"twin": f"i{place}"}
        item["id"] = f"j{place}"

    first = edit_items(write_task(tmp_path / "first", n=6, name="first"), original)
    second = edit_items(write_task(tmp_path / "second", n=6, name="second"), twin)
    third = edit_items(write_task(tmp_path / "third", n=6, name="third"), original)
    two, three = asked_of([first, second]), asked_of([first, third])
    units = [task.unit.tolist() for task in two.tasks.values()]
    assert units[0] == units[1]
    units = [task.unit.tolist() for task in three.tasks.values()]
    assert not set(units[0]) & set(units[1])


def test_every_entry_is_drawn_alike_and_each_draw_has_as_many_items(tmp_path):
    asked = asked_of([write_task(tmp_path / "small", n=30)])
    drawn = [np.concatenate([w for _, w in asked.draws("pair")]) for _ in range(2)]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert drawn[0].shape == (50, 30)
    assert (drawn[0].sum(axis=1) == 30).all()


def test_numbers_survive_the_cache(tmp_path):
    task = write_task(tmp_path / "small", n=30)
    made = run(str(task), Writer(skilled(70)), out=tmp_path / "run", orders="both")
    measured = measure_entry([made.folder], asked_of([task]))
    again = unpacked(packed(measured))
    assert again.numbers == measured.numbers
    np.testing.assert_array_equal(again.samples, measured.samples)
    shorter = Measured(measured.numbers, measured.samples[:-1])
    assert unpacked(packed(shorter)) is None


def test_another_entry_changes_no_figure_of_the_others(board, tmp_path_factory):
    root = tmp_path_factory.mktemp("fewer")
    made = next(tmp_path_factory.getbasetemp().glob("refusing*"))
    shutil.copytree(made / "small", root / "small")
    shutil.copytree(made / "submissions" / "all", root / "submissions" / "all")
    tasks = [{"task": "small@1", "protocol": "pair", "folder": "small"}]
    write_layout(root, [{"name": "b", "title": "B", "tasks": tasks, "submissions": "submissions"}])
    alone = build(root, resamples=100).boards[0].cells["all--one"]
    for column, cell in alone.items():
        other = board.cell("all--one", column)
        assert (cell.value, cell.ci95, cell.n_items) == (other.value, other.ci95, other.n_items)
