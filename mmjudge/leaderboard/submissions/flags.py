"""What a reviewer should look at: signs that a submission is not what it says, none a proof."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmjudge.judges.base import fingerprint
from mmjudge.judges.family_cards import families
from mmjudge.leaderboard.submissions.submission import Meta, RunFile
from mmjudge.protocols import template_digest, wording_digest
from mmjudge.scoring.table import Table
from mmjudge.store.outcomes import FAILED
from mmjudge.store.run_file import FILE, connect
from mmjudge.types import MetricResult, Record, RunHeader

FEW = 20
"""Fewer rows than this say nothing."""
NEARLY_ALL = 0.99
MOST_FAILED = 0.05
PERFECT = 0.995
ORDER_PAIRS = 50


class Flag(Record):
    """A sign, by name, with what was counted. It does not reject: a person looks."""

    name: str
    detail: str


class Judged(NamedTuple):
    """A rebuilt run with what flags look at."""

    folder: Path
    table: Table
    figures: tuple[MetricResult, ...]

    @property
    def name(self) -> str:
        """Task, version and protocol."""
        header = self.table.header
        return f"{header.task.label} {header.settings.protocol}"

    @property
    def plain(self) -> NDArray[np.bool_]:
        """Rows that were asked plainly, by no probe."""
        rows: NDArray[np.bool_] = self.table.columns.probe == -1
        return rows


def run_flags(run: Judged) -> list[Flag]:
    """All signs in one run."""
    signs = (_constant, _no_order_noise, _above_ceiling, _failures, _usage, _asked)
    return [
        Flag(name=name, detail=f"{run.name}: {detail}") for s in signs for name, detail in s(run)
    ]


def _constant(run: Judged) -> Iterator[tuple[str, str]]:
    """One verdict for nearly everything, in item order or by the slot in which it was shown."""
    table = run.table
    for place, criterion in enumerate(table.criteria):
        rows = run.plain & ~table.failed & (table.columns.criterion == place)
        if rows.sum() < FEW:
            continue
        for seen, values in (("candidates", _values(run)), ("slots", _by_slot(run))):
            _, counts = np.unique(values[rows], axis=0, return_counts=True)
            if counts.max() >= NEARLY_ALL * rows.sum():
                detail = f"{criterion}: one verdict over {seen} in {counts.max()} of {rows.sum()}"
                yield "constant verdicts", detail
                break


def _values(run: Judged) -> NDArray[np.float64]:
    """Verdicts as numbers, shape (n, k)."""
    table = run.table
    if table.header.settings.protocol == "rank":
        return table.ranks
    return np.nan_to_num(table.columns.value, nan=-1.0)[:, None]


def _by_slot(run: Judged) -> NDArray[np.float64]:
    """The same, by the slots in which the candidates were shown."""
    columns, values = run.table.columns, _values(run).copy()
    for code, order in enumerate(columns.orders):
        rows = columns.order == code
        if run.table.header.settings.protocol == "rank":
            values[np.ix_(rows, range(len(order)))] = values[rows][:, list(order)]
        elif order[0] > order[-1]:
            swapped = rows[:, None] & (values < 2) & (values >= 0)
            values = np.where(swapped, 1 - values, values)
    return values


def _no_order_noise(run: Judged) -> Iterator[tuple[str, str]]:
    """Asked in several orders, it never once changes its mind, though it is no scorer."""
    one_candidate = run.table.header.settings.protocol not in ("pair", "rank")
    if one_candidate or _count(run, "$.scores") > 0:
        return
    columns, table = run.table.columns, run.table
    orderly = run.plain
    if "order_swapped" in columns.probes:
        orderly = orderly | (columns.probe == columns.probes.index("order_swapped"))
    rows = np.flatnonzero(orderly & ~table.failed)
    asked = np.stack([columns.place, columns.criterion, columns.repeat], axis=1)[rows]
    groups = np.unique(asked, axis=0, return_inverse=True)[1].ravel()
    verdicts = np.unique(_values(run)[rows], axis=0, return_inverse=True)[1].ravel()
    orders = _distinct(groups, columns.order[rows])
    flips = _distinct(groups, verdicts)
    several = orders > 1
    if several.sum() >= ORDER_PAIRS and not (flips[several] > 1).any():
        yield (
            "no order noise",
            f"no verdict of {several.sum()} changes with the order of candidates",
        )


def _distinct(groups: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many different values each group has."""
    pairs = np.unique(np.stack([groups, values], axis=1), axis=0)
    return np.bincount(pairs[:, 0], minlength=int(groups.max(initial=0)) + 1)


def _above_ceiling(run: Judged) -> Iterator[tuple[str, str]]:
    """Nearer to the gold than a person is to the others; or, without that, nearly perfect."""
    ceilings = {f.criterion: f.value for f in run.figures if f.metric.startswith("ceiling")}
    for figure in run.figures:
        if figure.metric.startswith("ceiling") or figure.value is None or figure.n_items < FEW:
            continue
        ceiling = ceilings.get(figure.criterion)
        lowest = figure.ci95[0] if figure.ci95 else figure.value
        said = f"{figure.criterion}: {figure.metric} {figure.value:.3f}"
        if ceiling is not None and lowest > ceiling:
            yield "above the human ceiling", f"{said}, a person reaches {ceiling:.3f}"
        elif ceiling is None and figure.value >= PERFECT:
            yield "nearly perfect", f"{said}, and no human ceiling is known"


def _failures(run: Judged) -> Iterator[tuple[str, str]]:
    failed, n = int(run.table.failed.sum()), len(run.table.failed)
    if failed > MOST_FAILED * n:
        yield "many failures", f"{failed} of {n}; a correlation is over the others alone"


def _usage(run: Judged) -> Iterator[tuple[str, str]]:
    """Most replies of a judge that reads or writes words do not say what they took."""
    answered = sum(_count(run, f"$.{name}") for name in ("text", "probabilities"))
    wanted = ("tokens_in", "tokens_out", "latency_s")
    lacking = [name for name in wanted if 2 * _count(run, f"$.{name}") < answered]
    if lacking:
        yield "missing usage", f"most of {answered} replies lack {', '.join(lacking)}"


def _count(run: Judged, path: str) -> int:
    """Number of verdicts whose reply has something there."""
    query = "SELECT count(*) FROM judgments WHERE kind!=? AND json_extract(reply, ?) IS NOT NULL"
    with closing(connect(run.folder / FILE, "ro")) as connection:
        return int(connection.execute(query, (FAILED, path)).fetchone()[0])


def _asked(run: Judged) -> Iterator[tuple[str, str]]:
    """How it was asked, where that is not how all others are."""
    header = run.table.header
    if header.settings.where:
        yield "partial", f"only items of {dict(header.settings.where)}"
    if header.judge.lookup:
        yield "looks answers up", "its card says that it finds its answers by item"
    if not _known_template(header):
        yield "unknown prompt", f"template {header.settings.template!r} is not of this version"
    wording = header.judge.wordings.get(header.settings.protocol)
    if wording and all(wording not in card.wordings().values() for card in families()):
        yield "its own grammar", "replies are read by rules of its card, which no family here has"


def _known_template(header: RunHeader) -> bool:
    wording = header.judge.wordings.get(header.settings.protocol)
    known = wording_digest(wording) if wording else template_digest(header.settings.protocol)
    return header.settings.template == known


def entry_flags(meta: Meta, content: RunFile) -> list[Flag]:
    """Signs in what the submitter says."""
    found = []
    tasks = {run.task.partition("@")[0] for run in content.runs}
    if contaminated := sorted(tasks & set(meta.training_data.overlaps)):
        found.append(Flag(name="contaminated", detail=f"trained on {', '.join(contaminated)}"))
    if meta.training_data.known == "none":
        found.append(Flag(name="training data unknown", detail="none of it is known"))
    for run in content.runs:
        unnamed = run.judge.model_copy(update={"fingerprint": ""})
        if fingerprint(unnamed) != run.judge.fingerprint:
            detail = f"{run.task}: {run.judge.fingerprint!r} is not made from its card"
            found.append(Flag(name="its own fingerprint", detail=detail))
    return found
