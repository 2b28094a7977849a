"""Judges: what answers requests. Each imports its heavy library only when it is chosen."""

from mmjudge.judges.base import Judge, JudgeContext, MediaMap, Scorer, lift, open_judge
from mmjudge.types import Failure, JudgeCard, Media, Reply, Request

__all__ = [
    "Failure",
    "Judge",
    "JudgeCard",
    "JudgeContext",
    "Media",
    "MediaMap",
    "Reply",
    "Request",
    "Scorer",
    "lift",
    "open_judge",
]
