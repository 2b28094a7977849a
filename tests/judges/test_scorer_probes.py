"""What probes cost a scorer: a candidate that no probe changed is not encoded again."""

import json
from collections import Counter

import pytest

import mmjudge
from mmjudge.probes.catalog import choose
from tests.judges import scorer_models as tiny
from tests.judges.scorer_asked import SEES_IMAGES, TEXTS, rows_seen, towers

CARD = """name: cups
protocols: [pair]
modalities: [text, image]
primary: accuracy
criteria: [{name: alignment, question: Which picture shows it?}]
card: {summary: Pictures made by a test.}
"""
SIZE = (400, 300)
"""Of the pictures: large enough for words to be written on them."""


@pytest.fixture
def folder(tmp_path):
    """A task of six pairs of pictures, each with a text of its own, and as many of texts."""
    task = tmp_path / "cups"
    (task / "img").mkdir(parents=True)
    (task / "task.yaml").write_text(CARD)
    lines = []
    for place in range(6):
        for seed in (2 * place, 2 * place + 1):
            tiny.picture(seed).resize(SIZE).save(task / "img" / f"{seed}.png")
        text = f"{TEXTS[place % 3]} {place}"
        pictures = [[_picture(2 * place)], [_picture(2 * place + 1)]]
        texts = [[text], [f"{text} and more"]]
        lines += [_line(f"made-{place}", [text], pictures)]
        lines += [_line(f"seen-{place}", [_picture(2 * place)], texts)]
    (task / "items.jsonl").write_text("\n".join(lines) + "\n")
    return task


def _picture(seed):
    return {"modality": "image", "uri": f"img/{seed}.png"}


def _line(name, prompt, candidates):
    shown = [{"id": str(i), "parts": parts} for i, parts in enumerate(candidates)]
    gold = {"alignment": {"kind": "preference", "value": "first"}}
    return json.dumps({"id": name, "prompt": prompt, "candidates": shown, "gold": gold})


def encoded(opened, folder, name, out, probes=()):
    """How often each distinct picture and text went through the model, and judgments made."""
    judge = opened(name, batch=4)
    images, texts = Counter(), Counter()
    for tower, seen in zip(towers(judge), (images, texts), strict=True):
        rows_seen(tower, seen)
    done = mmjudge.run(str(folder), judge, out=out, probes=probes)
    assert done.stats.failed == 0
    return images, texts, done.stats.judged


@pytest.mark.parametrize("name", SEES_IMAGES)
def test_the_core_preset_costs_a_scorer_less_than_half_of_its_calls(opened, folder, tmp_path, name):
    images, texts, judged = encoded(opened, folder, name, tmp_path / "plain")
    plain = images.total() + texts.total()
    images, texts, again = encoded(opened, folder, name, tmp_path / "core", "core")
    assert judged < again <= (1 + len(choose("core"))) * judged
    assert images.total() + texts.total() < plain * again / judged / 2
    assert set(images.values()) == {1}


@pytest.mark.parametrize("name", SEES_IMAGES)
def test_what_a_probe_leaves_as_it_is_is_not_encoded_again(opened, folder, tmp_path, name):
    images, texts, judged = encoded(opened, folder, name, tmp_path / "plain")
    again = encoded(opened, folder, name, tmp_path / "again", "rerun,order_swapped")
    assert again[0] == images
    assert again[1].total() == texts.total()
    assert again[2] == 3 * judged
