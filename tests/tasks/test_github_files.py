"""Files of GitHub over a real connection: whole, once, or not at all."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mmjudge.cli import app
from mmjudge.errors import TaskError
from mmjudge.sources import github
from mmjudge.sources.folder import open_task
from mmjudge.sources.github import FileAbsentError, GithubName, github_path
from mmjudge.sources.hub import media_cache
from mmjudge.task import checked

NAME = GithubName("someone/cups", "0123abc" * 5 + "01234")
CONTENT = b"twelve bytes" * 1000


class Raw(BaseHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012 (emptied by the fixture)
    files: dict[str, bytes] = {}  # noqa: RUF012 (replaced by a test)

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.asked.append(self.path)
        if "absent" in self.path:
            self.send_error(404)
            return
        content = self.files.get(self.path.rpartition("/")[2], CONTENT)
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        cut = "cut" in self.path and len(self.asked) == 1
        self.wfile.write(content[:5000] if cut else content)


@pytest.fixture
def asked(monkeypatch, tmp_path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Raw)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    Raw.asked.clear()
    monkeypatch.setattr(github, "FILES", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("MMJUDGE_CACHE", str(tmp_path))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    yield Raw.asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_file_is_fetched_once(asked):
    for _ in range(2):
        assert github_path(NAME, "data/a b.json").read_bytes() == CONTENT
    assert asked == [f"/{NAME.repo}/{NAME.commit}/data/a%20b.json"]


def test_what_was_cut_off_is_not_kept_as_if_it_were_whole(asked, tmp_path):
    with pytest.raises(TaskError, match="cut off after 5000 of 12000 bytes; try again"):
        github_path(NAME, "cut.json")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert github_path(NAME, "cut.json").read_bytes() == CONTENT


def test_a_file_that_is_not_there_is_another_error(asked):
    with pytest.raises(FileAbsentError, match="no such file"):
        github_path(NAME, "absent.json")


SAMPLE = Path(__file__).resolve().parents[2] / "tasks" / "evalbiasbench" / "sample"


def test_a_task_of_github_is_whole_only_with_as_many_items_as_its_card_says(asked, monkeypatch):
    content = (SAMPLE / "biasbench.json").read_bytes()
    monkeypatch.setattr(Raw, "files", {"biasbench.json": content})
    part = CliRunner().invoke(app, ["download", "evalbiasbench"])
    assert part.exit_code == 1
    assert "3 items came, the card says 80" in part.stderr
    assert part.stderr.count("by hand from https://github.com/") == 1
    rows = json.loads(content)
    whole = {name: of * (80 // len(rows) // len(of)) for name, of in rows.items()}
    monkeypatch.setattr(Raw, "files", {"biasbench.json": json.dumps(whole).encode()})
    for file in media_cache().rglob("biasbench.json"):
        file.unlink()
    done = CliRunner().invoke(app, ["download", "evalbiasbench"])
    assert done.exit_code == 0, done.stderr
    assert "evalbiasbench@1: whole, 80 items (pair)" in done.stdout
    monkeypatch.setattr(github, "FILES", "http://127.0.0.1:1")
    assert len(list(checked(open_task("evalbiasbench"), "pair"))) == 80
    assert len(asked) == 2
