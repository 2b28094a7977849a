"""Judges: what answers requests. Each imports its heavy library only when it is chosen."""

from mmjudge.judges.base import Judge, JudgeContext, Scorer, lift, open_judge

__all__ = ["Judge", "JudgeContext", "Scorer", "lift", "open_judge"]
