"""Judgments asked in a changed way beside the plain ones of the same request, as columns."""

from collections import defaultdict
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmjudge.metrics.agreement import three_way
from mmjudge.metrics.bias import AGAINST, BROKE, FOR, NOTHING, steps
from mmjudge.scoring.table import Floats, Ints, Table
from mmjudge.store.outcomes import LOST, UNCHANGED
from mmjudge.types import ProbeCard

BASELINE = "rerun"
"""The probe that changes nothing; what it moves is the noise of the judge."""
STEP, SPREAD, RANGE = 0.5, 0.1, 0.05
"""What a score may move and count as unchanged: half a step of whole numbers; on another scale a
twentieth of it; on a judge's own a tenth of the standard deviation of its plain scores."""

Rows = NDArray[np.bool_]
Columns = dict[str, NDArray[Any]]


class Joined(NamedTuple):
    """Rows of a table that belong together, each of shape (n,).

    Attributes:
        plain: The plain judgments.
        asked: Those of the same requests in the changed form.
        again: Those of the same requests asked plainly once more, -1 where they were not.
    """

    plain: Ints
    asked: Ints
    again: Ints


def cards(table: Table) -> tuple[ProbeCard, ...]:
    """The probes that a run has asked, by their cards; one without a card has its name alone."""
    known = {card.name: card for card in table.header.probes}
    return tuple(known.get(name, ProbeCard(name=name, summary="")) for name in table.columns.probes)


def join(table: Table, card: ProbeCard, criterion: int, rows: Rows) -> Joined:
    """Each changed judgment beside the plain one of the same item, criterion, order and repeat.

    Args:
        table: The judgments of a run, or of several.
        card: Of the probe.
        criterion: Place of the criterion.
        rows: The judgments to look at, shape (n,).
    """
    mine = rows & (table.columns.criterion == criterion)
    plain = np.flatnonzero(mine & table.plain)
    asked = np.flatnonzero(mine & _is(table, card.name) & (table.columns.kind != UNCHANGED))
    if not len(plain):
        nothing = np.zeros(0, dtype=np.int64)
        return Joined(nothing, nothing, nothing)
    at = _beside(table, plain, asked, card.backwards)
    asked, at = asked[at >= 0], at[at >= 0]
    again = np.flatnonzero(mine & _is(table, BASELINE))
    of = _beside(table, plain, again, False)
    once_more = np.full(len(table.item), -1, dtype=np.int64)
    once_more[of[of >= 0]] = again[of >= 0]
    return Joined(at, asked, once_more[at])


def _is(table: Table, name: str) -> Rows:
    if name not in table.columns.probes:
        return np.zeros(len(table.item), dtype=bool)
    found: Rows = table.columns.probe == table.columns.probes.index(name)
    return found


def _beside(table: Table, plain: Ints, asked: Ints, backwards: bool) -> Ints:
    """The plain row of each changed one, -1 where there is none."""
    orders = table.columns.orders
    known = {order: code for code, order in enumerate(orders)}
    turned = [known.get(order[::-1], -1) if backwards else i for i, order in enumerate(orders)]
    order = np.array([*turned, -1], dtype=np.int64)[table.columns.order[asked]]
    most = int(table.columns.repeat.max(initial=0)) + 1

    def code(rows: Ints, shown: Ints) -> Ints:
        return (table.item[rows] * most + table.columns.repeat[rows]) * len(orders) + shown

    wanted, there = code(asked, order), code(plain, table.columns.order[plain])
    sort = np.argsort(there, kind="stable")
    at = np.minimum(np.searchsorted(there[sort], wanted), len(plain) - 1)
    found = plain[sort][at]
    return np.where((there[sort][at] == wanted) & (order >= 0), found, -1)


def columns(table: Table, joined: Joined, criterion: int) -> Columns:
    """What the measures of bias take, one row a pair of judgments; gold where there is any."""
    cue = _cue(table, joined.asked)
    allowed = tolerance(table, criterion)
    found: Columns = {
        "lost": table.columns.kind[joined.asked] == LOST,
        "moved": _moved(table, joined.plain, joined.asked, cue, allowed),
        "moved_again": _moved(table, joined.plain, joined.again, cue, allowed),
        "cued": (cue != NO_CUE).astype(np.int64),
    }
    gold = table.gold[criterion][table.item[joined.plain]]
    side = _side(table, gold, cue)
    found["cued_worse"] = found["cued"] * (side == WORSE)
    found["cued_better"] = found["cued"] * (side == BETTER)
    match table.header.settings.protocol:
        case "pair":
            plain, probed = table.verdict[joined.plain], table.verdict[joined.asked]
            found |= {"gold": gold, "plain": plain, "probed": probed}
            for_it = np.where(probed == cue, FOR, AGAINST)
            decided = np.isin(probed, (0, 1)) & (cue != NO_CUE)
            found["chosen"] = np.where(decided, for_it, -1)
        case "score" | "checklist":
            value = table.columns.value
            found |= {"gold": gold, "plain": value[joined.plain], "probed": value[joined.asked]}
            found["cue"] = np.where(cue == NO_CUE, 0, cue)
        case "rank":
            width = table.ranks.shape[1] - gold.shape[1]
            found["gold_ranks"] = np.pad(gold, ((0, 0), (0, width)))
            found["plain_ranks"] = table.ranks[joined.plain]
            found["probed_ranks"] = table.ranks[joined.asked]
        case "steps":
            found["gold"] = gold
            found["plain_share"] = _steps_found(table, joined.plain, criterion)
            found["probed_share"] = _steps_found(table, joined.asked, criterion)
    return found


def _steps_found(table: Table, rows: Ints, criterion: int) -> Floats:
    """Of the steps of each judgment, the share found right or wrong as people did."""
    assert table.parts is not None
    asked, said = table.parts.asked[criterion], table.parts.said.take(rows)
    gold = asked.gold.values[asked.gold.at(table.item[rows])]
    row = np.repeat(np.arange(len(rows)), said.lengths)
    same = np.minimum(gold, 1) == np.minimum(said.values, 1)
    right = np.bincount(row[same & (gold >= 0)], minlength=len(rows))
    return np.asarray(right / np.maximum(said.lengths, 1), dtype=np.float64)


NO_CUE = -9
"""In the place of a cue where a change speaks for nothing, or for several candidates."""


def _cue(table: Table, rows: Ints) -> Ints:
    """The place that each change speaks for, of a score 1 or -1; `NO_CUE` without, shape (n,)."""
    cues = table.columns.cues
    found = [cues.get(row, ()) for row in rows.tolist()]
    return np.array([c[0] if len(c) == 1 else NO_CUE for c in found], dtype=np.int64)


WORSE, BETTER, NEITHER = 1, 0, -1


def _side(table: Table, gold: NDArray[Any], cue: Ints) -> Ints:
    """Where the cue stands: on the better candidate or on a worse one, by the gold; -1 neither."""
    match table.header.settings.protocol:
        case "pair":
            known = (gold < 2) & (gold >= 0) & (cue != NO_CUE)
            return np.where(known, np.where(cue == gold, BETTER, WORSE), NEITHER)
        case "rank":
            place = np.where(cue == NO_CUE, 0, cue)[:, None]
            width = np.maximum((gold > 0).sum(axis=1), 1)
            own, middle = np.take_along_axis(gold, place, axis=1)[:, 0], gold.sum(axis=1) / width
            known = (own > 0) & (own != middle) & (cue != NO_CUE)
            return np.where(known, np.where(own < middle, BETTER, WORSE), NEITHER)
    return np.full(len(cue), NEITHER)


def tolerance(table: Table, criterion: int) -> float:
    """How far a score may move and count as unchanged; 0 for all that is not a score."""
    if table.header.settings.protocol != "score":
        return 0.0
    scale = table.header.task.criteria[criterion].scale
    if table.header.judge.scale == "own" or scale is None:
        mine = table.plain & ~table.failed & (table.columns.criterion == criterion)
        values = table.columns.value[mine]
        return SPREAD * float(np.std(values)) if len(values) else 0.0
    return STEP if scale.integer else RANGE * (scale.highest - scale.lowest)


def _moved(table: Table, plain: Ints, other: Ints, cue: Ints, allowed: float) -> Ints:
    """What became of each verdict, as `mmjudge.metrics.bias` codes it; `other` -1: nothing."""
    before, after, changed = _leanings(table, plain, other, cue, allowed)
    moved = steps(before, after, changed, cue != NO_CUE)
    moved = np.where(table.failed[other], BROKE, moved)
    lost = table.columns.kind[other] == LOST
    return np.where(table.failed[plain] | (other < 0) | lost, NOTHING, moved)


def _leanings(
    table: Table, plain: Ints, other: Ints, cue: Ints, allowed: float
) -> tuple[Floats, Floats, Rows]:
    """How much each verdict is for the cue, before and after, and whether it is another one."""
    if table.parts is not None:
        return _lists(table, plain, other, cue)
    match table.header.settings.protocol:
        case "pair":
            one, two = three_way(table.verdict[plain]), three_way(table.verdict[other])
            changed: Rows = one != two
            return _for_place(one, cue), _for_place(two, cue), changed
        case "score":
            first, second = table.columns.value[plain], table.columns.value[other]
            return first * cue, second * cue, np.abs(second - first) > allowed
    ranks, ranks_after = table.ranks[plain], table.ranks[other]
    place = np.where(cue == NO_CUE, 0, cue)[:, None]
    before = -np.take_along_axis(ranks, place, axis=1)[:, 0]
    after = -np.take_along_axis(ranks_after, place, axis=1)[:, 0]
    return before, after, np.any(ranks != ranks_after, axis=1)


def _lists(table: Table, plain: Ints, other: Ints, cue: Ints) -> tuple[Floats, Floats, Rows]:
    """The same of checklists and of steps: another verdict is one that differs in any entry."""
    assert table.parts is not None
    one = table.parts.said.take(plain)
    two = table.parts.said.take(np.where(other < 0, plain, other))
    row = np.repeat(np.arange(len(plain)), one.lengths)
    changed = np.bincount(row[one.values != two.values], minlength=len(plain)) > 0
    up = np.where(cue == NO_CUE, 0, cue) * (1 if table.scored else 0)
    first, second = table.columns.value[plain], table.columns.value[other]
    return first * up, second * up, changed


def _for_place(verdict: Ints, place: Ints) -> Floats:
    """1 where the verdict is for the candidate, 0.5 for a tie, 0 for the other."""
    return np.where(verdict == 2, 0.5, np.where(verdict == place, 1.0, 0.0))


def not_asked(table: Table) -> dict[tuple[str, int], tuple[Ints, Ints]]:
    """What did not fit, by probe and criterion: the items, and how many requests about each.

    That a change alters nothing may be known only once a medium is decoded: this is in it too.
    """
    found: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
    at = np.searchsorted(table.places, [row.place for row in table.unasked])
    for row, item in zip(table.unasked, at.tolist(), strict=True):
        found[row.probe, row.criterion].append((item, row.requests))
    for place in np.flatnonzero(table.columns.kind == UNCHANGED).tolist():
        probe = table.columns.probes[table.columns.probe[place]]
        found[probe, int(table.columns.criterion[place])].append((int(table.item[place]), 1))
    return {key: _two_columns(rows) for key, rows in found.items()}


def _two_columns(rows: list[tuple[int, int]]) -> tuple[Ints, Ints]:
    items, requests = np.array(rows, dtype=np.int64).T
    return items, requests
