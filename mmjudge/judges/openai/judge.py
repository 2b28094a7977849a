"""Any OpenAI-compatible chat-completions endpoint as a judge: `openai:MODEL`."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from time import perf_counter
from typing import Any, Self

from mmjudge.errors import JudgeError, MissingExtraError
from mmjudge.judges.base import NO_WORDINGS, Judge, JudgeContext, MediaMap, Take, Wordings
from mmjudge.judges.hf.questions import Shares, asking, check_mode, protocols_of
from mmjudge.judges.openai.calls import (
    GRACE_S,
    Breaker,
    Calls,
    Crew,
    Job,
    Outcome,
    Patience,
    no_answer,
)
from mmjudge.judges.openai.client import (
    Answer,
    Channel,
    Conversation,
    RejectedError,
    RetryableError,
)
from mmjudge.judges.openai.endpoint import Endpoint, read_endpoint
from mmjudge.judges.openai.logprobs import option_shares
from mmjudge.judges.openai.messages import Form, Writer, is_text, response_format, shown
from mmjudge.judges.openai.options import (
    BATCHES,
    DEFAULTS,
    Prices,
    read_modalities,
    read_options,
    read_prices,
    read_sampling,
    shaping,
)
from mmjudge.protocols import on_own_scale, render_parts
from mmjudge.protocols.render import Message
from mmjudge.types import Failure, JudgeCard, Parts, Reply, Request

SUMMARY = "A model behind an OpenAI-compatible endpoint: its words, or its log-probabilities."

VERDICT_TOKENS = 24
"""Tokens of an answer in mode=logits: a verdict without reasons is no longer."""

_LIBRARIES = ("openai", "stamina")


@dataclass
class _Tally:
    """What the calls of one request used; tokens None as soon as an answer does not say."""

    begun: int = 0
    calls: int = 0
    tokens_in: int | None = 0
    tokens_out: int | None = 0
    latency_s: float = 0.0

    def add(self, answer: Answer, latency_s: float) -> None:
        self.calls += 1
        self.latency_s += latency_s
        self.tokens_in = _sum(self.tokens_in, answer.tokens_in)
        self.tokens_out = _sum(self.tokens_out, answer.tokens_out)

    def facts(self, prices: Prices | None) -> dict[str, Any]:
        """The fields of a reply."""
        if not self.calls:
            return {}
        facts = {"tokens_in": self.tokens_in, "tokens_out": self.tokens_out}
        known = prices and self.tokens_in is not None and self.tokens_out is not None
        cost = prices.of(self.tokens_in or 0, self.tokens_out or 0) if prices and known else None
        return {**facts, "latency_s": self.latency_s, "cost_usd": cost}


def _sum(before: int | None, more: int | None) -> int | None:
    return None if before is None or more is None else before + more


class OpenAI(Judge):
    """The judge `openai:MODEL`; it streams, so what was answered is stored whatever comes after.

    Args:
        model: What the server calls the model.
        options: All options, as `read_options` gives them.
        endpoint: The server.
        wordings: How it is asked, where it has a form of its own.
    """

    takes_wordings = True

    def __init__(
        self,
        model: str,
        options: Mapping[str, Any],
        endpoint: Endpoint,
        wordings: Wordings = NO_WORDINGS,
    ) -> None:
        self.model, self.options, self.endpoint = model, options, endpoint
        self.wordings = wordings
        self.form = Form(options["image"], options["video"], options["detail"])
        self.prices = read_prices(options)
        patience = Patience(options["attempts"], options["give_up_s"], options["wait_s"])
        self.calls = Calls(patience)
        self.breaker = Breaker(options["breaker"])
        named = options["endpoint"] or endpoint.name
        self.card = _card(model, options).model_copy(update={"params": shaping(options, named)})

    @classmethod
    def open(cls, name: str, options: Mapping[str, Any], context: JudgeContext) -> Self:
        """Read options and key; the server is not asked yet."""
        if not name:
            raise JudgeError("judge openai: needs a model, as its server calls it: openai:MODEL")
        judge = f"openai:{name}"
        for library in _LIBRARIES:
            if find_spec(library) is None:
                raise MissingExtraError(f"judge {judge}", library, "api")
        taken = read_options(judge, options)
        _check_wordings(judge, taken, context)
        check_mode(judge, taken["mode"], context.protocol)
        endpoint = read_endpoint(judge, taken["base_url"], taken["api_key_env"])
        return cls(name, taken, endpoint, context.wordings)

    @classmethod
    def catalog(cls) -> Iterable[JudgeCard]:
        """One card for all models: which there are, each server knows."""
        return [_card("MODEL", DEFAULTS).model_copy(update={"params": DEFAULTS})]

    def judge(self, batch: Sequence[Request], media: MediaMap) -> list[Reply]:
        """Answer a batch."""
        replies: dict[int, Reply] = {}

        def take(place: int, reply: Reply) -> bool:
            replies[place] = reply
            return True

        self.stream(batch, media, take)
        return [replies[place] for place in range(len(batch))]

    def stream(self, batch: Sequence[Request], media: MediaMap, take: Take) -> None:
        """Answer a batch, handing on each reply at once.

        Failures of the endpoint are held back until another request is answered: if none is, the
        endpoint is given up, and they count as not asked.
        """
        crew = Crew(self.options["concurrency"], self._work(batch, Writer(media, self.form)))
        self.calls.over = False
        held: list[tuple[int, Reply]] = []
        stop: BaseException | None = None
        with closing(crew.run(len(batch))) as ended:
            for place, outcome, _ in ended:
                problem = self._noted(place, outcome, held)
                if problem is not None:
                    held.clear()
                    stop = stop or problem
                    self.calls.over = True
                    crew.cancel(GRACE_S)
                elif not self.breaker.streak and not _handed_on(held, take):
                    crew.no_more()
        if stop is not None:
            raise stop
        _handed_on(held, take)

    def _noted(
        self, place: int, outcome: Outcome | BaseException, held: list[tuple[int, Reply]]
    ) -> BaseException | None:
        """Hold a reply until it is known whether the endpoint works; say why it does not."""
        if isinstance(outcome, BaseException):
            return outcome
        bad = self.breaker.counts(outcome)
        if not (bad and self.calls.over):
            held.append((place, outcome.reply))
        return self._given_up(outcome.reply) if self.breaker.open else None

    def _given_up(self, last: Reply) -> JudgeError:
        self.breaker.streak = 0
        detail = last.error.detail if last.error else ""
        return JudgeError(
            f"judge {self.card.name}: {self.breaker.limit} requests in a row failed at "
            f"{self.endpoint.name}, so it is given up; the last one: {detail}. "
            "Those of them that are not stored are asked again when the run goes on"
        )

    def _work(
        self, batch: Sequence[Request], writer: Writer
    ) -> Callable[[Callable[[Job], Awaitable[None]]], Awaitable[None]]:
        async def work(run_all: Callable[[Job], Awaitable[None]]) -> None:
            async with Channel(self.endpoint, self.model, self.options["timeout_s"]) as channel:
                await run_all(lambda place: self._reply(channel, writer, batch[place]))

        return work

    async def _reply(self, channel: Channel, writer: Writer, request: Request) -> Outcome:
        tally = _Tally()
        answer = self._generated if self.options["mode"] == "generate" else self._weighed
        try:
            reply = await answer(_Line(self, channel, writer, tally), request)
        except RetryableError as error:
            reply = Reply(error=no_answer(error))
        except RejectedError as error:
            reply = Reply(error=error.failure)
        return Outcome(reply.model_copy(update=tally.facts(self.prices)), tally.begun > 0)

    async def _generated(self, line: "_Line", request: Request) -> Reply:
        """The model's own words."""
        fields = self._fields(request)
        structured = self.options["structured"] == "json_schema"
        if self.options["max_tokens"] is not None:
            fields[self.options["limit_field"]] = self.options["max_tokens"]
        if structured:
            fields["response_format"] = response_format(request)
        wording = self.wordings.get(request.protocol)
        answer = await line.ask(shown(on_own_scale(request, wording), structured, wording), fields)
        if answer.refusal:
            failure = Failure(reason="refused", detail=" ".join(answer.refusal.split())[:300])
            return Reply(text=answer.refusal, finish_reason=answer.finish_reason, error=failure)
        return Reply(text=answer.text, finish_reason=answer.finish_reason)

    async def _weighed(self, line: "_Line", request: Request) -> Reply:
        """The probabilities of the verdicts, over as many questions as the protocol needs."""
        material = render_parts(request, reasons=False).material
        fields = self._fields(request)
        fields |= {self.options["limit_field"]: VERDICT_TOKENS, "logprobs": True}
        fields |= {"top_logprobs": self.options["top_logprobs"]}
        rounds = asking(request, "wins")
        try:
            queries = next(rounds)
            while True:
                found: list[Shares] = []
                for query in queries:
                    answer = await line.ask([_asked(material, query.question)], fields)
                    found.append(option_shares(answer, query.options))
                queries = rounds.send(found)
        except StopIteration as end:
            reply: Reply = end.value
            return reply

    def _fields(self, request: Request) -> dict[str, Any]:
        """What every request's body has beside model and messages."""
        fields: dict[str, Any] = dict(self.options["extra"])
        if self.options["temperature"] is not None:
            fields["temperature"] = self.options["temperature"]
        if self.options["seed"] is not None:
            fields["seed"] = self.options["seed"] + request.draw
        return fields


@dataclass
class _Line:
    """Calls for one request: written, repeated where that helps, and counted."""

    judge: OpenAI
    channel: Channel
    writer: Writer
    tally: _Tally

    async def ask(self, turns: Sequence[Message], fields: Mapping[str, Any]) -> Answer:
        messages = await self._written(turns)

        async def once() -> Answer:
            self.tally.begun += 1
            begun = perf_counter()
            answer = await self.channel.ask(messages, fields)
            self.tally.add(answer, perf_counter() - begun)
            return answer

        return await self.judge.calls.patiently(once)

    async def _written(self, turns: Sequence[Message]) -> Conversation:
        if all(is_text(turn.parts) for turn in turns):
            return self.writer.conversation(turns)
        return await asyncio.to_thread(self.writer.conversation, turns)


def _check_wordings(judge: str, options: Mapping[str, Any], context: JudgeContext) -> None:
    """Refuse a form of the judge's own that an endpoint cannot be asked in."""
    wording = context.wordings.get(context.protocol)
    if wording is None:
        return
    if options["mode"] != "generate" or options["structured"] != "none":
        raise JudgeError(f"judge {judge}: a family needs mode=generate and structured=none here")
    if wording.reply.begun:
        raise JudgeError(
            f"judge {judge}: this family begins the judge's turn with {wording.reply.begun!r}, "
            "which a chat endpoint does not take; run it with -J base=hf"
        )


def _handed_on(held: list[tuple[int, Reply]], take: Take) -> bool:
    """Hand on all that is held; whether more is wanted."""
    wanted = [take(place, reply) for place, reply in held]
    held.clear()
    return all(wanted)


def _asked(material: Parts, question: str) -> Message:
    if material and isinstance(material[-1], str):
        return Message("user", (*material[:-1], material[-1] + question))
    return Message("user", (*material, question))


def _card(model: str, options: Mapping[str, Any]) -> JudgeCard:
    return JudgeCard(
        name=f"openai:{model}",
        summary=SUMMARY,
        modalities=read_modalities(f"openai:{model}", options["modalities"]),
        needs=("api",),
        media=True,
        sampling=read_sampling(options),
        protocols=protocols_of(options["mode"]),
        batch_size=options["batch_size"] or BATCHES * options["concurrency"],
        priced=options["price_in"] is not None,
    )
