"""Strata in which a bias is not what it is on the whole."""

from pathlib import Path
from random import Random

import pytest

import mmjudge
from mmjudge.report.bias_strata import of_100, strata_report, unlike_the_whole
from mmjudge.report.overview import overview
from mmjudge.report.page import render
from mmjudge.report.terminal import plain
from mmjudge.scoring.biases import Bias, biases
from mmjudge.scoring.table import Table
from mmjudge.types import MetricResult, Reply, Request
from tests.biases.habits import follows_authority, right, texts
from tests.report.html_page import Page
from tests.scoring.scoring_helpers import Scripted

PROBES = "rerun,authority,verbosity"


def in_one_half(request: Request) -> Reply:
    """Follows a reference in every second item, and is right otherwise."""
    moved = int(request.item) % 2 == 0
    slot = follows_authority(request, Random()) if moved else right(request)
    return Reply(text=f"[[{'AB'[slot]}]]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("strata") / "run"
    asked = {"orders": "given", "probes": PROBES}
    return mmjudge.run(task=texts(120), judge=Scripted(in_one_half), out=out, **asked).folder


@pytest.fixture(scope="module")
def found(folder: Path) -> list[Bias]:
    return biases(Table.load(folder), 200, ("half",))


def test_the_half_in_which_a_judge_is_moved_is_found_and_nothing_else(found: list[Bias]):
    compared = unlike_the_whole(found)
    assert {(one.probe, one.stratum) for one in compared.unlike} == {
        ("authority", "half=0"),
        ("authority", "half=1"),
    }
    assert compared.looked_at == 2 * len(PROBES.split(","))
    more, less = sorted(compared.unlike, key=lambda one: -(one.here.value or 0))
    assert (more.stratum, less.here.value) == ("half=0", 0)
    assert more.whole.value == pytest.approx((more.here.value + less.here.value) / 2)
    assert more.gap == pytest.approx(-less.gap)


def test_a_terminal_and_a_page_say_where(found: list[Bias], folder: Path):
    said = plain(strata_report(found)[0]) + plain(strata_report(found)[1])
    assert "2 of 6 strata differ" in said
    assert "authority, overall, half=0" in said
    words = " ".join(Page(render(overview([folder], 200), items=0)).text.split())
    assert "2 of 6 strata differ from the whole" in words
    assert "half=0" in words


def test_nothing_is_said_where_no_stratum_was_asked_for_or_no_interval_is_known(folder: Path):
    table = Table.load(folder)
    assert strata_report(biases(table, 50)) == []
    assert unlike_the_whole(biases(table, 0, ("half",))).looked_at == 0


def test_an_interval_without_width_is_no_proof_of_a_small_difference(found: list[Bias]):
    def figure(value: float, n: int) -> MetricResult:
        facts = {"metric": "cue_shift", "task": "t@1", "criterion": "overall", "n_failed": 0}
        return MetricResult(**facts, value=value, ci95=(value, value), n_items=n)

    def bias(stratum: str, value: float, n: int) -> Bias:
        first = next(one for one in found if one.probe == "authority")
        changes = {"stratum": stratum, "n_items": n, "figures": (figure(value, n),), "way": ""}
        return first.model_copy(update=changes)

    few, many = bias("half=0", 0.0, 20), bias("half=1", 0.0, 60)
    (one,) = unlike_the_whole([bias("all", 0.1, 80), few, many]).unlike
    assert one.stratum == "half=1"  # 3 of 60 could have gone unseen, and 10 of 100 are more


def test_what_stays_is_shown_as_what_changes():
    facts = {"task": "t@1", "criterion": "c", "n_items": 30, "n_failed": 0}
    stays = MetricResult(metric="robustness", value=0.9, ci95=(0.8, 1.0), **facts)
    assert of_100(stays) == "10 [0, 20]"
