"""Every probe of pictures on the real pairs of mj_bench_objects, with the judges at hand."""

from collections import defaultdict

import pytest

import mmjudge
from mmjudge.probes.catalog import choose, every_probe
from mmjudge.probes.neighbours import Neighbours
from mmjudge.probes.plan import Probing
from mmjudge.protocols import requests
from mmjudge.sources.folder import open_task
from mmjudge.store.run_store import RunStore
from mmjudge.types import Failure, RunSettings

PICTURES = tuple(p.card.name for p in every_probe() if p.card.modalities == ("image",))
PLAIN = None


@pytest.fixture
def judged(shared_data, tmp_path):
    """Judgments of a run on the pairs, by probe and item; asked plainly under None."""

    def go(judge, probes, limit=None):
        done = mmjudge.run(
            "mj_bench_objects",
            judge,
            data=shared_data / "benchmarks" / "mj_bench_objects",
            probes=probes,
            limit=limit,
            out=tmp_path / "run",
        )
        found = defaultdict(dict)
        with RunStore.open(done.folder) as store:
            for place, judgment in store.judgments():
                found[judgment.probe][place] = judgment
        return found

    return go


def changed(judgments, plain):
    return sum(j.outcome != plain[place].outcome for place, j in judgments.items())


def test_there_are_probes_that_are_of_pictures_alone():
    assert {"border", "blur", "brightness", "jpeg", "typographic", "watermark"} <= set(PICTURES)


def test_no_probe_moves_the_gold_of_a_real_pair(judged):
    found = judged("baseline:oracle", "all")
    assert set(PICTURES) < set(found)
    keeping = {p.card.name for p in every_probe() if p.card.keeps_gold}
    for name in keeping & set(found):
        assert all(j.outcome.value == "first" for j in found[name].values()), name
    assert all(len(found[name]) == 100 for name in PICTURES)


def test_what_speaks_for_a_picture_speaks_for_the_worse_one(judged):
    found = judged("baseline:oracle", PICTURES)
    cued = {name for name in PICTURES if all(j.cue for j in found[name].values())}
    assert {"border", "brightness", "typographic", "watermark"} <= cued
    assert all(j.cue == (1,) for name in cued for j in found[name].values())


def test_a_judge_that_does_not_look_is_moved_by_no_picture(judged):
    found = judged("baseline:first", PICTURES)
    for name in PICTURES:
        assert changed(found[name], found[PLAIN]) == 0


def test_pictures_of_another_pair_do_not_bring_the_gold_along(shared_data):
    task = open_task("mj_bench_objects", shared_data / "benchmarks" / "mj_bench_objects")
    items = list(task.load("pair"))
    probing = Probing(choose("mismatched"), 0, Neighbours(items))
    settings = RunSettings(protocol="pair", orders="both")
    clean = {item.candidates[0].parts[0] for item in items}
    kept = []
    for place, item in enumerate(items):
        shown = [
            made.request.candidates[made.request.order.index(0)].parts[0] in clean
            for request in requests(task.spec, item, place, settings, "judge")
            for _, made in probing.again(request, item)
        ]
        assert len(set(shown)) == 1, "both orders show the same"
        kept.append(shown[0])
    assert 35 <= sum(kept) <= 65


@pytest.mark.parametrize("limit", [12, pytest.param(None, marks=pytest.mark.slow)])
def test_a_scorer_answers_all_of_them_and_neither_order_nor_asking_again_moves_it(judged, limit):
    found = judged("clip:scenes-clip", ["rerun", "order_swapped", "border", "blind"], limit)
    for name in ("rerun", "order_swapped"):
        assert changed(found[name], found[PLAIN]) == 0
    assert changed(found["border"], found[PLAIN]) > 0
    assert not any(isinstance(j.outcome, Failure) for j in found["border"].values())
    assert {j.outcome.reason for j in found["blind"].values()} == {"unsupported"}
