"""A board as CSV: a row an entry; of each column the value, its interval and its places."""

import csv
import io
from collections.abc import Iterator

from mmjudge.leaderboard.board import Board, Cell

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")


def to_csv(board: Board) -> str:
    """The board as CSV with lines that end in a line feed.

    Texts are defused: what a spreadsheet would take for a formula begins with an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(map(defused, _head(board)))
    for entry in board.entries:
        facts = (entry.id, entry.judge, entry.revision, entry.setting, entry.licence)
        listed = "; ".join(entry.badges), "; ".join(flag.name for flag in entry.flags)
        row = [defused(text) for text in (*facts, *listed)]
        for column in board.columns:
            row += _cells(board.cell(entry.id, column.id), ranked=column.ranked)
        writer.writerow(row)
    return out.getvalue()


def _head(board: Board) -> Iterator[str]:
    yield from ("id", "judge", "revision", "setting", "licence", "badges", "flags")
    for column in board.columns:
        yield from (column.id, f"{column.id} low", f"{column.id} high")
        if column.ranked:
            yield from (f"{column.id} best place", f"{column.id} worst place")


def _cells(cell: Cell | None, *, ranked: bool) -> list[str]:
    """Numbers as they are; empty where there is none."""
    value = None if cell is None else cell.value
    low, high = (None, None) if cell is None or cell.ci95 is None else cell.ci95
    best, worst = (None, None) if cell is None or cell.places is None else cell.places
    numbers = (value, low, high, best, worst) if ranked else (value, low, high)
    return ["" if number is None else repr(number) for number in numbers]


def defused(text: str) -> str:
    """A text that no spreadsheet takes for a formula.

    Example:
        >>> defused("=HYPERLINK(1)"), defused("a judge")
        ("'=HYPERLINK(1)", 'a judge')
    """
    return f"'{text}" if text.lstrip(" ").startswith(DANGEROUS) else text
