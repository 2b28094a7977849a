"""From an item to the requests that ask about it: criteria, orders, repeats, keys."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.resources import files
from random import Random

from mmjudge.types import (
    Candidate,
    Criterion,
    Item,
    Parts,
    ProtocolName,
    Question,
    Request,
    RunSettings,
    TaskSpec,
    Wording,
)


def requests(
    spec: TaskSpec, item: Item, place: int, settings: RunSettings, fingerprint: str
) -> Iterator[Request]:
    """Yield what is asked about one item: each criterion, in each order, each repeat.

    Of a checklist, only criteria to which the item has questions are asked.

    Args:
        spec: The task.
        item: The item.
        place: Number of the item in its task, from 0; balances the slots over items.
        settings: Protocol, orders, repeats and seed.
        fingerprint: The judge's; part of every key.
    """
    names = set(item.criteria)
    asked = (
        spec.label,
        item.id,
        item_digest(item),
        settings.protocol,
        settings.template,
        fingerprint,
    )
    for criterion in spec.criteria:
        questions = item.checklists.get(criterion.name, ())
        listed = settings.protocol == "checklist"
        if (names and criterion.name not in names) or (listed and not questions):
            continue
        digest = criterion_digest(criterion)
        asking = tuple(map(_without_key, questions))
        facts = (questions_digest(questions),) if listed else ()
        for order in _orders(len(item.candidates), place, settings):
            shown = ",".join(map(str, order))
            for repeat in range(settings.repeats):
                yield Request(
                    key=request_key((*asked, digest, shown, str(repeat), *facts)),
                    task=spec.label,
                    item=item.id,
                    protocol=settings.protocol,
                    criterion=criterion,
                    prompt=item.prompt,
                    candidates=tuple(item.candidates[i] for i in order),
                    reference=item.reference,
                    order=order,
                    questions=asking if listed else (),
                    condition=item.strata.get("condition"),
                    repeat=repeat,
                    absent=item.absent,
                )


def _orders(n: int, place: int, settings: RunSettings) -> Sequence[tuple[int, ...]]:
    given = tuple(range(n))
    if n == 1 or settings.orders == "given":
        return [given]
    if settings.orders == "both":
        return [given, given[::-1]]
    return [balanced_order(n, place, settings.seed)]


def balanced_order(n: int, place: int, seed: int) -> tuple[int, ...]:
    """The order in which the candidates of the item at `place` are shown.

    Over n items in a row each candidate stands once in each slot: a random permutation is drawn
    for the block of n items, and rotated by one for each item.

    Example:
        >>> [balanced_order(2, place, seed=0) for place in range(4)]
        [(1, 0), (0, 1), (0, 1), (1, 0)]
    """
    block, turn = divmod(place, n)
    order = _block_order(n, block, seed)
    return order[turn:] + order[:turn]


@lru_cache(maxsize=64)
def _block_order(n: int, block: int, seed: int) -> tuple[int, ...]:
    order = list(range(n))
    Random(f"{seed}/{n}/{block}").shuffle(order)
    return tuple(order)


def item_digest(item: Item) -> str:
    """Hash of what a judge may see of an item: no gold, no systems, no strata."""
    return shown_digest(item.prompt, item.candidates, item.reference)


def shown_digest(prompt: Parts, candidates: Sequence[Candidate], reference: Parts | None) -> str:
    """Hash of texts and media: prompt, candidates in this order, reference."""
    facts: list[str] = []
    named = [("prompt", prompt), *(("candidate", one.parts) for one in candidates)]
    for name, parts in (*named, ("reference", reference or ())):
        facts.append(name)
        for part in parts:
            seen = part if isinstance(part, str) else f"{part.modality}:{part.content}"
            facts.append(f"{len(seen)}:{seen}")
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()


def _without_key(question: Question) -> Question:
    """A question as a judge may see it: which answer is wanted, and what it is about, is gold."""
    return question.model_copy(update={"wanted": question.answers[0], "kind": ""})


def questions_digest(questions: Sequence[Question]) -> str:
    """Hash of what is shown of a checklist: texts and allowed answers, not what is wanted."""
    facts = [json.dumps([question.text, *question.answers]) for question in questions]
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()


@lru_cache(maxsize=4096)
def criterion_digest(criterion: Criterion) -> str:
    """Hash of a criterion, all of it."""
    return hashlib.sha256(criterion.model_dump_json().encode()).hexdigest()


@lru_cache(maxsize=8)
def template_digest(protocol: ProtocolName) -> str:
    """Hash of the protocol's prompt template, so that a changed prompt is a changed run."""
    template = files("mmjudge.protocols") / "prompts" / f"{protocol}.jinja"
    return hashlib.sha256(template.read_bytes()).hexdigest()[:16]


def wording_digest(wording: Wording) -> str:
    """Hash of a judge's own template, and of how its replies are read."""
    return hashlib.sha256(wording.model_dump_json().encode()).hexdigest()[:16]


def request_key(facts: Sequence[str]) -> str:
    """Hash of all that the judge sees and all that shapes its answer: 32 hexadecimal digits.

    The item's id is among the facts too, so that two items of equal content are two requests.
    """
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()[:32]
