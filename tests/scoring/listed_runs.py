"""Runs of checklists and steps, written from verdicts: what a judge said is put into a store."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmjudge.engine.resume import stored_item
from mmjudge.store.run_store import Judged, RunStore
from mmjudge.types import (
    Answers,
    Candidate,
    Criterion,
    Failure,
    Gold,
    Item,
    JudgeCard,
    ProbeCard,
    ProtocolName,
    Question,
    Reply,
    Request,
    RunHeader,
    RunSettings,
    Scale,
    Steps,
    TaskCard,
    TaskSpec,
)

NOTHING = Failure(reason="empty", detail="no text")


def checklist_spec(criteria: Sequence[str] = ("faithful",), **more: Any) -> TaskSpec:
    facts = {"primary": "question_accuracy", "protocols": ("checklist",)}
    scale = more.pop("scale", None)
    named = tuple(Criterion(name=name, question="?", scale=scale) for name in criteria)
    return _spec({**facts, "criteria": named, **more})


def steps_spec(types: Sequence[str] = (), **more: Any) -> TaskSpec:
    criterion = Criterion(name="sound", question="?", error_types=tuple(types))
    facts = {"primary": "step_accuracy", "protocols": ("steps",), "criteria": (criterion,)}
    return _spec({**facts, **more})


def _spec(facts: dict[str, Any]) -> TaskSpec:
    plain = {"name": "listed", "modalities": ("text",), "card": TaskCard(summary="for tests")}
    return TaskSpec.model_validate({**plain, **facts})


def checklist_item(
    name: str, questions: Sequence[Question], gold: Gold | None = None, **strata: str
) -> Item:
    return Item(
        id=name,
        prompt=(f"prompt {name}",),
        candidates=(Candidate(id="a", parts=(f"answer {name}",), system=f"s{len(name) % 3}"),),
        checklists={"faithful": tuple(questions)},
        gold={"faithful": gold} if gold else {},
        strata=strata,
    )


def steps_item(name: str, n: int, gold: Gold | None = None, **strata: str) -> Item:
    return Item(
        id=name,
        prompt=(f"problem {name}",),
        candidates=(Candidate(id="a", parts=tuple(f"step {i + 1}" for i in range(n))),),
        gold={"sound": gold} if gold else {},
        strata=strata,
    )


def questions(n: int, parents: dict[int, Sequence[int]] | None = None) -> tuple[Question, ...]:
    """Questions 0 to n - 1 of the answers yes and no; `parents` by place."""
    return tuple(
        Question(
            id=f"q{i}",
            text=f"Is {i} there?",
            parents=tuple(f"q{p}" for p in (parents or {}).get(i, ())),
            kind="odd" if i % 2 else "even",
        )
        for i in range(n)
    )


def yes_no(said: str) -> Answers:
    """Answers written as in `yny`."""
    return Answers(answers=tuple({"y": "yes", "n": "no"}[one] for one in said))


def write_run(
    folder: Path,
    spec: TaskSpec,
    said: Sequence[tuple[Item, Answers | Steps | Failure]],
    judge: str = "scripted",
    probed: Sequence[tuple[str, Item, Answers | Steps | Failure]] = (),
) -> Path:
    """A run in which a judge said that of those items, each on the criterion of its checklist.

    Args:
        folder: Where it is written.
        spec: The task.
        said: Each item with the verdict; an item may stand there several times, as repeats.
        judge: Name of the judge.
        probed: Name of a probe, item and verdict.
    """
    protocol: ProtocolName = spec.protocols[0]
    names = tuple(dict.fromkeys(name for name, _, _ in probed))
    header = RunHeader(
        run_id="r",
        task=spec,
        judge=JudgeCard(name=judge, summary="says what it is told", fingerprint=judge),
        settings=RunSettings(protocol=protocol, probes=names, template="none"),
        probes=tuple(ProbeCard(name=n, summary="", protocols=(protocol,)) for n in names),
    )
    items = list(dict.fromkeys(item.id for item, _ in said))
    repeats = dict.fromkeys(items, 0)
    with RunStore.create(folder, header) as store:
        stored = {item.id: stored_item(items.index(item.id), item) for item, _ in said}
        judged = []
        for item, outcome in said:
            judged.append(_judged(spec, item, outcome, items.index(item.id), repeats[item.id]))
            repeats[item.id] += 1
        for name, item, outcome in probed:
            judged.append(_judged(spec, item, outcome, items.index(item.id), 0, name))
        store.add(list(stored.values()), judged)
    return folder


def _judged(
    spec: TaskSpec, item: Item, outcome: Any, place: int, repeat: int, probe: str | None = None
) -> Judged:
    names = [one.name for one in spec.criteria]
    criterion = names.index(*item.checklists) if item.checklists else 0
    key = hashlib.sha256(f"{item.id}/{repeat}/{probe}".encode()).hexdigest()[:32]
    request = Request(
        key=key,
        task=spec.label,
        item=item.id,
        protocol=spec.protocols[0],
        criterion=spec.criteria[criterion],
        prompt=item.prompt,
        candidates=item.candidates,
        order=(0,),
        probe=probe,
        repeat=repeat,
        questions=item.checklists.get(names[criterion], ()),
    )
    reply = Reply(text=str(outcome), tokens_in=3, tokens_out=2, latency_s=0.1)
    return Judged(place, criterion, request, reply, outcome)


UNIT = Scale(lowest=0, highest=1, integer=False)
