"""Laws of the voting rules: what every order of systems must keep, and references by hand."""

import numpy as np
import pytest
from scipy import stats

from mmjudge.errors import MeasureError
from mmjudge.metrics import systems, voting

RULES = {
    name: getattr(voting, name)
    for name in ("mean", "plurality", "borda", "dowdall", "copeland", "minimax", "bradley_terry")
}
SEEDS = range(5)


def a_table(seed, n=7, m=9, missing=0.2):
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 6, (n, m)).astype(float)
    table[rng.random((n, m)) < missing] = np.nan
    return table


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_names_of_systems_and_columns_do_not_matter(rule, seed):
    table = a_table(seed)
    rng = np.random.default_rng(seed)
    weights = rng.random(table.shape[1])
    rows, columns = rng.permutation(len(table)), rng.permutation(table.shape[1])
    plain = RULES[rule](table, weights)
    moved = RULES[rule](table[rows][:, columns], weights[columns])
    np.testing.assert_allclose(moved, plain[rows], atol=1e-7)


@pytest.mark.parametrize("rule", RULES)
def test_a_system_that_wins_every_column_is_first_and_one_that_loses_all_is_last(rule):
    table = a_table(1, missing=0.0)
    table[3], table[5] = 10.0, -1.0
    scores = RULES[rule](table)
    assert voting.places(scores)[3] == 1
    assert scores[5] == scores.min()
    assert voting.condorcet(table) == 3


@pytest.mark.parametrize("rule", [name for name in RULES if name != "mean"])
def test_only_the_order_within_a_column_counts(rule):
    table = a_table(2)
    np.testing.assert_array_equal(RULES[rule](np.exp(table) * 7 - 3), RULES[rule](table))


@pytest.mark.parametrize("rule", RULES)
def test_equal_rows_share_a_place_and_a_column_of_weight_0_is_as_good_as_none(rule):
    table = a_table(3)
    table[1] = table[0]
    weights = np.ones(table.shape[1])
    weights[4] = 0.0
    scores = RULES[rule](table, weights)
    assert voting.places(scores)[0] == voting.places(scores)[1]
    np.testing.assert_allclose(scores, RULES[rule](np.delete(table, 4, axis=1)), atol=1e-9)


@pytest.mark.parametrize("rule", RULES)
def test_a_weight_of_2_is_the_column_twice(rule):
    table = a_table(4)
    weights = np.ones(table.shape[1])
    weights[0] = 2.0
    twice = np.concatenate([table, table[:, :1]], axis=1)
    np.testing.assert_allclose(RULES[rule](table, weights), RULES[rule](twice), atol=1e-9)


@pytest.mark.parametrize("rule", RULES)
def test_a_system_without_any_cell_has_no_place_and_changes_no_other(rule):
    table = a_table(0)
    more = np.concatenate([table, np.full((1, table.shape[1]), np.nan)])
    scores = RULES[rule](more)
    assert np.isnan(scores[-1])
    assert voting.places(scores)[-1] == 0
    np.testing.assert_allclose(scores[:-1], RULES[rule](table), atol=1e-9)


@pytest.mark.parametrize("rule", ["plurality", "borda", "dowdall"])
def test_leaving_a_column_out_never_gains_points(rule):
    table = a_table(1, missing=0.0)
    before = RULES[rule](table)[2]
    for column in range(table.shape[1]):
        fewer = table.copy()
        fewer[2, column] = np.nan
        assert RULES[rule](fewer)[2] <= before


@pytest.mark.parametrize("seed", SEEDS)
def test_borda_and_dowdall_match_ranks_of_scipy(seed):
    table = a_table(seed, missing=0.0)
    ranks = stats.rankdata(-table, axis=0)
    np.testing.assert_allclose(voting.borda(table), (len(table) - ranks).sum(axis=1))
    lowest = stats.rankdata(-table, axis=0, method="min")
    np.testing.assert_allclose(voting.dowdall(table, ties="first"), (1 / lowest).sum(axis=1))


@pytest.mark.parametrize("seed", SEEDS)
def test_copeland_and_minimax_match_plain_loops(seed):
    table = a_table(seed)
    n = len(table)
    wins = [[np.nansum(table[i] > table[j]) for j in range(n)] for i in range(n)]
    others = [[j for j in range(n) if j != i] for i in range(n)]
    net = [sum(np.sign(wins[i][j] - wins[j][i]) for j in others[i]) for i in range(n)]
    worst = [
        max((wins[j][i] for j in others[i] if wins[j][i] > wins[i][j]), default=0) for i in range(n)
    ]
    np.testing.assert_array_equal(voting.copeland(table), net)
    np.testing.assert_array_equal(voting.minimax(table), np.negative(worst))


@pytest.mark.parametrize("seed", SEEDS)
def test_bradley_terry_matches_newtons_method_with_the_imagined_opponent(seed):
    table = a_table(seed)
    n = len(table)
    by = voting.support(table)
    there = ~np.isnan(table)
    met = there.astype(float) @ there.T.astype(float)
    np.fill_diagonal(met, 0)
    wins = np.zeros((n + 1, n + 1))
    wins[:n, :n] = by + (met - by - by.T) / 2
    wins[:n, n] = wins[n, :n] = 0.5
    want = systems.strengths(wins)
    np.testing.assert_allclose(voting.bradley_terry(table), want[:n] - want[n], atol=1e-5)


def test_the_paradox_of_condorcet_by_hand():
    # Three voters: a > b > c, b > c > a, c > a > b. Each beats one and loses to one, two to one.
    table = np.array([[3.0, 1.0, 2.0], [2.0, 3.0, 1.0], [1.0, 2.0, 3.0]])
    assert voting.condorcet(table) is None
    assert voting.copeland(table).tolist() == [0.0, 0.0, 0.0]
    assert voting.minimax(table).tolist() == [-2.0, -2.0, -2.0]
    assert voting.borda(table).tolist() == [3.0, 3.0, 3.0]
    assert voting.condorcet(table, np.array([5.0, 1.0, 1.0])) == 0


def test_plurality_and_borda_can_disagree_by_hand():
    # a is first for 4 and last for 5; b is first for 3, second for all others.
    table = np.repeat([[3.0, 1.0, 1.0], [2.0, 3.0, 2.0], [1.0, 2.0, 3.0]], [4, 3, 2], axis=1)
    assert voting.plurality(table).tolist() == [4.0, 3.0, 2.0]
    assert voting.borda(table).tolist() == [8.0, 12.0, 7.0]
    assert voting.condorcet(table) == 1


def test_systems_that_share_no_column_are_not_compared():
    table = np.array([[1.0, np.nan], [np.nan, 0.0]])
    assert voting.copeland(table).tolist() == [0.0, 0.0]
    assert voting.condorcet(table) is None


@pytest.mark.parametrize("weights", [[1.0], [-1.0, 1.0], [np.nan, 1.0]])
@pytest.mark.parametrize("rule", RULES)
def test_weights_that_do_not_fit_are_refused(rule, weights):
    with pytest.raises(MeasureError, match="weights"):
        RULES[rule](np.zeros((2, 2)), np.array(weights))
