"""Suites: several tasks put to one judge that is loaded once; figures by task and over tasks."""

from mmjudge.suites.files import (
    Entry,
    Opened,
    Suite,
    SuiteFile,
    builtin,
    open_suite,
    open_tasks,
    why,
)
from mmjudge.suites.playing import (
    FILE,
    Open,
    Place,
    Played,
    SuiteRun,
    is_suite,
    play,
    read,
    runs_of,
)

__all__ = [
    "FILE",
    "Entry",
    "Open",
    "Opened",
    "Place",
    "Played",
    "Suite",
    "SuiteFile",
    "SuiteRun",
    "builtin",
    "is_suite",
    "open_suite",
    "open_tasks",
    "play",
    "read",
    "runs_of",
    "why",
]
