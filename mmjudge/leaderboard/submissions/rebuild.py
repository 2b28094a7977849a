"""From raw replies to a run of our own: verdicts parsed again, items and gold of the task."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mmjudge.engine.planning import Planned
from mmjudge.engine.resume import stored_item
from mmjudge.errors import MmjudgeError
from mmjudge.judges.base import Judge, JudgeContext, open_judge
from mmjudge.leaderboard.submissions.plans import RunPlan
from mmjudge.leaderboard.submissions.problems import Problem, Problems, show
from mmjudge.leaderboard.submissions.replies import PACK_AGAIN, Staged, Staging
from mmjudge.protocols import parse
from mmjudge.store.probed_rows import Unasked
from mmjudge.store.run_store import Judged, RunStore, StoredItem
from mmjudge.task import BadItem
from mmjudge.types import Request, RunHeader

BASELINE = "baseline:"


class Read(NamedTuple):
    """What came of one item: its row, its judgments, and what no probe could ask."""

    item: StoredItem
    judged: list[Judged]
    unasked: list[Unasked]


def read_again(run: RunPlan, staging: Staging, name: str, problems: Problems) -> Iterator[Read]:
    """Parse the replies of a run again, an item at a time.

    Args:
        run: What was to be asked.
        staging: The replies.
        name: The file that the replies came from, for messages.
        problems: Takes what disagrees with the plan, and verdicts without a raw reply.
    """
    wording = run.header.judge.wordings.get(run.header.settings.protocol)
    typed = _Typed(run)
    for place, item in run.plan.items():
        row = stored_item(place, run.gold.get(item.id, item))
        if isinstance(item, BadItem):
            yield Read(row, [], [])
            continue
        asked, unasked = run.plan.of(place, item)
        judged = []
        for one in asked:
            staged = staging.get(run.place, one.request.key)
            if staged is None or not _agrees(one, staged, typed, (name, problems)):
                continue
            reply = staged.judgment.reply
            outcome = parse(one.request, reply, wording)
            judged.append(Judged(place, one.criterion, one.request, reply, outcome, one.cue))
        yield Read(row, judged, unasked)


def rebuild(read: Iterator[Read], header: RunHeader, folder: Path) -> None:
    """Write a run as if it had been judged here, into a new folder."""
    with RunStore.create(folder, header) as store:
        # It is made again from the submission whenever it is needed: nothing is lost by a kill.
        store.connection.execute("PRAGMA synchronous=OFF")
        for row, judged, unasked in read:
            store.add([row], judged, unasked=unasked)


def _agrees(one: Planned, staged: Staged, typed: "_Typed", to: tuple[str, Problems]) -> bool:
    """Whether a line says of its request what the plan says, and holds a raw reply."""
    request, line = one.request, staged.judgment
    wanted = {
        "item": request.item,
        "criterion": request.criterion.name,
        "order": request.order,
        "repeat": request.repeat,
        "probe": request.probe,
    }
    differing = [(f, getattr(line, f), v) for f, v in wanted.items() if getattr(line, f) != v]
    found = [(field, show(value, 60), show(right, 60)) for field, value, right in differing]
    if one.failed is not None and line.reply.error is None:
        found.append(("reply", "a reply", f"the failure of the probe: {one.failed.detail}"))
    if (problem := typed.problem(request, staged)) is not None:
        found.append(("reply.verdict", *problem))
    for field, value, allowed in found:
        to[1].add(
            Problem(
                file=to[0],
                line=staged.line,
                field=field,
                found=value,
                allowed=allowed,
                next_step=PACK_AGAIN,
            )
        )
    return not found


class _Typed:
    """Verdicts that come without a raw reply: only a baseline has them, and it is asked again."""

    def __init__(self, run: RunPlan) -> None:
        self.run = run
        self._judge: Judge | None = None

    def problem(self, request: Request, staged: Staged) -> tuple[str, str] | None:
        """What was found and what is allowed, None where all is well."""
        verdict = staged.judgment.reply.verdict
        if verdict is None:
            return None
        if not self.run.header.judge.name.startswith(BASELINE):
            return (
                "a verdict without a raw reply",
                "text, scores or probabilities, as the judge gave them",
            )
        try:
            again = self._baseline().judge([request], {})[0]
        except MmjudgeError as error:
            return "a baseline that does not open", str(error)[:300]
        if again.verdict != verdict:
            return f"another verdict than {self.run.header.judge.name} gives here", "its own"
        return None

    def _baseline(self) -> Judge:
        if self._judge is None:
            card = self.run.header.judge
            context = JudgeContext(self.run.task, self.run.header.settings.protocol)
            self._judge = open_judge(card.name, context, card.params)
        return self._judge
