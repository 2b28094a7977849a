"""A board from its entries: columns, cells, places, orders, duels, and who looks like whom."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import mmjudge
from mmjudge.leaderboard.boards.board import (
    Board,
    BoardTask,
    Cell,
    Column,
    Duel,
    Entry,
    EntryFlag,
    EntryRun,
    Order,
)
from mmjudge.leaderboard.boards.entries import Entered
from mmjudge.leaderboard.boards.layout import BoardPlan
from mmjudge.leaderboard.boards.numbers import Measured, RunNumbers
from mmjudge.leaderboard.boards.orders import orders
from mmjudge.leaderboard.boards.ranked_columns import OVERALL, Found, Plan, ranked_columns, unique
from mmjudge.leaderboard.boards.ranking import LEVEL, Ranked, duels, rank
from mmjudge.leaderboard.boards.tasks import Asked, AskedTask
from mmjudge.leaderboard.boards.unranked_columns import extra_columns
from mmjudge.leaderboard.submissions.likeness import copy_flags, name_flags
from mmjudge.leaderboard.submissions.reading import read_meta
from mmjudge.metrics import voting
from mmjudge.metrics.measure import Measure
from mmjudge.report.overview import CHANCE, MAIN

MOST_DUELS = 20_000
"""Pairs that a board lists; columns that would go beyond are left out of the list."""
DIGITS = 12
"""Decimals that are kept: beyond is rounding of sums."""
Floats = NDArray[np.float64]


class _Computed(NamedTuple):
    """The columns with places, each as planned and as computed."""

    plans: list[Plan]
    ranked: list[Ranked]

    def named(self, name: str) -> tuple[Plan, Ranked] | None:
        """The column of that id."""
        pairs = zip(self.plans, self.ranked, strict=True)
        return next((pair for pair in pairs if pair[0].column.id == name), None)


def assemble(plan: BoardPlan, asked: Asked, entered: Sequence[Entered]) -> Board:
    """Compute everything that depends on several entries.

    Args:
        plan: The board.
        asked: Its tasks.
        entered: Its entries, in the order of their ids.
    """
    measured = [one.measured for one in entered]
    found = Found(asked.tasks, measured)
    plans = _distinct(ranked_columns(found))
    computed = _Computed(plans, [rank(one, measured, asked.tasks) for one in plans])
    ids = [one.entry.id for one in entered]
    columns, cells = _columns(computed, found, measured, ids)
    flags = _likeness(entered)
    voters, weights, table = _votes(found, measured, plans)
    listed, notes = _duels(computed, ids)
    if len(voters) == 1:
        notes = (*notes, "One task counts, so the orders say no more than its column.")
    winner = voting.condorcet(np.round(table, voting.DIGITS), weights) if len(voters) else None
    return Board(
        name=plan.name,
        title=plan.title,
        description=plan.description,
        made_with=f"mmjudge {mmjudge.__version__}",
        resamples=asked.resamples,
        seed=asked.seed,
        level=LEVEL,
        overall=OVERALL if computed.named(OVERALL) else "",
        tasks=tuple(_task(task, found) for task in asked.tasks.values()),
        columns=columns,
        entries=tuple(_finished(one, asked, flags[one.entry.id]) for one in entered),
        cells=cells,
        orders=_orders(computed, (table, weights), ids),
        voters=voters,
        condorcet=None if winner is None else ids[winner],
        duels=listed,
        separated={p.column.id: r.separated for p, r in zip(*computed, strict=True)},
        notes=notes,
    )


def _distinct(plans: Sequence[Plan]) -> list[Plan]:
    """The columns with ids that differ, whatever names of criteria come to."""
    taken: set[str] = set()
    found = []
    for plan in plans:
        name = unique(plan.column.id, taken)
        taken.add(name)
        found.append(plan._replace(column=plan.column.model_copy(update={"id": name})))
    return found


def _columns(
    computed: _Computed, found: Found, measured: Sequence[Measured], ids: Sequence[str]
) -> tuple[tuple[Column, ...], dict[str, dict[str, Cell]]]:
    taken = {plan.column.id for plan in computed.plans}
    columns = [plan.column for plan in computed.plans]
    by_column: list[Mapping[int, Cell]] = [one.cells for one in computed.ranked]
    for extra in extra_columns(found, measured):
        name = unique(extra.column.id, taken)
        taken.add(name)
        columns.append(extra.column.model_copy(update={"id": name}))
        by_column.append(extra.cells)
    cells: dict[str, dict[str, Cell]] = {name: {} for name in ids}
    for column, made in zip(columns, by_column, strict=True):
        for place, cell in made.items():
            cells[ids[place]][column.id] = _rounded(cell)
    return tuple(columns), cells


def _rounded(cell: Cell) -> Cell:
    value = None if cell.value is None else _round(cell.value)
    ci95 = None if cell.ci95 is None else (_round(cell.ci95[0]), _round(cell.ci95[1]))
    return cell.model_copy(update={"value": value, "ci95": ci95})


def _round(value: float) -> float:
    return round(value, DIGITS) + 0.0


def _votes(
    found: Found, measured: Sequence[Measured], plans: Sequence[Plan]
) -> tuple[tuple[str, ...], Floats, Floats]:
    """The columns that vote, their weights, and each entry's figure in them, higher is better."""
    mains = [part for part in found.mains() if part.weight > 0]
    by_key = {p.parts[0].key: p.column.id for p in plans if p.column.kind in ("task", "hidden")}
    table = np.full((len(measured), len(mains)), np.nan)
    for i, entry in enumerate(measured):
        rows = entry.rows
        for j, part in enumerate(mains):
            if part.key in rows and entry.numbers.runs[part.task].whole:
                value = rows[part.key][0].value
                lower = Measure.parse(part.measure).direction == "lower"
                table[i, j] = np.nan if value is None else -value if lower else value
    weights = np.array([part.weight for part in mains], dtype=np.float64)
    return tuple(by_key[part.key] for part in mains), weights, table


def _orders(
    computed: _Computed, votes: tuple[Floats, Floats], ids: Sequence[str]
) -> tuple[Order, ...]:
    if not ids:
        return ()
    overall = np.full(len(ids), np.nan)
    if (named := computed.named(OVERALL)) is not None:
        for place, cell in named[1].cells.items():
            overall[place] = np.nan if cell.value is None else cell.value
    return tuple(orders(*votes, overall, ids))


def _duels(computed: _Computed, ids: Sequence[str]) -> tuple[tuple[Duel, ...], tuple[str, ...]]:
    """Pairs in the overall column, then in those of tasks, as long as there are not too many."""
    listed: list[Duel] = []
    left_out = []
    for plan, ranked in zip(*computed, strict=True):
        if plan.column.kind not in ("overall", "task", "hidden"):
            continue
        if len(listed) + len(ranked.entries) * (len(ranked.entries) - 1) // 2 > MOST_DUELS:
            left_out.append(plan.column.id)
            continue
        listed += map(_rounded_duel, duels(plan, ranked, ids))
    note = f"Pairs are listed up to {MOST_DUELS}; those of {', '.join(left_out)} are not."
    return tuple(listed), (note,) if left_out else ()


def _rounded_duel(duel: Duel) -> Duel:
    span = None if duel.ci95 is None else (_round(duel.ci95[0]), _round(duel.ci95[1]))
    return duel.model_copy(
        update={
            "difference": _round(duel.difference),
            "ci95": span,
            "p_value": None if duel.p_value is None else float(f"{duel.p_value:.6g}"),
            "p_holm": None if duel.p_holm is None else float(f"{duel.p_holm:.6g}"),
        }
    )


def _task(task: AskedTask, found: Found) -> BoardTask:
    spec, choice = task.spec, task.choice
    main = found.main(choice.id)
    measure = main.measure if main is not None else MAIN[choice.protocol]
    hidden = choice.hidden or choice.gold is not None
    return BoardTask(
        id=choice.id,
        label=spec.label,
        name=spec.name,
        version=spec.version,
        protocol=choice.protocol,
        where=choice.where,
        summary=spec.card.summary,
        criteria=tuple(criterion.name for criterion in spec.criteria),
        modalities=spec.modalities,
        measure=measure,
        chance=CHANCE.get(measure),
        n_items=task.n_items,
        licence=spec.card.licence,
        source=spec.card.source,
        revision=spec.card.revision,
        citation=spec.card.citation,
        known_flaws=spec.card.known_flaws,
        superseded_by=spec.card.superseded_by,
        hidden=hidden,
        weight=choice.weight,
        digest="" if hidden else task.digest,
    )


def _finished(one: Entered, asked: Asked, flags: Sequence[EntryFlag]) -> Entry:
    runs = one.measured.numbers.runs
    needed = [name for name, task in asked.tasks.items() if task.choice.weight > 0]
    whole = all(name in runs and runs[name].whole for name in needed)
    badges = one.entry.badges if whole else (*one.entry.badges, "partial")
    return one.entry.model_copy(
        update={
            "badges": badges,
            "flags": (*one.entry.flags, *flags),
            "runs": tuple(_run(name, run) for name, run in runs.items()),
        }
    )


def _run(name: str, run: RunNumbers) -> EntryRun:
    settings = run.header.settings
    said = {
        "orders": settings.orders,
        "repeats": str(settings.repeats),
        "seed": str(settings.seed),
        "template": settings.template,
        "where": ", ".join(f"{axis}={value}" for axis, value in sorted(settings.where.items())),
        "probes": ", ".join(settings.probes),
        "git commit": run.header.git_commit or "",
    }
    return EntryRun(
        task=name,
        items=run.items,
        judgments=run.judgments,
        failures=dict(sorted(run.failures.items())),
        settings={field: text for field, text in said.items() if text},
        packages=dict(sorted(run.header.packages.items())),
    )


def _likeness(entered: Sequence[Entered]) -> dict[str, list[EntryFlag]]:
    """Signs that one submission is another's; what the owners ran is held against, not flagged."""
    found: dict[str, list[EntryFlag]] = {one.entry.id: [] for one in entered}
    sent = [(one, one.answers) for one in entered if one.answers is not None]
    metas = [read_meta(one.source.folder) for one, _ in sent]
    for i, (one, mine) in enumerate(sent):
        if one.source.ours:
            continue
        for j, (other, theirs) in enumerate(sent):
            name, (meta, its) = other.entry.id, (metas[i], metas[j])
            if i == j or meta is None or its is None:
                continue
            flags = [*name_flags(meta, its, name), *copy_flags(mine, theirs, name)]
            found[one.entry.id] += [EntryFlag(name=f.name, detail=f.detail) for f in flags]
    return found
