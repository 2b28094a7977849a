"""GLUE under the rules of Vote'n'Rank: every published cell of the six rules that are ours too."""

import csv
from collections import Counter

import numpy as np
import pytest

from mmjudge.metrics import voting

pytestmark = pytest.mark.parity
RULES = {
    "AM": voting.mean,
    "Plurality": lambda table, w: voting.plurality(table, w, ties="alone"),
    "Borda": lambda table, w: voting.borda(table, w, ties="last"),
    "Dowdall": lambda table, w: voting.dowdall(table, w, ties="first"),
    "Copeland": voting.copeland,
    "Minimax": voting.minimax,
}


@pytest.fixture(scope="module")
def glue(data):
    """The first 30 systems, split columns of half the weight, and the diagnostic one of none."""
    with (data / "votenrank" / "leaderboards_GLUE.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[:30]
    names, table, weights = [], [], []
    for row in rows:
        names.append(row["Model"])
        cells = {k: v for k, v in row.items() if k not in ("Rank", "Name", "Model", "URL", "Score")}
        table.append([float(part) for cell in cells.values() for part in cell.split("/")])
        halves = [(k, 0.5 if "/" in v else 1.0) for k, v in cells.items() for _ in v.split("/")]
        weights = [0.0 if k == "AX" else weight for k, weight in halves]
    return names, np.array(table), np.array(weights)


@pytest.fixture(scope="module")
def published(data):
    with (data / "votenrank" / "expected_CS1_GLUE.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("rule", RULES)
def test_every_cell_of_the_published_order(rule, glue, published):
    names, table, weights = glue
    scores = dict(zip(names, RULES[rule](table, weights).tolist(), strict=True))
    cells = [row[rule].partition(": ") for row in published]
    assert Counter(name for _, _, name in cells) == Counter(names)
    for printed, _, name in cells:
        # Two means lie halfway between two decimals, where rounding of sums decides.
        assert abs(float(printed) - scores[name]) <= 0.005 + 1e-9, name
    ordered = np.array([scores[name] for _, _, name in cells])
    assert (np.diff(ordered) <= 1e-9).all()
