"""`mmjudge run --judge openai:`: exit codes, what is said at a limit, and what is never said."""

from pathlib import Path
from typing import Any

from tests.judges.openai_asked import KEY, leaked
from tests.judges.openai_server import Server, completion, error


def test_the_command_stops_with_a_code_of_its_own_and_says_how_to_go_on(
    mmjudge: Any, tmp_path: Path, demo: Path
):
    with Server(lambda *_: completion()) as server:
        words = ["run", "--task", demo, "--judge", "openai:tiny", "-J", f"base_url={server.url}"]
        words += ["-J", "price_in=1250", "-J", "price_out=0", "-J", "concurrency=1"]
        words += ["--out", tmp_path / "run"]
        done = mmjudge(*words, "--max-cost", "1")
        assert done.code == 3
        assert "stopped: $1 of max-cost 1 is spent" in done.err
        assert "--max-cost 1" in done.err.splitlines()[-1]
        assert len(server.calls) == 8
        assert mmjudge(*words).code == 0


def test_the_command_shows_no_key_whether_it_works_or_not(
    mmjudge_process: Any, tmp_path: Path, root: Path
):
    words = ["run", "--task", root / "assets" / "demo", "--judge", "openai:tiny"]
    words += ["-J", "api_key_env=MY_KEY", "-J", "price_in=1", "-J", "price_out=1"]
    with Server(lambda *_: error(401, f"Incorrect API key provided: {KEY}")) as server:
        failed = mmjudge_process(
            *words, "-J", f"base_url={server.url}", "--out", tmp_path / "a", MY_KEY=KEY
        )
        server.script = lambda _, body: completion()
        words[-6:-4] = []
        url = server.url.replace("http://", f"http://me:{KEY}@") + f"?key={KEY}"
        words += ["-J", f"base_url={url}", "--out", tmp_path / "b", "--max-cost", "0.00001"]
        stopped = mmjudge_process(*words, OPENAI_LOG="debug")
    assert (failed.code, stopped.code) == (2, 3)
    assert "Incorrect API key provided: ***" in failed.err
    assert "base_url=http://***@127.0.0.1" in stopped.err
    assert KEY not in failed.out + failed.err + stopped.out + stopped.err
    assert leaked(tmp_path) == []
