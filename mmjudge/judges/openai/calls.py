"""Many calls at a time: what is tried again, how long is waited, when an endpoint is given up."""

import asyncio
import logging
import queue
import random
import threading
import time
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextlib import suppress
from typing import NamedTuple, TypeVar

from mmjudge.judges.openai.client import RetryableError
from mmjudge.types import Failure, Reply

T = TypeVar("T")

GRACE_S = 10.0
"""Seconds that calls under way have left when the endpoint is found to be of no use."""

LONGEST_WAIT_S, JITTER_S = 30.0, 1.0
"""Between two attempts: doubled each time up to the longest, with a random part of so much."""


class Patience(NamedTuple):
    """How much is tried: attempts at one call, and seconds for all of them.

    `give_up_s` bounds when the last attempt may begin; a server that asks to wait longer than that
    is not waited for. `wait_s`: before the second attempt, where the server does not say.
    """

    attempts: int = 6
    give_up_s: float = 600.0
    wait_s: float = 0.5


class Calls:
    """Repeats what may pass, and holds back all calls while the server asks to wait.

    Args:
        patience: How much is tried.
    """

    def __init__(self, patience: Patience) -> None:
        self.patience = patience
        self.over = False
        self._closed_until = 0.0
        logging.getLogger("stamina").addHandler(logging.NullHandler())

    async def patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        """The result of a call, repeated where that may help.

        Raises:
            RetryableError: It never worked.
        """
        import stamina

        tried = 0
        try:
            async for attempt in stamina.retry_context(
                on=self._backoff(),
                attempts=self.patience.attempts,
                timeout=self.patience.give_up_s,
                wait_initial=self.patience.wait_s,
                wait_max=LONGEST_WAIT_S,
                wait_jitter=min(JITTER_S, self.patience.wait_s),
            ):
                with attempt:
                    await self._gate()
                    tried += 1
                    return await call()
        except RetryableError as error:
            error.tried = tried
            raise
        raise AssertionError("unreachable")

    def _backoff(self) -> Callable[[Exception], bool | float]:
        """What is done after a failure: give up, wait as usual, or wait so many seconds."""
        garbage = 0

        def decide(error: Exception) -> bool | float:
            nonlocal garbage
            if not isinstance(error, RetryableError) or self.over:
                return False
            garbage += error.garbage
            if garbage > 1:
                return False
            if error.wait_s is None:
                return True
            if error.wait_s > self.patience.give_up_s:
                return False
            self._closed_until = max(self._closed_until, time.monotonic() + error.wait_s)
            return error.wait_s

        return decide

    async def _gate(self) -> None:
        """Wait as long as the server asked any of us to; then not all at once."""
        while (left := self._closed_until - time.monotonic()) > 0:
            await asyncio.sleep(left + random.uniform(0, 0.1))


class Outcome(NamedTuple):
    """What became of a request; `asked`: whether the server was asked at all."""

    reply: Reply
    asked: bool


class Breaker:
    """Counts requests that failed one after the other; success in between starts anew.

    A request that the server does not support counts only while none was ever answered: it is then
    a setting that it does not take, and not this request. What it was not asked says nothing of it.

    Args:
        limit: So many failures in a row, and the endpoint is given up.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.streak = 0
        self.answered = False

    def counts(self, outcome: Outcome) -> bool:
        """Whether an outcome speaks against the endpoint; notes it."""
        match outcome.reply.error:
            case _ if not outcome.asked:
                return False
            case Failure(reason="infra"):
                bad = True
            case Failure(reason="unsupported"):
                bad = not self.answered
            case _:
                bad = False
                self.answered = True
        self.streak = self.streak + 1 if bad else 0
        return bad

    @property
    def open(self) -> bool:
        """Whether the endpoint is to be given up."""
        return self.streak >= self.limit


class Done(NamedTuple):
    """A job that ended: its place, its outcome or what it raised; `taken`: when that is seen."""

    place: int
    outcome: Outcome | BaseException
    taken: asyncio.Event | None = None


Job = Callable[[int], Awaitable[Outcome]]


class Crew:
    """Runs the jobs of a batch on an event loop in a thread of its own, a few at a time.

    So a judge can be called where a loop runs already, as in a notebook, and an interrupt reaches
    the caller at once.

    Args:
        size: Jobs at a time.
        work: Called in the loop with the function that runs the jobs: opens what they need.
    """

    def __init__(
        self, size: int, work: Callable[[Callable[[Job], Awaitable[None]]], Awaitable[None]]
    ) -> None:
        self.size, self._work = size, work
        self._done: queue.Queue[Done | None] = queue.Queue()
        self._no_more = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._places: Iterator[int] = iter(())

    def run(self, count: int) -> Generator[Done, None, None]:
        """Yield what becomes of jobs 0 to `count` - 1, in the order in which they end.

        The next job is begun when the caller comes back for more, so that nothing is asked once
        the caller has said `no_more`. Closing the iterator cancels what is under way.
        """
        self._places = iter(range(count))
        thread = threading.Thread(target=self._thread, name="calls", daemon=True)
        thread.start()
        try:
            while (done := self._done.get()) is not None:
                yield done
                if done.taken is not None:
                    self._in_loop(done.taken.set)
        finally:
            self.cancel()
            thread.join()

    def no_more(self) -> None:
        """Begin no further job."""
        self._no_more = True

    def cancel(self, after_s: float = 0.0) -> None:
        """Begin no further job, and cancel those under way after so many seconds."""
        self.no_more()
        loop, task = self._loop, self._task
        if loop is not None and task is not None:
            self._in_loop(lambda: loop.call_later(after_s, task.cancel))

    def _in_loop(self, call: Callable[[], object]) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: nothing is under way
                self._loop.call_soon_threadsafe(call)

    def _thread(self) -> None:
        try:
            with suppress(asyncio.CancelledError):
                asyncio.run(self._main())
        except BaseException as error:  # noqa: BLE001 (raised again in the calling thread)
            self._done.put(Done(-1, error))
        finally:
            self._done.put(None)

    async def _main(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        await self._work(self._all)

    async def _all(self, job: Job) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(self.size):
                group.create_task(self._some(job))

    async def _some(self, job: Job) -> None:
        for place in self._places:
            if self._no_more:
                return
            try:
                outcome: Outcome | BaseException = await job(place)
            except Exception as error:  # noqa: BLE001 (raised again in the calling thread)
                outcome = error
            taken = asyncio.Event()
            self._done.put(Done(place, outcome, taken))
            await taken.wait()


def no_answer(error: RetryableError) -> Failure:
    """The failure of a request that was tried in vain."""
    tried = "once" if error.tried == 1 else f"{error.tried} times"
    return Failure(reason="infra", detail=f"asked {tried}, the last time: {error.detail}")
