"""A fuzzer of submissions: from a good one, seeded, one that must not be accepted."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import yaml

from mmjudge.leaderboard.submissions.submission import JSONL, META, PARQUET, RUN

NASTY: tuple[Any, ...] = (
    None,
    "",
    "x" * 5000,
    "\u202e",
    "\x00",
    "<script>",
    "../../etc/passwd",
    -1,
    10**15,
    1e300,
    [],
    [[[[[[]]]]]],
    {},
    {"a": {"a": {}}},
    ["x"] * 300,
    {"kind": "score", "value": 1},
)
RAW = (
    b"NaN",
    b"1e309",
    b"-Infinity",
    b"9" * 4999,
    b"[" * 3000,
    b"\xff\xfe",
    b'"\\udc00"',
    b"}{",
    b"",
)

MOST_REPEATED = 4 * 1024**2
"""Bytes that a repeated line may come to."""

Good = dict[str, bytes]


def malformed(good: Good, random: Random) -> Good:
    """The files of a submission with one thing wrong, or two."""
    files = dict(good)
    # Of two kinds, since files exchanged twice are where they were.
    for kind in random.sample(KINDS, random.choice((1, 1, 1, 2))):
        kind(files, random)
    return files


def unpack(raw: bytes) -> list[dict[str, Any]]:
    with pa.CompressedInputStream(pa.BufferReader(raw), "zstd") as stream:
        return [json.loads(line) for line in stream.read().splitlines()]


def compress(raw: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(raw)
    return bytes(sink.getvalue())


def _lines(files: Good) -> list[bytes]:
    return list(decoded(files).splitlines())


def decoded(files: Good) -> bytes:
    """What an earlier change left of the judgments, as far as it can be read."""
    try:
        with pa.CompressedInputStream(pa.BufferReader(files.get(JSONL, b"")), "zstd") as stream:
            return bytes(stream.read())
    except OSError:
        return b""


def _write(files: Good, lines: list[bytes]) -> None:
    files[JSONL] = compress(b"".join(line + b"\n" for line in lines))


def _any(random: Random, old: Any) -> Any:
    return random.choice([value for value in NASTY if value != old])


def lose_lines(files: Good, random: Random) -> None:
    lines = _lines(files)
    _write(files, random.sample(lines, random.randrange(len(lines))) if lines else [])


def repeat_a_line(files: Good, random: Random) -> None:
    lines = _lines(files) or [b"{}"]
    line, times = random.choice(lines), random.choice((1, 1, 40, 3000))
    # A bloated line 3000 times would be 3.3 GB, which the fuzzer itself had to hold.
    _write(files, lines + [line] * min(times, 1 + MOST_REPEATED // (len(line) + 1)))


def change_a_field(files: Good, random: Random) -> None:
    lines = _lines(files) or [b"{}"]
    at = random.randrange(len(lines))
    line = _object(lines[at])
    field = random.choice(("run", "key", "item", "criterion", "order", "repeat", "reply"))
    # An empty reply is a failure of the judge, and no failure of the file.
    line[field] = _any(random, {} if field == "reply" else line.get(field))
    lines[at] = json.dumps(line).encode()
    _write(files, lines)


def change_a_reply(files: Good, random: Random) -> None:
    lines = _lines(files) or [b"{}"]
    at = random.randrange(len(lines))
    line = _object(lines[at])
    line["reply"] = {
        random.choice(("score", "outcome", "Text", "verdict")): random.choice(NASTY[1:])
    }
    lines[at] = json.dumps(line).encode()
    _write(files, lines)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def break_a_line(files: Good, random: Random) -> None:
    lines = _lines(files) or [b"{}"]
    at, value = random.randrange(len(lines)), random.choice(RAW)
    kept = lines[at][: random.randrange(max(1, len(lines[at]) - 1))]
    lines[at] = random.choice(
        (value, kept, b'{"reply": ' + value + b"}", lines[at] + b" " + value + b"x")
    )
    _write(files, lines)


def swap_keys(files: Good, random: Random) -> None:
    lines = [_object(line) for line in _lines(files)]
    if len(lines) > 1:
        a, b = random.sample(range(len(lines)), 2)
        lines[a]["key"], lines[b]["key"] = lines[b].get("key"), lines[a].get("key")
    _write(files, [json.dumps(line).encode() for line in lines])


def cut_a_file(files: Good, random: Random) -> None:
    name = random.choice((JSONL, RUN))
    files[name] = files.get(name, b"")[: random.randrange(max(1, len(files.get(name, b"")) - 2))]


def put_bytes(files: Good, random: Random) -> None:
    name = random.choice((META, RUN))
    raw, value = files.get(name, b""), random.choice((b"\x00", b"\xff", b"\xc3\x28"))
    at = random.randrange(len(raw) + 1)
    files[name] = raw[:at] + value + raw[at:]


def exchange_files(files: Good, random: Random) -> None:
    a, b = random.sample((META, RUN, JSONL), 2)
    files[a], files[b] = files.get(b, b""), files.get(a, b"")


def lose_a_file(files: Good, random: Random) -> None:
    files.pop(random.choice((META, RUN, JSONL)), None)


def add_a_file(files: Good, random: Random) -> None:
    name = random.choice(("scores.json", "x.zip", "META.yaml", ".hidden", "run.json.bak", PARQUET))
    files[name] = random.randbytes(20)


RUN_FIELDS = (
    ("format",),
    ("runs",),
    ("runs", 0),
    ("runs", 0, "task"),
    ("runs", 0, "judge"),
    ("runs", 0, "judge", "fingerprint"),
    ("runs", 0, "judge", "params"),
    ("runs", 0, "settings"),
    ("runs", 0, "settings", "protocol"),
    ("runs", 0, "settings", "orders"),
    ("runs", 0, "settings", "repeats"),
    ("runs", 0, "settings", "template"),
    ("runs", 0, "settings", "where"),
    ("runs", 0, "settings", "probes"),
    ("runs", 0, "probes"),
    ("runs", 0, "more"),
)


def change_the_run(files: Good, random: Random) -> None:
    path = random.choice(RUN_FIELDS)
    content = _object(files.get(RUN, b"{}"))
    place: Any = content
    try:
        for step in path[:-1]:
            place = place[step]
        old = place.get(path[-1]) if isinstance(place, dict) else place[path[-1]]
        place[path[-1]] = _any(random, old)
    except (LookupError, TypeError, AttributeError):
        content = {"format": 2}
    files[RUN] = json.dumps(content).encode()


def change_the_meta(files: Good, random: Random) -> None:
    content = _mapping(files)
    field = random.choice(("revision", "parameters", "licence", "contact", "training_data", "more"))
    old = content.get(field)
    # Markup is a licence that nobody has, and text like any other.
    wrong = [
        v for v in NASTY if v != old and not (field == "licence" and v in ("<script>", NASTY[6]))
    ]
    content[field] = random.choice(wrong)
    files[META] = yaml.safe_dump(content).encode()


def _mapping(files: Good) -> dict[str, Any]:
    try:
        found = yaml.safe_load(files.get(META, b"") or b"{}")
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


YAML = (
    "x: &a 1",
    "x: *a",
    "x: !!int 1",
    "x: !<tag:a,b> 1",
    "<<: {a: 1}",
    "judge: again",
    "x: .nan",
    "---",
    "[" * 500,
    "? ? ? ?",
    "\t",
    "%YAML 9.9",
    "x: 1.0e+400",
    "'",
    "links: [javascript:alert(1)]",
)


def add_yaml(files: Good, random: Random) -> None:
    lines = files.get(META, b"").decode("utf-8", "replace").splitlines()
    files[META] = "\n".join([*lines, random.choice(YAML), "judge: last"]).encode()


def bloat(files: Good, random: Random) -> None:
    filler = random.choice((b" ", b"\n", b"[", b'{"a":', b"{}\n"))
    files[JSONL] = compress(filler * (1_100_000 // len(filler)))


KINDS: tuple[Callable[[Good, Random], None], ...] = (
    lose_lines,
    repeat_a_line,
    change_a_field,
    change_a_reply,
    break_a_line,
    swap_keys,
    cut_a_file,
    put_bytes,
    exchange_files,
    lose_a_file,
    add_a_file,
    change_the_run,
    change_the_meta,
    add_yaml,
    bloat,
)


def write(files: Good, folder: Path) -> None:
    """Put the files into a folder that holds no other."""
    for old in folder.iterdir():
        old.unlink()
    for name, raw in files.items():
        (folder / name).write_bytes(raw)


def cases(good: Good, n: int, seed: int) -> Iterator[tuple[int, Good]]:
    """So many malformed submissions, each with the number that makes it again."""
    for number in range(n):
        yield number, malformed(good, Random(f"{seed}/{number}"))
