"""Submissions made to break the check: each is rejected with a message, in bounded memory."""

import json
import os
import resource

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from mmjudge.leaderboard.submissions.lines import MOST_LINE
from mmjudge.leaderboard.submissions.parquet_rows import COLUMNS
from mmjudge.leaderboard.submissions.submission import JSONL, META, PARQUET, RUN
from tests.leaderboard.entries import (
    Writer,
    edit_meta,
    luck,
    read_lines,
    submit,
    write_lines,
    write_raw,
)

MB = 1024**2


@pytest.fixture
def rejected(checked):
    """The problems of an entry that must not be accepted, in memory that must not grow much."""

    def call(entry):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        report = checked(entry)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert not report.accepted
        assert grown < 200 * 1024, f"{grown} KB more"
        return report.problems

    return call


def fill(entry, chunk, times):
    with pa.output_stream(str(entry / JSONL), compression="zstd") as stream:
        for _ in range(times):
            stream.write(chunk)


@pytest.mark.parametrize("filler", [b"0", b" ", b"[", b'{"reply":', b"\n", b"\0", b"null\n"])
def test_a_decompression_bomb_is_given_up_early(entry, rejected, filler):
    fill(entry, filler * (MB // len(filler)), 100)
    assert (entry / JSONL).stat().st_size < MB // 2
    assert rejected(entry)[0].file == JSONL


@pytest.mark.slow
def test_a_line_of_a_gigabyte_is_given_up_early(entry, rejected):
    fill(entry, b"x" * MB, 1024)
    assert rejected(entry)[0].found == f"over {MOST_LINE} bytes in a line"


def test_a_valid_line_over_and_over_stops_the_reading(entry, rejected):
    lines = read_lines(entry)
    write_lines(entry, lines + lines[:1] * 2000)
    assert "so much more that reading stopped" in " ".join(p.found for p in rejected(entry))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b"NaN", "NaN"),
        (b"-Infinity", "-Infinity"),
        (b"1e309", "1e309"),
        (b"9" * 5000, "5000 digits"),
        (b"[" * 50_000 + b"]" * 50_000, "nested too deep"),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "nested too deep"),
        (b'"\\ud800"', "string"),
        (b'"\xff"', "UTF-8"),
        (b'"a", "text": "b"', "'text' twice"),
        (b"1}, {", "no JSON"),
    ],
)
def test_a_line_that_is_no_plain_json_is_named(entry, rejected, value, said):
    lines = [json.dumps(line).encode() for line in read_lines(entry)]
    bad = json.loads(lines[4])
    bad["reply"] = {"text": "@"}
    lines[4] = json.dumps(bad).encode().replace(b'"@"', value)
    write_lines(entry, lines)
    problem = rejected(entry)[0]
    assert problem.line == 5
    assert said in problem.found + problem.allowed


@pytest.mark.parametrize("field", ["order", "more"])
def test_a_line_of_a_hundred_thousand_mistakes_is_one_problem(entry, rejected, field):
    lines = read_lines(entry)
    lines[1][field] = ["x"] * 100_000
    write_lines(entry, lines)
    problem = rejected(entry)[0]
    assert (problem.line, problem.count) == (2, 1)


@pytest.mark.parametrize("field", ["latency_s", "tokens_in"])
@pytest.mark.parametrize("value", [-1, 1e12])
def test_usage_that_cannot_be_is_refused(entry, rejected, field, value):
    lines = read_lines(entry)
    lines[0]["reply"][field] = value
    write_lines(entry, lines)
    assert rejected(entry)[0].field.startswith("reply")


@pytest.mark.parametrize("value", ["NaN", "1e309", "[" * 900, '{"a": 1, "a": 2}', '"\\ud800"'])
def test_run_json_is_read_as_strictly(entry, rejected, value):
    text = (entry / RUN).read_text(encoding="utf-8").replace('"params": {', '"params": {"x": @, ')
    (entry / RUN).write_text(text.replace("@", value), encoding="utf-8")
    assert rejected(entry)[0].file == RUN


LAUGHS = "a: &a [x]\n" + "".join(f"{chr(98 + i)}: &b{i} [*a, *a, *a]\n" for i in range(9))


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        "judge: !!python/object/apply:os.system [id]\n",
        "judge: !!str x\n",
        "judge: !own x\n",
        "%TAG !e! tag:x,2000:\n---\njudge: !e!x y\n",
        "<<: {judge: x}\n",
        "judge: x\njudge: y\n",
        "judge: 2026-01-01\n",
        "judge: .inf\n",
        "judge: 1.0e+309\n",
        "judge: 0x" + "f" * 2000 + "\n",
        "judge: 1" + ":59" * 3000 + "\n",
        "[" * 2000,
        "? " * 2000,
        "- " * 2000,
        "a: " * 2000,
        "{" * 2000,
        "judge: x\n---\njudge: y\n",
        "judge: 'x\n",
        "judge: \x00\n",
        "? [a]\n: b\n",
        "x\n" * 2000,
        "",
        "null",
        "[]",
        'judge: "\\ud800"\n',
        "# " + "x" * 40_000,
    ],
)
def test_yaml_that_is_more_than_plain_values_is_refused(entry, rejected, text):
    (entry / META).write_text(text, encoding="utf-8")
    assert rejected(entry)[0].file == META


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"\xef\xbb\xbf\xff", b"judge: \xc3\x28\n"])
def test_yaml_of_other_bytes_is_refused(entry, rejected, raw):
    (entry / META).write_bytes(raw)
    assert rejected(entry)[0].file == META


@pytest.mark.parametrize(
    "link",
    [
        "http://example.org",
        "javascript:alert(1)",
        "https:javascript",
        "data:text/html,x",
        "//example.org",
        "https://",
        "https://localhost/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://2130706433/",
        "https://me:secret@example.org",
        "https://example.org:8080",
        'https://example.org/"onclick="x',
        "https://example.org/<script>",
        "https://example.org/\u202etxt",
        "https://example.org/ x",
        "https://ex\u0430mple.org/",
        "HTTPS",
    ],
)
def test_only_links_to_a_named_https_host_are_taken(entry, rejected, link):
    edit_meta(entry, links=[link])
    assert rejected(entry)[0].field == "links.0"
    edit_meta(entry, links=[], contact=link)
    assert rejected(entry)[0].field == "contact"


def test_markup_in_a_name_is_text(entry, checked):
    for name in ("<script>alert(1)</script>", '=HYPERLINK("https://x.org")', "{{ 7 * 7 }}"):
        edit_meta(entry, judge=name)
        report = checked(entry)
        assert report.accepted
        assert report.meta is not None
        assert report.meta.judge == name


def _extra(entry):
    (entry / "notes.txt").write_text("x", encoding="utf-8")


def _hidden(entry):
    (entry / ".git").mkdir()


def _archive(entry):
    (entry / "more.tar.gz").write_bytes(b"\x1f\x8b")


def _odd_name(entry):
    (entry / "a\n\x1b[31mb").write_text("x", encoding="utf-8")


def _link(entry):
    target = entry.parent / "outside.yaml"
    (entry / META).rename(target)
    (entry / META).symlink_to(target)


def _pipe(entry):
    (entry / RUN).unlink()
    os.mkfifo(entry / RUN)


def _folder(entry):
    (entry / JSONL).unlink()
    (entry / JSONL).mkdir()


def _large(entry):
    os.truncate(entry / META, 10**7)


def _huge(entry):
    os.truncate(entry / JSONL, 10**10)  # a sparse file


def _both(entry):
    (entry / PARQUET).write_bytes(b"PAR1")


def _none(entry):
    (entry / JSONL).unlink()


def _many(entry):
    for i in range(150):
        (entry / f"{i}.txt").touch()


@pytest.mark.parametrize(
    "change",
    [
        _extra,
        _hidden,
        _archive,
        _odd_name,
        _link,
        _pipe,
        _folder,
        _large,
        _huge,
        _both,
        _none,
        _many,
    ],
)
def test_a_folder_of_anything_else_is_refused(entry, rejected, change):
    change(entry)
    problems = rejected(entry)
    assert all("\n" not in str(p) and "\x1b" not in str(p) for p in problems)


@pytest.mark.parametrize("cut", [0, 1, 3, 9, 0.5, -1])
def test_judgments_that_are_cut_off_are_refused(entry, rejected, cut):
    raw = (entry / JSONL).read_bytes()
    (entry / JSONL).write_bytes(raw[: int(len(raw) * cut) if isinstance(cut, float) else cut])
    rejected(entry)


def test_judgments_that_are_not_compressed_or_have_a_tail_are_refused(entry, rejected):
    raw = (entry / JSONL).read_bytes()
    (entry / JSONL).write_bytes(raw + b"tail")
    rejected(entry)
    (entry / JSONL).write_bytes(json.dumps(read_lines_raw(raw)).encode())
    rejected(entry)


def read_lines_raw(raw):
    with pa.CompressedInputStream(pa.BufferReader(raw), "zstd") as stream:
        return stream.read().decode()


def test_a_last_line_without_an_end_is_refused(entry, rejected):
    lines = [json.dumps(line).encode() for line in read_lines(entry)]
    write_raw(entry, b"\n".join(lines))
    assert rejected(entry)[0].line == 20


def as_parquet(entry, rows, columns=COLUMNS):
    kinds = {"list<int64>": pa.list_(pa.int64()), "int64": pa.int64(), "string": pa.string()}
    schema = pa.schema([(name, kinds[kind]) for name, kind in columns.items()])
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), entry / PARQUET)
    (entry / JSONL).unlink(missing_ok=True)


def rows_of(entry):
    return [line | {"reply": json.dumps(line["reply"])} for line in read_lines(entry)]


def test_parquet_says_the_same_as_lines(entry, checked):
    before = checked(entry)
    as_parquet(entry, rows_of(entry))
    after = checked(entry)
    assert after.accepted
    assert after.runs == before.runs


def test_a_reply_in_parquet_is_read_as_strictly(entry, rejected):
    rows = rows_of(entry)
    rows[3]["reply"] = '{"text": "x"}, "item": "i3"'
    rows[4]["reply"] = '{"latency_s": NaN}'
    rows[5]["reply"] = "[" * 50_000
    rows[6]["reply"] = None
    as_parquet(entry, rows)
    assert {p.line for p in rejected(entry)} >= {4, 5, 6, 7}


@pytest.mark.slow
def test_parquet_of_other_columns_or_cut_off_is_refused(entry, rejected):
    rows = rows_of(entry)
    as_parquet(entry, rows, COLUMNS | {"score": "int64"})
    assert "columns" in rejected(entry)[0].found
    raw = (entry / PARQUET).read_bytes()
    (entry / PARQUET).write_bytes(raw[: len(raw) // 2] + raw[-8:])
    rejected(entry)


@pytest.mark.slow
def test_a_bomb_in_parquet_kills_its_reader_alone(entry, rejected):
    row = rows_of(entry)[0]
    n, columns = 60_000, {}
    for name in COLUMNS:
        value = "x" * 900_000 if name == "reply" else row.get(name, "x")
        places = pa.array([0] * n, pa.int32())
        kind = pa.list_(pa.int64()) if name == "order" else None
        one = pa.array([value], kind or (pa.int64() if isinstance(value, int) else pa.string()))
        columns[name] = (
            pa.array([value] * n, kind) if kind else pa.DictionaryArray.from_arrays(places, one)
        )
    (entry / JSONL).unlink()
    pq.write_table(pa.table(columns), entry / PARQUET, store_schema=False, use_dictionary=True)
    assert (entry / PARQUET).stat().st_size < 4 * MB
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert "bytes of memory" in rejected(entry)[0].found
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= max(before, 512 * 1024)


def test_a_card_cannot_make_the_plan_explode(small_task, rejected, tmp_path):
    entry = submit(small_task, Writer(luck), tmp_path)
    content = json.loads((entry / RUN).read_text(encoding="utf-8"))
    content["runs"] = content["runs"] * 1000
    (entry / RUN).write_text(json.dumps(content), encoding="utf-8")
    assert rejected(entry)[0].file == RUN


def test_meta_survives_a_round_trip_of_what_people_write(entry, checked):
    content = yaml.safe_load((entry / META).read_text(encoding="utf-8"))
    content["judge"] = "Übersetzer 判断 7B"
    raw = yaml.safe_dump(content, allow_unicode=True).replace("\n", "\r\n").encode()
    (entry / META).write_bytes(b"\xef\xbb\xbf" + raw)
    assert checked(entry).accepted
