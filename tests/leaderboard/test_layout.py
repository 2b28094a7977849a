"""`leaderboard.yaml`: every mistake is named with its line, what was found and what is allowed."""

import pytest
from typer.testing import CliRunner

from mmjudge.cli import app
from mmjudge.errors import MmjudgeError
from mmjudge.leaderboard.boards.layout import LAYOUT, Given, read_layout, sources_of
from tests.leaderboard.entries import write_task

GOOD = """title: Boards
boards:
  - name: small
    title: Small
    tasks:
      - {task: small@1, protocol: pair}
    submissions: submissions
"""


@pytest.fixture
def refused(tmp_path):
    def call(text):
        (tmp_path / LAYOUT).write_text(text, encoding="utf-8")
        with pytest.raises(MmjudgeError) as error:
            read_layout(tmp_path)
        return str(error.value)

    return call


def test_what_is_allowed_is_read(tmp_path):
    (tmp_path / LAYOUT).write_text(GOOD, encoding="utf-8")
    layout = read_layout(tmp_path)
    assert layout.boards[0].tasks[0].id == "small-pair"


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        (
            ("protocol: pair", "protocol: pairs"),
            6,
            "'pair', 'score', 'rank', 'checklist' or 'steps'",
        ),
        (("title: Small", "titel: Small"), 4, "only name, title, description, tasks, submissions"),
        (("task: small@1", "task: small"), 6, "found 'small'"),
        (("{task: small@1, protocol: pair}", "{task: small@1}"), 6, "protocol: found nothing"),
        (("    submissions: submissions\n", ""), 3, "one source is needed"),
        (("name: small", "name: ../small"), 3, "found '../small'"),
        (("title: Boards", "title: [1]"), 1, "valid string"),
        (("title: Boards", "title: &a Boards"), 1, "alias or anchor"),
        (("submissions: submissions", "aggregates: b.json"), 3, "leave out tasks"),
    ],
)
def test_a_mistake_is_named_with_its_line(refused, change, line, said):
    message = refused(GOOD.replace(*change))
    assert f"{LAYOUT}:{line}: " in message
    assert said in message


def test_all_mistakes_are_named_at_once(refused):
    message = refused(
        GOOD.replace("protocol: pair", "protocol: x").replace("title: Boards", "a: 1")
    )
    assert len(message.splitlines()) == 3


def test_tasks_and_boards_stand_there_once(refused):
    task = "      - {task: small@1, protocol: pair}\n"
    assert "each task and protocol is allowed once" in refused(GOOD.replace(task, task * 2))
    board = GOOD[GOOD.index("  - name") :]
    assert "each name is allowed once, found small twice" in refused(GOOD + board)


def test_a_season_is_held_against_a_task_of_the_board(refused):
    said = refused(GOOD.replace("protocol: pair}", "protocol: pair, public: other@1}"))
    assert "public: other@1 pair is not among the tasks" in said


def test_a_folder_without_it_is_refused(tmp_path):
    with pytest.raises(MmjudgeError, match="cannot be read"):
        read_layout(tmp_path)


def test_the_command_line_overrules_where_tasks_are(tmp_path):
    (tmp_path / LAYOUT).write_text(
        GOOD.replace("protocol: pair", "protocol: pair, folder: small"), encoding="utf-8"
    )
    for place in ("small", "other"):
        write_task(tmp_path / place)
    layout = read_layout(tmp_path)
    plain, _ = sources_of(tmp_path, layout, Given())
    given, _ = sources_of(tmp_path, layout, Given(tasks=(tmp_path / "other",)))
    assert plain.folders["small"].folder == tmp_path / "small"
    assert given.folders["small"].folder == tmp_path / "other"


@pytest.mark.parametrize("words", [["--data", "../odd=/x"], ["--gold", "odd=/x"]])
def test_odd_words_on_the_command_line_end_in_a_message(tmp_path, words):
    (tmp_path / LAYOUT).write_text(GOOD, encoding="utf-8")
    words = ["leaderboard", "build", str(tmp_path), *words]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 2
    assert "submissions: cannot be listed" in done.stderr
