"""What becomes of a request: it is asked once, in a batch; what breaks fails alone."""

from pathlib import Path
from typing import Any

import pytest

from mmjudge.api import run
from mmjudge.engine.pipeline import Stats
from mmjudge.engine.refusal import MAX_TEXT
from mmjudge.errors import JudgeError, TaskError
from mmjudge.judges.base import MediaMap
from mmjudge.task import BadItem, checked
from mmjudge.types import Candidate, Failure, Media, Preference, Reply, Request, RunSettings
from tests.engine.driven import Listed, Told, good, outcomes, pair, stored

BROKEN = "prompt 5"


def raising(request: Request) -> Reply:
    if request.prompt == (BROKEN,):
        raise ValueError("out of memory")
    return good(request)


def test_a_request_that_breaks_a_batch_fails_alone(tmp_path: Path):
    judge = Told(raising, batch_size=32)
    done = run(Listed([pair(i) for i in range(32)]), judge, out=tmp_path / "run")
    failed = {j.item: j.outcome for j in stored(done.folder) if isinstance(j.outcome, Failure)}
    assert failed == {"5": Failure(reason="infra", detail="ValueError: out of memory")}
    assert len(stored(done.folder)) == 32


class Miscounting(Told):
    def judge(self, batch: list[Request], media: MediaMap) -> list[Reply]:
        return super().judge(batch, media)[:-1]


def test_a_judge_that_drops_a_reply_stops_the_run(tmp_path: Path):
    with pytest.raises(JudgeError, match="gave 7 replies to 8 requests"):
        run(Listed([pair(i) for i in range(8)]), Miscounting(), out=tmp_path / "run")


def test_a_judge_that_gives_something_else_than_a_reply_stops_the_run(tmp_path: Path):
    judge = Told(lambda request: "Verdict: [[A]]")  # type: ignore[arg-type, return-value]
    with pytest.raises(JudgeError, match="gave a str for a Reply"):
        run(Listed([pair(i) for i in range(8)]), judge, out=tmp_path / "run")


def test_a_judge_that_cannot_answer_at_all_stops_the_run_and_the_run_resumes(tmp_path: Path):
    def refusing(request: Request) -> Reply:
        if request.prompt == ("prompt 50",):
            raise JudgeError("401: the key is wrong")
        return good(request)

    items = [pair(i) for i in range(100)]
    with pytest.raises(JudgeError, match="401"):
        run(Listed(items), Told(refusing), out=tmp_path / "run")
    kept = len(stored(tmp_path / "run"))
    assert kept >= 48
    judge = Told()
    run(Listed(items), judge, out=tmp_path / "run")
    assert len(judge.asked) == 100 - kept


PICTURE = Media(modality="image", uri="a.png")
REFUSED = [
    ({"prompt": ()}, {}, "prompt: empty"),
    ({"prompt": (" \n",)}, {}, "prompt: empty"),
    ({"prompt": ("x" * 10_000_000,)}, {}, f"at most {MAX_TEXT}"),
    ({"prompt": (PICTURE,)}, {"modalities": ("text",)}, "takes text, not image"),
    ({}, {"protocols": ("rank",)}, "takes rank, not pair"),
]


@pytest.mark.parametrize(("changes", "card", "detail"), REFUSED)
def test_what_a_judge_cannot_be_asked_never_reaches_it(
    changes: dict[str, Any], card: dict[str, Any], detail: str, tmp_path: Path
):
    judge = Told(**card)
    done = run(Listed([pair(1, **changes)]), judge, out=tmp_path / "run")
    (judgment,) = stored(done.folder)
    assert isinstance(judgment.outcome, Failure)
    assert judgment.outcome.reason == "unsupported"
    assert detail in judgment.outcome.detail
    assert not judge.asked


def test_no_batch_is_larger_than_the_card_allows(tmp_path: Path):
    sizes = []

    class Watched(Told):
        def judge(self, batch: list[Request], media: MediaMap) -> list[Reply]:
            sizes.append(len(batch))
            return super().judge(batch, media)

    judge = Watched(batch_size=3)
    run(Listed([pair(i) for i in range(20)]), judge, out=tmp_path / "run", repeats=5)
    assert max(sizes) <= 3
    assert sum(sizes) == 100


def test_a_judge_that_looks_at_no_media_makes_nobody_decode_them(tmp_path: Path):
    item = pair(1, prompt=(Media(modality="image", uri="nowhere.png"),))
    done = run(Listed([item], root=tmp_path), Told(), out=tmp_path / "run")
    assert [j.outcome for j in stored(done.folder)] == [Preference(value="first")]


def test_bad_items_are_stored_and_counted_and_the_others_are_judged(tmp_path: Path):
    bad = BadItem(id="9", where="items.jsonl:9", problem="candidates: a pair needs 2, found 1")
    one = pair(3, candidates=(Candidate(id="a", parts=("x",)),))
    done = run(Listed([pair(1), bad, pair(1), one, pair(2)]), Told(), out=tmp_path / "run")
    assert done.stats is not None
    assert (done.stats.items, done.stats.bad_items, done.stats.judged) == (5, 3, 2)
    assert {j.item for j in stored(done.folder)} == {"1", "2"}


def test_a_broken_task_stops_the_run_and_says_so(tmp_path: Path):
    class Broken(Listed):
        def load(self, protocol: str) -> Any:
            yield from super().load("pair")
            raise TaskError("items.jsonl: cannot be read")

    with pytest.raises(TaskError, match="cannot be read"):
        run(Broken([pair(1)]), Told(), out=tmp_path / "run")


def test_only_items_of_the_wanted_stratum_are_asked(tmp_path: Path):
    items = [pair(i, strata={"domain": "ab"[i % 2]}) for i in range(10)]
    judge = Told()
    run(Listed(items), judge, out=tmp_path / "run", where={"domain": "a"})
    assert {r.item for r in judge.asked} == {"0", "2", "4", "6", "8"}


def test_the_limit_counts_items(tmp_path: Path):
    judge = Told()
    run(Listed([pair(i) for i in range(10)]), judge, out=tmp_path / "run", limit=3, orders="both")
    assert {r.item for r in judge.asked} == {"0", "1", "2"}


def test_a_verdict_follows_its_candidate_whatever_the_order(tmp_path: Path):
    done = run(Listed([pair(i) for i in range(30)]), Told(), out=tmp_path / "run", orders="both")
    found = outcomes(done.folder)
    assert len(found) == 60
    assert set(map(repr, found.values())) == {repr(Preference(value="first"))}


def test_progress_ends_with_all_that_was_done(tmp_path: Path):
    seen: list[int] = []

    def progress(stats: Stats) -> None:
        seen.append(stats.judged)

    run(Listed([pair(i) for i in range(20)]), Told(), out=tmp_path / "run", progress=progress)
    assert seen[-1] == 20


def test_tokens_are_added_up(tmp_path: Path):
    judge = Told(lambda _: Reply(text="[[A]]", tokens_in=10, tokens_out=2))
    done = run(Listed([pair(i) for i in range(5)]), judge, out=tmp_path / "run")
    assert done.stats is not None
    assert (done.stats.tokens_in, done.stats.tokens_out) == (50, 10)


def test_the_header_says_what_was_run(tmp_path: Path):
    done = run(Listed([pair(1)]), Told(), out=tmp_path / "run", seed=7)
    assert done.header.judge.name == "told"
    assert done.header.task.label == "driven@1"
    settings = done.header.settings
    assert settings == RunSettings(protocol="pair", seed=7, template=settings.template)
    assert {"mmjudge", "numpy"} <= set(done.header.packages)


def test_an_id_that_comes_back_after_many_others_is_a_bad_item():
    items = [*(pair(i) for i in range(10_000)), pair(17)]
    found = [item for item in checked(Listed(items), "pair") if isinstance(item, BadItem)]
    assert [item.id for item in found] == ["17#10001"]
    assert "second time" in found[0].problem


def test_a_reply_that_no_file_can_keep_fails_alone(tmp_path: Path):
    def broken(request: Request) -> Reply:
        return Reply(text="[[A]] \ud800") if request.prompt == (BROKEN,) else good(request)

    done = run(Listed([pair(i) for i in range(8)]), Told(broken), out=tmp_path / "run")
    failed = [j for j in stored(done.folder) if isinstance(j.outcome, Failure)]
    assert [(j.item, j.outcome.reason) for j in failed] == [("5", "infra")]
