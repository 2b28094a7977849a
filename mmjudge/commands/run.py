"""`mmjudge run`: judge, show how far it is, and say what became of it."""

import json
import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple

import typer

from mmjudge import api
from mmjudge.engine.pipeline import Stats
from mmjudge.engine.planning import Plan
from mmjudge.errors import MmjudgeError, without_secrets
from mmjudge.probes.catalog import choose
from mmjudge.report.outcome import Outcome, as_record, lines, read_outcome
from mmjudge.report.progress import Bar, Lines, Quiet, Total
from mmjudge.sources.folder import open_task
from mmjudge.task import BadItem, Task, checked
from mmjudge.types import JudgeCard, RunHeader, RunSettings

TOO_MANY_FAILED = 1
OUT_OF_BUDGET = 3
INTERRUPTED = 130


class Asked(NamedTuple):
    """A run as it was asked for: arguments of `mmjudge.run`, and what is to be shown.

    `words` are those of the command line, for the line that says how to go on.
    """

    settings: Mapping[str, Any]
    max_failures: float
    quiet: bool
    as_json: bool
    words: tuple[str, ...]


def run_and_report(asked: Asked) -> int:
    """Do the run and return the exit code.

    Raises:
        MmjudgeError: Something must be mended first.
    """
    seen = Stats()
    try:
        with _display(asked) as display:

            def progress(stats: Stats) -> None:
                nonlocal seen
                seen = stats
                display(stats)

            done = api.run(**asked.settings, progress=progress)
    except MmjudgeError as error:
        if seen.judged:
            kept = f"{seen.judged} judgments are stored; the same command goes on from there"
            raise MmjudgeError(f"{error}\n{kept}") from error
        raise
    outcome, stats = read_outcome(done.folder), done.stats or seen
    if not outcome.items and not stats.interrupted:
        raise MmjudgeError(_nothing_to_judge(asked))
    code = _exit_code(asked, outcome, stats)
    lost = 0 if done.header.judge.lookup else outcome.failures.get("infra", 0)
    _report(asked, outcome, stats, code)
    if lost and not asked.quiet:
        typer.echo(f"{lost} lost on the way (infra); --retry infra asks them again", err=True)
    return code


def _display(asked: Asked) -> Quiet:
    if asked.quiet:
        return Quiet()
    from rich.console import Console

    total = Total(lambda stats: _count(asked.settings, stats.settings))
    console = Console(stderr=True)
    if console.is_terminal:
        return Bar(total, console)
    return Lines(total, lambda line: typer.echo(line, err=True))


def _count(settings: Mapping[str, Any], asked: RunSettings | None) -> int | None:
    """How many judgments a run makes; None for a task that would be fetched once more for it.

    Args:
        settings: Arguments of `mmjudge.run`.
        asked: How the run asks, once that is known.
    """
    spec, data = settings["task"], settings["data"]
    if asked is None or (spec.startswith("hub:") and data is None):
        return None
    task = open_task(spec, data)
    if task.data is None:
        return None
    if asked.probes:
        return _count_probed(task, settings, asked)
    orders = 2 if asked.orders == "both" and asked.protocol in ("pair", "rank") else 1
    taken = asks = 0
    for item in checked(task, asked.protocol):
        if taken == settings["limit"]:
            break
        if isinstance(item, BadItem):
            taken += 1
        elif all(item.strata.get(axis) == value for axis, value in asked.where.items()):
            taken += 1
            names = item.criteria or [criterion.name for criterion in task.spec.criteria]
            listed = asked.protocol == "checklist"
            asks += sum(not listed or name in item.checklists for name in names)
    return asks * orders * asked.repeats


def _count_probed(task: Task, settings: Mapping[str, Any], asked: RunSettings) -> int:
    """The same where requests are asked again; which of them fit has to be tried."""
    nobody = JudgeCard(name="", summary="")
    header = RunHeader(run_id="", task=task.spec, judge=nobody, settings=asked)
    plan = Plan(task, header, choose(settings["probes"]), settings["limit"])
    return sum(
        len(plan.of(place, item).asked)
        for place, item in plan.items()
        if not isinstance(item, BadItem)
    )


def _exit_code(asked: Asked, outcome: Outcome, stats: Stats) -> int:
    if stats.interrupted:
        return INTERRUPTED
    if stats.out_of_budget:
        return OUT_OF_BUDGET
    return TOO_MANY_FAILED if outcome.failed_share > asked.max_failures else 0


def _report(asked: Asked, outcome: Outcome, stats: Stats, code: int) -> None:
    if asked.as_json:
        typer.echo(json.dumps(as_record(outcome, stats, code), indent=2))
    said = [] if asked.quiet else lines(outcome, stats)
    if code == TOO_MANY_FAILED:
        said.append(
            f"{outcome.failed_share:.1%} failed, more than --max-failures allows "
            f"({asked.max_failures:.1%}); everything is stored all the same"
        )
    if code == INTERRUPTED:
        said += ["interrupted; what was judged is stored. To go on:", "  " + _again(asked)]
    elif code == OUT_OF_BUDGET:
        spent = f"${stats.spent_usd:.4g} of max-cost {asked.settings['max_cost']:g} is spent"
        said += [f"stopped: {spent}; what was judged is stored. To go on, raise it:"]
        said += ["  " + _again(asked)]
    elif not asked.quiet:
        said += [f"stored in {outcome.folder}; next:"]
        said += ["  " + shlex.join(["mmjudge", "score", outcome.folder])]
    for line in said:
        typer.echo(line, err=True)


def _again(asked: Asked) -> str:
    return shlex.join(map(without_secrets, asked.words))


def _nothing_to_judge(asked: Asked) -> str:
    spec, where = asked.settings["task"], asked.settings["where"]
    if not where:
        return f"task {spec} has no items"
    task = open_task(spec, asked.settings["data"])
    axes: dict[str, set[str]] = {}
    for item in checked(task, asked.settings["protocol"] or task.spec.protocols[0]):
        if not isinstance(item, BadItem):
            for axis, value in item.strata.items():
                axes.setdefault(axis, set()).add(value)
    wanted = " and ".join(f"{axis}={value}" for axis, value in where.items())
    known = "".join(f"\n  {axis}: {_some(values)}" for axis, values in sorted(axes.items()))
    return f"no item of {spec} has {wanted}; its strata are:{known or ' none'}"


def _some(values: set[str], most: int = 12) -> str:
    shown = ", ".join(sorted(values)[:most])
    return shown if len(values) <= most else f"{shown}, and {len(values) - most} more"
