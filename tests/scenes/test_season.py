"""Secret seasons: the public part tells nothing, and both parts make the whole."""

import hashlib
import json

import pytest
from scipy import stats
from typer.testing import CliRunner

import mmjudge
from mmjudge.cli import app
from mmjudge.errors import MmjudgeError
from mmjudge.scenes.pack import Wanted, generate
from mmjudge.scenes.season import commitment, join, read_seed, season
from mmjudge.sources.folder import FolderTask

SECRET = "a secret of the season, 2027, which nobody guesses\n"
WANTED = Wanted("", 48, ("text->image", "image->text", "audio->text", "image->image"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("season")
    (folder / "seed.txt").write_text(SECRET)
    season(WANTED, folder / "seed.txt", folder / "out")
    generate(Wanted(SECRET.strip(), WANTED.items, WANTED.directions), folder / "whole")
    return folder


def test_the_public_part_holds_neither_gold_nor_seed_nor_facts(made):
    public = made / "out" / "public"
    names = {path.name for path in public.iterdir()}
    assert names == {"task.yaml", "manifest.json", "media"} | {
        f"items.{p}.jsonl" for p in ("pair", "score", "rank")
    }
    for path in public.glob("*.*"):
        text = path.read_text()
        assert SECRET.strip() not in text
        assert '"gold"' not in text
        assert "breaks" not in text
    fields = {
        key
        for path in public.glob("items.*.jsonl")
        for line in path.read_text().splitlines()
        for key in json.loads(line)
    }
    assert fields == {"id", "prompt", "candidates", "criteria", "strata"}


@pytest.mark.parametrize("protocol", ["pair", "score", "rank"])
def test_both_parts_make_exactly_what_generate_makes_of_the_secret(made, protocol):
    out = made / "out"
    lines = (out / "private" / "gold.jsonl").read_text().splitlines()
    ids = {line["item"]: line["made"] for line in map(json.loads, lines)}
    joined = {}
    for item in join(out / "public", out / "private", protocol):
        row = item.model_dump(mode="json", exclude_none=True)
        row["strata"]["twin"] = ids[row["strata"]["twin"]]
        joined[ids[row.pop("id")]] = row
    lines = (made / "whole" / f"items.{protocol}.jsonl").read_text().splitlines()
    whole = {row.pop("id"): row for row in map(json.loads, lines)}
    assert joined == whole


def test_neither_ids_nor_order_nor_times_tell_where_in_the_season_an_item_was_made(made):
    public, private = made / "out" / "public", made / "out" / "private"
    ids = [
        json.loads(line)["id"] for line in (public / "items.pair.jsonl").read_text().splitlines()
    ]
    assert ids == sorted(ids)
    gold = map(json.loads, (private / "gold.jsonl").read_text().splitlines())
    order = [line["item"] for line in gold if line["protocol"] == "pair"]
    places = [ids.index(item) for item in order]
    assert abs(stats.spearmanr(places, range(len(places))).statistic) < 0.5
    assert not {name for name in ids if "image" in name or "-" in name}
    assert {path.stat().st_mtime for path in public.rglob("*")} == {0}


def test_the_order_of_criteria_does_not_tell_which_of_them_is_kept(tmp_path):
    """As made, the second one always is, and its gold a tie."""
    (tmp_path / "seed.txt").write_text(SECRET)
    wanted = Wanted("", 96, ("audio->text",), ("easy",), ("pair",), twins=False)
    season(wanted, tmp_path / "seed.txt", tmp_path / "out")
    lines = (tmp_path / "out" / "private" / "gold.jsonl").read_text().splitlines()
    about = {line["item"]: list(line["gold"])[1] for line in map(json.loads, lines)}
    public = tmp_path / "out" / "public" / "items.pair.jsonl"
    rows = [json.loads(line) for line in public.read_text().splitlines()]
    several = [row for row in rows if len(row["criteria"]) > 2]
    assert all(row["criteria"][1:] == sorted(row["criteria"][1:]) for row in rows)
    places = [row["criteria"].index(about[row["id"]]) for row in several]
    assert {1, 2} == set(places)


def test_a_judge_runs_on_the_public_part_and_the_oracle_knows_nothing_there(made, tmp_path):
    public = str(made / "out" / "public")
    run = mmjudge.run(public, "baseline:first", out=tmp_path / "first")
    assert run.stats.failed == 0
    run = mmjudge.run(public, "baseline:oracle", out=tmp_path / "oracle")
    assert run.stats.failed == run.stats.judged > 0


def test_the_public_manifest_commits_to_the_private_gold(made):
    public, private = made / "out" / "public", made / "out" / "private"
    manifest = json.loads((public / "manifest.json").read_text())
    assert "seed" not in manifest
    assert manifest["commitment"] == commitment(SECRET.strip(), private)
    assert manifest["commitment"] != commitment(SECRET.strip() + "x", private)
    for name, sha in manifest["files"].items():
        assert hashlib.sha256((public / name).read_bytes()).hexdigest() == sha


def test_gold_that_is_missing_or_left_over_is_named(made, tmp_path):
    public, private = made / "out" / "public", made / "out" / "private"
    lines = (private / "gold.jsonl").read_text().splitlines(keepends=True)
    pairs = [line for line in lines if '"protocol":"pair"' in line]
    (tmp_path / "gold.jsonl").write_text("".join(pairs[1:]))
    with pytest.raises(MmjudgeError, match="no gold for item"):
        list(join(public, tmp_path, "pair"))
    extra = pairs[0].replace('"item":"', '"item":"x')
    (tmp_path / "gold.jsonl").write_text("".join([*pairs, extra]))
    with pytest.raises(MmjudgeError, match=r"which .* has not"):
        list(join(public, tmp_path, "pair"))
    (tmp_path / "gold.jsonl").write_text(pairs[0][:-9])
    with pytest.raises(MmjudgeError, match=r"gold\.jsonl:1: .*cut off"):
        list(join(public, tmp_path, "pair"))


def test_a_secret_that_can_be_guessed_is_refused_with_a_way_to_make_one(tmp_path):
    (tmp_path / "seed.txt").write_text("2027\n")
    words = ["scenes", "season", "--seed-file", str(tmp_path / "seed.txt"), "--items", "1"]
    done = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert "32 or more characters is needed, found 4" in done.stderr
    assert "secrets.token_hex" in done.stderr
    (tmp_path / "seed.txt").write_text("a" * 64)
    done = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "out")])
    assert "8 or more different characters is needed, found 1" in done.stderr
    assert not (tmp_path / "out").exists()
    done = CliRunner().invoke(app, [*words[:3], "no-such-file", *words[4:], "--out", "x"])
    assert done.exit_code == 2
    assert "no-such-file: cannot be read" in done.stderr


def test_the_mark_that_some_editors_write_is_no_part_of_the_secret(tmp_path):
    (tmp_path / "seed.txt").write_text(SECRET, encoding="utf-8-sig")
    assert read_seed(tmp_path / "seed.txt") == SECRET.strip()


def test_the_command_says_what_to_publish_and_what_to_keep(tmp_path):
    (tmp_path / "seed.txt").write_text(SECRET)
    words = ["scenes", "season", "--seed-file", str(tmp_path / "seed.txt"), "--items", "2"]
    words += ["--direction", "text->image", "--workers", "1", "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0
    assert f"publish {tmp_path / 'out' / 'public'}; keep" in done.stderr
    assert (tmp_path / "out" / "private").stat().st_mode & 0o077 == 0


def test_a_season_has_the_name_that_it_is_given_so_that_a_board_can_hold_several(tmp_path):
    (tmp_path / "seed.txt").write_text(SECRET)
    words = ["scenes", "season", "--seed-file", str(tmp_path / "seed.txt"), "--items", "2"]
    words += ["--direction", "text->image", "--workers", "1"]
    done = CliRunner().invoke(app, [*words, "--name", "season_2", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0
    assert FolderTask(tmp_path / "out" / "public").spec.label == "season_2@1"
    done = CliRunner().invoke(app, [*words, "--name", "Season 2", "--out", str(tmp_path / "no")])
    assert done.exit_code == 2
    assert "'Season 2' is no name of a task" in done.stderr
