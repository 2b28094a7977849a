"""`--max-cost` and `--retry`: a run stops at its limit, goes on, and asks lost requests again."""

from pathlib import Path
from typing import Any

import pytest

from mmjudge.api import run
from mmjudge.errors import JudgeError, MmjudgeError
from mmjudge.store.run_store import RunStore
from mmjudge.types import Failure, Preference, Reply
from tests.engine.driven import Listed, Told, pair, stored
from tests.engine.driven import good as told_good
from tests.judges.openai_asked import opened
from tests.judges.openai_server import Deed, Say, Server, completion, error, good, text_of

ITEMS = Listed([pair(i) for i in range(50)])
PRICES = {"price_in": 1250.0, "price_out": 0.0}
EACH = 0.125  # 100 tokens at 1250 dollars a million


def spent(folder: Path) -> float:
    with RunStore.open(folder) as store:
        return store.spent_usd()


def test_a_run_stops_at_its_limit_with_no_more_than_the_calls_under_way(tmp_path: Path):
    with Server(lambda _, body: good(body)) as server:
        judge = opened(server, concurrency=4, **PRICES)
        done = run(ITEMS, judge, out=tmp_path / "run", max_cost=1.0)
        assert done.stats is not None
        assert done.stats.out_of_budget
        assert 8 <= len(server.calls) <= 8 + 3
        assert spent(tmp_path / "run") == pytest.approx(EACH * len(server.calls))
        assert len(stored(tmp_path / "run")) == len(server.calls)


def test_the_limit_counts_what_earlier_processes_spent(tmp_path: Path):
    with Server(lambda _, body: good(body)) as server:
        judge = opened(server, concurrency=1, **PRICES)
        run(ITEMS, judge, out=tmp_path / "run", max_cost=1.0)
        again = run(ITEMS, judge, out=tmp_path / "run", max_cost=1.0)
        assert (len(server.calls), again.stats and again.stats.judged) == (8, 0)
        more = run(ITEMS, judge, out=tmp_path / "run", max_cost=2.0)
        assert more.stats is not None
        assert more.stats.spent_usd == pytest.approx(2.0)
        assert len(server.calls) == 16
        whole = run(ITEMS, judge, out=tmp_path / "run", max_cost=6.5)
    assert whole.stats is not None
    assert not whole.stats.out_of_budget
    assert len(stored(tmp_path / "run")) == 50


def test_a_limit_without_prices_is_refused_before_anything_is_asked(tmp_path: Path):
    with Server(lambda _, body: good(body)) as server:
        judge = opened(server)
        with pytest.raises(JudgeError, match=r"price_in=2.5 -J price_out=10"):
            run(ITEMS, judge, out=tmp_path / "run", max_cost=1.0)
    assert not server.calls


@pytest.mark.parametrize("limit", [0.0, -1.0, float("nan")])
def test_a_limit_that_is_no_amount_is_refused(limit: float, tmp_path: Path):
    judge = opened("http://127.0.0.1:1/v1", **PRICES)
    with pytest.raises(MmjudgeError, match="above 0"):
        run(ITEMS, judge, out=tmp_path / "run", max_cost=limit)


def test_a_server_that_hides_its_tokens_cannot_be_limited(tmp_path: Path):
    with Server(lambda *_: completion(usage=None)) as server:
        judge = opened(server, concurrency=1, **PRICES)
        with pytest.raises(JudgeError, match="says nothing of the tokens"):
            run(ITEMS, judge, out=tmp_path / "run", max_cost=1.0)
    assert len(server.calls) == len(stored(tmp_path / "run")) == 1


def test_lost_requests_are_asked_again_and_others_are_not(tmp_path: Path):
    def flaky(_: int, body: Any) -> Deed:
        return error(500) if "prompt 7\n" in text_of(body) else good(body)

    with Server(flaky) as server:
        judge = opened(server, attempts=1)
        run(ITEMS, judge, out=tmp_path / "run")
        assert [j.item for j in stored(tmp_path / "run") if isinstance(j.outcome, Failure)] == ["7"]
        server.script = lambda _, body: good(body)
        run(ITEMS, judge, out=tmp_path / "run")
        assert len(server.calls) == 50
        done = run(ITEMS, judge, out=tmp_path / "run", retry=["infra"])
    assert len(server.calls) == 51
    assert done.stats is not None
    assert (done.stats.judged, done.stats.resumed) == (1, 49)
    kept = stored(tmp_path / "run")
    assert len(kept) == 50
    assert {j.outcome for j in kept} == {Preference(value="first")}


def test_what_a_lost_request_cost_stays_spent(tmp_path: Path):
    lost = Failure(reason="infra", detail="half an answer")

    def once_lost(request: Any) -> Reply:
        return Reply(error=lost, cost_usd=0.25)

    cheap = Told(once_lost, priced=True)
    run(Listed([pair(1)]), cheap, out=tmp_path / "run")
    better = Told(lambda r: told_good(r).model_copy(update={"cost_usd": 0.5}), priced=True)
    for _ in range(2):
        run(Listed([pair(1)]), better, out=tmp_path / "run", retry=["infra"])
    assert spent(tmp_path / "run") == pytest.approx(0.75)
    assert len(better.asked) == 1


def test_a_retry_that_stops_loses_no_row(tmp_path: Path):
    with Server(lambda *_: error(500)) as server:
        judge = opened(server, attempts=1, breaker=1000)
        run(ITEMS, judge, out=tmp_path / "run")
        server.script = lambda n, body: good(body) if n < 60 else Say(401, b"{}")
        with pytest.raises(JudgeError, match="401"):
            run(ITEMS, judge, out=tmp_path / "run", retry=["infra"])
    kept = stored(tmp_path / "run")
    assert len(kept) == 50
    assert sum(isinstance(j.outcome, Preference) for j in kept) == 10


@pytest.mark.parametrize("reason", ["ambiguous", "refused", "truncated", "nonsense"])
def test_an_answer_of_the_judge_is_never_asked_again(reason: Any, tmp_path: Path):
    with pytest.raises(MmjudgeError, match=f"only infra or media is asked again, found '{reason}'"):
        run(ITEMS, Told(), out=tmp_path / "run", retry=[reason])
