"""What several runs say of their judges: figures by criterion and modality, biases, failures."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmjudge.metrics.measure import Measure
from mmjudge.metrics.places import FEW
from mmjudge.report.detail import Detail, detail
from mmjudge.scoring.biases import Bias
from mmjudge.scoring.biases import biases as probed_biases
from mmjudge.scoring.frames import known_gold
from mmjudge.scoring.pooled import pool, without
from mmjudge.scoring.score import ALL, score_table
from mmjudge.scoring.table import MODALITY, Table
from mmjudge.store.run_store import RunStore
from mmjudge.types import JudgeCard, MetricResult, ProtocolName, RunHeader

MAIN: dict[ProtocolName, str] = {
    "pair": "accuracy(ties=half)",
    "score": "tau_b",
    "rank": "rank_tau_b",
    "checklist": "question_kappa",
    "steps": "step_kappa",
}
"""The measure that stands for a protocol: one whose value for a judge that does not look is known,
whatever the gold, so that judges with and without ties of their own can be read side by side."""

OF_SCORES = "tau_b"
"""What stands for a checklist where people scored the candidates and answered no question."""

CHANCE = {
    "accuracy(ties=half)": 0.5,
    "tau_b": 0.0,
    "rank_tau_b": 0.0,
    "question_kappa": 0.0,
    "step_kappa": 0.0,
}
"""What a judge that does not look has on average."""

BIASES: dict[ProtocolName, tuple[str, ...]] = {
    "pair": (
        "flip_rate",
        "first_slot_share",
        "position_bias",
        "swap_flip_rate",
        "swap_gap",
        "understanding_gap",
        "modality_preference",
    ),
    "score": (),
    "rank": ("top_slot", "slot_tau_b"),
    "checklist": ("incoherence",),
    "steps": (),
}
NO_BIAS = {"lower": 0.0, "zero": 0.0, "half": 0.5}
"""The value of a judge without bias, by a measure's direction."""

Standing = Literal["above", "at", "below", "few", ""]


def main_of(table: Table) -> str:
    """The measure that stands for a run."""
    protocol = table.header.settings.protocol
    if protocol == "checklist" and table.parts is not None:
        answered = any(asked.known.any() for asked in table.parts.asked)
        if not answered and any(known_gold(gold).any() for gold in table.gold):
            return OF_SCORES
    return MAIN[protocol]


class Asked(NamedTuple):
    """What a judge did under one protocol.

    Attributes:
        protocol: The protocol.
        main: The measure that stands for it.
        criteria: Names of the criteria that were asked, the task's first one first.
        modalities: Values of the axis `modality` that were judged.
        not_taken: Values of it that the judge refused altogether: they are in no figure.
        cells: The main measure by criterion and modality, `all` for the whole.
        biases: Measures of position and modality, on the first criterion, by modality too.
        probed: What each probe moved, by criterion.
        detail: Strata, confidence, scores beside people's, on the first criterion.
    """

    protocol: ProtocolName
    main: str
    criteria: tuple[str, ...]
    modalities: tuple[str, ...]
    not_taken: tuple[str, ...]
    cells: dict[tuple[str, str], MetricResult]
    biases: tuple[MetricResult, ...]
    probed: tuple[Bias, ...] = ()
    detail: Detail = Detail()

    @property
    def chance(self) -> float:
        """What the main measure is for a judge that does not look."""
        return CHANCE[self.main]

    @property
    def by_criterion(self) -> tuple[MetricResult, ...]:
        """The main measure of each criterion, over all modalities."""
        return tuple(self.cells[name, ALL] for name in self.criteria)

    @property
    def gaps_of_each(self) -> tuple[MetricResult, ...]:
        """What each modality has beyond the others, from the least up."""
        own = [one for one in self.detail.gaps if " minus " not in one.stratum]
        return tuple(sorted(own, key=lambda one: one.value or 0.0))

    @property
    def headline(self) -> MetricResult | None:
        """The main measure of the first criterion over all that was judged."""
        return self.cells.get((self.criteria[0], ALL)) if self.criteria else None


class Judged(NamedTuple):
    """A judge, and all that was asked of it.

    Attributes:
        name: What it is called in the report.
        card: Its card.
        runs: Its runs.
        asked: By protocol.
        judgments: How many.
        failures: Number of failed judgments by reason.
        usage: Sums of tokens, seconds and dollars, None where no reply says.
        tables: The judgments of each run, in the order of `runs`.
    """

    name: str
    card: JudgeCard
    runs: tuple[Path, ...]
    asked: tuple[Asked, ...]
    judgments: int
    failures: dict[str, int]
    usage: dict[str, float | None]
    tables: tuple[Table, ...]

    @property
    def looks(self) -> bool:
        """Whether what is shown shapes its answers: not so for a coin, nor for gold itself."""
        return self.card.looks and not self.card.lookup

    @property
    def has_strata(self) -> bool:
        """Whether any axis breaks its items down."""
        return any(asked.detail.axes or asked.detail.kinds for asked in self.asked)

    @property
    def has_confidence(self) -> bool:
        """Whether it said how sure it was."""
        return any(asked.detail.calibration for asked in self.asked)

    @property
    def has_levels(self) -> bool:
        """Whether it gave scores that people gave, too."""
        return any(asked.detail.levels for asked in self.asked)

    @property
    def biases(self) -> tuple[MetricResult, ...]:
        """Measures of position and modality of all protocols."""
        return tuple(result for asked in self.asked for result in asked.biases)

    @property
    def not_taken(self) -> tuple[str, ...]:
        """Modalities that it refused altogether under some protocol."""
        return tuple(dict.fromkeys(way for asked in self.asked for way in asked.not_taken))


class _Opened(NamedTuple):
    """A run with what is read of it at once."""

    folder: Path
    header: RunHeader
    reasons: list[str | None]
    usage: dict[str, float | None]
    table: Table


def overview(runs: Sequence[Path], n_resamples: int = 1000, seed: int = 0) -> list[Judged]:
    """The figures of judges, each over all its runs.

    Args:
        runs: Folders of runs; of one judge and protocol at most one run a task.
        n_resamples: Resamples of the bootstrap over items; 0 for no intervals.
        seed: Seed of the bootstrap.

    Returns:
        Judges in the order of their first runs.

    Raises:
        StoreError: A folder holds no run, or two runs are of one judge, protocol and task.
    """
    groups: dict[str, list[_Opened]] = {}
    for folder in runs:
        opened = _open(folder)
        groups.setdefault(opened.header.judge.fingerprint, []).append(opened)
    names = _names([group[0].header.judge for group in groups.values()])
    return [
        _judged(name, group, _asked_of(group, n_resamples, seed))
        for name, group in zip(names, groups.values(), strict=True)
    ]


def _open(folder: Path) -> _Opened:
    with RunStore.open(folder) as store:
        header, reasons, usage = store.header, list[str | None](store.reasons()), store.usage()
    return _Opened(folder, header, reasons, usage, Table.load(folder))


def alone(folder: Path, name: str) -> Judged:
    """One run as a judge of its own, without figures: what a browser of items needs of it.

    Raises:
        StoreError: The folder holds no run.
    """
    return _judged(name, [_open(folder)], ())


def _names(cards: Sequence[JudgeCard]) -> list[str]:
    """Names of judges, with a number where two of other settings are called alike."""
    total, seen, names = Counter(card.name for card in cards), Counter[str](), []
    for card in cards:
        seen[card.name] += 1
        names.append(f"{card.name} #{seen[card.name]}" if total[card.name] > 1 else card.name)
    return names


def _asked_of(group: Sequence[_Opened], n_resamples: int, seed: int) -> tuple[Asked, ...]:
    """What a judge did under each protocol that it was asked under, by what stands for that."""
    runs_of: dict[tuple[ProtocolName, str], list[_Opened]] = {}
    for protocol in MAIN:
        for run in group:
            if run.header.settings.protocol == protocol:
                runs_of.setdefault((protocol, main_of(run.table)), []).append(run)
    return tuple(_asked(key, runs, n_resamples, seed) for key, runs in runs_of.items())


def _judged(name: str, group: Sequence[_Opened], asked: tuple[Asked, ...]) -> Judged:
    failures = Counter(reason for run in group for reason in run.reasons if reason)
    usage = {
        fact: sum(known)
        if (known := [v for r in group if (v := r.usage[fact]) is not None])
        else None
        for fact in group[0].usage
    }
    return Judged(
        name,
        group[0].header.judge,
        tuple(run.folder for run in group),
        asked,
        sum(len(run.reasons) for run in group),
        dict(failures.most_common()),
        usage,
        tuple(run.table for run in group),
    )


def _asked(
    key: tuple[ProtocolName, str], runs: Sequence[_Opened], n_resamples: int, seed: int
) -> Asked:
    protocol, main = key
    table = pool([run.table for run in runs])
    refused = np.array([why == "unsupported" for run in runs for why in run.reasons], dtype=bool)
    not_taken = _not_taken(table, refused)
    table = without(table, np.logical_or.reduce([*not_taken.values(), np.zeros_like(refused)]))
    by = (MODALITY,) if MODALITY in table.strata else ()
    found = score_table(table, n_resamples, by, (main,), seed)
    cells = {(r.criterion, modality_of(r)): r for r in found}
    biases = _biases(table, protocol, by, n_resamples, seed)
    return Asked(
        protocol,
        main,
        tuple(name for name in table.criteria if (name, ALL) in cells),
        tuple(dict.fromkeys(modality for _, modality in cells if modality != ALL)),
        tuple(not_taken),
        cells,
        biases,
        tuple(probed_biases(table, n_resamples, seed=seed)),
        detail(table, protocol, main, n_resamples, seed),
    )


def _not_taken(table: Table, refused: NDArray[np.bool_]) -> dict[str, NDArray[np.bool_]]:
    """Modalities of which a judge takes nothing, with their rows."""
    if not refused.any():
        return {}
    return {
        value: rows
        for value, rows in table.strata_of(MODALITY)
        if rows.any() and refused[rows & table.plain].all()
    }


def _biases(
    table: Table, protocol: ProtocolName, by: tuple[str, ...], n_resamples: int, seed: int
) -> tuple[MetricResult, ...]:
    if not BIASES[protocol]:
        return ()
    found = score_table(table, n_resamples, by, BIASES[protocol], seed, (table.first,))
    return tuple(result for result in found if result.value is not None)


def modality_of(result: MetricResult) -> str:
    """The modality that a figure is about, `all` for the whole.

    Example:
        >>> modality_of(MetricResult(metric="kappa", task="t@1", criterion="c", value=1.0,
        ...     stratum="modality=text->image", n_items=1, n_failed=0))
        'text->image'
    """
    return result.stratum.removeprefix(f"{MODALITY}=")


def standing(result: MetricResult | None, chance: float) -> Standing:
    """Where a figure stands to chance: "few" of too few items to say, empty without an interval.

    Example:
        >>> standing(MetricResult(metric="kappa", task="t@1", criterion="c", value=0.1,
        ...     ci95=(-0.1, 0.3), n_items=30, n_failed=0), 0.0)
        'at'
    """
    if result is None or result.ci95 is None:
        return ""
    if result.n_items < FEW:
        return "few"
    low, high = result.ci95
    return "above" if low > chance else "below" if high < chance else "at"


def no_bias(metric: str) -> float:
    """The value of a measure for a judge without bias.

    Example:
        >>> no_bias("first_slot_share"), no_bias("flip_rate")
        (0.5, 0.0)
    """
    return NO_BIAS[Measure.parse(metric).direction]
