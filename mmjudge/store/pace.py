"""How fast a run was judged: kept in its file, so that the next one's time can be foretold."""

import json
import sqlite3
from typing import NamedTuple


class Pace(NamedTuple):
    """Judgments of all processes of a run, and the seconds that they took, loading left out."""

    judged: int = 0
    seconds: float = 0.0

    def __add__(self, other: "Pace") -> "Pace":  # type: ignore[override]
        """Both together."""
        return Pace(self.judged + other.judged, self.seconds + other.seconds)


def read_pace(connection: sqlite3.Connection) -> Pace:
    """The pace of a run so far; none for one that was made before it was kept."""
    row = connection.execute("SELECT value FROM meta WHERE name='pace'").fetchone()
    return Pace(**json.loads(row[0])) if row else Pace()


def add_pace(connection: sqlite3.Connection, pace: Pace) -> None:
    """Add what one process did."""
    body = json.dumps((read_pace(connection) + pace)._asdict())
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('pace', ?)", (body,))
