"""A suite put to one judge that is loaded once, as a folder of runs under one budget."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, get_args

from pydantic import Field

from mmjudge import api
from mmjudge.cards import read_card
from mmjudge.engine.budget import check_limit
from mmjudge.errors import MissingExtraError, TaskError
from mmjudge.judges.base import Judge
from mmjudge.report.outcome import Outcome, read_outcome
from mmjudge.store.run_store import RunStore
from mmjudge.suites.files import Entry, Opened, Suite, why
from mmjudge.task import Task
from mmjudge.types import JudgeCard, Orders, ProtocolName, Record

FILE = "suite.json"
SPENT = "max-cost is spent"

Open = Callable[[Task, ProtocolName], Judge]
"""The judge for a task and a protocol: the same one, unless it looks answers up."""


class SuiteRun(Record):
    """One run of a suite: whether all was asked that was to be asked of the task.

    `limit`: number of items if not all of them were to be asked.
    """

    folder: str
    task: str
    protocol: ProtocolName
    whole: bool
    limit: int | None = None


class Played(Record):
    """What became of a suite: its runs, and what was left out or not asked, with the reason.

    `has`: how many tasks the suite has under each protocol; `limit`: items of each task that were
    asked at most, where that is less than the suite asks; `stopped`: why it was not finished.
    """

    suite: str
    judge: str
    runs: tuple[SuiteRun, ...] = ()
    left_out: tuple[str, ...] = ()
    not_asked: tuple[str, ...] = ()
    has: dict[ProtocolName, int] = Field(default_factory=dict)
    limit: int | None = None
    stopped: str = ""


class Place(NamedTuple):
    """Where the runs go, and who is told."""

    out: Path
    say: Callable[[str], None]


class Planned(NamedTuple):
    """A run that is to be: place of the task in the suite, and what stands in the folder."""

    place: int
    run: SuiteRun


def plan(
    suite: Suite, opened: Opened, card: JudgeCard, settings: Mapping[str, Any]
) -> list[Planned]:
    """The runs of a suite: each task in each protocol that both it and the judge have.

    Args:
        suite: The suite.
        opened: Its tasks.
        card: The judge's.
        settings: Arguments of `mmjudge.run`; of these `protocol` and `limit` count.
    """
    only = settings.get("protocol")
    return [
        Planned(
            place,
            SuiteRun(
                folder=f"{task.spec.name}-{protocol}",
                task=task.spec.label,
                protocol=protocol,
                whole=False,
                limit=settings.get("limit") or suite.tasks[place].limit,
            ),
        )
        for place, task in opened.tasks.items()
        if _refused(suite.tasks[place], card) is None
        for protocol in suite.tasks[place].protocols or task.spec.protocols
        if protocol in card.protocols and only in (None, protocol)
    ]


def play(
    suite: Suite,
    opened: Opened,
    judge: Open,
    place: Place,
    settings: Mapping[str, Any] | None = None,
) -> Played:
    """Put every task to a judge in each protocol that both have; go on where it stopped.

    Args:
        suite: The suite.
        opened: Its tasks.
        judge: The judge.
        place: Folder of the runs, and who is told.
        settings: Further arguments of `mmjudge.run`; `protocol`, if given, is the only one, and
            `max_cost` is what all runs together may cost.

    Raises:
        KeyboardInterrupt: The user stopped it; what was judged is stored.
        MmjudgeError: An earlier run in the folder was another one, or the judge gives up.
    """
    given = {name: value for name, value in (settings or {}).items() if value is not None}
    first = next(iter(opened.tasks.values()))
    card = judge(first, given.get("protocol") or first.spec.protocols[0]).card
    check_limit(card, given.get("max_cost"))
    playing = _Playing(suite, opened, judge, place, given)
    planned = plan(suite, opened, card, given)
    played = playing.begun(card, planned)
    for one in planned:
        write(place.out, played)
        played = playing.after(played, one)
        if played.stopped:
            break
    write(place.out, played)
    return played


class _Playing(NamedTuple):
    """A suite while it is put to a judge."""

    suite: Suite
    opened: Opened
    judge: Open
    place: Place
    given: Mapping[str, Any]

    def begun(self, card: JudgeCard, planned: Sequence[Planned]) -> Played:
        """Where a suite stands before anything is asked; what was whole before still is."""
        before = _whole_before(self.place.out)
        runs = (one.run.model_copy(update={"whole": one.run in before}) for one in planned)
        return Played(
            suite=self.suite.name,
            judge=card.name,
            runs=tuple(runs),
            left_out=self.opened.left_out,
            not_asked=tuple(_not_asked(self.suite, self.opened, card)),
            has=_has(self.suite, self.opened),
            limit=self.given.get("limit"),
        )

    def after(self, played: Played, one: Planned) -> Played:
        """Where it stands after one more run."""
        left = _left(self.place.out, played, one.run, self.given.get("max_cost"))
        if left is not None and left <= 0:
            known = next(run for run in played.runs if run.folder == one.run.folder)
            return played if known.whole else played.model_copy(update={"stopped": SPENT})
        entry, task = self.suite.tasks[one.place], self.opened.tasks[one.place]
        started = time.monotonic()
        try:
            done = self._run(entry, task, one.run, left)
        except (MissingExtraError, TaskError) as error:
            return _without(played, one.run, why(f"{played.judge} on {entry.task}", error))
        if done.stats is not None and done.stats.interrupted:
            raise KeyboardInterrupt
        if done.stats is not None and done.stats.out_of_budget:
            return played.model_copy(update={"stopped": SPENT})
        outcome = read_outcome(done.folder)
        if not outcome.items:
            wanted = " and ".join(f"{axis}={value}" for axis, value in entry.where.items())
            return _without(played, one.run, f"{entry.task}: no item has {wanted}")
        self.place.say(f"{played.judge:18} {_line(task, outcome, time.monotonic() - started)}")
        runs = (
            run.model_copy(update={"whole": True}) if run.folder == one.run.folder else run
            for run in played.runs
        )
        return played.model_copy(update={"runs": tuple(runs)})

    def _run(self, entry: Entry, task: Task, run: SuiteRun, left: float | None) -> api.Run:
        return api.run(
            task,
            self.judge(task, run.protocol),
            out=self.place.out / run.folder,
            max_cost=left,
            **settings_of(entry, run, self.given),
        )


def settings_of(entry: Entry, run: SuiteRun, given: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of `mmjudge.run` of one run of a suite, but for task, judge, folder and budget.

    Args:
        entry: What the suite says of the task.
        run: The run.
        given: What the user says of all runs; that wins.
    """
    usual: Orders = "both" if run.protocol == "pair" else "balanced"
    of_suite = {"orders": entry.orders or usual, "where": entry.where, "limit": entry.limit}
    mine = {"protocol": run.protocol}
    return {name: v for name, v in (of_suite | dict(given) | mine).items() if name != "max_cost"}


def _line(task: Task, outcome: Outcome, seconds: float) -> str:
    """What became of a run, in a line."""
    parts = [f"{outcome.judgments} judgments"]
    parts += [f"{outcome.refused} not taken"] if outcome.refused else []
    parts += [f"{outcome.failed - outcome.refused} failed", f"{seconds:.1f} s"]
    return f"{task.spec.name:13} {outcome.protocol:6} {', '.join(parts)}"


def _without(played: Played, run: SuiteRun, reason: str) -> Played:
    """The same without a run that could not be asked."""
    kept = tuple(one for one in played.runs if one.folder != run.folder)
    reasons = dict.fromkeys((*played.left_out, reason))
    return played.model_copy(update={"runs": kept, "left_out": tuple(reasons)})


def _refused(entry: Entry, card: JudgeCard) -> str | None:
    """The modality that a judge would have to take for a task and does not, or None."""
    return None if entry.takes in (None, *card.modalities) else entry.takes


def _not_asked(suite: Suite, opened: Opened, card: JudgeCard) -> Iterator[str]:
    """The tasks of which a judge is not asked everything, with the reason."""
    for place, task in opened.tasks.items():
        entry = suite.tasks[place]
        wanted = entry.protocols or task.spec.protocols
        if kind := _refused(entry, card):
            yield f"{task.spec.label}: {card.name} does not take {kind}"
        elif lacking := [protocol for protocol in wanted if protocol not in card.protocols]:
            yield f"{task.spec.label}: {card.name} answers no {' or '.join(lacking)}"


def _has(suite: Suite, opened: Opened) -> dict[ProtocolName, int]:
    """How many tasks a suite has under each protocol; an unknown task may have any of them."""
    every: tuple[ProtocolName, ...] = get_args(ProtocolName)
    known = {place: task.spec.protocols for place, task in opened.tasks.items()}
    known |= opened.protocols
    found: dict[ProtocolName, int] = {}
    for place, entry in enumerate(suite.tasks):
        for protocol in entry.protocols or known.get(place, every):
            found[protocol] = found.get(protocol, 0) + 1
    return found


def _left(out: Path, played: Played, run: SuiteRun, budget: float | None) -> float | None:
    """What a run may cost, if the others' costs count, too; None for no limit."""
    if budget is None:
        return None
    others = (out / one.folder for one in played.runs if one.folder != run.folder)
    return budget - sum(map(spent, others))


def spent(folder: Path) -> float:
    """What a run has cost, 0 if there is none."""
    if not RunStore.exists(folder):
        return 0.0
    with RunStore.open(folder) as store:
        return store.spent_usd()


def write(out: Path, played: Played) -> None:
    """Write what became of a suite, so that `score` and `report` take its folder."""
    out.mkdir(parents=True, exist_ok=True)
    part = out / f"{FILE}.{os.getpid()}.part"
    part.write_text(played.model_dump_json(indent=2), encoding="utf-8")
    part.replace(out / FILE)


def read(folder: Path) -> Played:
    """What became of a suite in a folder.

    Raises:
        MmjudgeError: Its file cannot be read.
    """
    return read_card(folder / FILE, Played)


def is_suite(folder: Path) -> bool:
    """Whether a folder is that of a suite."""
    return (folder / FILE).is_file()


def _whole_before(out: Path) -> list[SuiteRun]:
    """The runs of an earlier play in a folder that were whole, as if they were not."""
    if not is_suite(out):
        return []
    return [one.model_copy(update={"whole": False}) for one in read(out).runs if one.whole]


def runs_of(folders: Sequence[Path]) -> list[Path]:
    """Folders of runs, each of a suite in the place of the suite's."""
    return [
        run
        for folder in folders
        for run in (
            [folder / one.folder for one in read(folder).runs if (folder / one.folder).is_dir()]
            if is_suite(folder)
            else [folder]
        )
    ]
