"""Read a submission, and judge it again: nothing that was typed is believed."""

import tempfile
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from mmjudge.leaderboard.submissions.folder import Files, look
from mmjudge.leaderboard.submissions.plans import RunPlan, Sources, plan_runs
from mmjudge.leaderboard.submissions.problems import Problem, Problems, UnreadableError, show
from mmjudge.leaderboard.submissions.rebuild import read_again, rebuild
from mmjudge.leaderboard.submissions.replies import Staging, read_replies
from mmjudge.leaderboard.submissions.strict import check_shape, check_text, strict_json, strict_yaml
from mmjudge.leaderboard.submissions.submission import META, RUN, Meta, RunFile

MEND_META = "mend that line; docs/submit.md lists the fields"
MEND_RUN = "pack the run again with mmjudge pack, and change nothing in the file"

MOST_VALUES = 50_000
"""Values in run.json."""


class Rebuilt(NamedTuple):
    """A submission as it was found: the problems, and a run folder for each of its runs.

    `meta` and `content` are None where the files cannot be read. Only where there is no problem are
    the runs whole, and to be used.
    """

    problems: tuple[Problem, ...]
    n_problems: int
    meta: Meta | None
    content: RunFile | None
    runs: tuple[Path, ...]


def rebuild_submission(folder: Path, out: Path, sources: Sources | None = None) -> Rebuilt:
    """Read a submission and judge it again from its raw replies; nothing is written but to `out`.

    Args:
        folder: The submission.
        out: A folder for the rebuilt runs, one folder a run: `0`, `1`, ...
        sources: Where tasks come from.

    Raises:
        MmjudgeError: There is no such folder.
    """
    problems = Problems()
    files = look(folder, problems)
    meta = _meta(files, problems)
    content = _run_file(files, problems)
    plans: dict[int, RunPlan] = {}
    if content is not None:
        _check_meta(meta, content, problems)
        plans = plan_runs(content, sources or Sources(), problems)
    runs = _rebuild_all(files, plans, out, problems) if plans else ()
    whole = tuple(runs) if problems.total == 0 else ()
    return Rebuilt(tuple(problems.all()), problems.total, meta, content, whole)


def _rebuild_all(
    files: Files, plans: dict[int, RunPlan], out: Path, problems: Problems
) -> Sequence[Path]:
    runs = []
    with (
        tempfile.TemporaryDirectory(prefix="mmjudge-") as scratch,
        Staging(Path(scratch)) as staging,
    ):
        read_replies(files, plans, staging, problems)
        for place, plan in plans.items():
            read = read_again(plan, staging, files.judgments or "", problems)
            if problems.total:  # there is no run to be had, but all is read for what else is wrong
                deque(read, maxlen=0)
            else:
                runs.append(out / str(place))
                rebuild(read, plan.header, runs[-1])
            plan.keys.clear()
    return runs


def _meta(files: Files, problems: Problems) -> Meta | None:
    lines: dict[str, int] = {}
    try:
        if META not in files.names:
            return None
        content, lines = strict_yaml(files.read(META))
        return Meta.model_validate(content)
    except (UnreadableError, OSError) as error:
        _unreadable(META, error, MEND_META, problems)
    except ValidationError as error:
        for one in error.errors(include_url=False, include_context=False):
            place = ".".join(map(str, one["loc"]))
            near = place if place in lines else place.rpartition(".")[0]
            problems.add(
                Problem(
                    file=META,
                    line=lines.get(near),
                    field=show(place, 100)[1:-1],
                    found="nothing" if one["type"] == "missing" else show(one["input"]),
                    allowed=_allowed(one["msg"], one["type"]),
                    next_step=MEND_META,
                )
            )
    return None


def _allowed(message: str, kind: str) -> str:
    if kind == "extra_forbidden":
        return f"only {', '.join(Meta.model_fields)}"
    return message.removeprefix("Value error, ")[:300]


def _run_file(files: Files, problems: Problems) -> RunFile | None:
    try:
        if RUN not in files.names:
            return None
        content: Any = strict_json(files.read(RUN))
        check_shape(content, MOST_VALUES)
        check_text(content)
        return RunFile.model_validate(content)
    except (UnreadableError, OSError) as error:
        _unreadable(RUN, error, MEND_RUN, problems)
    except ValidationError as error:
        problems.invalid(RUN, error, MEND_RUN)
    return None


def _unreadable(file: str, error: Exception, next_step: str, problems: Problems) -> None:
    if not isinstance(error, UnreadableError):
        error = UnreadableError(str(error), "a readable file")
    problems.unreadable(file, error, next_step)


def _check_meta(meta: Meta | None, content: RunFile, problems: Problems) -> None:
    """What both files say of the judge must agree."""
    card = content.runs[0].judge
    if meta is None:
        return
    said = {
        "revision": (meta.revision, card.revision),
        "parameters": (meta.parameters, card.params),
    }
    for name, (found, wanted) in said.items():
        if wanted is not None and found != wanted:
            allowed = f"{show(str(wanted), 200)}, as in {RUN}"
            problem = UnreadableError(show(str(found), 200), allowed, field=name)
            problems.unreadable(META, problem, MEND_META)


def read_meta(folder: Path) -> Meta | None:
    """The meta of a submission, None where it is wrong."""
    problems = Problems()
    return _meta(look(folder, problems), problems)


def read_run_file(folder: Path) -> RunFile | None:
    """The runs of a submission as typed, None where the file is wrong."""
    problems = Problems()
    return _run_file(look(folder, problems), problems)
