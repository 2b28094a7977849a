"""The demo: the judges that come with the project, on the benchmark that comes with it."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from mmjudge import api
from mmjudge.assets import MODELS, embedded
from mmjudge.errors import MissingExtraError, MmjudgeError
from mmjudge.folder_task import open_task
from mmjudge.judges.base import JudgeContext, open_judge
from mmjudge.report.outcome import printable, read_outcome
from mmjudge.task import Task
from mmjudge.types import JudgeCard, Modality, ProtocolName

TASKS: Mapping[str, Modality] = {
    "scenes_image": "image",
    "scenes_video": "video",
    "scenes_audio": "audio",
    "scenes_text": "text",
    "scenes_mixed": "text",
}
"""Each task with the modality that a judge must take to be asked at all; pairs of mixed modalities
are put to all, and refused one by one."""


class Contestant(NamedTuple):
    """A judge as `--judge` and `--judge-option` name it, and what of it is shown."""

    spec: str
    options: Mapping[str, Any] = {}
    shown: Literal["all", "row and biases", "row"] = "all"


JUDGES = (
    Contestant("clip:scenes-clip"),
    Contestant("dual:scenes-clap"),
    Contestant("hf:scenes-vlm", {"mode": "logits"}),
    Contestant("baseline:first", shown="row and biases"),
    Contestant("baseline:random", shown="row"),
    Contestant("baseline:longest", shown="row"),
)
"""The oracle is not among them: its figures are the upper ends of the measures."""


class Played(NamedTuple):
    """What was run.

    Attributes:
        runs: Folders, judge by judge.
        left_out: Judges, or tasks of a judge, that could not be run, with the reason.
    """

    runs: tuple[Path, ...]
    left_out: tuple[str, ...]


def play(
    out: Path,
    say: Callable[[str], None],
    judges: Sequence[Contestant] = JUDGES,
    tasks: Mapping[str, Modality] = TASKS,
) -> Played:
    """Put every task to every judge in each protocol that both have; go on where it stopped.

    Pairs are asked in both orders.

    Args:
        out: Folder of the runs.
        say: Takes a line for each run.
        judges: Those to try.
        tasks: Those to ask, with the modality that a judge must take.

    Raises:
        MmjudgeError: A task is not there, or an earlier run in the folder was another one.
    """
    opened = {name: open_task(name) for name in tasks}
    runs: list[Path] = []
    left_out: list[str] = []
    for judge in judges:
        try:
            _require_embedded(judge.spec)
            card = _card(judge, next(iter(opened.values())))
        except MmjudgeError as error:
            left_out.append(_why(judge.spec, error))
            continue
        for name, protocol in _asked(card, opened, tasks):
            try:
                runs.append(_run(out, judge, name, protocol, say))
            except MissingExtraError as error:
                left_out.append(_why(f"{judge.spec} on {name}", error))
    return Played(tuple(runs), tuple(dict.fromkeys(left_out)))


def _require_embedded(spec: str) -> None:
    """Refuse a judge that is neither a baseline nor a path, where it did not come with mmjudge."""
    name = spec.partition(":")[2]
    known = spec.startswith("baseline:") or Path(name).exists() or embedded(f"{MODELS}/{name}")
    if not known:
        raise MmjudgeError("its weights are not in this installation")


def _card(judge: Contestant, task: Task) -> JudgeCard:
    context = JudgeContext(task, task.spec.protocols[0])
    return open_judge(judge.spec, context, judge.options).card


def _asked(
    card: JudgeCard, opened: Mapping[str, Task], tasks: Mapping[str, Modality]
) -> Iterator[tuple[str, ProtocolName]]:
    for name, task in opened.items():
        if tasks[name] in card.modalities:
            yield from ((name, p) for p in task.spec.protocols if p in card.protocols)


def _run(
    out: Path, judge: Contestant, task: str, protocol: ProtocolName, say: Callable[[str], None]
) -> Path:
    started = time.monotonic()
    place = (
        out
        / "".join(c if c.isalnum() else "-" for c in judge.spec)
        / f"{Path(task).name}-{protocol}"
    )
    done = api.run(
        task,
        judge.spec,
        options=judge.options,
        protocol=protocol,
        orders="both" if protocol == "pair" else "balanced",
        out=place,
    )
    if done.stats is not None and done.stats.interrupted:
        raise KeyboardInterrupt
    outcome = read_outcome(done.folder)
    refused = outcome.failures.get("unsupported", 0)
    parts = [f"{outcome.judgments} judgments"]
    parts += [f"{refused} not taken"] if refused else []
    parts += [f"{outcome.failed - refused} failed", f"{time.monotonic() - started:.1f} s"]
    say(f"{judge.spec:18} {Path(task).name:13} {protocol:6} {', '.join(parts)}")
    return done.folder


def _why(what: str, error: MmjudgeError) -> str:
    return printable(f"{what}: {str(error).partition(chr(10))[0]}", 240)
