"""Scorers in whole runs: what is encoded how often, what decides, what fails alone."""

import json
from collections import Counter

import numpy as np
import pytest

import mmjudge
from mmjudge.protocols import parse
from mmjudge.types import Preference
from tests.judges import scorer_models as tiny
from tests.judges.scorer_asked import (
    CLOSE,
    MEDIA,
    SEES_IMAGES,
    TEXTS,
    audio,
    image,
    pair_request,
    rows_seen,
    score,
    torch,
    towers,
)

CRITERIA = """name: cups
protocols: [pair, score, rank]
modalities: [text, image]
primary: accuracy
criteria:
  - {name: alignment, question: Which picture shows it?}
  - {name: beauty, question: Which picture is nicer?}
card: {summary: Pictures made by a test.}
"""


@pytest.fixture
def folder(tmp_path):
    """A task of 12 items over 6 images and 3 texts, in all three protocols."""
    task = tmp_path / "cups"
    (task / "img").mkdir(parents=True)
    for seed in range(6):
        tiny.picture(seed).save(task / "img" / f"{seed}.png")
    (task / "task.yaml").write_text(CRITERIA)
    for protocol, n in (("pair", 2), ("score", 1), ("rank", 3)):
        lines = []
        for place in range(12):
            shown = [(place + step * (1 + place // 6)) % 6 for step in range(n)]
            parts = [[{"modality": "image", "uri": f"img/{seed}.png"}] for seed in shown]
            candidates = [{"id": str(i), "parts": p} for i, p in enumerate(parts)]
            item = {"id": str(place), "prompt": [TEXTS[place % 3]], "candidates": candidates}
            lines.append(json.dumps(item))
        (task / f"items.{protocol}.jsonl").write_text("\n".join(lines) + "\n")
    return task


@pytest.mark.parametrize("name", SEES_IMAGES)
def test_each_input_is_encoded_once_across_items_orders_and_criteria(
    opened, folder, tmp_path, name
):
    judge = opened(name, batch=4)
    images, texts = Counter(), Counter()
    for tower, seen in zip(towers(judge), (images, texts), strict=True):
        rows_seen(tower, seen)
    done = mmjudge.run(str(folder), judge, orders="both", out=tmp_path / "run")
    assert done.stats.judged == 12 * 2 * 2
    assert done.stats.failed == 0
    assert sorted(images.values()) == [1] * 6
    assert sorted(texts.values()) == [1] * 3


@pytest.mark.parametrize("protocol", ["pair", "score", "rank"])
def test_a_run_decides_by_the_scores_in_every_protocol(opened, folder, tmp_path, protocol):
    judge = opened("open_clip")
    done = mmjudge.run(str(folder), judge, protocol=protocol, out=tmp_path / "run")
    table = done.dataframe()
    lines = (folder / f"items.{protocol}.jsonl").read_text().splitlines()
    items = [json.loads(line) for line in lines]
    media = {image(seed): tiny.picture(seed) for seed in range(6)}
    assert len(table) == 24
    assert table["failure"].isna().all()
    for _, row in table.iterrows():
        item = items[int(row["item"])]
        shown = [int(c["parts"][0]["uri"][4:-4]) for c in item["candidates"]]
        scores = score(judge, [(item["prompt"][0], image(seed)) for seed in shown], media)
        verdict = row["verdict"]
        if protocol == "pair":
            assert verdict == ("first" if scores[0] > scores[1] else "second")
        elif protocol == "score":
            assert float(verdict) == pytest.approx(float(scores[0]), abs=CLOSE)
        else:
            best_first = [int(name) for name in verdict.split(" > ")]
            assert best_first == list(np.argsort(-scores))


def test_what_cannot_be_scored_fails_alone(opened):
    judge = opened("open_clip")
    batch = [
        pair_request(("a cat",), (image(0),), (image(1),)),
        pair_request(("a cat",), (image(0),), (audio(0),)),
        pair_request(("a cat",), ("yes",), ("no",)),
        pair_request((image(2), "what is it?"), ("a cat",), ("a dog",)),
    ]
    replies = judge.judge(batch, MEDIA)
    assert [reply.error.reason if reply.error else None for reply in replies] == [
        None,
        "unsupported",
        "unsupported",
        None,
    ]
    assert "audio" in replies[1].error.detail
    alone = judge.scorer.score([(("a cat",), (image(2),)), (("a dog",), (image(2),))], MEDIA)
    assert replies[3].scores == pytest.approx(tuple(alone))


def test_scores_within_the_threshold_are_a_tie_and_stay_in_the_reply(opened):
    request = pair_request(("a cat",), (image(0),), (image(1),))
    scores = opened("clip").judge([request], MEDIA)[0].scores
    gap = abs(scores[0] - scores[1])
    for threshold, tied in ((gap * 1.01, True), (gap * 0.99, False)):
        reply = opened("clip", tie_within=threshold).judge([request], MEDIA)[0]
        assert reply.scores == pytest.approx(scores)
        assert (parse(request, reply) == Preference(value="tie")) == tied


def test_one_batch_that_does_not_fit_is_halved_until_it_does(opened):
    judge, calm = opened("clip", batch=8), opened("clip")
    sizes = []

    def small_memory(_, args, kwargs):
        n = len(args[0] if args else next(iter(kwargs.values())))
        sizes.append(n)
        if n > 3:
            raise torch.OutOfMemoryError("this device holds three")

    towers(judge)[0].register_forward_pre_hook(small_memory, with_kwargs=True)
    pairs = [("a cat", image(seed)) for seed in range(8)]
    np.testing.assert_allclose(score(judge, pairs), score(calm, pairs), atol=CLOSE)
    assert sizes == [8, 4, 2, 2, 2, 2]


def test_a_cache_without_room_forgets_and_the_scores_stay(opened):
    judge, calm = opened("clip"), opened("clip")
    judge.scorer.cache.room = 600
    pairs = [("a cat", image(seed)) for seed in (0, 1, 2, 3, 0, 1)]
    for _ in range(2):
        np.testing.assert_allclose(score(judge, pairs), score(calm, pairs), atol=CLOSE)
    assert judge.scorer.cache.used <= 600
