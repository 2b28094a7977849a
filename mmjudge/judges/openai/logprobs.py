"""Verdicts from the log-probabilities of an answer's tokens, where a server gives them.

The judge is asked for its verdict at once. Where the token stands that settles it, the server names
the likeliest alternatives; the probability of an option is that of the tokens that begin it.
"""

import math
import re
from collections.abc import Sequence

from mmjudge.judges.openai.client import Answer, Token
from mmjudge.types import Failure

UNSETTLED = 0.05
"""Share that may lie on tokens that begin several options, as 1 begins 1 and 10."""

LEAST = 0.01
"""Probability that the options must have together: below it the judge was about to say other."""

_LEAD = re.compile(
    r"[\s*_#>-]*((?:final\s+)?(?:verdict|score|ranking|answer(?:\s\d{1,4})?)[\s*_]*[:=]?[\s*_]*)?(\[\[\s*)?",
    re.I,
)


def option_shares(answer: Answer, options: Sequence[str]) -> list[float] | Failure:
    """The probability of each option among the options.

    An option that is not among the alternatives that the server named counts as 0.

    Args:
        answer: With its tokens.
        options: What the verdict may be.

    Returns:
        Shares that add up to 1, or why there are none.
    """
    if answer.tokens is None:
        detail = (
            "the server gives no top_logprobs, which mode=logits needs; ask with mode=generate, "
            "or of a server that gives them"
        )
        return Failure(reason="unsupported", detail=detail)
    start = _start(answer.text, options)
    if start is None:
        return _no_verdict(answer)
    masses = [0.0] * len(options)
    unsettled = _spread(answer, start, options, masses)
    total = sum(masses)
    if total + unsettled < LEAST:
        return _no_verdict(answer)
    if unsettled > UNSETTLED * (total + unsettled):
        detail = (
            f"{unsettled:.0%} of the probability lies on tokens that begin several options; "
            "ask with mode=generate"
        )
        return Failure(reason="unsupported", detail=detail)
    return [mass / total for mass in masses]


def _no_verdict(answer: Answer) -> Failure:
    if answer.finish_reason == "content_filter":
        return Failure(reason="refused", detail="the backend's content filter")
    if not answer.text.strip():
        return Failure(reason="empty", detail="no text")
    said = " ".join(answer.text.split())[:120]
    return Failure(reason="ambiguous", detail=f"the answer does not begin with a verdict: {said}")


def _start(text: str, options: Sequence[str]) -> int | None:
    """Where the verdict begins: after its label or its brackets, or at once if it stands alone."""
    lead = _LEAD.match(text)
    if lead and (lead[1] or lead[2]):
        return lead.end()
    alone = text.strip().strip(".*_").casefold()
    return len(text) - len(text.lstrip(" \n*_")) if alone in map(str.casefold, options) else None


def _spread(answer: Answer, start: int, options: Sequence[str], masses: list[float]) -> float:
    """Add the probability of each option to `masses`; return what no option can be given.

    From the token that begins the verdict on, each place shares out what the text so far left
    open: what an alternative says fits one option, or several: then the chosen one goes on.
    """
    before, left, unsettled = "", 1.0, 0.0
    for token in answer.tokens or ():
        after = before + token.text
        if len(after) > start:
            going_on, lost = 0.0, 0.0
            for text, logprob in token.top:
                fits = _fitting(_said(before, token, text, start), options)
                share = left * math.exp(logprob) if fits else 0.0
                if len(fits) == 1:
                    masses[fits[0]] += share
                elif text == token.text:
                    going_on += share
                else:
                    lost += share
            left, unsettled = going_on, unsettled + lost
            if not going_on:
                return unsettled
        before = after
    said = before[start:].strip().casefold()
    whole = [place for place, option in enumerate(options) if option.casefold() == said]
    if whole and answer.finish_reason == "stop":
        masses[whole[0]] += left
        return unsettled
    return unsettled + left


def _said(before: str, chosen: Token, text: str, start: int) -> str:
    """What an alternative says of the verdict, without what leads to it; empty if nothing."""
    if len(before) >= start:
        return before[start:] + text
    lead = chosen.text[: start - len(before)]
    if "[[" in lead:
        return text.partition("[[")[2]
    return text[len(lead) :] if text.startswith(lead) else "" if lead.strip() else text


def _fitting(said: str, options: Sequence[str]) -> list[int]:
    """The options that a text may be the beginning of; one alone when it is followed by a mark."""
    said = said.lstrip().casefold()
    if not said:
        return []
    fits = []
    for place, option in enumerate(map(str.casefold, options)):
        rest = said.removeprefix(option)
        if rest and rest != said and not re.match(r"[\w=<>.,/]", rest):
            return [place]
        if option.startswith(said):
            fits.append(place)
    return fits
