"""Make `recorded/TASK.json`, a board for each benchmark whose judges were recorded.

    python -m leaderboard.recorded_boards --data ../shared/data/parity

The boards hold figures alone: no item and no verdict.
"""

import argparse
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from leaderboard.recompute import HERE, RECORDINGS, Recording, run_all
from mmjudge.leaderboard.boards.board import Board
from mmjudge.leaderboard.boards.build import build
from mmjudge.leaderboard.boards.layout import LAYOUT, Given
from mmjudge.store.run_store import RunStore

FOLDER = HERE / "recorded"
BOARDS = tuple(one for one in RECORDINGS if one.task not in ("audiojudge", "mj_bench_bias"))
"""AudioJudge's chats and MJ-Bench's portraits are recorded without what people said of them, so how
far a judge agrees cannot be said. Their published figures are in `figures.json`.
"""


def recorded_boards(
    data: Path, runs: Path, resamples: int, recordings: Sequence[Recording] = BOARDS
) -> tuple[Board, ...]:
    """Run every recorded judge that was not yet, and build a board for each recording.

    Args:
        data: Folder with a folder for each recording.
        runs: Folder of the runs.
        resamples: Of the bootstrap over items.
        recordings: Those to take.
    """
    plans = [_plan(one, data, runs) for one in recordings]
    layout = {"title": "recorded", "boards": plans}
    # JSON is YAML, too.
    (runs / LAYOUT).write_text(json.dumps(layout, indent=1), encoding="utf-8")
    given = Given(data={one.task: data / one.folder for one in recordings})
    boards = build(runs, given, resamples, say=print).boards
    return tuple(board.model_copy(update={"siblings": (), "leaderboard": ""}) for board in boards)


def _plan(one: Recording, data: Path, runs: Path) -> dict[str, Any]:
    made = [(judge, run) for _, judge, run in run_all(data, runs, [one])]
    with RunStore.open(made[0][1]) as store:
        task, protocol = store.header.task, store.header.settings.protocol
    repository, revision = one.repository
    return {
        "name": one.task,
        "title": f"{one.title}, recorded judges",
        "description": (
            f"Judges whose verdicts were published with {one.title} ({task.card.citation}; "
            f"{repository} {revision}, {one.licence}), scored again from those verdicts by the "
            "measures of this suite. Only figures are kept here, and no judge was asked anew."
        ),
        "tasks": [{"task": task.label, "protocol": protocol, "where": dict(one.where)}],
        "runs": [_entry(one, judge, run) for judge, run in made],
    }


def _entry(one: Recording, judge: str, run: Path) -> dict[str, Any]:
    repository, revision = one.repository
    return {
        "id": re.sub(r"[^a-z0-9._]+", "-", judge.lower()),
        "runs": [run.name],
        "judge": judge,
        "revision": f"recorded at {revision}",
        "licence": f"{one.licence} (the recording)",
        "links": [f"https://github.com/{repository}"],
    }


def write_boards(boards: Sequence[Board], folder: Path) -> None:
    """Write each board into a file of its name."""
    for board in boards:
        path = folder / f"{board.name}.json"
        path.write_text(board.model_dump_json(indent=1) + "\n", encoding="utf-8")
        print(f"{len(board.entries)} judges, {len(board.columns)} columns: {path}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--runs", type=Path, default=HERE.parent / "runs" / "recorded")
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--resamples", type=int, default=1000)
    asked = parser.parse_args()
    write_boards(recorded_boards(asked.data, asked.runs, asked.resamples), asked.out)
