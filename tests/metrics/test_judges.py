"""Scripted judges, whose measures are known."""

from itertools import combinations

import numpy as np
import pytest

from mmjudge.metrics import Measure, measures

RNG = np.random.default_rng(0)
GOLD = RNG.integers(0, 5, 600)
SCORES = RNG.integers(1, 6, 600).astype(float)
RANKS = np.argsort(RNG.random((600, 4)), axis=1) + 1.0


def _of(name, **columns):
    return Measure.parse(name)(columns)


def test_an_oracle_is_best_at_every_agreement():
    for measure in measures(kind="agreement"):
        columns = {
            "gold": SCORES if measure.protocol == "score" else GOLD,
            "verdict": SCORES if measure.protocol == "score" else GOLD,
            "given": GOLD, "swapped": GOLD, "gold_ranks": RANKS, "ranks": RANKS,
            "group": np.arange(600) % 3,
            "gold_answer": GOLD, "answer": GOLD, "gold_step": GOLD, "step": GOLD,
        }  # fmt: skip
        best = {"higher": 1.0, "lower": 0.0, "zero": 0.0}[measure.direction]
        assert measure(columns) == pytest.approx(best), str(measure)


def test_a_judge_that_always_fails_is_always_wrong():
    failed = np.full(600, -1)
    for name in ("accuracy", "accuracy(ties=half)", "accuracy(ties=wrong)", "accuracy(classes=4)"):
        assert _of(name, gold=GOLD, verdict=failed) == 0
    assert _of("recall", gold=GOLD, verdict=failed) == 0
    assert _of("top1", gold_ranks=RANKS, ranks=0 * RANKS) == 0
    assert _of("pairwise_agreement", gold_ranks=RANKS, ranks=0 * RANKS) == 0


def test_a_failure_never_helps():
    verdict = np.where(RNG.random(600) < 0.6, GOLD, 2)
    some_failed = np.where(RNG.random(600) < 0.2, -1, verdict)
    for name in ("accuracy", "accuracy(ties=half)", "accuracy(classes=4)", "kappa", "f1"):
        whole, part = (_of(name, gold=GOLD, verdict=v) for v in (verdict, some_failed))
        assert part < whole, name


def test_a_judge_that_always_says_a_contradicts_itself_across_orders():
    given, swapped = np.zeros(50, dtype=int), np.ones(50, dtype=int)
    assert _of("flip_rate", given=given, swapped=swapped) == 1
    assert _of("consistency(share=prefers_first)", given=given, swapped=swapped) == 1
    assert _of("consistency", given=given, swapped=swapped) == 0
    assert _of("consistent_accuracy", gold=GOLD[:50] % 2, given=given, swapped=swapped) == 0
    assert _of("first_slot_share", slot=given) == 1
    gold_slot = np.arange(50) % 2
    assert _of("position_bias", gold=np.zeros(50, int), verdict=gold_slot, gold_slot=gold_slot) == 1


def test_a_judge_that_ranks_in_the_order_shown_is_all_slot():
    slots = np.argsort(np.argsort(RNG.random((30, 4)), axis=1), axis=1)
    assert _of("slot_tau_b", ranks=slots + 1.0, slots=slots) == 1
    assert _of("top_slot", ranks=slots + 1.0, slots=slots) == 0
    assert _of("top_slot", ranks=4.0 - slots, slots=slots) == 1


def test_a_pair_with_a_failure_is_no_flip_and_a_tie_that_becomes_a_win_is_one():
    given, swapped = np.array([0, -1, 2, 3, -1]), np.array([0, 1, 0, 4, -1])
    assert _of("flip_rate", given=given, swapped=swapped) == pytest.approx(1 / 3)


def test_the_three_shares_of_consistency_add_up_to_one():
    given, swapped = RNG.integers(-1, 5, (2, 300))
    names = ("consistent", "prefers_first", "prefers_second")
    shares = [_of(f"consistency(share={n})", given=given, swapped=swapped) for n in names]
    assert sum(shares) == pytest.approx(1)


def test_the_reverse_ranking_is_worst():
    reverse = 5 - RANKS
    assert _of("rank_tau_b", gold_ranks=RANKS, ranks=reverse) == -1
    assert _of("footrule", gold_ranks=RANKS, ranks=reverse) == 1
    assert _of("pairwise_agreement", gold_ranks=RANKS, ranks=reverse) == 0
    assert _of("top1", gold_ranks=RANKS, ranks=reverse) == 0


def test_padding_says_nothing():
    padded = np.pad(RANKS, ((0, 0), (0, 3)))
    other = np.argsort(RNG.random((600, 4)), axis=1) + 1.0
    for measure in measures(protocol="rank", kind="agreement"):
        plain = measure({"gold_ranks": RANKS, "ranks": other})
        wide = measure({"gold_ranks": padded, "ranks": np.pad(other, ((0, 0), (0, 3)))})
        assert wide == pytest.approx(plain), str(measure)


def test_how_ties_are_numbered_says_nothing():
    dense, competition = np.array([[1.0, 1.0, 2.0, 3.0]]), np.array([[1.0, 1.0, 3.0, 4.0]])
    for measure in measures(protocol="rank", kind="agreement"):
        first, second = (
            measure({"gold_ranks": RANKS[:1], "ranks": r}) for r in (dense, competition)
        )
        assert first == pytest.approx(second), str(measure)


def test_one_overall_opinion_sees_no_conflict_and_is_all_halo():
    item, criterion = np.repeat(np.arange(100), 2), np.tile([0, 1], 100)
    gold = np.tile([0, 1], 100)
    overall = np.repeat(RNG.integers(0, 2, 100), 2)
    for name in ("pluralistic_accuracy", "tradeoff_sensitivity", "conflict_matching_rate"):
        assert _of(name, item=item, gold=gold, verdict=overall) == 0
        assert _of(name, item=item, gold=gold, verdict=gold) == 1
    scores = RNG.normal(size=200)
    one = np.repeat(RNG.normal(size=100), 2)
    halo = _of("halo", item=item, criterion=criterion, gold=scores, verdict=one)
    people = np.corrcoef(scores[::2], scores[1::2])[0, 1]
    assert halo == pytest.approx(1 - people)
    assert _of("halo", item=item, criterion=criterion, gold=scores, verdict=scores) == 0


@pytest.mark.parametrize("seed", range(3))
def test_conflicts_of_criteria_are_those_of_their_pairs_one_by_one(seed):
    rng = np.random.default_rng(seed)
    item, gold = np.repeat(np.arange(60), 4), rng.integers(0, 2, 240)
    verdict = rng.choice([-1, 0, 1, 2], 240)
    noticed, matched = [], []
    for rows in np.arange(240).reshape(60, 4):
        pairs = [(a, b) for a, b in combinations(rows, 2) if gold[a] != gold[b]]
        matched += [all(verdict[r] == gold[r] for r in pair) for pair in pairs]
        noticed += [any({verdict[a], verdict[b]} == {0, 1} for a, b in pairs)] if pairs else []
    columns = {"item": item, "gold": gold, "verdict": verdict}
    assert _of("tradeoff_sensitivity", **columns) == pytest.approx(np.mean(noticed))
    assert _of("conflict_matching_rate", **columns) == pytest.approx(np.mean(matched))


def test_a_judge_blind_to_the_group_is_fair():
    group = np.arange(60) % 6
    same = 1.0 + group
    for name in ("acc", "nds", "ges"):
        assert _of(name, verdict=same, group=group) == pytest.approx(1)


def test_leniency_is_what_was_added():
    assert _of("mean_error", gold=SCORES, verdict=SCORES + 0.5) == pytest.approx(0.5)
    for name in ("pearson", "spearman", "tau_b"):
        assert _of(name, gold=SCORES, verdict=3 * SCORES + 0.5) == pytest.approx(1)


def test_group_means_play_no_part_within_groups():
    group = np.repeat([0, 1], 300)
    verdict = SCORES + np.where(group == 0, 100.0, -100.0)
    for name in ("pearson", "spearman", "tau_b"):
        assert _of(f"within_{name}", gold=SCORES, verdict=verdict, group=group) == pytest.approx(1)
        assert _of(name, gold=SCORES, verdict=verdict) < 0.9
