"""The commands. Thin: what they do stands elsewhere and is imported when a command is called."""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from mmjudge.errors import MmjudgeError
from mmjudge.interrupts import INTERRUPTED

MISTAKE = 2
"""Exit code of anything that the user can mend."""


class Commands(typer.core.TyperGroup):
    """Prints what a user can mend without a traceback, and keeps the words of the command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Keep the words as written, for the line that says how to go on."""
        ctx.obj = ["mmjudge", *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run a command; a mistake is one message and exit code 2, a second Ctrl-C 130."""
        try:
            return super().invoke(ctx)
        except MmjudgeError as error:
            typer.echo(f"error: {_visible(str(error))}", err=True)
            raise typer.Exit(MISTAKE) from None
        except KeyboardInterrupt:
            typer.echo("stopped; what was committed is safe", err=True)
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    cls=Commands,
    help="Evaluate multimodal judges: models that compare, grade and rank other models' output.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # rich would take most of the time that --help has
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Runs = Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of runs.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Resamples = Annotated[
    int, typer.Option(min=0, help="Resamples of the bootstrap; 0 for no intervals.")
]
Measures = Annotated[
    list[str] | None,
    typer.Option("--measure", "-m", help="A measure instead of the task's own; repeatable."),
]
Every = Annotated[
    bool, typer.Option("--all", help="All figures: undefined ones, and those no task names.")
]
Modality = Annotated[
    Literal["text", "image", "video", "audio"] | None, typer.Option(help="Only with this modality.")
]
Protocol = Annotated[
    Literal["pair", "score", "rank"] | None, typer.Option(help="Only with this protocol.")
]


def _visible(text: str) -> str:
    """Text of strangers in a message: control characters are shown and not obeyed."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def _version(wanted: bool) -> None:
    if wanted:
        import mmjudge

        typer.echo(f"mmjudge {mmjudge.__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of all commands."""


@app.command()
def run(  # noqa: PLR0913, PLR0917 (one parameter for each option of the command)
    context: typer.Context,
    task: Annotated[
        str, typer.Option(help="Installed task, task folder, or hub:owner/name@revision.")
    ],
    judge: Annotated[
        str, typer.Option(help="kind:name (replay:gpt4o), file.py:MyJudge, or a YAML file.")
    ],
    data: Annotated[Path | None, typer.Option(help="Data of an installed task.")] = None,
    judge_option: Annotated[
        list[str] | None,
        typer.Option("--judge-option", "-J", metavar="KEY=VALUE", help="Repeatable."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the run; one under runs/ if left out.")
    ] = None,
    protocol: Annotated[
        Literal["pair", "score", "rank"] | None, typer.Option(help="The task's first if left out.")
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
    if dry_run:
        from mmjudge.commands.dry_run import forecast_and_print

        return forecast_and_print(asked.settings, as_json=as_json)
    raise typer.Exit(run_and_report(asked))


@app.command()
def score(
    runs: Runs,
    by: Annotated[
        list[str] | None, typer.Option(metavar="AXIS", help="Break down by a stratum; repeatable.")
    ] = None,
    measure: Measures = None,
    resamples: Resamples = 1000,
    every: Every = False,
    as_json: Json = False,
) -> None:
    """Print the figures of runs, with intervals and failures."""
    from mmjudge.commands.figures import print_scores

    axes, measures = tuple(by or ()), tuple(measure or ())
    print_scores(runs, resamples, axes, measures, every=every, as_json=as_json)


@app.command()
def compare(
    runs: Runs,
    measure: Measures = None,
    resamples: Annotated[int, typer.Option(min=1, help="Resamples of the bootstrap.")] = 1000,
    every: Every = False,
    as_json: Json = False,
) -> None:
    """Compare runs with the first one, paired over items."""
    from mmjudge.commands.figures import print_comparison

    print_comparison(runs, resamples, tuple(measure or ()), every=every, as_json=as_json)


@app.command()
def report(
    runs: Runs,
    html: Annotated[Path, typer.Option(metavar="FILE", help="The page to write.")],
    items: Annotated[int, typer.Option(min=0, help="Items to show with their media.")] = 60,
    seed: Annotated[int, typer.Option(help="Seed of the items' choice and the intervals.")] = 0,
    resamples: Resamples = 1000,
) -> None:
    """Write runs as one page that opens from a file.

    Figures by criterion and modality, biases, failures, cost, and items with their media.
    """
    from mmjudge.commands.report import write_report

    write_report(runs, html, items, resamples, seed)


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


@app.command()
def tasks(
    name: Annotated[str | None, typer.Argument(help="Print the whole card of this task.")] = None,
    modality: Modality = None,
    protocol: Protocol = None,
    as_json: Json = False,
) -> None:
    """List the installed tasks, or print the card of one."""
    from mmjudge.commands.listing import print_task, print_tasks

    if name is not None:
        print_task(name, as_json=as_json)
    else:
        print_tasks(modality, protocol, as_json=as_json)


@app.command()
def judges(
    modality: Modality = None,
    protocol: Protocol = None,
    task: Annotated[str | None, typer.Option(help="List its recorded judges too.")] = None,
    data: Annotated[Path | None, typer.Option(help="Data of that task.")] = None,
    as_json: Json = False,
) -> None:
    """List the judges that can be chosen."""
    from mmjudge.commands.listing import print_judges

    print_judges(modality, protocol, task, data, as_json=as_json)


@app.command()
def probes(
    name: Annotated[str | None, typer.Argument(help="Print the whole card of this probe.")] = None,
    modality: Modality = None,
    protocol: Protocol = None,
    preset: Annotated[
        str | None, typer.Option(help="Only those of core, attacks or modality.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the changed ways in which `run --probes` asks again."""
    from mmjudge.commands.probes import print_probe, print_probes

    if name is not None:
        print_probe(name, as_json=as_json)
    else:
        print_probes(modality, protocol, preset, as_json=as_json)


@app.command("check-judge")
def check_judge(
    spec: Annotated[
        str, typer.Argument(metavar="SPEC", help="kind:name, file.py:MyJudge, or a YAML file.")
    ],
    judge_option: Annotated[
        list[str] | None,
        typer.Option("--judge-option", "-J", metavar="KEY=VALUE", help="Repeatable."),
    ] = None,
    protocol: Annotated[
        Literal["pair", "score", "rank"] | None,
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

    count = export_run(run, form, out)
    typer.echo(f"{count} judgments written to {out}", err=True)


@app.command()
def pack(  # noqa: PLR0913, PLR0917 (one parameter for each option of the command)
    runs: Runs,
    out: Annotated[Path, typer.Option(metavar="DIR", help="New folder of the submission.")],
    name: Annotated[str | None, typer.Option(help="The judge's name in the table.")] = None,
    revision: Annotated[str | None, typer.Option(help="Of a judge that has none of its own.")] = (
        None
    ),
    licence: Annotated[str | None, typer.Option(help="Of the judge.")] = None,
    contact: Annotated[str | None, typer.Option(help="E-mail, https link or @name.")] = None,
    trained_on: Annotated[
        list[str] | None, typer.Option(metavar="DATASET", help="Repeatable.")
    ] = None,
    training_known: Annotated[
        Literal["all", "part", "none"] | None, typer.Option(help="How much of that is known.")
    ] = None,
) -> None:
    """Pack runs of one judge into a folder to submit."""
    from mmjudge.commands.leaderboard import pack_and_say

    given = {"judge": name, "revision": revision, "licence": licence, "contact": contact}
    said: dict[str, Any] = {field: text for field, text in given.items() if text is not None}
    if training_known is not None:
        datasets = list(trained_on or ())
        said["training_data"] = {"known": training_known, "datasets": datasets, "overlaps": []}
    pack_and_say(runs, out, said)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Say what is installed and what is missing."""
    from mmjudge.doctor import print_report

    print_report(as_json=as_json)


scenes = typer.Typer(help="Make the generated benchmark.", no_args_is_help=True)
app.add_typer(scenes, name="scenes")

Items = Annotated[int, typer.Option(min=1, help="Number of items; twins come beside them.")]
Made = Annotated[Path, typer.Option(metavar="DIR", help="New folder to write.")]
Directions = Annotated[
    list[str] | None, typer.Option(help="Such as text->image; repeatable; all if left out.")
]
Levels = Annotated[
    list[str] | None, typer.Option(help="easy, medium or hard; repeatable; all if left out.")
]
Protocols = Annotated[
    list[str] | None, typer.Option(help="pair, score or rank; repeatable; all if left out.")
]
Twins = Annotated[bool, typer.Option(help="Show each item in a second modality too.")]
Processes = Annotated[int, typer.Option(min=1, help="Processes that draw.")]
Compact = Annotated[bool, typer.Option(help="Smaller files, which take longer to make.")]


@scenes.command("generate")
def scenes_generate(  # noqa: PLR0913, PLR0917 (one parameter for each option of the command)
    seed: Annotated[str, typer.Option(help="The same seed makes the same items.")],
    items: Items,
    out: Made,
    direction: Directions = None,
    level: Levels = None,
    protocol: Protocols = None,
    twins: Twins = True,
    compact: Compact = False,
    workers: Processes = 2,
) -> None:
    """Write items with gold as a task folder."""
    from mmjudge.commands.scenes import asked, write_pack
    from mmjudge.scenes.pack import Wanted

    which = asked(direction), asked(level), asked(protocol)
    wanted = Wanted(seed, items, *which, twins, compact=compact)
    write_pack(wanted, out, workers)


@scenes.command("season")
def scenes_season(  # noqa: PLR0913, PLR0917 (one parameter for each option of the command)
    seed_file: Annotated[Path, typer.Option(help="Text file with a secret of 32 characters.")],
    items: Items,
    out: Made,
    direction: Directions = None,
    level: Levels = None,
    protocol: Protocols = None,
    twins: Twins = True,
    workers: Processes = 2,
) -> None:
    """Write a public part without gold, and a private part with it."""
    from mmjudge.commands.scenes import asked, write_season
    from mmjudge.scenes.pack import Wanted

    wanted = Wanted("", items, asked(direction), asked(level), asked(protocol), twins)
    write_season(wanted, seed_file, out, workers)


leaderboard = typer.Typer(
    help="Check submissions, and build a leaderboard of them.", no_args_is_help=True
)
app.add_typer(leaderboard, name="leaderboard")


@leaderboard.command("check")
def leaderboard_check(  # noqa: PLR0913, PLR0917 (one parameter for each option of the command)
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the submission.")],
    task: Annotated[
        list[Path] | None,
        typer.Option(metavar="FOLDER", help="A task that is not installed; repeatable."),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FOLDER", help="Data of an installed task; repeatable."),
    ] = None,
    gold: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FOLDER", help="Private part of a season; repeatable."),
    ] = None,
    against: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Other submissions, to find copies.")
    ] = None,
    resamples: Resamples = 200,
    as_json: Json = False,
) -> None:
    """Judge a submission again from its raw replies: every error, and what a reviewer should see.

    Exit code 0 where it is accepted, 1 where it is rejected.
    """
    from mmjudge.commands.leaderboard import check_and_print, sources
    from mmjudge.commands.options import key_values

    places, secret = key_values("--data", data or []), key_values("--gold", gold or [])
    found = sources(task or [], places, secret)
    code = check_and_print(folder, found, against, resamples, as_json=as_json)
    raise typer.Exit(code)


@leaderboard.command("build")
def leaderboard_build(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder with leaderboard.yaml.")
    ] = Path("leaderboard"),
    out: Annotated[
        Path | None, typer.Option(metavar="SITE", help="Folder of the site; DIR/site if left out.")
    ] = None,
    task: Annotated[
        list[Path] | None,
        typer.Option(metavar="FOLDER", help="A task that is not installed; repeatable."),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FOLDER", help="Data of an installed task; repeatable."),
    ] = None,
    gold: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FOLDER", help="Private part of a season; repeatable."),
    ] = None,
    resamples: Resamples = 1000,
) -> None:
    """Build a static site of the submissions: every figure from the raw replies.

    Exit code 0 where all submissions are in it, 1 where one was left out.
    """
    from mmjudge.commands.leaderboard import build_and_say
    from mmjudge.commands.options import key_values
    from mmjudge.leaderboard.layout import Given

    places, secret = key_values("--data", data or []), key_values("--gold", gold or [])
    given = Given.model_validate({"tasks": task or [], "data": places, "gold": secret})
    raise typer.Exit(build_and_say(folder, given, out, resamples))


def main() -> None:
    """Entry point of the command `mmjudge`."""
    for stream in (sys.stdout, sys.stderr):
        # What is judged may hold any character; a terminal that lacks one shows a substitute.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    app()
