"""Which columns a board has, what each one means, and which figures it is made of."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from mmjudge.leaderboard.boards.board import Cell, Column, Direction, slug
from mmjudge.leaderboard.boards.numbers import TAKEN, Measured
from mmjudge.leaderboard.boards.tasks import AskedTask
from mmjudge.metrics.measure import Measure
from mmjudge.report.overview import CHANCE, MAIN, OF_SCORES
from mmjudge.scoring.score import ALL
from mmjudge.types import MetricResult, ProtocolName

OVERALL = "overall"
MOST_SHOWN = 10
"""Task columns that a page shows before anything is chosen; with more of them it shows means."""
FAILED_COUNT = "A judgment without a verdict counts as wrong."
SCORED = "It is taken over the items that were scored; n_failed says how many were not."


Key = tuple[str, str, str, str]
"""Where a figure is found: task, criterion, modality, measure."""


class Part(NamedTuple):
    """A figure that a column is made of; `chance` is None where it is taken as it is."""

    task: str
    criterion: str
    modality: str
    measure: str
    weight: float = 1.0
    chance: float | None = None

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Where an entry's figure of it is found."""
        return self.task, self.criterion, self.modality, self.measure


class Plan(NamedTuple):
    """A column, and the figures that it is the weighted mean of.

    Attributes:
        column: What it means.
        parts: Its figures.
        imputed: Whether a missing figure counts 0, instead of being left out.
    """

    column: Column
    parts: tuple[Part, ...]
    imputed: bool = False


class Found:
    """Which figures the entries of a board have.

    Args:
        tasks: The board's tasks, by id.
        entries: The numbers of all entries.
    """

    def __init__(self, tasks: dict[str, AskedTask], entries: Sequence[Measured]) -> None:
        self.tasks = tasks
        rows = [(key, figure) for one in entries for key, (figure, _) in one.rows.items()]
        self.asked = {key for key, _ in rows}
        self.keys = dict.fromkeys(key for key, figure in rows if figure.value is not None)
        self.ceilings: dict[str, Cell] = {}
        for one in entries:
            for name, run in one.numbers.runs.items():
                if run.ceiling is not None and run.whole:
                    self.ceilings.setdefault(name, cell_of(run.ceiling))

    def main(self, task: str) -> Part | None:
        """What stands for a task: the main measure of its protocol, or its own; None without.

        It is of the first criterion that was asked: of a checklist that need not be the task's.
        """
        spec, choice = self.tasks[task].spec, self.tasks[task].choice
        names = (*_mains(choice.protocol), str(Measure.parse(spec.primary)))
        for criterion in spec.criteria:
            for name in names:
                part = Part(task, criterion.name, ALL, name, choice.weight, CHANCE.get(name))
                if part.key in self.asked:
                    return part
        return None

    def first(self, task: str) -> str:
        """The first criterion that was asked."""
        main = self.main(task)
        return self.tasks[task].spec.criteria[0].name if main is None else main.criterion

    def mains(self) -> list[Part]:
        """What stands for each task that an entry has a figure of."""
        parts = [part for name in self.tasks if (part := self.main(name)) is not None]
        return [part for part in parts if part.key in self.keys]


def _mains(protocol: ProtocolName) -> tuple[str, ...]:
    """The measures that may stand for a protocol, the usual one first."""
    return (MAIN[protocol], *((OF_SCORES,) if protocol == "checklist" else ()))


def cell_of(result: MetricResult, note: str = "") -> Cell:
    """A figure that has no place, as a cell."""
    return Cell(
        value=result.value,
        ci95=result.ci95,
        n_items=result.n_items,
        n_failed=result.n_failed,
        note="; ".join(filter(None, (note, result.note))),
    )


def ranked_columns(found: Found) -> list[Plan]:
    """Columns of agreement: overall, each task, criterion and modality."""
    mains = found.mains()
    shown = len(mains) <= MOST_SHOWN
    plans = list(_overall(found, mains))
    plans += [_task(found, part, shown=shown) for part in mains]
    plans += [plan for part in mains for plan in _own(found, part)]
    plans += _over_tasks(found, mains, shown=not shown)
    return plans


def _overall(found: Found, mains: Sequence[Part]) -> Iterator[Plan]:
    parts = tuple(
        part._replace(modality=TAKEN) for part in mains if part.chance is not None and part.weight
    )
    if not parts:
        return
    weighted = len({part.weight for part in parts}) > 1
    over = f"{'Weighted mean' if weighted else 'Mean'} over the {len(parts)} tasks of "
    text = (
        f"{over if len(parts) > 1 else ''}(figure - chance) / (1 - chance), where the figure is "
        "that of the task's column, and "
        "chance what a judge that does not look has on average: 0 for such a judge, 1 for one that "
        "always agrees with people, below 0 for one that is worse than chance. A task that an "
        "entry was not run on in full counts 0, as if it had not looked: leaving it out gains "
        "nothing. So do items of modalities of which the judge takes nothing: here, a task's "
        "figure is that of all other items, times their share of the items. And so do scores that "
        "are missing: the figure of a task of scores is times the share of judgments with one."
    )
    yield Plan(
        Column(
            id=OVERALL,
            kind="overall",
            title="Overall",
            explanation=text,
            direction="higher",
            high=1.0,
            chance=0.0,
            ranked=True,
            shown=True,
        ),
        parts,
        imputed=True,
    )


def _task(found: Found, part: Part, *, shown: bool) -> Plan:
    task = found.tasks[part.task]
    hidden = task.choice.hidden or task.choice.gold is not None
    told = "Its gold was not given to those who submit. " if hidden else ""
    text = (
        f"{part.measure} on {task.choice.task}{_only(task)}, asked by {task.choice.protocol}, "
        f"criterion {part.criterion}: {_summary(part.measure)}. {told}"
        f"{_failures(part.measure)}"
    )
    name = task.choice.words
    return Plan(
        _column(
            task.choice.id,
            part.measure,
            kind="hidden" if hidden else "task",
            title=f"{name}, hidden" if hidden else name,
            explanation=text,
            chance=part.chance,
            ceiling=found.ceilings.get(part.task),
            ranked=True,
            shown=shown or hidden,
            task=part.task,
            protocol=task.choice.protocol,
            criterion=part.criterion,
        ),
        (part._replace(weight=1.0, chance=None),),
    )


def _only(task: AskedTask) -> str:
    strata = [f"{axis} {value}" for axis, value in sorted(task.choice.where.items())]
    return f", only items of {', '.join(strata)}" if strata else ""


def _own(found: Found, main: Part) -> Iterator[Plan]:
    """The task's own primary measure, where another one stands for it."""
    task = found.tasks[main.task]
    own = str(Measure.parse(task.spec.primary))
    part = main._replace(measure=own, weight=1.0, chance=None)
    if own == main.measure or part.key not in found.keys:
        return
    text = (
        f"The measure that the task names first: {own} on {task.choice.task}{_only(task)}, "
        f"criterion {part.criterion}: {_summary(own)}. {_failures(own)}"
    )
    yield Plan(
        _column(
            f"{task.choice.id}-own",
            own,
            kind="hidden" if task.choice.hidden or task.choice.gold else "task",
            title=f"{task.choice.words}, {own}",
            explanation=text,
            ranked=True,
            task=main.task,
            protocol=task.choice.protocol,
            criterion=part.criterion,
        ),
        (part,),
    )


def _over_tasks(found: Found, mains: Sequence[Part], *, shown: bool) -> Iterator[Plan]:
    """Means over tasks by criterion, and by modality."""
    for protocol in dict.fromkeys(found.tasks[part.task].choice.protocol for part in mains):
        weights = _counting(found, mains, protocol)
        for measure in _mains(protocol):
            keys = [k for t in weights for k in found.keys if k[0] == t and k[3] == measure]
            yield from _means(found, weights, keys, shown)


def _means(
    found: Found, weights: Mapping[str, float], keys: Sequence[Key], shown: bool
) -> Iterator[Plan]:
    """Means over tasks of one measure."""
    specs = [found.tasks[name].spec for name in weights]
    named = dict.fromkeys(c.name for spec in specs for c in spec.criteria)
    for criterion in named:
        parts = [Part(*k, weights[k[0]]) for k in keys if k[1] == criterion and k[2] == ALL]
        firsts = [found.first(part.task) for part in parts]
        if len(parts) > 1 or (parts and firsts[0] != criterion):
            first = all(name == criterion for name in firsts)
            yield _mean(found, "criterion", criterion, parts, shown=shown and first)
    for modality in sorted({key[2] for key in keys} - {ALL, TAKEN}):
        parts = [Part(*k, weights[k[0]]) for k in keys if k[2] == modality]
        others = {k[2] for k in keys if k[0] == parts[0].task} - {ALL, TAKEN}
        if len(parts) > 1 or len(others) > 1:
            yield _mean(found, "modality", modality, parts, shown=False)


def _counting(found: Found, mains: Sequence[Part], protocol: ProtocolName) -> dict[str, float]:
    """Weights of the tasks of a protocol that count; equal ones where none does."""
    every = {p.task: p.weight for p in mains if found.tasks[p.task].choice.protocol == protocol}
    return {name: w for name, w in every.items() if w > 0} or dict.fromkeys(every, 1.0)


def _mean(found: Found, kind: str, name: str, parts: Sequence[Part], *, shown: bool) -> Plan:
    measure, protocol = parts[0].measure, found.tasks[parts[0].task].choice.protocol
    what = f"criterion {name}" if kind == "criterion" else f"items of modality {name}"
    several = (
        "the mean over the tasks that have it, by their weights"
        if len(parts) > 1
        else "on the task that has it"
    )
    tasks = ", ".join(part.task for part in parts)
    text = (
        f"{measure} of {what}, asked by {protocol}, {several} ({tasks}): "
        f"{_summary(measure)}. An entry without some of these tasks has the mean over its "
        f"own, and is compared with another one on the tasks that both have. {_failures(measure)}"
    )
    asked = protocol if measure == MAIN[protocol] else f"{protocol}-{slug(measure)}"
    facts = {"criterion": name} if kind == "criterion" else {"modality": name}
    column = _column(
        f"{kind}-{asked}-{slug(name)}",
        measure,
        kind=kind,
        title=f"{name} ({asked})",
        explanation=text,
        chance=CHANCE[measure],
        ranked=True,
        shown=shown,
        protocol=protocol,
        **facts,
    )
    return Plan(column, tuple(parts))


def _column(name: str, measure: str, **facts: "object") -> Column:
    spec = Measure.parse(measure).spec
    low, high = spec.bounds
    known = {
        "id": name,
        "direction": direction(spec.direction),
        "ideal": {"half": 0.5, "zero": 0.0}.get(spec.direction),
        "low": low if abs(low) < float("inf") else None,
        "high": high if abs(high) < float("inf") else None,
        "measure": measure,
    }
    return Column.model_validate(known | facts)


def direction(of: str) -> Direction:
    """A measure's direction as a column says it.

    Example:
        >>> direction("half"), direction("lower")
        ('zero', 'lower')
    """
    named: dict[str, Direction] = {"higher": "higher", "lower": "lower"}
    return named.get(of, "zero")


def _summary(measure: str) -> str:
    return Measure.parse(measure).spec.summary


def _failures(measure: str) -> str:
    return SCORED if Measure.parse(measure).protocol == "score" else FAILED_COUNT


def unique(name: str, taken: Iterable[str]) -> str:
    """The name, or the first of it with a number that is not taken.

    Example:
        >>> unique("a", {"a", "a-2"})
        'a-3'
    """
    known: Callable[[str], bool] = set(taken).__contains__
    number, found = 1, name
    while known(found):
        number += 1
        found = f"{name}-{number}"
    return found
