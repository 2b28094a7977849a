"""What a reviewer of a task would ask: balance, duplicates, strata, the card, how many items."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from mmjudge.checks.findings import Finding
from mmjudge.checks.leaks import ALARM_RATE, Clue, clues
from mmjudge.checks.task_items import Placed, Read
from mmjudge.metrics.places import FEW
from mmjudge.plural import many
from mmjudge.task import Task
from mmjudge.types import Answers, Gold, Preference, Ranking, Score, Steps

DOMINANT = 0.8
"""Share of a gold class from which on it dominates."""
CONSTANT = 0.95
"""Share of a stratum's value from which on the axis says nothing."""
WISHED = 0.05
"""Half the width of an interval that a reader can work with."""


def advise(task: Task, reads: Sequence[Read]) -> Iterator[Finding]:
    """Everything that is not wrong, and yet to be asked about."""
    for found in reads:
        for name in _asked(task, found):
            said = [gold for p in found.items if (gold := p.item.gold.get(name))]
            yield from _balance(found.protocol, name, said)
        yield from _duplicates(found)
        yield from _strata(found)
        yield from _few(found)
        yield from _leaks(task, found)
    yield from _ratings(reads)
    yield from _card(task, reads)


def _asked(task: Task, found: Read) -> list[str]:
    """The criteria that some item is judged on."""
    every = [criterion.name for criterion in task.spec.criteria]
    return [n for n in every if any(n in (p.item.criteria or every) for p in found.items)]


def _advice(check: str, said: str, examples: Sequence[str] = ()) -> Finding:
    return Finding(check=check, level="advice", said=said, examples=tuple(examples))


def _balance(protocol: str, criterion: str, gold: Sequence[Gold]) -> Iterator[Finding]:
    if not gold:
        yield _advice("balance", f"{protocol}, {criterion}: no item has gold")
        return
    counts = Counter(_class(one) for one in gold)
    name, most = counts.most_common(1)[0]
    first = counts["first"]
    if protocol == "pair":
        ties = len(gold) - first - counts["second"]
        said = (
            f"{protocol}, {criterion}: gold first {first}, second {counts['second']}, "
            f"other {ties}; in the file's order always-first has accuracy {first / len(gold):.2f}"
        )
    else:
        said = f"{protocol}, {criterion}: {len(counts)} different golds, most often {name}: {most}"
    dominant = len(gold) >= FEW and most >= DOMINANT * len(gold)
    if dominant and protocol == "pair":
        said += ": nearly always one slot, so never ask with --orders given"
    elif dominant:
        said += ": one value dominates, so a judge that always says it seems good"
    yield Finding(check="balance", level="advice" if dominant else "ok", said=said)


def _class(gold: Gold) -> str:
    match gold:
        case Preference(value=value):
            return value
        case Score(value=score):
            return f"{score:g}"
        case Ranking(ranks=ranks):
            return " ".join(f"{rank:g}" for rank in ranks)
        case Answers(answers=answers):
            return ", ".join(answers)
        case Steps(errors=errors):
            return ", ".join(error or "right" for error in errors)


def _duplicates(found: Read) -> Iterator[Finding]:
    alike: dict[object, list[Placed]] = defaultdict(list)
    twice = []
    for one in found.items:
        asked = [q.text for questions in one.item.checklists.values() for q in questions]
        shown = (one.item.prompt, tuple(c.parts for c in one.item.candidates), *asked)
        alike[shown].append(one)
        answers = [c.parts for c in one.item.candidates]
        if len(set(answers)) < len(answers):
            twice.append(f"{one.where} ({one.item.id})")
    again = [" = ".join(f"{p.where} ({p.item.id})" for p in ps) for ps in alike.values() if ps[1:]]
    if again:
        said = f"{found.protocol}: {many(len(again), 'item')} shown more than once"
        yield _advice("duplicates", said, again)
    if twice:
        said = f"{found.protocol}: {len(twice)} items have two candidates that are the same"
        yield _advice("duplicates", said, twice)
    if found.items and not again and not twice:
        said = f"{found.protocol}: no item and no candidate of an item stands there twice"
        yield Finding(check="duplicates", level="ok", said=said)


def _strata(found: Read) -> Iterator[Finding]:
    n = len(found.items)
    axes: dict[str, Counter[str]] = defaultdict(Counter)
    for one in found.items:
        for axis, value in one.item.strata.items():
            axes[axis][value] += 1
    if n and "modality" not in axes:
        yield _advice("strata", f"{found.protocol}: no stratum modality, as in text->image")
    for axis, counts in axes.items():
        value, most = counts.most_common(1)[0]
        if axis in ("modality", "condition", "pair") or n < FEW:
            continue
        if most >= CONSTANT * n and len(counts) > 1:
            said = f"{axis} is {value} in {most} of {n} items: it breaks nothing down"
            yield _advice("strata", f"{found.protocol}: {said}")
        elif len(counts) == n:
            yield _advice("strata", f"{found.protocol}: {axis} is another one in each item")


def _few(found: Read) -> Iterator[Finding]:
    n = len(found.items)
    if not n:
        return
    half = 1.96 * math.sqrt(0.25 / n)
    needed = math.ceil(0.25 * (1.96 / WISHED) ** 2)
    said = f"{found.protocol}: with {n} items an accuracy near 0.5 is known to about +-{half:.2f}"
    if half > WISHED:
        yield _advice("size", f"{said}; +-{WISHED:.2f} needs {needed}")
    else:
        yield Finding(check="size", level="ok", said=said)


def _leaks(task: Task, found: Read) -> Iterator[Finding]:
    items = [one.item for one in found.items]
    criteria = [criterion.name for criterion in task.spec.criteria]
    told = clues(items, criteria, task.root)
    if told.found:
        said = f"{found.protocol}: the gold can be told by what no judge should need"
        yield _advice("leaks", said, [_told(clue) for clue in told.found])
    elif told.tests:
        said = (
            f"{found.protocol}: {told.tests} tests, neither names, ids, file sizes nor text "
            f"lengths tell the gold (by luck one of {round(1 / ALARM_RATE)} sound tasks is blamed)"
        )
        yield Finding(check="leaks", level="ok", said=said)


def _told(clue: Clue) -> str:
    return f"{clue.criterion}: {clue.said}, in {clue.right} of {clue.n} items"


def _ratings(reads: Sequence[Read]) -> Iterator[Finding]:
    golds = [gold for found in reads for one in found.items for gold in one.item.gold.values()]
    rated = sum(len([r for r in gold.ratings if r is not None]) > 1 for gold in golds)
    if golds and not rated:
        said = "no gold has the ratings of two annotators, so there will be no human ceiling"
        yield _advice("ceiling", said)
    elif golds:
        said = f"{rated} of {len(golds)} golds have ratings: a human ceiling is computed"
        yield Finding(check="ceiling", level="ok", said=said)


def _card(task: Task, reads: Sequence[Read]) -> Iterator[Finding]:
    card = task.spec.card
    names = ("source", "revision", "licence", "citation", "size", "known_flaws")
    missing = [name for name in names if not getattr(card, name)]
    if missing:
        yield _advice("card", f"card has no {', '.join(missing)}")
    for found in reads:
        stated = card.size.get(found.protocol)
        if stated is not None and stated != len(found.items):
            missing.append(f"right size.{found.protocol}")
            said = f"card.size.{found.protocol} says {stated}, found {len(found.items)}"
            yield _advice("card", said)
    if not missing:
        yield Finding(check="card", level="ok", said=f"licence {card.licence[:60]}, cited, sized")
