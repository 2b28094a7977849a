"""Make `recorded/board.json` of the runs that `leaderboard.recompute` made: figures, no item.

python -m leaderboard.recorded_board --data ../shared/data/parity
"""

import argparse
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from leaderboard.recompute import HERE, RECORDINGS, Recording, run_all
from mmjudge.leaderboard.board import Board
from mmjudge.leaderboard.build import build
from mmjudge.leaderboard.layout import LAYOUT, Given
from mmjudge.store import RunStore

FILE = HERE / "recorded" / "board.json"
DESCRIPTION = (
    "Judges whose verdicts the authors of six benchmarks published, scored again from those "
    "verdicts by the measures of this suite. Nothing but figures is kept here, and no judge was asked anew: "
    "judges of different columns were asked in different years, with different prompts."
)


def recorded_board(data: Path, runs: Path, resamples: int) -> Board:
    """Run every recorded judge that was not yet, and build the board.

    Args:
        data: Folder with a folder for each recording.
        runs: Folder of the runs.
        resamples: Of the bootstrap over items.
    """
    made = list(run_all(data, runs))
    entries = [_entry(*one) for one in made]
    plan = {
        "name": "recorded",
        "title": "Recorded judges of public benchmarks",
        "description": DESCRIPTION,
        "tasks": list(_tasks(made)),
        "runs": entries,
    }
    layout = {"title": "recorded", "boards": [plan]}
    # JSON is YAML, too.
    (runs / LAYOUT).write_text(json.dumps(layout, indent=1), encoding="utf-8")
    given = Given(data={one.task: data / one.folder for one in RECORDINGS})
    return build(runs, given, resamples, say=print).boards[0]


def _tasks(made: list[tuple[Recording, str, Path]]) -> Iterator[dict[str, Any]]:
    """Each task once; none counts for a whole, since no judge was asked them all."""
    for run in {recording.task: run for recording, _, run in made}.values():
        with RunStore.open(run) as store:
            label = store.header.task.label
            yield {"task": label, "protocol": store.header.settings.protocol, "weight": 0}


def _entry(one: Recording, judge: str, run: Path) -> dict[str, Any]:
    repository, revision = one.repository
    return {
        "id": re.sub(r"[^a-z0-9._]+", "-", f"{one.task}-{judge}".lower()),
        "runs": [run.name],
        "judge": f"{judge} ({one.title})",
        "revision": f"as recorded at {repository} {revision}",
        "licence": f"{one.licence} (the recording)",
        "links": [f"https://github.com/{repository}"],
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--runs", type=Path, default=HERE.parent / "runs" / "recorded")
    parser.add_argument("--out", type=Path, default=FILE)
    parser.add_argument("--resamples", type=int, default=1000)
    asked = parser.parse_args()
    board = recorded_board(asked.data, asked.runs, asked.resamples)
    asked.out.write_text(board.model_dump_json(indent=1) + "\n", encoding="utf-8")
    print(f"{len(board.entries)} entries, {len(board.columns)} columns: {asked.out}")
