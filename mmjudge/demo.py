"""The demo: the judges that come with the project, on the benchmark that comes with it."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from mmjudge import api
from mmjudge.assets import MODELS, embedded
from mmjudge.errors import MissingExtraError, MmjudgeError
from mmjudge.folder_task import open_task
from mmjudge.judges.base import Judge, JudgeContext, open_judge
from mmjudge.report.outcome import printable, read_outcome
from mmjudge.task import Task
from mmjudge.types import JudgeCard, Modality, Orders, ProtocolName

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
    """A judge as `--judge` and `--judge-option` name it, and what of it is shown.

    It is none that looks answers up by item, since it is opened once for all tasks.
    """

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
    probes: str = "",
) -> Played:
    """Put every task to every judge in each protocol that both have; go on where it stopped.

    Pairs are asked in both orders.

    Args:
        out: Folder of the runs.
        say: Takes a line for each run.
        judges: Those to try.
        tasks: Those to ask, with the modality that a judge must take.
        probes: Names or a preset, as `--probes` takes them.

    Raises:
        MmjudgeError: A task is not there, or an earlier run in the folder was another one.
    """
    opened = {name: open_task(name) for name in tasks}
    runs: list[Path] = []
    left_out: list[str] = []
    for judge in judges:
        try:
            _require_embedded(judge.spec)
            answering = _open(judge, next(iter(opened.values())))
        except MmjudgeError as error:
            left_out.append(_why(judge.spec, error))
            continue
        folder = out / "".join(c if c.isalnum() else "-" for c in judge.spec)
        for name, protocol in _asked(answering.card, opened, tasks):
            place = folder / f"{opened[name].spec.name}-{protocol}"
            try:
                say(f"{judge.spec:18} {_run(place, answering, opened[name], protocol, probes)}")
                runs.append(place)
            except MissingExtraError as error:
                left_out.append(_why(f"{judge.spec} on {name}", error))
    return Played(tuple(runs), tuple(dict.fromkeys(left_out)))


def _require_embedded(spec: str) -> None:
    """Refuse a judge that is neither a baseline nor a path, where it did not come with mmjudge."""
    name = spec.partition(":")[2]
    known = spec.startswith("baseline:") or Path(name).exists() or embedded(f"{MODELS}/{name}")
    if not known:
        raise MmjudgeError("its weights are not in this installation")


def _open(judge: Contestant, task: Task) -> Judge:
    """The judge, loaded once for all tasks and protocols, and so with one store of embeddings."""
    context = JudgeContext(task, task.spec.protocols[0])
    return open_judge(judge.spec, context, judge.options)


def _asked(
    card: JudgeCard, opened: Mapping[str, Task], tasks: Mapping[str, Modality]
) -> Iterator[tuple[str, ProtocolName]]:
    for name, task in opened.items():
        if tasks[name] in card.modalities:
            yield from ((name, p) for p in task.spec.protocols if p in card.protocols)


def _run(place: Path, judge: Judge, task: Task, protocol: ProtocolName, probes: str) -> str:
    """Put a task to a judge, or go on with it, and say in a line what became of it."""
    started = time.monotonic()
    orders: Orders = "both" if protocol == "pair" else "balanced"
    done = api.run(task, judge, protocol=protocol, orders=orders, out=place, probes=probes or ())
    if done.stats is not None and done.stats.interrupted:
        raise KeyboardInterrupt
    outcome = read_outcome(place)
    refused = outcome.failures.get("unsupported", 0)
    parts = [f"{outcome.judgments} judgments"]
    parts += [f"{refused} not taken"] if refused else []
    parts += [f"{outcome.failed - refused} failed", f"{time.monotonic() - started:.1f} s"]
    return f"{task.spec.name:13} {protocol:6} {', '.join(parts)}"


def _why(what: str, error: MmjudgeError) -> str:
    return printable(f"{what}: {str(error).partition(chr(10))[0]}", 240)
