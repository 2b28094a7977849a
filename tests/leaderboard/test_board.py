"""The records of a leaderboard: what they refuse, and that they survive JSON."""

import pytest
from pydantic import ValidationError

from mmjudge.leaderboard.boards.board import Board, BoardTask, Cell, Column, Entry, Order, Standing

TASK = BoardTask(
    id="t-pair", label="t@1", name="t", version=1, protocol="pair", measure="accuracy", chance=0.5
)
COLUMN = Column(
    id="t-pair", kind="task", title="t", explanation="x", direction="higher", task="t-pair"
)


def a_board(**changes):
    facts = {
        "name": "b",
        "title": "B",
        "made_with": "mmjudge 0",
        "resamples": 10,
        "tasks": (TASK,),
        "columns": (COLUMN,),
        "entries": tuple(Entry(id=name, judge=name.upper(), revision="1") for name in "xy"),
        "cells": {"x": {"t-pair": Cell(value=0.5, ci95=(0.1, 0.9), n_items=3, places=(1, 2))}},
        "orders": (
            Order(
                rule="mean",
                title="Mean",
                explanation="x",
                standings=(Standing(entry="x", place=1, score=0.5),),
                without=("y",),
            ),
        ),
    }
    return Board.model_validate(facts | changes)


def test_a_board_survives_json():
    board = a_board()
    assert Board.model_validate_json(board.model_dump_json()) == board


def test_a_missing_cell_is_none_and_no_error():
    board = a_board()
    assert board.cell("y", "t-pair") is None
    assert board.cell("x", "t-pair").value == 0.5


def test_nan_is_refused():
    with pytest.raises(ValidationError, match="finite"):
        Cell(value=float("nan"))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"cells": {"z": {}}}, "cells: 'z'"),
        ({"cells": {"x": {"other": Cell(value=1.0)}}}, "cells: 'other'"),
        ({"columns": (COLUMN, COLUMN)}, "columns: each id is allowed once, found t-pair twice"),
        ({"voters": ("nope",)}, "voters: 'nope'"),
        ({"condorcet": "z"}, "condorcet: 'z'"),
        ({"tasks": ()}, "columns.task: 't-pair'"),
    ],
)
def test_a_board_that_speaks_of_what_it_does_not_have_is_refused(changes, named):
    with pytest.raises(ValidationError, match=named):
        a_board(**changes)
