"""Scorers: similarity of a text and a medium as a judge, each distinct input encoded once."""

import hashlib
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmjudge.errors import JudgeError
from mmjudge.judges.base import (
    OF_SCORERS,
    Judge,
    JudgeContext,
    MediaMap,
    Scorer,
    described,
    lift,
    take_options,
)
from mmjudge.judges.checkpoints import Placement, place
from mmjudge.judges.scorers.calibration import check_calibration
from mmjudge.judges.scorers.embeddings import (
    CACHE_BYTES,
    Encoded,
    Encoder,
    Floats,
    Kind,
    Unit,
    encode,
    joined,
)
from mmjudge.media.kept import Cache
from mmjudge.types import Failure, JudgeCard, Media, Parts, Reply, Request

BATCH = 32
"""Requests a call: enough inputs for a batch of the model, few enough decoded media to hold."""

OPTIONS: dict[str, Any] = {
    "device": "auto",
    "dtype": "auto",
    "batch": 0,
    "trust_remote_code": False,
    "tie_within": 0.0,
    "calibration": {},
}
"""Options of every scorer; `batch` 0 leaves the number of inputs in a forward pass to us."""

DUAL_OPTIONS: dict[str, Any] = {**OPTIONS, "frames": "", "alpha": 0.4}

FRAMES = ("mean", "max", "global", "fused")
"""What becomes of the similarities to the frames of a video or the windows of a sound."""


class Settings(NamedTuple):
    """Options of a scorer, resolved."""

    placement: Placement
    batch: int
    code: bool
    values: dict[str, Any]


class ScorerJudge(Judge):
    """A scorer behind the door of the judges: it answers pairs, scores and rankings."""

    prefix: ClassVar[str]
    protocols = OF_SCORERS

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer
        self.card = described(scorer)

    def judge(self, batch: Sequence[Request], media: MediaMap) -> list[Reply]:
        """One score for each slot of each request."""
        return lift(self.scorer).judge(batch, media)


def read_settings(
    judge: str, options: Mapping[str, Any], allowed: Mapping[str, Any], context: JudgeContext
) -> Settings:
    """Check the options of a scorer and find out where it runs.

    Raises:
        JudgeError: An option does not fit, or the task holds items that a threshold was fitted on.
    """
    values = take_options(judge, options, allowed)
    if values["tie_within"] < 0:
        raise JudgeError(f"judge {judge}: tie_within is 0 or more, found {values['tie_within']}")
    if values.get("frames"):
        check_frames(judge, values["frames"])
    if not 0 <= values.get("alpha", 0) <= 1:
        raise JudgeError(f"judge {judge}: alpha goes from 0 to 1, found {values['alpha']}")
    check_calibration(judge, values["calibration"], context.task)
    placement = place(judge, values["device"], values["dtype"])
    batch = values["batch"] or (32 if placement.device == "cpu" else 256)
    if batch < 1:
        raise JudgeError(f"judge {judge}: batch is 1 or more, found {batch}")
    return Settings(placement, batch, values["trust_remote_code"], values)


def check_frames(judge: str, frames: str) -> None:
    """Check the name of an aggregation.

    Raises:
        JudgeError: There is none of that name.
    """
    if frames not in FRAMES:
        raise JudgeError(f"judge {judge}: frames is one of {', '.join(FRAMES)}, found {frames!r}")


def shaping(settings: Settings) -> dict[str, Any]:
    """The options that shape a score: what goes into the card, and so into the fingerprint."""
    names = ("tie_within", "calibration", "trust_remote_code", "frames", "alpha")
    chosen = {name: settings.values[name] for name in names if name in settings.values}
    if chosen.get("frames") != "fused":
        chosen.pop("alpha", None)
    return {"dtype": settings.placement.dtype, **chosen}


def aggregate(parts: Floats, whole: float, frames: str, alpha: float) -> float:
    """One score from the similarities to the frames of a video and to the whole of it.

    Where there is one part and no other whole, all four are that similarity.

    Args:
        parts: Similarity to each frame, shape (k,), from -1 to 1.
        whole: Similarity to the whole.
        frames: `mean`, `max`, `global` (the whole alone) or `fused`.
        alpha: Share of the maximum in `fused`: alpha * max + (1 - alpha) * whole.

    Reference:
        CLIPRerank, arXiv 2401.08449: maximum over frames, added with a weight to the score of the
        whole, alpha = 0.4. Public summaries of the paper give alpha to the whole and 1 - alpha to
        the maximum; for that reading pass alpha=0.6. Not checked against the paper's own text.

    Example:
        >>> sims = np.array([0.1, 0.5], dtype=np.float32)
        >>> [round(aggregate(sims, 0.25, frames, 0.4), 3) for frames in FRAMES]
        [0.3, 0.5, 0.25, 0.35]
    """
    match frames:
        case "mean":
            return float(np.mean(parts))
        case "max":
            return float(np.max(parts))
        case "fused":
            return alpha * float(np.max(parts)) + (1 - alpha) * whole
    return whole


def disarm(text: str, specials: Iterable[str]) -> str:
    r"""A text without the control tokens of a tokenizer: they are split by a zero-width space.

    What is judged is untrusted; an end-of-text token in it must not end the text.

    Example:
        >>> disarm("a <eos> b", ["<eos>"]).encode("unicode_escape")
        b'a <\\u200beos> b'
    """
    for token in specials:
        if token and token in text:
            text = text.replace(token, f"{token[0]}\u200b{token[1:]}")
    return text


class DualScorer:
    """Similarity of texts and media across prompt and answer, as a dual encoder sees it.

    The score of an answer is the mean over all pairs of a text and a medium that stand on
    different sides: the prompt's text with each medium of the answer, the answer's text with each
    medium of the prompt. The texts of a side are read as one, in lines. Text with text and medium
    with medium are not compared; where nothing else is there, the request is `unsupported`.

    Every distinct text, image, frame, clip and window of sound is encoded once, whatever the
    number of items, orders and criteria that show it, as long as `room` bytes hold the embeddings.
    """

    def __init__(
        self, card: JudgeCard, encoder: Encoder, frames: str, alpha: float, room: int = CACHE_BYTES
    ) -> None:
        self.card, self.encoder = card, encoder
        self.frames, self.alpha = frames, alpha
        self.cache = Cache(room)

    def problem(self, prompt: Parts, answer: Parts) -> Failure | None:
        """Why an answer cannot be scored, or None."""
        for part in (*prompt, *answer):
            if isinstance(part, Media) and part.modality not in self.encoder.kinds:
                takes = ", ".join(sorted(self.encoder.kinds))
                return _unsupported(f"the encoder takes {takes}, not {part.modality}")
        if not _crossed(prompt, answer):
            return _unsupported(
                "a dual encoder compares a text with a medium: one side needs text, the other an "
                "image, video or sound"
            )
        return None

    def score(self, pairs: Sequence[tuple[Parts, Parts]], media: MediaMap) -> NDArray[np.float64]:
        """Scores of (prompt, answer) pairs, shape (n,), from -1 to 1 for cosines."""
        seen: dict[Hashable, Unit] = {}
        crossings = [
            [(self._note_text(text, seen), self._note(medium, media, seen)) for text, medium in c]
            for c in (_crossed(prompt, answer) for prompt, answer in pairs)
        ]
        found = self._encoded(seen)
        asked = dict.fromkeys(pair for crossing in crossings for pair in crossing)
        compared = self.encoder.similarity(
            [(found[text], joined([found[key] for key in medium])) for text, medium in asked]
        )
        scores = {
            pair: aggregate(parts, whole, self.frames, self.alpha)
            for pair, (parts, whole) in zip(asked, compared, strict=True)
        }
        return np.array([np.mean([scores[pair] for pair in crossing]) for crossing in crossings])

    def _note_text(self, text: str, seen: dict[Hashable, Unit]) -> Hashable:
        key = ("text", text)
        seen[key] = Unit("text", text)
        return key

    def _note(
        self, medium: Media, media: MediaMap, seen: dict[Hashable, Unit]
    ) -> tuple[Hashable, ...]:
        """Keys of the units of a medium; what they hold is left in `seen`."""
        name = ("medium", medium.modality, medium.content)
        units = self.encoder.units(medium.modality, media[medium])
        keys: tuple[Hashable, ...] | None = self.cache.get(name)
        if keys is None:
            keys = (name[1:],) if medium.modality == "image" else tuple(map(_content_key, units))
            self.cache.put(name, keys, 200 * len(keys))
        seen.update(zip(keys, units, strict=True))
        return keys

    def _encoded(self, seen: Mapping[Hashable, Unit]) -> dict[Hashable, Encoded]:
        """Embeddings of all units: from the cache, or encoded now, kind by kind."""
        found: dict[Hashable, Encoded] = {}
        wanted: dict[Kind, list[Hashable]] = {}
        for key, one in seen.items():
            held = self.cache.get(key)
            if held is None:
                wanted.setdefault(one.kind, []).append(key)
            else:
                found[key] = held
        for kind, keys in wanted.items():
            contents = [seen[key].content for key in keys]
            for key, encoded in zip(keys, encode(self.encoder, kind, contents), strict=True):
                found[key] = encoded
                self.cache.put(key, encoded, encoded.nbytes)
        return found


def _crossed(prompt: Parts, answer: Parts) -> list[tuple[str, Media]]:
    """The pairs of a text and a medium that stand on different sides."""
    pairs: list[tuple[str, Media]] = []
    for side, other in ((prompt, answer), (answer, prompt)):
        text = "\n".join(part for part in side if isinstance(part, str) and part.strip())
        pairs += [(text, part) for part in other if text and isinstance(part, Media)]
    return pairs


def _content_key(one: Unit) -> Hashable:
    """A key of what a frame, clip or window shows, wherever it comes from."""
    array = np.ascontiguousarray(one.content)
    digest = hashlib.blake2b(array.tobytes(), digest_size=16).digest()
    return one.kind, array.shape, digest


def _unsupported(detail: str) -> Failure:
    return Failure(reason="unsupported", detail=detail)
