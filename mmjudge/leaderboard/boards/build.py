"""From a folder with `leaderboard.yaml` to boards: what is shown is computed here, or was here."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from mmjudge.errors import MmjudgeError
from mmjudge.leaderboard.boards.assemble import assemble
from mmjudge.leaderboard.boards.board import Board, Sibling
from mmjudge.leaderboard.boards.entries import (
    Entered,
    Rejected,
    Source,
    asked_in,
    enter,
    sources_in,
)
from mmjudge.leaderboard.boards.layout import (
    BoardPlan,
    Given,
    Layout,
    TaskChoice,
    read_layout,
    sources_of,
)
from mmjudge.leaderboard.boards.tasks import Asked, Library
from mmjudge.leaderboard.cache import Cache
from mmjudge.leaderboard.submissions.problems import Problem, short
from mmjudge.plural import many

RESAMPLES = 1000


class Built(NamedTuple):
    """All boards of a leaderboard, in the order of `leaderboard.yaml`, and what was left out.

    `title` and `description` are those of the whole.
    """

    title: str
    description: str
    boards: tuple[Board, ...]
    rejected: tuple[Rejected, ...]
    notes: tuple[str, ...]


def build(
    folder: Path,
    given: Given | None = None,
    resamples: int = RESAMPLES,
    cache: Cache | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Built:
    """Build all boards of a leaderboard.

    Args:
        folder: Holds `leaderboard.yaml` and what that names.
        given: Where tasks are, as the command line says.
        resamples: Resamples of the bootstrap over items.
        cache: Of numbers that were computed before; none if left out.
        say: Takes a line for each entry, as it is done.

    Raises:
        MmjudgeError: `leaderboard.yaml` is wrong, or a task, a run or a file that it names is not
            there.
    """
    if resamples < 2:
        raise MmjudgeError(f"--resamples {resamples}: places need 2 or more")
    layout = read_layout(folder)
    sources, notes = sources_of(folder, layout, given or Given())
    library, kept = Library(sources), cache or Cache(None)
    # What is missing is said before hours of computing, not after.
    opened = [(plan, _open(folder, plan)) for plan in layout.boards]
    boards: list[Board] = []
    rejected: dict[Path, Rejected] = {}
    for plan, found in opened:
        if isinstance(found, Board):
            boards.append(found)
            continue
        board, left_out = _build((folder, plan, found), library, (resamples, kept), say)
        here = [choice.name for choice in plan.tasks if choice.gold]
        missing = tuple(note for note in notes if note.partition(":")[0] in here)
        boards.append(board.model_copy(update={"notes": (*board.notes, *missing)}))
        rejected |= {one.folder: one for one in left_out}
    signed = tuple(_signed(boards, layout))
    return Built(layout.title, layout.description, signed, tuple(rejected.values()), tuple(notes))


def _open(folder: Path, plan: BoardPlan) -> Board | list[Source]:
    """A board that was built elsewhere, or the entries that a board may have."""
    if plan.aggregates is not None:
        return _aggregates(folder / plan.aggregates, plan)
    return sources_in(folder, plan)


def _build(
    opened: tuple[Path, BoardPlan, list[Source]],
    library: Library,
    how: tuple[int, Cache],
    say: Callable[[str], None],
) -> tuple[Board, list[Rejected]]:
    (folder, plan, sources), (resamples, cache) = opened, how
    choices = plan.tasks or [
        TaskChoice.model_validate({"task": label, "protocol": protocol})
        for label, protocol in asked_in(sources, folder, library)
    ]
    asked = Asked(choices, library, resamples)
    entered: list[Entered] = []
    rejected: list[Rejected] = []
    for source in sources:
        found = _entered(source, asked, library, cache)
        if isinstance(found, Rejected):
            rejected.append(found)
            say(f"{plan.name}: {source.id}: left out, {found.n_problems} problems")
        elif found.measured.numbers.runs:
            entered.append(found)
            say(f"{plan.name}: {source.id}: {many(len(found.measured.numbers.runs), 'run')}")
    return assemble(plan, asked, entered), rejected


def _entered(source: Source, asked: Asked, library: Library, cache: Cache) -> Entered | Rejected:
    """An entry; a submission that cannot even be read is left out, and stops no other."""
    try:
        return enter(source, asked, library, cache)
    except MmjudgeError as error:
        if source.runs is not None:
            raise
        problem = Problem(
            file=".",
            found=short(str(error), 400),
            allowed="plain files that can be read",
            next_step="mend or remove the folder",
        )
        return Rejected(source.folder, (problem,), 1)


def _aggregates(path: Path, plan: BoardPlan) -> Board:
    """A board that was built elsewhere: figures alone, shown as such."""
    try:
        board = Board.model_validate_json(path.read_bytes())
    except OSError as error:
        raise MmjudgeError(f"{path}: cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise MmjudgeError(
            f"{path}: {where}: {first['msg']}; a board.json of mmjudge leaderboard build is needed"
        ) from error
    entries = tuple(
        entry.model_copy(update={"badges": (*dict.fromkeys((*entry.badges, "aggregates")),)})
        for entry in board.entries
    )
    update = {"name": plan.name, "title": plan.title, "entries": entries}
    if plan.description:
        update["description"] = plan.description
    return board.model_copy(update=update)


def _signed(boards: Sequence[Board], layout: Layout) -> list[Board]:
    """The boards with what the whole leaderboard says, and the way to each other."""
    signed = []
    for board in boards:
        siblings = tuple(
            Sibling(name=other.name, title=other.title, path=f"../{other.name}/index.html")
            for other in boards
            if other.name != board.name
        )
        update = {
            "siblings": siblings,
            "leaderboard": layout.title,
            "licence": layout.licence,
            "contact": layout.contact,
            "source": layout.source,
            "description": board.description or layout.description,
        }
        signed.append(board.model_copy(update=update))
    return signed
