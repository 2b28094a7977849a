"""The judge `openai:` at the server of transformers, with a tiny model: nothing here is made up."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

pytestmark = pytest.mark.slow

os.environ["HF_HUB_OFFLINE"] = "1"
for library, extra in (("torch", "hf"), ("transformers", "hf"), ("fastapi", "dev")):
    missing = f"the extra {extra} is not installed: openai: at a real server WAS NOT TESTED"
    pytest.importorskip(library, reason=missing)
pytest.importorskip("openai", reason="the extra api is not installed: openai: WAS NOT TESTED")

from mmjudge.api import run  # noqa: E402
from mmjudge.errors import JudgeError  # noqa: E402
from mmjudge.judges.base import JudgeContext, open_judge  # noqa: E402
from mmjudge.judges.openai.judge import OpenAI  # noqa: E402
from mmjudge.types import Reply, Request  # noqa: E402
from tests.engine.driven import Listed, pair, stored  # noqa: E402
from tests.judges.hf_asked import FILM, MEDIA, PICTURES, ask  # noqa: E402
from tests.judges.hf_asked import opened as opened_hf  # noqa: E402
from tests.judges.tiny_models import qwen2_5_vl  # noqa: E402

WORDS = 12
"""Tokens of a reply: a model of random weights has nothing more to say."""

START_S = 120


class Served(NamedTuple):
    folder: Path
    url: str

    def judge(self, name: str = "", **options: Any) -> OpenAI:
        context = JudgeContext(task=None, protocol="pair")  # type: ignore[arg-type]
        asked = {"base_url": self.url, "max_tokens": WORDS, "concurrency": 2} | options
        judge = open_judge(f"openai:{name or self.folder}", context, asked)
        assert isinstance(judge, OpenAI)
        return judge


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = qwen2_5_vl(tmp_path_factory.mktemp("served") / "tiny")
    port = free_port()
    command = [sys.executable, "-c", "from transformers.cli.transformers import main; main()"]
    command += ["serve", str(folder), "--device", "cpu", "--host", "127.0.0.1", "--port", str(port)]
    log = folder.parent / "log"
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            wait_for(f"http://127.0.0.1:{port}/health", process, log)
            yield Served(folder, f"http://127.0.0.1:{port}/v1")
        finally:
            process.terminate()
            process.wait(30)


def wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(10 * START_S):
        assert process.poll() is None, log.read_text(errors="replace")[-3000:]
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"no answer in {START_S} s: {log.read_text(errors='replace')[-3000:]}")


def words(reply: Reply) -> str:
    """What was said, without the control tokens that the server spells out."""
    assert reply.error is None, reply.error
    return re.sub(r"<\|\w+\|>", "", reply.text or "")


def same(served: Served, requests: list[Request]) -> None:
    ours = served.judge().judge(requests, MEDIA)
    theirs = opened_hf(served.folder, max_new_tokens=WORDS, batch_size=1).judge(requests, MEDIA)
    assert [words(reply) for reply in ours] == [words(reply) for reply in theirs]
    assert [reply.tokens_in for reply in ours] == [reply.tokens_in for reply in theirs]
    assert {reply.finish_reason for reply in ours} <= {"length", "stop"}
    assert len({words(reply) for reply in ours}) > 1


def test_a_served_model_says_of_texts_what_it_says_when_it_is_loaded_here(served: Served):
    same(served, [ask(p, prompt=(t,)) for p in ("pair", "score", "rank") for t in ("cup", "plate")])


def test_a_served_model_sees_the_very_images_that_a_loaded_one_sees(served: Served):
    answers = [(PICTURES[1],), (PICTURES[2],)]
    requests = [
        ask(answers=answers),
        ask(answers=answers[::-1]),
        ask("score", answers=[answers[0]]),
    ]
    same(served, requests)


def test_a_video_is_read_as_frames(served: Served):
    judge = served.judge()
    (film,) = judge.judge([ask(prompt=("a cup", FILM))], MEDIA)
    (text,) = judge.judge([ask(prompt=("a cup",))], MEDIA)
    assert film.error is None
    assert (film.tokens_in or 0) > (text.tokens_in or 0) + 4


def test_a_run_at_a_server_is_whole_and_costs_what_its_tokens_cost(served: Served, tmp_path: Path):
    judge = served.judge(price_in=2.0, price_out=8.0)
    done = run(Listed([pair(i) for i in range(6)]), judge, out=tmp_path / "run", max_cost=1.0)
    kept = stored(tmp_path / "run")
    assert len(kept) == 6
    assert done.stats is not None
    assert not done.stats.failures["infra"]
    wanted = (2.0 * done.stats.tokens_in + 8.0 * done.stats.tokens_out) / 1e6
    assert done.stats.spent_usd == pytest.approx(wanted)
    assert wanted > 0


def test_a_model_that_the_server_does_not_have_stops_the_run(served: Served):
    with pytest.raises(JudgeError, match="model's name and base_url"):
        served.judge("another").judge([ask()], {})


def test_a_server_without_logprobs_says_so_in_the_failure(served: Served):
    (reply,) = served.judge(mode="logits").judge([ask()], {})
    assert reply.error is not None
    assert (reply.error.reason, "mode=generate" in reply.error.detail) == ("unsupported", True)
