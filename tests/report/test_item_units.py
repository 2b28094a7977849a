"""What the browser of items filters by: right, flipped, failed, moved; by item and judge."""

import numpy as np
import pytest

import mmjudge
from mmjudge.report.items.collect import Collected, collect
from mmjudge.report.items.units import ORDERS, VERDICTS, Units
from mmjudge.report.overview import overview
from mmjudge.types import Failure, Reply
from tests.scoring.scoring_helpers import Scripted

FLIPPED, VARIED, STEADY = (1 << place for place in range(len(ORDERS)))


def of_judge(collected: Collected, name: str, protocol: str) -> Units:
    units, items = collected.units, collected.items
    way = items.protocols.all.index(protocol)
    asked = np.array(items.protocol)[units.item] == way
    mine = asked & (units.judge == collected.judges.index(name))
    assert mine.any()
    return Units._make(column[mine] for column in units)


def verdicts(units: Units) -> set[str]:
    return {VERDICTS[code] for code in units.verdict.tolist()}


@pytest.fixture(scope="module")
def collected(runs) -> Collected:
    return collect(overview(runs.folders, 0))


def scripted(pack, folder, answer, **asked) -> Collected:
    run = mmjudge.run(str(pack), Scripted(answer), limit=20, out=folder, **asked)
    return collect(overview([run.folder], 0))


@pytest.mark.parametrize("protocol", ["pair", "rank"])
def test_a_judge_that_always_takes_the_first_shown_flips_everywhere(collected, protocol):
    units = of_judge(collected, "baseline:first", protocol)
    assert set(units.order.tolist()) == {FLIPPED}
    assert "right" not in verdicts(units)


@pytest.mark.parametrize("protocol", ["pair", "score", "rank"])
def test_the_oracle_is_right_and_stays(collected, protocol):
    units = of_judge(collected, "baseline:oracle", protocol)
    assert verdicts(units) <= {"right", "none"}
    assert not np.any(units.order & (FLIPPED | VARIED))
    assert set(units.error[units.verdict == 0].tolist()) == {-1.0 if protocol == "pair" else 0.0}


def test_units_are_sorted_by_item_criterion_and_judge_and_each_is_there_once(collected):
    units = collected.units
    keys = list(
        zip(units.item.tolist(), units.criterion.tolist(), units.judge.tolist(), strict=True)
    )
    assert keys == sorted(set(keys))


def test_a_failure_is_wrong_and_has_its_reason(pack, tmp_path):
    refused = Reply(error=Failure(reason="refused"))
    found = scripted(pack, tmp_path / "run", lambda _: refused, protocol="pair")
    units, known = found.units, found.known
    assert {known.reasons.all[r] for r in known.failed.all[units.failed[0]]} == {"refused"}
    assert set(units.failed.tolist()) == {int(units.failed[0])}
    assert verdicts(units) <= {"wrong", "none"}
    assert np.isnan(units.said).all()


def test_another_verdict_in_a_repeat_is_no_flip(pack, tmp_path):
    def moody(request):
        return Reply(text="[[A]]" if request.repeat else "[[B]]")

    found = scripted(pack, tmp_path / "run", moody, protocol="pair", repeats=2, orders="given")
    assert set(found.units.order.tolist()) == {VARIED}


def test_only_the_probe_that_moves_a_verdict_is_named(pack, tmp_path):
    asked = {"protocol": "pair", "orders": "given", "probes": ("rerun", "order_swapped")}
    found = scripted(pack, tmp_path / "run", lambda _: Reply(text="[[A]]"), **asked)
    sets = {tuple(found.known.probes.all[p] for p in found.known.moved.all[code])
            for code in found.units.moved.tolist()}  # fmt: skip
    assert sets == {("order_swapped",)}
    moved = found.runs[0].facts.moved
    assert 0 < moved.sum() < len(moved)


def test_the_surest_wrong_verdict_counts(pack, tmp_path):
    sure = Reply(probabilities={"A": 0.8, "B": 0.2})
    units = scripted(pack, tmp_path / "run", lambda _: sure, protocol="pair", orders="both").units
    decided = units.verdict == VERDICTS.index("some")
    assert decided.any()
    assert set(units.sure[decided].tolist()) == {800}
    assert set(units.sure[units.verdict == VERDICTS.index("right")].tolist()) <= {-1}


def test_judges_that_contradict_themselves_alike_say_the_same_and_others_do_not(pack, tmp_path):
    def said(name, answer):
        asked = {"protocol": "pair", "orders": "both", "limit": 20, "out": tmp_path / name}
        run = mmjudge.run(str(pack), Scripted(answer), **asked)
        return collect(overview([run.folder], 0)).units.said.tolist()

    first = said("first", lambda _: Reply(text="[[A]]"))
    assert first == said("again", lambda _: Reply(text="[[A]]"))
    second = said("second", lambda _: Reply(text="[[B]]"))
    tie = said("tie", lambda _: Reply(text="[[C]]"))
    assert not set(first) & (set(second) | set(tie))
    assert max(first) < -1 < min(tie)
