"""`mmjudge tasks` and `mmjudge judges`."""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, get_args

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mmjudge.errors import MmjudgeError
from mmjudge.registry import JUDGES, TASKS, registry
from mmjudge.report.outcome import printable
from mmjudge.report.terminal import show
from mmjudge.sources.downloads import DownloadedTask
from mmjudge.sources.folder import open_task
from mmjudge.sources.samples import SAMPLE, sample_of
from mmjudge.task import Task
from mmjudge.types import JudgeCard, Modality, ProtocolName, TaskSpec

LONGEST = 10_000
"""Characters of a card's field that are shown."""


class Wanted(NamedTuple):
    """Which tasks are listed; None for all."""

    modality: str | None = None
    protocol: ProtocolName | None = None
    criterion: str | None = None
    at_hand: bool = False


def print_tasks(wanted: Wanted, *, as_json: bool) -> None:
    """List the tasks that are installed; broken ones are named below with what is wrong."""
    loaded = registry(TASKS).load_all()
    rows: list[tuple[TaskSpec, str]] = []
    for name, found in loaded.items():
        spec = getattr(found, "spec", None)
        if not isinstance(spec, TaskSpec):
            problem = f"{found!r} has no spec that is a TaskSpec"
            registry(TASKS).broken[name] = f"task {name!r}: {problem}"
        elif _fits(spec, wanted) and ((place := at_hand(name)) != "no" or not wanted.at_hand):
            rows.append((spec, place))
    if as_json:
        found = [{**spec.model_dump(mode="json"), "at_hand": place} for spec, place in rows]
        _dump("tasks", found, TASKS)
        return
    table = _table("task", "protocols", "modalities", "at hand", "what")
    for spec, place in rows:
        named = (Text(spec.label, "bold"), _lines(spec.protocols), _lines(spec.modalities))
        table.add_row(*named, place, _lines([*_brief(spec)]))
    said = "the whole card: mmjudge tasks NAME; what is not at hand: mmjudge download NAME"
    show(Group(table, "", Text(said, style="dim"), *_broken(TASKS)))


def _fits(spec: TaskSpec, wanted: Wanted) -> bool:
    return (
        wanted.modality in (None, *spec.modalities)
        and wanted.protocol in (None, *spec.protocols)
        and wanted.criterion in (None, *(criterion.name for criterion in spec.criteria))
    )


def _brief(spec: TaskSpec) -> Iterable[str]:
    """What a task is, its criteria, its size and its licence, a line each."""
    card, names = spec.card, [criterion.name for criterion in spec.criteria]
    newer = f"(superseded by {card.superseded_by}) " if card.superseded_by else ""
    yield newer + card.summary
    more = f", and {len(names) - 6} more" if len(names) > 6 else ""
    yield f"criteria: {', '.join(names[:6])}{more}"
    sizes = [f"{card.size[p]:,} ({p})" for p in spec.protocols if p in card.size]
    yield f"size: {', '.join(sizes) or 'not stated'}; licence: {card.licence[:60] or 'not stated'}"


def at_hand(name: str) -> str:
    """Whether a task's items can be read without a network: yes, downloaded, or no.

    The first item of each protocol is tried.
    """
    before = os.environ.get("HF_HUB_OFFLINE")
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        task = open_task(name)
        for protocol in task.spec.protocols:
            if next(iter(task.load(protocol)), None) is None:
                return "no"
    except Exception:  # noqa: BLE001 (whatever keeps it from being read)
        return "no"
    finally:
        if before is None:
            del os.environ["HF_HUB_OFFLINE"]
        else:
            os.environ["HF_HUB_OFFLINE"] = before
    return "downloaded" if isinstance(task, DownloadedTask) else "yes"


def print_task(name: str, *, as_json: bool) -> None:
    """Print the card of a task.

    Raises:
        MmjudgeError: There is no such task.
    """
    task = open_task(name)
    spec = task.spec
    if as_json:
        typer.echo(spec.model_dump_json(indent=2))
        return
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for field, value in _facts(task):
        if value:
            table.add_row(printable(field), printable(value, LONGEST))
    summary = printable(spec.card.summary, LONGEST)
    show(Group(Text(spec.label, style="bold"), summary, "", table))


def _facts(task: Task) -> Iterable[tuple[str, str]]:
    spec, card = task.spec, task.spec.card
    yield "protocols", ", ".join(spec.protocols)
    yield "modalities", ", ".join(spec.modalities)
    yield "primary", spec.primary
    yield "measures", ", ".join(spec.measures)
    yield "own rules", ", ".join(rule.name for rule in task.published())
    for criterion in spec.criteria:
        yield f"criterion {criterion.name}", criterion.question
        scale = criterion.scale
        if scale and {"score", "checklist"} & set(spec.protocols):
            labels = f" ({', '.join(scale.labels)})" if scale.labels else ""
            yield "  scale", f"{scale.lowest:g} to {scale.highest:g}{labels}"
        if "pair" in spec.protocols:
            yield "  options", ", ".join(criterion.options)
        if "steps" in spec.protocols:
            yield "  types of error", ", ".join(criterion.error_types)
    yield "source", card.source
    yield "revision", card.revision
    yield "licence", card.licence
    yield "citation", card.citation
    yield "superseded by", card.superseded_by or ""
    sample = sample_of(type(task))
    yield "sample", "" if sample is None else f"comes with it: --data {SAMPLE}"
    yield "size", "; ".join(f"{part}: {count:,}" for part, count in card.size.items())
    yield "human agreement", card.human_agreement
    seen = "on the public data" if card.columns == "verified" else "not on the public data itself"
    yield "loader checked", seen
    for place, flaw in enumerate(card.known_flaws):
        yield "" if place else "known flaws", flaw


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
        _dump("judges", found, JUDGES, recorded=[f"replay:{name}" for name in recorded])
        return
    table = _table("judge", "takes", "what")
    for card in cards:
        table.add_row(Text(card.name, "bold"), _takes(card), _lines([card.summary, *_extras(card)]))
    parts: list[RenderableType] = [table]
    if task:
        names = ", ".join(f"replay:{name}" for name in recorded) or "none"
        parts += ["", Text(f"recorded in the data of {task}", style="bold"), names]
    show(Group(*parts, *_broken(JUDGES)))


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


def _dump(name: str, found: list[dict[str, Any]], group: str, **more: list[str]) -> None:
    typer.echo(json.dumps({name: found, "broken": registry(group).broken, **more}, indent=2))


def _broken(group: str) -> list[RenderableType]:
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
