"""A small server that speaks as the Hub does: its API, redirects, ranges, hashes, refusals."""

import hashlib
import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

LARGE = 2000
"""Files from this size on lie in a store of their own, as large files do on the Hub."""
REVISION = "0123abc" * 5 + "01234"


class SmallHub:
    """Datasets of one revision, and what the server is to do wrong.

    Attributes:
        files: Bytes by dataset and path.
        gated: Datasets whose conditions nobody has accepted.
        moved: Former names of datasets, with the new ones.
        cut: Bytes after which the connection breaks while a path is sent, once for each number.
        wrong: Paths of which the last byte comes out wrong, once.
        sent: Bytes of the body that were sent, by path.
    """

    def __init__(self):
        self.files, self.gated, self.moved = {}, set(), {}
        self.cut, self.wrong, self.sent = {}, set(), Counter()
        handler = type("Bound", (_Handler,), {"hub": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def git_hash(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def large_hash(content):
    return hashlib.sha256(content).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self._answer()

    def do_GET(self):
        self._answer()

    def do_POST(self):
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer()

    def _answer(self):
        steps = unquote(urlsplit(self.path).path).strip("/").split("/")
        if steps[:2] == ["api", "datasets"] and len(steps) >= 4:
            self._api("/".join(steps[2:4]), steps[4:])
        elif steps[0] == "datasets" and len(steps) > 5 and steps[3] == "resolve":
            self._resolve("/".join(steps[1:3]), steps[4], "/".join(steps[5:]))
        elif steps[0] == "store" and len(steps) > 3:
            self._content(self.hub.files["/".join(steps[1:3])], "/".join(steps[3:]))
        else:
            self._error(404, None, "Not found")

    def _refused(self, repo, revision):
        """Whether a dataset or a revision of it is not given out; then that is said."""
        if repo in self.hub.moved:
            path = self.path.replace(repo, self.hub.moved[repo])
            self._send(307, b"", {"Location": path})
        elif repo not in self.hub.files:
            self._error(401, "RepoNotFound", "Invalid username or password.")
        elif revision not in (REVISION, "main"):
            self._error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        else:
            return False
        return True

    def _api(self, repo, rest):
        kind, revision, path = (
            [*rest[:2], "/".join(rest[2:])] if len(rest) > 1 else ("", "main", "")
        )
        if self._refused(repo, revision):
            return
        files = self.hub.files[repo]
        if kind == "tree":
            self._json(_tree(files, path, "recursive=true" in self.path.lower()))
        elif kind == "paths-info":
            wanted = json.loads(self.body)["paths"] if self.body[:1] == b"{" else None
            wanted = wanted or parse_qs(self.body.decode()).get("paths", [])
            self._json([_entry(name, files[name]) for name in wanted if name in files])
        elif kind == "commits":
            self._json([{"id": REVISION, "title": "", "message": "", "authors": [],
                         "date": "2025-01-01T00:00:00.000Z"}])  # fmt: skip
        else:
            siblings = [{"rfilename": name} for name in files]
            gated = "manual" if repo in self.hub.gated else False
            facts = {"private": False, "gated": gated, "disabled": False, "tags": []}
            facts |= {"downloads": 0, "likes": 0, "lastModified": "2025-01-01T00:00:00.000Z"}
            self._json({"_id": "0", "id": repo, "sha": REVISION, "siblings": siblings, **facts})

    def _resolve(self, repo, revision, path):
        if self._refused(repo, revision):
            return
        files = self.hub.files[repo]
        if repo in self.hub.gated and path != "README.md":
            said = f"Access to dataset {repo} is restricted and you are not in the authorized list."
            self._error(403, "GatedRepo", said)
        elif path not in files:
            self._error(404, "EntryNotFound", "Entry not found")
        elif len(files[path]) < LARGE:
            self._content(files, path)
        else:
            content = files[path]
            self._send(302, b"", {
                "X-Repo-Commit": REVISION,
                "X-Linked-Etag": f'"{large_hash(content)}"',
                "X-Linked-Size": str(len(content)),
                "Accept-Ranges": "bytes",
                "Location": f"{self.hub.url}/store/{repo}/{path}",
            })  # fmt: skip

    def _content(self, files, path):
        content = files[path]
        etag = large_hash(content) if len(content) >= LARGE else git_hash(content)
        if path in self.hub.wrong and self.command == "GET":
            self.hub.wrong.discard(path)
            content = content[:-1] + bytes([content[-1] ^ 1])
        start = int((self.headers.get("Range") or "bytes=0-")[6:].partition("-")[0] or 0)
        body = content[start:]
        headers = {"ETag": f'"{etag}"', "X-Repo-Commit": REVISION, "Accept-Ranges": "bytes"}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        left = self.hub.cut.get(path) or []
        if self.command == "GET" and left:
            body, whole = body[: left.pop(0)], body
            self._send(206 if start else 200, body, headers, announced=len(whole))
            self.close_connection = True
        else:
            self._send(206 if start else 200, body, headers)
        if self.command == "GET":
            self.hub.sent[path] += len(body)

    def _json(self, content):
        self._send(200, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _error(self, code, name, said):
        headers = {"X-Error-Message": said} | ({"X-Error-Code": name} if name else {})
        self._send(code, json.dumps({"error": said}).encode(), headers)

    def _send(self, code, body, headers, announced=None):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if announced is None else announced))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _entry(name, content):
    entry = {"type": "file", "oid": git_hash(content), "size": len(content), "path": name}
    if len(content) >= LARGE:
        entry["lfs"] = {"oid": large_hash(content), "size": len(content), "pointerSize": 130}
    return entry


def _tree(files, folder, deep):
    start = f"{folder}/" if folder else ""
    inside = {name: content for name, content in files.items() if name.startswith(start)}
    folders = {
        start + "/".join(name[len(start) :].split("/")[: depth + 1])
        for name in inside
        for depth in range(name[len(start) :].count("/"))
    }
    here = [name for name in inside if deep or "/" not in name[len(start) :]]
    shown = [name for name in folders if deep or "/" not in name[len(start) :]]
    return [
        *(
            {"type": "directory", "oid": "0" * 40, "size": 0, "path": name}
            for name in sorted(shown)
        ),
        *(_entry(name, inside[name]) for name in sorted(here)),
    ]
