"""How far a run is: a bar on a terminal, plain lines elsewhere."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mmjudge.engine.pipeline import Stats

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

EVERY_S = 5.0
"""Between two plain lines."""

COUNT_AFTER_S = 1.0
"""A run that is over sooner needs no time left, so its items are not counted for it."""


class Total:
    """The number of judgments that a run will make, counted in the background when it is asked for.

    The run itself plans only a little ahead of the judge, so that memory stays flat.

    Args:
        count: Gives the number, or None where it cannot be known cheaply.
    """

    def __init__(self, count: Callable[[Stats], int | None]) -> None:
        self._count = count
        self._thread: threading.Thread | None = None
        self._value: int | None = None

    def of(self, stats: Stats) -> int | None:
        """The total, None as long as it is not known."""
        if stats.total is not None:
            return stats.total
        if self._thread is None and stats.elapsed_s > COUNT_AFTER_S:
            self._thread = threading.Thread(target=self._run, args=(stats,), daemon=True)
            self._thread.start()
        return self._value

    def _run(self, stats: Stats) -> None:
        try:
            self._value = self._count(stats)
        except Exception:  # noqa: BLE001 (the run itself meets the same trouble and reports it)
            self._value = None


def summary(stats: Stats, total: int | None) -> str:
    """One line: done of total, rate, time left, failures, tokens.

    Example:
        >>> summary(Stats(judged=0, resumed=30), 40)
        '30/40 judgments, 0 failed'
    """
    done = stats.judged + stats.resumed
    parts = [f"{done}/{total} judgments" if total else f"{done} judgments"]
    if stats.judged:
        parts.append(f"{rate(stats)}/s")
        if left := time_left(stats, total):
            parts.append(f"{left} left")
    parts.append(f"{stats.failed} failed")
    if stats.bad_items:
        parts.append(f"{stats.bad_items} unreadable items")
    if stats.tokens_in or stats.tokens_out:
        parts.append(f"{tokens(stats)} tokens")
    if stats.spent_usd:
        parts.append(dollars(stats))
    return ", ".join(parts)


def rate(stats: Stats) -> str:
    """Judgments a second, with as many digits as mean something."""
    value = stats.rate
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def tokens(stats: Stats) -> str:
    """Tokens in and out, in thousands or millions.

    Example:
        >>> tokens(Stats(tokens_in=1_234_567, tokens_out=890))
        '1.2M in, 890 out'
    """
    return f"{_short(stats.tokens_in)} in, {_short(stats.tokens_out)} out"


def dollars(stats: Stats) -> str:
    """What the run has cost, and how much of it before this process.

    Example:
        >>> dollars(Stats(cost_usd=0.5)), dollars(Stats(cost_usd=0.5, cost_before_usd=2))
        ('$0.5', '$2.5 ($2 before)')
    """
    before = f" (${stats.cost_before_usd:.4g} before)" if stats.cost_before_usd else ""
    return f"${stats.spent_usd:.4g}{before}"


def _short(count: int) -> str:
    for size, unit in ((1_000_000, "M"), (1000, "k")):
        if count >= size:
            return f"{count / size:.1f}{unit}"
    return str(count)


def time_left(stats: Stats, total: int | None) -> str:
    """Minutes and seconds until the end at the rate so far; empty where that is not known."""
    open_now = (total or 0) - stats.judged - stats.resumed
    if total is None or not stats.judged or open_now <= 0:
        return ""
    minutes, seconds = divmod(round(open_now / stats.rate), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


class Quiet:
    """Shows nothing."""

    def __call__(self, stats: Stats) -> None:
        """Take the counts so far."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None


class Lines(Quiet):
    """A plain line now and then, for logs.

    Args:
        total: What will be judged.
        write: Takes one line.
    """

    def __init__(self, total: Total, write: Callable[[str], None]) -> None:
        self.total, self.write = total, write
        self._last = time.monotonic()

    def __call__(self, stats: Stats) -> None:
        """Write a line if the last one is old enough."""
        total = self.total.of(stats)
        if time.monotonic() - self._last >= EVERY_S:
            self._last = time.monotonic()
            self.write(summary(stats, total))


class Bar(Quiet):
    """A bar with rate, time left, failures and tokens."""

    def __init__(self, total: Total, console: "Console") -> None:
        self.total, self.console = total, console
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        from rich.progress import BarColumn, Progress, TextColumn

        columns = (BarColumn(bar_width=20), TextColumn("{task.description}"))
        self._bar = Progress(*columns, console=self.console, transient=True, refresh_per_second=5)
        self._task = self._bar.add_task("starting", total=None)
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, stats: Stats) -> None:
        """Move the bar."""
        if self._bar is None or self._task is None:
            return
        total = self.total.of(stats)
        done = stats.judged + stats.resumed
        text = "finishing the batch at hand" if stats.interrupted else summary(stats, total)
        self._bar.update(self._task, completed=done, total=total, description=text)
