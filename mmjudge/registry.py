"""Plugins by entry point: tasks, judges and probes; one broken plugin never hides the others."""

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from mmjudge.errors import MmjudgeError, unknown

TASKS = "mmjudge.tasks"
JUDGES = "mmjudge.judges"
PROBES = "mmjudge.probes"


@dataclass(frozen=True)
class Registry:
    """The plugins of one entry-point group.

    `broken` maps a name to what is wrong with it; such a name is refused when it is asked for and
    listed otherwise, with every other plugin at work.
    """

    group: str
    points: dict[str, EntryPoint]
    broken: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The singular of the group's name: task, judge, probe."""
        return self.group.rpartition(".")[2].removesuffix("s")

    def load(self, name: str) -> Any:
        """Import the plugin of that name.

        Raises:
            MmjudgeError: No plugin has the name, two have it, or its import fails.
        """
        if name in self.broken:
            raise MmjudgeError(self.broken[name])
        if name not in self.points:
            raise MmjudgeError(unknown(self.kind, name, self.points))
        point = self.points[name]
        try:
            return point.load()
        except Exception as error:
            message = (
                f"{self.kind} {name!r} of {origin(point)} does not load: "
                f"{type(error).__name__}: {error}"
            )
            self.broken[name] = message
            raise MmjudgeError(message) from error

    def load_all(self) -> dict[str, Any]:
        """Import every plugin that can be; the others are added to `broken`."""
        loaded = {}
        for name in sorted(self.points):
            try:
                loaded[name] = self.load(name)
            except MmjudgeError:
                continue
        return loaded


def origin(point: EntryPoint) -> str:
    """Distribution and object of an entry point, for messages."""
    distribution = f"{point.dist.name} {point.dist.version}" if point.dist else "unknown package"
    return f"{distribution} ({point.value})"


@cache
def registry(group: str) -> Registry:
    """The registry of a group; two plugins of one name make that name broken, with both origins."""
    named: dict[str, list[EntryPoint]] = defaultdict(list)
    for point in entry_points(group=group):
        if point not in named[point.name]:
            named[point.name].append(point)
    result = Registry(group, {})
    for name, points in named.items():
        if len(points) == 1:
            result.points[name] = points[0]
        else:
            origins = " and ".join(sorted(origin(point) for point in points))
            result.broken[name] = (
                f"{result.kind} {name!r} is offered twice, by {origins}: uninstall one of them"
            )
    return result
