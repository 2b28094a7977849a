"""`mmjudge probes`: the changed ways in which requests can be asked again."""

import json

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mmjudge.errors import MmjudgeError, unknown
from mmjudge.probes.catalog import PRESETS, every_probe, open_probe
from mmjudge.registry import PROBES, registry
from mmjudge.report.outcome import printable
from mmjudge.report.terminal import show
from mmjudge.types import ProbeCard


def print_probes(
    modality: str | None, protocol: str | None, preset: str | None, *, as_json: bool
) -> None:
    """List the probes that fit; broken ones are named below with what is wrong.

    Raises:
        MmjudgeError: There is no such preset.
    """
    if preset is not None and preset not in PRESETS:
        raise MmjudgeError(unknown("preset", preset, PRESETS))
    cards = [
        probe.card
        for probe in every_probe()
        if modality in (None, *probe.card.modalities)
        and protocol in (None, *probe.card.protocols)
        and preset in (None, *probe.card.presets)
    ]
    broken = registry(PROBES).broken
    if as_json:
        found = [card.model_dump(mode="json") for card in cards]
        typer.echo(json.dumps({"probes": found, "broken": broken}, indent=2))
        return
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for name in ("probe", "presets", "fits"):
        table.add_column(name, no_wrap=True)
    table.add_column("what it changes", overflow="fold")
    for card in cards:
        fits = f"{_kinds(card)}\n{', '.join(card.protocols)}"
        table.add_row(Text(card.name, "bold"), "\n".join(card.presets), fits, _what(card))
    parts: list[RenderableType] = [table, "", Text(_NEXT, style="dim")]
    if broken:
        lines = [Text(f"  {printable(problem)}") for _, problem in sorted(broken.items())]
        head = Text(f"broken, and therefore not listed: {len(broken)}", style="bold")
        parts += ["", head, *lines]
    show(Group(*parts))


_NEXT = (
    "asked with: mmjudge run ... --probes core, or attacks, modality, all, or names with commas; "
    "the whole card: mmjudge probes NAME"
)


def _kinds(card: ProbeCard) -> str:
    return "any modality" if len(card.modalities) == 4 else ", ".join(card.modalities)


def _what(card: ProbeCard) -> str:
    towards = "" if card.cue == "none" else f"\npulls towards: {card.cue}"
    kept = "" if card.keeps_gold else "\ntakes content away: the gold holds no longer"
    return f"{card.summary}{towards}{kept}"


def print_probe(name: str, *, as_json: bool) -> None:
    """Print the card of a probe.

    Raises:
        MmjudgeError: There is no such probe.
    """
    card = open_probe(name).card
    if as_json:
        typer.echo(card.model_dump_json(indent=2))
        return
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for field, value in (
        ("fits", f"{_kinds(card)}; {', '.join(card.protocols)}"),
        ("presets", ", ".join(card.presets) or "none"),
        ("pulls towards", card.cue),
        ("gold", "stays right" if card.keeps_gold else "holds no longer: content is taken away"),
        ("source", card.source or "none"),
        ("version", str(card.version)),
    ):
        table.add_row(field, printable(value, 10_000))
    show(Group(Text(card.name, style="bold"), printable(card.summary, 10_000), "", table))
