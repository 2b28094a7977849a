"""What a suite would ask, before anything is asked: by task and in sum."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmjudge import api
from mmjudge.engine.forecast import Forecast
from mmjudge.errors import MissingExtraError, TaskError
from mmjudge.suites.files import Opened, Suite, why
from mmjudge.suites.playing import Open, Place, plan, settings_of
from mmjudge.types import Record


class Sum(Record):
    """The sums of a suite's forecasts; seconds of the runs whose pace is known.

    `unpaced`: runs with calls whose pace is not known, which `seconds` leaves out. Media that
    several tasks show are counted in each.
    """

    items: int
    bad_items: int
    plain: int
    probed: int
    there: int
    refused: int
    unknown: int
    calls: int
    tokens_in: int
    shown: dict[str, int]
    media: dict[str, int]
    seconds: float | None
    unpaced: int


class SuiteForecast(Record):
    """What a suite would ask."""

    suite: str
    judge: str
    runs: tuple[Forecast, ...]
    sum: Sum
    left_out: tuple[str, ...]


def forecast_suite(
    suite: Suite, opened: Opened, judge: Open, place: Place, settings: Mapping[str, Any]
) -> SuiteForecast:
    """Count what `play` with the same arguments would ask; the judge is opened and not asked.

    Args:
        suite: The suite.
        opened: Its tasks.
        judge: The judge.
        place: Folder of the runs; what is there already is not asked again.
        settings: Further arguments of `mmjudge.engine.forecast`.

    Raises:
        MmjudgeError: Anything that would keep a run from starting.
    """
    given = {name: value for name, value in settings.items() if value is not None}
    first = next(iter(opened.tasks.values()))
    card = judge(first, given.get("protocol") or first.spec.protocols[0]).card
    found: list[Forecast] = []
    left_out = list(opened.left_out)
    for number, run in plan(suite, opened, card, given):
        entry, task = suite.tasks[number], opened.tasks[number]
        try:
            found.append(
                api.forecast(
                    task,
                    judge(task, run.protocol),
                    out=place.out / run.folder,
                    **settings_of(entry, run, given),
                )
            )
        except (MissingExtraError, TaskError) as error:
            left_out.append(why(f"{entry.task}, {run.protocol}", error))
    return SuiteForecast(
        suite=suite.name,
        judge=card.name,
        runs=tuple(found),
        sum=summed(found),
        left_out=tuple(left_out),
    )


def summed(found: Sequence[Forecast]) -> Sum:
    """The sums of forecasts."""
    counts = {
        name: sum(getattr(one, name) for one in found)
        for name in (
            "items",
            "bad_items",
            "plain",
            "probed",
            "there",
            "refused",
            "unknown",
            "calls",
            "tokens_in",
        )
    }
    asked = [one for one in found if one.calls]
    paced = [one.seconds for one in asked if one.seconds is not None]
    return Sum(
        **counts,
        shown=_added([one.shown for one in found]),
        media=_added([one.media for one in found]),
        seconds=sum(paced) if paced or not asked else None,
        unpaced=len(asked) - len(paced),
    )


def _added(found: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """Counts by name, added up."""
    names = dict.fromkeys(name for one in found for name in one)
    return {name: sum(one.get(name, 0) for one in found) for name in names}
