"""A chat-completions endpoint on loopback that does as it is told, misbehaviour included."""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self


class Say(NamedTuple):
    """A response; `promised` is a Content-Length that is not kept."""

    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    headers: Mapping[str, str] = {}
    promised: int | None = None


class Reset(NamedTuple):
    """The connection is reset."""


class Hang(NamedTuple):
    """Nothing comes for so long."""

    seconds: float = 30.0


class Call(NamedTuple):
    """A call as it came: when, on which connection, its address, headers and body."""

    at: float
    connection: int
    path: str
    headers: Mapping[str, str]
    body: Any


Deed = Say | Reset | Hang
Script = Callable[[int, Any], Deed]


def completion(text: str | None = "Verdict: [[A]]", **changes: Any) -> Say:
    """A chat completion; `changes` are of the choice, `message` and `usage` of those."""
    message = {"role": "assistant", "content": text} | changes.pop("message", {})
    usage = changes.pop("usage", {"prompt_tokens": 100, "completion_tokens": 10})
    choice = {"index": 0, "message": message, "finish_reason": "stop"} | changes
    body = {"id": "x", "object": "chat.completion", "choices": [choice]}
    return Say(body=json.dumps(body | ({"usage": usage} if usage else {})).encode())


def error(status: int, message: str = "no", code: str | None = None, **headers: str) -> Say:
    body = {"error": {"message": message, "type": "error", "param": None, "code": code}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Say(status, json.dumps(body).encode(), headers=named)


def text_of(body: Any) -> str:
    """All text of a call's messages."""
    content = body["messages"][-1]["content"]
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return "".join(part["text"] for part in parts if part["type"] == "text")


def good(body: Any) -> Say:
    """The verdict for the candidate that calls itself good (see tests/engine/driven.py)."""
    text = text_of(body)
    return completion(f"Verdict: [[{'A' if text.index('good ') < text.index('bad ') else 'B'}]]")


class Server:
    """Answers each call as the script says, which gets its number and body."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.calls: list[Call] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                outer._answer(self, body)

            def log_message(self, *_: Any) -> None:
                return

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_: Any) -> None:
                return

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def _answer(self, handler: Any, body: Any) -> None:
        with self._lock:
            number = len(self.calls)
            headers = {name.lower(): value for name, value in handler.headers.items()}
            port = handler.client_address[1]
            self.calls.append(Call(time.monotonic(), port, handler.path, headers, body))
        deed = self.script(number, body)
        if isinstance(deed, Hang):
            self._closing.wait(deed.seconds)
            handler.close_connection = True
        elif isinstance(deed, Reset):
            linger = struct.pack("ii", 1, 0)
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            handler.connection.close()
            handler.close_connection = True
        else:
            with suppress(OSError):
                self._say(handler, deed)

    def _say(self, handler: Any, deed: Say) -> None:
        handler.send_response(deed.status)
        handler.send_header("Content-Type", deed.kind)
        handler.send_header("Content-Length", str(deed.promised or len(deed.body)))
        for name, value in deed.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(deed.body)
        handler.wfile.flush()
        handler.close_connection = handler.close_connection or deed.promised is not None

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
