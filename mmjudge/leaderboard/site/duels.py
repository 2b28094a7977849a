"""Duels as a matrix that reads without script, and each entry against its neighbours."""

from collections.abc import Sequence
from typing import NamedTuple

from mmjudge.leaderboard.boards.board import Board, Column, Duel, Entry
from mmjudge.leaderboard.site.view import name, p_value, signed

MOST = 40
"""Entries of the matrix."""


class Square(NamedTuple):
    """A square of the matrix: `look` is better, worse, or empty."""

    text: str
    look: str
    title: str


def pairs(board: Board) -> dict[tuple[str, str], Duel]:
    """Duels in the first column of the board, from both sides."""
    found = {}
    for duel in board.duels:
        if duel.column == board.overall:
            found[duel.a, duel.b] = duel
            found[duel.b, duel.a] = turned(duel)
    return found


def turned(duel: Duel) -> Duel:
    """The same duel from the other side."""
    span = None if duel.ci95 is None else (-duel.ci95[1], -duel.ci95[0])
    return duel.model_copy(
        update={"a": duel.b, "b": duel.a, "difference": -duel.difference, "ci95": span}
    )


def shown_first(entries: Sequence[Entry]) -> list[Entry]:
    """The entries of the matrix."""
    return list(entries[:MOST])


def matrix(
    entries: Sequence[Entry], known: dict[tuple[str, str], Duel], column: Column | None
) -> list[list[Square | None]]:
    """For each entry against each other; None on the diagonal."""
    digits = column.digits if column else 3
    return [
        [None if a is b else _square(a, b, known.get((a.id, b.id)), digits) for b in entries]
        for a in entries
    ]


def _square(a: Entry, b: Entry, duel: Duel | None, digits: int) -> Square:
    if duel is None:
        return Square("", "", "")
    look = "" if duel.better is None else ("better" if duel.better == a.id else "worse")
    text = signed(duel.difference, max(digits - 1, 0))
    said = f"{name(a)} less {name(b)}: {text}, p {p_value(duel.p_holm)}, {duel.n_items} items"
    return Square(text, look, said)
