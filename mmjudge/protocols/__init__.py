"""The three ways to ask a judge: compare a pair, give a score, rank a batch. Pure, no I/O."""

from mmjudge.protocols.plan import request_key, requests, template_digest
from mmjudge.protocols.render import Message, render
from mmjudge.protocols.reply import parse

__all__ = ["Message", "parse", "render", "request_key", "requests", "template_digest"]
