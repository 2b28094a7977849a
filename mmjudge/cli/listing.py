"""Commands that list what there is."""

from typing import Annotated

import typer

from mmjudge.cli.options import Data, Json, Modality, Protocol
from mmjudge.cli.root import app


@app.command()
def tasks(  # noqa: PLR0913, PLR0917 (one parameter for each option of the command)
    name: Annotated[
        str | None, typer.Argument(help="Print the whole card of this task, or what a suite asks.")
    ] = None,
    modality: Modality = None,
    protocol: Protocol = None,
    criterion: Annotated[str | None, typer.Option(help="Only with this criterion.")] = None,
    licence: Annotated[
        str | None, typer.Option(metavar="WORDS", help="Only with these words in the licence.")
    ] = None,
    at_most: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Only with at most so many items.")
    ] = None,
    at_hand: Annotated[
        bool, typer.Option("--at-hand", help="Only those whose data needs no network.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the installed tasks, or print the card of one."""
    from mmjudge.commands.catalogue import Wanted, print_task, print_tasks
    from mmjudge.commands.suite_card import print_suite_card

    if name is not None and name.startswith("suite:"):
        print_suite_card(name, as_json=as_json)
    elif name is not None:
        print_task(name, as_json=as_json)
    else:
        wanted = Wanted(modality, protocol, criterion, licence, at_most, at_hand)
        print_tasks(wanted, as_json=as_json)


@app.command()
def download(
    tasks: Annotated[
        list[str],
        typer.Argument(metavar="TASK...", help="Installed tasks, mapped folders, suites."),
    ],
) -> None:
    """Fetch the public data of tasks, whole or not at all.

    So that they run without a network. Goes on where it stopped; what is not whole is never used.
    Says what must be asked for by hand.
    """
    from mmjudge.commands.download import download_and_print

    raise typer.Exit(download_and_print(tasks))


@app.command()
def judges(
    modality: Modality = None,
    protocol: Protocol = None,
    task: Annotated[str | None, typer.Option(help="List its recorded judges too.")] = None,
    data: Data = None,
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


@app.command()
def doctor(as_json: Json = False) -> None:
    """Say what is installed and what is missing."""
    from mmjudge.doctor import print_report

    print_report(as_json=as_json)
