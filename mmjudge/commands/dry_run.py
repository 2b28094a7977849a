"""`mmjudge run --dry-run`: what a run would ask, and about how long that would take."""

from collections.abc import Iterator, Mapping
from typing import Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mmjudge import api
from mmjudge.engine.forecast import Forecast
from mmjudge.report.outcome import printable
from mmjudge.report.terminal import show

SHAPING = [
    "task",
    "judge",
    "data",
    "options",
    "out",
    "protocol",
    "orders",
    "repeats",
    "seed",
    "where",
    "limit",
    "retry",
    "probes",
]
"""Settings of a run on which it depends what is asked."""


def forecast_and_print(settings: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what a run of these settings would ask; its folder is not touched.

    Raises:
        MmjudgeError: Anything that would keep the run from starting.
    """
    found = api.forecast(**{name: settings[name] for name in SHAPING})
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
        return
    parts: list[RenderableType] = [Text(line) for line in _lines(found)]
    if found.probes:
        parts += ["", _table(found)]
    show(Group(*parts))


def _lines(found: Forecast) -> Iterator[str]:
    yield printable(f"{found.task} by {found.judge}, {found.protocol}; nothing was asked")
    unreadable = f", {found.bad_items:,} of them unreadable" if found.bad_items else ""
    yield f"items: {found.items:,}{unreadable}"
    yield _calls(found)
    if found.unknown:
        everything = found.plain + found.probed
        yield (
            f"not recorded: {found.unknown:,} of {everything:,} requests have no reply in this "
            "recording, and will fail as infra"
        )
    yield f"text: about {found.tokens_in:,} tokens to read; what media take comes on top"
    if found.shown:
        shown = ", ".join(
            f"{found.shown[kind]:,} {kind} ({found.media[kind]:,} different)"
            for kind in sorted(found.shown)
        )
        yield f"media: {shown}"
    if found.seconds is None:
        yield "time: not known, since no earlier run of this judge is near; try --limit 20 first"
    else:
        yield f"time: about {duration(found.seconds)}, at the pace of {printable(found.measured)}"


def _calls(found: Forecast) -> str:
    said = f"calls: {found.calls:,}, from {found.plain:,} plain requests"
    if found.probes:
        times = (found.plain + found.probed) / found.plain if found.plain else 0.0
        said += f" and {found.probed:,} changed ones ({times:.1f} times the plain run)"
    if found.there:
        said += f"; {found.there:,} are answered already"
    if found.refused:
        said += f"; {found.refused:,} fail without a call, since the judge does not take them"
    return said


def duration(seconds: float) -> str:
    """Seconds as a person reads them.

    Example:
        >>> duration(0.5), duration(75), duration(7384)
        ('0.5 s', '1:15 min', '2:03:04 h')
    """
    if seconds < 60:
        return f"{seconds:.2g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} h" if hours else f"{minutes}:{rest:02} min"


def _table(found: Forecast) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("probe", no_wrap=True)
    for name in ("asked", "not asked, does not fit", "failed"):
        table.add_column(name, justify="right")
    for name, count in found.probes.items():
        table.add_row(name, f"{count.asked:,}", f"{count.unasked:,}", f"{count.failed:,}")
    return table
