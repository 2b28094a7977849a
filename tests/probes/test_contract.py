"""Laws of every registered probe: what it may change, and what it must leave as it is."""

import re
from typing import Any, get_args

import pytest

from mmjudge.engine.refusal import refuse
from mmjudge.probes import Probe
from mmjudge.probes.base import BASELINE
from mmjudge.probes.catalog import ALL, PRESETS, choose
from mmjudge.probes.modality import MEDIA
from mmjudge.probes.neighbours import Neighbours
from mmjudge.probes.plan import Probing, content_digest, fits
from mmjudge.protocols import requests
from mmjudge.types import (
    Candidate,
    Item,
    JudgeCard,
    Media,
    Preference,
    ProtocolName,
    Record,
    Request,
    RunSettings,
)
from tests.engine.driven import SPEC, pair
from tests.probes.material import PROBES, asked, changed, fresh, loaded

EMPTY = ("master_key", "master_key_scored", "null_candidate", "null_candidate_scored")
EVERYTHING = JudgeCard(name="any", summary="Takes all.", protocols=get_args(ProtocolName))
WORST = (*EMPTY, "contradicting", "mixed")
"""Probes after which what they speak for must be the worse one."""
DRAWN = sorted(
    name
    for name, probe in PROBES.items()
    if "pair" in probe.card.protocols and probe.card.cue != "none" and name not in WORST
)
"""All others that speak for one of two."""
each_probe = pytest.mark.parametrize("probe", PROBES.values(), ids=PROBES)


@each_probe
def test_a_probe_can_be_asked_of_something_and_only_in_its_protocols(probe: Probe):
    asked_in = {request.protocol for request, _, _ in changed(probe.card.name)}
    assert asked_in
    assert asked_in <= set(probe.card.protocols)


@each_probe
def test_no_probe_fails_and_what_it_asks_can_be_put_to_a_judge(probe: Probe):
    for request, item, made in changed(probe.card.name):
        assert made.failure is None, (item.id, made.failure)
        assert refuse(made.request, EVERYTHING) is None, item.id
        assert made.request.probe == probe.card.name
        assert made.request.key != request.key


@each_probe
def test_a_probe_asks_the_same_every_time(probe: Probe):
    assert tuple(fresh(probe.card.name)) == changed(probe.card.name)


@each_probe
def test_what_a_request_is_about_stays(probe: Probe):
    kept = ("task", "item", "protocol", "repeat", "condition", "absent")
    for request, _, made in changed(probe.card.name):
        for name in kept:
            assert getattr(made.request, name) == getattr(request, name)
        assert made.request.criterion.name == request.criterion.name
        assert [c.id for c in made.request.candidates] == [
            request.candidates[request.order.index(place)].id for place in made.request.order
        ]


@each_probe
def test_content_changes_unless_the_probe_is_one_of_order_or_of_none(probe: Probe):
    for request, item, made in changed(probe.card.name):
        same = content_digest(made.request) == content_digest(request)
        backwards = made.request.order != request.order
        if probe.card.name != "order_swapped":  # two candidates may say the same
            assert same == (probe.card.name == BASELINE), item.id
        assert backwards == (probe.card.name == "order_swapped"), item.id


@each_probe
def test_a_probe_does_not_see_ids(probe: Probe):
    renamed = {
        (one.protocol, one.item, one.criterion.name): content_digest(made.request)
        for one, _, made in _renamed(probe)
    }
    for request, _, made in changed(probe.card.name):
        name = (request.protocol, f"x{request.item}", request.criterion.name)
        assert renamed[name] == content_digest(made.request)


def _renamed(probe: Probe) -> Any:
    """The same with other ids, of the task, the items and the candidates."""
    for protocol in probe.card.protocols:
        around = Neighbours(map(_other_ids, loaded(protocol)))
        for request, item in asked(protocol):
            new = {"item": f"x{item.id}", "task": "x@1", "key": "ff" * 16}
            candidates = tuple(
                one.model_copy(update={"id": f"x{one.id}"}) for one in request.candidates
            )
            other = request.model_copy(update=new | {"candidates": candidates})
            for _, made in Probing([probe], 0, around).again(other, _other_ids(item)):
                if made is not None:
                    yield other, item, made


def _other_ids(item: Record) -> Any:
    if not isinstance(item, Item):
        return item
    candidates = tuple(one.model_copy(update={"id": f"x{one.id}"}) for one in item.candidates)
    return item.model_copy(update={"id": f"x{item.id}", "candidates": candidates})


@each_probe
def test_a_cue_is_there_where_the_card_has_one_and_of_a_score_is_a_direction(probe: Probe):
    cues = {(request.protocol, made.cue) for request, _, made in changed(probe.card.name)}
    if probe.card.cue == "none":
        assert {cue for _, cue in cues} == {()}
        return
    assert all(cue for _, cue in cues)
    assert {cue for protocol, cue in cues if protocol == "score"} <= {(1,), (-1,)}


@pytest.mark.parametrize("name", WORST)
def test_a_cue_never_speaks_for_what_the_gold_prefers(name: str):
    for request, item, made in changed(name):
        gold = item.gold.get(request.criterion.name)
        if isinstance(gold, Preference) and gold.value in ("first", "second"):
            assert made.cue != (("first", "second").index(gold.value),), item.id


@pytest.mark.parametrize("name", DRAWN)
def test_what_changes_no_content_speaks_for_the_better_candidate_as_for_the_worse(name: str):
    seen = set()
    for n in range(12):
        for part in (f"text {n}", *(Media(modality=m, uri=f"{n}.{m}") for m in MEDIA)):
            candidates = tuple(Candidate(id=c, parts=(part,)) for c in "ab")
            item = pair(n, candidates=candidates, gold="first")
            for request in requests(SPEC, item, n, RunSettings(protocol="pair"), "judge"):
                ((_, made),) = Probing([PROBES[name]]).again(request, item)
                seen |= {made.cue} if made else set()
    assert seen == {(0,), (1,)}


@each_probe
def test_a_card_says_what_where_from_and_in_which_presets(probe: Probe):
    card = probe.card
    assert card.summary.endswith(".")
    assert re.search(r"read\b|not checked|own\b|no single source", card.source), card.source
    assert set(card.presets) <= set(PRESETS)


def test_keys_of_all_that_is_asked_differ():
    keys = [made.request.key for name in PROBES for _, _, made in changed(name)]
    keys += [r.key for protocol in get_args(ProtocolName) for r, _ in asked(protocol)]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("protocol", get_args(ProtocolName))
def test_what_does_not_fit_is_not_asked_and_all_else_is_tried(protocol: ProtocolName):
    probing = Probing(choose(ALL))
    for request, item in asked(protocol):
        names = [name for name, _ in probing.again(request, item)]
        assert names == list(PROBES)
        for name, made in probing.again(request, item):
            if not fits(PROBES[name].card, request):
                assert made is None


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_has_its_baseline_first(preset: str):
    names = [probe.card.name for probe in choose(preset)]
    assert names[0] == BASELINE
    assert len(names) > 4


def test_another_seed_draws_other_neighbours():
    first, second = ([m.request for _, _, m in changed("mismatched", s)] for s in (0, 1))
    assert len(first) == len(second)
    assert first != second


def test_a_twin_shows_the_same_item_in_another_modality():
    def kinds(request: Request) -> list[str]:
        parts = (*request.prompt, *(p for c in request.candidates for p in c.parts))
        return ["text" if isinstance(part, str) else part.modality for part in parts]

    for request, item, made in changed("swapped"):
        assert kinds(made.request) != kinds(request), item.id
