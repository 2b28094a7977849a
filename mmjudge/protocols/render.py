"""From a request to chat messages, for a judge that reads a conversation."""

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from mmjudge.types import WRONG, Criterion, Media, Part, Parts, ProtocolName, Request, Wording

if TYPE_CHECKING:
    from jinja2 import Template

OPTIONS = {
    "first": ("A", "candidate A is better"),
    "second": ("B", "candidate B is better"),
    "tie": ("tie", "neither is better"),
    "both_good": ("A=B=Good", "neither is better, and both are good"),
    "both_bad": ("A=B=Bad", "neither is better, and both are bad"),
}


CORRECT = "correct"
"""What a judge says of a step that is right."""


def step_words(criterion: Criterion) -> tuple[str, ...]:
    """What a judge may say of a step: that it is correct, or what is wrong with it.

    Example:
        >>> step_words(Criterion(name="steps", question="?"))
        ('correct', 'wrong')
    """
    return (CORRECT, *(criterion.error_types or (WRONG,)))


class Message(NamedTuple):
    """One turn of a conversation; media stand in `parts` where they belong."""

    role: Literal["system", "user", "assistant"]
    parts: Parts


def slot_labels(n: int) -> list[str]:
    """What the candidates are called: A to Z, numbers when there are more.

    Example:
        >>> slot_labels(3), slot_labels(30)[-1]
        (['A', 'B', 'C'], '30')
    """
    return [chr(ord("A") + i) for i in range(n)] if n <= 26 else [str(i + 1) for i in range(n)]


class Alone(NamedTuple):
    """One question of a checklist: its number, and number and answer of each that it depends on.

    `others`: whether all other questions are shown, too; in a form each stands in its own place.
    """

    number: int
    given: tuple[tuple[int, str], ...] = ()
    others: bool = True


class Shown(NamedTuple):
    """A request in two: what all criteria of an item share, and what is asked about it."""

    material: Parts
    question: str


def nonce(request: Request) -> str:
    """The code in the marks around untrusted text: nobody who wrote a candidate could foresee it.

    It is a hash of all that stands between the marks, in the order shown: whoever puts a code into
    a candidate changes the code. So a run repeats exactly, and the requests that differ in the
    criterion or the repeat alone share their beginning.
    """
    facts: list[str] = []
    for name, parts in _marked(request):
        facts.append(name)
        for part in parts:
            seen = part if isinstance(part, str) else f"{part.modality}:{part.content}"
            facts.append(f"{len(seen)}:{seen}")
    digest = hashlib.sha256("\0".join(["nonce", *facts]).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:12]


def _marked(request: Request) -> Iterator[tuple[str, Parts]]:
    yield "prompt", request.prompt
    for candidate in request.candidates:
        yield "candidate", candidate.parts
    yield "reference", request.reference or ()
    for question in request.questions:
        yield "question", (question.text, *question.answers)


def render(
    request: Request, *, reasons: bool = True, wording: Wording | None = None
) -> list[Message]:
    """Flatten a request into chat messages by the protocol's template, or the judge's own.

    Untrusted text stands between marks with the request's nonce; media keep their place among the
    text. Criterion and form of the answer come last. A judge's own template may open with a turn of
    the system, and its grammar may say what the judge's turn is begun with.

    Args:
        request: What is asked.
        reasons: Whether the judge is asked for its reasons before the verdict.
        wording: The judge's own form, from its card.
    """
    material, question = render_parts(request, reasons=reasons, wording=wording)
    if material and isinstance(material[-1], str):
        asked = Message("user", (*material[:-1], material[-1] + question))
    else:
        asked = Message("user", (*material, question))
    if wording is None:
        return [asked]
    system = _block(request, wording, "system")
    begun = wording.reply.begun
    return [
        *([Message("system", (system,))] if system else []),
        asked,
        *([Message("assistant", (begun,))] if begun else []),
    ]


def render_parts(
    request: Request,
    *,
    reasons: bool = True,
    between: tuple[str, str] | None = None,
    alone: Alone | None = None,
    wording: Wording | None = None,
) -> Shown:
    """The same in two: requests that differ in the criterion alone have equal `material`.

    Args:
        request: What is asked.
        reasons: Whether the judge is asked for its reasons before the verdict.
        between: In a ranking, labels of the two candidates that alone are compared.
        alone: In a checklist, the one question that is to be answered.
        wording: The judge's own form, from its card.
    """
    media: list[Media] = []
    context = _context(request, media, wording.marks if wording else ())
    number, given, others = alone or (None, (), True)
    context |= {"reasons": reasons, "between": between}
    context |= {"alone": number, "given": given, "others": others}
    template = _source(wording.template) if wording else _template(request.protocol)
    filled = template.new_context(context)
    material, question = ("".join(template.blocks[b](filled)) for b in ("material", "question"))
    pieces: list[Part] = []
    for index, piece in enumerate(material.lstrip().split("\0")):
        if index % 2:
            pieces.append(media[int(piece)])
        elif piece.strip():
            pieces.append(piece)
    question = question.rstrip().replace("\0", "")
    if wording and not question and pieces and isinstance(pieces[-1], str):
        pieces[-1] = pieces[-1].rstrip()
    return Shown(tuple(pieces), question)


def _context(request: Request, media: list[Media], marks: tuple[str, ...]) -> dict[str, Any]:
    """What a template may show; media stand as their number among `media`, between NULs."""
    flat = partial(_flat, media=media, marks=marks)
    labels = slot_labels(len(request.candidates))
    texts, shown = (
        tuple(part for part in request.prompt if isinstance(part, str) is wanted)
        for wanted in (True, False)
    )
    return {
        "criterion": request.criterion,
        "nonce": nonce(request),
        "prompt": flat(request.prompt),
        "prompt_text": flat(texts),
        "prompt_media": flat(shown),
        "reference": flat(request.reference) if request.reference else "",
        "candidates": [(a, flat(c.parts)) for a, c in zip(labels, request.candidates, strict=True)],
        "steps": [(n, flat((part,))) for n, part in enumerate(_steps(request), 1)],
        "step_words": step_words(request.criterion),
        "questions": [
            (n, flat((one.text,)), [flat((answer,)) for answer in one.answers])
            for n, one in enumerate(request.questions, 1)
        ],
        "kind": _kind(request),
        "labels": labels,
        "options": [OPTIONS[value] for value in request.criterion.options],
        "scale": request.criterion.scale,
    }


def _steps(request: Request) -> Parts:
    return request.candidates[0].parts if request.protocol == "steps" else ()


def _kind(request: Request) -> str:
    """What the candidates are: the modality of the first medium among them, or text."""
    media = (part for c in request.candidates for part in c.parts if isinstance(part, Media))
    first = next(media, None)
    return first.modality if first else "text"


def _flat(parts: Parts, media: list[Media], marks: tuple[str, ...]) -> str:
    out = []
    for part in parts:
        if isinstance(part, str):
            out.append(_disarmed(part.replace("\0", ""), marks))
        else:
            media.append(part)
            out.append(f"\0{len(media) - 1}\0")
    return "\n".join(out)


def _disarmed(text: str, marks: tuple[str, ...]) -> str:
    """A text in which nothing spells a mark of the template: a zero-width space splits it."""
    for mark in marks:
        spelt = re.compile(re.escape(mark), re.I)
        text = spelt.sub(lambda m: f"{m[0][:1]}\u200b{m[0][1:]}", text)
    return text


def _block(request: Request, wording: Wording, name: str) -> str:
    template = _source(wording.template)
    if name not in template.blocks:
        return ""
    filled = template.new_context(_context(request, [], wording.marks))
    return "".join(template.blocks[name](filled)).strip().replace("\0", "")


@lru_cache(maxsize=8)
def _template(protocol: ProtocolName) -> "Template":
    source = files("mmjudge.protocols") / "prompts" / f"{protocol}.jinja"
    return _source(source.read_text(encoding="utf-8"))


@lru_cache(maxsize=16)
def _source(text: str) -> "Template":
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined, autoescape=False
    )
    return environment.from_string(text)
