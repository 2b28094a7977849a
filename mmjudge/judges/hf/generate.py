"""Verdicts in the model's own words: batched generation, a draw that no neighbour changes."""

import hashlib
from collections.abc import Sequence
from time import perf_counter
from typing import Any, NamedTuple

from mmjudge.judges.base import NO_WORDINGS, MediaMap, Wordings
from mmjudge.judges.hf.chat import Chat, Conversation
from mmjudge.judges.hf.passes import chunks, free_memory, too_much
from mmjudge.protocols import Message, on_own_scale, render
from mmjudge.types import Failure, Media, Parts, Reply, Request

MEDIUM_TOKENS = 256
"""About what a medium adds to a row; only the order of the rows depends on it."""


class Turn(NamedTuple):
    """What is shown, and the seed of the draw (None: the most probable token each time)."""

    messages: tuple[Message, ...]
    seed: int | None

    @property
    def parts(self) -> Parts:
        """All that is shown, in order."""
        return tuple(part for message in self.messages for part in message.parts)


def turn_of(request: Request, temperature: float, wordings: Wordings = NO_WORDINGS) -> Turn:
    """What a request shows; its seed depends on that and on the draw, and on nothing else."""
    wording = wordings.get(request.protocol)
    messages = tuple(render(on_own_scale(request, wording), wording=wording))
    if temperature == 0:
        return Turn(messages, None)
    shown = messages[0].parts if len(messages) == 1 else messages
    facts = repr((shown, request.draw)).encode("utf-8", "surrogatepass")
    return Turn(messages, int.from_bytes(hashlib.sha256(facts).digest()[:7]))


class Generator:
    """Lets the model write its reply.

    Args:
        chat: The model.
        max_new_tokens: Where a reply is cut.
        temperature: 0 for the most probable token each time.
        batch_size: Rows at a time.
        wordings: How it is asked, where it has a form of its own.
    """

    def __init__(
        self,
        chat: Chat,
        max_new_tokens: int,
        temperature: float,
        batch_size: int,
        wordings: Wordings = NO_WORDINGS,
    ) -> None:
        self.chat = chat
        self.wordings = wordings
        self.max_new_tokens = max_new_tokens
        self.temperature = temperature
        self.batch_size = batch_size

    def answer(self, batch: Sequence[Request], media: MediaMap) -> list[Reply]:
        """One reply a request; rows of like length stand together, equal ones are asked once."""
        turns = [turn_of(request, self.temperature, self.wordings) for request in batch]
        conversations = {
            turn: self.chat.turns(turn.messages, media) for turn in dict.fromkeys(turns)
        }

        def company(turn: Turn) -> str:
            return self.chat.company(conversations[turn])

        order = sorted(conversations, key=lambda turn: self._length(turn, conversations[turn]))
        replies: dict[Turn, Reply] = {}
        for chunk in chunks(order, self.batch_size, company):
            asked = [conversations[turn] for turn in chunk]
            replies.update(zip(chunk, self._some(chunk, asked), strict=True))
        return [replies[turn] for turn in turns]

    def _length(self, turn: Turn, conversation: Conversation) -> int:
        media = sum(isinstance(part, Media) for part in turn.parts)
        return len(self.chat.tokens(conversation)) + MEDIUM_TOKENS * media

    def _some(self, turns: Sequence[Turn], asked: Sequence[Conversation]) -> list[Reply]:
        """One batch, or two halves where it does not fit, down to one row alone."""
        try:
            return self._batch(turns, asked)
        except Exception as error:
            lost = too_much(error)
            if lost is None:
                raise
        free_memory()
        if len(turns) == 1:
            return [Reply(error=lost)]
        half = len(turns) // 2
        return self._some(turns[:half], asked[:half]) + self._some(turns[half:], asked[half:])

    def _batch(self, turns: Sequence[Turn], asked: Sequence[Conversation]) -> list[Reply]:
        if not asked:
            return []
        begun = perf_counter()
        inputs = self.chat.inputs(asked, side="left")
        limit = self.chat.loaded.context - self.max_new_tokens
        fits = [len(row) <= limit for row in inputs.rows]
        if not all(fits):
            kept = [i for i, fit in enumerate(fits) if fit]
            some = iter(self._batch([turns[i] for i in kept], [asked[i] for i in kept]))
            return [
                next(some) if fit else too_long(len(row), limit)
                for row, fit in zip(inputs.rows, fits, strict=True)
            ]
        written = self._write(turns, inputs.tensors | inputs.media)
        latency = (perf_counter() - begun) / len(turns)
        return [
            self._reply(ids, len(row), latency)
            for ids, row in zip(written, inputs.rows, strict=True)
        ]

    def _write(self, turns: Sequence[Turn], inputs: dict[str, Any]) -> list[list[int]]:
        import torch

        seeds = [turn.seed for turn in turns if turn.seed is not None]
        noise = [SeededDraw(seeds, self.temperature)] if seeds else []
        with torch.inference_mode():
            out = self.chat.loaded.model.generate(
                **inputs,
                max_new_tokens=self.max_new_tokens,
                do_sample=False,
                temperature=None,
                top_p=None,
                top_k=None,
                pad_token_id=self._pad,
                logits_processor=noise,
            )
        rows: list[list[int]] = out[:, inputs["input_ids"].shape[1] :].tolist()
        return rows

    @property
    def _pad(self) -> int:
        found = self.chat.tokenizer.pad_token_id
        return int(found if found is not None else min(self._ends, default=0))

    @property
    def _ends(self) -> set[int]:
        """Tokens after which a reply is over."""
        ends = self.chat.loaded.model.generation_config.eos_token_id
        many = ends if isinstance(ends, list) else [ends]
        return {int(end) for end in [*many, self.chat.tokenizer.eos_token_id] if end is not None}

    def _reply(self, ids: list[int], read: int, latency_s: float) -> Reply:
        end = next((i for i, token in enumerate(ids) if token in self._ends), None)
        kept = ids if end is None else ids[:end]
        return Reply(
            text=self.chat.tokenizer.decode(kept, skip_special_tokens=True),
            finish_reason="length" if end is None else "stop",
            tokens_in=read,
            tokens_out=len(kept) + (end is not None),
            latency_s=latency_s,
        )


class SeededDraw:
    """Makes the most probable token a random draw, from a stream of its own for each row.

    The largest of logits / temperature + Gumbel noise is a draw from their softmax. With a stream
    a row, a reply depends on its own seed and not on what else is in the batch.

    Args:
        seeds: One a row.
        temperature: Above 0.
    """

    def __init__(self, seeds: Sequence[int], temperature: float) -> None:
        import torch

        self.temperature = temperature
        self.streams = [torch.Generator().manual_seed(seed) for seed in seeds]

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Scores of shape (rows, vocabulary) with noise added."""
        import torch

        drawn = [torch.rand(scores.shape[-1], generator=s).clamp_min(1e-20) for s in self.streams]
        gumbel = -torch.log(-torch.log(torch.stack(drawn).clamp_max(1 - 1e-7)))
        return scores.float() / self.temperature + gumbel.to(scores.device)


def too_long(length: int, limit: int) -> Reply:
    """The reply to a prompt of `length` tokens where beside the reply there is room for `limit`."""
    detail = f"{length} tokens to read; beside the reply the model takes {limit}"
    if limit <= 0:
        detail = (
            f"{length} tokens to read, and a reply of max_new_tokens leaves no room for them; "
            "lower -J max_new_tokens=N, or read the options' probabilities with -J mode=logits"
        )
    return Reply(error=Failure(reason="unsupported", detail=detail))
