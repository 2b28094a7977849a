"""From a reply to a verdict in item order, or to a typed failure; only here slots are undone."""

import math
from collections.abc import Mapping, Sequence

from mmjudge.protocols import checklist, score, steps
from mmjudge.protocols.anchors import spoken_text
from mmjudge.protocols.grammars import NUMBERED, TEXT_PARSERS, read
from mmjudge.types import (
    Answers,
    Failure,
    Grammar,
    Preference,
    PreferenceValue,
    Ranking,
    Reply,
    Request,
    Score,
    Steps,
    Verdict,
    Wording,
)

_OWN_FORM = Grammar()
_KINDS = {
    "pair": Preference,
    "score": Score,
    "rank": Ranking,
    "checklist": Answers,
    "steps": Steps,
}


def parse(request: Request, reply: Reply, wording: Wording | None = None) -> Verdict | Failure:
    """Read a reply, whatever its form, and undo the order in which the candidates were shown.

    A recorded `verdict` is in item order already and is only checked.

    Args:
        request: What was asked.
        reply: What came back.
        wording: How the judge was asked and answers, from its card; None for the suite's own form.
    """
    grammar = wording.reply if wording else _OWN_FORM
    request = on_own_scale(request, wording)
    if reply.error is not None:
        return reply.error
    if reply.verdict is not None:
        return _check_verdict(request, reply.verdict)
    if reply.scores is not None:
        shown = _from_scores(request, reply.scores)
    elif reply.probabilities is not None:
        shown = _from_probabilities(request, reply.probabilities)
    else:
        shown = _from_text(request, reply, grammar)
    return shown if isinstance(shown, Failure) else _to_item_order(request.order, shown)


def on_own_scale(request: Request, wording: Wording | None) -> Request:
    """The request with the judge's own scale in place of the criterion's, where it has one."""
    if wording is None or wording.reply.scale is None:
        return request
    criterion = request.criterion.model_copy(update={"scale": wording.reply.scale})
    return request.model_copy(update={"criterion": criterion})


def _from_text(request: Request, reply: Reply, grammar: Grammar) -> Verdict | Failure:
    if grammar.begun and (reply.text or "").strip():
        reply = reply.model_copy(update={"text": grammar.begun + (reply.text or "")})
    text = spoken_text(reply, request, tags=grammar.at == "answer_tags")
    if isinstance(text, Failure):
        return text
    cut = reply.finish_reason == "length"
    outcome = read(grammar, request, text, cut)
    if isinstance(outcome, tuple):
        return _from_scores(request, outcome)
    if isinstance(outcome, Failure) and outcome.reason == "ambiguous" and cut:
        return Failure(reason="truncated", detail="the token limit came before a verdict")
    return outcome


def _from_scores(request: Request, scores: Sequence[float]) -> Verdict | Failure:
    if request.protocol in NUMBERED:
        detail = f"a score of the candidate answers no {request.protocol}"
        return Failure(reason="unsupported", detail=detail)
    if len(scores) != len(request.candidates) or not all(map(math.isfinite, scores)):
        detail = f"{len(request.candidates)} candidates need as many finite scores, found {scores}"
        return Failure(reason="infra", detail=detail)
    match request.protocol:
        case "pair":
            return Preference(value=_higher(*scores))
        case "score":
            return Score(value=scores[0])
        case _:
            ranks = tuple(1.0 + sum(other > mine for other in scores) for mine in scores)
            return Ranking(ranks=ranks)


def _higher(first: float, second: float) -> PreferenceValue:
    if first == second:
        return "tie"
    return "first" if first > second else "second"


def _from_probabilities(request: Request, options: Mapping[str, float]) -> Verdict | Failure:
    """The most probable option; a score is the expected value over the levels of its scale."""
    if not options or not all(math.isfinite(p) and p >= 0 for p in options.values()):
        return Failure(reason="infra", detail=f"not a distribution over options: {dict(options)}")
    if request.protocol == "score":
        return score.expected(request, options)
    if request.protocol == "checklist":
        return checklist.likeliest(request, options)
    if request.protocol == "steps":
        return Failure(reason="unsupported", detail="steps are not read from probabilities")
    best = max(options.values())
    likely = [option for option, p in options.items() if p == best]
    if len(likely) > 1:
        return Failure(reason="ambiguous", detail=f"equally probable: {sorted(likely)}")
    return TEXT_PARSERS[request.protocol](request, f"[[{likely[0]}]]", False)


def _check_verdict(request: Request, verdict: Verdict) -> Verdict | Failure:
    if not isinstance(verdict, _KINDS[request.protocol]):
        detail = f"a {request.protocol} needs another verdict than a {verdict.kind}"
        return Failure(reason="unsupported", detail=detail)
    match verdict:
        case Score(value=value):
            return score.on_scale(request, value)
        case Ranking(ranks=ranks) if len(ranks) != len(request.candidates):
            detail = f"{len(request.candidates)} candidates, found {len(ranks)} ranks"
            return Failure(reason="not_a_permutation", detail=detail)
        case Answers(answers=answers):
            return checklist.checked(request, answers)
        case Steps(errors=errors):
            return steps.checked(request, errors)
    return verdict


_SWAPPED: dict[PreferenceValue, PreferenceValue] = {"first": "second", "second": "first"}


def _to_item_order(order: tuple[int, ...], shown: Verdict) -> Verdict:
    match shown:
        case Preference(value=value) if order[0] > order[1]:
            return Preference(value=_SWAPPED.get(value, value))
        case Ranking(ranks=ranks):
            undone = [0.0] * len(order)
            for slot, place in enumerate(order):
                undone[place] = ranks[slot]
            return Ranking(ranks=tuple(undone))
    return shown
