"""`mmjudge doctor`: what is installed, what is missing, and what each missing piece would give."""

import json
import os
import platform
import re
import shutil
import sys
from collections import defaultdict
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import NamedTuple

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mmjudge.media.browser import chromium
from mmjudge.report.terminal import show

CORE = ""
GIVES = {
    CORE: "everything that is not named below",
    "hf": "judges that are transformers models",
    "clip": "CLIP-style scorers as judges of images",
    "video": "video as input",
    "audio": "audio as input",
    "api": "judges behind an OpenAI-compatible endpoint",
    "vllm": "fast batches of open models on a GPU",
    "ray": "runs over several machines",
    "site": "plots of the leaderboard",
    "web": "films of web pages, with chromium",
    "dev": "the tests of mmjudge itself",
}
"""Extra to what it gives; `all` only repeats others."""

PROGRAMS = {
    "ffmpeg": "making and checking video and audio",
    "espeak-ng": "making speech for generated benchmarks",
    "chromium": "films of web pages; looking at reports in tests",
}
_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)[^;]*(?:;.*extra\s*==\s*[\"'](?P<extra>[\w-]+)[\"'])?")


class Package(NamedTuple):
    """A package that mmjudge or one of its extras asks for; `found` is None where it is missing."""

    name: str
    extra: str
    found: str | None


class Place(NamedTuple):
    """Something of the machine: a program, a device, room on a disk."""

    name: str
    found: str | None
    gives: str


def packages() -> list[Package]:
    """What the installed distribution says that it needs, extra by extra."""
    found = []
    for line in requires("mmjudge") or []:
        match = _REQUIREMENT.match(line)
        if match and match["name"] != "mmjudge":
            found.append(Package(match["name"], match["extra"] or CORE, _version(match["name"])))
    return [package for package in found if package.extra in GIVES]


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def places() -> list[Place]:
    """Programs, GPU, room on the disk and data for parity tests."""
    found = [Place(name, _program(name), gives) for name, gives in PROGRAMS.items()]
    free = f"{shutil.disk_usage(Path.cwd()).free / 1e9:.0f} GB free"
    return [
        *found,
        Place("GPU", _gpu(), "judges that are models, at a useful speed"),
        Place("disk", free, "runs, and media of public data"),
        Place("parity data", _shared_data(), "tests that recompute published tables"),
    ]


def _program(name: str) -> str | None:
    return chromium() if name == "chromium" else shutil.which(name)


def _gpu() -> str | None:
    if _version("torch") is None:
        return None
    torch = import_module("torch")
    if not torch.cuda.is_available():
        return None
    count = torch.cuda.device_count()
    return ", ".join(torch.cuda.get_device_name(place) for place in range(count))


def _shared_data() -> str | None:
    """The data beside a checkout of the project, where the tests look for it."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    return os.path.relpath(folder) if folder.is_dir() else None


def print_report(*, as_json: bool) -> None:
    """Print what is there and what is missing."""
    needed, machine = packages(), places()
    if as_json:
        record = {
            "python": platform.python_version(),
            "mmjudge": _version("mmjudge"),
            "packages": [package._asdict() for package in needed],
            "machine": [place._asdict() for place in machine],
        }
        typer.echo(json.dumps(record, indent=2))
        return
    head = f"mmjudge {_version('mmjudge')}, Python {platform.python_version()} ({sys.executable})"
    parts: list[RenderableType] = [Text(head, style="bold"), "", _package_table(needed), ""]
    parts += [_machine_table(machine), "", _advice(needed)]
    show(Group(*parts))


def _package_table(needed: list[Package]) -> Table:
    by_extra: dict[str, list[Package]] = defaultdict(list)
    for package in needed:
        by_extra[package.extra].append(package)
    table = _table("extra", "status", "packages", "gives")
    for extra, members in by_extra.items():
        missing = [package for package in members if package.found is None]
        status = Text("missing", "yellow") if missing else Text("installed", "green")
        listed = missing or (members if extra != CORE else [])
        names = ", ".join(f"{p.name} {p.found}" if p.found else p.name for p in listed)
        described = names or f"all {len(members)} of them"
        table.add_row(extra or "(core)", status, described, GIVES[extra])
    return table


def _machine_table(machine: list[Place]) -> Table:
    table = _table("machine", "status", "found", "gives")
    for place in machine:
        status = Text("there", "green") if place.found else Text("missing", "yellow")
        table.add_row(place.name, status, place.found or "", place.gives)
    return table


def _advice(needed: list[Package]) -> str:
    missing = [package for package in needed if package.found is None]
    if any(package.extra == CORE for package in missing):
        return "the core is not whole; get it with: pip install --force-reinstall mmjudge"
    extras = [name for name in GIVES if any(p.extra == name for p in missing)]
    if not extras:
        return "nothing is missing"
    return f"get an extra with pip install 'mmjudge[NAME]'; missing: {', '.join(extras)}"


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for place, name in enumerate(columns):
        table.add_column(name, no_wrap=place < 2, overflow="fold")
    return table
