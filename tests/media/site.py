"""A web site on this machine that moves, hangs, ends early and never ends."""

import http.server
import io
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from mmjudge.media.urls import Rules, is_public
from tests.media.made import certificate


def picture() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (5, 3), (255, 0, 0)).save(content, "PNG")
    return content.getvalue()


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        moved = {
            "/moved": "/small",
            "/shown": "/picture",
            "/inside": "https://10.0.0.1/small",
            "/plain": "http://localhost/small",
            "/loop": "/loop",
            "/file": "file:///etc/passwd",
        }
        if self.path in moved:
            self.send_response(302)
            self.send_header("Location", moved[self.path])
            self.end_headers()
        elif self.path in ("/small", "/picture"):
            content = b"small" if self.path == "/small" else picture()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        elif self.path in ("/endless", "/slow"):
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"x" * (1 << 16 if self.path == "/endless" else 1))
                    time.sleep(0 if self.path == "/endless" else 0.1)
            except OSError:
                pass
        elif self.path == "/short":
            self.send_response(200)
            self.send_header("Content-Length", "50")
            self.end_headers()
            self.wfile.write(b"short")
        else:
            self.send_error(404)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, Rules]]:
    """The address of the site, and rules that take this machine for a public one."""
    cert, key = certificate(folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    trusting = ssl.create_default_context(cafile=str(cert))
    here = Rules(
        allowed=lambda ip: ip == "127.0.0.1" or is_public(ip),
        context=trusting,
        max_bytes=1 << 20,
        limit_s=1.5,
    )
    yield f"https://localhost:{server.server_port}", here
    server.shutdown()
    server.server_close()
    thread.join()
