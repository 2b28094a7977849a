"""Every measure as a Hugging Face `evaluate` module, loaded from disk with the network off.

One script serves all measures: the configuration's name is the measure's.

    import evaluate
    import mmjudge.interop.evaluate as interop

    module = evaluate.load(interop.PATH, "accuracy(ties=half)")
    module.compute(predictions=[0, 1, 2], references=[0, 1, 1])

Predictions are the judge's `verdict` (or `ranks`, `answer`, `step`), references the `gold` (or
`gold_ranks`, `gold_answer`, `gold_step`), coded as in `mmjudge.metrics`; a column of any other name
keeps it, and is given to `compute` by name.
An undefined result is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mmjudge.metrics import Measure

PATH = str(Path(__file__).with_name("mmjudge_measure.py"))

INPUTS = {
    "verdict": "predictions",
    "ranks": "predictions",
    "gold": "references",
    "gold_ranks": "references",
    "answer": "predictions",
    "gold_answer": "references",
    "step": "predictions",
    "gold_step": "references",
}
SCORES = frozenset({"gold", "verdict", "plain", "probed"})  # numbers for scores, codes for pairs
RANKS = frozenset({"gold_ranks", "ranks", "plain_ranks", "probed_ranks"})
FLOATS = RANKS | {"confidence", "plain_share", "probed_share"}
LISTS = RANKS | {"slots", "ratings", "answer_ratings", "step_ratings"}


def inputs(measure: Measure) -> dict[str, str]:
    """Name of each column in `compute`, by its name in the measure.

    Example:
        >>> inputs(Measure.parse("position_bias"))
        {'gold': 'references', 'verdict': 'predictions', 'gold_slot': 'gold_slot'}
    """
    return {name: INPUTS.get(name, name) for name in measure.columns}


def is_float(measure: Measure, column: str) -> bool:
    """Whether a column holds numbers rather than codes."""
    scored = measure.protocol == "score"
    return (
        column in FLOATS
        or (scored and column in SCORES | {"ratings"})
        or (column == "ratings" and measure.protocol == "rank")
    )


def compute(measure: Measure, given: Mapping[str, Any]) -> dict[str, float | None]:
    """The measure of lists as `evaluate` hands them over.

    Args:
        measure: The measure.
        given: Lists by their name in `compute`.

    Returns:
        The value under the measure's bare name, None where it is undefined.

    Raises:
        MeasureError: A column is missing, or lengths differ.

    Example:
        >>> compute(Measure("accuracy"), {"predictions": [0, 1], "references": [0, 0]})
        {'accuracy': 0.5}
    """
    columns = {
        name: np.asarray(given[key], dtype=np.float64 if is_float(measure, name) else np.int64)
        for name, key in inputs(measure).items()
    }
    value = float(np.asarray(measure(columns)))
    return {measure.name: None if np.isnan(value) else value}
