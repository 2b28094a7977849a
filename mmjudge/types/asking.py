"""What a judge is asked, what it answers, what that means."""

import zlib
from operator import not_
from typing import Annotated, Literal

from pydantic import Field

from mmjudge.types.base import SCHEMA_VERSION, ProtocolName, Record
from mmjudge.types.items import Candidate, Criterion, Parts, Question
from mmjudge.types.verdicts import AnyVerdict, Failure, Verdict


class Request(Record):
    """What a judge is asked: structured, so that a scorer gets prompt and candidates apart.

    `candidates` are in the order shown; `order[s]` is the place in the item of the candidate in
    slot s. `key`, `task`, `item` and `probe` are bookkeeping: a judge's answer does not depend on
    them, but for the chance that it draws by (`draw`).
    `questions`: those of a checklist. `absent`: what of it is a placeholder; a judge that looks
    never gets such a request.
    """

    key: str
    task: str
    item: str
    protocol: ProtocolName
    criterion: Criterion
    prompt: Parts
    candidates: tuple[Candidate, ...]
    reference: Parts | None = None
    order: tuple[int, ...]
    questions: tuple[Question, ...] = Field(default=(), exclude_if=not_)
    probe: str | None = None
    condition: str | None = None
    repeat: int = 0
    absent: str | None = None

    @property
    def draw(self) -> int:
        """What a judge that samples seeds its draw with, beside what it is shown.

        Asked once more, plainly or by a probe, it draws anew: otherwise a judge that is all chance
        would seem to stand by what it said.
        """
        if self.probe is None:
            return self.repeat
        return self.repeat + 1000 * (1 + zlib.crc32(self.probe.encode()) % 1_000_000)


class Reply(Record):
    """What a judge answered: text, or a score for each slot, or option probabilities.

    `verdict` is for recordings that were parsed elsewhere. `error` says why there is no answer.
    Latency in seconds; `cost_usd` is what the call cost, None where nobody knows.
    """

    text: str | None = None
    scores: tuple[float, ...] | None = None
    probabilities: dict[str, float] | None = None
    verdict: Verdict | None = None
    error: Failure | None = None
    finish_reason: Literal["stop", "length", "content_filter", "tool"] | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    latency_s: float | None = None
    cost_usd: float | None = Field(default=None, ge=0)


class Judgment(Record):
    """One answered request. `outcome` is the verdict in item order, or the failure.

    `probe` is the changed way in which it was asked, None for the plain one, and `cue` what that
    change pulls towards: places of candidates in item order; of a score 1 for up, -1 for down.
    """

    schema_version: int = SCHEMA_VERSION
    key: str
    item: str
    protocol: ProtocolName
    criterion: str
    order: tuple[int, ...]
    probe: str | None = None
    cue: tuple[int, ...] = ()
    repeat: int = 0
    judge: str
    reply: Reply
    outcome: Annotated[AnyVerdict | Failure, Field(discriminator="kind")]
