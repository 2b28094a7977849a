"""The threshold below which a scorer's pair is a tie: fitted on a split that is not scored."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mmjudge.errors import JudgeError
from mmjudge.judges.base import Judge
from mmjudge.media.loader import Loader, gather
from mmjudge.protocols import requests
from mmjudge.task import BadItem, PublishedRule, Recorded, Task, checked
from mmjudge.types import Item, Preference, ProtocolName, Record, Request, RunSettings

CHUNK = 32
"""Requests that are decoded and asked at once."""


class Calibration(Record):
    """A threshold and the items it was fitted on: those of `task` that `share` and `seed` pick.

    `accuracy` is that on the calibration items, `n_pairs` their number of pairs with gold.
    """

    task: str
    share: float = Field(gt=0, lt=1)
    seed: int = 0
    tie_within: float = Field(ge=0)
    accuracy: float
    n_items: int
    n_pairs: int
    items_sha256: str

    def picks(self, item: str) -> bool:
        """Whether an item, by its id, is one of the calibration's."""
        return in_split(item, self.share, self.seed)

    def options(self) -> dict[str, Any]:
        """Options for the judge: the threshold, and what it was fitted on, kept in the run."""
        return {"tie_within": self.tie_within, "calibration": self.model_dump()}


class HeldOut(Task):
    """A task without the items that a threshold was fitted on."""

    def __init__(self, task: Task, calibration: Calibration) -> None:
        super().__init__(task.data)
        self.task, self.calibration, self.spec = task, calibration, task.spec

    @property
    def root(self) -> Path | None:
        """Where the task's media are."""
        return self.task.root

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the items that the calibration did not see; bad ones are reported as ever."""
        for item in self.task.load(protocol):
            if isinstance(item, BadItem) or not self.calibration.picks(item.id):
                yield item

    def recorded_judges(self) -> tuple[str, ...]:
        """Those of the task."""
        return self.task.recorded_judges()

    def recorded(self, judge: str) -> Iterator[Recorded]:
        """Replies as the task recorded them."""
        return self.task.recorded(judge)

    def published(self) -> tuple[PublishedRule, ...]:
        """The task's own rules."""
        return self.task.published()


def in_split(item: str, share: float, seed: int) -> bool:
    """Whether an item falls into a split; it depends on its id and the seed alone.

    Example:
        >>> sum(in_split(str(n), 0.25, seed=0) for n in range(4000)) / 4000
        0.24225
    """
    drawn = hashlib.sha256(f"calibration\0{seed}\0{item}".encode()).digest()
    return int.from_bytes(drawn[:7]) / 2**56 < share


def tie_threshold(differences: NDArray[np.float64], gold: NDArray[np.int64]) -> tuple[float, float]:
    """The threshold that makes most pairs right when closer scores are called a tie.

    Of thresholds that are equally good the smallest is taken, so 0 where no tie is worth it.

    Args:
        differences: Score of the first candidate minus that of the second, shape (n,).
        gold: 0 the first is better, 1 the second, 2 a tie, shape (n,).

    Returns:
        The threshold t (a pair is a tie where |difference| <= t) and the accuracy with it.

    Raises:
        ValueError: There is no pair, or the shapes differ.

    Reference:
        Deutsch, Foster and Freitag, Ties Matter, EMNLP 2023, arXiv 2305.14324: tie calibration.
        The idea is theirs; checked against the abstract only.

    Example:
        >>> tie_threshold(np.array([0.5, -0.1, 0.05, -0.4]), np.array([0, 2, 2, 1]))
        (0.1, 1.0)
    """
    if differences.shape != gold.shape or not differences.size:
        raise ValueError(f"pairs are needed, found shapes {differences.shape} and {gold.shape}")
    distance = np.abs(differences)
    order = np.argsort(distance, kind="stable")
    decided_right = (np.where(differences > 0, 0, 1) == gold)[order]
    tied_right = (gold == 2)[order]
    # right[m]: pairs that are right when the m closest ones are called ties
    right = np.concatenate([[0], np.cumsum(tied_right)]) + np.concatenate(
        [np.cumsum(decided_right[::-1])[::-1], [0]]
    )
    candidates = np.unique(np.concatenate([[0.0], distance]))
    tied = np.searchsorted(distance[order], candidates, side="right")
    best = int(np.argmax(right[tied]))
    return float(candidates[best]), float(right[tied][best] / len(gold))


def calibrate_ties(
    task: Task, judge: Judge, share: float = 0.2, seed: int = 0, workers: int = 2
) -> tuple[Calibration, HeldOut]:
    """Fit a scorer's tie threshold on a share of the items, and give the task without them.

        calibration, rest = calibrate_ties(task, judge)
        mmjudge.run(rest, "clip:...", options=calibration.options())

    Args:
        task: A task of pairs with gold.
        judge: A scorer; its own threshold plays no part.
        share: Share of the items to fit on, above 0 and below 1.
        seed: Which items these are.
        workers: Threads that decode media.

    Raises:
        JudgeError: No pair of the split has both a gold preference and scores.
    """
    if not 0 < share < 1:
        raise JudgeError(f"calibration: share lies between 0 and 1, found {share}")
    picked = [
        (place, item)
        for place, item in enumerate(checked(task, "pair"))
        if isinstance(item, Item) and in_split(item.id, share, seed)
    ]
    differences, gold = _answers(task, judge, picked, workers)
    if not gold:
        raise JudgeError(
            f"calibration: none of the {len(picked)} items of the split has gold preferences and "
            f"scores of {judge.card.name}; take a larger share or another seed"
        )
    threshold, accuracy = tie_threshold(np.array(differences), np.array(gold, dtype=np.int64))
    calibration = Calibration(
        task=task.spec.label,
        share=share,
        seed=seed,
        tie_within=threshold,
        accuracy=accuracy,
        n_items=len(picked),
        n_pairs=len(gold),
        items_sha256=hashlib.sha256("\0".join(i.id for _, i in picked).encode()).hexdigest(),
    )
    return calibration, HeldOut(task, calibration)


def _answers(
    task: Task, judge: Judge, picked: list[tuple[int, Item]], workers: int
) -> tuple[list[float], list[int]]:
    settings = RunSettings(protocol="pair")
    asked = [
        (item, request)
        for place, item in picked
        for request in requests(task.spec, item, place, settings, judge.card.fingerprint)
        if request.criterion.name in item.gold
    ]
    differences: list[float] = []
    gold: list[int] = []
    loader = Loader(task.root, workers)
    try:
        for start in range(0, len(asked), CHUNK):
            chunk = asked[start : start + CHUNK]
            for item, request, difference in _differences(judge, chunk, loader):
                best = item.gold[request.criterion.name]
                if isinstance(best, Preference):
                    differences.append(difference)
                    gold.append({"first": 0, "second": 1}.get(best.value, 2))
    finally:
        loader.close()
    return differences, gold


def _differences(
    judge: Judge, chunk: list[tuple[Item, Request]], loader: Loader
) -> Iterator[tuple[Item, Request, float]]:
    """Score of the item's first candidate minus that of the second, where there are scores."""
    from mmjudge.media.image import MediaError
    from mmjudge.media.loader import media_of

    media = gather(loader.submit([request for _, request in chunk]))
    whole = [
        (item, request)
        for item, request in chunk
        if not any(isinstance(media[medium], MediaError) for medium in media_of(request))
    ]
    replies = judge.judge([request for _, request in whole], media)
    for (item, request), reply in zip(whole, replies, strict=True):
        if reply.scores is not None:
            shown = reply.scores[0] - reply.scores[1]
            yield item, request, shown if request.order == (0, 1) else -shown


def check_calibration(judge: str, calibration: Mapping[str, Any], task: Task) -> None:
    """Refuse a threshold for a task whose items it was fitted on.

    Raises:
        JudgeError: The task holds the calibration's items, or the record of it is none.
    """
    if not calibration:
        return
    try:
        fitted = Calibration.model_validate(dict(calibration))
    except ValueError as error:
        raise JudgeError(f"judge {judge}: option calibration: {error}") from error
    held_out = isinstance(task, HeldOut) and task.calibration == fitted
    if fitted.task == task.spec.label and not held_out:
        raise JudgeError(
            f"judge {judge}: tie_within was fitted on items of {fitted.task}, which must not be "
            "scored with it: run it on the second value of calibrate_ties, the task without them"
        )
