"""What is shown of each item, some items together, so that a page reads only what is looked at."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pydantic_core import from_json, to_json

from mmjudge.report.browser import words
from mmjudge.report.items.collect import Collected, Run
from mmjudge.report.items.media import MediaFiles
from mmjudge.report.lists import part_words
from mmjudge.report.untrusted import visible
from mmjudge.store.outcomes import (
    ANSWERS,
    FAILED,
    PREFERENCE,
    PREFERENCES,
    RANKING,
    SCORE,
    STEPS,
    decode,
)
from mmjudge.store.run_store import RunStore
from mmjudge.types import Answers, Media, Preference, Score, Steps

SHARD = 600_000
"""Bytes of items that are kept together."""
AT_ONCE = 200
"""Items whose judgments are read at once."""
LONGEST = 20_000
"""Characters of a text or a reply that are kept."""

_FIELDS = {"ranking": "ranks", "answers": "answers", "steps": "errors"}
"""Where gold says what it says, by its kind; elsewhere `value`."""

Data = dict[str, Any]


class Shards(NamedTuple):
    """Files of items, the number of the first item of each, bytes of all, and their digest."""

    files: tuple[Path, ...]
    starts: tuple[int, ...]
    size: int
    digest: str


class _Group:
    """Items that are read together: their JSON, by number, and what was said of each."""

    def __init__(self, start: int, end: int) -> None:
        self.start, self.end = start, end
        self.bodies: dict[int, Data] = {}
        self.media: dict[int, Media] = {}  # by the identity of a part of a body
        self.said: dict[int, list[list[Any]]] = {number: [] for number in range(start, end)}


def write_shards(collected: Collected, media: MediaFiles, folder: Path) -> Shards:
    """Write all items as JSON lists, in the order of their numbers.

    Each item is `{p: prompt, r: reference, c: candidates, x: strata, q: checklists, g: gold, a:
    answers, n: what is not at hand}`. A part is a text, or a medium as `MediaFiles` shows it. A
    candidate is `{p: parts, s: system}`. A checklist is `[criterion, questions]`, a question
    `[text, kind, how deep it builds on others, wanted answer]`. Gold is `[criterion, words, ratings
    in words, list]`. An answer is `[judge, criterion, order, repeat, probe, verdict in words,
    right, moved, reason, detail, probabilities of options, raw reply, list]`: names by their
    numbers, -1 for none; right is -1 where nobody knows. A list says what each question or step
    comes to; null for a verdict that is none.
    """
    pack = _Pack(folder)
    with ExitStack() as opened:
        stores = [opened.enter_context(RunStore.open(run.folder)) for run in collected.runs]
        for body in _bodies(collected, stores, media):
            pack.add(body)
    return pack.close()


class _Pack:
    """Collects items, and writes them when they are enough for a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: list[Path] = []
        self.starts: list[int] = []
        self.size = self.count = self.held = 0
        self.waiting: list[bytes] = []
        self.digest = hashlib.sha256()

    def add(self, body: bytes) -> None:
        """Take the JSON of one more item."""
        self.waiting.append(body)
        self.held += len(body)
        if self.held > SHARD:
            self.close()

    def close(self) -> Shards:
        """Write what is left."""
        if self.waiting:
            self.starts.append(self.count)
            self.files.append(self.folder / f"{len(self.files) + 1}.json")
            content = b"[" + b",".join(self.waiting) + b"]"
            self.files[-1].write_bytes(content)
            self.digest.update(content)
            self.size += len(content)
            self.count += len(self.waiting)
            self.waiting, self.held = [], 0
        return Shards(tuple(self.files), tuple(self.starts), self.size, self.digest.hexdigest())


def _bodies(collected: Collected, stores: Sequence[RunStore], media: MediaFiles) -> Iterator[bytes]:
    """The JSON of each item, without a `<`, so that it may stand in a page."""
    for start in range(0, len(collected.items), AT_ONCE):
        group = _Group(start, min(start + AT_ONCE, len(collected.items)))
        _read_items(collected, stores, group)
        _take_media(collected, group, media)
        for run, store in zip(collected.runs, stores, strict=True):
            _read_answers(collected, run, store, group)
        for number in group.bodies:
            shown = _shown(collected, number, group, media)
            yield to_json(shown).replace(b"<", b"\\u003c")


def _read_items(collected: Collected, stores: Sequence[RunStore], group: _Group) -> None:
    items = collected.items
    query = "SELECT body FROM items WHERE place=?"
    for number in range(group.start, group.end):
        connection = stores[items.run[number]].connection
        row = connection.execute(query, (items.place[number],)).fetchone()
        group.bodies[number] = from_json(row[0])


def _take_media(collected: Collected, group: _Group, media: MediaFiles) -> None:
    wanted: dict[int, list[Media]] = {}
    for number, item in group.bodies.items():
        parts = [*item["prompt"], *(item.get("reference") or ())]
        parts += [part for candidate in item["candidates"] for part in candidate["parts"]]
        found = [(part, Media.model_validate(part)) for part in parts if not isinstance(part, str)]
        group.media |= {id(part): medium for part, medium in found}
        wanted.setdefault(collected.items.run[number], []).extend(one for _, one in found)
    for run, some in wanted.items():
        media.take(collected.runs[run].header, some)


def _read_answers(collected: Collected, run: Run, store: RunStore, group: _Group) -> None:
    """Add what a run says of the items of a group."""
    low, high = np.searchsorted(run.numbers, (group.start, group.end))
    if low == high:
        return
    here = slice(low, high)
    facts = zip(run.rows[here].tolist(), run.numbers[here].tolist(), strict=True)
    of_id = dict(zip(run.ids[here].tolist(), facts, strict=True))
    orders = [" ".join(str(place + 1) for place in order) for order in _orders(store)]
    query = (
        "SELECT rowid, criterion, ord, repeat, probe, kind, value, outcome, reply FROM judgments "
        "WHERE rowid IN (SELECT value FROM json_each(?)) ORDER BY rowid"
    )
    found = store.connection.execute(query, (json.dumps(list(of_id)),))
    for rowid, criterion, order, repeat, probe, *verdict in found:
        row, number = of_id[rowid]
        asked = [run.judge, run.criteria[criterion], orders[order], repeat]
        asked.append(-1 if probe is None else collected.known.probes.of([probe])[0])
        answer = _answer(collected, verdict, len(group.bodies[number]["candidates"]))
        facts_of = [int(run.facts.right[row]), int(run.facts.moved[row])]
        group.said[number].append([*asked, answer[0], *facts_of, *answer[1:]])


def _orders(store: RunStore) -> list[tuple[int, ...]]:
    rows = store.connection.execute("SELECT permutation FROM orders ORDER BY id")
    return [tuple(map(int, row[0].split(","))) for row in rows]


def _answer(collected: Collected, verdict: Sequence[Any], n: int) -> list[Any]:
    """Verdict in words, reason, detail, probabilities and raw reply of a judgment."""
    kind, value, outcome, body = verdict
    reply = from_json(body)
    chances = [[visible(name, 200), p] for name, p in (reply.get("probabilities") or {}).items()]
    raw = reply.get("text")
    if raw is None:
        scores = ", ".join(f"{score:.3g}" for score in reply.get("scores") or ())
        raw = f"scores as shown: {scores}" if scores else ""
    listed = None
    if kind == FAILED:
        failure = from_json(outcome)
        said = ["", collected.known.reasons.of([failure["reason"]])[0]]
        said.append(visible(failure.get("detail", ""), LONGEST))
    else:
        said = [_verdict(kind, value, outcome, n), -1, ""]
        listed = _listed(kind, outcome)
    return [*said, chances, visible(raw, LONGEST), listed]


def _listed(kind: int, outcome: str | None) -> list[str] | None:
    """What a verdict says of each question or step."""
    if kind not in (ANSWERS, STEPS):
        return None
    return [visible(word, 200) for word in part_words(decode(kind, None, outcome)) or ()]


@lru_cache(maxsize=10_000)
def _verdict(kind: int, value: float, outcome: str | None, n: int) -> str:
    if kind == PREFERENCE:
        return words(Preference.model_validate({"value": PREFERENCES[int(value)]}), n)
    if kind == SCORE:
        return words(Score(value=value), n)
    return visible(words(decode(kind, None, outcome), n), LONGEST)


def _shown(collected: Collected, number: int, group: _Group, media: MediaFiles) -> Data:
    """An item as data of a page."""
    item, said = group.bodies[number], group.said[number]
    label = collected.items.tasks.all[collected.items.task[number]]
    n = len(item["candidates"])

    in_words = item.get("in_words", {})

    def view(parts: Iterable[Any]) -> list[Any]:
        return [
            visible(part, LONGEST)
            if isinstance(part, str)
            else _medium(media.of(label, group.media[id(part)]), in_words.get(part["uri"], ""))
            for part in parts
        ]

    criteria = collected.known.criteria
    gold = [
        [
            *criteria.of([name]),
            visible(_gold(one, n), LONGEST),
            [visible(_rating(one, r, n), LONGEST) for r in one.get("ratings", ())],
            _gold_list(one),
        ]
        for name, one in item.get("gold", {}).items()
    ]
    return {
        "p": view(item["prompt"]),
        "r": view(item.get("reference") or ()),
        "c": [
            {"p": view(one["parts"]), "s": visible(one.get("system") or "", 200)}
            for one in item["candidates"]
        ],
        "x": [[visible(k, 200), visible(v, 200)] for k, v in item.get("strata", {}).items()],
        "q": [
            [*criteria.of([name]), _questions(questions)]
            for name, questions in item.get("checklists", {}).items()
        ],
        "g": gold,
        "a": sorted(said, key=lambda answer: (answer[1], answer[0], answer[4], answer[3])),
        "n": visible(item.get("absent") or "", 400),
    }


def _questions(questions: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    depth: dict[str, int] = {}
    for one in questions:
        depth[one["id"]] = max((1 + depth[parent] for parent in one["parents"]), default=0)
    return [
        [
            visible(one["text"], LONGEST),
            visible(one["kind"], 200),
            depth[one["id"]],
            visible(one["wanted"], 200),
        ]
        for one in questions
    ]


def _medium(shown: Data, in_words: str) -> Data:
    return shown | {"t": visible(in_words, LONGEST)} if in_words else shown


def _gold(gold: Mapping[str, Any], n: int) -> str:
    match gold["kind"]:
        case "preference":
            return _verdict(PREFERENCE, PREFERENCES.index(gold["value"]), None, n)
        case "score":
            return _verdict(SCORE, gold["value"], None, n)
        case "answers":
            return words(Answers(answers=tuple(gold["answers"])), n)
        case "steps":
            return words(Steps(errors=tuple(gold["errors"])), n)
    return _verdict(RANKING, 0.0, json.dumps({"ranks": gold["ranks"]}), n)


def _gold_list(gold: Mapping[str, Any]) -> list[str] | None:
    """What people say of each question or step."""
    kind = {"answers": ANSWERS, "steps": STEPS}.get(gold["kind"])
    if kind is None:
        return None
    return _listed(kind, json.dumps({_FIELDS[gold["kind"]]: gold[_FIELDS[gold["kind"]]]}))


def _rating(gold: Mapping[str, Any], rating: Any, n: int) -> str:
    """One annotator's own, a dash where there is none."""
    if rating is None:
        return "-"
    field = _FIELDS.get(gold["kind"], "value")
    return _gold({"kind": gold["kind"], field: rating}, n)
