"""Ctrl-C: once drains, twice stops."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

INTERRUPTED = 130
"""Exit code of a command that was stopped."""


@contextmanager
def interrupts(drain: Callable[[], None]) -> Iterator[None]:
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
