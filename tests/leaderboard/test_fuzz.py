"""Fuzzed submissions: none is accepted, none crashes the check, nothing is left behind."""

import sys
from random import Random

import pytest

from mmjudge.errors import MmjudgeError
from mmjudge.leaderboard.submissions.submission import JSONL
from tests.leaderboard.malformed import (
    KINDS,
    MOST_REPEATED,
    bloat,
    cases,
    decoded,
    malformed,
    repeat_a_line,
    unpack,
    write,
)
from tests.leaderboard.measured import CHECK, ONE_MIB, Checker

MOST_MEMORY = 512 * ONE_MIB


@pytest.fixture
def fuzz(good, small_task, tmp_path):
    """Check so many malformed submissions in a process of its own; its peak is returned, bytes."""
    scratch, entry = tmp_path / "scratch", tmp_path / "entry"
    scratch.mkdir()
    entry.mkdir()
    files = {path.name: path.read_bytes() for path in good.iterdir()}

    def call(n, seed, check=CHECK):
        accepted, peak = [], 0
        with Checker(small_task, scratch, check) as checker:
            for number, bad in cases(files, n, seed):
                write(bad, entry)
                answer = checker(entry)
                if answer.accepted:
                    accepted.append(number)
                else:
                    assert answer.problems
                    assert all(said.isprintable() and len(said) < 1500 for said in answer.problems)
                peak = answer.peak
        assert not accepted, f"accepted: {accepted}"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["entry", "scratch"]
        assert not list(scratch.iterdir())
        return peak

    return call


def test_120_malformed_submissions_are_all_rejected(fuzz):
    peak = fuzz(120, seed=1)
    assert peak < MOST_MEMORY or sys.platform != "linux"  # there it is read from /proc


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")


@on_linux
@pytest.mark.slow
def test_10_000_malformed_submissions_are_all_rejected_in_half_a_gigabyte(fuzz):
    assert fuzz(10_000, seed=2) < MOST_MEMORY


@on_linux
def test_a_check_that_takes_more_for_a_moment_is_noticed(fuzz):
    assert fuzz(1, seed=2, check="tests.leaderboard.measured:hungry") > MOST_MEMORY


def test_a_line_that_was_bloated_is_not_repeated_into_gigabytes(good):
    files = {path.name: path.read_bytes() for path in good.iterdir()}
    for number in range(3):
        bad, random = dict(files), Random(number)
        bloat(bad, random)
        repeat_a_line(bad, random)
        assert len(decoded(bad)) < MOST_REPEATED + 4 * ONE_MIB


def flipped(files, n):
    """Single bits of the compressed judgments, flipped."""
    for number in range(n):
        raw, random = bytearray(files[JSONL]), Random(number)
        raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
        yield files | {JSONL: bytes(raw)}


def test_a_flipped_bit_is_rejected_or_changes_the_reply_alone(good, checked, tmp_path):
    files = {path.name: path.read_bytes() for path in good.iterdir()}
    facts = [{**line, "reply": None} for line in unpack(files[JSONL])]
    for bad in flipped(files, 20):
        write(bad, tmp_path)
        if checked(tmp_path).accepted:
            assert [{**line, "reply": None} for line in unpack(bad[JSONL])] == facts


def test_every_kind_of_damage_changes_the_submission(good):
    files = {path.name: path.read_bytes() for path in good.iterdir()}
    for kind in KINDS:
        changed = dict(files)
        kind(changed, Random(3))
        assert changed != files, kind.__name__
    assert malformed(files, Random(1)) == malformed(files, Random(1))


def test_the_good_one_is_accepted_so_that_a_rejection_says_something(good, checked):
    assert checked(good).accepted
    with pytest.raises(MmjudgeError):
        checked(good / "nowhere")
