"""Flags for a reviewer: each is raised by the judge that it is there for, and by no honest one."""

import shutil

import pytest

from mmjudge.leaderboard.cache import Cache
from mmjudge.leaderboard.submissions.check import check
from mmjudge.leaderboard.submissions.plans import Sources
from mmjudge.types import Reply
from tests.leaderboard.entries import Writer, edit_meta, luck, submit, write_task


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    return write_task(tmp_path_factory.mktemp("rated") / "small", n=60, rated=True)


def honest(request):
    """Right in most items, and moved by the order now and then."""
    right = "AB"[request.order.index(int(request.item[1:]) % 2)]
    return luck(request) if luck(request, "unsure") == luck(request, "very") == "A" else right


@pytest.fixture(scope="module")
def honest_entry(task, tmp_path_factory):
    return submit(task, Writer(honest), tmp_path_factory.mktemp("honest"))


@pytest.fixture
def flags(task):
    def call(entry, against=None):
        report = check(entry, Sources([task]), against, resamples=20)
        assert report.accepted, report.problems
        return {flag.name: flag.detail for flag in report.flags}

    return call


def test_an_honest_judge_raises_no_flag(flags, honest_entry):
    assert flags(honest_entry) == {}


@pytest.mark.parametrize("seen", ["slots", "candidates"])
def test_a_constant_judge_is_flagged(flags, task, tmp_path, seen):
    def always(request):
        return "A" if seen == "slots" else "AB"[request.order.index(0)]

    found = flags(submit(task, Writer(always), tmp_path))
    assert f"one verdict over {seen} in 120 of 120" in found["constant verdicts"]


def test_a_judge_that_no_order_moves_is_flagged(flags, task, tmp_path):
    def firm(request):
        preferred = luck(request.model_copy(update={"order": ()})) == "A"
        return "AB"[request.order.index(int(preferred))]

    assert "of 60 changes" in flags(submit(task, Writer(firm), tmp_path))["no order noise"]


def test_agreement_above_that_among_people_is_flagged(flags, task, tmp_path):
    def oracle(request):
        return "AB"[request.order.index(int(request.item[1:]) % 2)]

    found = flags(submit(task, Writer(oracle), tmp_path))
    assert "accuracy 1.000, a person reaches 0.800" in found["above the human ceiling"]


def test_replies_without_usage_are_flagged(flags, task, tmp_path):
    class Silent(Writer):
        def _reply(self, request):
            return Reply(text=super()._reply(request).text)

    found = flags(submit(task, Silent(honest), tmp_path))
    assert "tokens_in, tokens_out, latency_s" in found["missing usage"]


def test_many_failures_are_flagged(flags, task, tmp_path):
    class Shy(Writer):
        def _reply(self, request):
            return super()._reply(request) if luck(request) == "A" else Reply(text="Hard to say.")

    assert "of 120" in flags(submit(task, Shy(honest), tmp_path))["many failures"]


def test_a_copy_of_another_entry_is_flagged_and_another_judge_is_not(
    flags, task, honest_entry, tmp_path
):
    others = tmp_path / "others"
    shutil.copytree(honest_entry, others / "theirs")

    class Reworded(Writer):
        def _reply(self, request):
            text = f"I have my own words.\n[[{self.choose(request)}]]"
            return Reply(text=text, tokens_in=1, tokens_out=1, latency_s=1.0)

    copied = submit(task, Reworded(honest, "mine"), tmp_path / "copied", said={"judge": "Other"})
    found = flags(copied, others)
    assert "verdicts of another entry" in found
    assert "replies of another entry" not in found
    own = submit(task, Writer(luck, "lucky"), tmp_path / "own", said={"judge": "Lucky"})
    assert "verdicts of another entry" not in flags(own, others)


def test_replies_word_for_word_are_flagged(flags, honest_entry, tmp_path):
    shutil.copytree(honest_entry, tmp_path / "others" / "theirs")
    found = flags(honest_entry, tmp_path / "others")
    assert "120 of 120 longer replies" in found["replies of another entry"]


@pytest.mark.parametrize("name", ["Wr1ter-7b", "Wríter_7B", "Writer 7BB"])
def test_a_name_that_looks_like_another_one_is_flagged(flags, honest_entry, tmp_path, name):
    near = shutil.copytree(honest_entry, tmp_path / "others" / "near")
    edit_meta(near, judge=name, contact="@somebody")
    assert "near-copy name" in flags(honest_entry, tmp_path / "others")


def test_names_apart_or_of_the_same_contact_are_not_flagged(flags, honest_entry, tmp_path):
    other = shutil.copytree(honest_entry, tmp_path / "others" / "apart")
    edit_meta(other, judge="Reader 70B", contact="@somebody")
    assert "near-copy name" not in flags(honest_entry, tmp_path / "others")
    edit_meta(other, judge="Writer 8B", contact="judge@example.org")
    assert "near-copy name" not in flags(honest_entry, tmp_path / "others")


def test_a_task_that_the_judge_was_trained_on_is_flagged(flags, task, tmp_path):
    said = {"training_data": {"known": "part", "datasets": [], "overlaps": ["small"]}}
    assert "small" in flags(submit(task, Writer(honest), tmp_path, said=said))["contaminated"]


def test_a_broken_entry_beside_it_is_passed_over(flags, honest_entry, tmp_path):
    broken = shutil.copytree(honest_entry, tmp_path / "others" / "broken")
    (broken / "run.json").write_text("{", encoding="utf-8")
    (broken / "meta.yaml").write_text("&a x", encoding="utf-8")
    assert flags(honest_entry, tmp_path / "others") == {}


def test_another_entry_is_read_once_however_often_copies_are_looked_for(
    task, honest_entry, tmp_path, monkeypatch
):
    kept, sources = Cache(tmp_path / "cache"), Sources([task])
    shutil.copytree(honest_entry, tmp_path / "others" / "one")
    first = check(honest_entry, sources, tmp_path / "others", resamples=0, cache=kept)

    def never(*_):
        raise AssertionError("an unchanged entry was read again")

    monkeypatch.setattr("mmjudge.leaderboard.submissions.likeness.rebuild_submission", never)
    again = check(honest_entry, sources, tmp_path / "others", resamples=0, cache=kept)
    assert again.flags == first.flags
    assert "verdicts of another entry" in {flag.name for flag in again.flags}


def test_judges_that_fail_alike_are_no_copies_of_each_other(flags, task, tmp_path):
    def silent(request):
        return "A" if int(request.item[1:]) < 5 else "?"

    for name in ("mine", "theirs"):
        submit(task, Writer(silent, name), tmp_path / name, said={"judge": name * 3})
    found = flags(tmp_path / "mine" / "entry", tmp_path / "theirs")
    assert "verdicts of another entry" not in found
