"""What a reviewer of a task would ask: balance, duplicates, strata, the card, how many items."""

import math
from collections.abc import Iterator, Sequence
from itertools import islice

from mmjudge.checks.findings import Finding
from mmjudge.checks.gathered import Golds, Placed
from mmjudge.checks.leaks import ALARM_RATE, Clue, told
from mmjudge.checks.task_items import Places, Read
from mmjudge.metrics.places import FEW
from mmjudge.plural import many
from mmjudge.sources.samples import SAMPLE, written_place
from mmjudge.task import Task
from mmjudge.types import Item

DOMINANT = 0.8
"""Share of a gold class from which on it dominates."""
CONSTANT = 0.95
"""Share of a stratum's value from which on the axis says nothing."""
WISHED = 0.05
"""Half the width of an interval that a reader can work with."""


def advise(task: Task, reads: Sequence[Read]) -> Iterator[Finding]:
    """Everything that is not wrong, and yet to be asked about; of a sample, nothing of its size."""
    whole = written_place(task) != SAMPLE
    for found in reads:
        for name, golds in found.facts.golds.items():
            if golds.asked:
                yield from _balance(found.protocol, name, golds)
        yield from _duplicates(task, found)
        yield from _strata(found)
        yield from _few(found) if whole else ()
        yield from _leaks(found)
    yield from _ratings(reads)
    yield from _card(task, reads if whole else ())


def _advice(check: str, said: str, examples: Sequence[str] = ()) -> Finding:
    return Finding(check=check, level="advice", said=said, examples=tuple(examples))


def _balance(protocol: str, criterion: str, golds: Golds) -> Iterator[Finding]:
    counts, n = golds.classes, golds.classes.total()
    if not n:
        yield _advice("balance", f"{protocol}, {criterion}: no item has gold")
        return
    name, most = counts.most_common(1)[0]
    first = counts["first"]
    if protocol == "pair":
        ties = n - first - counts["second"]
        said = (
            f"{protocol}, {criterion}: gold first {first}, second {counts['second']}, "
            f"other {ties}; in the file's order always-first has accuracy {first / n:.2f}"
        )
    else:
        said = f"{protocol}, {criterion}: {len(counts)} different golds, most often {name}: {most}"
    dominant = n >= FEW and most >= DOMINANT * n
    if dominant and protocol == "pair":
        said += ": nearly always one slot, so never ask with --orders given"
    elif dominant:
        said += ": one value dominates, so a judge that always says it seems good"
    yield Finding(check="balance", level="advice" if dominant else "ok", said=said)


def _duplicates(task: Task, found: Read) -> Iterator[Finding]:
    again = [" = ".join((first, *found.facts.again[n])) for n, first in _firsts(task, found)]
    twice = found.facts.twice
    if again:
        said = f"{found.protocol}: {many(len(again), 'item')} shown more than once"
        yield _advice("duplicates", said, again)
    if twice:
        said = f"{found.protocol}: {len(twice)} items have two candidates that are the same"
        yield _advice("duplicates", said, twice)
    if found.facts.n and not again and not twice:
        said = f"{found.protocol}: no item and no candidate of an item stands there twice"
        yield Finding(check="duplicates", level="ok", said=said)


def _firsts(task: Task, found: Read) -> Iterator[tuple[int, str]]:
    """The items that others repeat, by number: only a number was kept, so they are read again."""
    wanted = found.facts.again
    if not wanted:
        return
    places = Places(task, found.protocol)
    for number, item in enumerate(islice(task.load(found.protocol), max(wanted) + 1)):
        spot = places.next()
        if number in wanted and isinstance(item, Item):
            yield number, Placed(places.said(spot), item).said


def _strata(found: Read) -> Iterator[Finding]:
    n, axes = found.facts.n, found.facts.axes
    if n and "modality" not in axes:
        yield _advice("strata", f"{found.protocol}: no stratum modality, as in text->image")
    for name, axis in axes.items():
        value, most = axis.counts.most_common(1)[0]
        if name in ("modality", "condition", "pair") or n < FEW:
            continue
        if most >= CONSTANT * n and len(axis.counts) > 1:
            said = f"{name} is {value} in {most} of {n} items: it breaks nothing down"
            yield _advice("strata", f"{found.protocol}: {said}")
        elif axis.all_differ and axis.n == n:
            yield _advice("strata", f"{found.protocol}: {name} is another one in each item")


def _few(found: Read) -> Iterator[Finding]:
    n = found.facts.n
    if not n:
        return
    half = 1.96 * math.sqrt(0.25 / n)
    needed = math.ceil(0.25 * (1.96 / WISHED) ** 2)
    said = f"{found.protocol}: with {n} items an accuracy near 0.5 is known to about +-{half:.2f}"
    if half > WISHED:
        yield _advice("size", f"{said}; +-{WISHED:.2f} needs {needed}")
    else:
        yield Finding(check="size", level="ok", said=said)


def _leaks(found: Read) -> Iterator[Finding]:
    result = told(found.facts.trials)
    if result.found:
        said = f"{found.protocol}: the gold can be told by what no judge should need"
        yield _advice("leaks", said, [_told(clue) for clue in result.found])
    elif result.tests:
        said = (
            f"{found.protocol}: {result.tests} tests, neither names, ids, file sizes nor text "
            f"lengths tell the gold (by luck one of {round(1 / ALARM_RATE)} sound tasks is blamed)"
        )
        yield Finding(check="leaks", level="ok", said=said)


def _told(clue: Clue) -> str:
    return f"{clue.criterion}: {clue.said}, in {clue.right} of {clue.n} items"


def _ratings(reads: Sequence[Read]) -> Iterator[Finding]:
    golds = sum(found.facts.golds_given for found in reads)
    rated = sum(found.facts.rated for found in reads)
    if golds and not rated:
        said = "no gold has the ratings of two annotators, so there will be no human ceiling"
        yield _advice("ceiling", said)
    elif golds:
        said = f"{rated} of {golds} golds have ratings: a human ceiling is computed"
        yield Finding(check="ceiling", level="ok", said=said)


def _card(task: Task, reads: Sequence[Read]) -> Iterator[Finding]:
    card = task.spec.card
    names = ("source", "revision", "licence", "citation", "size", "known_flaws")
    missing = [name for name in names if not getattr(card, name)]
    if missing:
        yield _advice("card", f"card has no {', '.join(missing)}")
    for found in reads:
        stated = card.size.get(found.protocol)
        if stated is not None and stated != found.facts.n:
            missing.append(f"right size.{found.protocol}")
            said = f"card.size.{found.protocol} says {stated}, found {found.facts.n}"
            yield _advice("card", said)
    if not missing:
        yield Finding(check="card", level="ok", said=f"licence {card.licence[:60]}, cited, sized")
