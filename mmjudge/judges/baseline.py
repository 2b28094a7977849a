"""Judges that know nothing, for comparison, and one that knows everything, for tests."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self, get_args

from mmjudge.errors import JudgeError, unknown
from mmjudge.judges import baseline_lists
from mmjudge.judges.base import (
    EVERY_PROTOCOL,
    OF_SCORERS,
    Judge,
    JudgeContext,
    MediaMap,
    check_protocol,
    take_options,
)
from mmjudge.protocols.grammars import NUMBERED
from mmjudge.types import (
    Failure,
    Gold,
    Item,
    JudgeCard,
    Parts,
    Preference,
    PreferenceValue,
    ProtocolName,
    Question,
    Ranking,
    Reply,
    Request,
    Score,
)

SUMMARIES = {
    "random": "A fair coin, seeded: any option, level, ranking, answer or type of error.",
    "first": "Always the candidate shown first; the first answer to a question, correct of steps.",
    "second": "Always the one shown second; the last of a ranking or of answers, error types.",
    "longest": "The candidate with the longest text.",
    "shortest": "The candidate with the shortest text.",
    "constant": "Always a tie, the middle of the scale, all equal; or the option `value`.",
    "oracle": "The gold itself: for tests, the upper end of every measure. To a checklist with a "
    "score as gold, as many wanted answers as come nearest to it.",
}
LOOKING = ("longest", "shortest")
"""Baselines whose answers depend on what the candidates say."""

_DEFAULTS: dict[str, dict[str, Any]] = {"random": {"seed": 0}, "constant": {"value": None}}


class Baseline(Judge):
    """The judge `baseline:NAME`."""

    def __init__(self, name: str, options: Mapping[str, Any], context: JudgeContext) -> None:
        self.card = _card(name, dict(options))
        self.options = options
        self._answer = _ANSWERS.get(name)
        self._gold = _gold(context) if name == "oracle" else {}

    @classmethod
    def open(cls, name: str, options: Mapping[str, Any], context: JudgeContext) -> Self:
        """Make a baseline."""
        if name not in SUMMARIES:
            raise JudgeError(unknown("baseline", name, SUMMARIES))
        judge = f"baseline:{name}"
        taken = take_options(judge, options, _DEFAULTS.get(name, {}))
        check_protocol(judge, context.protocol, _card(name, taken).protocols)
        _check_constant(taken.get("value"), context.protocol)
        return cls(name, taken, context)

    @classmethod
    def catalog(cls) -> Iterable[JudgeCard]:
        """One card a baseline."""
        return [_card(name, _DEFAULTS.get(name, {})) for name in SUMMARIES]

    def judge(self, batch: Sequence[Request], media: MediaMap) -> list[Reply]:
        """Answer at once, without looking at media."""
        if self._answer is None:
            return [self._oracle(request) for request in batch]
        return [self._answer(request, self.options) for request in batch]

    def _oracle(self, request: Request) -> Reply:
        found = self._gold.get((request.item, request.criterion.name))
        if found is None:
            detail = "the item has no gold for this criterion"
            return Reply(error=Failure(reason="unsupported", detail=detail))
        verdict = baseline_lists.by_gold(request, *found)
        if isinstance(verdict, Score):
            # People's mean may lie between two levels of a scale of whole numbers.
            return Reply(scores=(verdict.value,))
        return Reply(verdict=verdict)


def _check_constant(value: object, protocol: ProtocolName) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    word = isinstance(value, bool) or (isinstance(value, str) and bool(value.strip()))
    fits = {
        "pair": value in get_args(PreferenceValue),
        "score": number,
        "checklist": word,
        "steps": word,
    }
    if value is not None and not fits.get(protocol, False):
        wanted = {
            "pair": " or ".join(get_args(PreferenceValue)),
            "score": "a number",
            "checklist": "an answer in words",
            "steps": "correct or a type of error",
        }
        raise JudgeError(
            f"judge baseline:constant: option value for {protocol} must be "
            f"{wanted.get(protocol, 'left out')}, found {value!r}"
        )


def _card(name: str, params: dict[str, Any]) -> JudgeCard:
    return JudgeCard(
        name=f"baseline:{name}",
        summary=SUMMARIES[name],
        params=params,
        protocols=OF_SCORERS if name in LOOKING else EVERY_PROTOCOL,
        looks=name in LOOKING,
        lookup=name == "oracle",
        batch_size=256,
        scale="own" if name in LOOKING else "task",
    )


def _gold(
    context: JudgeContext,
) -> dict[tuple[str, str], tuple[Gold, tuple[Question, ...]]]:
    """The gold of each item and criterion, with the questions that it is about."""
    return {
        (item.id, criterion): (gold, item.checklists.get(criterion, ()))
        for item in context.task.load(context.protocol)
        if isinstance(item, Item)
        for criterion, gold in item.gold.items()
    }


def _uniform(request: Request, seed: int, salt: str = "") -> float:
    """A number in [0, 1) that depends on what is shown, never on ids, and on the draw."""
    shown = [_shown(c.parts) for c in request.candidates]
    facts = repr((seed, salt, request.criterion.name, _shown(request.prompt), shown, request.draw))
    digest = hashlib.sha256(facts.encode()).digest()
    return int.from_bytes(digest[:7]) / 2**56


def _shown(parts: Parts) -> tuple[str, ...]:
    return tuple(p if isinstance(p, str) else p.content for p in parts)


def _random(request: Request, options: Mapping[str, Any]) -> Reply:
    seed = int(options["seed"])
    match request.protocol:
        case "pair":
            allowed = request.criterion.options
            choice = allowed[int(_uniform(request, seed) * len(allowed))]
            return Reply(verdict=_from_slots(request, Preference(value=choice)))
        case "score":
            return Reply(verdict=Score(value=_level(request, _uniform(request, seed))))
        case "rank":
            n = len(request.candidates)
            return Reply(scores=tuple(_uniform(request, seed, str(slot)) for slot in range(n)))
        case "checklist" | "steps":
            salts = [
                baseline_lists.salt(request, place)
                for place in range(len(baseline_lists.words_of(request)))
            ]
            return baseline_lists.drawn(request, [_uniform(request, seed, s) for s in salts])


def _level(request: Request, share: float) -> float:
    scale = request.criterion.scale
    if scale is None:
        return share
    if not scale.integer:
        return scale.lowest + share * (scale.highest - scale.lowest)
    return scale.lowest + int(share * (scale.highest - scale.lowest + 1))


def _slot(request: Request, descending: bool) -> Reply:
    if request.protocol in NUMBERED:
        return baseline_lists.first(request) if descending else baseline_lists.last(request)
    n = len(request.candidates)
    if request.protocol == "score":
        return Reply(verdict=Score(value=_level(request, 0.0 if descending else 0.999)))
    return Reply(scores=tuple(float(n - s if descending else s) for s in range(n)))


def _by_length(request: Request, sign: int) -> Reply:
    lengths = [sum(len(p) for p in c.parts if isinstance(p, str)) for c in request.candidates]
    return Reply(scores=tuple(float(sign * length) for length in lengths))


def _constant(request: Request, options: Mapping[str, Any]) -> Reply:
    value = options["value"]
    match request.protocol:
        case "pair":
            preference = Preference.model_validate({"value": value or "tie"})
            return Reply(verdict=_from_slots(request, preference))
        case "score":
            return Reply(verdict=Score(value=_level(request, 0.5) if value is None else value))
        case "rank":
            return Reply(verdict=Ranking(ranks=(1.0,) * len(request.candidates)))
        case "checklist" | "steps":
            return baseline_lists.constant(request, options)


def _from_slots(request: Request, shown: Preference) -> Preference:
    """A preference among slots, in item order, as a recorded verdict states it."""
    swapped = {"first": "second", "second": "first"}
    if request.order[0] > request.order[1]:
        return Preference.model_validate({"value": swapped.get(shown.value, shown.value)})
    return shown


_ANSWERS: dict[str, Callable[[Request, Mapping[str, Any]], Reply]] = {
    "random": _random,
    "first": lambda request, _: _slot(request, descending=True),
    "second": lambda request, _: _slot(request, descending=False),
    "longest": lambda request, _: _by_length(request, 1),
    "shortest": lambda request, _: _by_length(request, -1),
    "constant": _constant,
}
