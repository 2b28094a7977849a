"""What every registered task comes to in the engine: judges whose figures are known beforehand."""

import json
import math
import os
import subprocess
import sys
from collections import defaultdict

import numpy as np
import pytest
from scipy.stats import kendalltau

import mmjudge
from mmjudge.metrics import Measure
from mmjudge.protocols import parse, render, requests
from mmjudge.registry import TASKS, registry
from mmjudge.sources.folder import open_task
from mmjudge.task import checked
from mmjudge.types import (
    Answers,
    Preference,
    Ranking,
    Reply,
    RunSettings,
    Score,
    Steps,
)
from tests.tasks.samples import NAMES, SAMPLES
from tests.tasks.sayings import SAYINGS

CASES = [(name, p) for name in NAMES for p in registry(TASKS).load(name).spec.protocols]


@pytest.fixture
def task(small, name):
    return open_task(name, small(name))


def gold_of(task, protocol):
    """The gold of each criterion in the order of the items, and how many candidates each has."""
    found = defaultdict(list)
    for item in checked(task, protocol):
        for criterion, gold in item.gold.items():
            found[criterion].append(gold)
    return found


def figures(task, protocol, judge, measure, orders, out):
    run = mmjudge.run(task, judge, protocol=protocol, orders=orders, out=out)
    results = run.scores(n_resamples=0, measures=(measure,))
    return {r.criterion: r.value for r in results if r.stratum == "all"}


# The gold itself

PERFECT = {
    "pair": "accuracy",
    "score": "mae",
    "rank": "rank_tau_b",
    "checklist": "question_accuracy",
    "steps": "step_accuracy(types=apart)",
}


def best(measure):
    low, high = Measure.parse(measure).spec.bounds
    return high if Measure.parse(measure).spec.direction == "higher" else low


@pytest.mark.parametrize(("name", "protocol"), CASES)
def test_the_gold_itself_is_perfect_in_either_order(task, tmp_path, name, protocol):
    spec, gold = task.spec, gold_of(task, protocol)
    if not gold:
        pytest.skip("no gold in this protocol: its measures need none")
    if protocol == "checklist" and isinstance(next(iter(gold.values()))[0], Score):
        pytest.skip("of n questions there are n + 1 shares: the golds between are not told apart")
    measure = spec.primary if protocol == spec.protocols[0] else PERFECT[protocol]
    found = figures(task, protocol, "baseline:oracle", measure, "both", tmp_path / "run")
    assert {name for name, value in found.items() if value is not None}
    assert {value for name, value in found.items() if value is not None} == {best(measure)}


# Always the first


def told_by_gold(gold, orders):
    """What always-first comes to by the gold alone: accuracy, or mean tau-b."""
    match gold[0]:
        case Preference():
            values = [one.value for one in gold]
            right = [values.count("first"), values.count("second") if orders == "both" else 0]
            return sum(right) / (len(values) * (2 if orders == "both" else 1))
        case Ranking():
            taus = []
            for ranking in gold:
                shown = np.arange(len(ranking.ranks))
                tau = kendalltau(ranking.ranks, shown).statistic
                taus += [tau, -tau] if orders == "both" else [tau]
            defined = [tau for tau in taus if not math.isnan(tau)]
            return sum(defined) / len(defined) if defined else None


@pytest.mark.parametrize("orders", ["given", "both"])
@pytest.mark.parametrize(("name", "protocol"), [c for c in CASES if c[1] in ("pair", "rank")])
def test_always_first_scores_what_the_balance_of_the_gold_says(
    task, tmp_path, name, protocol, orders
):
    gold = gold_of(task, protocol)
    if not gold:
        pytest.skip("no gold in this protocol")
    found = figures(task, protocol, "baseline:first", PERFECT[protocol], orders, tmp_path / "run")
    told = {criterion: told_by_gold(values, orders) for criterion, values in gold.items()}
    assert {name: found[name] for name in told} == pytest.approx(told)


# What a judge says of it


def undone(request, said):
    """A verdict of slots, in the order of the item, worked out apart from the parser."""
    if request.protocol == "pair" and request.order == (1, 0):
        return {"first": "second", "second": "first"}.get(said, said)
    if request.protocol == "rank":
        return tuple(said[request.order.index(place)] for place in range(len(said)))
    return said


def plain(verdict):
    match verdict:
        case Answers(answers=said) | Steps(errors=said):
            return said
        case Preference(value=value) | Score(value=value):
            return value
        case Ranking(ranks=ranks):
            return ranks
        case _:
            return verdict


@pytest.mark.parametrize(("name", "protocol"), CASES)
def test_every_request_is_written_and_every_answer_to_it_is_read_in_both_orders(
    task, name, protocol
):
    settings = RunSettings(protocol=protocol, orders="both")
    for place, item in enumerate(checked(task, protocol)):
        asked = list(requests(task.spec, item, place, settings, "x"))
        assert len({request.key for request in asked}) == len(asked) > 0
        for request in asked:
            assert render(request)
            for text, said in SAYINGS[request.protocol](request):
                assert plain(parse(request, Reply(text=text))) == undone(request, said), text


# The same everywhere

DIGESTS = """
import hashlib, json, sys
from pathlib import Path
from mmjudge.sources.folder import open_task
found = {}
for name, folder in json.loads(sys.argv[1]):
    task = open_task(name, Path(folder))
    for protocol in task.spec.protocols:
        lines = "".join(item.model_dump_json() for item in task.load(protocol))
        found[f"{name} {protocol}"] = hashlib.sha256(lines.encode()).hexdigest()
print(json.dumps(found))
"""


def test_items_have_the_same_sha256_in_every_process(tmp_path):
    samples = json.dumps([[name, str(folder)] for name, folder in SAMPLES.items()])
    found = []
    for seed in ("1", "2"):
        said = subprocess.run(
            [sys.executable, "-c", DIGESTS, samples],
            check=True,
            capture_output=True,
            timeout=120,
            env={**os.environ, "PYTHONHASHSEED": seed, "MMJUDGE_CACHE": str(tmp_path / seed)},
        )
        found.append(json.loads(said.stdout))
    assert found[0] == found[1]
    assert len(found[0]) >= len(SAMPLES)
