"""From submissions to a board: numbers, places, orders, what is left out, and the cache."""

import json
import shutil

import pytest

from mmjudge import run
from mmjudge.errors import MmjudgeError
from mmjudge.leaderboard.boards.board import Board
from mmjudge.leaderboard.boards.build import build
from mmjudge.leaderboard.boards.layout import Given, read_layout
from mmjudge.leaderboard.cache import Cache
from mmjudge.leaderboard.submissions.submission import JSONL
from mmjudge.scoring.score import score_run
from mmjudge.types import MetricResult
from tests.leaderboard.boards import N_ITEMS, SHARES, skilled, write_layout, write_leaderboard
from tests.leaderboard.entries import (
    META_SAID,
    Writer,
    edit_run,
    read_lines,
    submit,
    write_lines,
    write_task,
)

RESAMPLES = 200
COLUMN = "small-pair"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_leaderboard(tmp_path_factory.mktemp("boards") / "leaderboard")


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return Cache(tmp_path_factory.mktemp("cache") / "leaderboard")


@pytest.fixture(scope="module")
def board(folder, cache):
    built = build(folder, resamples=RESAMPLES, cache=cache)
    assert built.rejected == ()
    return built.boards[0]


@pytest.fixture
def copy(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "leaderboard")


def test_a_figure_is_that_of_the_run_that_was_packed(folder, board):
    for name in SHARES:
        found = score_run(
            folder / "made" / name / "run", RESAMPLES, measures=("accuracy(ties=half)",)
        )
        want = next(one for one in found if one.criterion == "quality")
        cell = board.cell(f"{name}--one", COLUMN)
        assert isinstance(want, MetricResult)
        assert cell.value == pytest.approx(want.value)
        assert (cell.n_items, cell.n_failed) == (want.n_items, want.n_failed) == (N_ITEMS, 0)
        assert cell.ci95 == pytest.approx(want.ci95, abs=0.04)


def test_judges_of_different_skill_have_a_place_each(board):
    places = {name: board.cell(f"{name}--one", COLUMN).places for name in SHARES}
    assert places == {"good": (1, 1), "fair": (2, 2), "poor": (3, 3)}
    assert board.separated[COLUMN] == (3, 3)
    assert board.condorcet == "good--one"


def test_every_rule_agrees_where_one_judge_is_better_in_all(board):
    assert len(board.orders) == 7
    for order in board.orders:
        standings = [(s.entry, s.moved) for s in order.standings]
        assert standings[0] == ("good--one", 0)
        assert order.explanation
    assert board.orders[0].rule == "mean"
    assert "One task counts" in board.notes[0]


def test_overall_is_0_at_chance_and_1_for_one_that_is_always_right(board):
    for name in SHARES:
        figure = board.cell(f"{name}--one", COLUMN).value
        assert board.cell(f"{name}--one", "overall").value == pytest.approx((figure - 0.5) / 0.5)


def test_duels_say_how_much_better_and_how_sure(board):
    duel = next(
        d for d in board.duels if d.column == COLUMN and {"good--one", "poor--one"} == {d.a, d.b}
    )
    ahead = duel.difference if duel.a == "good--one" else -duel.difference
    cells = [board.cell(f"{name}--one", COLUMN).value for name in ("good", "poor")]
    assert ahead == pytest.approx(cells[0] - cells[1])
    assert duel.better == "good--one"
    assert duel.ci95[0] < duel.difference < duel.ci95[1]


def test_entries_say_who_ran_them_and_what_they_are(board):
    badges = {entry.id: entry.badges for entry in board.entries}
    assert badges == {
        "good--one": ("recomputed", "self-run"),
        "fair--one": ("recomputed", "run by us"),
        "poor--one": ("recomputed", "self-run"),
    }
    entry = board.entry("good--one")
    assert (entry.judge, entry.revision, entry.made_by) == ("good 7B", "7", "good")
    assert set(entry.files) == {"meta.yaml", "run.json", JSONL}
    assert entry.runs[0].judgments == 2 * N_ITEMS


def test_people_are_a_ceiling_where_several_rated(board):
    assert board.column(COLUMN).ceiling.value == pytest.approx(0.8)


def test_bias_failures_and_cost_have_columns(board):
    assert 0 < board.cell("good--one", "bias-pair-flip-rate").value < 0.3
    assert board.cell("good--one", "failed").value == 0
    assert board.cell("good--one", "calls").value == 2 * N_ITEMS
    assert board.cell("good--one", "tokens-in").value == 90
    assert board.cell("good--one", "latency-s").value == 0.5


def test_all_columns_are_explained(board):
    assert all(column.explanation.endswith(".") for column in board.columns)
    assert all(cells.keys() <= {c.id for c in board.columns} for cells in board.cells.values())


def test_built_again_with_or_without_the_cache_it_is_the_same(folder, board, cache, monkeypatch):
    plain = build(folder, resamples=RESAMPLES).boards[0].model_dump_json()
    assert plain == board.model_dump_json()

    def never(*_):
        raise AssertionError("an unchanged submission was judged again")

    monkeypatch.setattr("mmjudge.leaderboard.boards.entries.rebuild_submission", never)
    assert build(folder, resamples=RESAMPLES, cache=cache).boards[0].model_dump_json() == plain


def test_a_changed_submission_is_judged_again(copy, cache, board):
    entry = copy / "submissions" / "good" / "one"
    lines = read_lines(entry)
    for line in lines[:20]:
        line["reply"]["text"] = "no verdict"
    write_lines(entry, lines)
    again = build(copy, resamples=RESAMPLES, cache=cache).boards[0]
    assert again.cell("good--one", "failed").n_failed == 20
    assert again.cell("good--one", COLUMN).value < board.cell("good--one", COLUMN).value
    assert again.cell("poor--one", COLUMN).value == board.cell("poor--one", COLUMN).value


@pytest.mark.parametrize("damage", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_a_damaged_cache_is_as_if_not_there(folder, board, cache, tmp_path, damage):
    other = Cache(shutil.copytree(cache.folder, tmp_path / "cache"))
    for path in other.folder.iterdir():
        path.write_bytes(damage)
    assert build(folder, resamples=RESAMPLES, cache=other).boards[0] == board


def test_a_rejected_submission_is_left_out_with_its_problems_and_the_others_are_built(copy, cache):
    entry = copy / "submissions" / "poor" / "one"
    write_lines(entry, read_lines(entry)[1:])
    built = build(copy, resamples=RESAMPLES, cache=cache)
    assert [one.id for one in built.boards[0].entries] == ["fair--one", "good--one"]
    assert [one.folder for one in built.rejected] == [entry]
    assert "no reply" in str(built.rejected[0].problems[0]) or built.rejected[0].n_problems == 1


def test_a_submission_that_cannot_be_read_is_left_out_and_stops_no_other(copy, cache, monkeypatch):
    def unreadable(files):
        if files.folder.parent.name == "poor":
            raise MmjudgeError("run.json: cannot be read: Permission denied")
        return real(files)

    from mmjudge.leaderboard.cache import file_digests as real

    monkeypatch.setattr("mmjudge.leaderboard.cache.file_digests", unreadable)
    built = build(copy, resamples=RESAMPLES, cache=cache)
    assert [one.id for one in built.boards[0].entries] == ["fair--one", "good--one"]
    assert "Permission denied" in str(built.rejected[0].problems[0])


def test_a_copy_is_flagged_but_not_what_the_owners_ran(copy, cache):
    made = copy / "submissions" / "fair" / "one"
    shutil.copytree(made, copy / "submissions" / "thief" / "one")
    board = build(copy, resamples=RESAMPLES, cache=cache).boards[0]
    flags = {entry.id: {flag.name for flag in entry.flags} for entry in board.entries}
    assert "verdicts of another entry" in flags["thief--one"]
    assert "verdicts of another entry" not in flags["fair--one"]
    details = [f.detail for f in board.entry("thief--one").flags if "verdicts" in f.name]
    assert any("fair--one" in detail for detail in details)


def test_names_of_folders_become_ids_that_differ(copy, cache):
    root = copy / "submissions"
    (root / "good").rename(root / "Gööd <b>")
    shutil.copytree(root / "Gööd <b>", root / "g-d b")
    ids = [entry.id for entry in build(copy, resamples=RESAMPLES, cache=cache).boards[0].entries]
    assert ids == ["fair--one", "g-d-b--one", "g-d-b--one-2", "poor--one"]


def test_links_and_hidden_folders_are_no_submissions(copy, cache, board):
    root = copy / "submissions"
    (root / "link").symlink_to(root / "good")
    shutil.copytree(root / "good", root / ".hidden")
    assert build(copy, resamples=RESAMPLES, cache=cache).boards[0] == board


def test_of_some_items_there_is_a_figure_without_a_place(copy, cache):
    said = META_SAID | {"judge": "Half", "contact": "half@example.org"}
    made = submit(
        copy / "tasks" / "small", Writer(skilled(99), "half"), copy / "x", said=said,
        where={"half": "0"},
    )  # fmt: skip
    shutil.copytree(made, copy / "submissions" / "half" / "one")
    board = build(copy, resamples=RESAMPLES, cache=cache).boards[0]
    cell = board.cell("half--one", COLUMN)
    assert cell.places is None
    assert (cell.n_items, "only items of half 0" in cell.note) == (N_ITEMS // 2, True)
    assert "partial" in board.entry("half--one").badges
    assert board.cell("half--one", "overall") is None
    assert board.cell("good--one", COLUMN).places == (1, 1)


def test_a_board_may_ask_of_some_strata_alone(copy, cache, tmp_path):
    task, root = copy / "tasks" / "small", copy / "submissions"
    for name, percent in (("fair", 70), ("poor", 40)):
        said = META_SAID | {"judge": name, "contact": f"{name}@example.org"}
        judge = Writer(skilled(percent, name), name)
        made = submit(task, judge, tmp_path / name, said=said, where={"half": "0"})
        shutil.rmtree(root / name / "one")
        shutil.copytree(made, root / name / "one")
    half = {"task": "small@1", "protocol": "pair", "where": {"half": "0"}}
    tasks = [half, {"task": "small@1", "protocol": "pair", "folder": "tasks/small", "weight": 0}]
    write_layout(copy, [{"name": "b", "title": "B", "tasks": tasks, "submissions": "submissions"}])
    board = build(copy, resamples=RESAMPLES, cache=cache).boards[0]
    name = "small-pair-half-0"
    assert board.task(name).n_items == N_ITEMS // 2
    assert "partial" not in board.entry("fair--one").badges
    assert {n: board.cell(f"{n}--one", name) is None for n in SHARES} == {
        "good": True,
        "fair": False,
        "poor": False,
    }
    assert board.cell("fair--one", name).places[0] == 1
    assert board.separated[name][1] == 1


def test_a_task_that_an_entry_lacks_counts_0_overall_and_is_no_cell(copy, cache, tmp_path):
    other = write_task(copy / "tasks" / "other", n=40, name="other", rated=False)
    for name in ("good", "poor"):
        made = run(str(other), Writer(skilled(90, name), name), out=tmp_path / name, orders="both")
        from mmjudge.leaderboard.submissions.pack import pack

        entry = copy / "submissions" / name / "one"
        shutil.rmtree(entry)
        said = META_SAID | {"judge": name, "contact": f"{name}@example.org"}
        pack([copy / "made" / name / "run", made.folder], entry, said)
    tasks = [
        {"task": f"{name}@1", "protocol": "pair", "folder": f"tasks/{name}"}
        for name in ("small", "other")
    ]
    write_layout(copy, [{"name": "b", "title": "B", "tasks": tasks, "submissions": "submissions"}])
    board = build(copy, resamples=RESAMPLES, cache=cache).boards[0]
    assert board.cell("fair--one", "other-pair") is None
    fair = board.cell("fair--one", "overall")
    assert fair.value == pytest.approx((2 * board.cell("fair--one", COLUMN).value - 1) / 2)
    assert "1 of 2 tasks" in fair.note
    assert "partial" in board.entry("fair--one").badges
    mean = board.cell("good--one", "criterion-pair-quality").value
    parts = [board.cell("good--one", f"{name}-pair").value for name in ("small", "other")]
    assert mean == pytest.approx(sum(parts) / 2)


def test_without_tasks_a_board_has_those_of_its_entries(copy, cache):
    write_layout(copy, [{"name": "b", "title": "B", "submissions": "submissions"}])
    given = Given(tasks=(copy / "tasks" / "small",))
    # A stranger's submission of a task that is not here is left out, and stops nothing.
    shutil.copytree(copy / "submissions" / "good", copy / "submissions" / "odd")
    edit_run(copy / "submissions" / "odd" / "one", lambda c: c["runs"][0].update(task="odd@7"))
    built = build(copy, given, resamples=RESAMPLES, cache=cache)
    assert [task.id for task in built.boards[0].tasks] == [COLUMN]
    assert [one.folder.parent.name for one in built.rejected] == ["odd"]


def test_runs_made_here_are_entries_too(copy, cache, board):
    runs = [{"id": "ours", "runs": ["made/good/run"], "judge": "Ours"}]
    plan = {
        "name": "b",
        "title": "B",
        "tasks": [{"task": "small@1", "protocol": "pair", "folder": "tasks/small"}],
        "submissions": "submissions",
        "runs": runs,
    }
    write_layout(copy, [plan])
    found = build(copy, resamples=RESAMPLES, cache=cache).boards[0]
    assert found.cell("ours", COLUMN).value == board.cell("good--one", COLUMN).value
    assert found.entry("ours").badges == ("recomputed", "run by us")
    # The same verdicts cannot be separated, so both have the first two places.
    assert found.cell("ours", COLUMN).places == found.cell("good--one", COLUMN).places == (1, 2)


def test_aggregates_are_shown_as_such_beside_other_boards(copy, cache, board):
    (copy / "kept.json").write_text(board.model_dump_json(), encoding="utf-8")
    plan = {"name": "kept", "title": "Kept", "aggregates": "kept.json"}
    other = {"name": "new", "title": "New", "submissions": "submissions"}
    write_layout(copy, [plan, other])
    given = Given(tasks=(copy / "tasks" / "small",))
    kept, new = build(copy, given, resamples=RESAMPLES, cache=cache).boards
    assert kept.cells == board.cells
    assert all("aggregates" in entry.badges for entry in kept.entries)
    assert [(s.name, s.path) for s in new.siblings] == [("kept", "../kept/index.html")]
    assert kept.leaderboard == new.leaderboard == read_layout(copy).title


@pytest.mark.parametrize(
    ("text", "said"), [("{}", "Field required"), ("no", "JSON"), (None, "cannot be read")]
)
def test_aggregates_that_are_no_board_are_refused(tmp_path, text, said):
    if text is not None:
        (tmp_path / "kept.json").write_text(text, encoding="utf-8")
    write_layout(tmp_path, [{"name": "kept", "title": "Kept", "aggregates": "kept.json"}])
    with pytest.raises(MmjudgeError, match=said):
        build(tmp_path)


def test_what_is_not_there_is_named(copy):
    task = {"task": "small@2", "protocol": "pair", "folder": "tasks/small"}
    plan = {"name": "b", "title": "B", "tasks": [task], "submissions": "submissions"}
    write_layout(copy, [plan])
    with pytest.raises(MmjudgeError, match="small@2: small@1 is installed"):
        build(copy)
    write_layout(copy, [plan | {"submissions": "nowhere", "tasks": []}])
    with pytest.raises(MmjudgeError, match="nowhere: cannot be listed"):
        build(copy)
    write_layout(copy, [plan | {"run_by_us": ["nobody/one"], "tasks": []}])
    with pytest.raises(MmjudgeError, match="run_by_us: 'nobody/one' is no submission"):
        build(copy)


def test_a_board_without_a_task_that_counts_has_figures_and_places_but_no_order(copy, cache):
    task = {"task": "small@1", "protocol": "pair", "folder": "tasks/small", "weight": 0}
    plan = {"name": "b", "title": "B", "tasks": [task], "submissions": "submissions"}
    write_layout(copy, [plan])
    board = build(copy, resamples=RESAMPLES, cache=cache).boards[0]
    assert (board.overall, board.orders, board.voters, board.condorcet) == ("", (), (), None)
    assert board.cell("good--one", COLUMN).places == (1, 1)


def test_the_board_survives_json_and_holds_no_path(board, folder):
    text = board.model_dump_json()
    assert Board.model_validate_json(text) == board
    assert str(folder) not in text
    assert "question 1" not in text
    assert json.loads(text)["format"] == 1


def test_a_board_of_nobody_is_a_board(tmp_path):
    write_task(tmp_path / "small")
    (tmp_path / "submissions").mkdir()
    task = {"task": "small@1", "protocol": "pair", "folder": "small"}
    plan = {"name": "b", "title": "B", "submissions": "submissions", "tasks": [task]}
    write_layout(tmp_path, [plan])
    board = build(tmp_path, resamples=RESAMPLES).boards[0]
    assert (board.entries, board.orders, board.duels, board.condorcet) == ((), (), (), None)
    assert board.tasks[0].n_items == 10
