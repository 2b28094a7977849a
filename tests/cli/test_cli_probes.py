"""Probes as a user types them: run --probes, --dry-run, and the list of what there is."""

import json
import re

import pytest

from mmjudge.registry import PROBES, registry
from mmjudge.store.run_store import RunStore
from tests.cli.small_folders import pair

BROKEN = "raise RuntimeError('no such weather')"
OWN = """
from mmjudge.probes import Changed, Probe
from mmjudge.types import ProbeCard

class Plugin(Probe):
    card = ProbeCard(name="polite", summary="Says please.", cue="none", presets=("core",))

    def change(self, request, item, around):
        return Changed(request.model_copy(update={"prompt": (*request.prompt, "Please.")}))
"""


@pytest.fixture
def task(folder_task):
    return folder_task([pair("1"), pair("2", "second"), pair("3", "tie")])


def test_a_run_with_probes_says_which_and_what_they_could_not_be_asked_of(mmjudge, task, tmp_path):
    out = tmp_path / "out"
    command = ("run", "--task", task, "--judge", "baseline:first", "--out", out)
    done = mmjudge(*command, "--probes", "rerun,blind", "--probes", "authority")
    assert done.code == 0
    assert "3 items, 9 judgments, 0 failed" in done.err
    assert "probes: rerun, blind, authority; not asked, since they do not fit: 3" in done.err
    with RunStore.open(out) as store:
        assert store.header.settings.probes == ("rerun", "blind", "authority")


@pytest.mark.parametrize(
    ("word", "near"),
    [("verbosty", "'verbosity'"), ("core,blnd", "'blind'"), ("attack", "'attacks'")],
)
def test_an_unknown_probe_is_refused_with_the_nearest_names(mmjudge, task, tmp_path, word, near):
    out = tmp_path / "out"
    done = mmjudge("run", "--task", task, "--judge", "nobody", "--probes", word, "--out", out)
    assert done.code == 2
    assert f"did you mean {near}" in done.err
    assert not out.exists()


def test_a_dry_run_counts_and_asks_nothing(mmjudge, task, tmp_path):
    out = tmp_path / "out"
    command = ("run", "--task", task, "--judge", "baseline:first", "--out", out)
    dry = mmjudge(*command, "--probes", "core", "--dry-run")
    assert dry.code == 0
    assert not out.exists()
    calls = int(re.search(r"calls: (\d+), from 3 plain", dry.out)[1])
    assert re.search(r"text: about [\d,]+ tokens", dry.out)
    assert "time: not known" in dry.out
    assert re.search(r"anchoring +0 +3 +0", dry.out)
    done = json.loads(mmjudge(*command, "--probes", "core", "--json", "--quiet").out)
    assert done["judged_now"] == calls
    again = json.loads(mmjudge(*command, "--probes", "core", "--dry-run", "--json").out)
    assert (again["calls"], again["there"]) == (0, calls)
    other = mmjudge(*command[:-1], tmp_path / "other", "--probes", "rerun", "--dry-run")
    assert f"atthepaceof{out}" in "".join(other.out.split())  # a line may end anywhere in it


def test_a_dry_run_of_settings_that_the_folder_does_not_have_is_refused(mmjudge, task, tmp_path):
    command = ("run", "--task", task, "--judge", "baseline:first", "--out", tmp_path / "out")
    assert mmjudge(*command).code == 0
    done = mmjudge(*command, "--probes", "rerun", "--dry-run")
    assert done.code == 2
    assert "settings.probes" in done.err


def test_probes_are_listed_with_their_cards(mmjudge):
    listed = json.loads(mmjudge("probes", "--json").out)
    cards = {card["name"]: card for card in listed["probes"]}
    assert set(cards) == set(registry(PROBES).points)
    assert cards["blind"]["keeps_gold"] is False
    assert cards["order_swapped"]["cue"] == "the first slot"
    scored = json.loads(mmjudge("probes", "--protocol", "score", "--json").out)["probes"]
    assert {c["name"] for c in scored} == {n for n, c in cards.items() if "score" in c["protocols"]}
    attacks = json.loads(mmjudge("probes", "--preset", "attacks", "--json").out)["probes"]
    assert {c["name"] for c in attacks} == {
        n for n, c in cards.items() if "attacks" in c["presets"]
    }
    assert mmjudge("probes", "--preset", "attack").code == 2


def test_one_card_is_printed_whole(mmjudge):
    said = mmjudge("probes", "authority")
    assert said.code == 0
    assert "the candidate with the reference" in said.out
    assert "arXiv 2410.02736" in said.out
    assert json.loads(mmjudge("probes", "authority", "--json").out)["name"] == "authority"
    assert "did you mean 'authority'" in mmjudge("probes", "autority").err


def test_a_strangers_probe_is_asked_like_any_other(mmjudge, plugin, task, tmp_path):
    plugin("strange", "mmjudge.probes", "polite", OWN)
    out = tmp_path / "out"
    command = ("run", "--task", task, "--judge", "baseline:first", "--out", out)
    assert mmjudge(*command, "--probes", "polite").code == 0
    with RunStore.open(out) as store:
        assert store.counts()["judgments"] == 6


def test_a_broken_probe_is_named_and_the_others_work(mmjudge, plugin, task, tmp_path):
    plugin("broken", "mmjudge.probes", "stormy", BROKEN)
    listed = mmjudge("probes")
    assert listed.code == 0
    assert "no such weather" in listed.out
    assert "bandwagon" in listed.out
    command = ("run", "--task", task, "--judge", "baseline:first", "--out", tmp_path / "out")
    refused = mmjudge(*command, "--probes", "stormy")
    assert refused.code == 2
    assert "no such weather" in refused.err
    assert mmjudge(*command, "--probes", "all").code == 0
