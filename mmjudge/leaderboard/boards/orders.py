"""The order of the entries under several rules, each explained, and how it changes."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmjudge.leaderboard.boards.board import Order, RuleName, Standing
from mmjudge.metrics import voting
from mmjudge.metrics.systems import ranking_tau

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MISSING = "A task that an entry was not run on in full gives it no points, nor others any over it."
COMMON = "Two entries are compared on the tasks that both were run on in full."


class Explained(NamedTuple):
    """A rule, as a page explains it."""

    name: RuleName
    title: str
    explanation: str
    source: str = ""


MEAN = Explained(
    "mean",
    "Mean",
    "The overall figure: the mean over tasks of how far an entry is above chance; a task that it "
    "was not run on in full counts 0. The only rule here that heeds by how much one entry is ahead "
    "of another: the others know only that it is.",
)
VOTENRANK = "Vote'n'Rank, arXiv 2210.05769"
RULES: tuple[tuple[Explained, Callable[[Floats, Floats], Floats]], ...] = (
    (
        Explained(
            "plurality",
            "Plurality",
            "Weight of the tasks in which an entry is first; k entries that tie for it get 1/k "
            f"each. All but the first of each task count nothing. {MISSING}",
            VOTENRANK,
        ),
        voting.plurality,
    ),
    (
        Explained(
            "borda",
            "Borda",
            "Number of entries that an entry is ahead of, a tie counting half, summed over tasks "
            f"by their weights. {MISSING}",
            VOTENRANK,
        ),
        voting.borda,
    ),
    (
        Explained(
            "dowdall",
            "Dowdall",
            "One over the entry's place, summed over tasks by their weights; entries that tie "
            "share the mean of what their places give. First places count most. "
            f"{MISSING}",
            VOTENRANK,
        ),
        voting.dowdall,
    ),
    (
        Explained(
            "copeland",
            "Copeland",
            "Number of entries that an entry beats, less those that beat it, where beating is "
            f"being ahead in tasks of more weight than being behind. {COMMON}",
            VOTENRANK,
        ),
        voting.copeland,
    ),
    (
        Explained(
            "minimax",
            "Minimax",
            "Minus the weight of the tasks in which the entry that beats it most clearly is "
            f"ahead: 0 for one that none beats. {COMMON}",
            VOTENRANK,
        ),
        voting.minimax,
    ),
    (
        Explained(
            "bradley_terry",
            "Bradley-Terry",
            "Log odds of being ahead in a task, fitted to all pairs of entries in all tasks, a "
            "tie being half a win; each entry also ties one game with an imagined opponent, "
            f"without which there is no fit where one entry wins everything. {COMMON}",
            "Bradley and Terry 1952, fitted by evalica",
        ),
        voting.bradley_terry,
    ),
)


def orders(table: Floats, weights: Floats, overall: Floats, ids: Sequence[str]) -> list[Order]:
    """Every rule's order; the first one is that of the overall figure, where there is one.

    Args:
        table: Figure of each entry in each task, shape (n_entries, n_tasks), nan where missing.
        weights: Of the tasks.
        overall: The overall figure of each entry, nan where it has none.
        ids: Names of the entries.
    """
    rounded = np.round(table, voting.DIGITS)
    known = (weights > 0) & ~np.isnan(rounded).all(axis=0)
    scored = [] if np.isnan(overall).all() else [(MEAN, overall)]
    if known.any():
        table, weights = rounded[:, known], weights[known]
        scored += [(rule, score(table, weights)) for rule, score in RULES]
    return [_order(rule, scores, scored[0][1], ids) for rule, scores in scored]


def _order(rule: Explained, scores: Floats, first: Floats, ids: Sequence[str]) -> Order:
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
    one, other = (np.where(p > 0, -p, np.nan).astype(np.float64) for p in (places, before))
    tau = float(ranking_tau(one, other))
    return None if np.isnan(tau) else float(np.round(tau, voting.DIGITS))
