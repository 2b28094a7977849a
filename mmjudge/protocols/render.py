"""From a request to chat messages, for a judge that reads a conversation."""

import hashlib
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


def nonce(request: Request) -> str:
    """The code in the marks around untrusted text: nobody who wrote a candidate could foresee it.

    It comes from the request's key, itself a hash of the candidates, so a run repeats exactly.
    """
    return hashlib.sha256(b"nonce" + request.key.encode()).hexdigest()[:12]


def render(request: Request) -> list[Message]:
    """Flatten a request into chat messages by the protocol's template.

    Untrusted text stands between marks with the request's nonce; media keep their place among the
    text.
    """
    code = nonce(request)
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
    scale = request.criterion.scale
    text = _template(request.protocol).render(
        criterion=request.criterion,
        nonce=code,
        prompt=flat(request.prompt),
        reference=flat(request.reference) if request.reference else "",
        candidates=[(a, flat(c.parts)) for a, c in zip(labels, request.candidates, strict=True)],
        labels=labels,
        options=[OPTIONS[value] for value in request.criterion.options],
        scale=scale,
    )
    pieces: list[Part] = []
    for index, piece in enumerate(text.strip().split("\0")):
        if index % 2:
            pieces.append(media[int(piece)])
        elif piece.strip():
            pieces.append(piece)
    return [Message("user", tuple(pieces))]


@lru_cache(maxsize=3)
def _template(protocol: ProtocolName) -> "Template":
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined, autoescape=False
    )
    source = files("mmjudge.protocols") / "prompts" / f"{protocol}.jinja"
    return environment.from_string(source.read_text(encoding="utf-8"))
