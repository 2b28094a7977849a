"""Requests put to vLLM: in words, or as the probabilities of the options."""

from collections.abc import Sequence
from time import perf_counter
from typing import Any

from mmjudge.judges.base import MediaMap
from mmjudge.judges.hf.chat import ChatForm, Tokens
from mmjudge.judges.hf.generate import Turn, too_long, turn_of
from mmjudge.judges.hf.logits import Answers, Rounds, Wanted, with_question
from mmjudge.judges.hf.options import OptionTokens, Query, shares_of
from mmjudge.judges.hf.questions import Shares
from mmjudge.judges.vllm.engine import Call, Engine
from mmjudge.judges.vllm.prompts import Prompt, neighbours, prompt_of
from mmjudge.types import Failure, Parts, Reply, Request


class Written:
    """Lets the model write its reply.

    Args:
        engine: Where it runs.
        chat: The form in which it is asked.
        max_new_tokens: Where a reply is cut.
        temperature: 0 for the most probable token each time.
        repetition_penalty: That of the model's own generation configuration.
    """

    def __init__(
        self,
        engine: Engine,
        chat: ChatForm,
        max_new_tokens: int,
        temperature: float,
        repetition_penalty: float = 1.0,
    ) -> None:
        self.engine, self.chat = engine, chat
        self.temperature = temperature
        self.params = {
            "max_tokens": max_new_tokens,
            "temperature": temperature,
            "repetition_penalty": repetition_penalty,
        }

    def answer(self, batch: Sequence[Request], media: MediaMap) -> list[Reply]:
        """One reply a request; those that begin alike stand together, equal ones are asked once."""
        begun = perf_counter()
        turns = [turn_of(request, self.temperature) for request in batch]
        asked = self._in_order(turns)
        calls = [self._call(turn, media) for turn in asked]
        outputs = self.engine.outputs(calls, self.chat)
        latency = (perf_counter() - begun) / max(len(asked), 1)
        replies = {
            turn: self._reply(output).model_copy(update={"latency_s": latency})
            for turn, output in zip(asked, outputs, strict=True)
        }
        return [replies[turn] for turn in turns]

    def _in_order(self, turns: Sequence[Turn]) -> list[Turn]:
        seeds: dict[Parts, list[Turn]] = {}
        for turn in dict.fromkeys(turns):
            seeds.setdefault(turn.parts, []).append(turn)
        return [turn for parts in neighbours(seeds) for turn in seeds[parts]]

    def _call(self, turn: Turn, media: MediaMap) -> Call:
        return Call(prompt_of(self.chat, turn.parts, media), {**self.params, "seed": turn.seed})

    def _reply(self, output: Any) -> Reply:
        if isinstance(output, Failure):
            return Reply(error=output)
        read, limit = len(output.prompt_token_ids), self.engine.context - self.params["max_tokens"]
        if read > limit:
            return too_long(read, int(limit))
        (written,) = output.outputs
        return Reply(
            text=written.text,
            finish_reason=written.finish_reason,
            tokens_in=read,
            tokens_out=len(written.token_ids),
        )


class Weighed(Rounds):
    """Reads verdicts from the probabilities of the options: one token, or whole options.

    Args:
        engine: Where the model runs.
        chat: The form in which it is asked.
        ranking: How a ranking is asked, one of `RANKINGS`.
    """

    def __init__(self, engine: Engine, chat: ChatForm, ranking: str) -> None:
        super().__init__(chat, ranking)
        self.engine = engine

    def _answers(self, wanted: Wanted, media: MediaMap) -> Answers:
        queries: dict[Parts, list[tuple[Parts, Query]]] = {}
        for material, some in wanted.items():
            for query in some:
                shown = with_question(material, query.question)
                queries.setdefault(shown, []).append((material, query))
        asked: list[tuple[Parts, Query]] = []
        calls: list[list[Call]] = []
        for parts in neighbours(queries):
            prompt = prompt_of(self.form, parts, media)
            for one in queries[parts]:
                asked.append(one)
                calls.append(option_calls(prompt, self._tokens_of(one[1])))
        outputs = iter(self.engine.outputs([call for sent in calls for call in sent], self.form))
        answers: Answers = {}
        for one, sent in zip(asked, calls, strict=True):
            found = [next(outputs) for _ in sent]
            options = self._tokens_of(one[1])
            answers[one] = option_shares(options, found), _tokens_read(found)
        return answers


def option_calls(prompt: Prompt, options: OptionTokens) -> list[Call]:
    """One call for all options, of which one token is drawn; or one for each, read as a prompt."""
    start = prompt.goes_on(options.lead)
    greedy = {"max_tokens": 1, "temperature": 0.0, "detokenize": False}
    firsts = options.firsts
    if firsts is not None:
        only = {"allowed_token_ids": list(firsts), "logprobs": len(firsts)}
        return [Call(start, greedy | only)]
    return [Call(start.goes_on(tail), greedy | {"prompt_logprobs": 0}) for tail in options.tails]


def option_shares(options: OptionTokens, outputs: Sequence[Any]) -> Shares:
    """The probability of each option among the options, from the outputs of `option_calls`."""
    if lost := [output for output in outputs if isinstance(output, Failure)]:
        return lost[0]
    try:
        if options.firsts is not None:
            (first,) = outputs[0].outputs[0].logprobs
            logs = [first[token].logprob for token in options.firsts]
        else:
            logs = [
                _log_of(tail, output.prompt_logprobs)
                for tail, output in zip(options.tails, outputs, strict=True)
            ]
    except (KeyError, TypeError, ValueError) as error:
        detail = f"vllm gave no log-probability of an option: {type(error).__name__}: {error}"
        return Failure(reason="infra", detail=detail)
    import torch

    return shares_of(torch.tensor(logs, dtype=torch.float64))


def _log_of(tail: Tokens, logprobs: Sequence[Any]) -> float:
    """The log-probability of the last tokens of a prompt after all that stands before them."""
    steps = logprobs[len(logprobs) - len(tail) :]
    return sum(float(step[token].logprob) for token, step in zip(tail, steps, strict=True))


def _tokens_read(outputs: Sequence[Any]) -> int:
    return sum(len(o.prompt_token_ids) for o in outputs if not isinstance(o, Failure))
