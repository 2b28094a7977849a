"""`mmjudge score` and `mmjudge compare`."""

import json
from collections.abc import Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import Any

import typer

from mmjudge.biases import biases, modality_gaps
from mmjudge.comparison import compare_runs
from mmjudge.errors import MmjudgeError
from mmjudge.metrics.measure import Measure
from mmjudge.report.biases import bias_report
from mmjudge.report.outcome import read_outcome
from mmjudge.report.terminal import comparison_report, score_report, show, worth_showing
from mmjudge.scoring import score_run, task_warnings
from mmjudge.store import RunStore
from mmjudge.table import Table


def print_scores(  # noqa: PLR0913 (one parameter for each option of the command)
    runs: Sequence[Path],
    resamples: int,
    by: tuple[str, ...],
    measures: tuple[str, ...],
    *,
    every: bool,
    as_json: bool,
    own: tuple[str, ...] = (),
) -> None:
    """Print the report of each run.

    Raises:
        MmjudgeError: A folder holds no run; a measure, an axis or a system is unknown.
    """
    for folder in runs:
        RunStore.open(folder).close()
    records = []
    for place, folder in enumerate(runs):
        results = score_run(folder, n_resamples=resamples, by=by, measures=measures, own=own)
        table = Table.load(folder)
        warnings = task_warnings(table)
        asked = not measures or any(Measure.parse(name).kind == "bias" for name in measures)
        moved = biases(table, resamples, by) if asked else []
        gaps = [] if measures else modality_gaps(table, resamples)
        if as_json:
            figures = [result.model_dump(mode="json") for result in results]
            record = {**_header(folder), "warnings": warnings, "results": figures}
            record["biases"] = [one.model_dump(mode="json") for one in moved]
            record["modality_gaps"] = [one.model_dump(mode="json") for one in gaps]
            records.append(record)
            continue
        if place:
            show("")
        said = bias_report(moved, gaps)
        show(score_report(folder, results, every or bool(measures), warnings, said))
    if as_json:
        typer.echo(json.dumps({"runs": records}, indent=2))


def _header(folder: Path) -> dict[str, Any]:
    with RunStore.open(folder) as store:
        header = store.header.model_dump(mode="json")
    outcome = read_outcome(folder).model_dump(mode="json", exclude={"folder"})
    return {"folder": str(folder), **outcome, "header": header}


def print_comparison(
    runs: Sequence[Path], resamples: int, measures: tuple[str, ...], *, every: bool, as_json: bool
) -> None:
    """Print how each run differs from the first.

    Raises:
        MmjudgeError: There is only one run, or they were not asked the same.
    """
    if not 2 <= len(runs) <= len(ascii_uppercase):
        raise MmjudgeError(f"compare needs 2 to {len(ascii_uppercase)} runs, found {len(runs)}")
    for folder in runs:
        RunStore.open(folder).close()
    first, *others = runs
    found = [compare_runs(first, other, resamples, measures) for other in others]
    if as_json:
        pairs = [
            {"a": str(first), "b": str(b), "comparisons": [c.model_dump(mode="json") for c in one]}
            for b, one in zip(others, found, strict=True)
        ]
        typer.echo(json.dumps({"pairs": pairs}, indent=2))
        return
    with RunStore.open(first) as store:
        task = store.header.task
    shown = [
        [c for c in one if every or measures or worth_showing(task, c.metric, c.difference)]
        for one in found
    ]
    named = list(zip(ascii_uppercase, map(read_outcome, runs), strict=False))
    lettered = list(zip(ascii_uppercase[1:], shown, strict=False))
    left_out = sum(map(len, found)) - sum(map(len, shown))
    show(comparison_report(named, lettered, left_out))
