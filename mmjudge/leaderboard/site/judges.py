"""What the page of a judge says beside its cells."""

from collections import Counter
from typing import Any

from mmjudge.leaderboard.boards.board import Board, Cell, Column, Duel, Entry
from mmjudge.leaderboard.site.duels import pairs
from mmjudge.leaderboard.site.view import badness, groups, ordered, overall, state

WORST = 12
"""Biases that are shown before any is asked for."""
NEAR = 10
"""Neighbours in the first order, above and below, whose duels stand on the page."""


class Placed:
    """A board with what pages of all its judges need, counted once."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.first = overall(board)
        self.order = [row.entry for row in ordered(board, self.first)]
        self.place = {entry.id: place for place, entry in enumerate(self.order)}
        self.groups = groups(board)
        self.duels = pairs(board)
        self.standings = [(o, {s.entry: s for s in o.standings}) for o in board.orders]

    def about(self, entry: Entry) -> dict[str, Any]:
        """What the template of a judge's page takes."""
        cells = self.board.cells.get(entry.id, {})
        shown = [
            (kind, heading, [(c, cells[c.id]) for c in columns if c.id in cells])
            for kind, heading, columns in self.groups
        ]
        biases = _worst_first(next((s for kind, _, s in shown if kind == "bias"), []))
        certain = [pair for pair in biases if state(pair[1], pair[0]) == "biased"]
        return {
            "entry": entry,
            "head": cells.get(self.first.id) if self.first else None,
            "worst": certain[0] if certain else None,
            "shown": [group for group in shown if group[2]],
            "biases": biases,
            "worst_of": WORST,
            "failures": _failures(entry),
            "places_by_rule": [(order, found.get(entry.id)) for order, found in self.standings],
            "neighbours": self._neighbours(entry),
            "tally": self._tally(entry),
        }

    def _neighbours(self, entry: Entry) -> list[tuple[Entry, Duel]]:
        at = self.place[entry.id]
        near = self.order[max(at - NEAR, 0) : at + NEAR + 1]
        return [(o, self.duels[entry.id, o.id]) for o in near if (entry.id, o.id) in self.duels]

    def _tally(self, entry: Entry) -> tuple[int, int, int]:
        """How many others it is better than, worse than, and cannot be told from."""
        found = [self.duels.get((entry.id, other.id)) for other in self.order]
        said = Counter(d.better == entry.id if d.better else None for d in found if d)
        return said[True], said[False], said[None]


def _worst_first(cells: list[tuple[Column, Cell]]) -> list[tuple[Column, Cell]]:
    return sorted(cells, key=lambda pair: badness(pair[1], pair[0]), reverse=True)


def _failures(entry: Entry) -> dict[str, Any]:
    reasons: Counter[str] = Counter()
    for run in entry.runs:
        reasons.update(run.failures)
    judgments = sum(run.judgments for run in entry.runs)
    return {"failed": reasons.total(), "judgments": judgments, "reasons": dict(reasons)}
