"""One content in several presentations, put to judges of known habits."""

import hashlib

import pytest

import mmjudge
from mmjudge.scoring.pooled import pool
from mmjudge.scoring.score import score_run, score_table
from mmjudge.scoring.table import Table
from mmjudge.types import Reply
from tests.scoring.scoring_helpers import ListTask, Scripted, pair_item, spec

CONDITIONS = ("text", "sound", "transcript")
GOLDS = ("first", "second")
FLIPS, BASELINE, EXCESS = "presentation_flip_rate", "order_baseline", "presentation_excess"
CROSSED = f"{EXCESS}(shown=crossed)"
TEXT_SOUND = "condition=text/sound"


def presented(n=60, conditions=CONDITIONS, name="listed"):
    items = [
        pair_item(f"{i}/{condition}", GOLDS[i % 2], pair=str(i), condition=condition)
        for i in range(n)
        for condition in conditions
    ]
    return ListTask(spec("pair", name=name), items)


def chance(*words):
    """A number from 0 to 1 that is always the same for the same words."""
    return int(hashlib.sha256("/".join(map(str, words)).encode()).hexdigest()[:8], 16) / 2**32


def says(request, place):
    """The slot that shows the candidate at a place of the item."""
    return Reply(text=f"[[{'AB'[request.order.index(place)]}]]")


def number(request):
    return int(request.item.split("/")[0])


def condition(request):
    return request.item.split("/")[1]


def figures(task, habit, tmp_path, resamples=0, measures=(), **settings):
    settings = {"orders": "both", **settings}
    run = mmjudge.run(task=task, judge=Scripted(habit), out=tmp_path / "run", **settings)
    return {(r.metric, r.stratum): r for r in score_run(run.folder, resamples, (), measures)}


def test_a_judge_that_takes_the_same_from_each_presentation_has_no_flips(tmp_path):
    found = figures(presented(), lambda r: says(r, number(r) % 2), tmp_path)
    for stratum in (TEXT_SOUND, "condition=text/transcript", "condition=sound/transcript"):
        for name in (FLIPS, BASELINE, EXCESS):
            assert found[name, stratum].value == 0
            assert found[name, stratum].n_items == 60


def test_a_judge_that_turns_round_in_one_presentation_flips_there_as_often_as_it_does(tmp_path):
    def turns(request):
        turned = condition(request) == "sound" and number(request) % 4 == 0
        return says(request, (number(request) + turned) % 2)

    found = figures(presented(), turns, tmp_path)
    assert found[FLIPS, TEXT_SOUND].value == 0.25
    assert found[EXCESS, TEXT_SOUND].value == 0.25
    assert found[FLIPS, "condition=text/transcript"].value == 0


@pytest.mark.parametrize("leaning", [0.1, 0.5, 1.0])
def test_a_liking_for_the_first_slot_is_no_flip_between_presentations(tmp_path, leaning):
    def leans(request):
        slot_alone = chance(number(request)) < leaning
        return says(request, request.order[0] if slot_alone else number(request) % 2)

    found = figures(presented(400), leans, tmp_path, 0, (FLIPS, BASELINE, EXCESS, CROSSED))
    baseline = found[BASELINE, TEXT_SOUND].value
    assert baseline == sum(chance(i) < leaning for i in range(400)) / 400
    assert found[FLIPS, TEXT_SOUND].value == 0
    assert found[EXCESS, TEXT_SOUND].value == -baseline
    assert found[CROSSED, TEXT_SOUND].value == 0


@pytest.mark.parametrize("owed", [0.0, 0.2])
def test_what_is_owed_to_the_presentation_is_told_from_slot_and_chance(tmp_path, owed):
    """Of a judge with noise in every reply, and with a share of pairs that it turns in sound."""
    noise, n = 0.1, 2000

    def habit(request):
        turned = condition(request) == "sound" and chance("turn", number(request)) < owed
        slipped = chance("slip", request.item, request.order) < noise
        return says(request, (number(request) + turned + slipped) % 2)

    found = figures(presented(n, CONDITIONS[:2]), habit, tmp_path, 500, (EXCESS, CROSSED))
    by_chance = 2 * noise * (1 - noise)
    wanted = owed * (1 - 2 * by_chance)
    for name in (EXCESS, CROSSED):
        low, high = found[name, TEXT_SOUND].ci95
        assert low - 0.01 <= wanted <= high + 0.01
        assert (low > 0.1) is (owed > 0)


def test_failures_are_no_flips_and_are_counted(tmp_path):
    found = figures(
        presented(),
        lambda r: Reply(text="") if condition(r) == "sound" else says(r, 0),
        tmp_path,
    )
    assert found[FLIPS, TEXT_SOUND].value is None
    assert found[FLIPS, TEXT_SOUND].n_failed == 120
    assert found[FLIPS, "condition=text/transcript"].n_failed == 0


def test_without_both_orders_there_are_flips_and_no_baseline(tmp_path):
    found = figures(presented(), lambda r: says(r, 0), tmp_path, orders="given")
    assert found[FLIPS, TEXT_SOUND].value == 0
    assert found[BASELINE, TEXT_SOUND].value is None
    assert found[EXCESS, TEXT_SOUND].value is None


def test_only_what_both_presentations_have_is_compared(tmp_path):
    task = presented()
    task.items = [i for i in task.items if i.id.endswith("text") or int(i.strata["pair"]) < 20]
    found = figures(task, lambda r: says(r, 0), tmp_path)
    assert found[FLIPS, TEXT_SOUND].n_items == 20


def test_a_task_without_presentations_has_no_such_figure(tmp_path):
    items = [pair_item(str(i), "first", pair=str(i)) for i in range(6)]
    found = figures(ListTask(spec("pair"), items), lambda r: says(r, 0), tmp_path)
    assert not [metric for metric, _ in found if "presentation" in metric]
    assert (BASELINE, "all") not in found


def test_what_a_probe_asked_again_is_left_out(tmp_path):
    def shaken(request):
        return says(request, number(request) % 2 if request.probe is None else 0)

    found = figures(presented(), shaken, tmp_path, probes="rerun")
    assert found[FLIPS, TEXT_SOUND].value == 0
    assert found[BASELINE, TEXT_SOUND].value == 0


def test_presentations_of_a_content_are_drawn_together(tmp_path):
    luck = lambda r: says(r, 0 if chance(number(r)) < 0.5 else r.order[0])  # noqa: E731
    widths = []
    for together in (True, False):
        task = presented(200)
        if not together:
            task.items = [i.model_copy(update={"strata": {}}) for i in task.items]
        run = mmjudge.run(
            task=task, judge=Scripted(luck), out=tmp_path / str(together), orders="both"
        )
        found = {r.metric: r for r in score_run(run.folder, 2000, (), ("flip_rate",))}
        low, high = found["flip_rate"].ci95
        widths.append(high - low)
    assert widths[0] / widths[1] == pytest.approx(len(CONDITIONS) ** 0.5, rel=0.12)


def test_pairs_of_two_tasks_that_are_called_alike_are_not_one_content(tmp_path):
    tables = []
    for name, conditions in (("one", CONDITIONS[:1]), ("two", CONDITIONS[1:2])):
        task = presented(10, conditions, name)
        run = mmjudge.run(
            task=task,
            judge=Scripted(lambda r: says(r, 0)),
            orders="both",
            out=tmp_path / name,
        )
        tables.append(Table.load(run.folder))
    pooled = pool(tables)
    assert score_table(pooled, 0, measures=(FLIPS,)) == []
    assert len(set(pooled.units.tolist())) == 20
