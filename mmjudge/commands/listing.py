"""`mmjudge judges`, and how what is installed is listed."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, get_args

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mmjudge.errors import MmjudgeError
from mmjudge.registry import JUDGES, registry
from mmjudge.report.terminal import show
from mmjudge.sources.folder import open_task
from mmjudge.types import JudgeCard, Modality, ProtocolName


def print_judges(
    modality: str | None,
    protocol: ProtocolName | None,
    task: str | None,
    data: Path | None,
    *,
    as_json: bool,
) -> None:
    """List the judges of every kind, and those that a task's data holds recordings of.

    Raises:
        MmjudgeError: The task that is asked for cannot be opened.
    """
    if data is not None and task is None:
        raise MmjudgeError("--data: the data of which task? Name it with --task")
    recorded = open_task(task, data).recorded_judges() if task else ()
    cards = [
        card
        for card in _catalog()
        if modality in (None, *card.modalities) and protocol in (None, *card.protocols)
    ]
    if as_json:
        found = [card.model_dump(mode="json", exclude={"fingerprint"}) for card in cards]
        dump("judges", found, JUDGES, recorded=[f"replay:{name}" for name in recorded])
        return
    table = _table("judge", "takes", "what")
    for card in cards:
        table.add_row(Text(card.name, "bold"), _takes(card), _lines([card.summary, *_extras(card)]))
    parts: list[RenderableType] = [table]
    if task:
        names = ", ".join(f"replay:{name}" for name in recorded) or "none"
        parts += ["", Text(f"recorded in the data of {task}", style="bold"), names]
    show(Group(*parts, *broken(JUDGES)))


def _takes(card: JudgeCard) -> str:
    everything = len(card.modalities) == len(get_args(Modality))
    protocols = [] if len(card.protocols) == len(get_args(ProtocolName)) else [*card.protocols]
    return _lines(["any modality"] if everything else card.modalities) + _only(protocols)


def _only(protocols: Sequence[str]) -> str:
    return f"\n({', '.join(protocols)} only)" if protocols else ""


def _extras(card: JudgeCard) -> Iterable[str]:
    if card.params:
        options = " ".join(f"-J {key}={_yaml(value)}" for key, value in card.params.items())
        yield f"options: {options}"
    if card.needs:
        yield f"needs: {', '.join(card.needs)}"


def _yaml(value: Any) -> str:
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)


def _catalog() -> list[JudgeCard]:
    """The cards of every kind; a kind that fails to list its own is broken, and hides no other."""
    known, cards = registry(JUDGES), []
    for name, kind in known.load_all().items():
        try:
            cards += list(kind.catalog())
        except Exception as error:  # noqa: BLE001 (a plugin is a stranger's code)
            problem = f"{type(error).__name__}: {error}"
            known.broken[name] = f"judge {name!r} does not list its judges: {problem}"
    return cards


def dump(name: str, found: list[dict[str, Any]], group: str, **more: list[str]) -> None:
    """Print what is installed for machines, with what is broken."""
    typer.echo(json.dumps({name: found, "broken": registry(group).broken, **more}, indent=2))


def broken(group: str) -> list[RenderableType]:
    """What is installed and does not load, with what is wrong."""
    found = registry(group).broken
    if not found:
        return []
    lines = [Text(f"  {problem}") for _, problem in sorted(found.items())]
    return ["", Text(f"broken, and therefore not listed: {len(found)}", style="bold"), *lines]


def _lines(words: Sequence[str]) -> str:
    return "\n".join(words)


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for name in columns[:-1]:
        table.add_column(name, no_wrap=True)
    table.add_column(columns[-1], overflow="fold")
    return table
