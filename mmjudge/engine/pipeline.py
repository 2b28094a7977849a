"""From a task and a judge to stored judgments: plan, load, judge and write overlap."""

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from mmjudge.engine.budget import check_limit, check_replies
from mmjudge.engine.interrupts import interrupts
from mmjudge.engine.planning import Plan, Planned
from mmjudge.engine.refusal import media_failure, refuse
from mmjudge.engine.resume import check_retry, check_same_items, stored_item
from mmjudge.errors import JudgeError, MmjudgeError
from mmjudge.judges.base import Judge, Streaming
from mmjudge.media.loader import Decoded, Loader, Pending, gather
from mmjudge.probes import Probe
from mmjudge.protocols import parse
from mmjudge.store.pace import Pace
from mmjudge.store.probed_rows import Unasked
from mmjudge.store.run_store import Judged, RunStore, StoredItem
from mmjudge.task import BadItem, Task
from mmjudge.types import Failure, FailureReason, Media, Reply, Request, RunSettings

QUEUE_BATCHES = 4
"""Batches that may wait between two stages: what keeps memory flat."""


@dataclass
class Stats:
    """Where a run stands; counts of this process, and of what it found done.

    `unasked` counts by probe the requests that it does not fit.
    """

    items: int = 0
    bad_items: int = 0
    planned: int = 0
    resumed: int = 0
    judged: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    unasked: Counter[str] = field(default_factory=Counter)
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0
    cost_before_usd: float = 0.0
    out_of_budget: bool = False
    total: int | None = None
    settings: RunSettings | None = None
    interrupted: bool = False
    started: float = field(default_factory=time.monotonic)

    @property
    def failed(self) -> int:
        """Judgments that failed."""
        return sum(self.failures.values())

    @property
    def spent_usd(self) -> float:
        """What the run has cost so far, earlier processes included, as far as that is known."""
        return self.cost_before_usd + self.cost_usd

    @property
    def elapsed_s(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.started

    @property
    def rate(self) -> float:
        """Judgments a second."""
        return self.judged / max(self.elapsed_s, 1e-9)


@dataclass(eq=False)
class _Ask:
    """One request on its way, and what came of it."""

    planned: Planned
    reply: Reply | None = None

    @property
    def request(self) -> Request:
        return self.planned.request


@dataclass
class _Batch:
    items: list[StoredItem] = field(default_factory=list)
    asks: list[_Ask] = field(default_factory=list)
    unasked: list[Unasked] = field(default_factory=list)
    pending: Pending = field(default_factory=Pending)


Progress = Callable[[Stats], None]


class Means(NamedTuple):
    """How a run is carried out; nothing of it shapes an answer.

    `limit`: number of items, from the first, None for all; `workers`: processes that decode media;
    `allow_urls`: whether media at `https://` are fetched; `max_cost`: US dollars after which the
    run stops, those of earlier processes included; `retry`: failures to ask again, by reason;
    `probes`: those that the run's settings name.
    """

    limit: int | None = None
    workers: int = 2
    allow_urls: bool = False
    max_cost: float | None = None
    retry: tuple[FailureReason, ...] = ()
    probes: tuple[Probe, ...] = ()


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
        JudgeError: The judge cannot answer at all, or cannot say what it costs though there is a
            limit to that.
    """
    means = means or Means()
    check_limit(judge.card, means.max_cost)
    check_retry(means.retry)
    check_same_items(store, task)
    run = _Run(task, judge, store, means)
    run.go(progress or (lambda _: None))
    return run.stats


def _at_hand(planned: Planned) -> bool:
    """Whether a request has media to decode at all."""
    return not planned.request.absent and planned.failed is None


class _Run:
    """The stages and the queues between them; the judge runs in the calling thread."""

    def __init__(self, task: Task, judge: Judge, store: RunStore, means: Means) -> None:
        self.task, self.judge, self.store, self.means = task, judge, store, means
        before = store.spent_usd() if judge.card.priced else 0.0
        self.stats = Stats(settings=store.header.settings, cost_before_usd=before)
        self.stop = threading.Event()
        self.error: BaseException | None = None
        self._progress: Progress = lambda _: None
        self._shown = 0.0
        self.planned: queue.Queue[_Batch | None] = queue.Queue(QUEUE_BATCHES)
        self.answered: queue.Queue[_Batch | None] = queue.Queue(QUEUE_BATCHES)
        card = judge.card
        self.loader = (
            Loader(task.root, means.workers, card.sampling, means.allow_urls)
            if card.media
            else None
        )
        self.wording = store.header.judge.wordings.get(store.header.settings.protocol)
        self.plan = Plan(task, store.header, means.probes, means.limit)
        self.planner = threading.Thread(target=self._guard, args=(self._plan,), name="plan")
        self.writer = threading.Thread(target=self._guard, args=(self._write,), name="write")

    def go(self, progress: Progress) -> None:
        self._progress = progress
        with interrupts(self._interrupt):
            self.planner.start()
            self.writer.start()
            try:
                self._judge()
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
        if self.stats.judged:
            self.store.add_pace(Pace(self.stats.judged, self.stats.elapsed_s))

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
                    at_hand = [ask.request for ask in batch.asks if _at_hand(ask.planned)]
                    batch.pending = self.loader.submit(at_hand)
                self._put(self.planned, batch)
                if self.stop.is_set():
                    return
        finally:
            self._put(self.planned, None)

    def _batches(self) -> Iterator[_Batch]:
        done = self.store.done_keys(self.means.retry)
        size = self.judge.card.batch_size
        batch = _Batch()
        for place, item in self.plan.items():
            batch.items.append(stored_item(place, item))
            self.stats.items += 1
            if isinstance(item, BadItem):
                self.stats.bad_items += 1
                continue
            asked, unasked = self.plan.of(place, item)
            left = [one for one in asked if bytes.fromhex(one.request.key) not in done]
            self.stats.planned += len(asked)
            self.stats.resumed += len(asked) - len(left)
            for row in unasked:
                self.stats.unasked[row.probe] += row.requests
            batch.asks += map(_Ask, left)
            batch.unasked += unasked
            if len(batch.asks) >= size or len(batch.items) >= 4 * size:
                yield batch
                batch = _Batch()
        self.stats.total = self.stats.planned
        if batch.items:
            yield batch

    def _judge(self) -> None:
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
            if self._budget_spent() and any(ask.reply is None for ask in batch.asks):
                self.stats.out_of_budget = True
                return
            self._show()

    def _show(self) -> None:
        if time.monotonic() - self._shown > 0.1:
            self._shown = time.monotonic()
            self._progress(self.stats)

    def _answer(self, batch: _Batch) -> None:
        media = gather(batch.pending)
        batch.pending = Pending()
        for ask in batch.asks:
            failure = ask.planned.failed or refuse(ask.request, self.judge.card)
            failure = failure or media_failure(ask.request, media)
            ask.reply = Reply(error=failure) if failure else None
        size = self.judge.card.batch_size
        open_asks = [ask for ask in batch.asks if ask.reply is None]
        for start in range(0, len(open_asks), size):
            if self._enough():
                return
            self._ask(batch, open_asks[start : start + size], media)

    def _ask(self, batch: _Batch, asks: list[_Ask], media: dict[Media, Decoded]) -> None:
        """One call; what breaks it is found by halving, and fails alone."""
        try:
            self._call(batch, asks, media)
        except MmjudgeError:
            raise
        except Exception as error:  # noqa: BLE001 (a judge is a stranger's code)
            left = [ask for ask in asks if ask.reply is None]
            if len(left) < 2:
                detail = f"{type(error).__name__}: {error}"
                for ask in left:
                    self._taken(ask, Reply(error=Failure(reason="infra", detail=detail)))
                return
            half = len(left) // 2
            for part in (left[:half], left[half:]):
                self._ask(batch, part, media)

    def _call(self, batch: _Batch, asks: list[_Ask], media: dict[Media, Decoded]) -> None:
        asked = [ask.request for ask in asks]
        if isinstance(self.judge, Streaming):
            self.judge.stream(asked, media, partial(self._hand_on, batch, asks))
            if not self._enough():
                self._check_count(sum(ask.reply is not None for ask in asks), len(asked))
            return
        replies = self.judge.judge(asked, media)
        self._check_count(len(replies), len(asked))
        for ask, reply in zip(asks, replies, strict=True):
            self._taken(ask, reply)
        check_replies(self.judge.card, replies, self.means.max_cost)

    def _check_count(self, given: int, asked: int) -> None:
        if given != asked:
            raise JudgeError(
                f"judge {self.judge.card.name} gave {given} replies to {asked} requests"
            )

    def _hand_on(self, batch: _Batch, asks: list[_Ask], place: int, reply: Reply) -> bool:
        """Store one reply of a batch before the others are there; whether more are wanted."""
        ask = asks[place]
        batch.asks.remove(ask)
        self._taken(ask, reply)
        part, batch.items = _Batch(batch.items, [ask]), []
        self._put(self.answered, part, until_written=True)
        check_replies(self.judge.card, [reply], self.means.max_cost)
        self._show()
        return not self._enough()

    def _taken(self, ask: _Ask, reply: Reply) -> None:
        if not isinstance(reply, Reply):
            raise JudgeError(
                f"judge {self.judge.card.name} gave a {type(reply).__name__} for a Reply"
            )
        ask.reply = reply
        self.stats.cost_usd += reply.cost_usd or 0.0

    def _budget_spent(self) -> bool:
        limit = self.means.max_cost
        return limit is not None and self.stats.spent_usd >= limit

    def _enough(self) -> bool:
        """Whether nothing more is to be asked."""
        return self.stop.is_set() or self._budget_spent()

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
            self.store.add(batch.items, rows, bool(self.means.retry), batch.unasked)

    def _judgment(self, ask: _Ask) -> Judged:
        reply = ask.reply or Reply()
        outcome = parse(ask.request, reply, self.wording)
        self.stats.judged += 1
        self.stats.tokens_in += reply.tokens_in or 0
        self.stats.tokens_out += reply.tokens_out or 0
        place, criterion, request, cue, _ = ask.planned
        match outcome:
            case Failure(reason="unchanged"):
                self.stats.unasked[request.probe or ""] += 1
            case Failure(reason=reason):
                self.stats.failures[reason] += 1
        return Judged(place, criterion, request, reply, outcome, cue)
