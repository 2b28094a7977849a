"""From a task and a judge to stored judgments: plan, load, judge and write overlap."""

import queue
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mmjudge.errors import JudgeError, MmjudgeError
from mmjudge.judges.base import Judge
from mmjudge.media.image import MediaError
from mmjudge.media.loader import Decoded, Loader, Pending, gather, media_of, parts_of
from mmjudge.protocols import parse, requests
from mmjudge.resume import check_same_items, stored_item
from mmjudge.store import Judged, RunStore, StoredItem
from mmjudge.task import BadItem, Task, checked
from mmjudge.types import Failure, Item, JudgeCard, Media, Reply, Request, RunSettings

QUEUE_BATCHES = 4
"""Batches that may wait between two stages: what keeps memory flat."""

MAX_TEXT = 1_000_000
"""Characters of text in one request; a longer one fails without a call to the judge."""


@dataclass
class Stats:
    """Where a run stands; counts of this process, and of what it found done."""

    items: int = 0
    bad_items: int = 0
    planned: int = 0
    resumed: int = 0
    judged: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    tokens_in: int = 0
    tokens_out: int = 0
    total: int | None = None
    settings: RunSettings | None = None
    interrupted: bool = False
    started: float = field(default_factory=time.monotonic)

    @property
    def failed(self) -> int:
        """Judgments that failed."""
        return sum(self.failures.values())

    @property
    def elapsed_s(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.started

    @property
    def rate(self) -> float:
        """Judgments a second."""
        return self.judged / max(self.elapsed_s, 1e-9)


@dataclass
class _Ask:
    """One request on its way: where its item stands, and what came of it."""

    place: int
    criterion: int
    request: Request
    reply: Reply | None = None


@dataclass
class _Batch:
    items: list[StoredItem] = field(default_factory=list)
    asks: list[_Ask] = field(default_factory=list)
    pending: Pending = field(default_factory=Pending)


Progress = Callable[[Stats], None]


class Means(NamedTuple):
    """How a run is carried out; nothing of it shapes an answer.

    `limit`: number of items, from the first, None for all; `workers`: processes that decode media;
    `allow_urls`: whether media at `https://` are fetched.
    """

    limit: int | None = None
    workers: int = 2
    allow_urls: bool = False


def execute(
    task: Task,
    judge: Judge,
    store: RunStore,
    means: Means | None = None,
    progress: Progress | None = None,
) -> Stats:
    """Ask the judge everything that the store does not hold yet.

    Args:
        task: Source of items.
        judge: What answers.
        store: Opened for appending; its header says how to ask.
        means: How the run is carried out.
        progress: Called now and then with the counts so far.

    Raises:
        StoreError: The task's items changed since the run began, or the disk does not take more.
        JudgeError: The judge cannot answer at all.
    """
    check_same_items(store, task)
    run = _Run(task, judge, store, means or Means())
    run.go(progress or (lambda _: None))
    return run.stats


class _Run:
    """The stages and the queues between them; the judge runs in the calling thread."""

    def __init__(self, task: Task, judge: Judge, store: RunStore, means: Means) -> None:
        self.task, self.judge, self.store, self.limit = task, judge, store, means.limit
        self.stats = Stats(settings=store.header.settings)
        self.stop = threading.Event()
        self.error: BaseException | None = None
        self.planned: queue.Queue[_Batch | None] = queue.Queue(QUEUE_BATCHES)
        self.answered: queue.Queue[_Batch | None] = queue.Queue(QUEUE_BATCHES)
        card = judge.card
        self.loader = (
            Loader(task.root, means.workers, card.sampling, means.allow_urls)
            if card.media
            else None
        )
        self.wording = store.header.judge.wordings.get(store.header.settings.protocol)
        self.criteria = {c.name: i for i, c in enumerate(store.header.task.criteria)}
        self.planner = threading.Thread(target=self._guard, args=(self._plan,), name="plan")
        self.writer = threading.Thread(target=self._guard, args=(self._write,), name="write")

    def go(self, progress: Progress) -> None:
        with _interrupts(self._interrupt):
            self.planner.start()
            self.writer.start()
            try:
                self._judge(progress)
            except BaseException as error:  # noqa: BLE001 (raised again when all is written)
                self._fail(error)
            self._put(self.answered, None, until_written=True)
            self.writer.join()
            self.stop.set()
            self.planner.join()
        if self.loader:
            self.loader.close()
        progress(self.stats)
        if self.error:
            raise self.error

    def _guard(self, stage: Callable[[], None]) -> None:
        try:
            stage()
        except BaseException as error:  # noqa: BLE001 (raised again in the calling thread)
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if self.error is None:
            self.error = error
        self.stop.set()

    def _interrupt(self) -> None:
        self.stats.interrupted = True
        self.stop.set()

    def _put(self, to: queue.Queue[Any], batch: _Batch | None, until_written: bool = False) -> None:
        """Hand a batch on; give up when the run is stopping, unless it is judged already."""
        while until_written or not self.stop.is_set():
            try:
                to.put(batch, timeout=0.1)
                return
            except queue.Full:
                if self.error is not None and not self.writer.is_alive():
                    return

    def _plan(self) -> None:
        try:
            for batch in self._batches():
                if self.loader:
                    at_hand = [ask.request for ask in batch.asks if not ask.request.absent]
                    batch.pending = self.loader.submit(at_hand)
                self._put(self.planned, batch)
                if self.stop.is_set():
                    return
        finally:
            self._put(self.planned, None)

    def _batches(self) -> Iterator[_Batch]:
        header, done = self.store.header, self.store.done_keys()
        size = self.judge.card.batch_size
        batch = _Batch()
        for place, item in self._items():
            batch.items.append(stored_item(place, item))
            self.stats.items += 1
            if isinstance(item, BadItem):
                self.stats.bad_items += 1
                continue
            for request in requests(
                header.task, item, place, header.settings, header.judge.fingerprint
            ):
                self.stats.planned += 1
                if bytes.fromhex(request.key) in done:
                    self.stats.resumed += 1
                    continue
                batch.asks.append(_Ask(place, self.criteria[request.criterion.name], request))
            if len(batch.asks) >= size or len(batch.items) >= 4 * size:
                yield batch
                batch = _Batch()
        self.stats.total = self.stats.planned
        if batch.items:
            yield batch

    def _items(self) -> Iterator[tuple[int, Item | BadItem]]:
        settings = self.store.header.settings
        taken = 0
        for place, item in enumerate(checked(self.task, settings.protocol)):
            if self.limit is not None and taken >= self.limit:
                return
            if isinstance(item, Item) and any(
                item.strata.get(axis) != value for axis, value in settings.where.items()
            ):
                continue
            taken += 1
            yield place, item

    def _judge(self, progress: Progress) -> None:
        shown = 0.0
        while not self.stop.is_set():
            try:
                batch = self.planned.get(timeout=0.1)
            except queue.Empty:
                continue
            if batch is None:
                return
            try:
                self._answer(batch)
            finally:  # what was answered before a judge gave up is stored all the same
                self._put(self.answered, batch, until_written=True)
            if time.monotonic() - shown > 0.1:
                shown = time.monotonic()
                progress(self.stats)

    def _answer(self, batch: _Batch) -> None:
        media = gather(batch.pending)
        batch.pending = Pending()
        for ask in batch.asks:
            failure = refuse(ask.request, self.judge.card) or _media_failure(ask.request, media)
            ask.reply = Reply(error=failure) if failure else None
        size = self.judge.card.batch_size
        open_asks = [ask for ask in batch.asks if ask.reply is None]
        for start in range(0, len(open_asks), size):
            part = open_asks[start : start + size]
            for ask, reply in zip(part, self._ask([a.request for a in part], media), strict=True):
                ask.reply = reply

    def _ask(self, batch: Sequence[Request], media: dict[Media, Decoded]) -> list[Reply]:
        """One call; what breaks a batch is found by halving, and fails alone."""
        try:
            replies = self.judge.judge(batch, media)
        except MmjudgeError:
            raise
        except Exception as error:  # noqa: BLE001 (a judge is a stranger's code)
            if len(batch) == 1:
                detail = f"{type(error).__name__}: {error}"
                return [Reply(error=Failure(reason="infra", detail=detail))]
            half = len(batch) // 2
            return self._ask(batch[:half], media) + self._ask(batch[half:], media)
        if len(replies) != len(batch):
            raise JudgeError(
                f"judge {self.judge.card.name} gave {len(replies)} replies to {len(batch)} requests"
            )
        return replies

    def _write(self) -> None:
        while True:
            try:
                batch = self.answered.get(timeout=0.25)
            except queue.Empty:
                self.store.flush()
                continue
            if batch is None:
                self.store.commit()
                return
            rows = [self._judgment(ask) for ask in batch.asks if ask.reply is not None]
            self.store.add(batch.items, rows)

    def _judgment(self, ask: _Ask) -> Judged:
        reply = ask.reply or Reply()
        outcome = parse(ask.request, reply, self.wording)
        self.stats.judged += 1
        self.stats.tokens_in += reply.tokens_in or 0
        self.stats.tokens_out += reply.tokens_out or 0
        if isinstance(outcome, Failure):
            self.stats.failures[outcome.reason] += 1
        return Judged(ask.place, ask.criterion, ask.request, reply, outcome)


def refuse(request: Request, card: JudgeCard) -> Failure | None:
    """Why a request cannot be put to this judge at all, or None."""
    if request.protocol not in card.protocols:
        return _unsupported(f"the judge takes {', '.join(card.protocols)}, not {request.protocol}")
    if request.absent and card.looks and not card.lookup:
        return _unsupported(
            f"{request.absent}: not at hand, so only a recorded judge can answer; "
            "choose one with replay:NAME, or data that holds it (mmjudge tasks NAME says where)"
        )
    if not any(isinstance(part, Media) or part.strip() for part in request.prompt):
        return _unsupported("prompt: empty")
    length = 0
    for part in parts_of(request):
        if isinstance(part, str):
            length += len(part)
        elif part.modality not in card.modalities:
            return _unsupported(
                f"the judge takes {', '.join(card.modalities)}, not {part.modality}"
            )
    if length > MAX_TEXT:
        return _unsupported(f"{length} characters to read; at most {MAX_TEXT} are asked at once")
    return None


def _unsupported(detail: str) -> Failure:
    return Failure(reason="unsupported", detail=detail)


def _media_failure(request: Request, media: dict[Media, Any]) -> Failure | None:
    if not media:
        return None
    for medium in media_of(request):
        if isinstance(media.get(medium), MediaError):
            return Failure(reason="media", detail=str(media[medium]))
    return None


@contextmanager
def _interrupts(drain: Callable[[], None]) -> Iterator[None]:
    """The first Ctrl-C drains: the batch at hand is finished and stored; the second stops."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.getsignal(signal.SIGINT)

    def first(signum: int, frame: Any) -> None:
        signal.signal(signal.SIGINT, previous)
        drain()

    signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
