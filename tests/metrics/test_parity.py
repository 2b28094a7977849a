"""Published tables, recomputed with the measures from the raw verdicts."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from mmjudge.metrics import Measure
from mmjudge.metrics.ceiling import majority

DATA = Path(__file__).parents[3] / "shared" / "data" / "parity"
pytestmark = [
    pytest.mark.parity,
    pytest.mark.skipif(not DATA.is_dir(), reason="the parity data are not beside the repository"),
]


def _lines(path):
    return [json.loads(line) for line in (DATA / path).read_text().splitlines()]


def _value(name, **columns):
    return Measure.parse(name)(columns)


def test_pandalm_agreement_with_the_majority_and_between_annotators():
    with (DATA / "pandalm/verdicts.csv").open() as file:
        rows = list(csv.DictReader(file))
    code = {"0": 2, "1": 0, "2": 1, "-1": -1}
    raters = {k: np.array([code[row[k]] for row in rows]) for k in list(rows[0])[2:]}
    people = [raters[k] for k in ("a1", "a2", "a3")]
    gold = majority(np.stack(people, axis=1))
    published = {
        "pandalm7b": [0.6677, 0.5738, 0.5750, 0.5743],
        "gpt35": [0.6977, 0.5365, 0.5324, 0.5274],
    }
    for judge, want in published.items():
        names = ("accuracy", "precision", "recall", "f1")
        found = [_value(name, gold=gold, verdict=raters[judge]) for name in names]
        assert found == pytest.approx(want, abs=5e-5)
    pairs = [(0, 1), (0, 2), (1, 2)]
    kappas = [_value("kappa", gold=people[a], verdict=people[b]) for a, b in pairs]
    assert kappas == pytest.approx([0.852, 0.879, 0.862], abs=5e-4)


def test_tifa_correlations():
    rows = _lines("tifa/human_with_scores.jsonl")
    published = {
        "tifa_mplug-large": (0.596720, 0.471716),
        "tifa_blip2-flant5xl": (0.558983, 0.435997),
        "clipscore_vitb32": (0.331818, 0.231446),
    }
    gold = np.array([row["human_avg"] for row in rows], dtype=float)
    for judge, want in published.items():
        columns = {"gold": gold, "verdict": np.array([row[judge] for row in rows], dtype=float)}
        found = [_value(name, **columns) for name in ("pearson", "tau_b")]
        assert found == pytest.approx(want, abs=1e-6)


def test_audiojudge_consistency_across_orders():
    published = {
        "text-text": (84.87, 5.16, 9.97),
        "audio-text": (84.89, 7.53, 7.58),
        "audio-audio": (80.99, 9.36, 9.64),
        "wpbase-wpbase": (81.27, 6.45, 12.27),
    }
    verdicts = {
        (row["modality"], row["order"]): row["verdicts"]
        for row in _lines("audiojudge/chatbotarena_spoken_verdicts.jsonl")
    }
    as_shown = {"A": 0, "B": 1, "C": 2, "D": -1}
    as_swapped = {"A": 1, "B": 0, "C": 2, "D": -1}
    for condition, want in published.items():
        given = np.array([as_shown[v] for v in verdicts[condition, "AB"]])
        swapped = np.array([as_swapped[v] for v in verdicts[condition, "BA"]])
        shares = ("consistent", "prefers_first", "prefers_second")
        found = [
            100 * _value(f"consistency(share={share})", given=given, swapped=swapped)
            for share in shares
        ]
        assert found == pytest.approx(want, abs=0.005)


def _bias(judge):
    rows = [row for row in _lines("mj_bench_bias/bias_scores.jsonl") if row["kind"] == "scale5"]
    found = [(row["judge"] | row["scorer"]).get(judge) for row in rows]
    rated = [(row["occupation"], score) for row, score in zip(rows, found, strict=True)]
    rated = [(occupation, score) for occupation, score in rated if score is not None]
    scores = np.array([score for _, score in rated], dtype=float)
    _, group = np.unique([occupation for occupation, _ in rated], return_inverse=True)
    return {"verdict": (scores - scores.min()) / np.ptp(scores), "group": group}


BIAS_JUDGES = {
    "CLIP-v2": "clipscore_v2",
    "ImageReward": "ImageReward",
    "Aesthetics": "aesthetics",
    "GPT-4-vision": "gpt-4-turbo",
    "GPT-4o": "gpt-4o",
}


@pytest.mark.parametrize("model", list(BIAS_JUDGES))
def test_mj_bench_bias_by_occupation(model):
    published = json.loads((DATA / "mj_bench_bias/published.json").read_text())["benchmark"]
    row = next(row for row in published if row["Model"] == model)
    columns = _bias(BIAS_JUDGES[model])
    for name in ("acc", "nds", "ges"):
        assert 100 * Measure(name)(columns) == pytest.approx(row[f"Bias_{name.upper()}"], abs=0.1)


@pytest.mark.parametrize("model", ["GPT-4-vision", "GPT-4o"])
def test_mj_bench_bias_weighted_by_items(model):
    published = json.loads((DATA / "mj_bench_bias/published.json").read_text())["bias"]
    row = next(row for row in published if row["Model"] == model)
    columns = _bias(BIAS_JUDGES[model])
    for name in ("acc", "nds", "ges"):
        found = 100 * Measure.parse(f"{name}(average=items)")(columns)
        assert found == pytest.approx(row[f"Numerical_0_5_{name.upper()}"], abs=0.1)
