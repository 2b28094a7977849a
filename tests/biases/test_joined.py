"""Changed judgments stand beside the plain ones of the same request, and in no plain figure."""

from pathlib import Path

import numpy as np
import pytest

import mmjudge
from mmjudge.metrics.bias import cue_log_odds, cue_shift
from mmjudge.scoring.biases import Bias, biases
from mmjudge.scoring.modality_gaps import modality_gaps
from mmjudge.scoring.pooled import pool
from mmjudge.scoring.probed import cards, join
from mmjudge.scoring.score import score_table
from mmjudge.scoring.sizes import word
from mmjudge.scoring.table import Table
from mmjudge.types import Item, Reply, Request
from tests.biases.habits import at_random, follows_authority, judge, leans, right, texts
from tests.scoring.scoring_helpers import ListTask, Scripted, rank_item, spec

PROBES = "rerun,order_swapped,authority"


def table(task: ListTask, by: Scripted | str, out: Path, **settings: object) -> Table:
    return Table.load(mmjudge.run(task=task, judge=by, out=out, **settings).folder)


@pytest.mark.parametrize("orders", ["balanced", "both"])
@pytest.mark.parametrize("repeats", [1, 3])
def test_each_changed_judgment_finds_its_plain_one(orders: str, repeats: int, tmp_path: Path):
    mine = table(
        texts(12), judge(at_random), tmp_path / "run", orders=orders, repeats=repeats, probes=PROBES
    )
    turned = [order[::-1] for order in mine.columns.orders]
    for card in cards(mine):
        joined = join(mine, card, 0, np.ones(len(mine.item), dtype=bool))
        assert len(joined.plain) == 12 * repeats * (2 if orders == "both" else 1)
        assert len(set(joined.plain.tolist())) == len(joined.plain)
        assert np.all(mine.columns.probe[joined.plain] == -1)
        assert np.all(mine.columns.probe[joined.asked] == mine.columns.probes.index(card.name))
        assert np.array_equal(mine.item[joined.plain], mine.item[joined.asked])
        assert np.array_equal(mine.columns.repeat[joined.plain], mine.columns.repeat[joined.asked])
        shown = turned if card.backwards else mine.columns.orders
        for plain, asked in zip(joined.plain, joined.asked, strict=True):
            assert (
                shown[mine.columns.order[plain]] == mine.columns.orders[mine.columns.order[asked]]
            )
        assert np.array_equal(mine.item[joined.again], mine.item[joined.plain])


@pytest.mark.parametrize("orders", ["balanced", "both"])
def test_plain_figures_are_those_of_a_run_without_probes(orders: str, tmp_path: Path):
    habit = judge(follows_authority)
    plain = table(texts(40), habit, tmp_path / "plain", orders=orders)
    probed = table(texts(40), habit, tmp_path / "probed", orders=orders, probes=PROBES)
    assert score_table(probed, 50, by=("half",)) == score_table(plain, 50, by=("half",))


def test_what_fails_is_counted_and_never_dropped(tmp_path: Path):
    def answer(request: Request) -> Reply:
        number = int(request.item)
        if (number < 3 and request.probe is None) or (3 <= number < 8 and request.probe):
            return Reply(text="")
        return Reply(text=f"[[{'AB'[right(request)]}]]")

    mine = table(texts(20), Scripted(answer), tmp_path / "run", probes=PROBES)
    for one in biases(mine, 20):
        assert (one.n_asked, one.n_failed, one.n_broke) == (20, 3, 5)
        assert one.figure("broken").value == pytest.approx(5 / 17)
        assert one.figure("robustness").value == 1


def test_what_does_not_fit_is_counted_by_stratum_and_is_not_asked(tmp_path: Path):
    items = texts(20).items
    ties = [i.model_copy(update={"gold": {}}) for i in items if isinstance(i, Item)]
    mixed = ListTask(spec("pair"), [*items[:14], *ties[14:]])
    mine = table(mixed, "baseline:first", tmp_path / "run", probes="rerun,null_candidate")
    found = {(one.probe, one.stratum): one for one in biases(mine, 20, by=("half",))}
    whole = found["null_candidate", "all"]
    assert (whole.n_asked, whole.n_not_asked) == (14, 6)
    halves = [found["null_candidate", f"half={half}"] for half in "01"]
    assert [one.n_not_asked for one in halves] == [3, 3]
    assert [one.n_asked for one in halves] == [7, 7]


def test_each_criterion_and_stratum_has_its_own_biases(tmp_path: Path):
    def answer(request: Request) -> Reply:
        fooled = request.probe == "authority" and request.criterion.name == "style"
        slot = right(request)
        return Reply(text=f"[[{'AB'[1 - slot if fooled else slot]}]]")

    task = texts(40, ("content", "style"))
    mine = table(task, Scripted(answer), tmp_path / "run", probes=PROBES)
    found = {
        (b.criterion, b.stratum): b for b in biases(mine, 50, ("half",)) if b.probe == "authority"
    }
    assert len(found) == 6
    for (criterion, _), one in found.items():
        assert one.effect == (1 if criterion == "style" else 0)


def test_rankings_move_towards_the_cue_when_it_climbs(tmp_path: Path):
    def answer(request: Request) -> Reply:
        shown = [str(one.parts[0]) for one in request.candidates]
        cited = [i for i, said in enumerate(shown) if "Annual" in said]
        order = [*cited, *(i for i in range(3) if i not in cited)]
        return Reply(text="Ranking: " + " > ".join("ABC"[i] for i in order))

    items = [rank_item(str(i), (1, 2, 3)) for i in range(20)]
    task = ListTask(spec("rank"), items)
    mine = table(task, Scripted(answer), tmp_path / "run", orders="given", probes="rerun,authority")
    one = next(b for b in biases(mine, 50) if b.probe == "authority")
    assert one.figure("cue_shift_worse").value == 1  # the last is shown last, and then comes first
    assert one.figure("cue_shift_better").value == 0  # the first comes first in any case
    assert one.figure("rank_tau_b_lost").value > 0
    assert one.size == "strong"


def test_pooled_runs_have_the_biases_of_all_their_items(tmp_path: Path):
    habit = judge(follows_authority)
    one = texts(20)
    other = ListTask(one.spec.model_copy(update={"name": "other"}), texts(30).items)
    tables = [
        table(task, habit, tmp_path / task.spec.name, probes=f"{PROBES},blind")
        for task in (one, other)
    ]
    found = {b.probe: b for b in biases(pool(tables), 50)}
    assert found["authority"].n_items == found["authority"].n_asked == 50
    assert found["blind"].n_not_asked == 50


def test_a_run_without_a_rerun_does_not_know_its_noise(tmp_path: Path):
    mine = table(
        texts(20), judge(leans(0.0)), tmp_path / "run", probes="jpeg,verbosity,names_revealed"
    )
    found = {b.probe: b for b in biases(mine, 50)}
    assert found["verbosity"].figure("robustness_gap") is None
    assert found["verbosity"].figure("cue_shift") is not None


def test_without_resamples_there_are_values_and_no_intervals(tmp_path: Path):
    mine = table(texts(20), judge(follows_authority), tmp_path / "run", probes=PROBES)
    one = next(b for b in biases(mine, 0) if b.probe == "authority")
    assert one.effect == one.figure("cue_shift").value > 0
    assert all(figure.ci95 is None for figure in one.figures)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(0.2, 0.9, "strong"), (0.05, 0.9, "clear"), (0.001, 0.9, "small"), (0, 0.11, "unclear")],
)
def test_words_go_by_the_near_end_of_the_interval(low: float, high: float, said: str):
    assert word(low, high) == said
    assert word(low, high, 9) == "few"


def test_intervals_of_the_pull_hold_its_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(5)
    held = {"shift": 0, "odds": 0}
    for _ in range(200):
        p0 = rng.beta(2, 2, 150)
        logit = np.log(p0 / (1 - p0)) + 1.0
        p1 = 1 / (1 + np.exp(-logit))
        before, after = rng.random(150) < p0, rng.random(150) < p1
        moved = np.where(before == after, 0, np.where(after, 1, 2))
        cued = np.ones(150, dtype=np.int64)
        w = rng.multinomial(150, np.full(150, 1 / 150), size=200).astype(float)
        for name, fn, truth in (
            ("shift", cue_shift, float(np.mean(p1 - p0))),
            ("odds", cue_log_odds, 1.0),
        ):
            low, high = np.quantile(fn(moved, cued, weights=w), [0.025, 0.975])
            held[name] += int(low <= truth <= high)
    assert all(180 <= count <= 200 for count in held.values()), held


def test_gaps_of_modalities_are_zero_for_the_oracle_and_known_for_a_judge_of_one(tmp_path: Path):
    items = [
        item.model_copy(update={"strata": {"modality": ("a->b", "b->a", "c->a")[i % 3]}})
        for i, item in enumerate(texts(60).items)
        if isinstance(item, Item)
    ]
    task = ListTask(spec("pair"), items)

    def answer(request: Request) -> Reply:
        slot = right(request)
        return Reply(text=f"[[{'AB'[slot if int(request.item) % 3 else 1 - slot]}]]")

    oracle = table(task, "baseline:oracle", tmp_path / "oracle")
    assert {r.value for r in modality_gaps(oracle, 20)} == {0}
    found = {
        r.stratum: r.value
        for r in modality_gaps(table(task, Scripted(answer), tmp_path / "run"), 20)
    }
    assert found["modality=a->b"] == -1
    assert found["modality=a->b minus b->a"] == -1
    assert found["modality=b->a minus c->a"] == 0
    assert found["modality=b->a"] == pytest.approx(0.5)


def test_a_bias_prints_and_reads_back(tmp_path: Path):
    mine = table(texts(20), judge(follows_authority), tmp_path / "run", probes=PROBES)
    for one in biases(mine, 20):
        assert Bias.model_validate_json(one.model_dump_json()) == one
