"""Questions of checklists and steps of solutions, people's and the judge's verdicts on each.

What is judged part by part is a question or a step here. A part's code is the place of its answer
in the question's own list, or the error of a step: 0 for none, 1 and on as the criterion names
them; -1 where nobody knows, or where the judge failed.
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmjudge.errors import StoreError
from mmjudge.scoring.ragged import Lines, Ragged, within
from mmjudge.store.outcomes import Listed
from mmjudge.types import WRONG, Criterion, ProtocolName, Scale

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Small = NDArray[np.int16]

UNKNOWN = -1
BLOCK = 1 << 16
"""Judgments whose questions are looked at at once."""


class Asked(NamedTuple):
    """The parts of all items under one criterion, item by item.

    Attributes:
        gold: The code of each part in people's verdict.
        sets: Which list of answers each part has, a place in `words`, shape (parts,).
        wanted: The answer that speaks for the candidate, shape (parts,).
        above: Of each part all that it builds on, directly or not, as places within its item.
        kind: What each part is about, a place in `kinds`, shape (parts,).
        ratings: The code of each annotator, shape (parts, annotators), None without any.
        words: The lists of answers, or of errors, that there are.
        kinds: Names of kinds, the first for none.
    """

    gold: Ragged
    sets: Ints
    wanted: Small
    above: Ragged
    kind: Ints
    ratings: Small | None
    words: tuple[tuple[str, ...], ...]
    kinds: tuple[str, ...]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Items of whose parts people's verdict is known, shape (n_items,)."""
        first = np.append(self.gold.values, UNKNOWN)[self.gold.starts[:-1]]
        known: NDArray[np.bool_] = (first >= 0) & (self.gold.lengths > 0)
        return known

    @property
    def depends(self) -> NDArray[np.bool_]:
        """Items of which a question builds on another one, shape (n_items,)."""
        item = np.repeat(np.arange(len(self.gold.lengths)), self.gold.lengths)
        found = np.bincount(item[self.above.lengths > 0], minlength=len(self.gold.lengths))
        return np.asarray(found > 0)


class Parts(NamedTuple):
    """All parts of a run.

    Attributes:
        asked: The parts of each criterion.
        said: The code of each part in each judgment.
    """

    asked: tuple[Asked, ...]
    said: Ragged


class Collector:
    """Collects the parts of items, from their JSON, one at a time."""

    def __init__(self, protocol: ProtocolName, criteria: Sequence[Criterion]) -> None:
        steps = protocol == "steps"
        self.names = [criterion.name for criterion in criteria]
        self.of = [_Steps(c.error_types) if steps else _Questions() for c in criteria]

    def add(self, item: Mapping[str, Any]) -> None:
        """Take the parts of one item."""
        gold = item.get("gold", {})
        for name, one in zip(self.names, self.of, strict=True):
            one.add(item, name, gold.get(name, {}))

    def asked(self) -> tuple[Asked, ...]:
        """All that was collected, by criterion."""
        return tuple(one.asked() for one in self.of)


class _Collected:
    """Columns of the parts of one criterion while they are collected."""

    def __init__(self) -> None:
        self.lengths, self.gold = array("q"), array("h")
        self.sets, self.wanted, self.kind = array("q"), array("h"), array("q")
        self.above_lengths, self.above = array("q"), array("q")
        self.ratings = Lines()
        self.words: dict[tuple[str, ...], int] = {}
        self.kinds: dict[str, int] = {"": 0}

    def add(self, item: Mapping[str, Any], name: str, gold: Mapping[str, Any]) -> None:
        """Take the parts of one item."""
        raise NotImplementedError

    def _rate(self, codes: Sequence[Mapping[str | None, int]], gold: Any, ratings: Any) -> None:
        """Code people's verdict, and that of each annotator; a list for each part."""
        n = len(codes)
        self.lengths.append(n)
        self.gold.extend(_coded(codes, gold))
        columns = [_coded(codes, one) for one in ratings or ()]
        for place in range(n):
            self.ratings.add([column[place] for column in columns])

    def asked(self) -> Asked:
        """The columns as arrays."""
        rated = self.ratings.padded(np.array(self.ratings.values, dtype=np.int16), UNKNOWN)
        lengths = np.array(self.lengths, dtype=np.int64)
        above = np.array(self.above_lengths, dtype=np.int64)
        return Asked(
            gold=Ragged.of(lengths, np.array(self.gold, dtype=np.int16)),
            sets=np.array(self.sets, dtype=np.int64),
            wanted=np.array(self.wanted, dtype=np.int16),
            above=Ragged.of(above, np.array(self.above, dtype=np.int64)),
            kind=np.array(self.kind, dtype=np.int64),
            ratings=rated.astype(np.int16) if rated.size else None,
            words=tuple(self.words),
            kinds=tuple(self.kinds),
        )


def _coded(codes: Sequence[Mapping[str | None, int]], said: Any) -> list[int]:
    """The code of what was said of each part, unknown where nothing was."""
    if said is None:
        return [UNKNOWN] * len(codes)
    return [code.get(word, len(code)) for code, word in zip(codes, said, strict=True)]


class _Questions(_Collected):
    def __init__(self) -> None:
        super().__init__()
        self.codes: list[dict[str | None, int]] = []

    def add(self, item: Mapping[str, Any], name: str, gold: Mapping[str, Any]) -> None:
        questions = item.get("checklists", {}).get(name, ())
        codes = []
        above: dict[str, set[int]] = {}
        for place, question in enumerate(questions):
            words = tuple(question["answers"])
            number = self.words.setdefault(words, len(self.words))
            if number == len(self.codes):
                self.codes.append({word: code for code, word in enumerate(words)})
            codes.append(self.codes[number])
            self.sets.append(number)
            self.wanted.append(self.codes[number][question["wanted"]])
            self.kind.append(self.kinds.setdefault(question["kind"], len(self.kinds)))
            direct = set().union(*(above[parent] for parent in question["parents"]))
            self.above_lengths.append(len(direct))
            self.above.extend(sorted(direct))
            above[question["id"]] = direct | {place}
        self._rate(codes, gold.get("answers"), gold.get("ratings") if "answers" in gold else ())


class _Steps(_Collected):
    def __init__(self, types: Sequence[str]) -> None:
        super().__init__()
        words = ("", *(types or (WRONG,)))
        self.words[words] = 0
        self.codes: dict[str | None, int] = {word: code for code, word in enumerate(words)}
        self.codes[None] = 0

    def add(self, item: Mapping[str, Any], name: str, gold: Mapping[str, Any]) -> None:
        n = len(item["candidates"][0]["parts"])
        for column in (self.sets, self.wanted, self.kind, self.above_lengths):
            column.extend([0] * n)
        self._rate([self.codes] * n, gold.get("errors"), gold.get("ratings"))


def said_of(
    asked: Sequence[Asked], criterion: Ints, item: Ints, failed: NDArray[np.bool_], listed: Listed
) -> Ragged:
    """The code of each part in each judgment, unknown where it failed.

    Args:
        asked: The parts of each criterion.
        criterion: Of each judgment, shape (n,).
        item: Of each judgment, shape (n,).
        failed: Judgments without a verdict, shape (n,).
        listed: What was said, in words.

    Raises:
        StoreError: A verdict has not as many entries as there are parts.
    """
    words = Ragged.of(listed.lengths, listed.codes)
    lengths = np.zeros(len(item), dtype=np.int64)
    for place, one in enumerate(asked):
        mine = criterion == place
        lengths[mine] = one.gold.lengths[item[mine]]
    if (unlike := np.flatnonzero(~failed & (lengths != words.lengths))).size:
        row = int(unlike[0])
        raise StoreError(
            f"judgment {row + 1}: a verdict of {words.lengths[row]} answers or steps, where "
            f"{lengths[row]} were asked for; the run is damaged"
        )
    said = Ragged.of(lengths, np.full(int(lengths.sum()), UNKNOWN, dtype=np.int16))
    for place, one in enumerate(asked):
        rows = np.flatnonzero((criterion == place) & ~failed)
        codes = _codes(one, one.sets[one.gold.at(item[rows])], words, rows, listed.words)
        said.values[said.at(rows)] = codes
    return said


def _codes(asked: Asked, sets: Ints, words: Ragged, rows: Ints, names: Sequence[str]) -> Small:
    """Codes of what some judgments said: places in the list of answers of each part."""
    numbers = {word: number for number, word in enumerate(names)}
    known = [
        (place * len(names) + numbers[word], code)
        for place, answers in enumerate(asked.words)
        for code, word in enumerate(answers)
        if word in numbers
    ]
    if not known:
        return np.zeros(0, dtype=np.int16)
    keys, codes = np.array(sorted(known), dtype=np.int64).T
    wanted = sets * len(names) + words.values[words.at(rows)]
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    other = np.array([len(answers) for answers in asked.words])[sets]
    return np.where(keys[at] == wanted, codes[at], other).astype(np.int16)


class Found(NamedTuple):
    """What a judge, or people, find of each question, shape (parts,).

    Attributes:
        as_wanted: 1 where the answer is the wanted one, 0 where it is not, -1 for a failure.
        parents_met: 1 where all that the question builds on is met, 0 where it is not; -1 where it
            builds on nothing, or for a failure.
    """

    as_wanted: NDArray[np.int8]
    parents_met: NDArray[np.int8]

    @property
    def met(self) -> NDArray[np.bool_]:
        """Questions that are answered as wanted and whose parents are met."""
        met: NDArray[np.bool_] = (self.as_wanted == 1) & (self.parents_met != 0)
        return met


def found_of(asked: Asked, item: Ints, said: Ragged) -> Found:
    """What is found of each question of some judgments.

    Args:
        asked: The questions.
        item: Of each judgment, shape (n,).
        said: Its answers, a row a judgment.
    """
    unit = asked.gold.at(item)
    failed = said.values < 0
    wanted = said.values == asked.wanted[unit]
    lengths = asked.above.lengths[unit]
    part = np.repeat(np.arange(len(unit)), lengths)
    begin = np.repeat(said.starts[:-1], said.lengths)  # the first question of each one's judgment
    upper = begin[part] + asked.above.values[asked.above.at(unit)]
    unmet = np.bincount(part[~wanted[upper]], minlength=len(unit)) > 0
    parents = np.where(lengths == 0, -1, np.where(unmet, 0, 1))
    return Found(
        np.where(failed, -1, wanted).astype(np.int8), np.where(failed, -1, parents).astype(np.int8)
    )


def shares(asked: Asked, item: Ints, said: Ragged) -> Floats:
    """The score of each checklist: the share of its questions that are met, nan for a failure.

    Args:
        asked: The questions.
        item: Of each judgment, shape (n,).
        said: Its answers, a row a judgment.
    """
    scores = np.full(len(item), np.nan)
    for start in range(0, len(item), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(item)))
        some = said.take(rows)
        lengths, row = some.lengths, np.repeat(np.arange(len(rows)), some.lengths)
        met = np.bincount(row[found_of(asked, item[rows], some).met], minlength=len(rows))
        failed = np.bincount(row[some.values < 0], minlength=len(rows)) > 0
        here = (lengths > 0) & ~failed
        scores[rows[here]] = met[here] / lengths[here]
    return scores


def one_gold(scale: Scale | None, scores: Floats, met: Floats) -> Floats:
    """People's scores, and the shares met where they answered the questions instead.

    Of a criterion that has both, scores count as shares of its scale: otherwise an item would be
    high or low by who was asked what.
    """
    answered = np.isnan(scores)
    if scale and not answered.all() and not np.isnan(met[answered]).all():
        scores = (scores - scale.lowest) / (scale.highest - scale.lowest)
    return np.where(answered, met, scores)


def first_wrong(said: Ragged) -> Ints:
    """The first wrong step of each solution from 1, 0 for none, -1 where it is not known.

    Example:
        >>> first_wrong(Ragged.of(np.array([2, 1, 1]), np.array([0, 3, 0, -1]))).tolist()
        [2, 0, -1]
    """
    lengths = said.lengths
    row, place = np.repeat(np.arange(len(lengths)), lengths), within(lengths)
    found = np.where(lengths > 0, 0, UNKNOWN)
    for codes, value in ((said.values > 0, place + 1), (said.values < 0, np.full(len(place), -1))):
        rows, at = np.unique(row[codes], return_index=True)
        found[rows] = value[codes][at]
    return found


def annotators(asked: Asked) -> Iterator[tuple[NDArray[np.bool_], Ragged]]:
    """Each annotator's verdicts on all items, and the items that they judged, shape (n_items,)."""
    if asked.ratings is None:
        return
    for codes in asked.ratings.T:
        theirs = Ragged(asked.gold.starts, codes)
        yield asked._replace(gold=theirs).known, theirs


def pooled_parts(tables: Sequence[tuple[Parts, Sequence[str], int]], names: Sequence[str]) -> Parts:
    """The parts of several runs as those of one; what each annotator found is left out.

    Args:
        tables: Of each run its parts, the names of its criteria, and how many items it has.
        names: Of the criteria of the whole.
    """
    asked = []
    for name in names:
        each = [
            parts.asked[list(criteria).index(name)] if name in criteria else _nothing(n)
            for parts, criteria, n in tables
        ]
        asked.append(_joined(each))
    return Parts(tuple(asked), Ragged.joined([parts.said for parts, _, _ in tables]))


def _nothing(n_items: int) -> Asked:
    return (
        _Collected()
        .asked()
        ._replace(gold=Ragged.of(np.zeros(n_items, dtype=np.int64), np.zeros(0, dtype=np.int16)))
    )


def _joined(each: Sequence[Asked]) -> Asked:
    words = tuple(dict.fromkeys(answers for one in each for answers in one.words))
    kinds = tuple(dict.fromkeys(("", *(name for one in each for name in one.kinds))))
    return Asked(
        gold=Ragged.joined([one.gold for one in each]),
        sets=np.concatenate([_recoded(one.sets, one.words, words) for one in each]),
        wanted=np.concatenate([one.wanted for one in each]),
        above=Ragged.joined([one.above for one in each]),
        kind=np.concatenate([_recoded(one.kind, one.kinds, kinds) for one in each]),
        ratings=None,
        words=words,
        kinds=kinds,
    )


def _recoded(codes: Ints, names: Sequence[Any], among: Sequence[Any]) -> Ints:
    places = {name: place for place, name in enumerate(among)}
    return np.array([places[name] for name in names], dtype=np.int64)[codes]
