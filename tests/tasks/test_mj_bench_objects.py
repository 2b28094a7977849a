"""Pairs whose gold is always the first image: what is shown first must not give it away."""

import json
from collections import Counter

from mmjudge.protocols import requests
from mmjudge.sources.folder import open_task
from mmjudge.task import BadItem
from mmjudge.types import Item, RunSettings


def test_gold_is_first_in_the_file_and_in_each_slot_equally_often_as_shown(shared_data):
    task = open_task("mj_bench_objects", shared_data / "benchmarks" / "mj_bench_objects")
    items = list(task.load("pair"))
    assert len(items) == 100
    assert {item.gold["quality"].value for item in items} == {"first"}
    slots = Counter(
        request.order.index(0)
        for place, item in enumerate(items)
        for request in requests(task.spec, item, place, RunSettings(protocol="pair"), "judge")
    )
    assert slots == {0: 50, 1: 50}


def test_every_image_is_there_and_no_two_pairs_share_one(shared_data):
    folder = shared_data / "benchmarks" / "mj_bench_objects"
    shown = [
        candidate.parts[0].uri
        for item in open_task("mj_bench_objects", folder).load("pair")
        for candidate in item.candidates
    ]
    assert len(set(shown)) == 200
    assert all((folder / uri).is_file() for uri in shown)


def test_a_row_that_is_wrong_is_named_and_the_rest_is_kept(small):
    folder = small("mj_bench_objects")
    path = folder / "captions.json"
    rows = json.loads(path.read_text())
    path.write_text(
        json.dumps([{**rows[0], "label_0": 3}, {**rows[1], "image_1": "../x"}, rows[2]])
    )
    found = list(open_task("mj_bench_objects", folder).load("pair"))
    assert [type(item) for item in found] == [BadItem, BadItem, Item]
    assert "row 0" in found[0].where
    assert "label_0" in found[0].problem
    assert "image_1" in found[1].problem


def test_a_label_the_other_way_round_is_gold_the_other_way_round(small):
    folder = small("mj_bench_objects")
    path = folder / "captions.json"
    rows = json.loads(path.read_text())
    path.write_text(json.dumps([{**row, "label_0": 0} for row in rows]))
    items = open_task("mj_bench_objects", folder).load("pair")
    assert {item.gold["quality"].value for item in items} == {"second"}
