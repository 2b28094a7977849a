"""The three ways to ask a judge: compare a pair, give a score, rank a batch. Pure, no I/O."""

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
