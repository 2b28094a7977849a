"""A leaderboard of small submissions: a folder with `leaderboard.yaml`, as an owner has it."""

import zlib
from pathlib import Path
from typing import Any

import yaml

from mmjudge.leaderboard.boards.layout import LAYOUT
from mmjudge.types import Request
from tests.leaderboard.entries import META_SAID, Writer, submit, write_task

N_ITEMS = 60
SHARES = {"good": 95, "fair": 70, "poor": 40}
"""Of 100 items, those that each judge gets right."""


def skilled(percent: int, salt: str = ""):
    """Right in so many of 100 items, and moved by the order now and then."""

    def choose(request: Request) -> str:
        drawn = zlib.crc32(f"{request.item}{salt}".encode()) % 100
        right = drawn < percent
        if zlib.crc32(f"{request.item}{request.order}{salt}x".encode()) % 20 == 0:
            right = not right
        gold = int(request.item[1:]) % 2
        return "AB"[request.order.index(gold if right else 1 - gold)]

    return choose


def write_leaderboard(folder: Path, **changes: Any) -> Path:
    """Three judges of known skill; `changes` are fields of the one board."""
    task = write_task(folder / "tasks" / "small", n=N_ITEMS, rated=True)
    for name, percent in SHARES.items():
        said = META_SAID | {"judge": f"{name} 7B", "contact": f"{name}@example.org"}
        made = submit(task, Writer(skilled(percent, name), name), folder / "made" / name, said=said)
        (folder / "submissions" / name).mkdir(parents=True)
        made.rename(folder / "submissions" / name / "one")
    board = {
        "name": "small",
        "title": "Small",
        "tasks": [{"task": "small@1", "protocol": "pair", "folder": "tasks/small"}],
        "submissions": "submissions",
        "run_by_us": ["fair/one"],
    }
    write_layout(folder, [board | changes])
    return folder


def write_layout(folder: Path, boards: list[dict[str, Any]], **more: Any) -> None:
    content = {"title": "Boards", "licence": "CC0-1.0", "boards": boards} | more
    (folder / LAYOUT).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
