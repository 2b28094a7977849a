"""A pack that many tests read, made once."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mmjudge.scenes.pack import Wanted, generate
from tests.once import once, shared


class Pack(NamedTuple):
    """A folder that was generated, with its records as plain values."""

    folder: Path
    items: dict[str, list[dict[str, Any]]]
    facts: dict[str, dict[str, Any]]

    def rows(self) -> list[dict[str, Any]]:
        return [row for rows in self.items.values() for row in rows]


def read(folder: Path) -> Pack:
    items = {
        path.name.split(".")[1]: [json.loads(line) for line in path.read_text().splitlines()]
        for path in sorted(folder.glob("items.*.jsonl"))
    }
    lines = (json.loads(line) for line in (folder / "facts.jsonl").read_text().splitlines())
    return Pack(folder, items, {line["item"]: line for line in lines})


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """Two items in each direction, level and protocol."""
    folder = shared(tmp_path_factory) / "pack of scenes"
    return read(once(folder, lambda out: generate(Wanted("laws", items=72 * 2), out)))


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """Many pairs in every direction, with their media."""
    folder = tmp_path_factory.mktemp("pairs") / "pack"
    generate(Wanted("pairs", items=1500, protocols=("pair",), twins=False), folder, workers=2)
    return read(folder)
