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
from typing import TYPE_CHECKING, Any, NamedTuple

from mmjudge.media.arena import Lending
from mmjudge.media.worker import PREFIX, message

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Answer = tuple[dict[str, Any], "NDArray[np.uint8] | None"]
"""Header of one job, and its bytes in shared memory; None where the header has an error."""

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

    Requests may be sent before the last one is answered: answers come in the same order. All of
    this is for one thread, but `kill`; waiting does not hold the interpreter.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._log = tempfile.TemporaryFile(mode="a+b")  # noqa: SIM115 (lives as long as this)
        self.process: subprocess.Popen[bytes]
        self._channel: socket.socket
        self._lending: Lending
        self._unanswered = 0
        self._start()

    def _start(self) -> None:
        self._lending = Lending()
        self._unanswered = 0
        ours, theirs = socket.socketpair()
        inherited = (theirs.fileno(), self._lending.descriptor)
        with theirs:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "mmjudge.media.worker"),
                    *map(str, (*inherited, self.limits.memory)),
                ],
                pass_fds=inherited,
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

    def send(self, request: dict[str, Any]) -> None:
        """Ask for something; a process that died meanwhile is found out by `receive`."""
        if not self._unanswered:
            os.ftruncate(self._log.fileno(), 0)
            if self.process.poll() is not None:
                self._replace()
        self._unanswered += 1
        request |= {"limit_s": self.limits.time_s, "returned": self._lending.returned()}
        with contextlib.suppress(OSError):
            self._channel.sendall(message(request))

    def receive(self) -> list[Answer]:
        """The answer to the oldest request that has none, one for each job.

        Raises:
            WorkerLostError: The process died or hung; another one stands ready, and knows nothing
                of what was sent before.
        """
        try:
            (length,) = PREFIX.unpack(self._exactly(PREFIX.size))
            heads = json.loads(self._exactly(length))
        except BlockingIOError as error:
            self._replace()
            problem = f"decoding took longer than {self.limits.time_s:g} s"
            raise WorkerLostError(problem, hung=True) from error
        except (OSError, ValueError) as error:
            problem = f"the decoder died: {self._last_words()}"
            self._replace()
            raise WorkerLostError(problem, hung=False) from error
        self._unanswered -= 1
        lend = self._lending.lend
        return [(head, lend(tuple(head["place"])) if "place" in head else None) for head in heads]

    def _exactly(self, size: int) -> bytes:
        received = b""
        while len(received) < size:
            part = self._channel.recv(size - len(received), socket.MSG_WAITALL)
            if not part:
                raise ConnectionError("hung up")
            received += part
        return received

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
        self._lending.close()
        self._start()

    def kill(self) -> None:
        """End the process; whoever waits for it gets `WorkerLostError`."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """End the process and give back what it had."""
        self.kill()
        self._channel.close()
        self._lending.close()
        self._log.close()
