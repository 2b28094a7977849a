"""Commands that put tasks to judges, or look a judge over."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from mmjudge.cli.options import Data, Json, JudgeOptions
from mmjudge.cli.root import app


@app.command()
def run(  # noqa: PLR0913, PLR0917 (one parameter for each option of the command)
    context: typer.Context,
    task: Annotated[
        str, typer.Option(help="Installed task, folder, hub:owner/name@revision, suite:NAME.")
    ],
    judge: Annotated[
        str, typer.Option(help="kind:name (replay:gpt4o), file.py:MyJudge, or a YAML file.")
    ],
    data: Data = None,
    judge_option: JudgeOptions = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the run; one under runs/ if left out.")
    ] = None,
    protocol: Annotated[
        Literal["pair", "score", "rank", "checklist", "steps"] | None,
        typer.Option(help="The task's first if left out."),
    ] = None,
    orders: Annotated[
        Literal["balanced", "both", "given"] | None,
        typer.Option(help="Order of the candidates: balanced, or as a recording was made."),
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="How often each request is asked.")] = 1,
    seed: Annotated[int, typer.Option(help="Seed of the balanced order.")] = 0,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="AXIS=VALUE", help="Only items of this stratum; repeatable."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first items.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that decode media.")] = 2,
    allow_urls: Annotated[
        bool, typer.Option("--allow-urls", help="Fetch media at https:// addresses.")
    ] = False,
    max_cost: Annotated[
        float | None,
        typer.Option(metavar="USD", help="Stop when the run has cost this much (exit code 3)."),
    ] = None,
    retry: Annotated[
        list[str] | None,
        typer.Option(metavar="REASON", help="Ask failures again: infra or media; repeatable."),
    ] = None,
    max_failures: Annotated[
        str, typer.Option(help="Exit code 1 above this share of failures: 5% or 0.05.")
    ] = "5%",
    probes: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMES",
            help="Ask again in changed ways: core, attacks, modality, all, or NAME,NAME.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would be asked, and ask nothing.")
    ] = False,
    skip_absent: Annotated[
        bool, typer.Option("--skip-absent", help="Of a suite: go on without what is not at hand.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
    as_json: Json = False,
) -> None:
    """Put a task to a judge, or go on with a run."""
    from mmjudge.commands.options import key_values, share, typed_values
    from mmjudge.commands.run import Asked, run_and_report

    asked = Asked(
        settings={
            "task": task,
            "judge": judge,
            "data": data,
            "options": typed_values("--judge-option", judge_option or []),
            "out": out,
            "protocol": protocol,
            "orders": orders,
            "repeats": repeats,
            "seed": seed,
            "where": key_values("--where", where or []),
            "limit": limit,
            "workers": workers,
            "allow_urls": allow_urls,
            "max_cost": max_cost,
            "retry": retry or (),
            "probes": probes or (),
        },
        max_failures=share("--max-failures", max_failures),
        quiet=quiet,
        as_json=as_json,
        words=tuple(context.find_root().obj),
    )
    if task.startswith("suite:"):
        from mmjudge.commands.suite import AskedSuite, run_suite

        suite = AskedSuite(asked.settings, asked.max_failures, skip_absent, quiet, as_json)
        raise typer.Exit(run_suite(suite, dry_run=dry_run))
    if dry_run:
        from mmjudge.commands.dry_run import forecast_and_print

        return forecast_and_print(asked.settings, as_json=as_json)
    raise typer.Exit(run_and_report(asked))


@app.command()
def demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the runs and the page.")] = (
        Path("runs/demo")
    ),
) -> None:
    """Put the embedded benchmark to the embedded judges.

    And to baselines. Prints one table, and writes a page with pictures; needs no network.
    """
    from mmjudge.commands.demo import play_and_print

    play_and_print(out)


@app.command("check-judge")
def check_judge(
    spec: Annotated[
        str, typer.Argument(metavar="SPEC", help="kind:name, file.py:MyJudge, or a YAML file.")
    ],
    judge_option: JudgeOptions = None,
    protocol: Annotated[
        Literal["pair", "score", "rank", "checklist", "steps"] | None,
        typer.Option(help="Only this one of its card's protocols."),
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.001, help="Seconds that a call may take.")] = 300,
    as_json: Json = False,
) -> None:
    """Say what is wrong with a judge, after a few requests.

    Exit code 1 where something is broken, 2 where there is no such judge.
    """
    from mmjudge.commands.check_judge import check_and_print
    from mmjudge.commands.options import typed_values

    options = typed_values("--judge-option", judge_option or [])
    code = check_and_print(spec, options, protocol, timeout, as_json=as_json)
    raise typer.Exit(code)


@app.command("check-task")
def check_task(
    task: Annotated[
        str, typer.Argument(metavar="TASK", help="Folder, installed task, or hub:owner/name@rev.")
    ],
    data: Data = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first items.")] = None,
    as_json: Json = False,
) -> None:
    """Say what is wrong with a task, before any judge is asked.

    All problems at once, with file, line and field, and what a reviewer would ask; then the gold
    itself, always the first and a coin are run as judges, in both orders. Exit code 1 where
    something is broken, 2 where there is no such task; advice breaks nothing.
    """
    from mmjudge.commands.check_task import check_and_print

    raise typer.Exit(check_and_print(task, data, limit, as_json=as_json))


@app.command("new-task")
def new_task(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits and _.")],
    kind: Annotated[
        Literal["folder", "hub", "package"],
        typer.Option(help="A folder or a mapped Hub dataset, both without code; or a plugin."),
    ] = "folder",
    protocol: Annotated[
        Literal["pair", "score", "rank", "checklist", "steps"],
        typer.Option(help="What a judge is asked for."),
    ] = "pair",
    modality: Annotated[
        Literal["text", "image", "video", "audio"], typer.Option(help="What is judged.")
    ] = "text",
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="New folder; NAME if left out.")
    ] = None,
) -> None:
    """Write a skeleton of a task that passes check-task.

    With two made-up items, and small media where the modality has them; docs/add-a-task.md goes on
    from there.
    """
    from mmjudge.commands.new_task import write_and_print
    from mmjudge.skeletons import Wanted

    write_and_print(Wanted(name, kind, protocol, modality), out)
