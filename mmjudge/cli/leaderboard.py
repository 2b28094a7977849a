"""Commands of those who submit to a leaderboard, and of those who run one."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from mmjudge.cli.options import Json, Resamples, Runs
from mmjudge.cli.root import app

Tasks = Annotated[
    list[Path] | None,
    typer.Option(metavar="FOLDER", help="A task that is not installed; repeatable."),
]
DataOf = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=FOLDER", help="Data of an installed task; repeatable."),
]
GoldOf = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=FOLDER", help="Private part of a season; repeatable."),
]


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


leaderboard = typer.Typer(
    help="Check submissions, and build a leaderboard of them.", no_args_is_help=True
)
app.add_typer(leaderboard, name="leaderboard")


@leaderboard.command("check")
def leaderboard_check(  # noqa: PLR0913, PLR0917 (one parameter for each option of the command)
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the submission.")],
    task: Tasks = None,
    data: DataOf = None,
    gold: GoldOf = None,
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
    task: Tasks = None,
    data: DataOf = None,
    gold: GoldOf = None,
    resamples: Resamples = 1000,
) -> None:
    """Build a static site of the submissions: every figure from the raw replies.

    Exit code 0 where all submissions are in it, 1 where one was left out.
    """
    from mmjudge.commands.leaderboard import build_and_say
    from mmjudge.commands.options import key_values
    from mmjudge.leaderboard.boards.layout import Given

    places, secret = key_values("--data", data or []), key_values("--gold", gold or [])
    given = Given.model_validate({"tasks": task or [], "data": places, "gold": secret})
    raise typer.Exit(build_and_say(folder, given, out, resamples))
