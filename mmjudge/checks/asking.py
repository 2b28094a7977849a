"""Asking a judge as the engine does, with a watch: what it raises, and how long it takes."""

import queue
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from pydantic import ValidationError

from mmjudge.checks.material import label
from mmjudge.errors import MmjudgeError
from mmjudge.judges.base import Judge
from mmjudge.media.loader import media_of
from mmjudge.types import Media, Reply, Request

Answer = Reply | None
"""A reply, or None where the judge gave none that could be used."""

ProblemKind = Literal["raised", "stopped", "hung", "count", "type"]


class Problem(NamedTuple):
    """What went wrong in a call, and on which request."""

    kind: ProblemKind
    said: str
    where: str


@dataclass
class Asker:
    """Puts requests to a judge, in one thread of its own.

    Args:
        judge: The judge.
        media: Every medium of the check, decoded.
        timeout_s: Seconds that one call may take; after a longer one nothing more is asked.
    """

    judge: Judge
    media: Mapping[Media, Any]
    timeout_s: float
    problems: list[Problem] = field(default_factory=list)
    latencies_s: list[float] = field(default_factory=list)
    calls: int = 0
    hung: bool = False

    def __post_init__(self) -> None:
        self._asked: queue.Queue[Sequence[Request] | None] = queue.Queue()
        self._given: queue.Queue[tuple[Any, BaseException | None, float]] = queue.Queue()
        threading.Thread(target=self._serve, name="judge", daemon=True).start()

    def ask(self, requests: Sequence[Request], size: int) -> list[Answer]:
        """Answers of requests in batches of at most `size`, in order."""
        answers: list[Answer] = []
        for start in range(0, len(requests), size):
            answers += self._some(requests[start : start + size])
        return answers

    def close(self) -> None:
        """End the thread, which holds the judge and its memory."""
        self._asked.put(None)

    def _serve(self) -> None:
        while (batch := self._asked.get()) is not None:
            seen = {m: self.media[m] for r in batch for m in media_of(r) if m in self.media}
            begun = time.perf_counter()
            given, error = None, None
            try:
                given = self.judge.judge(batch, seen)
            except BaseException as raised:  # noqa: BLE001 (a judge is a stranger's code)
                error = raised
            self._given.put((given, error, time.perf_counter() - begun))

    def _some(self, batch: Sequence[Request]) -> list[Answer]:
        """One call; what breaks a batch is found by halving."""
        nothing: list[Answer] = [None] * len(batch)
        if self.hung:
            return nothing
        self.calls += 1
        self._asked.put(list(batch))
        try:
            given, error, seconds = self._given.get(timeout=self.timeout_s)
        except queue.Empty:
            self.hung = True
            self._note("hung", f"no answer after {self.timeout_s:g} seconds", batch)
            return nothing
        if error is None:
            self.latencies_s += [seconds / len(batch)] * len(batch)
            return self._checked(given, batch)
        if isinstance(error, MmjudgeError):
            self._note("stopped", f"{type(error).__name__}: {error}", batch)
            return nothing
        if len(batch) == 1:
            self._note("raised", last_line(error), batch)
            return nothing
        half = len(batch) // 2
        return self._some(batch[:half]) + self._some(batch[half:])

    def _checked(self, given: Any, batch: Sequence[Request]) -> list[Answer]:
        nothing: list[Answer] = [None] * len(batch)
        if not isinstance(given, Sequence) or isinstance(given, str):
            found = type(given).__name__
            self._note("type", f"judge() gave a {found}; a list of replies is needed", batch)
            return nothing
        if len(given) != len(batch):
            self._note("count", f"{len(given)} replies to {len(batch)} requests", batch)
            return nothing
        answers: list[Answer] = []
        for one, request in zip(given, batch, strict=True):
            if not isinstance(one, Reply):
                self._note("type", f"gave a {type(one).__name__} in place of a Reply", [request])
            answers.append(one if isinstance(one, Reply) else None)
        return answers

    def _note(self, kind: ProblemKind, said: str, batch: Sequence[Request]) -> None:
        self.problems.append(Problem(kind, said, label(batch[0])))


def last_line(error: BaseException) -> str:
    """The error, and the line that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "/pydantic/" not in f.filename]
    at = f" ({own[-1].filename.rpartition('/')[2]}:{own[-1].lineno})" if own else ""
    said = str(error).partition("\n")[0]
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, (error.title, *first["loc"])))
        said = f"{place}: {first['msg']}, found {first['input']!r:.80}"
    return f"{type(error).__name__}: {said}{at}"
