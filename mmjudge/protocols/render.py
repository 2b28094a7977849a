"""From a request to chat messages, for a judge that reads a conversation."""

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, NamedTuple

from mmjudge.types import Media, Part, Parts, ProtocolName, Request

if TYPE_CHECKING:
    from jinja2 import Template

OPTIONS = {
    "first": ("A", "candidate A is better"),
    "second": ("B", "candidate B is better"),
    "tie": ("tie", "neither is better"),
    "both_good": ("A=B=Good", "neither is better, and both are good"),
    "both_bad": ("A=B=Bad", "neither is better, and both are bad"),
}


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
            seen = part if isinstance(part, str) else f"{part.modality}:{part.sha256 or part.uri}"
            facts.append(f"{len(seen)}:{seen}")
    digest = hashlib.sha256("\0".join(["nonce", *facts]).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:12]


def _marked(request: Request) -> Iterator[tuple[str, Parts]]:
    yield "prompt", request.prompt
    for candidate in request.candidates:
        yield "candidate", candidate.parts
    yield "reference", request.reference or ()


def render(request: Request, *, reasons: bool = True) -> list[Message]:
    """Flatten a request into chat messages by the protocol's template.

    Untrusted text stands between marks with the request's nonce; media keep their place among the
    text. Criterion and form of the answer come last.

    Args:
        request: What is asked.
        reasons: Whether the judge is asked for its reasons before the verdict.
    """
    material, question = render_parts(request, reasons=reasons)
    if material and isinstance(material[-1], str):
        return [Message("user", (*material[:-1], material[-1] + question))]
    return [Message("user", (*material, question))]


def render_parts(
    request: Request, *, reasons: bool = True, between: tuple[str, str] | None = None
) -> Shown:
    """The same in two: requests that differ in the criterion alone have equal `material`.

    Args:
        request: What is asked.
        reasons: Whether the judge is asked for its reasons before the verdict.
        between: In a ranking, labels of the two candidates that alone are compared.
    """
    media: list[Media] = []

    def flat(parts: Parts) -> str:
        out = []
        for part in parts:
            if isinstance(part, str):
                out.append(part.replace("\0", ""))
            else:
                media.append(part)
                out.append(f"\0{len(media) - 1}\0")
        return "\n".join(out)

    labels = slot_labels(len(request.candidates))
    template = _template(request.protocol)
    context = template.new_context(
        {
            "criterion": request.criterion,
            "nonce": nonce(request),
            "prompt": flat(request.prompt),
            "reference": flat(request.reference) if request.reference else "",
            "candidates": [
                (a, flat(c.parts)) for a, c in zip(labels, request.candidates, strict=True)
            ],
            "labels": labels,
            "options": [OPTIONS[value] for value in request.criterion.options],
            "scale": request.criterion.scale,
            "reasons": reasons,
            "between": between,
        }
    )
    material, question = ("".join(template.blocks[b](context)) for b in ("material", "question"))
    pieces: list[Part] = []
    for index, piece in enumerate(material.lstrip().split("\0")):
        if index % 2:
            pieces.append(media[int(piece)])
        elif piece.strip():
            pieces.append(piece)
    return Shown(tuple(pieces), question.rstrip().replace("\0", ""))


@lru_cache(maxsize=3)
def _template(protocol: ProtocolName) -> "Template":
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined, autoescape=False
    )
    source = files("mmjudge.protocols") / "prompts" / f"{protocol}.jinja"
    return environment.from_string(source.read_text(encoding="utf-8"))
