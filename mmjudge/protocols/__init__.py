"""The ways to ask a judge: a pair, a score, a ranking, a checklist, steps. Pure, no I/O."""

from mmjudge.protocols.plan import request_key, requests, template_digest, wording_digest
from mmjudge.protocols.render import Message, Shown, render, render_parts
from mmjudge.protocols.reply import on_own_scale, parse

__all__ = [
    "Message",
    "Shown",
    "on_own_scale",
    "parse",
    "render",
    "render_parts",
    "request_key",
    "requests",
    "template_digest",
    "wording_digest",
]
