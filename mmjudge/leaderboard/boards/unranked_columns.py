"""Columns without places: biases, failures, cost, and how hidden figures stand to public ones."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from mmjudge.leaderboard.boards.board import Cell, Column, slug
from mmjudge.leaderboard.boards.numbers import Measured, Numbers, interval
from mmjudge.leaderboard.boards.ranked_columns import Found, Part, cell_of, direction
from mmjudge.metrics.measure import Measure
from mmjudge.scoring.biases import LOST, Bias
from mmjudge.types import ProtocolName

ORDER = "Asked plainly, over all tasks of the entry under this protocol, by the first criterion."
SIZES = {
    "strong": "strong",
    "clear": "clear",
    "small": "small",
    "unclear": "too few items to say",
    "none": "none to speak of",
    "few": "too few items",
    "unknown": "",
}


SHOWN = ("flip_rate", "swap_flip_rate", "modality_preference", "verbosity")
"""Biases of pairs that a page shows before any is chosen: of order, of modality, and of length."""


class Extra(NamedTuple):
    """A column, and the cells of the entries that have one, by their place."""

    column: Column
    cells: Mapping[int, Cell]


def extra_columns(found: Found, entries: Sequence[Measured]) -> list[Extra]:
    """Columns that no order is made of."""
    numbers = [entry.numbers for entry in entries]
    extras = [*_gaps(found, entries), *_positions(numbers), *_probes(numbers)]
    return [*extras, _failures(numbers), *_cost(numbers)]


def _gaps(found: Found, entries: Sequence[Measured]) -> Iterator[Extra]:
    """Hidden minus public figures of a season and the task that it is held against."""
    for name, task in found.tasks.items():
        public = next(
            (
                other
                for other, one in found.tasks.items()
                if one.choice.task == task.choice.public
                and one.choice.protocol == task.choice.protocol
            ),
            None,
        )
        parts = (found.main(name), None if public is None else found.main(public))
        if parts[0] is None or parts[1] is None or parts[0].measure != parts[1].measure:
            continue
        cells = {
            place: cell
            for place, entry in enumerate(entries)
            if (cell := _gap(entry, parts[0], parts[1])) is not None
        }
        text = (
            f"{parts[0].measure} on the hidden {task.choice.task} minus that on the public "
            f"{task.choice.public}, both asked by {task.choice.protocol}. Below 0: worse where it "
            "cannot have seen the answers. The two have different items, so a harder season "
            "moves all entries alike: read it against the others."
        )
        column = Column(
            id=f"{name}-gap",
            kind="hidden",
            title=f"{task.choice.words}, hidden minus public",
            explanation=text,
            direction="zero",
            ideal=0.0,
            shown=True,
            task=name,
            protocol=task.choice.protocol,
            measure=parts[0].measure,
        )
        yield Extra(column, cells)


def _gap(entry: Measured, hidden: Part, public: Part) -> Cell | None:
    rows, runs = entry.rows, entry.numbers.runs
    if not all(part.key in rows and runs[part.task].whole for part in (hidden, public)):
        return None
    (one, drawn), (other, redrawn) = rows[hidden.key], rows[public.key]
    if one.value is None or other.value is None:
        return None
    return Cell(
        value=one.value - other.value,
        ci95=interval(drawn.astype(np.float64) - redrawn),
        n_items=one.n_items + other.n_items,
        n_failed=one.n_failed + other.n_failed,
    )


def _positions(numbers: Sequence[Numbers]) -> Iterator[Extra]:
    """Measures of position and modality, which need no probe."""
    keys = dict.fromkeys(
        (protocol, one.metric)
        for entry in numbers
        for protocol, results in entry.positions.items()
        for one in results
    )
    for protocol, metric in keys:
        spec = Measure.parse(metric).spec
        text = f"{spec.summary[:1].upper()}{spec.summary[1:]}. {ORDER}"
        column = Column(
            id=f"bias-{protocol}-{slug(metric)}",
            kind="bias",
            title=f"{metric} ({protocol})",
            explanation=text,
            direction=direction(spec.direction),
            ideal={"half": 0.5, "zero": 0.0, "lower": 0.0}.get(spec.direction),
            low=spec.bounds[0],
            high=spec.bounds[1],
            shown=protocol == "pair" and metric in SHOWN,
            protocol=protocol,
            measure=metric,
        )
        yield Extra(column, _cells(numbers, partial(_position, of=(protocol, metric))))


def _position(numbers: Numbers, of: tuple[ProtocolName, str]) -> Cell | None:
    protocol, metric = of
    found = numbers.positions.get(protocol, ())
    return next((cell_of(one) for one in found if one.metric == metric), None)


def _cells(numbers: Sequence[Numbers], cell: Callable[[Numbers], Cell | None]) -> dict[int, Cell]:
    return {place: found for place, one in enumerate(numbers) if (found := cell(one)) is not None}


class _Shift(NamedTuple):
    """A figure of a probe that becomes a column: how it is named and explained, and its range."""

    metric: str
    title: str
    text: str
    kinds: tuple[str, ...]
    ideal: float | None = 0.0


def _shifts(protocol: ProtocolName) -> tuple[_Shift, ...]:
    return (
        _Shift(
            "cue_shift",
            "directed effect",
            "Share of verdicts moved towards what the change speaks for ({cue}), less those moved "
            "away. 0 without bias.",
            ("bias",),
        ),
        _Shift(
            "robustness_gap",
            "robustness less re-run",
            "Share of verdicts that the change leaves as they were, minus the share that a plain "
            "re-run leaves: 0 where the change moves no more than noise does, below 0 where it "
            "moves more.",
            ("bias",),
        ),
        _Shift(
            LOST[protocol],
            "agreement lost",
            "Agreement with people asked plainly minus that in the changed form, in which what "
            "tells the candidates apart is gone: 0 for a judge that does not look.",
            ("reliance",),
            None,
        ),
    )


def _probes(numbers: Sequence[Numbers]) -> Iterator[Extra]:
    """The effect of each probe, and robustness less its baseline."""
    asked = [one for entry in numbers for many in entry.probed.values() for one in many]
    protocols = dict.fromkeys(p for entry in numbers for p in entry.probed)
    for protocol in protocols:
        for probe in dict.fromkeys(one.probe for one in asked):
            for shift in _shifts(protocol):
                cells = _cells(numbers, partial(_probe, shift=shift, of=(protocol, probe)))
                if cells:
                    cue = next(one.cue for one in asked if one.probe == probe)
                    yield Extra(_probe_column(shift, protocol, probe, cue), cells)


def _probe_column(shift: _Shift, protocol: ProtocolName, probe: str, cue: str) -> Column:
    text = (
        f"Probe {probe}, asked by {protocol}: each request again in a changed form. "
        f"{shift.text.format(cue=cue)} Over all tasks of the entry under this protocol that were "
        "run with the probe, by the first criterion."
    )
    return Column(
        id=f"probe-{protocol}-{slug(probe)}-{slug(shift.title)}",
        kind="bias",
        title=f"{probe} ({protocol}): {shift.title}",
        explanation=text,
        direction="zero" if shift.ideal is not None else "higher",
        ideal=shift.ideal,
        low=-1.0,
        high=1.0,
        shown=protocol == "pair" and probe in SHOWN and shift.ideal is not None,
        protocol=protocol,
        probe=probe,
        measure=shift.metric,
    )


def _probe(numbers: Numbers, shift: _Shift, of: tuple[ProtocolName, str]) -> Cell | None:
    protocol, probe = of
    for bias in numbers.probed.get(protocol, ()):
        if bias.probe == probe and bias.kind in shift.kinds:
            figure = bias.figure(shift.metric)
            return None if figure is None else cell_of(figure, _said(bias, shift))
    return None


def _said(bias: Bias, shift: _Shift) -> str:
    """The size of a bias in words, and what could not be asked."""
    words = [SIZES[bias.size]] if shift.metric != "robustness_gap" else []
    if words and bias.way in ("towards", "away"):
        words = [f"{words[0]}, {bias.way} {'from ' if bias.way == 'away' else ''}{bias.cue}"]
    if bias.n_not_asked:
        words.append(f"{bias.n_not_asked} requests could not be asked in this form")
    return "; ".join(filter(None, words))


def _failures(numbers: Sequence[Numbers]) -> Extra:
    cells = {}
    for place, one in enumerate(numbers):
        judged = sum(run.judgments for run in one.runs.values())
        failed = sum(sum(run.failures.values()) for run in one.runs.values())
        reasons: dict[str, int] = {}
        for run in one.runs.values():
            for reason, count in run.failures.items():
                reasons[reason] = reasons.get(reason, 0) + count
        note = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
        if judged:
            cells[place] = Cell(value=failed / judged, n_items=judged, n_failed=failed, note=note)
    column = Column(
        id="failed",
        kind="failure",
        title="Failed",
        explanation="Share of all judgments, probes included, without a verdict: empty, truncated, "
        "refused, ambiguous or unreadable replies, media that the judge does not take, calls that "
        "failed. n_items counts judgments.",
        direction="lower",
        ideal=0.0,
        low=0.0,
        high=1.0,
        shown=True,
    )
    return Extra(column, cells)


def _cost(numbers: Sequence[Numbers]) -> Iterator[Extra]:
    calls = {
        place: Cell(value=float(count), n_items=count)
        for place, one in enumerate(numbers)
        if (count := sum(run.judgments for run in one.runs.values()))
    }
    text = "Judgments in all, probes included: each is one call of the judge."
    yield Extra(_cost_column("calls", "Calls", "calls", text, 0), calls)
    each = (
        ("tokens_in", "Tokens in", "tokens a call", 1.0, 0),
        ("tokens_out", "Tokens out", "tokens a call", 1.0, 0),
        ("latency_s", "Seconds", "s a call", 1.0, 3),
        ("cost_usd", "Dollars", "US$ per 1000 calls", 1000.0, 3),
    )
    for field, title, unit, scale, digits in each:
        text = (
            f"Mean of {field} over the replies that say it, in {unit}, as the judge or its server "
            "reported; it depends on the machine, and is not checked. n_items counts those replies."
        )
        cells = _cells(numbers, partial(_mean_use, field=field, scale=scale))
        if cells:
            yield Extra(_cost_column(field.replace("_", "-"), title, unit, text, digits), cells)


def _cost_column(name: str, title: str, unit: str, text: str, digits: int) -> Column:
    return Column(
        id=name,
        kind="cost",
        title=title,
        explanation=text,
        unit=unit,
        direction="none" if name == "calls" else "lower",
        low=0.0,
        digits=digits,
        shown=name == "latency-s",
    )


def _mean_use(numbers: Numbers, field: str, scale: float) -> Cell | None:
    used = [run.usage[field] for run in numbers.runs.values()]
    total, said = sum(use[0] for use in used), sum(use[1] for use in used)
    calls = sum(run.judgments for run in numbers.runs.values())
    if not said:
        return None
    note = f"said by {said} of {calls} replies" if said < calls else ""
    return Cell(value=float(np.float64(scale * total / said)), n_items=said, note=note)
