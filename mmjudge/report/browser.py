"""Items to look at: a seeded choice of a run's items, with what each judge said of them."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json

from mmjudge.errors import MmjudgeError
from mmjudge.export import readable
from mmjudge.metrics.agreement import three_way
from mmjudge.registry import TASKS, registry
from mmjudge.report.embed import PAGE_BYTES, Embedded, Embedder
from mmjudge.report.lists import list_right, part_rows, right_lists
from mmjudge.report.overview import Judged
from mmjudge.scoring.table import MODALITY, Table
from mmjudge.sources.folder import open_task
from mmjudge.sources.samples import SAMPLE
from mmjudge.store.run_store import RunStore
from mmjudge.types import (
    Answers,
    AnyVerdict,
    Failure,
    Gold,
    Item,
    Judgment,
    Media,
    Part,
    Parts,
    Preference,
    Ranking,
    RunHeader,
    Score,
)

SCORE_TOLERANCE = 0.5
"""A score this near to gold is called right in the browser of items; no figure depends on it."""

Key = tuple[str, str, str]
"""An item: label of its task, protocol, id."""

Ids = Mapping[int, str]
"""Ids of a run's items, by their place."""


class Said(NamedTuple):
    """One judgment: the order shown, the verdict in item order, and what it was read from.

    `right` is None where that cannot be said; `chances` are the probabilities of the options.
    """

    order: str
    verdict: str
    right: bool | None
    chances: tuple[tuple[str, float], ...]
    raw: str


class Answered(NamedTuple):
    """What a judge said of an item on one criterion, in each order and repeat.

    `parts` has a row for each question of a checklist, or step of a solution: what it is, what
    people say of it, and what the judge says each time.
    """

    judge: str
    criterion: str
    gold: str
    said: tuple[Said, ...]
    parts: tuple[tuple[str, str, tuple[str, ...]], ...] = ()


class Shown(NamedTuple):
    """An item as a page shows it; parts are texts or embedded media."""

    key: Key
    modality: str
    strata: Mapping[str, str]
    prompt: tuple[str | Embedded, ...]
    reference: tuple[str | Embedded, ...]
    candidates: tuple[tuple[str | Embedded, ...], ...]
    answers: tuple[Answered, ...]

    @property
    def gold(self) -> str:
        """Gold of the first criterion that was asked."""
        return self.answers[0].gold if self.answers else ""

    @property
    def first(self) -> tuple[Answered, ...]:
        """What each judge said on the first criterion."""
        return tuple(a for a in self.answers if a.criterion == self.answers[0].criterion)


def browse(judges: Sequence[Judged], most: int, seed: int = 0) -> list[Shown]:
    """Choose items of all modalities, protocols and outcomes, and collect what was said of them.

    Args:
        judges: As `overview` gives them.
        most: Number of items.
        seed: Of the choice.

    Returns:
        Items by modality.
    """
    ids = {run: _ids(run) for judged in judges for run in judged.runs}
    chosen = set(_choose(judges, ids, most, seed))
    items: dict[Key, tuple[Item, RunHeader]] = {}
    answers: dict[Key, list[Answered]] = {key: [] for key in chosen}
    for judged in judges:
        for run in judged.runs:
            with RunStore.open(run) as store:
                _collect(store, judged.name, ids[run], chosen, (items, answers))
    embedded = _embedded(items)
    shown = [_shown(key, *items[key], answers[key], embedded) for key in items]
    return sorted(shown, key=lambda one: (one.modality, one.key))


def _choose(judges: Sequence[Judged], ids: Mapping[Path, Ids], most: int, seed: int) -> list[Key]:
    """Keys from each modality in turn, within it from each protocol and outcome, at random."""
    outcomes: dict[Key, set[str]] = {}
    modality: dict[Key, str] = {}
    looking = [judged for judged in judges if judged.looks] or judges
    for judged in judges:
        for run, table in zip(judged.runs, judged.tables, strict=True):
            for key, way, outcome in _outcomes(table, ids[run]):
                modality[key] = way
                seen = outcomes.setdefault(key, set())
                if judged in looking:
                    seen.add(outcome)
    order = Random(f"items/{seed}")
    cells: dict[str, dict[tuple[str, ...], list[Key]]] = {}
    for key, seen in sorted(outcomes.items()):
        within = cells.setdefault(modality[key], {})
        within.setdefault((key[1], *sorted(seen)), []).append(key)
    return _in_turn(
        [
            _in_turn([order.sample(keys, len(keys)) for _, keys in sorted(within.items())])
            for _, within in sorted(cells.items())
        ]
    )[:most]


def _in_turn(queues: Iterable[Sequence[Key]]) -> list[Key]:
    """The first of each queue, then the second of each that has one, and so on."""
    return [key for turn in zip_longest(*queues) for key in turn if key is not None]


def _outcomes(table: Table, ids: Ids) -> Iterable[tuple[Key, str, str]]:
    """Each item of a run with its modality and whether the first criterion was right throughout."""
    header = table.header
    first = table.plain & (table.columns.criterion == table.first)
    right = right_rows(table) | ~first
    failed = np.zeros(len(table.places), dtype=bool)
    wrong = np.zeros(len(table.places), dtype=bool)
    failed[table.item[table.failed & first]] = True
    wrong[table.item[~right]] = True
    codes, names = table.strata.get(MODALITY, (np.zeros(len(wrong), dtype=np.int64), ("",)))
    for index, place in enumerate(table.places.tolist()):
        outcome = "failed" if failed[index] else "wrong" if wrong[index] else "right"
        key = (header.task.label, header.settings.protocol, ids[place])
        yield key, names[codes[index]], outcome


def right_rows(table: Table) -> NDArray[np.bool_]:
    """Whether the verdict of each row is gold's, shape (n,)."""
    right = np.zeros(len(table.item), dtype=bool)
    if table.parts is not None:
        return right_lists(table, right)
    for criterion, gold in enumerate(table.gold):
        rows = np.flatnonzero((table.columns.criterion == criterion) & ~table.failed)
        wanted = gold[table.item[rows]]
        match table.header.settings.protocol:
            case "pair":
                right[rows] = three_way(wanted) == three_way(table.verdict[rows])
            case "score":
                right[rows] = np.abs(wanted - table.columns.value[rows]) <= SCORE_TOLERANCE
            case "rank":
                given = table.ranks[rows][:, : wanted.shape[1]]
                right[rows] = np.all(given == wanted, axis=1)
    return right


def _ids(run: Path) -> Ids:
    """The id of every item that could be read, by place; a run may have a hundred thousand."""
    with RunStore.open(run) as store:
        return {place: from_json(body)["id"] for place, bad, body in store.bodies() if not bad}


def _collect(
    store: RunStore,
    judge: str,
    ids: Ids,
    chosen: Collection[Key],
    found: tuple[dict[Key, tuple[Item, RunHeader]], Mapping[Key, list[Answered]]],
) -> None:
    """Add to what was found a run's items among the chosen, and what was said of them."""
    items, answers = found
    header = store.header
    at: dict[int, Key] = {}
    for place, name in ids.items():
        key: Key = (header.task.label, header.settings.protocol, name)
        item = store.item(place) if key in chosen else None
        if isinstance(item, Item):
            at[place] = key
            items.setdefault(key, (item, header))
    said: dict[tuple[Key, str], list[Judgment]] = {}
    for place, judgment in store.judgments(list(at)):
        if judgment.probe is None:
            said.setdefault((at[place], judgment.criterion), []).append(judgment)
    own = header.judge.scale == "own"
    for (key, criterion), judgments in said.items():
        gold = items[key][0].gold.get(criterion)
        said_gold = words(gold, len(items[key][0].candidates)) if gold else "unknown"
        said_of = tuple(_said(one, gold, own) for one in judgments)
        parts = part_rows(items[key][0], criterion, judgments)
        answers[key].append(Answered(judge, criterion, said_gold, said_of, parts))


def _said(judgment: Judgment, gold: Gold | None, own_scale: bool) -> Said:
    outcome, reply = judgment.outcome, judgment.reply
    scores = ", ".join(f"{score:.3g}" for score in reply.scores or ())
    unsaid = f"scores as shown: {scores}" if scores else ""
    return Said(
        order=" ".join(str(place + 1) for place in judgment.order),
        verdict=words(outcome, len(judgment.order)),
        right=_is_right(outcome, gold, own_scale),
        chances=tuple((reply.probabilities or {}).items()),
        raw=reply.text if reply.text is not None else unsaid,
    )


def _is_right(outcome: AnyVerdict | Failure, gold: Gold | None, own_scale: bool) -> bool | None:
    if gold is None:
        return None
    match outcome:
        case Failure():
            return False
        case Preference(value=value) if isinstance(gold, Preference):
            return _three(value) == _three(gold.value)
        case Score(value=score) if isinstance(gold, Score):
            return None if own_scale else abs(score - gold.value) <= SCORE_TOLERANCE
        case Ranking(ranks=ranks) if isinstance(gold, Ranking):
            return ranks == gold.ranks
    return list_right(outcome, gold)


def _three(value: str) -> str:
    return value if value in ("first", "second") else "tie"


def words(outcome: AnyVerdict | Failure | Gold, n: int) -> str:
    """A verdict in the numbers of the candidates, or of the answers of a checklist.

    Example:
        >>> words(Preference(value="first"), 2), words(Ranking(ranks=(2, 1)), 2)
        ('1 better', '2 > 1')
        >>> words(Answers(answers=("yes", "no", "yes")), 1)
        'yes: 2, no: 1'
    """
    if isinstance(outcome, Preference):
        names = {"first": "1 better", "second": "2 better", "tie": "equal"}
        return names.get(outcome.value, outcome.value.replace("_", " "))
    if isinstance(outcome, Score):
        return f"{outcome.value:.3g}"
    if isinstance(outcome, Answers):
        return ", ".join(f"{word}: {count}" for word, count in Counter(outcome.answers).items())
    return readable(outcome, [str(place + 1) for place in range(n)])


def _embedded(items: Mapping[Key, tuple[Item, RunHeader]]) -> dict[tuple[str, Media], Embedded]:
    """The media of all items, by task and medium."""
    found: dict[tuple[str, Media], Embedded] = {}
    wanted: dict[str, list[Media]] = {}
    headers = {header.task.label: header for _, header in items.values()}
    for key, (item, _) in items.items():
        wanted.setdefault(key[0], []).extend(p for p in _parts(item) if isinstance(p, Media))
    room = PAGE_BYTES
    for label, media in wanted.items():
        with Embedder(media_root(headers[label]), room) as embedder:
            found |= {(label, one): made for one, made in embedder.embed(media).items()}
            room = embedder.room
    return found


def _parts(item: Item) -> Iterable[Part]:
    yield from item.prompt
    yield from item.reference or ()
    for candidate in item.candidates:
        yield from candidate.parts


def media_root(header: RunHeader) -> Path | None:
    """Folder of a task's media: that of the run, or of the installed task."""
    there = header.data and (header.data == SAMPLE or Path(header.data).exists())
    data = Path(header.data) if header.data and there else None
    name = header.task.name
    if name in registry(TASKS).points:
        try:
            return open_task(name, data).root
        except MmjudgeError:
            return None
    return data if data is None or data.is_dir() else data.parent


def _shown(
    key: Key,
    item: Item,
    header: RunHeader,
    answers: Sequence[Answered],
    embedded: Mapping[tuple[str, Media], Embedded],
) -> Shown:
    def view(parts: Parts) -> tuple[str | Embedded, ...]:
        return tuple(p if isinstance(p, str) else embedded[key[0], p] for p in parts)

    names = [criterion.name for criterion in header.task.criteria]
    return Shown(
        key=key,
        modality=item.strata.get(MODALITY, ""),
        strata=item.strata,
        prompt=view(item.prompt),
        reference=view(item.reference or ()),
        candidates=tuple(view(candidate.parts) for candidate in item.candidates),
        answers=tuple(sorted(answers, key=lambda a: names.index(a.criterion))),
    )
