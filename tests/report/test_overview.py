"""Figures of several runs: what is pooled, what is left out, and where chance is."""

import pytest

import mmjudge
from mmjudge.errors import StoreError
from mmjudge.metrics.places import FEW
from mmjudge.report.overview import overview, standing
from mmjudge.scoring.pooled import pool
from mmjudge.scoring.score import ALL, score_run, score_table
from mmjudge.scoring.table import Table
from mmjudge.types import Failure, Media, MetricResult, Reply
from tests.scoring.scoring_helpers import Scripted


@pytest.mark.parametrize("protocol", ["pair", "score", "rank"])
def test_figures_of_a_task_cut_in_two_are_those_of_the_whole(pack, tmp_path, protocol):
    judge = "baseline:random"
    cut = [
        mmjudge.run(
            f"scenes_{name}", judge, data=pack, protocol=protocol, orders="given",
            out=tmp_path / name,
        ).folder
        for name in ("image", "text")
    ]  # fmt: skip
    pooled = score_table(pool([Table.load(run) for run in cut]), 0, ("modality",))
    apart = [
        mmjudge.run(
            str(pack), judge, protocol=protocol, orders="given", where={"family": name},
            out=tmp_path / f"whole-{name}",
        ).folder
        for name in ("image", "text")
    ]  # fmt: skip
    assert pooled
    found = {(r.metric, r.criterion, r.stratum): r for r in pooled}
    for run in apart:
        for one in score_run(run, 0, ("modality",)):
            if one.stratum != ALL:  # a modality lies in one of the two families
                same = found[one.metric, one.criterion, one.stratum]
                assert same.value == pytest.approx(one.value, nan_ok=True)
                assert (same.n_items, same.n_failed) == (one.n_items, one.n_failed)


def test_a_twin_in_another_task_is_found(runs, pack, tmp_path):
    tables = [Table.load(run) for run in runs.parts["baseline:oracle", "pair"]]
    asked = {"protocol": "pair", "orders": "both", "out": tmp_path / "run"}
    whole = score_run(mmjudge.run(str(pack), "baseline:oracle", **asked).folder, 0, ("family",))

    def of(results, stratum):
        named = ("swap_flip_rate", "overall", stratum)
        return next(r for r in results if (r.metric, r.criterion, r.stratum) == named)

    pooled = of(score_table(pool(tables), 0), ALL)
    assert pooled.value == 0
    assert pooled.n_items == of(whole, "family=image").n_items > 0
    assert not score_table(tables[1], 0, (), ("swap_flip_rate",))


def test_what_cannot_be_pooled_is_refused(runs):
    one, two = (Table.load(run) for run in runs.parts["baseline:first", "pair"])
    other = Table.load(runs.parts["baseline:oracle", "pair"][1])
    ranks = Table.load(runs.parts["baseline:first", "rank"][1])
    with pytest.raises(StoreError, match="judge baseline:first and baseline:oracle"):
        pool([one, other])
    with pytest.raises(StoreError, match="protocol pair and rank"):
        pool([one, ranks])
    with pytest.raises(StoreError, match="two runs of scenes_text@1"):
        pool([one, two, two])
    assert pool([one]) is one


def test_a_judge_is_one_judge_over_all_its_runs_and_protocols(runs):
    judges = overview(runs.folders, 0)
    assert [judged.name for judged in judges] == ["baseline:first", "baseline:oracle"]
    for judged in judges:
        assert [asked.protocol for asked in judged.asked] == ["pair", "score", "rank"]
        assert judged.asked[0].criteria[0] == "overall"
        assert set(judged.asked[0].modalities) == {"text->image", "image->text", "text->text"}
    first, oracle = judges
    assert all(asked.headline.value == pytest.approx(1) for asked in oracle.asked)
    assert first.asked[0].headline.value == 0.5
    assert {r.metric: r.value for r in first.biases if r.stratum == ALL}["flip_rate"] == 1
    assert (oracle.looks, first.looks) == (False, False)


def seen(request):
    return any(isinstance(p, Media) for c in request.candidates for p in c.parts)


REFUSED = Reply(error=Failure(reason="unsupported", detail="no pictures"))


def test_a_modality_that_a_judge_refuses_altogether_is_named_and_in_no_figure(pack, tmp_path):
    blind = Scripted(lambda r: REFUSED if seen(r) else Reply(text="[[A]]"))
    run = mmjudge.run(str(pack), blind, protocol="pair", orders="both", out=tmp_path / "run")
    (judged,) = overview([run.folder], 0)
    (asked,) = judged.asked
    assert set(asked.not_taken) == {"text->image", "text->image+text"}
    assert asked.headline.value == 0.5
    assert asked.headline.n_failed == 0
    assert judged.failures["unsupported"] > 0


def test_a_judge_that_refuses_some_of_a_modality_is_wrong_there(pack, tmp_path):
    def picky(request):
        refuses = seen(request) and request.item.endswith(("1", "1-twin"))
        return REFUSED if refuses else Reply(text="[[A]]")

    run = mmjudge.run(
        str(pack), Scripted(picky), protocol="pair", orders="both", out=tmp_path / "r"
    )
    (asked,) = overview([run.folder], 0)[0].asked
    assert asked.not_taken == ()
    assert asked.cells["overall", "text->image"].n_failed > 0
    assert asked.cells["overall", "text->image"].value < 0.5


@pytest.mark.parametrize(
    ("ends", "items", "said"),
    [
        ((0.6, 0.9), FEW, "above"),
        ((0.5, 0.9), FEW, "at"),
        ((0.1, 0.4), FEW, "below"),
        ((1.0, 1.0), FEW - 1, "few"),
        (None, FEW, ""),
    ],
)
def test_a_figure_stands_to_chance_as_its_interval_does(ends, items, said):
    facts = {"metric": "kappa", "task": "t@1", "criterion": "c", "value": 0.7, "n_failed": 0}
    assert standing(MetricResult(ci95=ends, n_items=items, **facts), 0.5) == said
