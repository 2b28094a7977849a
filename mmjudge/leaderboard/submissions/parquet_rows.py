"""A process that turns a parquet file on its standard input into lines, with little memory.

Stranger's files can crash or bloat the library that reads them: then this process ends alone.
"""

import json
import resource
import sys
from typing import Any

MOST_MEMORY = 400 * 1024**2
MOST_SECONDS = 900
ROWS = 256
"""Rows that are unpacked at once."""

COLUMNS = {
    "run": "int64",
    "key": "string",
    "item": "string",
    "criterion": "string",
    "order": "list<int64>",
    "repeat": "int64",
    "probe": "string",
    "reply": "string",
}
"""Columns and their types; `reply` is the JSON of a `Reply`."""


def main() -> None:
    """Write one JSON line a row; what is wrong is the last line of standard error."""
    import pyarrow.parquet as pq

    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    file = pq.ParquetFile(sys.stdin.buffer, pre_buffer=False)
    found = {field.name: _type(field.type) for field in file.schema_arrow}
    if found != COLUMNS or len(file.schema_arrow) != len(COLUMNS):
        sys.exit(f"columns {found}; {COLUMNS} is needed"[:500])
    for batch in file.iter_batches(batch_size=ROWS, use_threads=False):
        for row in batch.to_pylist():
            sys.stdout.buffer.write(_line(row))
    sys.stdout.buffer.flush()


def _type(kind: Any) -> str:
    text = str(kind).replace("large_", "")
    return "list<int64>" if text.startswith("list<") and text.endswith(": int64>") else text


def _line(row: dict[str, Any]) -> bytes:
    """A row as a line, its reply as it stands: it is read as strictly as that of any other line."""
    reply = str(row.pop("reply")).replace("\n", " ")
    facts = {name: value for name, value in row.items() if value is not None}
    return f'{json.dumps(facts)[:-1]}, "reply": {reply}}}\n'.encode()


if __name__ == "__main__":
    try:
        main()
    except MemoryError:
        sys.exit(f"more than {MOST_MEMORY} bytes of memory to read {ROWS} rows")
    except Exception as error:  # noqa: BLE001 (said to the process that waits)
        sys.exit(f"{type(error).__name__}: {error}"[:500])
