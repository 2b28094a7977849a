"""The demo: the judges that come with the project, on the benchmark that comes with it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from mmjudge.assets import MODELS, embedded
from mmjudge.errors import MmjudgeError
from mmjudge.judges.base import Judge, JudgeContext, open_judge
from mmjudge.sources.folder import open_task
from mmjudge.suites import Entry, Open, Opened, Place, Suite, open_suite, why
from mmjudge.suites import play as play_suite
from mmjudge.task import Task
from mmjudge.types import Modality

TASKS: Mapping[str, Modality] = {
    entry.task: entry.takes or "text" for entry in open_suite("suite:scenes").suite.tasks
}
"""Each task of the suite `scenes` with the modality that a judge must take to be asked at all."""


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
    entries = tuple(Entry(task=name, takes=takes) for name, takes in tasks.items())
    suite = Suite(name="demo", tasks=entries)
    opened = Opened({number: open_task(entry.task) for number, entry in enumerate(entries)})
    runs: list[Path] = []
    left_out: list[str] = []
    for judge in judges:
        try:
            _require_embedded(judge.spec)
            answering = _open(judge, opened.tasks[0])
        except MmjudgeError as error:
            left_out.append(why(judge.spec, error))
            continue
        folder = out / "".join(c if c.isalnum() else "-" for c in judge.spec)
        asked = _always(answering)
        played = play_suite(suite, opened, asked, Place(folder, say), {"probes": probes or ()})
        runs += [folder / run.folder for run in played.runs]
        left_out += played.left_out
    return Played(tuple(runs), tuple(dict.fromkeys(left_out)))


def _always(judge: Judge) -> Open:
    """The judge for every task: it is loaded already."""
    return lambda task, protocol: judge


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
