"""Laws that hold for every judge, each checked by asking the same in another way."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from mmjudge.checks.asking import Answer, Asker
from mmjudge.checks.compare import Gap, gap
from mmjudge.checks.findings import Finding, finding, of
from mmjudge.checks.material import (
    label,
    modality_of,
    scrambled,
    with_other_answers,
    with_other_media,
    with_other_prompt,
)
from mmjudge.types import JudgeCard, Media, Request

UNSTABLE = "cannot be told: it does not answer the same request the same way twice"


class Base(NamedTuple):
    """Requests with their answers; what is asked in another way is compared with these.

    `again`: answers to the same batch the second time; `stable`: places of those that are the same.
    """

    asker: Asker
    requests: Sequence[Request]
    answers: Sequence[Answer]
    again: Sequence[Answer] = ()
    stable: frozenset[int] = frozenset()

    @property
    def size(self) -> int:
        """Requests in one call."""
        return min(self.asker.judge.card.batch_size, len(self.requests))

    def gaps(self, answers: Sequence[Answer]) -> list[tuple[int, Gap]]:
        """Place and gap of every request that can be compared."""
        compared = zip(self.requests, self.answers, answers, strict=True)
        return [
            (place, gap(request, one, other))
            for place, (request, one, other) in enumerate(compared)
            if one is not None and other is not None
        ]

    def steady_gaps(self, answers: Sequence[Answer]) -> list[tuple[int, Gap]]:
        """The same, of those whose answers repeat."""
        return [(place, found) for place, found in self.gaps(answers) if place in self.stable]


def asked_twice(asker: Asker, requests: Sequence[Request]) -> Base:
    """Ask the same batches twice, so that it is known what can be compared."""
    first = Base(asker, requests, ())
    answers, again = (asker.ask(requests, first.size) for _ in range(2))
    base = first._replace(answers=answers, again=again)
    same = (place for place, found in base.gaps(again) if found.kind == "same")
    return base._replace(stable=frozenset(same))


def check_repeats(base: Base) -> Iterator[Finding]:
    """The same batch gets the same replies once more."""
    gaps = base.gaps(base.again)
    changed = [label(base.requests[place]) for place, _ in gaps if place not in base.stable]
    if changed:
        said = f"the same request is answered differently the second time: {of(changed, gaps)}"
        yield finding("repeats", "warning", said, changed)
    elif gaps:
        yield finding("repeats", "ok", f"the same replies twice{_rounding(gaps)}")


def check_batches(base: Base, among: Sequence[Answer]) -> Iterator[Finding]:
    """The batch as it came, one request at a time, backwards, and among others.

    Args:
        base: The answers that the others are compared with.
        among: What was answered to the same requests when they stood among all others.
    """
    ways: dict[str, Callable[[], Sequence[Answer]]] = {
        "asked one at a time": lambda: base.asker.ask(base.requests, 1),
        "asked in the reverse order": lambda: base.asker.ask(base.requests[::-1], base.size)[::-1],
        "asked among other requests": lambda: among,
    }
    if base.size == 1:
        yield finding("batches", "ok", "it takes one request at a time, so none sees another")
        return
    for way, ask in ways.items():
        gaps = base.steady_gaps(ask())
        verdicts = [label(base.requests[place]) for place, g in gaps if g.kind == "verdict"]
        replies = [label(base.requests[place]) for place, g in gaps if g.kind == "reply"]
        if not gaps:
            yield finding("batches", "skipped", UNSTABLE)
        elif verdicts:
            said = f"{way}, it gives other verdicts: {of(verdicts, gaps)}"
            yield finding("batches", "broken", said, verdicts)
        elif replies:
            said = f"{way}, it gives other replies with the same verdicts: {of(replies, gaps)}"
            yield finding("batches", "warning", said, replies)
        else:
            yield finding("batches", "ok", f"{way}: the same replies{_rounding(gaps)}")


def check_ids(base: Base, card: JudgeCard) -> Iterator[Finding]:
    """Ids, systems and keys are bookkeeping: scrambled, they change no reply."""
    if card.lookup:
        yield finding("ids", "skipped", "its card says that it looks answers up by item")
        return
    renamed = [scrambled(request, number) for number, request in enumerate(base.requests)]
    gaps = base.steady_gaps(base.asker.ask(renamed, base.size))
    changed = [label(base.requests[place]) for place, found in gaps if found.kind != "same"]
    if not gaps:
        yield finding("ids", "skipped", UNSTABLE)
    elif changed:
        said = f"other ids of task, item, candidates or systems change replies: {of(changed, gaps)}"
        yield finding("ids", "broken", said, changed)
    else:
        yield finding("ids", "ok", "scrambled, the ids of task, item and candidates change nothing")


def check_looks(base: Base, card: JudgeCard) -> Iterator[Finding]:
    """Whether what is shown is looked at: exchanged for something very different, it should tell.

    A judge may rightly answer two different requests alike, so that nothing here is an error.
    """
    if not card.looks or card.lookup:
        why = "it looks items up" if card.lookup else "it does not look at what is shown"
        yield finding("looks", "skipped", f"its card says that {why}")
        return
    media = {m: [r for r in base.requests if modality_of(r) == m] for m in card.modalities}
    for modality, requests in media.items():
        if modality != "text" and requests:
            what = f"{modality} in the request"
            yield from _looked(base, requests, what, with_other_media, card)
    yield from _looked(base, base.requests, "prompt", with_other_prompt, card)
    texts = [r for r in base.requests if not any(isinstance(p, Media) for p in _answers(r))]
    yield from _looked(base, texts, "text of an answer", with_other_answers, card)


def _answers(request: Request) -> list[object]:
    return [part for candidate in request.candidates for part in candidate.parts]


def _looked(
    base: Base,
    requests: Sequence[Request],
    what: str,
    change: Callable[[Request], Request],
    card: JudgeCard,
) -> Iterator[Finding]:
    keys = {request.key: place for place, request in enumerate(base.requests)}
    places = [keys[r.key] for r in requests if keys[r.key] in base.stable]
    given = [base.answers[place] for place in places]
    able = [p for p, a in zip(places, given, strict=True) if a is not None and a.error is None]
    if not able:
        if requests:
            yield finding("looks", "skipped", f"{what}: no reply that could be compared")
        return
    asked = [base.requests[place] for place in able]
    exchanged = base.asker.ask([change(request) for request in asked], base.size)
    gaps = [gap(base.requests[p], base.answers[p], e) for p, e in zip(able, exchanged, strict=True)]
    changed = [found for found in gaps if found.changed]
    if changed:
        said = f"another {what} changes replies: {of(changed, gaps)}"
        yield finding("looks", "ok", said)
        return
    said = f"another {what} changes no reply ({len(gaps)} asked): does it look at it?"
    if what.endswith("in the request") and not card.media:
        said += " Its card has media=False, so it is given no decoded media"
    yield finding("looks", "warning", said, map(label, asked))


def _rounding(gaps: Sequence[tuple[int, Gap]]) -> str:
    most = max((found.apart for _, found in gaps), default=0.0)
    return f", numbers at most {most:.1g} apart" if most > 0 else ""
