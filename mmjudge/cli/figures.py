"""Commands that say what runs found."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from mmjudge.cli.options import Every, Json, Measures, Resamples, Runs
from mmjudge.cli.root import app


@app.command()
def score(  # noqa: PLR0913, PLR0917 (one parameter for each option of the command)
    runs: Runs,
    by: Annotated[
        list[str] | None, typer.Option(metavar="AXIS", help="Break down by a stratum; repeatable.")
    ] = None,
    measure: Measures = None,
    resamples: Resamples = 1000,
    every: Every = False,
    as_json: Json = False,
    own: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SYSTEM",
            help="A system of the judge's own family, * for any letters; repeatable.",
        ),
    ] = None,
) -> None:
    """Print the figures of runs, with intervals and failures."""
    from mmjudge.commands.figures import print_scores

    axes, measures = tuple(by or ()), tuple(measure or ())
    mine = tuple(own or ())
    print_scores(runs, resamples, axes, measures, every=every, as_json=as_json, own=mine)


Html = Annotated[Path | None, typer.Option(metavar="FILE", help="A page to write.")]
Markdown = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Markdown to write; - prints it.")
]
JsonFile = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="JSON to write; - prints it.")
]


@app.command()
def compare(  # noqa: PLR0913, PLR0917 (one parameter for each option of the command)
    runs: Runs,
    measure: Measures = None,
    resamples: Annotated[int, typer.Option(min=1, help="Resamples of the bootstrap.")] = 1000,
    every: Every = False,
    as_json: Json = False,
    html: Html = None,
    markdown: Markdown = None,
) -> None:
    """Compare runs with the first one, paired over items."""
    from mmjudge.commands.compare import Wanted, write_comparison
    from mmjudge.report.written import Places

    places, measures = Places(html, markdown), tuple(measure or ())
    write_comparison(runs, Wanted(places, measures, resamples, every, as_json))


@app.command()
def report(  # noqa: PLR0913, PLR0917 (one parameter for each option of the command)
    runs: Runs,
    html: Html = None,
    markdown: Markdown = None,
    json: JsonFile = None,
    items: Annotated[int, typer.Option(min=0, help="Items to show with their media.")] = 60,
    seed: Annotated[int, typer.Option(help="Seed of the items' choice and the intervals.")] = 0,
    resamples: Resamples = 1000,
) -> None:
    """Write runs as a page, as Markdown or as JSON.

    Figures by criterion, modality and stratum, biases, failures, cost; on the page, which opens
    from a file, also plots, and items with their media.
    """
    from mmjudge.commands.report import Wanted, write_report
    from mmjudge.report.written import Places

    write_report(runs, Wanted(Places(html, markdown, json), items, resamples, seed))


@app.command()
def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")],
    out: Annotated[Path, typer.Option(help="File to write; a folder for dataset.")],
    form: Annotated[
        Literal["jsonl", "parquet", "dataset"], typer.Option("--format", help="What to write.")
    ] = "jsonl",
) -> None:
    """Write a run as a table, one row a judgment."""
    from mmjudge.export import export_run
    from mmjudge.plural import many

    count = export_run(run, form, out)
    typer.echo(f"{many(count, 'judgment')} written to {out}", err=True)
