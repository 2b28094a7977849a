"""What a submission must hold: the plan of each run, made again from the installed task."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mmjudge.engine.planning import Plan, Planned
from mmjudge.errors import MmjudgeError, unknown
from mmjudge.leaderboard.submissions.problems import Problems, UnreadableError, short, show
from mmjudge.leaderboard.submissions.submission import RUN, RunFile, SubmittedRun
from mmjudge.probes import Probe
from mmjudge.probes.catalog import open_probe
from mmjudge.scenes.season import join
from mmjudge.sources.folder import FolderTask, open_task
from mmjudge.task import BadItem, Task
from mmjudge.types import Item, ProtocolName, RunHeader

MOST_PLANNED = 5_000_000
"""Judgments that one submission may hold."""


class Sources:
    """Where tasks come from.

    Args:
        folders: Task folders beside the installed tasks, such as a season.
        data: Data of installed tasks, by name.
        gold: Private parts of seasons, by the name of the task whose public part is in `folders`.

    Raises:
        MmjudgeError: A folder is no task, or gold is for a task that is not among them.
    """

    def __init__(
        self,
        folders: Sequence[Path] = (),
        data: Mapping[str, Path] | None = None,
        gold: Mapping[str, Path] | None = None,
    ) -> None:
        self.data, self.gold = dict(data or {}), dict(gold or {})
        self.folders = {task.spec.name: task for task in map(FolderTask, folders)}
        for name in self.gold:
            if name not in self.folders:
                raise MmjudgeError(f"gold: {unknown('task folder', name, self.folders)}")

    def complete(self, name: str, protocol: ProtocolName) -> dict[str, Item]:
        """The items of a season with their gold, by id; none where the gold is no secret.

        Raises:
            MmjudgeError: The private part cannot be read, or is of another season.
        """
        if name not in self.gold:
            return {}
        public = self.folders[name].folder
        return {item.id: item for item in join(public, self.gold[name], protocol)}

    def open(self, name: str) -> Task:
        """The task of that name.

        Raises:
            MmjudgeError: It is not installed, or its data is not there.
        """
        if name in self.folders:
            return self.folders[name]
        return open_task(name, self.data.get(name))


@dataclass(eq=False)
class RunPlan:
    """One run of a submission: its header, made here, its plan, and the keys that it must have.

    `keys` maps a key to whether a reply to it was found. `gold` holds the items of a season with
    what the judge was not to know: they are stored, and the plan is made without.
    """

    place: int
    task: Task
    header: RunHeader
    plan: Plan
    keys: dict[bytes, bool] = field(default_factory=dict)
    gold: dict[str, Item] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Task, version and protocol, as in `genai_bench@1 pair`."""
        return f"{self.header.task.label} {self.header.settings.protocol}"

    def missing(self, most: int) -> list[Planned]:
        """The first requests without a reply."""
        found: list[Planned] = []
        for place, item in self.plan.items():
            if isinstance(item, BadItem):
                continue
            asked = self.plan.of(place, item).asked
            found += [one for one in asked if not self.keys[bytes.fromhex(one.request.key)]]
            if len(found) >= most:
                break
        return found[:most]


def plan_runs(content: RunFile, sources: Sources, problems: Problems) -> dict[int, RunPlan]:
    """The plans of all runs, by their place; those that cannot be planned are reported."""
    plans: dict[int, RunPlan] = {}
    left = MOST_PLANNED
    for place, run in enumerate(content.runs):
        try:
            plan = _plan(place, run, sources)
            _fill(plan, left)
        except UnreadableError as error:
            problems.unreadable(RUN, error, f"mend run {place} and pack it again")
            continue
        except MmjudgeError as error:
            problem = UnreadableError(
                show(run.task), short(str(error), 400), field=f"runs.{place}.task"
            )
            step = "install the task, or name it with --task FOLDER or --data NAME=FOLDER"
            problems.unreadable(RUN, problem, step)
            continue
        left -= len(plan.keys)
        plans[place] = plan
    return plans


def _plan(place: int, run: SubmittedRun, sources: Sources) -> RunPlan:
    name, _, version = run.task.partition("@")
    task = sources.open(name)
    spec, where = task.spec, f"runs.{place}"
    if spec.version != int(version):
        raise UnreadableError(
            show(run.task), f"{spec.label}, which is installed", None, f"{where}.task"
        )
    if run.settings.protocol not in spec.protocols:
        protocols = ", ".join(spec.protocols)
        raise UnreadableError(run.settings.protocol, protocols, field=f"{where}.settings.protocol")
    probes = [_probe(where, probe, run.probes[probe]) for probe in run.settings.probes]
    facts = "\0".join((run.task, run.judge.fingerprint, run.settings.model_dump_json()))
    header = RunHeader(
        run_id=hashlib.sha256(facts.encode()).hexdigest()[:12],
        task=spec,
        judge=run.judge,
        settings=run.settings,
        git_commit=run.git_commit,
        packages=run.packages,
        probes=tuple(probe.card for probe in probes),
    )
    gold = sources.complete(name, run.settings.protocol)
    return RunPlan(place, task, header, Plan(task, header, probes), gold=gold)


def _probe(where: str, name: str, version: int) -> Probe:
    field = f"{where}.probes"
    try:
        probe = open_probe(name)
    except MmjudgeError as error:
        raise UnreadableError(show(name), short(str(error), 300), field=field) from error
    if probe.card.version != version:
        allowed = f"version {probe.card.version}, which is installed"
        raise UnreadableError(f"{show(name)} of version {version}", allowed, field=field)
    return probe


def _fill(run: RunPlan, left: int) -> None:
    """Note every key that the run must have."""
    for place, item in run.plan.items():
        if isinstance(item, BadItem):
            continue
        for one in run.plan.of(place, item).asked:
            run.keys[bytes.fromhex(one.request.key)] = False
        if len(run.keys) > left:
            allowed = f"{MOST_PLANNED} judgments in all"
            raise UnreadableError("more", allowed, field=f"runs.{run.place}.settings")
    if not run.keys:
        allowed = "settings under which something is asked"
        raise UnreadableError("no request", allowed, field=f"runs.{run.place}.settings.where")
