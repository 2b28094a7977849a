"""Runs of small judges over a small pack, and pages made of them."""

from pathlib import Path
from typing import NamedTuple

import pytest

import mmjudge
from mmjudge.scenes.pack import Wanted, generate

JUDGES = ("baseline:first", "baseline:oracle")
FAMILIES = ("image", "text")


class Runs(NamedTuple):
    """Folders of runs of a pack that is cut in two tasks, by judge and protocol."""

    parts: dict[tuple[str, str], tuple[Path, ...]]

    @property
    def folders(self) -> list[Path]:
        """All of them."""
        return [run for parts in self.parts.values() for run in parts]


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Still scenes in both directions, with twins, and pairs of an image and a text."""
    folder = tmp_path_factory.mktemp("made") / "pack"
    directions = ("text->image", "image->text", "text->image+text")
    generate(Wanted("report", 54, directions, ("easy",)), folder)
    return folder


@pytest.fixture(scope="session")
def runs(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    out = tmp_path_factory.mktemp("runs")
    parts = {}
    for judge in JUDGES:
        for protocol in ("pair", "score", "rank"):
            place = out / judge.replace(":", "-") / protocol
            parts[judge, protocol] = tuple(
                mmjudge.run(
                    f"scenes_{family}",
                    judge,
                    data=pack,
                    protocol=protocol,
                    orders="both",
                    out=f"{place}-{family}",
                ).folder
                for family in FAMILIES
            )
    return Runs(parts)
