"""Commands that make the generated benchmark."""

from pathlib import Path
from typing import Annotated

import typer

from mmjudge.cli.root import app

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
Called = Annotated[str, typer.Option("--name", help="Of the task: small letters, digits and _.")]
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
    name: Called = "scenes",
    workers: Processes = 2,
) -> None:
    """Write items with gold as a task folder."""
    from mmjudge.commands.scenes import asked, write_pack
    from mmjudge.scenes.pack import Wanted

    which = asked(direction), asked(level), asked(protocol)
    wanted = Wanted(seed, items, *which, twins, name, compact)
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
    name: Called = "scenes",
    workers: Processes = 2,
) -> None:
    """Write a public part without gold, and a private part with it."""
    from mmjudge.commands.scenes import asked, write_season
    from mmjudge.scenes.pack import Wanted

    wanted = Wanted("", items, asked(direction), asked(level), asked(protocol), twins, name)
    write_season(wanted, seed_file, out, workers)
