"""What became of a run: counts, failures with an example of each, bad items, what to do next."""

from pathlib import Path
from typing import Any

from mmjudge.engine.pipeline import Stats
from mmjudge.plural import many
from mmjudge.report.progress import dollars, rate, tokens
from mmjudge.store.run_store import RunStore
from mmjudge.task import BadItem
from mmjudge.types import MetricResult, Record

MOST_SHOWN = 5
"""Bad items that are shown; the others are counted."""
WIDTH = 400
"""Characters of a detail that are shown."""


class Outcome(Record):
    """A run's counts, of all of it, with what is worth showing of its failures.

    `data`: where the items were read from, `sample` for the task's own; None for its public copy.
    """

    folder: str
    task: str
    data: str | None = None
    judge: str
    protocol: str
    orders: str
    items: int
    bad_items: int
    judgments: int
    failed: int
    failures: dict[str, int]
    examples: dict[str, str]
    bad: tuple[BadItem, ...]

    @property
    def refused(self) -> int:
        """Requests of a kind that the judge does not take."""
        return self.failures.get("unsupported", 0)

    @property
    def failed_share(self) -> float:
        """Failed judgments and unreadable items as a share of all."""
        everything = self.judgments + self.bad_items
        return (self.failed + self.bad_items) / everything if everything else 0.0


def read_outcome(folder: Path) -> Outcome:
    """Look at the store of a run.

    Raises:
        StoreError: There is no readable run.
    """
    with RunStore.open(folder) as store:
        counts, settings = store.counts(), store.header.settings
        return Outcome(
            folder=str(folder),
            task=store.header.task.label,
            data=store.header.data,
            judge=store.header.judge.name,
            protocol=settings.protocol,
            orders=settings.orders,
            items=counts["items"],
            bad_items=counts["bad_items"],
            judgments=counts["judgments"],
            failed=counts["failed"],
            failures=store.failures(),
            examples=_examples(store) if counts["failed"] else {},
            bad=store.bad_items(MOST_SHOWN) if counts["bad_items"] else (),
        )


def _examples(store: RunStore) -> dict[str, str]:
    """The item and detail of the first failure of each reason."""
    return {
        reason: f"item {item}" + (f": {detail}" if detail else "")
        for reason, (item, detail) in store.first_failures().items()
    }


def printable(text: str, width: int = WIDTH) -> str:
    r"""Untrusted text in one line, control characters shown and not obeyed.

    Example:
        >>> printable("a\x1b[31m\nb")
        'a\\x1b[31m b'
    """
    flat = " ".join(text.split())
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in flat)
    return safe if len(safe) <= width else safe[: width - 3] + "..."


def lines(outcome: Outcome, stats: Stats) -> list[str]:
    """What is printed at the end of a run."""
    speed = f" in {stats.elapsed_s:.1f} s ({rate(stats)}/s)" if stats.judged else ""
    resumed = f", {stats.resumed} were there already" if stats.resumed else ""
    out = [
        f"{outcome.task} by {outcome.judge}: {stats.judged} judged{speed}{resumed}",
        f"{many(outcome.items, 'item')}, {many(outcome.judgments, 'judgment')}, "
        f"{outcome.failed} failed",
    ]
    if stats.tokens_in or stats.tokens_out:
        cost = f", {dollars(stats)}" if stats.spent_usd else ""
        out.append(f"tokens: {tokens(stats)}{cost}")
    if stats.settings and stats.settings.probes:
        out.append(_probes(stats))
    for reason, count in outcome.failures.items():
        out.append(f"  {count} {reason}, such as {printable(outcome.examples[reason])}")
    if outcome.bad_items:
        out.append(f"{many(outcome.bad_items, 'item')} cannot be judged:")
        out += [f"  {printable(b.where)}: {printable(b.problem)}" for b in outcome.bad]
        if outcome.bad_items > len(outcome.bad):
            out.append(f"  and {outcome.bad_items - len(outcome.bad)} more")
    return out


def _probes(stats: Stats) -> str:
    names = stats.settings.probes if stats.settings else ()
    shown = ", ".join(names) if len(names) <= MOST_SHOWN else str(len(names))
    said = f"probes: {shown}"
    unasked = sum(stats.unasked.values())
    return (
        f"{said}; not asked, since they do not fit: {many(unasked, 'request')}" if unasked else said
    )


def as_record(outcome: Outcome, stats: Stats, exit_code: int) -> dict[str, Any]:
    """The same for machines."""
    return {
        **outcome.model_dump(mode="json"),
        "judged_now": stats.judged,
        "resumed": stats.resumed,
        "tokens_in": stats.tokens_in,
        "tokens_out": stats.tokens_out,
        "cost_usd": stats.cost_usd,
        "spent_usd": stats.spent_usd,
        "out_of_budget": stats.out_of_budget,
        "unasked": dict(stats.unasked),
        "elapsed_s": round(stats.elapsed_s, 3),
        "per_s": round(stats.rate, 3),
        "interrupted": stats.interrupted,
        "failed_share": outcome.failed_share,
        "exit_code": exit_code,
    }


def share_of_ceiling(value: float, ceiling: MetricResult) -> str:
    """What share of the human ceiling a judge's figure is; nothing where that would say nothing.

    A share is of what counts up from 0: people who may agree by luck alone are no measure.

    Example:
        >>> people = MetricResult(metric="tau_b", task="t", criterion="c", value=0.8,
        ...                       ci95=(0.7, 0.9), n_items=50, n_failed=0)
        >>> share_of_ceiling(0.4, people)
        '; the judge has 50% of it'
        >>> share_of_ceiling(0.4, people.model_copy(update={"ci95": (-0.1, 0.9)}))
        ''
    """
    low = ceiling.ci95[0] if ceiling.ci95 else ceiling.value
    if ceiling.value is None or low is None or low <= 0 or value < 0:
        return ""
    return f"; the judge has {value / ceiling.value:.0%} of it"
