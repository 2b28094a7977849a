"""What a judge is, how a scorer becomes one, and how a spec names one."""

import hashlib
import inspect
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, Protocol, Self, get_args, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mmjudge.cards import read_card, top_fields
from mmjudge.errors import JudgeError
from mmjudge.media import Decoded
from mmjudge.registry import JUDGES, registry
from mmjudge.task import Task
from mmjudge.types import (
    Failure,
    JudgeCard,
    Media,
    Parts,
    Preference,
    ProtocolName,
    Record,
    Reply,
    Request,
    Wording,
)

MediaMap = Mapping[Media, Decoded]
Wordings = Mapping[ProtocolName, Wording]

NO_WORDINGS: Wordings = MappingProxyType({})

EVERY_PROTOCOL: tuple[ProtocolName, ...] = get_args(ProtocolName)
OF_SCORERS: tuple[ProtocolName, ...] = ("pair", "score", "rank")
"""What can be made of one number for each candidate."""


class JudgeContext(NamedTuple):
    """What a judge may know when it is opened: the task, for recordings and the oracle alone.

    `wordings`: how it shall ask, for a model that was trained on a form of its own.
    """

    task: Task
    protocol: ProtocolName
    folder: Path = Path()
    wordings: Wordings = NO_WORDINGS


class Judge(ABC):
    """Answers requests; a subclass needs `judge` alone.

    Name it as `file.py:MyJudge`, pass an object of it to `mmjudge.run`, or register the class as a
    `mmjudge.judges` entry point. Without a `card` of its own it is a judge of texts.
    """

    card: JudgeCard
    takes_wordings: ClassVar[bool] = False
    """Whether it asks by the `wordings` of its context; only such a kind can carry a family."""
    protocols: ClassVar[tuple[ProtocolName, ...]] = EVERY_PROTOCOL
    """What it can be asked at all: it is not even opened for other protocols."""

    @classmethod
    def open(cls, name: str, options: Mapping[str, Any], context: JudgeContext) -> Self:
        """Make the judge that `kind:name` and its options ask for.

        Unless a subclass says otherwise, the options are the keywords of its constructor, and all
        of them stand in the card.

        Raises:
            JudgeError: There is no such judge, or an option does not fit.
        """
        if name:
            raise JudgeError(f"judge {cls.__name__}: takes no name, found {name!r}")
        taken = constructor_options(cls, options)
        judge = cls(**taken)
        card = described(judge)
        judge.card = card.model_copy(update={"params": {**taken, **card.params}})
        return judge

    @classmethod
    def catalog(cls) -> Iterable[JudgeCard]:
        """Cards of what this kind offers, for `mmjudge judges`; loads nothing heavy."""
        return [described(cls)]

    def knows(self, request: Request) -> bool:
        """Whether it can have an answer: a recording has none to what was not recorded."""
        return True

    @abstractmethod
    def judge(self, batch: Sequence[Request], media: MediaMap) -> list[Reply]:
        """Answer a batch: one reply a request, in the same order.

        Args:
            batch: The requests, at most `card.batch_size`.
            media: Decoded media of the batch, if the card asks for media; empty otherwise.

        Raises:
            JudgeError: Nothing can be answered at all (a wrong key, say): the run stops, and can
                be resumed. Whatever befalls one request alone is a `Reply` with `error`.
        """


Take = Callable[[int, Reply], bool]
"""Takes the reply to the request at a place of the batch; says whether further ones are wanted."""


@runtime_checkable
class Streaming(Protocol):
    """A judge that gives each reply as soon as it has it, so that none is lost when a run stops."""

    def stream(self, batch: Sequence[Request], media: MediaMap, take: Take) -> None:
        """Answer a batch, in any order, each request at most once.

        When `take` says that no more is wanted, requests under way are finished and no other is
        begun; what is left unanswered is asked when the run goes on.

        Args:
            batch: The requests, at most `card.batch_size`.
            media: As in `judge`.
            take: Called in the calling thread.

        Raises:
            JudgeError: As in `judge`; what was taken before stays answered.
        """


class Scorer(Protocol):
    """Gives a number to one answer to a prompt: CLIP-style scorers, reward models.

    It may have a `card`; without one it is a scorer of texts.
    """

    def score(self, pairs: Sequence[tuple[Parts, Parts]], media: MediaMap) -> NDArray[np.float64]:
        """Scores of (prompt, answer) pairs, shape (n,), higher is better."""
        ...


@runtime_checkable
class Refusing(Protocol):
    """A scorer that can say beforehand what it cannot score."""

    def problem(self, prompt: Parts, answer: Parts) -> Failure | None:
        """Why an answer cannot be scored, or None."""
        ...


class LiftedScorer:
    """A scorer as a judge of pairs, scores and rankings: each candidate is scored on its own.

    A request that the scorer cannot score fails alone. A pair whose scores lie within the card's
    parameter `tie_within` is a tie; the reply keeps the scores. Scores and rankings know no such
    threshold: to lie close together is not transitive.
    """

    def __init__(self, scorer: Scorer, card: JudgeCard | None = None) -> None:
        self.scorer = scorer
        self.card = card or described(scorer)

    def judge(self, batch: Sequence[Request], media: MediaMap) -> list[Reply]:
        """One score for each slot of each request."""
        problems = [self._problem(request) for request in batch]
        pairs = [
            (request.prompt, candidate.parts)
            for request, problem in zip(batch, problems, strict=True)
            if problem is None
            for candidate in request.candidates
        ]
        scores = iter(self._scores(pairs, media) if pairs else ())
        return [
            self._reply(request, tuple(next(scores) for _ in request.candidates))
            if problem is None
            else Reply(error=problem)
            for request, problem in zip(batch, problems, strict=True)
        ]

    def _problem(self, request: Request) -> Failure | None:
        if not isinstance(self.scorer, Refusing):
            return None
        problem = self.scorer.problem
        found = (problem(request.prompt, candidate.parts) for candidate in request.candidates)
        return next(filter(None, found), None)

    def _scores(self, pairs: Sequence[tuple[Parts, Parts]], media: MediaMap) -> list[float]:
        """What the scorer gave, if it is as many numbers as were asked for."""
        given = np.asarray(self.scorer.score(pairs, media), dtype=np.float64)
        if given.shape != (len(pairs),):
            raise JudgeError(
                f"judge {self.card.name}: score() gave an array of shape {given.shape} for "
                f"{len(pairs)} answers; one number for each is needed, shape ({len(pairs)},)"
            )
        return [float(score) for score in given]

    def _reply(self, request: Request, scores: tuple[float, ...]) -> Reply:
        if odd := [score for score in scores if not math.isfinite(score)]:
            return Reply(error=Failure(reason="infra", detail=f"score() gave {odd[0]}"))
        close = float(self.card.params.get("tie_within", 0.0))
        if request.protocol == "pair" and close and abs(scores[0] - scores[1]) <= close:
            return Reply(scores=scores, verdict=Preference(value="tie"))
        return Reply(scores=scores)


def lift(scorer: Scorer, card: JudgeCard | None = None) -> LiftedScorer:
    """Let a scorer judge pairs, scores and rankings; `card` stands for its own."""
    return LiftedScorer(scorer, card)


class JudgeSpec(Record):
    """A judge as written in a YAML file: `judge: kind:name` or `file.py:Class`, with options."""

    judge: str = Field(pattern=r"^([a-z0-9_]+(:.*)?|[^:]+\.py(:.*)?)$")
    options: dict[str, Any] = Field(default_factory=dict)


def open_judge(spec: str, context: JudgeContext, options: Mapping[str, Any] | None = None) -> Judge:
    """Open the judge that a spec string or a YAML file names.

    Args:
        spec: `kind:name`, `path/to/file.py:Class`, or the path of a YAML file: with `judge` and
            `options` (paths start from its folder), or a card of a family, with `protocols`.
        context: The task and protocol.
        options: Further options; they win over those of the file.

    Raises:
        JudgeError: The spec is malformed or names nothing.
    """
    given = dict(options or {})
    path = Path(spec)
    if path.suffix in (".yaml", ".yml") and "protocols" in top_fields(path):
        spec = f"family:{spec}"
    elif path.suffix in (".yaml", ".yml") and not spec.startswith("family:"):
        written = read_card(path, JudgeSpec)
        context = context._replace(folder=path.parent)
        spec, given = written.judge, {**written.options, **given}
    kind, _, name = spec.partition(":")
    if kind.endswith(".py"):
        from mmjudge.judges.custom import open_file

        judge = open_file(context.folder / Path(kind).expanduser(), name, given, context)
    else:
        opened = registry(JUDGES).load(kind)
        check_protocol(spec, context.protocol, getattr(opened, "protocols", EVERY_PROTOCOL))
        judge = opened.open(name, given, context)
    return fingerprinted(judge)


def check_protocol(
    judge: str, asked: ProtocolName, known: Sequence[ProtocolName], why: str = ""
) -> None:
    """Refuse a protocol that a judge cannot be asked, before anything is loaded.

    Args:
        judge: As the user names it.
        asked: The protocol of the run.
        known: Those that it takes.
        why: What to do instead.

    Raises:
        JudgeError: It is none of them.
    """
    if asked not in known:
        raise JudgeError(f"judge {judge} takes {', '.join(known)}, not {asked}{why}")


def fingerprinted(judge: Judge) -> Judge:
    """The judge, with a fingerprint on its card if it had none."""
    card = judge.card
    if not card.fingerprint:
        card = card.model_copy(update={"fingerprint": fingerprint(card)})
        judge.card = card
    return judge


def fingerprint(card: JudgeCard) -> str:
    """Hash of name, revision, parameters, of what it sees of media, and of how it is asked."""
    seen: list[Any] = [card.sampling.model_dump()] if card.media else []
    seen += [{p: w.model_dump() for p, w in card.wordings.items()}] if card.wordings else []
    facts = json.dumps([card.name, card.revision, card.params, *seen], sort_keys=True, default=str)
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


def described(made: object) -> JudgeCard:
    """The card of a judge or a scorer, or one for those that have none: a judge of texts.

    Args:
        made: A judge or scorer, or its class.

    Raises:
        JudgeError: What it has as a card is none.
    """
    kind = made if isinstance(made, type) else type(made)
    card = getattr(made, "card", None)
    if isinstance(card, JudgeCard):
        return card
    if card is not None and not inspect.isdatadescriptor(card):
        raise JudgeError(
            f"judge {kind.__name__}: card must be a JudgeCard, found {type(card).__name__}: "
            'card = JudgeCard(name="...", summary="...")'
        )
    summary = (kind.__doc__ or "").strip().partition("\n")[0]
    scores = hasattr(kind, "score")
    return JudgeCard(
        name=kind.__name__,
        summary=summary or "A judge of the user's own.",
        modalities=("text",),
        protocols=OF_SCORERS if scores else EVERY_PROTOCOL,
        scale="own" if scores else "task",
    )


def constructor_options(cls: type, options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of a class: the keywords of its constructor, defaults filled in.

    Raises:
        JudgeError: An option is unknown, missing, or of another type than the default's.
    """
    parameters = list(inspect.signature(cls).parameters.values())
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return dict(options)
    keywords = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    needed = [p.name for p in keywords if p.default is p.empty]
    if missing := [name for name in needed if name not in options]:
        raise JudgeError(
            f"judge {cls.__name__}: needs the option {missing[0]}: -J {missing[0]}=VALUE"
        )
    allowed = {p.name: None if p.default is p.empty else p.default for p in keywords}
    return take_options(cls.__name__, options, allowed)


def take_options(
    judge: str, options: Mapping[str, Any], allowed: Mapping[str, Any]
) -> dict[str, Any]:
    """Options with defaults filled in.

    Args:
        judge: For the message.
        options: As given.
        allowed: Name to default; a given value must be of the default's type.

    Raises:
        JudgeError: An option is unknown or of another type.
    """
    for name, value in options.items():
        if name not in allowed:
            known = ", ".join(f"{key}={default!r}" for key, default in allowed.items()) or "none"
            raise JudgeError(f"judge {judge}: unknown option {name!r}; it takes {known}")
        wanted = type(allowed[name])
        number = wanted is float and isinstance(value, int) and not isinstance(value, bool)
        if allowed[name] is not None and not isinstance(value, wanted) and not number:
            raise JudgeError(
                f"judge {judge}: option {name} must be {wanted.__name__}, found {value!r}"
            )
    return {**allowed, **options}
