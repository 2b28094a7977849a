"""`mmjudge tasks`: the catalogue of tasks, and the card of one."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import typer
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mmjudge.commands.listing import broken, dump
from mmjudge.errors import MmjudgeError, unknown
from mmjudge.registry import TASKS, registry
from mmjudge.report.outcome import printable
from mmjudge.report.terminal import show
from mmjudge.sources.downloads import DownloadedTask
from mmjudge.sources.folder import open_task
from mmjudge.sources.samples import SAMPLE, sample_of
from mmjudge.suites import builtin
from mmjudge.task import Task
from mmjudge.types import ProtocolName, TaskSpec

LONGEST = 10_000
"""Characters of a card's field that are shown."""
SHORT = 24
"""Characters of a licence in the catalogue."""
MOST_CRITERIA = 6
HERE = ("yes", "downloaded")
"""States of a task whose data needs no network; a sample is a few items only."""


class Wanted(NamedTuple):
    """Which tasks are listed; None for all.

    `licence`: words of it; `at_most`: items under a protocol, of tasks that state how many.
    """

    modality: str | None = None
    protocol: ProtocolName | None = None
    criterion: str | None = None
    licence: str | None = None
    at_most: int | None = None
    at_hand: bool = False


class Entry(NamedTuple):
    """A task of the catalogue, and whether its data is at hand."""

    spec: TaskSpec
    place: str


def print_tasks(wanted: Wanted, *, as_json: bool) -> None:
    """List the tasks that are installed; broken ones are named below with what is wrong.

    Raises:
        MmjudgeError: No task has such a criterion.
    """
    specs = _specs()
    names = {criterion.name for spec in specs for criterion in spec.criteria}
    if wanted.criterion not in (None, *names):
        raise MmjudgeError("--criterion: " + unknown("criterion", wanted.criterion or "", names))
    entries = [Entry(spec, at_hand(spec.name)) for spec in specs if _fits(spec, wanted)]
    found = [entry for entry in entries if entry.place in HERE or not wanted.at_hand]
    if as_json:
        rows = [{**spec.model_dump(mode="json"), "at_hand": place} for spec, place in found]
        dump("tasks", rows, TASKS)
        return
    said = (
        f"{len(found)} of {len(specs)} tasks; the whole card: mmjudge tasks NAME; what is not at "
        "hand: mmjudge download NAME; a few items: --data sample; several at once: mmjudge tasks "
        f"suite:NAME, of {', '.join(builtin())}"
    )
    show(Group(_Catalogue(found), Text(said, style="dim"), *broken(TASKS)))


def _specs() -> list[TaskSpec]:
    """The cards of all tasks that load."""
    specs = []
    for name, found in registry(TASKS).load_all().items():
        spec = getattr(found, "spec", None)
        if isinstance(spec, TaskSpec):
            specs.append(spec)
        else:
            problem = f"{found!r} has no spec that is a TaskSpec"
            registry(TASKS).broken[name] = f"task {name!r}: {problem}"
    return specs


def _fits(spec: TaskSpec, wanted: Wanted) -> bool:
    """Whether a card is one of those that are wanted."""
    sizes = [spec.card.size[name] for name in spec.protocols if name in spec.card.size]
    return (
        wanted.modality in (None, *spec.modalities)
        and wanted.protocol in (None, *spec.protocols)
        and wanted.criterion in (None, *(criterion.name for criterion in spec.criteria))
        and (wanted.licence or "").casefold() in spec.card.licence.casefold()
        and (wanted.at_most is None or any(size <= wanted.at_most for size in sizes))
    )


class _Catalogue:
    """A line of facts for each task, and below it what it is: readable in 80 columns."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        width = max((len(entry.spec.label) for entry in self.entries), default=0)
        for entry in self.entries:
            line = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
            line.add_column(width=width, no_wrap=True)
            line.add_column(width=len("not at hand"), no_wrap=True)
            line.add_column(overflow="fold")
            line.add_row(
                Text(entry.spec.label, "bold"), place_words(entry.place), _facts(entry.spec)
            )
            yield line
            yield Padding(Text("\n".join(_brief(entry.spec))), (0, 0, 1, 2))


def place_words(place: str) -> str:
    """Whether the data is at hand, in words."""
    return {"yes": "at hand", "no": "not at hand", SAMPLE: "sample only"}.get(place, place)


def _facts(spec: TaskSpec) -> str:
    """Protocols, what is shown, how many items, the licence: a line."""
    sizes = [(spec.card.size[name], name) for name in spec.protocols if name in spec.card.size]
    several = len(spec.protocols) > 1
    items = ", ".join(f"{n:,} {name}" if several else f"{n:,} items" for n, name in sizes)
    shows = "+".join(spec.modalities)
    return "; ".join(filter(None, ("/".join(spec.protocols), shows, items, short_licence(spec))))


def short_licence(spec: TaskSpec) -> str:
    """The name of a licence without what is said of it.

    Example:
        >>> from mmjudge.types import Criterion, TaskCard
        >>> spec = TaskSpec(name="t", protocols=("pair",), primary="accuracy", modalities=("text",),
        ...     criteria=(Criterion(name="c", question="?"),),
        ...     card=TaskCard(summary="t", licence="MIT (code), so redistribution is allowed"))
        >>> short_licence(spec)
        'MIT'
    """
    name = re.split(r"[(;,]|\. ", spec.card.licence)[0].strip()
    unstated = not name or re.match(r"(none|no|not|unstated|unknown)\b", name, re.I)
    return "no licence stated" if unstated else printable(name, SHORT)


def _brief(spec: TaskSpec) -> Iterator[str]:
    """What a task is, and its criteria."""
    card, names = spec.card, [criterion.name for criterion in spec.criteria]
    newer = f"(superseded by {card.superseded_by}) " if card.superseded_by else ""
    yield printable(newer + card.summary)
    more = f", and {len(names) - MOST_CRITERIA} more" if len(names) > MOST_CRITERIA else ""
    yield printable(f"criteria: {', '.join(names[:MOST_CRITERIA])}{more}")


def at_hand(name: str) -> str:
    """Whether a task's items can be read without a network: yes, downloaded, sample, or no.

    The first item of each protocol is tried; `sample` is what only has the items that come with it.
    """
    before = os.environ.get("HF_HUB_OFFLINE")
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        task = open_task(name)
        for protocol in task.spec.protocols:
            if next(iter(task.load(protocol)), None) is None:
                return _sample(name)
    except Exception:  # noqa: BLE001 (whatever keeps it from being read)
        return _sample(name)
    finally:
        if before is None:
            del os.environ["HF_HUB_OFFLINE"]
        else:
            os.environ["HF_HUB_OFFLINE"] = before
    return "downloaded" if isinstance(task, DownloadedTask) else "yes"


def _sample(name: str) -> str:
    """`sample` where a task has one, else `no`."""
    try:
        return SAMPLE if sample_of(registry(TASKS).load(name)) else "no"
    except MmjudgeError:
        return "no"


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
    for field, value in _card(task):
        if value:
            table.add_row(printable(field), printable(value, LONGEST))
    summary = printable(spec.card.summary, LONGEST)
    show(Group(Text(spec.label, style="bold"), summary, "", table))


def _card(task: Task) -> Iterable[tuple[str, str]]:
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
