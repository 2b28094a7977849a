"""`mmjudge score`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from mmjudge.commands.suite import print_suite
from mmjudge.metrics.measure import Measure
from mmjudge.report.bias_strata import strata_report
from mmjudge.report.biases import bias_report
from mmjudge.report.outcome import read_outcome
from mmjudge.report.terminal import score_report, show
from mmjudge.scoring.biases import biases
from mmjudge.scoring.modality_gaps import modality_gaps, modality_preferences
from mmjudge.scoring.score import score_run, task_warnings
from mmjudge.scoring.table import Table
from mmjudge.store import RunStore
from mmjudge.suites import FILE


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
    for folder in [one for one in runs if (one / FILE).is_file()]:
        print_suite(folder, resamples, as_json=as_json)
    runs = [folder for folder in runs if not (folder / FILE).is_file()]
    if not runs:
        return
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
        preferred = [] if measures else modality_preferences(table, resamples)
        if as_json:
            figures = [result.model_dump(mode="json") for result in results]
            record = {**_header(folder), "warnings": warnings, "results": figures}
            record["biases"] = [one.model_dump(mode="json") for one in moved]
            record["modality_gaps"] = [one.model_dump(mode="json") for one in gaps]
            record["modality_preferences"] = [one.model_dump(mode="json") for one in preferred]
            records.append(record)
            continue
        if place:
            show("")
        said = [*bias_report(moved, [*gaps, *preferred]), *strata_report(moved)]
        show(score_report(folder, results, every or bool(measures), warnings, said))
    if as_json:
        typer.echo(json.dumps({"runs": records}, indent=2))


def _header(folder: Path) -> dict[str, Any]:
    with RunStore.open(folder) as store:
        header = store.header.model_dump(mode="json")
    outcome = read_outcome(folder).model_dump(mode="json", exclude={"folder"})
    return {"folder": str(folder), **outcome, "header": header}
