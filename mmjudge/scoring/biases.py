"""From a run with probes to its biases: what each change moved, in figures and in words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmjudge.metrics.bias import BROKE, NOTHING
from mmjudge.metrics.measure import Measure, intervals
from mmjudge.metrics.resample import Interval
from mmjudge.scoring.frames import known_gold
from mmjudge.scoring.probed import BASELINE, Columns, Joined, Rows, cards, columns, join, not_asked
from mmjudge.scoring.score import ALL, slices
from mmjudge.scoring.sizes import WORST, Size, effect_of, pull, upwards, word
from mmjudge.scoring.table import SCORED, Ints, Table
from mmjudge.types import MetricResult, ProbeCard, ProtocolName, Record

Kind = Literal["bias", "reliance", "noise"]
ANSWERED = ("robustness", "baseline", "robustness_gap", "cue_shift", "cue_log_odds")
SIDES = ("cue_shift_worse", "cue_shift_better")
CHOSEN = ("cue_preference", "cue_preference_log_odds")
LOST: Mapping[ProtocolName, str] = {
    "pair": "accuracy_lost",
    "score": "tau_b_lost",
    "rank": "rank_tau_b_lost",
    "checklist": "tau_b_lost",
    "steps": "step_accuracy_lost",
}
"""What is lost of the agreement with people, by protocol."""


class Bias(Record):
    """What one change moved in one slice of a run.

    `kind`: "bias", where a change should move nothing; "reliance", where content was taken away,
    and a judge that looks must lose by it; "noise" for the plain re-run. `size` in words, `effect`
    the share of verdicts that it is about, `certain` the end of its interval that is nearer to 0;
    `way` is "towards" or "away" from `cue`, or "changed" where the verdicts moved beyond noise and
    to no side. `n_asked` and `n_not_asked` count requests in the changed form; of those asked
    `n_failed` had no plain verdict; `n_lost` never came to an answer, by no fault of the judge (a
    medium that cannot be shown, a call that was lost, a reply that was not recorded); and `n_broke`
    broke the grader, which had given a verdict plainly, and was asked, and gave none.
    """

    probe: str
    task: str
    criterion: str
    stratum: str = ALL
    kind: Kind
    cue: str
    size: Size
    way: Literal["towards", "away", "changed", ""] = ""
    effect: float | None = None
    certain: float = 0.0
    n_items: int
    n_asked: int
    n_not_asked: int
    n_failed: int
    n_broke: int
    n_lost: int = 0
    figures: tuple[MetricResult, ...] = ()

    @property
    def directed(self) -> bool:
        """Whether its effect has a side: towards the cue, or away from it."""
        return self.way != "changed" and self.figure("cue_shift") is not None

    def figure(self, metric: str) -> MetricResult | None:
        """Its figure of that name, None where there is none or it is undefined."""
        found = next((one for one in self.figures if one.metric == metric), None)
        return found if found is not None and found.value is not None else None


class _Asked(NamedTuple):
    """A probe, the rows that it is about, and their columns."""

    card: ProbeCard
    joined: Joined
    columns: Columns


class _Draws(NamedTuple):
    """How often items are drawn, and the seed of it."""

    n: int
    seed: int


class _Slice(NamedTuple):
    """One criterion of one stratum, as a mask of rows."""

    criterion: int
    stratum: str
    rows: Rows


def biases(
    table: Table,
    n_resamples: int = 1000,
    by: Sequence[str] = (),
    seed: int = 0,
    criteria: Sequence[int] | None = None,
) -> list[Bias]:
    """What each probe of a run moved, by criterion and stratum, the worst first within each.

    Args:
        table: The judgments of a run, or of several runs pooled.
        n_resamples: Resamples of the bootstrap over items; 0 for no intervals, and no words.
        by: Axes of strata to break down by, beside the whole.
        seed: Seed of the bootstrap.
        criteria: Places of the criteria; all, if left out.

    Raises:
        MmjudgeError: An axis is unknown.
    """
    unfit = not_asked(table)
    found = []
    for stratum, rows in _strata(table, by):
        for criterion in range(len(table.criteria)) if criteria is None else criteria:
            here = _Slice(criterion, stratum, rows)
            draws = _Draws(n_resamples, seed)
            some = [_bias(table, card, here, unfit, draws) for card in cards(table)]
            found += sorted((one for one in some if one.n_asked or one.n_not_asked), key=worst)
    return found


def worst(bias: Bias) -> tuple[int, int, float, float]:
    """What biases are sorted by: noise, then biases and what is not looked at, the worst first."""
    kinds: tuple[Kind, ...] = ("noise", "bias", "reliance")
    if bias.kind == "reliance":  # the less is lost, the less it looks
        return kinds.index(bias.kind), 0, bias.certain, bias.effect or 0.0
    by_word = WORST.index(bias.size)
    return kinds.index(bias.kind), by_word, -bias.certain, -abs(bias.effect or 0.0)


def _strata(table: Table, by: Sequence[str]) -> Iterator[tuple[str, Rows]]:
    """The whole and each value of each axis, rows in a changed form included."""
    for name, rows in slices(table, by):
        items = np.zeros(len(table.places), dtype=bool)
        items[table.item[rows]] = True
        yield name, items[table.item]


def _bias(
    table: Table,
    card: ProbeCard,
    here: _Slice,
    unfit: Mapping[tuple[str, int], tuple[Ints, Ints]],
    draws: _Draws,
) -> Bias:
    joined = join(table, card, here.criterion, here.rows)
    named = columns(table, joined, here.criterion)
    moved = named["moved"]
    n_items = len(np.unique(table.item[joined.plain]))
    figures = _figures(table, _Asked(card, joined, named), here, draws)
    items = np.zeros(len(table.places), dtype=bool)
    items[table.item[here.rows]] = True
    of, requests = unfit.get((card.name, here.criterion), (np.zeros(0, dtype=np.int64),) * 2)
    facts = {
        "probe": card.name,
        "task": table.header.task.label,
        "criterion": table.criteria[here.criterion],
        "stratum": here.stratum,
        "kind": _kind(card),
        "cue": card.cue,
        "n_items": n_items,
        "n_asked": len(moved),
        "n_not_asked": int(requests[items[of]].sum()),
        "n_failed": int(((moved == NOTHING) & ~named["lost"]).sum()),
        "n_lost": int(named["lost"].sum()),
        "n_broke": int((moved == BROKE).sum()),
        "figures": tuple(figures),
    }
    return Bias.model_validate(facts | _said(card, figures, n_items))


def _kind(card: ProbeCard) -> Kind:
    if card.name == BASELINE:
        return "noise"
    return "bias" if card.keeps_gold or card.cue != "none" else "reliance"


def _figures(table: Table, asked: _Asked, here: _Slice, draws: _Draws) -> list[MetricResult]:
    """The measures of one probe, in groups that take the same rows."""
    card, joined, named = asked
    groups = measures_of(table.header.settings.protocol, card, named)
    results = []
    for names, rows in groups:
        data = {name: column[rows] for name, column in named.items()}
        item = table.item[joined.plain[rows]]
        failed = int((named["moved"][rows] < 0).sum())
        for name, span in _spans(names, data, table.units[item], draws):
            results.append(_result(table, here, name, span, (len(np.unique(item)), failed)))
    return [one for one in results if one.value is not None]


def measures_of(
    protocol: ProtocolName, card: ProbeCard, named: Columns
) -> list[tuple[list[str], Rows]]:
    """The measures of a probe, in groups that take the same rows.

    Args:
        protocol: What was judged.
        card: Of the probe.
        named: Columns, as `mmjudge.scoring.probed.columns` gives them.
    """
    answered, judged = _answered(protocol, named), known_gold(_gold(protocol, named))
    groups: list[tuple[list[str], Rows]] = [
        ([*ANSWERED, "broken"], np.ones(len(judged), dtype=bool)),
        (list(SIDES) if card.cue != "none" and protocol in ("pair", "rank") else [], answered),
        (["score_shift"] if protocol in SCORED else [], answered),
    ]
    if protocol == "pair" and card.cue != "none":
        groups.append((list(CHOSEN), answered))
    if card.keeps_gold or _kind(card) == "reliance":
        each = ["accuracy_plain", "accuracy_probed"] if protocol == "pair" else []
        both = protocol in SCORED or _kind(card) == "reliance"
        rows = judged & answered if both else judged & ~named["lost"]
        rows = rows & (named["cued_better"] == 0)  # where the cue is right, nothing can be lost
        groups.append(([LOST[protocol], *each], rows))
    return groups


def _gold(protocol: ProtocolName, named: Columns) -> NDArray[Any]:
    return named["gold_ranks" if protocol == "rank" else "gold"]


def _answered(protocol: ProtocolName, named: Columns) -> Rows:
    rows: Rows = named["moved"] >= 0
    return rows


def _spans(
    names: Sequence[str], data: Columns, units: Ints, draws: _Draws
) -> list[tuple[str, Interval]]:
    if not names or not len(units):
        return []
    chosen = [Measure(name) for name in names]
    if draws.n:
        spans = intervals(chosen, data, units, draws.n, seed=draws.seed)
    else:
        values = [float(np.asarray(measure(data))) for measure in chosen]
        spans = [Interval(value, np.nan, np.nan, 0) for value in values]
    return list(zip(names, spans, strict=True))


def _result(
    table: Table, here: _Slice, name: str, span: Interval, counts: tuple[int, int]
) -> MetricResult:
    return MetricResult(
        metric=name,
        task=table.header.task.label,
        criterion=table.criteria[here.criterion],
        stratum=here.stratum,
        value=None if np.isnan(span.value) else span.value,
        ci95=None if np.isnan(span.low) else (span.low, span.high),
        n_items=counts[0],
        n_failed=counts[1],
    )


def _said(card: ProbeCard, figures: Sequence[MetricResult], n_items: int) -> dict[str, Any]:
    """Size, way, effect and what is certain of it."""
    named = {figure.metric: figure for figure in figures}
    match _kind(card):
        case "noise":
            found = effect_of(named.get("robustness"), flipped=True)
            return {"size": "unknown", "effect": found[0], "certain": found[1]}
        case "reliance":
            lost = next((named[name] for name in LOST.values() if name in named), None)
            if lost is None:
                return {"size": "unknown"}
            near, far = upwards(lost)
            size = word(near, far, lost.n_items)
            return {"size": size, "effect": lost.value, "certain": near}
    return pull(card, named, n_items)
