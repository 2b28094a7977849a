"""Random columns for any registered measure, drawn with ties, failures and padding."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from mmjudge.metrics import Measure
from mmjudge.metrics.registry import SPECS

N_PER_ITEM = 3


def _ranks(rng: np.random.Generator, n: int, present: Any, failed: float) -> Any:
    ranks = np.where(present, rng.integers(1, 5, present.shape), 0).astype(float)
    ranks[rng.random(n) < failed] = 0
    return ranks


def _slots(rng: np.random.Generator, n: int, present: Any) -> Any:
    order = np.argsort(np.where(present, rng.random(present.shape), 2.0), axis=1)
    return np.where(present, np.argsort(order, axis=1), -1)


def random_columns(measure: Measure, n: int, seed: int) -> dict[str, Any]:
    """Columns of n rows that the measure takes, in its own coding."""
    columns = _columns(measure.protocol == "score", n, seed)
    return {name: columns[name] for name in measure.columns}


@cache
def _columns(scored: bool, n: int, seed: int) -> dict[str, Any]:
    """All columns that there are, drawn once for all measures; none of them may write in them."""
    rng = np.random.default_rng(seed)
    present = np.arange(4) < rng.integers(1, 5, n)[:, None]
    pair = {"gold": rng.integers(0, 5, n), "verdict": rng.integers(-1, 5, n)}
    few, types = rng.integers(0, 2, n), rng.integers(0, 4, n)
    gold = rng.integers(1, 6, n).astype(float)
    score = {"gold": gold, "verdict": np.clip(gold + rng.integers(-1, 3, n), 1, 6)}
    columns = {
        **(score if scored else pair),
        "gold_answer": few,
        "answer": np.where(rng.random(n) < 0.7, few, rng.integers(-1, 3, n)),
        "as_wanted": rng.integers(-1, 2, n),
        "parents_met": rng.integers(-1, 2, n),
        "gold_step": types,
        "step": np.where(rng.random(n) < 0.5, types, rng.integers(-1, 4, n)),
        "answer_ratings": _votes(rng, n),
        "step_ratings": _votes(rng, n),
        "given": rng.integers(-1, 5, n),
        "swapped": rng.integers(-1, 5, n),
        "shown": rng.integers(-1, 5, n),
        "exchanged": rng.integers(-1, 5, n),
        "one_given": rng.integers(-1, 5, n),
        "one_swapped": rng.integers(-1, 5, n),
        "other_given": rng.integers(-1, 5, n),
        "other_swapped": rng.integers(-1, 5, n),
        "media_side": rng.integers(-1, 2, n),
        "medium": rng.integers(-1, 2, n),
        "slot": rng.integers(-1, 2, n),
        "gold_slot": rng.integers(-1, 2, n),
        "gold_ranks": _ranks(rng, n, present, 0.0),
        "ranks": _ranks(rng, n, present, 0.2),
        "slots": _slots(rng, n, present),
        "group": rng.integers(0, 4, n),
        "system": rng.integers(0, 4, n),
        "system_first": rng.integers(0, 3, n),
        "system_second": rng.integers(3, 5, n),
        "moved": rng.integers(-2, 4, n),
        "moved_again": rng.integers(-1, 4, n),
        "cued": rng.integers(0, 2, n),
        "cued_worse": rng.integers(0, 2, n),
        "cued_better": rng.integers(0, 2, n),
        "own": rng.integers(-1, 2, n),
        "chosen": rng.integers(-1, 2, n),
        "cue": rng.integers(-1, 2, n),
        "plain": score["verdict"] if scored else rng.integers(-1, 5, n),
        "probed": rng.integers(1, 6, n).astype(float) if scored else rng.integers(-1, 5, n),
        "plain_share": rng.integers(0, 5, n) / 4,
        "probed_share": rng.integers(0, 5, n) / 4,
        "plain_ranks": _ranks(rng, n, present, 0.2),
        "probed_ranks": _ranks(rng, n, present, 0.2),
        "here": rng.integers(-1, 2, n),
        "modality": rng.integers(0, 3, n),
        "right": rng.integers(0, 2, n),
        "confidence": rng.integers(0, 11, n) / 10,
        "ratings": gold[:, None] + rng.integers(-1, 2, (n, 3)) if scored else _votes(rng, n),
        "item": np.arange(n) // N_PER_ITEM,
        "criterion": np.arange(n) % N_PER_ITEM,
    }
    for column in columns.values():
        column.setflags(write=False)
    return columns


def _votes(rng: np.random.Generator, n: int) -> Any:
    return rng.integers(-1, 5, (n, 3))


def all_measures() -> list[Measure]:
    """Every registered measure with every value of its parameters, and some ceilings."""
    found = []
    for spec in SPECS.values():
        found.append(Measure(spec.name))
        for key, param in spec.params.items():
            values = param.allowed or (1, 3) if isinstance(param.default, int) else param.allowed
            found += [Measure.parse(f"{spec.name}({key}={value})") for value in values]
    names = ["accuracy", "accuracy(classes=4)", "kappa", "spearman", "mae", "question_kappa"]
    names += ["step_accuracy", "first_wrong_f1"]
    found += [Measure.parse(f"ceiling(of={name})") for name in names]
    return list(dict.fromkeys(found))


@pytest.fixture
def columns_of() -> Callable[..., dict[str, Any]]:
    return random_columns


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "measure" in metafunc.fixturenames:
        metafunc.parametrize("measure", all_measures(), ids=str)
