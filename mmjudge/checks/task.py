"""Whether a task is sound, and what a reviewer would ask: `mmjudge check-task`."""

from collections.abc import Iterator
from pathlib import Path

from mmjudge.checks.findings import Finding, TaskReport
from mmjudge.checks.gathered import MediaFacts
from mmjudge.checks.task_advice import advise
from mmjudge.checks.task_items import Read, check_items, check_media, check_spec, described, read
from mmjudge.checks.task_runs import check_prompts, check_runs
from mmjudge.errors import MmjudgeError
from mmjudge.plural import many
from mmjudge.sources.folder import CARD, open_task
from mmjudge.task import Task

ORDER = ("broken", "skipped", "advice", "ok")


def check_task(
    task: str | Task, data: Path | None = None, *, limit: int | None = None
) -> TaskReport:
    """Check everything of a task that can be checked without a judge.

    Args:
        task: Folder, name of an installed task, `hub:owner/name@revision`, or a task.
        data: Its data, as `mmjudge run --data` takes it.
        limit: Number of items, from the first.

    Raises:
        MmjudgeError: There is no such task. One that is there and broken is a finding.
    """
    spec = task if isinstance(task, str) else task.spec.label
    try:
        opened = open_task(task, data) if isinstance(task, str) else task
    except MmjudgeError as error:
        if not (Path(spec) / CARD).is_file():
            raise
        lines = tuple(str(error).splitlines())
        said = f"{CARD} cannot be used, so no item was looked at: {many(len(lines), 'problem')}"
        broken = Finding(check="task", level="broken", said=said, examples=lines)
        return TaskReport(task=spec, name=spec, items={}, findings=(broken,))
    media = MediaFacts(opened.root)
    reads = [read(opened, protocol, limit, media) for protocol in opened.spec.protocols]
    findings = sorted(
        _findings(opened, reads, media, limit), key=lambda one: ORDER.index(one.level)
    )
    return TaskReport(
        task=spec,
        name=opened.spec.label,
        items={found.protocol: found.facts.n for found in reads},
        findings=tuple(findings),
    )


def _findings(
    task: Task, reads: list[Read], media: MediaFacts, limit: int | None
) -> Iterator[Finding]:
    yield from check_spec(task, reads)
    yield from check_items(reads)
    yield from check_media(media)
    yield from _recordings(task)
    yield from advise(task, reads)
    yield from check_prompts(task, reads)
    if all(found.facts.n for found in reads):
        yield from check_runs(task, reads, limit)


def _recordings(task: Task) -> Iterator[Finding]:
    """Recorded judges, each read to its end."""
    problems, lines = [], 0
    names = task.recorded_judges()
    for name in names:
        try:
            lines += sum(1 for _ in task.recorded(name))
        except Exception as error:  # noqa: BLE001 (a loader is a stranger's code)
            said = str(error) if isinstance(error, MmjudgeError) else described(error)
            problems.append(f"replay:{name}: {said}")
    if problems:
        said = f"{len(problems)} of {len(names)} recorded judges cannot be read"
        yield Finding(check="recordings", level="broken", said=said, examples=tuple(problems))
    elif names:
        said = f"{many(len(names), 'recorded judge')}, {lines} replies"
        yield Finding(check="recordings", level="ok", said=said)
