import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mmjudge.protocols import requests
from mmjudge.protocols.plan import balanced_order
from mmjudge.types import (
    Candidate,
    Criterion,
    Item,
    Media,
    PreferenceGold,
    Request,
    RunSettings,
    TaskCard,
    TaskSpec,
)

SPEC = TaskSpec(
    name="t",
    protocols=("pair", "score", "rank"),
    criteria=(Criterion(name="look", question="?"), Criterion(name="match", question="?")),
    modalities=("text",),
    card=TaskCard(summary="t"),
    primary="accuracy",
)
PAIR = RunSettings(protocol="pair", template="0")


def item(n: int = 2, **changes: Any) -> Item:
    fields = {
        "id": "1",
        "prompt": ("p", Media(modality="image", uri="a.png", sha256="0" * 64)),
        "candidates": tuple(Candidate(id=f"c{i}", parts=(f"answer {i}",)) for i in range(n)),
        "gold": {"look": PreferenceGold(value="first")},
    }
    return Item.model_validate(fields | changes)


def plan(it: Item, settings: RunSettings = PAIR, place: int = 0, judge: str = "j") -> list[Request]:
    return list(requests(SPEC, it, place, settings, judge))


@pytest.mark.parametrize("n", [2, 3, 5])
@pytest.mark.parametrize("seed", [0, 1])
def test_over_n_items_each_candidate_stands_once_in_each_slot(n: int, seed: int):
    for block in range(20):
        orders = [balanced_order(n, block * n + turn, seed) for turn in range(n)]
        for slot in range(n):
            assert sorted(order[slot] for order in orders) == list(range(n))


def test_gold_that_always_stands_first_is_shown_in_each_slot_half_of_the_time():
    slots = Counter(plan(item(), place=i)[0].order.index(0) for i in range(100))
    assert slots == {0: 50, 1: 50}


def test_another_seed_shows_another_order():
    orders = [[balanced_order(2, i, seed) for i in range(20)] for seed in (0, 1)]
    assert orders[0] != orders[1]


def test_both_orders_are_asked_for_each_criterion_and_repeat():
    found = plan(item(), PAIR.model_copy(update={"orders": "both", "repeats": 3}))
    asked = {(r.criterion.name, r.order, r.repeat) for r in found}
    assert len(found) == len(asked) == 2 * 2 * 3
    assert {order for _, order, _ in asked} == {(0, 1), (1, 0)}


def test_the_given_order_is_that_of_the_file():
    settings = PAIR.model_copy(update={"orders": "given"})
    assert {r.order for i in range(8) for r in plan(item(), settings, i)} == {(0, 1)}


def test_the_candidates_stand_in_the_order_of_the_request():
    for place in range(6):
        for request in plan(item(3), RunSettings(protocol="rank"), place):
            assert [c.id for c in request.candidates] == [f"c{i}" for i in request.order]


def test_only_the_criteria_of_the_item_are_asked():
    assert [r.criterion.name for r in plan(item(criteria=("match",)))] == ["match"]


SEEN = {
    "id": "2",
    "prompt": ("q",),
    "reference": ("r",),
    "candidates": (Candidate(id="a", parts=("x",)), Candidate(id="b", parts=("y",))),
}


@pytest.mark.parametrize("field", sorted(SEEN))
def test_a_key_changes_with_everything_that_the_judge_sees(field: str):
    before = {r.key for r in plan(item())}
    assert before.isdisjoint(r.key for r in plan(item(**{field: SEEN[field]})))


def test_a_key_changes_with_the_content_of_a_medium_and_not_with_its_path():
    def key(uri: str, sha256: str) -> str:
        return plan(item(prompt=(Media(modality="image", uri=uri, sha256=sha256),)))[0].key

    assert key("a.png", "0" * 64) == key("b.png", "0" * 64)
    assert key("a.png", "0" * 64) != key("a.png", "1" * 64)


def test_a_key_does_not_change_with_what_the_judge_never_sees():
    before = [r.key for r in plan(item())]
    candidates = tuple(c.model_copy(update={"system": "gpt"}) for c in item().candidates)
    for changes in ({"gold": {}}, {"strata": {"domain": "x"}}, {"candidates": candidates}):
        assert [r.key for r in plan(item(**changes))] == before


def test_text_that_moves_from_one_part_to_the_next_is_another_key():
    assert plan(item(prompt=("ab", "c")))[0].key != plan(item(prompt=("a", "bc")))[0].key
    assert plan(item(prompt=("a", "b")))[0].key != plan(item(prompt=("a\0b",)))[0].key


def test_a_key_changes_with_settings_task_and_judge():
    base = plan(item())[0]
    others = [
        plan(item(), judge="k")[0],
        plan(item(), PAIR.model_copy(update={"template": "1"}))[0],
        next(requests(SPEC.model_copy(update={"version": 2}), item(), 0, PAIR, "j")),
        plan(item(), PAIR.model_copy(update={"protocol": "rank"}))[0],
        plan(item())[1],
        plan(item(), PAIR.model_copy(update={"repeats": 2}))[1],
    ]
    assert len({base.key, *(r.key for r in others)}) == 7
    rubric = SPEC.criteria[0].model_copy(update={"rubric": "strict"})
    spec = SPEC.model_copy(update={"criteria": (rubric,)})
    assert next(requests(spec, item(), 0, PAIR, "j")).key != base.key


def test_keys_are_the_same_in_every_process(root: Path):
    script = "from tests.protocols.test_plan import *; print([r.key for r in plan(item())])"
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert found == {f"{[r.key for r in plan(item())]}\n"}
