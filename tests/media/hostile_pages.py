"""Web pages that mean no good, and a place on this machine that counts who comes near it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

HEAD = "<!doctype html><meta charset=utf-8><title>page</title><h1>Here</h1>\n"


class Neighbour:
    """A port of this machine; `visits` counts the connections to it, whatever they want."""

    def __init__(self, server: socket.socket) -> None:
        self.server, self.visits = server, 0
        self.port = server.getsockname()[1]

    def listen(self) -> None:
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            self.visits += 1
            connection.close()


@contextmanager
def neighbour() -> Iterator[Neighbour]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        one = Neighbour(server)
        thread = threading.Thread(target=one.listen, daemon=True)
        thread.start()
        yield one
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def reaching(port: int) -> str:
    """Every way out that a page has, at once."""
    out = f"127.0.0.1:{port}"
    return f"""{HEAD}
<a href="http://{out}/link">Leave</a><a href="http://{out}/new" target=_blank>Window</a>
<form action="http://{out}/form" method=post><button>Send</button></form>
<link rel=preconnect href="http://{out}"><link rel=dns-prefetch href="http://localhost:{port}">
<link rel=prefetch href="http://{out}/prefetch"><link rel=stylesheet href="http://{out}/style">
<img src="http://{out}/img"><iframe src="http://{out}/frame"></iframe>
<iframe src="file:///etc/passwd"></iframe><object data="http://[::1]:{port}/object"></object>
<script src="http://localhost:{port}/script"></script>
<script>
fetch("http://{out}/fetch").catch(() => 0);
fetch("http://169.254.169.254/latest").catch(() => 0);
fetch("file:///etc/passwd").then(() => document.body.append("READ")).catch(() => 0);
navigator.sendBeacon("http://{out}/beacon", "x");
new WebSocket("ws://{out}/socket");
new EventSource("http://{out}/events");
new Worker(URL.createObjectURL(new Blob(['fetch("http://{out}/worker")'])));
const turn = {{urls: "turn:{out}?transport=tcp", username: "a", credential: "b"}};
const peer = new RTCPeerConnection({{iceServers: [{{urls: "stun:{out}"}}, turn]}});
peer.createDataChannel("x");
peer.createOffer().then((offer) => peer.setLocalDescription(offer));
window.open("http://{out}/popup");
location = "http://{out}/away";
</script>
"""


CART = f"""{HEAD}
<button onclick="n.textContent = +n.textContent + 1">Add</button> <b id=n>0</b>
<button>Broken</button> <button onclick="missing()">Failing</button>
<label>Name <input oninput="seen.textContent = this.value"></label> <i id=seen></i>
<p id=late></p><script>setTimeout(() => late.textContent = Math.random(), 1500)</script>
"""

STORMS = {
    "alerts": HEAD + "<script>while (true) alert('again')</script>",
    "buffers": HEAD + "<script>const a = []; for (;;) a.push(new Uint8Array(1e8).fill(1))</script>",
    "frozen": HEAD + "<script>while (true);</script>",
    "freezing": HEAD + "<button onclick='while (true);'>Freeze</button>",
    "hungry": HEAD + "<script>const a = []; while (true) a.push(new Array(1e6).fill(1))</script>",
    "reloading": HEAD + "<script>location.reload()</script>",
    "saving": HEAD + "<a download=x href='data:text/plain,x'>Save</a>",
    "tall": HEAD + "<div style='height: 100000px; background: linear-gradient(red, blue)'></div>",
    "windows": HEAD + "<button onclick='for (;;) open(location)'>Windows</button>",
}
