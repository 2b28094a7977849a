"""Questions by what they are about and errors by their type: how many a judge finds as people."""

import numpy as np

from mmjudge.metrics.measure import Measure, intervals
from mmjudge.metrics.resample import Interval
from mmjudge.scoring.frames import Slice
from mmjudge.scoring.table import Table
from mmjudge.types import MetricResult

KIND, ERROR = "kind of question", "type of error"
MOST = 30
"""Kinds that are told apart; of more, nothing is said."""


def by_kind(
    table: Table, n_resamples: int = 1000, seed: int = 0, criterion: int = 0
) -> tuple[MetricResult, ...]:
    """The accuracy on the questions of each kind, or on the steps of each type of error.

    The stratum is `kind of question=color`, or `type of error=visual`: steps in which people find
    it, and the share in which the judge finds the same. The best come first. Of pooled tasks whose
    types of error differ there is nothing.

    Args:
        table: The judgments of a run of checklists or steps; of others there is nothing.
        n_resamples: Resamples of the bootstrap over items; 0 for no intervals.
        seed: Seed of the bootstrap.
        criterion: Place of the criterion.
    """
    if table.parts is None:
        return ()
    steps = table.header.settings.protocol == "steps"
    measure = Measure("error_accuracy" if steps else "question_accuracy")
    frame = Slice(table, criterion, table.plain).frame(measure)
    asked = table.parts.asked[criterion]
    if frame is None or (steps and len(asked.words) > 1):  # tasks with types of their own
        return ()
    names = asked.words[0] if steps else asked.kinds
    if not 2 < len(names) <= MOST + 1:
        return ()
    kind, said = frame.columns["kind"], frame.columns[measure.columns[1]]
    found = []
    for code, name in enumerate(names):
        rows = kind == code
        if not name or not rows.any():
            continue
        columns = {column: frame.columns[column][rows] for column in measure.columns}
        item = frame.item[rows]
        if n_resamples:
            (span,) = intervals([measure], columns, table.units[item], n_resamples, seed=seed)
        else:
            span = Interval(float(np.asarray(measure(columns))), np.nan, np.nan, 0)
        found.append(
            MetricResult(
                metric=str(measure),
                task=table.header.task.label,
                criterion=table.criteria[criterion],
                stratum=f"{ERROR if steps else KIND}={name}",
                value=span.value,
                ci95=None if np.isnan(span.low) else (span.low, span.high),
                n_items=len(np.unique(item)),
                n_failed=len(np.unique(frame.columns["judgment"][rows & (said < 0)])),
            )
        )
    return tuple(sorted(found, key=lambda one: (-(one.value or 0.0), one.stratum)))
