"""Pairs of texts in classes of bias: what is read, what is refused, and the authors' counting."""

import json
import random
from collections import Counter

import pytest
from mmjudge_tasks import evalbiasbench

import mmjudge
from mmjudge.protocols import requests
from mmjudge.sources import github
from mmjudge.sources.folder import open_task
from mmjudge.task import BadItem, JudgedRow
from mmjudge.types import Failure, Item, Preference, Reply, RunSettings

CLASSES = {
    "length": 17,
    "concreteness": 14,
    "empty_reference": 13,
    "content_continuation": 12,
    "nested_instruction": 12,
    "familiar_knowledge_preference": 12,
}


@pytest.fixture
def pairs(shared_data):
    return shared_data / "benchmarks" / "evalbiasbench"


def rewritten(folder, change):
    path = folder / "biasbench.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    return list(open_task("evalbiasbench", folder).load("pair"))


def test_the_real_pairs_come_in_six_classes_with_gold_first_and_in_each_slot_alike(pairs):
    task = open_task("evalbiasbench", pairs)
    items = list(task.load("pair"))
    assert Counter(item.strata["bias"] for item in items) == CLASSES
    assert {item.gold["overall"].value for item in items} == {"first"}
    slots = Counter(
        request.order.index(0)
        for place, item in enumerate(items)
        for request in requests(task.spec, item, place, RunSettings(protocol="pair"), "judge")
    )
    assert slots == {0: 40, 1: 40}


def test_the_card_says_how_often_the_shorter_response_is_the_better(pairs, tmp_path):
    done = mmjudge.run("evalbiasbench", "baseline:shortest", data=pairs, out=tmp_path / "run")
    found = {(r.metric, r.stratum): r for r in done.scores(n_resamples=0, by=("bias",))}
    assert found["accuracy", "all"].value * 80 == pytest.approx(59)
    assert found["accuracy", "bias=length"].value == 1
    assert any("59 of 80" in flaw for flaw in open_task("evalbiasbench").spec.card.known_flaws)


def test_a_folder_may_be_a_checkout_of_the_repository_or_the_file_itself(small, tmp_path):
    file = small("evalbiasbench") / "biasbench.json"
    inner = tmp_path / "offsetbias" / "data" / "evalbiasbench"
    inner.mkdir(parents=True)
    (inner / "biasbench.json").write_bytes(file.read_bytes())
    wanted = list(open_task("evalbiasbench", file.parent).load("pair"))
    for data in (file, tmp_path / "offsetbias"):
        assert list(open_task("evalbiasbench", data).load("pair")) == wanted


def test_without_data_the_file_is_that_of_the_repository_at_its_commit(
    small, tmp_path, monkeypatch
):
    file = small("evalbiasbench") / "biasbench.json"
    monkeypatch.setenv("MMJUDGE_CACHE", str(tmp_path / "cache"))
    url = (
        "https://raw.githubusercontent.com/ncsoft/offsetbias/"
        f"{open_task('evalbiasbench').spec.card.revision}/{evalbiasbench.PLACE}"
    )
    served = {url: file.read_bytes()}
    monkeypatch.setattr(github, "_download", served.__getitem__)
    found = list(open_task("evalbiasbench").load("pair"))
    assert found == list(open_task("evalbiasbench", file).load("pair"))


def test_a_row_that_is_wrong_is_named_and_the_rest_is_kept(small):
    def spoil(content):
        content["nested_instruction"][0]["label"] = 3
        del content["length bias"][0]["response2"]

    first, second, third = rewritten(small("evalbiasbench"), spoil)
    assert isinstance(first, BadItem)
    assert "length bias 0" in first.where
    assert "response2" in first.problem
    assert isinstance(second, BadItem)
    assert "label" in second.problem
    assert isinstance(third, Item)
    assert third.id == "nested_instruction/01"


def test_a_label_of_two_is_gold_the_other_way_round(small):
    def turn(content):
        content["length bias"][0]["label"] = 2

    items = rewritten(small("evalbiasbench"), turn)
    assert [item.gold["overall"].value for item in items] == ["second", "first", "first"]


def counted(rows):
    """The authors' counting, from the slots as shown: 1, 2, 3 for a tie, 4 for no verdict."""
    right = {name: [] for name in ("single", "pair", "agree")}
    for given, swapped in rows:
        in_given, in_swapped = given == 1, swapped == 2
        right["single"] += [in_given, in_swapped]
        right["pair"].append(in_given and in_swapped)
        right["agree"].append({given, swapped} in ({1, 2}, {3}))
    return {name: 100 * sum(found) / len(found) for name, found in right.items()}


OUTCOMES = {
    1: ("first", "second"),
    2: ("second", "first"),
    3: ("tie", "tie"),
}
"""The verdict in item order of a slot that was chosen, in the given and in the swapped order."""


def outcome(said, swapped):
    if said == 4:
        return Failure(reason="ambiguous")
    return Preference(value=OUTCOMES[said][swapped])


@pytest.mark.parametrize("seed", range(5))
def test_the_rules_count_as_the_authors_do(pairs, seed):
    draw = random.Random(seed)
    task = open_task("evalbiasbench", pairs)
    said = {item.id: draw.choices((1, 2, 3, 4), k=2) for item in task.load("pair")}
    rows = [
        JudgedRow(item, "overall", order, 0, Reply(), outcome(said[item.id][place], place))
        for item in task.load("pair")
        for place, order in enumerate(((0, 1), (1, 0)))
    ]
    found = {
        (rule.name, table.stratum): table.statistic(*table.columns)
        for rule in task.published()
        for table in rule.tables(rows)
    }
    names = {"single": "single_accuracy", "pair": "pair_accuracy", "agree": "pair_agreement"}
    for bias in CLASSES:
        wanted = counted([s for name, s in said.items() if name.startswith(f"{bias}/")])
        for name, rule in names.items():
            value = found[f"evalbiasbench.{rule}", f"bias={bias}"]
            assert value == pytest.approx(wanted[name]), (bias, name)


def test_pairs_asked_in_one_order_have_an_accuracy_and_no_figure_of_both(pairs, tmp_path):
    done = mmjudge.run(
        "evalbiasbench", "baseline:oracle", data=pairs, orders="balanced", out=tmp_path / "run"
    )
    found = {r.metric: r.value for r in done.scores(n_resamples=0) if "." in r.metric}
    assert found == {"evalbiasbench.single_accuracy": 100}


def test_a_judge_that_takes_the_first_slot_is_half_right_and_never_in_both(pairs, tmp_path):
    done = mmjudge.run(
        "evalbiasbench", "baseline:first", data=pairs, orders="both", out=tmp_path / "run"
    )
    found = {r.metric: r.value for r in done.scores(n_resamples=0)}
    assert found["accuracy"] == 0.5
    assert found["evalbiasbench.single_accuracy"] == 50
    assert found["evalbiasbench.pair_accuracy"] == found["evalbiasbench.pair_agreement"] == 0
