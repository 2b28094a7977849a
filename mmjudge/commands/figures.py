"""`mmjudge score`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from mmjudge.commands.suite import print_suite, suite_record
from mmjudge.metrics.measure import Measure
from mmjudge.report.bias_strata import strata_report
from mmjudge.report.biases import bias_report
from mmjudge.report.outcome import read_outcome
from mmjudge.report.terminal import score_report, show
from mmjudge.scoring.biases import biases
from mmjudge.scoring.modality_gaps import modality_gaps, modality_preferences
from mmjudge.scoring.score import score_loaded, task_warnings
from mmjudge.scoring.table import Table
from mmjudge.store.run_store import RunStore
from mmjudge.suites import is_suite


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
    suites = [folder for folder in runs if is_suite(folder)]
    runs = [folder for folder in runs if not is_suite(folder)]
    for folder in runs:
        RunStore.open(folder).close()
    records = []
    if not as_json:
        for folder in suites:
            print_suite(folder, resamples, as_json=False)
    for place, folder in enumerate(runs):
        table = Table.load(folder)
        mine = table.with_own(own) if own else table
        results = score_loaded(folder, mine, resamples, by, measures)
        warnings = task_warnings(table)
        asked = not measures or any(Measure.parse(name).kind == "bias" for name in measures)
        moved = biases(table, resamples, by) if asked else []
        gaps = [] if measures else modality_gaps(table, resamples)
        preferred = [] if measures else modality_preferences(table, resamples)
        if as_json:
            figures = [result.model_dump(mode="json") for result in results]
            record = {**_header(folder), "warnings": warnings, "results": figures}
            record["biases"] = [one.model_dump(mode="json") for one in moved]
            record["modality_gaps"] = [one.model_dump(mode="json") for one in gaps]
            record["modality_preferences"] = [one.model_dump(mode="json") for one in preferred]
            records.append(record)
            continue
        if place or suites:
            show("")
        said = [*bias_report(moved, [*gaps, *preferred]), *strata_report(moved)]
        show(score_report(folder, results, every or bool(measures), warnings, said))
    if as_json:
        of_suites = [suite_record(folder, resamples) for folder in suites]
        typer.echo(json.dumps({"runs": records, "suites": of_suites}, indent=2))


def _header(folder: Path) -> dict[str, Any]:
    with RunStore.open(folder) as store:
        header = store.header.model_dump(mode="json")
    outcome = read_outcome(folder).model_dump(mode="json", exclude={"folder"})
    return {"folder": str(folder), **outcome, "header": header}
