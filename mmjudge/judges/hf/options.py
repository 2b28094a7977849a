"""What a judge may answer, as tokens: the first that tells the options apart, or all of them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from mmjudge.judges.hf.chat import ChatForm, Tokens
from mmjudge.judges.hf.packing import Branch, common
from mmjudge.types import Failure


class Query(NamedTuple):
    """One question about an item, and the answers that are compared.

    The judge's turn begins with `anchor`; `closing` is what follows an option there.
    """

    question: str
    anchor: str
    options: tuple[str, ...]
    closing: str = "]]"


class OptionTokens(NamedTuple):
    """The options after the words that they share.

    `lead`: the tokens from the start of the judge's turn to where the options part. `tails`: the
    rest of each. Where the first tokens differ, the probabilities of these say it all; else whole
    tails are compared, each up to what closes it, so that none is the beginning of another.
    """

    lead: Tokens
    tails: tuple[Tokens, ...]

    @property
    def firsts(self) -> tuple[int, ...] | None:
        """The distinguishing token of each option, or None if one does not tell them apart."""
        firsts = tuple(tail[0] for tail in self.tails if tail)
        return firsts if len(set(firsts)) == len(self.tails) else None

    def branches(self, question: Tokens) -> tuple[Branch, ...]:
        """One branch for all options, or one for each."""
        start = question + self.lead
        if self.firsts is not None:
            return (Branch(start),)
        return tuple(Branch(start + tail[:-1], reads=len(tail)) for tail in self.tails)

    def probabilities(self, reads: Sequence[Any]) -> list[float] | Failure:
        """The probability of each option among the options, from the logits of `branches`."""
        import torch

        if lost := [read for read in reads if isinstance(read, Failure)]:
            return lost[0]
        if self.firsts is None and len(reads) != len(self.tails):
            detail = "no single token tells the options apart, which share=causal needs"
            return Failure(reason="unsupported", detail=detail)
        if self.firsts is not None:
            logits = reads[0][-1][list(self.firsts)]
        else:
            logits = torch.stack(
                [
                    read.log_softmax(-1).gather(-1, torch.tensor(tail)[:, None]).sum()
                    for read, tail in zip(reads, self.tails, strict=True)
                ]
            )
        return shares_of(logits)


def shares_of(logits: Any) -> list[float] | Failure:
    """The probability of each option among the options.

    Args:
        logits: A tensor of shape (options,): logits or log-probabilities, up to a constant.
    """
    import torch

    shares = logits.double().softmax(-1)
    if not bool(torch.isfinite(shares).all()):
        return Failure(reason="infra", detail="the model's logits are not finite numbers")
    return [float(share) for share in shares]


def option_tokens(chat: ChatForm, query: Query) -> OptionTokens:
    """The options of a query as the tokenizer cuts them."""
    rows = [chat.text(query.anchor + option + query.closing) for option in query.options]
    shared = min(common(rows), *(len(row) - 1 for row in rows))
    return OptionTokens(rows[0][:shared], tuple(row[shared:] for row in rows))
