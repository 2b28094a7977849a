"""How sure a judge was of each verdict, from the option probabilities that its replies hold."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json

from mmjudge.protocols.score import level_values
from mmjudge.store.run_store import Columns, RunStore
from mmjudge.types import Criterion

Floats = NDArray[np.float64]


class Confidence(NamedTuple):
    """The judge's own probability of each verdict.

    Attributes:
        chance: Probability of what was chosen among the options, shape (n,), from 0 to 1; nan for
            a failure and for a reply without probabilities.
        low: Lowest gold score to which the chosen level is the nearest, shape (n,); nan where
            `chance` is, and for pairs.
        high: Highest such gold score.
    """

    chance: Floats
    low: Floats
    high: Floats


def read_confidence(store: RunStore, columns: Columns) -> Confidence | None:
    """The confidence of every verdict of a run.

    Of a pair it is the share of the most probable option. Of a score, which is the expected value
    over the levels, it is the share of the level nearest to it.

    Args:
        store: The run.
        columns: Its judgments, as `store.columns` gives them.

    Returns:
        One number a judgment, or None where no reply holds probabilities of its verdict.
    """
    protocol = store.header.settings.protocol
    if protocol not in ("pair", "score") or not store.holds_probabilities():
        return None
    found = Confidence(*np.full((3, len(columns.kind)), np.nan))
    criteria = store.header.task.criteria
    for row, options in _distributions(store):
        total = sum(options.values())
        if protocol == "pair":
            found.chance[row] = max(options.values()) / total
            continue
        criterion = criteria[columns.criterion[row]]
        mass, low, high = _of_score(criterion, options, float(columns.value[row]))
        found.chance[row], found.low[row], found.high[row] = mass / total, low, high
    return None if np.isnan(found.chance).all() else found


def _distributions(store: RunStore) -> Iterator[tuple[int, Mapping[str, float]]]:
    for row, body in enumerate(store.probabilities()):
        if body is not None:
            yield row, from_json(body)


def _of_score(
    criterion: Criterion, options: Mapping[str, float], value: float
) -> tuple[float, float, float]:
    """Mass of the level nearest to a score, and the scores between which it is the nearest."""
    mass: dict[float, float] = {}
    levels = level_values(criterion.scale, options)
    for level, p in zip(levels, options.values(), strict=True):
        if level is not None:
            mass[level] = mass.get(level, 0.0) + p
    order = sorted(mass)
    chosen = min(order, key=lambda level: (abs(level - value), -mass[level]))
    place = order.index(chosen)
    low = (order[place - 1] + chosen) / 2 if place else -np.inf
    high = (order[place + 1] + chosen) / 2 if place + 1 < len(order) else np.inf
    return mass[chosen], low, high
