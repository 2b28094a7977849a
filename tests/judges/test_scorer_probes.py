"""What probes cost a scorer: a candidate that no probe changed is not encoded again."""

import json
from collections import Counter

import pytest

import mmjudge
from mmjudge.judges.base import open_judge
from mmjudge.probes.catalog import choose
from tests.judges import scorer_models as tiny
from tests.judges.scorer_asked import SEES_IMAGES, TEXTS, context, rows_seen, towers
from tests.media.made import needs, sine, wav

CARD = """name: cups
protocols: [pair]
modalities: [text, image]
primary: accuracy
criteria: [{name: alignment, question: Which picture shows it?}]
card: {summary: Pictures made by a test.}
"""
SEEING = [
    pytest.param(name, marks=pytest.mark.slow if name == "clip" else ()) for name in SEES_IMAGES
]
"""`clip` is asked by the same code as `siglip`."""

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


@pytest.mark.parametrize("name", SEEING)
def test_the_core_preset_costs_a_scorer_less_than_half_of_its_calls(opened, folder, tmp_path, name):
    images, texts, judged = encoded(opened, folder, name, tmp_path / "plain")
    plain = images.total() + texts.total()
    images, texts, again = encoded(opened, folder, name, tmp_path / "core", "core")
    assert judged < again <= (1 + len(choose("core"))) * judged
    assert images.total() + texts.total() < plain * again / judged / 2
    assert set(images.values()) == {1}


@pytest.mark.parametrize("name", SEEING)
def test_what_a_probe_leaves_as_it_is_is_not_encoded_again(opened, folder, tmp_path, name):
    images, texts, judged = encoded(opened, folder, name, tmp_path / "plain")
    again = encoded(opened, folder, name, tmp_path / "again", "rerun,order_swapped")
    assert again[0] == images
    assert again[1].total() == texts.total()
    assert again[2] == 3 * judged


def texts(folder, n=6):
    """A task of pairs of texts, each with a prompt of its own."""
    folder.mkdir()
    (folder / "task.yaml").write_text(CARD.replace("[text, image]", "[text]"))
    lines = [
        _line(str(i), [f"{TEXTS[i % 3]} {i}"], [[f"good {i}"], [f"bad {i}"]]) for i in range(n)
    ]
    (folder / "items.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def read(path, root, task, out, probes=()):
    """Texts that went through a reward model, and judgments made."""
    judge = open_judge(f"reward:{path}", context(root), {"batch": 4})
    seen = []
    judge.scorer.head.model.register_forward_pre_hook(
        lambda _, args, kwargs: seen.append(len(kwargs["input_ids"])), with_kwargs=True
    )
    done = mmjudge.run(str(task), judge, out=out, probes=probes)
    assert done.stats.failed == 0
    return sum(seen), done.stats.judged


def test_a_reward_model_reads_no_pair_of_prompt_and_candidate_twice(tmp_path, root):
    """What is cued, dressed or signed is one new text; a remark makes all of a prompt new."""
    path, task = tiny.reward_model(tmp_path / "reward", length=160), texts(tmp_path / "texts")
    plain, judged = read(path, root, task, tmp_path / "plain")
    assert (plain, judged) == (12, 6)
    again = read(path, root, task, tmp_path / "again", "rerun,order_swapped")
    assert again == (12, 18)
    dressed = read(path, root, task, tmp_path / "dressed", "rerun,authority,markdown")
    assert dressed == (12 + 6 + 6, 24)
    remarks = read(path, root, task, tmp_path / "remarks", "rerun,bandwagon,famous_name")
    assert remarks == (12 + 12 + 12, 24)


def test_the_core_preset_costs_a_reward_model_less_than_half_of_the_limit(tmp_path, root):
    path, task = tiny.reward_model(tmp_path / "reward", length=160), texts(tmp_path / "texts")
    plain, judged = read(path, root, task, tmp_path / "plain")
    core, again = read(path, root, task, tmp_path / "core", "core")
    most = 1 + len(choose("core"))
    assert judged < again <= most * judged
    assert core < most * plain / 2
    assert core < 0.7 * plain * again / judged  # of what was asked; a remark stands in every prompt


def test_a_dual_encoder_of_sounds_hears_only_what_was_changed(opened, tmp_path):
    needs("soundfile")
    task = tmp_path / "sounds"
    task.mkdir()
    (task / "task.yaml").write_text(CARD.replace("image", "audio"))
    lines = []
    for i in range(4):
        for k in "ab":
            wav(task / f"{i}{k}.wav", 0.3 * sine(1, 16_000, 300 + 40 * i + ord(k)), 16_000)
        sounds = [[{"modality": "audio", "uri": f"{i}{k}.wav"}] for k in "ab"]
        lines.append(_line(str(i), [f"{TEXTS[i % 3]} {i}"], sounds))
    (task / "items.jsonl").write_text("\n".join(lines) + "\n")
    judge = opened("clap", batch=4)
    model, heard, said = judge.scorer.encoder.model, Counter(), Counter()
    rows_seen(model.audio_model, heard)
    rows_seen(model.text_model, said)
    probes = "rerun,order_swapped,idle_remark,gain"
    done = mmjudge.run(str(task), judge, out=tmp_path / "run", probes=probes)
    assert done.stats.failed == 0
    assert done.stats.judged == 4 * 5
    assert heard.total() == 8 + 8  # as they are, and softer
    assert said.total() == 4 + 4  # as they are, and with the remark
