"""A decoding process as its owner sees it: started, asked, killed when it hangs, replaced."""

import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from mmjudge.media.worker import PREFIX, jobs_message, split

_PACKAGES = Path(__file__).resolve().parents[2]


class Limits(NamedTuple):
    """What decoding may take.

    `time_s`: seconds for one request to a process; `memory`: bytes that a process may allocate;
    `ahead`: bytes decoded before they are asked for; `batch`: bytes of one batch.
    """

    time_s: float = 120.0
    memory: int = 4 << 30
    ahead: int = 1 << 30
    batch: int = 8 << 30


class WorkerLostError(Exception):
    """A process died, or was killed because it took too long (`hung`)."""

    def __init__(self, problem: str, hung: bool) -> None:
        super().__init__(problem)
        self.hung = hung


class Worker:
    """One process; it starts when it is made, and is made anew after it was lost.

    `ask` is for one thread; it waits without holding the interpreter.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._log = tempfile.TemporaryFile(mode="a+b")  # noqa: SIM115 (lives as long as this)
        self.process: subprocess.Popen[bytes]
        self._channel: socket.socket
        self._start()

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "mmjudge.media.worker"),
                    *(str(theirs.fileno()), str(self.limits.memory)),
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._log,
                cwd=_PACKAGES,
                start_new_session=True,  # Ctrl-C in the terminal is for the run, not for this
            )
        seconds = self.limits.time_s
        limit = struct.pack("@ll", int(seconds), int(seconds % 1 * 1_000_000))
        # Blocking with the system's own limit: so one call waits for all bytes of an answer.
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        self._channel = ours

    def ask(self, request: dict[str, Any]) -> list[tuple[dict[str, Any], Any]]:
        """Headers and raw bytes of the answer, one for each job.

        Raises:
            WorkerLostError: The process died or hung; another one stands ready.
        """
        if self.process.poll() is not None:
            self._replace()
        try:
            os.ftruncate(self._log.fileno(), 0)
            self._channel.sendall(jobs_message(request | {"limit_s": self.limits.time_s}))
            header, size = PREFIX.unpack(self._receive(PREFIX.size))
            heads = json.loads(bytes(self._receive(header)))
            return split(heads, self._receive(size))
        except BlockingIOError as error:
            self._replace()
            problem = f"decoding took longer than {self.limits.time_s:g} s"
            raise WorkerLostError(problem, hung=True) from error
        except OSError as error:
            problem = f"the decoder died: {self._last_words()}"
            self._replace()
            raise WorkerLostError(problem, hung=False) from error

    def _receive(self, size: int) -> memoryview:
        import numpy as np

        buffer = np.empty(size, np.uint8).data
        at = 0
        while at < size:
            taken = self._channel.recv_into(buffer[at:], size - at, socket.MSG_WAITALL)
            if not taken:
                raise ConnectionError("hung up")
            at += taken
        return buffer

    def _last_words(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").split("\n")
        said = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f"exit status {self.process.returncode}" + (f", {said[:200]}" if said else "")

    def _replace(self) -> None:
        self.kill()
        self._channel.close()
        self._start()

    def kill(self) -> None:
        """End the process; whoever waits for it gets `WorkerLostError`."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """End the process and give back what it had."""
        self.kill()
        self._channel.close()
        self._log.close()
