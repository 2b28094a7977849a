"""Measures of a judge: pure weighted functions on arrays, and a registry of them by name."""

from mmjudge.metrics.measure import Measure, intervals, measures
from mmjudge.metrics.resample import (
    Difference,
    Interval,
    bootstrap,
    paired_bootstrap,
)
from mmjudge.metrics.testing import holm, mcnemar

__all__ = [
    "Difference",
    "Interval",
    "Measure",
    "bootstrap",
    "holm",
    "intervals",
    "mcnemar",
    "measures",
    "paired_bootstrap",
]
