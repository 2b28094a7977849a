"""What the file of a run keeps of its probes: cues, and what a probe could not be asked of."""

import sqlite3
from collections.abc import Collection, Iterable
from typing import NamedTuple

_TABLES = """
CREATE TABLE IF NOT EXISTS cues (key BLOB PRIMARY KEY, cue TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unasked (place INTEGER NOT NULL, criterion INTEGER NOT NULL,
                                    probe TEXT NOT NULL, requests INTEGER NOT NULL,
                                    PRIMARY KEY (place, criterion, probe)) WITHOUT ROWID;
"""
"""Beside those of the store; the file of a run without probes may lack them."""


UNCHANGED = "json_extract(outcome, '$.reason') = 'unchanged'"
"""Of a failed judgment: the change altered nothing, so it was not asked."""


class Unasked(NamedTuple):
    """How many requests about an item, by a criterion, a probe did not fit.

    `place` is that of the item in its task, `criterion` an index into the task's criteria.
    """

    place: int
    criterion: int
    probe: str
    requests: int


def make_tables(connection: sqlite3.Connection) -> None:
    """Make the tables where they are not there; in the transaction that is open."""
    for statement in _TABLES.split(";"):
        if statement.strip():
            connection.execute(statement)


def _there(connection: sqlite3.Connection) -> bool:
    found = connection.execute("SELECT count(*) FROM sqlite_master WHERE name='unasked'")
    return bool(found.fetchone()[0])


def add_cues(connection: sqlite3.Connection, cues: Iterable[tuple[bytes, tuple[int, ...]]]) -> None:
    """Keep what changed requests pull towards, by key; those that pull nowhere have no row."""
    rows = [(key, ",".join(map(str, cue))) for key, cue in cues if cue]
    connection.executemany("INSERT OR REPLACE INTO cues VALUES (?, ?)", rows)


def add_unasked(connection: sqlite3.Connection, rows: Iterable[Unasked]) -> None:
    """Keep what was not asked."""
    connection.executemany("INSERT OR REPLACE INTO unasked VALUES (?, ?, ?, ?)", list(rows))


def read_cues(connection: sqlite3.Connection) -> dict[bytes, tuple[int, ...]]:
    """The cue of every judgment that has one, by key."""
    if not _there(connection):
        return {}
    rows = connection.execute("SELECT key, cue FROM cues")
    return {key: tuple(map(int, cue.split(","))) for key, cue in rows}


def read_unasked(
    connection: sqlite3.Connection, probes: Collection[str] | None = None
) -> list[Unasked]:
    """What was not asked, of some probes or of all, in the order of the items."""
    if not _there(connection):
        return []
    rows = connection.execute("SELECT place, criterion, probe, requests FROM unasked")
    return [row for row in map(Unasked._make, rows) if probes is None or row.probe in probes]


def row_cues(connection: sqlite3.Connection) -> dict[int, tuple[int, ...]]:
    """The same by row, judgments in the order in which they were stored."""
    by_key = read_cues(connection)
    if not by_key:
        return {}
    keys = connection.execute("SELECT key FROM judgments ORDER BY rowid")
    return {row: by_key[key] for row, (key,) in enumerate(keys) if key in by_key}


def row_probes(connection: sqlite3.Connection) -> list[str | None]:
    """The probe of every judgment, None for a plain one, in the order in which they were stored."""
    return [row[0] for row in connection.execute("SELECT probe FROM judgments ORDER BY rowid")]
