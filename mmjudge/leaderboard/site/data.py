"""What the site's script reads: a board's numbers by column, and duels in a file for each entry."""

import io
import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from csv import writer as csv_writer
from typing import Any

from mmjudge.leaderboard.boards.board import Board, Cell, Column, Duel, Entry
from mmjudge.leaderboard.site.view import (
    about,
    arranged,
    at_first,
    direction,
    facts,
    modalities,
    ordered,
    overall,
    shared_badges,
    state,
)
from mmjudge.leaderboard.site.words import KINDS, ONE_OF, STATES

LETTER = {"": " ", "best": "b", "chance": "c", "below": "l", "biased": "x", "none": "n"}
"""The look of a cell, in one letter of a column's string; "-" where there is no cell."""
FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
"""What a spreadsheet takes a formula to begin with."""
HEADINGS = (
    "entry", "judge", "revision", "setting", "kind", "column", "title", "value", "low95", "high95",
    "items", "failed", "place_first", "place_last", "note",
)  # fmt: skip


def script(name: str, value: object) -> str:
    """A script that adds a value to what the page knows; nothing in it ends a script element."""
    said = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<\u2028\u2029":
        said = said.replace(character, f"\\u{ord(character):04x}")
    return f"(globalThis.mmjudge ??= {{}})[{json.dumps(name)}] = {said};\n"


def table(board: Board) -> dict[str, Any]:
    """All entries and columns; entries in the first order, columns in that of the page."""
    first = overall(board)
    entries = [row.entry for row in ordered(board, first)]
    shown = {column.id for column in at_first(board)}
    return {
        "name": board.name,
        "title": board.title,
        "overall": board.overall,
        "kinds": KINDS,
        "states": STATES,
        "common": shared_badges(board),
        "entries": [_entry(board, entry) for entry in entries],
        "columns": [
            _column(board, column, entries, column.id in shown) for column in arranged(board)
        ],
    }


def _entry(board: Board, entry: Entry) -> dict[str, Any]:
    training = entry.training_data
    words = [entry.made_by, *(training.datasets if training else ())]
    return {
        "id": entry.id,
        "judge": entry.judge,
        "revision": entry.revision,
        "setting": entry.setting,
        "about": about(entry),
        "licence": entry.licence,
        "badges": list(entry.badges),
        "flags": [flag.name for flag in entry.flags],
        "modalities": modalities(board, entry),
        "parameters": [f"{key}: {value}" for key, value in sorted(entry.parameters.items())],
        "looks": entry.looks,
        "words": [word for word in words if word],
    }


def _column(board: Board, column: Column, entries: list[Entry], shown: bool) -> dict[str, Any]:
    cells = [board.cell(entry.id, column.id) for entry in entries]

    def numbers(of: Callable[[Cell], float | None]) -> list[float | None]:
        return [None if cell is None else _rounded(of(cell)) for cell in cells]

    return {
        "id": column.id,
        "kind": column.kind,
        "of": ONE_OF[column.kind],
        "title": column.title,
        "explanation": column.explanation,
        "facts": facts(column),
        "best": direction(column),
        "unit": column.unit,
        "direction": column.direction,
        "ideal": column.ideal or 0,
        "digits": column.digits,
        "shown": shown,
        "value": numbers(lambda cell: cell.value),
        "low": numbers(lambda cell: cell.ci95[0] if cell.ci95 else None),
        "high": numbers(lambda cell: cell.ci95[1] if cell.ci95 else None),
        "items": numbers(lambda cell: cell.n_items),
        "failed": numbers(lambda cell: cell.n_failed),
        "first": numbers(lambda cell: cell.places[0] if cell.places else None),
        "last": numbers(lambda cell: cell.places[1] if cell.places else None),
        "look": "".join("-" if c is None else LETTER[state(c, column)] for c in cells),
        "notes": {i: cell.note for i, cell in enumerate(cells) if cell and cell.note},
    }


def _rounded(value: float | None) -> float | None:
    """Nine decimals: what is written from them reads as what is written from all."""
    if value is None or not math.isfinite(value):
        return None
    short = round(value, 9)
    return int(short) if short == int(short) else short


def duels(board: Board) -> Iterator[tuple[str, dict[str, list[list[Any]]]]]:
    """For each entry, by the other's id: rows of column, difference, interval, p, n, who is better.

    A duel stands in the file of its `a` only; an entry that is no `a` has a file that is empty,
    since a page asks for it. Without duels there is no file.
    """
    by_entry: dict[str, list[Duel]] = defaultdict(list)
    for duel in board.duels:
        by_entry[duel.a].append(duel)
    for entry in board.entries if board.duels else ():
        rows: dict[str, list[list[Any]]] = defaultdict(list)
        for duel in by_entry[entry.id]:
            rows[duel.b].append(_duel(duel))
        yield entry.id, dict(rows)


def _duel(duel: Duel) -> list[Any]:
    low, high = duel.ci95 or (None, None)
    better = {None: 0, duel.a: 1, duel.b: -1}[duel.better]
    numbers = [_rounded(v) for v in (duel.difference, low, high, duel.p_holm)]
    return [duel.column, *numbers, duel.n_items, better]


def csv(board: Board) -> str:
    """All cells, a line each; no text in it is a formula to a spreadsheet."""
    out = io.StringIO()
    writer = csv_writer(out, lineterminator="\n")
    writer.writerow(HEADINGS)
    for row in ordered(board, overall(board)):
        entry = row.entry
        about = [entry.id, entry.judge, entry.revision, entry.setting]
        for column in arranged(board):
            cell = board.cell(entry.id, column.id)
            if cell is not None:
                numbers = [cell.value, *(cell.ci95 or ("", "")), cell.n_items, cell.n_failed]
                found = [*about, column.kind, column.id, column.title, *numbers]
                writer.writerow(
                    [defused(v) for v in [*found, *(cell.places or ("", "")), cell.note]]
                )
    return out.getvalue()


def defused(value: object) -> object:
    """A text that a spreadsheet would take for a formula, made a text; numbers stay.

    Example:
        >>> defused("=1+1"), defused(-0.5), defused("plain")
        ("'=1+1", -0.5, 'plain')
    """
    if not isinstance(value, str) or not value:
        return value
    risky = value[0] in "\t\r\n" or value.lstrip()[:1] in FORMULA
    return f"'{value}" if risky else value
