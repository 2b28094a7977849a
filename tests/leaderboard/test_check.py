"""`check`: what is accepted, recomputed, and said of what is wrong."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from mmjudge.cli import app
from mmjudge.errors import MmjudgeError
from mmjudge.leaderboard.submissions.check import check
from mmjudge.leaderboard.submissions.plans import Sources
from mmjudge.leaderboard.submissions.submission import JSONL, META, RUN
from mmjudge.scoring.score import score_run
from tests.leaderboard.entries import (
    Writer,
    edit_meta,
    edit_run,
    luck,
    read_lines,
    submit,
    write_lines,
    write_task,
)


def test_what_pack_wrote_is_accepted_with_the_figures_of_the_run(good, checked):
    report = checked(good)
    assert report.accepted
    assert not report.problems
    wanted = score_run(good.parent / "run", n_resamples=0, measures=("accuracy",))
    assert list(report.runs[0].figures) == wanted


def test_probes_are_planned_and_read_again(small_task, checked, tmp_path):
    entry = submit(small_task, Writer(luck), tmp_path, probes="rerun,authority,order_swapped")
    report = checked(entry)
    assert report.accepted
    assert report.runs[0].judgments > 20
    lines = [line for line in read_lines(entry) if line.get("probe") != "authority"]
    write_lines(entry, lines)
    assert "probe authority" in checked(entry).problems[0].found


def test_a_verdict_is_read_from_the_raw_reply_alone(entry, checked):
    before = checked(entry).runs[0].figures[0].value
    swapped = {"[[A]]": "[[B]]", "[[B]]": "[[A]]"}
    lines = read_lines(entry)
    for line in lines:
        text = line["reply"]["text"]
        line["reply"]["text"] = text[:-5] + swapped[text[-5:]]
    write_lines(entry, lines)
    assert checked(entry).runs[0].figures[0].value == pytest.approx(1 - before)


@pytest.mark.parametrize("where", ["line", "reply"])
def test_a_typed_verdict_or_score_is_refused(entry, checked, where):
    lines = read_lines(entry)
    verdict = {"kind": "preference", "value": "first"}
    if where == "line":
        lines[0]["outcome"] = verdict
    else:
        lines[0]["reply"] = {"verdict": verdict}
    write_lines(entry, lines)
    report = checked(entry)
    assert not report.accepted
    assert report.problems[0].line == 1


def test_a_baseline_is_asked_again(checked, small_task, tmp_path):
    from mmjudge import run
    from mmjudge.leaderboard.submissions.pack import pack
    from tests.leaderboard.entries import META_SAID

    done = run(str(small_task), "baseline:random", out=tmp_path / "run")
    pack([done.folder], tmp_path / "entry", META_SAID | {"revision": "1"})
    assert checked(tmp_path / "entry").accepted
    lines = read_lines(tmp_path / "entry")
    for line in lines:
        line["reply"]["verdict"]["value"] = "first"
    write_lines(tmp_path / "entry", lines)
    report = checked(tmp_path / "entry")
    assert {problem.field for problem in report.problems} == {"reply.verdict"}


def test_missing_extra_and_repeated_keys_are_counted(entry, checked):
    lines = read_lines(entry)
    stranger = {**lines[0], "key": "0" * 32}
    write_lines(entry, [*lines[3:], lines[5], stranger, stranger])
    report = checked(entry)
    said = " ".join(problem.found for problem in report.problems)
    assert "no reply to 3 of 20 requests" in said
    assert "which small@1 pair does not ask" in said
    assert f"{lines[5]['key']} (item {lines[5]['item']!r}) again" in said
    assert report.n_problems == 4


def test_a_partial_run_is_rejected_and_one_of_a_stratum_is_flagged(small_task, checked, tmp_path):
    first = submit(small_task, Writer(luck), tmp_path / "limit", limit=7)
    assert "no reply to 6 of 20 requests" in checked(first).problems[0].found
    part = submit(small_task, Writer(luck), tmp_path / "where", where={"half": "1"})
    report = checked(part)
    assert report.accepted
    assert report.runs[0].items == 5
    assert "partial" in {flag.name for flag in report.flags}


@pytest.mark.parametrize(
    ("field", "value"),
    [("item", "i8"), ("criterion", "looks"), ("order", [0, 1, 2]), ("repeat", 4), ("probe", "x")],
)
def test_a_line_that_says_other_things_than_its_key_is_refused(entry, checked, field, value):
    lines = read_lines(entry)
    lines[2][field] = value
    write_lines(entry, lines)
    (problem,) = checked(entry).problems
    assert (problem.line, problem.field, problem.file) == (3, field, JSONL)


def test_all_errors_are_said_at_once_each_with_what_to_do(entry, checked):
    edit_meta(entry, contact="me", licence="", links=["http://example.org"])
    edit_run(entry, lambda content: content["runs"][0]["settings"].update(seed="seven"))
    lines = read_lines(entry)
    (entry / "scores.json").write_text("{}", encoding="utf-8")
    write_lines(entry, lines)
    problems = checked(entry).problems
    assert {(p.file, p.field) for p in problems} == {
        (str(entry), ""),
        (META, "contact"),
        (META, "licence"),
        (META, "links.0"),
        (RUN, "runs.0.settings.seed"),
    }
    assert all(p.found and p.allowed and p.next_step for p in problems)
    assert {p.file: p.line for p in problems if p.field == "contact"} == {META: 1}


def test_lines_are_read_to_the_end_and_alike_problems_are_counted(entry, checked):
    lines = read_lines(entry)
    for line in lines[:12]:
        line["reply"]["text"] = 7
    write_lines(entry, lines)
    report = checked(entry)
    bad = [problem for problem in report.problems if problem.field == "reply.text"]
    assert sum(problem.count for problem in bad) == 12
    assert len(bad) < 10
    assert any("no reply to 12" in problem.found for problem in report.problems)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda run: run.update(task="nowhere@1"), "unknown task"),
        (lambda run: run.update(task="small@2"), "small@1"),
        (lambda run: run["settings"].update(protocol="rank"), "pair"),
        (lambda run: run["settings"].update(repeats=10**9), "at most 100"),
        (lambda run: run["settings"].update(where={"half": "7"}), "something is asked"),
        (lambda run: run["judge"].update(fingerprint=""), "1 to 200 visible"),
        (lambda run: run.update(probes={"authority": 1}), "no other"),
    ],
)
def test_settings_that_cannot_be_planned_name_what_is_allowed(entry, checked, change, said):
    edit_run(entry, lambda content: change(content["runs"][0]))
    report = checked(entry)
    assert not report.accepted
    assert any(said in problem.allowed for problem in report.problems)


def test_meta_must_agree_with_the_run(entry, checked):
    edit_meta(entry, revision="8", parameters={"t": 0.0})
    assert {problem.field for problem in checked(entry).problems} == {"revision", "parameters"}


def test_a_task_whose_items_changed_asks_for_other_keys(good, tmp_path):
    changed = write_task(tmp_path / "small")
    text = (changed / "items.jsonl").read_text(encoding="utf-8")
    text = text.replace('"answer a of 3"', '"answer a of three"')
    (changed / "items.jsonl").write_text(text, encoding="utf-8")
    report = check(good, Sources([changed]), resamples=0)
    assert "no reply to 2 of 20" in " ".join(p.found for p in report.problems)


def test_nothing_is_written_beside_or_into_the_submission(entry, checked, tmp_path):
    before = {path: path.read_bytes() for path in entry.iterdir()}
    checked(entry)
    assert {path: path.read_bytes() for path in entry.iterdir()} == before
    assert list(tmp_path.iterdir()) == [entry]


def test_the_command_ends_with_0_1_or_2(entry, small_task, tmp_path):
    def call(*words):
        return CliRunner().invoke(app, ["leaderboard", "check", *map(str, words)])

    done = call(entry, "--task", small_task, "--resamples", 20)
    assert done.exit_code == 0
    assert "accepted" in done.stdout
    edit_meta(entry, contact="\x1b[31mme")
    done = call(entry, "--task", small_task)
    assert done.exit_code == 1
    assert "meta.yaml:1: contact: found '\\x1b[31mme'" in done.stdout
    report = json.loads(call(entry, "--task", small_task, "--json").stdout)
    assert report["problems"][0].keys() >= {"file", "line", "field", "found", "allowed"}
    assert call(tmp_path / "nowhere").exit_code == 2


def test_an_archive_is_not_unpacked(entry, checked, tmp_path):
    archive = shutil.make_archive(str(tmp_path / "entry"), "zip", entry)
    with pytest.raises(MmjudgeError, match="archives are never unpacked"):
        checked(tmp_path / archive)


def test_a_season_is_scored_by_gold_that_the_judge_never_saw(tmp_path):
    from mmjudge.scenes.pack import Wanted
    from mmjudge.scenes.season import season

    secret = "a secret of this test, and of no season at all"
    (tmp_path / "secret.txt").write_text(secret, encoding="utf-8")
    wanted = Wanted("", 4, ("text->image",), ("easy",), ("pair",))
    season(wanted, tmp_path / "secret.txt", tmp_path / "season")
    public, private = tmp_path / "season" / "public", tmp_path / "season" / "private"
    probes = "rerun,authority"  # the latter pulls to the worse one, which the gold would tell
    entry = submit(public, Writer(luck), tmp_path, probes=probes)
    (name,) = Sources([public]).folders
    blind = check(entry, Sources([public]), resamples=0)
    seen = check(entry, Sources([public], gold={name: private}), resamples=0)
    assert blind.accepted
    assert seen.accepted
    assert not blind.runs[0].figures
    assert seen.runs[0].figures[0].value is not None
    with pytest.raises(MmjudgeError, match="unknown task folder"):
        Sources([public], gold={"other": private})
