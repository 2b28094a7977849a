"""Fuzzed submissions: none is accepted, none crashes the check, nothing is left behind."""

import resource
import tempfile
from random import Random

import pytest

from mmjudge.errors import MmjudgeError
from mmjudge.leaderboard.submission import JSONL
from tests.leaderboard.malformed import KINDS, cases, malformed, unpack, write


@pytest.fixture
def fuzz(good, checked, tmp_path, monkeypatch):
    """Check so many malformed submissions."""
    scratch, entry = tmp_path / "scratch", tmp_path / "entry"
    scratch.mkdir()
    entry.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    files = {path.name: path.read_bytes() for path in good.iterdir()}

    def call(n, seed):
        accepted = []
        for number, bad in cases(files, n, seed):
            write(bad, entry)
            report = checked(entry)
            if report.accepted:
                accepted.append(number)
            else:
                assert report.problems
                assert all(str(p).isprintable() and len(str(p)) < 1500 for p in report.problems)
        assert not accepted, f"accepted: {accepted}"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["entry", "scratch"]
        assert not list(scratch.iterdir())

    return call


def test_300_malformed_submissions_are_all_rejected(fuzz):
    fuzz(300, seed=1)


@pytest.mark.slow
def test_10_000_malformed_submissions_are_all_rejected_in_half_a_gigabyte(fuzz):
    fuzz(10_000, seed=2)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 512 * 1024


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
