"""All pairs of mj_bench_objects with each kind of judge: whole, nothing lost, failures named."""

from pathlib import Path

import pytest

import mmjudge
from mmjudge.api import Run
from mmjudge.judges.baseline import SUMMARIES
from tests.judges.hf_asked import BUILDERS
from tests.judges.scorer_asked import MODELS, SEES_IMAGES

NO_VERDICT = {"empty", "truncated", "ambiguous", "refused"}
"""What the words of a model of random numbers may come to."""

CHATS = ("qwen2_5_vl", "llava_onevision", "qwen2_5_omni", "smolvlm")
"""Those that take two images in a request."""


@pytest.fixture
def objects(shared_data: Path) -> Path:
    return shared_data / "benchmarks" / "mj_bench_objects"


@pytest.mark.parametrize("name", SEES_IMAGES)
def test_real_pairs_are_judged_whole(opened, objects, tmp_path, name):
    done = mmjudge.run(
        "mj_bench_objects", opened(name), data=objects, limit=4, out=tmp_path / "run"
    )
    assert (done.stats.judged, done.stats.failed) == (4, 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_all_pairs_are_scored_or_the_scorer_takes_no_image(opened, objects, tmp_path, name):
    done = mmjudge.run("mj_bench_objects", opened(name), data=objects, out=tmp_path / "run")
    assert done.stats.judged == 100
    seeing = name in SEES_IMAGES
    assert done.stats.failures == ({} if seeing else {"unsupported": 100})
    if seeing:
        assert 0 < accuracy(done) < 1


@pytest.mark.slow
@pytest.mark.parametrize("family", sorted(BUILDERS))
@pytest.mark.parametrize("mode", ["logits", "generate"])
def test_all_pairs_are_put_to_a_chat_model_of_each_family(folders, objects, tmp_path, family, mode):
    options = {"mode": mode, "max_new_tokens": 4} if mode == "generate" else {"mode": mode}
    done = mmjudge.run(
        "mj_bench_objects",
        f"hf:{folders[family]}",
        data=objects,
        out=tmp_path / "run",
        options=options,
    )
    assert done.stats.judged == 100
    if family not in CHATS:
        assert done.stats.failures == {"unsupported": 100}
    elif mode == "logits":
        assert done.stats.failures == {}
        assert 0 < accuracy(done) < 1
    else:
        assert set(done.stats.failures) <= NO_VERDICT


@pytest.mark.slow
@pytest.mark.parametrize("name", SUMMARIES)
def test_all_pairs_are_put_to_each_baseline(objects, tmp_path, name):
    done = mmjudge.run("mj_bench_objects", f"baseline:{name}", data=objects, out=tmp_path / "run")
    assert (done.stats.judged, done.stats.failed) == (100, 0)
    known = {"oracle": 1.0, "first": 0.5, "second": 0.5, "constant": 0.0}
    if name in known:
        assert accuracy(done) == known[name]


def accuracy(done: Run) -> float:
    (found,) = (r.value for r in done.scores(n_resamples=0) if r.metric == "accuracy")
    assert found is not None
    return found
