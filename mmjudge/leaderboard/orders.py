"""The order of the entries under several rules, each explained, and how it changes."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmjudge.leaderboard.board import Order, RuleName, Standing
from mmjudge.metrics import voting

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MISSING = "A task that an entry was not run on in full gives it no points, nor others any over it."
COMMON = "Two entries are compared on the tasks that both were run on in full."


class Rule(NamedTuple):
    """A rule of voting, as a page explains it."""

    name: RuleName
    title: str
    score: Callable[[Floats, Floats], Floats]
    explanation: str
    source: str = ""


RULES = (
    Rule(
        "plurality",
        "Plurality",
        voting.plurality,
        "Weight of the tasks in which an entry is first; k entries that tie for it get 1/k each. "
        f"All but the first of each task count nothing. {MISSING}",
    ),
    Rule(
        "borda",
        "Borda",
        voting.borda,
        "Number of entries that an entry is ahead of, a tie counting half, summed over tasks by "
        f"their weights. {MISSING}",
        "Vote'n'Rank, arXiv 2210.05769",
    ),
    Rule(
        "dowdall",
        "Dowdall",
        voting.dowdall,
        "One over the entry's place, summed over tasks by their weights; entries that tie share "
        f"the mean of what their places give. First places count most. {MISSING}",
        "Vote'n'Rank, arXiv 2210.05769",
    ),
    Rule(
        "copeland",
        "Copeland",
        voting.copeland,
        "Number of entries that an entry beats, less those that beat it, where beating is being "
        f"ahead in tasks of more weight than being behind. {COMMON}",
        "Vote'n'Rank, arXiv 2210.05769",
    ),
    Rule(
        "minimax",
        "Minimax",
        voting.minimax,
        "Minus the weight of the tasks in which the entry that beats it most clearly is ahead: 0 "
        f"for one that none beats. {COMMON}",
        "Vote'n'Rank, arXiv 2210.05769",
    ),
    Rule(
        "bradley_terry",
        "Bradley-Terry",
        voting.bradley_terry,
        "Log odds of being ahead in a task, fitted to all pairs of entries in all tasks, a tie "
        "being half a win; each entry also ties one game with an imagined opponent, without which "
        f"there is no fit where one entry wins everything. {COMMON}",
        "Bradley and Terry 1952, fitted by evalica",
    ),
)


def orders(table: Floats, weights: Floats, overall: Floats, ids: Sequence[str]) -> list[Order]:
    """Every rule's order; the first one is that of the overall figure.

    Args:
        table: Figure of each entry in each task, shape (n_entries, n_tasks), nan where missing.
        weights: Of the tasks.
        overall: The overall figure of each entry, nan where it has none.
        ids: Names of the entries.
    """
    rounded = np.round(table, voting.DIGITS)
    first = Rule(
        "mean",
        "Mean",
        lambda *_: overall,
        "The overall figure: the mean over tasks of how far an entry is above chance; a task that "
        "it was not run on in full counts 0. The only rule here that heeds by how much one entry "
        "is ahead of another: the others know only that it is.",
    )
    known = (weights > 0) & ~np.isnan(rounded).all(axis=0)
    found = [_order(first, overall, overall, ids)]
    if known.any():
        table, weights = rounded[:, known], weights[known]
        found += [_order(rule, rule.score(table, weights), overall, ids) for rule in RULES]
    return found


def _order(rule: Rule, scores: Floats, first: Floats, ids: Sequence[str]) -> Order:
    places, before = voting.places(scores), voting.places(first)
    placed = sorted(np.flatnonzero(places).tolist(), key=lambda i: (places[i], ids[i]))
    return Order(
        rule=rule.name,
        title=rule.title,
        explanation=rule.explanation,
        source=rule.source,
        standings=tuple(
            Standing(
                entry=ids[i],
                place=int(places[i]),
                score=float(np.round(scores[i], voting.DIGITS) + 0.0),
                moved=int(before[i] - places[i]) if before[i] else 0,
            )
            for i in placed
        ),
        without=tuple(ids[i] for i in np.flatnonzero(places == 0).tolist()),
        agreement=_agreement(places, before),
    )


def _agreement(places: Ints, before: Ints) -> float | None:
    """Kendall's tau-b of two orders over the entries of both."""
    from scipy.stats import kendalltau

    both = (places > 0) & (before > 0)
    if len(np.unique(places[both])) < 2 or len(np.unique(before[both])) < 2:
        return None
    tau = kendalltau(places[both], before[both]).statistic
    return float(np.round(tau, voting.DIGITS))
