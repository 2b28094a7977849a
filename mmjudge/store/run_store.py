"""One SQLite file a run: append only, durable in groups, safe at any kill."""

import json
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from mmjudge.errors import StoreError
from mmjudge.store import probed_rows
from mmjudge.store.outcomes import (
    ANSWERS,
    FAILED,
    LOST,
    RANKING,
    STEPS,
    UNCHANGED,
    Listed,
    decode,
    encode,
    listed,
    ranks_of,
)
from mmjudge.store.pace import Pace, add_pace, read_pace
from mmjudge.store.probed_rows import Unasked
from mmjudge.store.run_file import (
    FILE,
    connect,
    format_of,
    lock_folder,
    new_file,
    read_header,
    writing,
)
from mmjudge.task import BadItem
from mmjudge.types import (
    Failure,
    FailureReason,
    Item,
    Judgment,
    Reply,
    Request,
    RunHeader,
    Verdict,
)

COMMIT_EVERY_S = 0.25
COMMIT_EVERY_ROWS = 2000
ROWS_A_STATEMENT = 100

_KIND = (
    f"CASE WHEN kind={FAILED} AND probe IS NOT NULL "
    f"THEN CASE json_extract(outcome, '$.reason') WHEN 'unchanged' THEN {UNCHANGED} "
    f"WHEN 'infra' THEN {LOST} WHEN 'media' THEN {LOST} ELSE {FAILED} END ELSE kind END"
)
_FAILED = f"kind={FAILED} AND NOT {probed_rows.UNCHANGED}"

_COST = "json_extract(reply, '$.cost_usd')"
_FROM_PROBABILITIES = (
    f"kind != {FAILED} AND instr(reply, '\"probabilities\":') "
    "AND json_type(reply, '$.scores') IS NULL AND json_type(reply, '$.verdict') IS NULL"
)
"""Of the forms of a reply, those that a verdict is read from first are not there."""

_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE items (place INTEGER PRIMARY KEY, digest BLOB NOT NULL, bad INTEGER NOT NULL,
                    body TEXT NOT NULL);
CREATE TABLE orders (id INTEGER PRIMARY KEY, permutation TEXT NOT NULL UNIQUE);
CREATE TABLE judgments (key BLOB PRIMARY KEY, place INTEGER NOT NULL, criterion INTEGER NOT NULL,
                        ord INTEGER NOT NULL, repeat INTEGER NOT NULL, probe TEXT,
                        kind INTEGER NOT NULL, value REAL, outcome TEXT, reply TEXT NOT NULL);
"""


class StoredItem(NamedTuple):
    """A row of `items`: place in the task, hash of the body, whether it is bad, its JSON."""

    place: int
    digest: bytes
    bad: bool
    body: str


class Judged(NamedTuple):
    """An answered request on its way to the store; `criterion` is its index in the task."""

    place: int
    criterion: int
    request: Request
    reply: Reply
    outcome: Verdict | Failure
    cue: tuple[int, ...] = ()


class Columns(NamedTuple):
    """All judgments as arrays of shape (n,), in the order in which they were stored.

    `value` is the code of a preference, a score, or nan; `order` an index into `orders`;
    `rankings` maps a row to its ranks in item order. `probe` is an index into `probes`, -1 where
    the request was asked plainly; `cues` maps a row to what its change pulls towards: places of
    candidates in item order, of a score (1,) for up or (-1,) for down; a row without is not there.
    `listed` holds answers and steps, None where the run has no lists.
    """

    place: NDArray[np.int64]
    criterion: NDArray[np.int64]
    order: NDArray[np.int64]
    repeat: NDArray[np.int64]
    kind: NDArray[np.int64]
    value: NDArray[np.float64]
    orders: tuple[tuple[int, ...], ...]
    rankings: dict[int, tuple[float, ...]]
    probe: NDArray[np.int64]
    probes: tuple[str, ...]
    cues: dict[int, tuple[int, ...]]
    listed: Listed | None = None


@dataclass
class RunStore:
    """A run folder: `run.db` and, while a run writes to it, a held `run.lock`."""

    folder: Path
    connection: sqlite3.Connection
    header: RunHeader
    _lock: IO[str] | None = None
    _order_ids: dict[tuple[int, ...], int] | None = None
    _pending: int = 0
    _last_commit: float = 0.0

    @classmethod
    def create(cls, folder: Path, header: RunHeader) -> Self:
        """Start a run in a folder that has none.

        Raises:
            StoreError: The folder cannot be written, or another run is at work in it.
        """
        with ExitStack() as held:
            lock = held.enter_context(lock_folder(folder))
            with writing(folder), new_file(folder) as fresh:
                version = f"PRAGMA user_version={format_of(header)};"
                fresh.executescript(f"PRAGMA journal_mode=WAL; BEGIN; {_TABLES} {version}")
                row = ("header", header.model_dump_json())
                fresh.execute("INSERT INTO meta VALUES (?, ?)", row)
                fresh.execute("COMMIT")
            connection = held.enter_context(closing(connect(folder / FILE, "rw")))
            held.pop_all()
        return cls(folder, connection, header, lock)

    @classmethod
    def open(cls, folder: Path, mode: Literal["read", "append"] = "read") -> Self:
        """Open the run in a folder; "append" takes its lock.

        Raises:
            StoreError: There is no run, it is locked, damaged, or of a newer version.
        """
        path = folder / FILE
        if not path.is_file():
            raise StoreError(f"{folder}: no run here (no {FILE}); make one with mmjudge run --out")
        with ExitStack() as held:
            lock = held.enter_context(lock_folder(folder)) if mode == "append" else None
            rights = "rw" if mode == "append" else "ro"
            connection = held.enter_context(closing(connect(path, rights)))
            header = read_header(connection, path)
            held.pop_all()
        return cls(folder, connection, header, lock)

    @staticmethod
    def exists(folder: Path) -> bool:
        """Whether the folder holds a run that got as far as its header."""
        path = folder / FILE
        if not path.is_file():
            return False
        connection = connect(path, "ro")
        try:
            tables = "SELECT count(*) FROM sqlite_master WHERE name='judgments'"
            return bool(connection.execute(tables).fetchone()[0])
        except sqlite3.Error as error:
            raise StoreError(f"{path}: not a readable run: {error}") from error
        finally:
            connection.close()

    def add(
        self,
        items: Iterable[StoredItem],
        judged: Iterable[Judged],
        replace: bool = False,
        unasked: Sequence[Unasked] = (),
    ) -> None:
        """Append items, what was judged, and what no probe could ask; durable at the next commit.

        A group is committed when it has enough rows or is old enough, never on every row. Items
        and keys that are there already are left as they are; with `replace` a judgment takes the
        place of the one of its key, and what that one cost stays in `spent_usd`.
        """
        with writing(self.folder):
            if not self.connection.in_transaction:
                self.connection.execute("BEGIN")
                self._last_commit = time.monotonic()
            judged = list(judged)
            rows = [self._row(entry) for entry in judged]
            self._insert("items", list(items))
            if replace:
                self._remove(row[0] for row in rows)
            self._insert("judgments", rows)
            if self.header.settings.probes:
                self._insert_probed(rows, judged, unasked)
            self._pending += len(rows)
        if self._age() > COMMIT_EVERY_S or self._pending >= COMMIT_EVERY_ROWS:
            self.commit()

    def _insert(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows, many a statement: each statement gives up the interpreter only once."""
        for start in range(0, len(rows), ROWS_A_STATEMENT):
            part = rows[start : start + ROWS_A_STATEMENT]
            one = f"({','.join('?' * len(part[0]))})"
            statement = f"INSERT OR IGNORE INTO {table} VALUES {','.join([one] * len(part))}"
            self.connection.execute(statement, [value for row in part for value in row])

    def _insert_probed(
        self, rows: Sequence[Sequence[Any]], judged: Sequence[Judged], unasked: Sequence[Unasked]
    ) -> None:
        probed_rows.make_tables(self.connection)
        cues = ((row[0], entry.cue) for row, entry in zip(rows, judged, strict=True))
        probed_rows.add_cues(self.connection, cues)
        probed_rows.add_unasked(self.connection, unasked)

    def unasked(self) -> list[Unasked]:
        """How many requests each probe did not fit, by item and criterion."""
        return probed_rows.read_unasked(self.connection)

    def _remove(self, keys: Iterable[bytes]) -> None:
        """Take judgments out, in the transaction that puts others in their place."""
        for key in keys:
            where = "FROM judgments WHERE key=?"
            row = self.connection.execute(f"SELECT {_COST} {where}", (key,)).fetchone()
            if row is not None:
                spent = (str(self._spent_before() + (row[0] or 0.0)),)
                self.connection.execute("INSERT OR REPLACE INTO meta VALUES ('replaced', ?)", spent)
                self.connection.execute(f"DELETE {where}", (key,))

    def _spent_before(self) -> float:
        query = "SELECT value FROM meta WHERE name='replaced'"
        row = self.connection.execute(query).fetchone()
        return float(row[0]) if row else 0.0

    def usage(self) -> dict[str, float | None]:
        """Tokens in and out, seconds and US dollars of all replies; None where none says.

        Seconds are those that each judgment took; where several are asked at once they overlap.
        """
        names = ("tokens_in", "tokens_out", "latency_s", "cost_usd")
        sums = ", ".join(f"sum(json_extract(reply, '$.{name}'))" for name in names)
        row = self.connection.execute(f"SELECT {sums} FROM judgments").fetchone()
        return dict(zip(names, row, strict=True))

    def spent_usd(self) -> float:
        """What all judgments cost, as far as that is known, replaced ones included."""
        query = f"SELECT coalesce(sum({_COST}), 0.0) FROM judgments"
        return float(self.connection.execute(query).fetchone()[0]) + self._spent_before()

    def commit(self) -> None:
        """Make everything added so far durable.

        Raises:
            StoreError: The disk does not take it.
        """
        with writing(self.folder):
            self.connection.commit()
        self._pending = 0
        self._last_commit = time.monotonic()

    def flush(self) -> None:
        """Commit a group that has waited long enough while nothing new came."""
        if self.connection.in_transaction and self._age() > COMMIT_EVERY_S:
            self.commit()

    def _age(self) -> float:
        return time.monotonic() - self._last_commit

    def add_pace(self, pace: Pace) -> None:
        """Keep how fast a process judged."""
        with writing(self.folder), self.connection:
            add_pace(self.connection, pace)

    def pace(self) -> Pace:
        """How fast the run was judged, as far as that was kept."""
        return read_pace(self.connection)

    def update_header(self, header: RunHeader) -> None:
        """Replace the header, with what became known at the end of a run."""
        with self.connection:
            row = (header.model_dump_json(),)
            self.connection.execute("UPDATE meta SET value=? WHERE name='header'", row)
        self.header = header

    def _row(self, judged: Judged) -> tuple[Any, ...]:
        request = judged.request
        kind, value, outcome = encode(judged.outcome)
        return (
            bytes.fromhex(request.key),
            judged.place,
            judged.criterion,
            self._order_id(request.order),
            request.repeat,
            request.probe,
            kind,
            value,
            outcome,
            judged.reply.model_dump_json(exclude_none=True),
        )

    def _order_id(self, order: tuple[int, ...]) -> int:
        if self._order_ids is None:
            self._order_ids = {known: place for place, known in enumerate(self._orders())}
        if order not in self._order_ids:
            self._order_ids[order] = len(self._order_ids)
            row = (self._order_ids[order], ",".join(map(str, order)))
            self.connection.execute("INSERT INTO orders VALUES (?,?)", row)
        return self._order_ids[order]

    def _orders(self) -> tuple[tuple[int, ...], ...]:
        rows = self.connection.execute("SELECT permutation FROM orders ORDER BY id")
        return tuple(tuple(map(int, row[0].split(","))) for row in rows)

    def done_keys(self, retry: Collection[FailureReason] = ()) -> set[bytes]:
        """Keys of all stored judgments, 16 bytes each, but for failures of the reasons `retry`."""
        marks = ",".join("?" * len(retry))
        kept = f"kind!={FAILED} OR json_extract(outcome, '$.reason') NOT IN ({marks})"
        rows = self.connection.execute(f"SELECT key FROM judgments WHERE {kept}", list(retry))
        return {row[0] for row in rows}

    def digests(self) -> Iterator[tuple[int, bytes]]:
        """Place and digest of every stored item, in order."""
        yield from self.connection.execute("SELECT place, digest FROM items ORDER BY place")

    def items(self) -> Iterator[tuple[int, Item | BadItem]]:
        """Every stored item with its place, in order."""
        for place, bad, body in self.connection.execute(
            "SELECT place, bad, body FROM items ORDER BY place"
        ):
            yield place, (BadItem if bad else Item).model_validate_json(body)

    def bodies(self) -> Iterator[tuple[int, bool, str]]:
        """Place, whether it is bad, and JSON of every stored item, in order."""
        yield from self.connection.execute("SELECT place, bad, body FROM items ORDER BY place")

    def item(self, place: int) -> Item | BadItem:
        """The stored item at a place."""
        row = self.connection.execute(
            "SELECT bad, body FROM items WHERE place=?", (place,)
        ).fetchone()
        return (BadItem if row[0] else Item).model_validate_json(row[1])

    def counts(self) -> dict[str, int]:
        """Numbers of items, bad items, judgments and failures, without what was not asked."""
        query = (
            "SELECT (SELECT count(*) FROM items), (SELECT count(*) FROM items WHERE bad), "
            "(SELECT count(*) FROM judgments), "
            f"(SELECT count(*) FROM judgments WHERE {_FAILED})"
        )
        row = self.connection.execute(query).fetchone()
        return dict(zip(("items", "bad_items", "judgments", "failed"), row, strict=True))

    def failures(self) -> dict[str, int]:
        """Number of failures by reason, without what was not asked."""
        query = (
            "SELECT json_extract(outcome, '$.reason'), count(*) FROM judgments "
            f"WHERE {_FAILED} GROUP BY 1 ORDER BY 2 DESC"
        )
        return dict(self.connection.execute(query))

    def reasons(self) -> list[FailureReason | None]:
        """Why each judgment failed, None where it did not, as in `columns`."""
        query = (
            f"SELECT CASE WHEN {_FAILED} THEN json_extract(outcome, '$.reason') END "
            "FROM judgments ORDER BY rowid"
        )
        return [row[0] for row in self.connection.execute(query)]

    def first_failures(self) -> dict[str, tuple[str, str]]:
        """The item's id and the detail of the first failure of each reason."""
        rows = self.connection.execute(
            "SELECT json_extract(outcome, '$.reason') AS reason, min(rowid), place, outcome "
            f"FROM judgments WHERE {_FAILED} GROUP BY reason"
        )
        details = {reason: (place, json.loads(outcome)) for reason, _, place, outcome in rows}
        return {r: (self.item(p).id, o.get("detail", "")) for r, (p, o) in details.items()}

    def bad_items(self, most: int) -> tuple[BadItem, ...]:
        """The first items that cannot be judged, at most so many."""
        query = "SELECT body FROM items WHERE bad ORDER BY place LIMIT ?"
        rows = self.connection.execute(query, (most,))
        return tuple(BadItem.model_validate_json(body) for (body,) in rows)

    def columns(self) -> Columns:
        """All judgments as arrays."""
        count = self.connection.execute("SELECT count(*) FROM judgments").fetchone()[0]
        table = np.empty((6, count))
        cursor = self.connection.execute(
            f"SELECT place, criterion, ord, repeat, {_KIND}, value FROM judgments ORDER BY rowid"
        )
        start = 0
        while rows := cursor.fetchmany(20_000):
            table[:, start : start + len(rows)] = np.array(rows, dtype=np.float64).T
            start += len(rows)
        whole = table[:5].astype(np.int64)
        place, criterion, order, repeat, kind = whole
        names = probed_rows.row_probes(self.connection)
        probes = tuple(dict.fromkeys((*self.header.settings.probes, *filter(None, names))))
        codes: dict[str | None, int] = {name: code for code, name in enumerate(probes)}
        return Columns(
            place,
            criterion,
            order,
            repeat,
            kind,
            value=table[5],
            orders=self._orders(),
            rankings=self._rankings(kind),
            probe=np.array([codes.get(name, -1) for name in names], dtype=np.int64),
            probes=probes,
            cues=probed_rows.row_cues(self.connection),
            listed=self._listed(kind),
        )

    def holds_probabilities(self) -> bool:
        """Whether a verdict was read from the probabilities of options."""
        query = f"SELECT EXISTS (SELECT 1 FROM judgments WHERE {_FROM_PROBABILITIES})"
        return bool(self.connection.execute(query).fetchone()[0])

    def probabilities(self) -> Iterator[str | None]:
        """JSON of the options that each verdict was read from, None without, as in `columns`."""
        query = (
            f"SELECT CASE WHEN {_FROM_PROBABILITIES} THEN json_extract(reply, '$.probabilities') "
            "END FROM judgments ORDER BY rowid"
        )
        for (body,) in self.connection.execute(query):
            yield body

    def _rankings(self, kind: NDArray[np.int64]) -> dict[int, tuple[float, ...]]:
        rows = np.flatnonzero(kind == RANKING)
        bodies = self.connection.execute(
            f"SELECT outcome FROM judgments WHERE kind={RANKING} ORDER BY rowid"
        )
        ranks = (ranks_of(body) for (body,) in bodies)
        return dict(zip(rows.tolist(), ranks, strict=True))

    def _listed(self, kind: NDArray[np.int64]) -> Listed | None:
        if not np.isin(kind, (ANSWERS, STEPS)).any():
            return None
        return listed(self.connection.execute("SELECT kind, outcome FROM judgments ORDER BY rowid"))

    def judgments(self, places: Collection[int] | None = None) -> Iterator[tuple[int, Judgment]]:
        """Judgments with the place of their item, in the order in which they were stored.

        Args:
            places: Only those on the items at these places; None for all.
        """
        names = [criterion.name for criterion in self.header.task.criteria]
        orders = self._orders()
        cues = probed_rows.read_cues(self.connection)
        # One JSON parameter, since SQLite takes only so many.
        among = "" if places is None else "WHERE place IN (SELECT value FROM json_each(?))"
        chosen = () if places is None else (json.dumps(list(places)),)
        bodies = self.connection.execute(f"SELECT place, body FROM items {among}", chosen)
        ids = {place: json.loads(body)["id"] for place, body in bodies}
        rows = self.connection.execute(f"SELECT * FROM judgments {among} ORDER BY rowid", chosen)
        for key, place, criterion, order, repeat, probe, kind, value, outcome, reply in rows:
            yield (
                place,
                Judgment(
                    key=key.hex(),
                    item=ids[place],
                    protocol=self.header.settings.protocol,
                    criterion=names[criterion],
                    order=orders[order],
                    probe=probe,
                    cue=cues.get(key, ()),
                    repeat=repeat,
                    judge=self.header.judge.fingerprint,
                    reply=Reply.model_validate_json(reply),
                    outcome=decode(kind, value, outcome),
                ),
            )

    def close(self) -> None:
        """Commit, close the file and give up the lock."""
        try:
            if self.connection.in_transaction:
                self.commit()
        finally:
            self.connection.close()
            if self._lock is not None:
                self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
