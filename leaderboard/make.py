"""Make the submissions of the repository's own boards: run the embedded judges, pack, check.

    python -m leaderboard.make             # leaderboard/submissions: the embedded pack, with probes
    python -m leaderboard.make --season    # leaderboard/season_0/submissions: practice, and season

The same judges give the same verdicts. Replies hold how long they took, so the files differ.
"""

import argparse
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from leaderboard.season import NAME, PRACTICE, PRIVATE, PUBLIC, SUBMISSIONS, make_season
from mmjudge.commands.leaderboard import check_and_print, sources
from mmjudge.demo import JUDGES, TASKS, Contestant, play
from mmjudge.leaderboard.submissions.pack import pack
from mmjudge.leaderboard.submissions.plans import Sources
from mmjudge.types import Modality

HERE = Path(__file__).resolve().parent
CONTACT = "@mmjudge"
PROBES = "core"
SEEN = "Scenes of other seeds"
SEASON: Mapping[str, Modality] = {str(PRACTICE): "image", str(PUBLIC): "image"}


class Entry(NamedTuple):
    """A judge as it is entered.

    Attributes:
        name: In the table.
        licence: Of the judge.
        tasks: Those that it is asked, with the modality that it must take.
        trained_on: What it was trained on, as its card says.
        revision: Of a judge that has none of its own.
    """

    name: str
    licence: str
    tasks: Mapping[str, Modality]
    trained_on: tuple[str, ...] = ()
    revision: str | None = None

    def meta(self) -> dict[str, Any]:
        """What `pack` is told."""
        said: dict[str, Any] = {"judge": self.name, "licence": self.licence, "contact": CONTACT}
        said |= {"revision": self.revision} if self.revision else {}
        training = {"known": "all", "datasets": list(self.trained_on), "overlaps": []}
        return said | {"training_data": training}


def _taken(*names: str) -> Mapping[str, Modality]:
    return {name: modality for name, modality in TASKS.items() if name in names}


MODELS = {
    "clip:scenes-clip": Entry(
        "Scenes CLIP (2.2 M)", "CC0-1.0", _taken("scenes_image", "scenes_video"), (SEEN,)
    ),
    "dual:scenes-clap": Entry("Scenes CLAP (1.5 M)", "CC0-1.0", _taken("scenes_audio"), (SEEN,)),
    "hf:scenes-vlm": Entry("Scenes VLM (3.1 M)", "CC0-1.0", TASKS, (SEEN,)),
}
"""The scorers are asked what they take in part at least: of texts alone they would refuse all."""


def entry_of(judge: Contestant) -> Entry:
    """How a judge of the demo is entered; a baseline by its own name, and asked everything."""
    known = MODELS.get(judge.spec)
    return known or Entry(judge.spec, "Apache-2.0", TASKS, (), revision="1")


class Target(NamedTuple):
    """Where submissions go, and what judges are asked for them.

    Attributes:
        folder: In a submission's name: `JUDGE/folder`.
        out: Folder of the submissions.
        runs: Folder of the runs.
        probes: Preset, or none.
        tasks: Those asked; an entry's own if left out.
    """

    folder: str
    out: Path
    runs: Path
    probes: str = ""
    tasks: Mapping[str, Modality] | None = None


def make(judge: Contestant, target: Target, found: Sources) -> bool:
    """Run a judge on all that it takes, pack it, and check it against the other entries.

    Returns:
        Whether it is accepted.
    """
    entry = entry_of(judge)
    played = play(target.runs, say, [judge], target.tasks or entry.tasks, target.probes)
    for line in played.left_out:
        say(f"left out: {line}")
    folder = target.out / played.runs[0].parent.name / target.folder
    shutil.rmtree(folder, ignore_errors=True)
    say(f"{pack(played.runs, folder, entry.meta())} judgments packed: {folder}")
    return check_and_print(folder, found, target.out, 0, as_json=False) == 0


def say(line: str) -> None:
    """Say how far it is."""
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """Make the submissions of a board, all or some.

    Returns:
        0 where each is accepted.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=HERE.parent / "runs" / "leaderboard")
    parser.add_argument("--season", action="store_true")
    parser.add_argument("--judge", choices=[one.spec for one in JUDGES], action="append")
    asked = parser.parse_args()
    target = Target("scenes", HERE / "submissions", asked.runs, PROBES)
    found, judges = Sources(), list(JUDGES)
    if asked.season:
        make_season()
        target = Target("season_0", SUBMISSIONS, asked.runs, "", SEASON)
        found = sources([PRACTICE, PUBLIC], {}, {NAME: str(PRIVATE)})
        judges = [one for one in JUDGES if "scenes_image" in entry_of(one).tasks]
    chosen = [one for one in judges if one.spec in (asked.judge or [one.spec])]
    return int(not all([make(judge, target, found) for judge in chosen]))


if __name__ == "__main__":
    sys.exit(main())
