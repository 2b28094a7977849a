"""`mmjudge export`: one row a judgment, the same in every format, nothing guessed."""

import json

import pyarrow.parquet as pq
import pytest

import mmjudge as package
from mmjudge.export import GROUP, _write_parquet, readable, rows
from mmjudge.types import Ranking
from tests.cli.small_folders import pair, said


def _jsonl(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_row_holds_reply_verdict_gold_and_whether_it_is_right(mmjudge, folder_task, tmp_path):
    items = [pair("1", strata={"k": "v"}), pair("2", "second"), pair("3"), pair("4", None)]
    texts = ["so [[A]]", "[[A]]", "who knows", "[[B]]"]
    recorded = {"x": [said(str(n), text) for n, text in enumerate(texts, 1)]}
    out = tmp_path / "out"
    words = ["--judge", "replay:x", "--orders", "given", "--out", out, "--max-failures", "1"]
    assert mmjudge("run", "--task", folder_task(items, recorded), *words).code == 0
    done = mmjudge("export", out, "--out", tmp_path / "rows.jsonl")
    assert done.code == 0
    assert "4 judgments written" in done.err
    table = _jsonl(tmp_path / "rows.jsonl")
    assert [row["correct"] for row in table] == [True, False, False, None]
    assert [row["verdict"] for row in table] == ["first", "first", None, "second"]
    assert [row["failure"] for row in table] == [None, None, "ambiguous", None]
    assert [row["gold"] for row in table] == ["first", "second", "first", None]
    assert [row["text"] for row in table] == texts
    assert table[0]["order"] == ["a", "b"]
    assert table[0]["strata"] == {"k": "v"}


def test_parquet_and_dataset_hold_the_same_rows_as_jsonl(mmjudge, demo_runs, tmp_path):
    from datasets import load_from_disk

    names = {"jsonl": "r.jsonl", "parquet": "r.parquet", "dataset": "r"}
    for form, name in names.items():
        done = mmjudge("export", demo_runs[1], "--format", form, "--out", tmp_path / name)
        assert done.code == 0, done.err
    plain = _jsonl(tmp_path / "r.jsonl")
    for row in plain:
        row["strata"] = json.dumps(row["strata"])
    assert pq.read_table(tmp_path / "r.parquet").to_pylist() == plain
    assert load_from_disk(str(tmp_path / "r")).to_list() == plain
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names.values())


def test_parquet_is_written_in_groups_so_memory_does_not_grow(tmp_path, demo_runs):
    one = next(rows(demo_runs[0]))
    count = _write_parquet((one for _ in range(2 * GROUP + 1)), tmp_path / "big.parquet")
    file = pq.ParquetFile(tmp_path / "big.parquet")
    assert count == 2 * GROUP + 1
    assert [file.metadata.row_group(i).num_rows for i in range(3)] == [GROUP, GROUP, 1]


def test_a_failed_export_leaves_what_was_there(tmp_path, demo_runs):
    target = tmp_path / "rows.parquet"
    target.write_text("what was there")

    def broken():
        yield next(rows(demo_runs[0]))
        raise KeyError("half way")

    with pytest.raises(KeyError):
        _write_parquet(broken(), target)
    assert target.read_text() == "what was there"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_is_there_is_not_overwritten(mmjudge, demo_runs, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    done = mmjudge("export", demo_runs[0], "--format", "dataset", "--out", tmp_path / "mine")
    assert done.code == 2
    assert "a new or empty folder" in done.err
    done = mmjudge("export", demo_runs[0], "--out", tmp_path / "mine")
    assert done.code == 2
    assert "is a folder; a file is needed" in done.err


def test_what_is_no_run_is_not_exported(mmjudge, tmp_path):
    done = mmjudge("export", tmp_path, "--out", tmp_path / "x.jsonl")
    assert done.code == 2
    assert not (tmp_path / "x.jsonl").exists()


def test_a_ranking_reads_as_candidates_from_best_to_worst():
    assert readable(Ranking(ranks=(3, 1, 1)), ["a", "b", "c"]) == "b = c > a"


def test_a_run_is_a_dataframe(demo_runs):
    frame = package.Run(demo_runs[1]).dataframe()
    assert len(frame) == 120
    assert frame["failure"].notna().sum() == (~frame["failure"].isna()).sum() > 0
