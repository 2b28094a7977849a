"""A judge that streams: each reply is stored when it is there, whatever becomes of the batch."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmjudge.api import run
from mmjudge.engine.pipeline import Stats
from mmjudge.errors import JudgeError
from mmjudge.judges.base import MediaMap, Take
from mmjudge.types import Failure, Media, Reply, Request
from tests.engine.driven import Listed, Told, good, pair, stored


class Streams(Told):
    """Hands on replies one by one, the last request of a batch first."""

    def stream(self, batch: list[Request], media: MediaMap, take: Take) -> None:
        for place in reversed(range(len(batch))):
            self.asked.append(batch[place])
            if not take(place, self.answer(batch[place])):
                return


def items(n: int) -> Listed:
    return Listed([pair(i) for i in range(n)])


def stopping(at: str, error: Callable[[], Exception]) -> Callable[[Request], Reply]:
    def answer(request: Request) -> Reply:
        if request.item == at:
            raise error()
        return good(request)

    return answer


def test_a_stream_ends_in_the_same_judgments_as_a_batch(tmp_path: Path):
    run(items(30), Streams(batch_size=8), out=tmp_path / "a", orders="both")
    run(items(30), Told(batch_size=8), out=tmp_path / "b", orders="both")
    found = [{(j.key, j.outcome) for j in stored(tmp_path / name)} for name in "ab"]
    assert found[0] == found[1]
    assert len(found[0]) == 60


def test_what_was_handed_on_before_a_judge_gave_up_is_not_asked_again(tmp_path: Path):
    broken = Streams(stopping("40", lambda: JudgeError("401")), batch_size=100)
    with pytest.raises(JudgeError, match="401"):
        run(items(100), broken, out=tmp_path / "run")
    assert sorted(int(j.item) for j in stored(tmp_path / "run")) == list(range(41, 100))
    whole = Streams(batch_size=100)
    run(items(100), whole, out=tmp_path / "run")
    assert sorted(int(r.item) for r in whole.asked) == list(range(41))


def test_what_breaks_a_stream_fails_alone_and_no_other_is_asked_twice(tmp_path: Path):
    broken = Streams(stopping("5", lambda: ValueError("odd")), batch_size=32)
    run(items(32), broken, out=tmp_path / "run")
    failed = {j.item: j.outcome for j in stored(tmp_path / "run") if isinstance(j.outcome, Failure)}
    assert failed == {"5": Failure(reason="infra", detail="ValueError: odd")}
    asked = [r.item for r in broken.asked]
    assert sorted(set(asked), key=int) == [str(i) for i in range(32)]
    assert all(asked.count(item) == 1 for item in asked if item != "5")


class Forgets(Streams):
    def stream(self, batch: list[Request], media: MediaMap, take: Take) -> None:
        super().stream(batch[1:], media, take)


def test_a_stream_that_forgets_a_request_stops_the_run(tmp_path: Path):
    with pytest.raises(JudgeError, match="gave 7 replies to 8 requests"):
        run(items(8), Forgets(), out=tmp_path / "run")
    assert len(stored(tmp_path / "run")) == 7


def test_refused_requests_are_stored_beside_those_that_were_streamed(tmp_path: Path):
    picture = pair(3, prompt=(Media(modality="image", uri="a.png"),))
    listed = Listed([pair(1), picture, pair(2)])
    run(listed, Streams(modalities=("text",)), out=tmp_path / "run")
    found = {j.item: isinstance(j.outcome, Failure) for j in stored(tmp_path / "run")}
    assert found == {"1": False, "3": True, "2": False}


def test_progress_moves_within_a_batch(tmp_path: Path):
    import time

    def slow(request: Request) -> Reply:
        time.sleep(0.06)
        return good(request)

    seen: list[int] = []

    def progress(stats: Stats) -> None:
        seen.append(stats.judged)

    run(items(10), Streams(slow, batch_size=64), out=tmp_path / "run", progress=progress)
    assert len({n for n in seen if 0 < n < 10}) >= 2


def test_a_limit_of_cost_stops_within_a_batch(tmp_path: Path):
    def paid(request: Request) -> Reply:
        return good(request).model_copy(update={"cost_usd": 0.25})

    judge = Streams(paid, batch_size=64, priced=True)
    done = run(items(20), judge, out=tmp_path / "run", max_cost=1.0)
    assert done.stats is not None
    assert (done.stats.out_of_budget, done.stats.judged, len(judge.asked)) == (True, 4, 4)


def test_a_limit_that_the_last_request_reaches_is_no_stop(tmp_path: Path):
    def paid(request: Request) -> Reply:
        return good(request).model_copy(update={"cost_usd": 0.25})

    judges: list[Any] = [Streams(paid, priced=True), Told(paid, priced=True)]
    for number, judge in enumerate(judges):
        done = run(items(8), judge, out=tmp_path / str(number), max_cost=2.0)
        assert done.stats is not None
        assert (done.stats.out_of_budget, done.stats.judged) == (False, 8)


def test_a_judge_that_does_not_stream_stops_after_the_batch(tmp_path: Path):
    def paid(request: Request) -> Reply:
        return good(request).model_copy(update={"cost_usd": 0.25})

    judge = Told(paid, batch_size=8, priced=True)
    done = run(items(20), judge, out=tmp_path / "run", max_cost=1.0)
    assert done.stats is not None
    assert (done.stats.out_of_budget, done.stats.judged) == (True, 8)
