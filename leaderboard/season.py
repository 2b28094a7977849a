"""Season 0, a trial: its secret was told from the start, so that everybody can make and check it.

    python -m leaderboard.season

makes `season_0/practice`, a pack with gold, and `season_0/season`: the public part that judges are
asked, and the private part with its gold. The season is held to `season_0/manifest.json`, whose
commitment stands for the gold: what a real season publishes when it begins.
"""

import json
from pathlib import Path

from mmjudge.errors import MmjudgeError
from mmjudge.scenes.pack import MANIFEST, Wanted, generate
from mmjudge.scenes.season import season

HERE = Path(__file__).resolve().parent / "season_0"
SECRET, KEPT = HERE / "secret.txt", HERE / MANIFEST
PRACTICE, MADE = HERE / "practice", HERE / "season"
PUBLIC, PRIVATE = MADE / "public", MADE / "private"
SUBMISSIONS = HERE / "submissions"
NAME = "scenes_season_0"
N_ITEMS, LEVELS = 200, ("easy", "medium")
DIRECTIONS = ("text->image", "image->text")


def wanted(name: str, seed: str = "") -> Wanted:
    """What is made of a seed, alike for practice and season."""
    return Wanted(seed, N_ITEMS, DIRECTIONS, LEVELS, ("pair",), twins=False, name=name)


def make_season() -> None:
    """Make what is not there, and hold the season to the manifest that was published.

    Raises:
        MmjudgeError: It is not the season that was published.
    """
    if not (PRACTICE / MANIFEST).is_file():
        generate(wanted("scenes_practice_0", "practice 0"), PRACTICE)
    if not (PUBLIC / MANIFEST).is_file():
        season(wanted(NAME), SECRET, MADE)
    found, kept = (json.loads((at / MANIFEST).read_bytes()) for at in (PUBLIC, HERE))
    for field in ("commitment", "files"):
        if found[field] != kept[field]:
            raise MmjudgeError(
                f"{PUBLIC / MANIFEST}: {field}: not as in {KEPT}; media are the same bytes on the "
                f"versions that requirements.lock names: {kept['encoders']}"
            )


if __name__ == "__main__":
    make_season()
