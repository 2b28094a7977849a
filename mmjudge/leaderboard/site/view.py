"""How a board's numbers are written and what they look like: the same for pages and for script."""

from collections import Counter
from typing import NamedTuple

from markupsafe import Markup
from pydantic import TypeAdapter, ValidationError

from mmjudge.leaderboard.boards.board import Board, BoardTask, Cell, Column, Entry
from mmjudge.leaderboard.site.words import DIRECTIONS, KINDS
from mmjudge.leaderboard.submissions.submission import Link
from mmjudge.report.outcome import printable

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"
FEW = 10
"""Of fewer items a bias is not called one, however clear its interval."""
SOME = 12
"""Columns that are shown before any is chosen, where the board does not say which."""

LONGEST = 14
"""Characters of a digest that are shown beside a name."""

_LINK: TypeAdapter[str] = TypeAdapter(Link)


class Row(NamedTuple):
    """An entry with one of its cells; None where it has none."""

    entry: Entry
    cell: Cell | None


def number(value: float, digits: int) -> str:
    """A number with thousands apart and a minus sign that is one.

    Example:
        >>> number(-1234.5, 1), number(-0.0001, 3)
        ('\u22121,234.5', '0.000')
    """
    text = f"{value:,.{digits}f}"
    return text.replace("-", MINUS) if any(c in "123456789" for c in text) else text.lstrip("-")


def ends(cell: Cell, column: Column) -> str:
    """The interval of a cell; empty where there is none.

    Example:
        >>> ends(Cell(value=0.5, ci95=(0.4, 0.6)), Column(id="a", kind="task", title="a",
        ...     explanation="", direction="higher"))
        '[0.400, 0.600]'
    """
    if cell.ci95 is None:
        return ""
    low, high = (number(end, column.digits) for end in cell.ci95)
    return f"[{low}, {high}]"


def places(cell: Cell | None) -> str:
    """The interval of a place.

    Example:
        >>> places(Cell(value=0.5, places=(2, 4))), places(Cell(value=0.5, places=(1, 1)))
        ('2\u20134', '1')
    """
    if cell is None or cell.places is None:
        return ""
    first, last = cell.places
    return str(first) if first == last else f"{first}{DASH}{last}"


def state(cell: Cell | None, column: Column) -> str:
    """What a cell looks like: best, chance, below, biased, none, or nothing in particular.

    At chance comes before best: where all are at chance, nobody is good.
    """
    if cell is None:
        return ""
    if cell.value is None:
        return "none"
    low, high = cell.ci95 or (cell.value, cell.value)
    if column.direction == "zero":
        ideal = column.ideal or 0.0
        few = 0 < cell.n_items < FEW
        return "" if cell.ci95 is None or few or low <= ideal <= high else "biased"
    if column.chance is not None and cell.ci95 is not None and low <= column.chance:
        return "chance" if high >= column.chance else "below"
    return "best" if cell.places and cell.places[0] == 1 else ""


def badness(cell: Cell, column: Column) -> tuple[bool, float]:
    """How far from the best that a bias can be: certain ones first, then by distance."""
    if cell.value is None:
        return (False, -1.0)
    certain = state(cell, column) == "biased"
    if column.direction == "higher":
        return (certain, (column.high if column.high is not None else 1.0) - cell.value)
    return (certain, abs(cell.value - (column.ideal or 0.0)))


def ordered(board: Board, column: Column | None) -> list[Row]:
    """All entries, best first in a column; those without a value last, by name."""
    rows = [Row(e, board.cell(e.id, column.id) if column else None) for e in board.entries]

    def key(row: Row) -> tuple[bool, float, str, str]:
        cell = row.cell
        if cell is None or cell.value is None or column is None:
            return (True, 0.0, row.entry.judge.casefold(), row.entry.id)
        signs = {"higher": -cell.value, "zero": abs(cell.value - (column.ideal or 0.0))}
        place = signs.get(column.direction, cell.value)
        return (False, place, row.entry.judge.casefold(), row.entry.id)

    return sorted(rows, key=key)


def known(rows: list[Row]) -> list[Row]:
    """The rows that have a value."""
    return [row for row in rows if row.cell is not None and row.cell.value is not None]


def overall(board: Board) -> Column | None:
    """The column that the board's first order is made from."""
    return board.column(board.overall) if board.overall else None


def groups(board: Board) -> list[tuple[str, str, list[Column]]]:
    """Columns by kind, in the order of the page: kind, heading, columns."""
    found = [
        (kind, name, [c for c in board.columns if c.kind == kind]) for kind, name in KINDS.items()
    ]
    return [group for group in found if group[2]]


def arranged(board: Board) -> list[Column]:
    """All columns in the order of the page."""
    return [column for _, _, columns in groups(board) for column in columns]


def contested(board: Board) -> Board:
    """The board without places where one entry stands alone: to be first of one says nothing."""
    ranked = Counter(
        column for cells in board.cells.values() for column, cell in cells.items() if cell.places
    )
    cells = {
        entry: {
            name: cell if ranked[name] != 1 else cell.model_copy(update={"places": None})
            for name, cell in of_entry.items()
        }
        for entry, of_entry in board.cells.items()
    }
    return board.model_copy(update={"cells": cells})


def at_first(board: Board) -> list[Column]:
    """The columns that are shown before any is chosen."""
    columns = arranged(board)
    return [column for column in columns if column.shown] or columns[:SOME]


def direction(column: Column) -> str:
    """Which value is best, in words."""
    ideal = f"{column.ideal or 0:g}"
    return DIRECTIONS[column.direction].format(ideal=ideal)


def facts(column: Column) -> str:
    """Direction, bounds, chance and human ceiling of a column, in one line."""
    said = [direction(column)]
    if column.low is not None and column.high is not None:
        said.append(f"from {column.low:g} to {column.high:g}".replace("-", MINUS))
    if column.chance is not None:
        said.append(f"chance {column.chance:g}".replace("-", MINUS))
    if column.ceiling is not None and column.ceiling.value is not None:
        span = ends(column.ceiling, column)
        value = number(column.ceiling.value, column.digits)
        said.append(f"people among themselves {value}" + (f" ({span})" if span else ""))
    if column.unit:
        said.append(f"in {column.unit}")
    return "; ".join(said)


def modalities(board: Board, entry: Entry) -> list[str]:
    """What an entry has figures on."""
    tasks = {run.task for run in entry.runs}
    tasks |= {
        column.task
        for column in board.columns
        if column.task and (cell := board.cell(entry.id, column.id)) and cell.value is not None
    }
    return sorted({modality for t in tasks for modality in board.task(t).modalities})


def link(text: str | None) -> str | None:
    """A text as a link's address, None where it is none that a page may carry."""
    try:
        return _LINK.validate_python(text)
    except ValidationError:
        return None


def line(text: object, width: int = 300) -> str:
    """A stranger's text in one line, control characters shown."""
    return printable(str(text), width)


def about(entry: Entry) -> list[str]:
    """What tells an entry from others of the same judge; of a long digest only the beginning."""
    return [part for part in (short(entry.revision), entry.setting) if part]


def short(revision: str) -> str:
    """A revision as it is shown beside a name.

    Example:
        >>> short("sha256:b10b1ef5105165568a305148ab04823a"), short("as recorded in 2024")
        ('sha256:b10b1ef\u2026', 'as recorded in 2024')
    """
    digest = len(revision) > LONGEST and " " not in revision
    return f"{revision[:LONGEST]}\N{HORIZONTAL ELLIPSIS}" if digest else revision


def name(entry: Entry) -> str:
    """An entry in one line: judge, and what tells it from others of the same judge."""
    more = ", ".join(about(entry))
    return line(f"{entry.judge} ({more})" if more else entry.judge)


def task_name(task: BoardTask) -> str:
    """A task with its protocol, for boards that ask the same task in several ways."""
    return task.label if task.label.endswith(task.protocol) else f"{task.label} {task.protocol}"


def breaks(text: str) -> Markup:
    """A name that may be broken behind its underscores.

    Example:
        >>> breaks("mj_bench<b>")
        Markup('mj_<wbr>bench&lt;b&gt;')
    """
    return Markup("_<wbr>").join(text.split("_"))


def shared_badges(board: Board) -> list[str]:
    """Badges that every entry has: said once, and not in each row."""
    found: list[set[str]] = [set(entry.badges) for entry in board.entries]
    return sorted(set.intersection(*found)) if len(found) > 1 else []


def signed(value: float, digits: int) -> str:
    """A difference, with its sign.

    Example:
        >>> signed(0.05, 3), signed(-0.05, 3), signed(0.0, 3)
        ('+0.050', '\u22120.050', '0.000')
    """
    text = number(value, digits)
    return f"+{text}" if value > 0 and any(c in "123456789" for c in text) else text


def p_value(value: float | None) -> str:
    """A p-value to three places.

    Example:
        >>> p_value(0.0123), p_value(0.0001), p_value(None)
        ('0.012', '< 0.001', '\u2013')
    """
    if value is None:
        return DASH
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
