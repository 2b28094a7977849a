"""Scorers with tiny models of real architectures, loaded by path as a user would."""

import hashlib
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

NOT_TESTED = "the extras clip and hf are not installed: the scorers WERE NOT TESTED"
torch = pytest.importorskip("torch", reason=NOT_TESTED)
pytest.importorskip("transformers", reason=NOT_TESTED)
pytest.importorskip("open_clip", reason=NOT_TESTED)

import mmjudge  # noqa: E402
from mmjudge.errors import JudgeError, MissingExtraError  # noqa: E402
from mmjudge.folder_task import open_task  # noqa: E402
from mmjudge.judges.base import JudgeContext, open_judge  # noqa: E402
from mmjudge.protocols import parse  # noqa: E402
from mmjudge.types import Candidate, Criterion, Media, Preference, Request  # noqa: E402
from tests.judges import scorer_models as tiny  # noqa: E402

MODELS = {
    "open_clip": ("clip", tiny.open_clip_model),
    "clip": ("dual", tiny.clip_model),
    "siglip": ("dual", tiny.siglip_model),
    "xclip": ("dual", tiny.xclip_model),
    "clap": ("dual", tiny.clap_model),
    "reward": ("reward", tiny.reward_model),
}
SEES_IMAGES = ("open_clip", "clip", "siglip")
TEXTS = ("a red cat", "a green dog walks", "rain")
CLOSE = 2e-6


@pytest.fixture(scope="session")
def paths(tmp_path_factory):
    made: dict[str, Path] = {}

    def path(name: str) -> Path:
        if name not in made:
            made[name] = MODELS[name][1](tmp_path_factory.mktemp("models") / name)
        return made[name]

    torch.set_num_threads(1)
    return path


@pytest.fixture
def opened(paths, root):
    def judge(name, **options):
        return open_judge(f"{MODELS[name][0]}:{paths(name)}", context(root), options)

    return judge


def context(root):
    return JudgeContext(open_task(str(root / "assets" / "demo"), None), "pair")


def image(seed):
    return Media(modality="image", uri=f"{seed}.png")


def clip(seed):
    return Media(modality="video", uri=f"{seed}.mp4")


def audio(seed):
    return Media(modality="audio", uri=f"{seed}.wav")


MEDIA = {
    **{image(seed): tiny.picture(seed) for seed in range(8)},
    **{clip(seed): tiny.video(seed, n=4) for seed in range(3)},
    **{audio(seed): tiny.sound(seed, 1.0) for seed in range(3)},
}
MEDIUM = dict.fromkeys(SEES_IMAGES, image) | {"xclip": clip, "clap": audio}


def score(judge, pairs, media=MEDIA):
    return judge.scorer.score([((text,), (medium,)) for text, medium in pairs], media)


def plain_open_clip(path, texts, media):
    import open_clip

    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{path}")
    tokens = open_clip.get_tokenizer(f"local-dir:{path}")(texts)
    seen, read, _ = model.eval()(torch.stack([transform(MEDIA[m]) for m in media]), tokens)
    return read @ seen.T


def plain_transformers(name, path, texts, media):
    from transformers import AutoModel, AutoProcessor

    model = AutoModel.from_pretrained(path).eval()
    processor = AutoProcessor.from_pretrained(path)
    filled = {"padding": "max_length", "max_length": 24} if name == "siglip" else {"padding": True}
    words = processor.tokenizer(list(texts), **filled, return_tensors="pt")
    contents = [MEDIA[m] for m in media]
    if name == "clap":
        heard = processor.feature_extractor(
            [c.samples for c in contents], sampling_rate=16000, return_tensors="pt"
        )
        return model(**words, **heard).logits_per_text / model.logit_scale_t.exp()
    if name == "xclip":
        shown = processor.image_processor([list(c.frames) for c in contents], return_tensors="pt")
        return model(**words, **shown).logits_per_text / model.logit_scale.exp()
    out = model(**words, **processor.image_processor(contents, return_tensors="pt"))
    return (out.logits_per_text - getattr(model, "logit_bias", 0)) / model.logit_scale.exp()


@pytest.mark.parametrize("name", [name for name in MODELS if name != "reward"])
def test_a_score_is_the_cosine_that_the_plain_model_gives(opened, paths, name):
    media = [MEDIUM[name](seed) for seed in range(3)]
    found = score(opened(name), [(text, medium) for text in TEXTS for medium in media])
    with torch.inference_mode():
        if name == "open_clip":
            plain = plain_open_clip(paths(name), TEXTS, media)
        else:
            plain = plain_transformers(name, paths(name), TEXTS, media)
    np.testing.assert_allclose(found.reshape(3, 3), plain.numpy(), atol=CLOSE)


@pytest.mark.parametrize("name", [name for name in MODELS if name != "reward"])
def test_neither_order_nor_company_changes_a_score(opened, name):
    pairs = [(text, MEDIUM[name](seed)) for text in TEXTS for seed in range(3)]
    whole = score(opened(name), pairs)
    alone = opened(name, batch=2)
    one_by_one = [float(score(alone, [pair])[0]) for pair in reversed(pairs)]
    np.testing.assert_allclose(one_by_one[::-1], whole, atol=CLOSE)


def rows_seen(module, seen):
    def count(_, args, kwargs):
        tensor = args[0] if args else next(iter(kwargs.values()))
        seen.update(hashlib.sha256(row.numpy().tobytes()).hexdigest() for row in tensor)

    return module.register_forward_pre_hook(count, with_kwargs=True)


def towers(judge):
    model = judge.scorer.encoder.model
    if hasattr(model, "visual"):
        return model.visual, model.token_embedding
    return model.vision_model, model.text_model


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


@pytest.mark.parametrize("name", ["open_clip", "xclip"])
def test_frames_are_aggregated_as_worked_out_by_hand(opened, name):
    seen = tiny.video(1, n=4)
    medium, text = clip(1), TEXTS[0]
    scores = {
        how: float(score(opened(name, frames=how), [(text, medium)])[0])
        for how in ("mean", "max", "global", "fused")
    }
    encoder = opened(name).scorer.encoder
    from mmjudge.judges.embeddings import encode

    read = next(encode(encoder, "text", [text]))
    if name == "open_clip":
        pictures = np.array([one.whole for one in encode(encoder, "image", list(seen.frames))])
        whole, direction = pictures.mean(axis=0), read.whole
    else:
        one = next(encode(encoder, "video", [seen.frames]))
        pictures, whole = one.parts, one.whole
        given = torch.from_numpy(read.whole)[None, None]
        with torch.inference_mode():
            added = encoder.model.prompts_generator(given, torch.from_numpy(one.context)[None])
        direction = (given + added)[0, 0].numpy()

    def cosine(a):
        return float(a @ direction / np.linalg.norm(a) / np.linalg.norm(direction))

    each = [cosine(frame) for frame in pictures]
    assert max(each) - min(each) > 1e-4
    assert scores["mean"] == pytest.approx(sum(each) / 4, abs=CLOSE)
    assert scores["max"] == pytest.approx(max(each), abs=CLOSE)
    assert scores["global"] == pytest.approx(cosine(whole), abs=CLOSE)
    assert scores["fused"] == pytest.approx(0.4 * max(each) + 0.6 * cosine(whole), abs=CLOSE)


def test_a_frame_that_repeats_is_encoded_once(opened):
    judge = opened("clip")
    seen = Counter()
    rows_seen(towers(judge)[0], seen)
    still = tiny.VideoFrames(np.stack([np.asarray(tiny.picture(3))] * 6))
    media = {clip(0): still, clip(1): tiny.VideoFrames(still.frames[:2])}
    scores = score(judge, [(TEXTS[0], clip(0)), (TEXTS[0], clip(1))], media)
    assert list(seen.values()) == [1]
    assert scores[0] == pytest.approx(scores[1], abs=CLOSE)


@pytest.mark.parametrize("fusion", [False, True])
def test_a_long_sound_is_heard_to_its_end_and_alike_every_time(tmp_path, root, fusion):
    path = tiny.clap_model(tmp_path / "clap", fusion)
    media = {audio(0): tiny.sound(0, 2.5), audio(1): tiny.sound(1, 0.4)}

    def fresh():
        return open_judge(f"dual:{path}", context(root))

    pairs = [(TEXTS[0], audio(0)), (TEXTS[0], audio(1))]
    together = score(fresh(), pairs, media)
    apart = [float(score(fresh(), [pair], media)[0]) for pair in pairs]
    np.testing.assert_allclose(together, apart, atol=CLOSE)
    samples = media[audio(0)].samples
    parts = {
        audio(i): tiny.AudioClip(samples[s : s + 16000], 16000)
        for i, s in enumerate((0, 12000, 24000))
    }
    by_hand = np.mean(score(fresh(), [(TEXTS[0], part) for part in parts], parts))
    assert together[0] == pytest.approx(by_hand, abs=CLOSE)


def test_a_sound_at_another_rate_scores_much_like_itself(opened):
    slow, fast = tiny.sound(1, 1.0, 16000), tiny.sound(1, 1.0, 48000)
    media = {audio(0): slow, audio(1): fast}
    units = opened("clap").scorer.encoder.units("audio", fast)
    assert [len(one.content) for one in units] == [16000]
    scores = score(opened("clap"), [(TEXTS[0], audio(0)), (TEXTS[0], audio(1))], media)
    assert scores[0] == pytest.approx(scores[1], abs=0.05)


def pair_request(prompt, first, second, order=(0, 1)):
    return Request(
        key="00" * 16,
        task="t@1",
        item="1",
        protocol="pair",
        criterion=Criterion(name="c", question="?"),
        prompt=prompt,
        candidates=(Candidate(id="a", parts=first), Candidate(id="b", parts=second)),
        order=order,
    )


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


def test_an_answer_of_several_media_scores_their_mean(opened):
    judge = opened("clip")
    both = judge.scorer.score([(("a cat",), ("look:", image(0), image(1)))], MEDIA)
    each = score(judge, [("a cat", image(0)), ("a cat", image(1))])
    assert float(both[0]) == pytest.approx(float(each.mean()))


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


@pytest.mark.parametrize(("name", "end"), [("open_clip", "<end_of_text>"), ("clip", "</s>")])
def test_a_control_token_in_a_text_does_not_end_it(opened, name, end):
    words = [f"a cat {end} dog house", f"a cat {end} red blue"]
    first, second = score(opened(name), [(text, image(0)) for text in words])
    assert first != second


@pytest.mark.parametrize("file", ["pytorch_model.bin", "open_clip_pytorch_model.bin", "model.pt"])
@pytest.mark.parametrize("kind", ["clip", "dual", "reward"])
def test_weights_that_are_a_pickle_are_refused_with_what_to_do(tmp_path, root, kind, file):
    (tmp_path / file).write_bytes(b"\x80\x04N.")
    for name in (tmp_path, tmp_path / file):
        with pytest.raises(JudgeError, match=r"pickle.*safetensors") as error:
            open_judge(f"{kind}:{name}", context(root))
        assert "save_file" in str(error.value)


def test_open_clip_never_prefers_a_pickle_that_lies_beside_the_weights(paths, root, tmp_path):
    import shutil

    shutil.copytree(paths("open_clip"), tmp_path / "both")
    (tmp_path / "both" / "open_clip_model.safetensors").rename(
        tmp_path / "both" / "model.safetensors"
    )
    (tmp_path / "both" / "open_clip_pytorch_model.bin").write_bytes(b"\x80\x04N.")
    with pytest.raises(JudgeError, match="pickle"):
        open_judge(f"clip:{tmp_path / 'both'}", context(root))


def test_a_local_file_of_weights_fits_a_model_of_open_clip_by_name(paths, root, tmp_path):
    import open_clip

    known = open_clip.add_model_config
    config = tmp_path / "tiny-vit.json"
    config.write_text(json.dumps(tiny.OPEN_CLIP))
    known(config)
    file = paths("open_clip") / "open_clip_model.safetensors"
    judge = open_judge(f"clip:tiny-vit/{file}", context(root))
    by_folder = open_judge(f"clip:{paths('open_clip')}", context(root))
    pairs = [("a cat", image(0))]
    np.testing.assert_allclose(score(judge, pairs), score(by_folder, pairs), atol=CLOSE)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("clip:ViT-B-33/openai", "no folder|cannot be had"),
        ("clip:ViT-B-33", "ViT-B-32"),
        ("clip:ViT-B-32/opneai", "openai"),
        ("dual:nowhere", "no folder"),
        ("reward:nowhere", "no folder"),
    ],
)
def test_a_model_that_is_not_there_is_named(root, spec, said, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(JudgeError, match=said):
        open_judge(spec, context(root))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"frames": "median"}, "mean, max, global, fused"),
        ({"tie_within": -1.0}, "tie_within"),
        ({"alpha": 1.5}, "alpha"),
        ({"dtype": "int8"}, "bfloat16"),
        ({"batch": -1}, "batch"),
        ({"bathc": 1}, "unknown option"),
    ],
)
def test_an_option_that_does_not_fit_is_refused(opened, options, said):
    with pytest.raises(JudgeError, match=said):
        opened("clip", **options)


def test_the_fingerprint_changes_with_weights_and_whatever_shapes_a_score(opened, paths, root):
    import shutil

    first = opened("clip").card
    assert opened("clip", batch=3).card.fingerprint == first.fingerprint
    for options in ({"frames": "max"}, {"tie_within": 0.1}, {"dtype": "bfloat16"}):
        assert opened("clip", **options).card.fingerprint != first.fingerprint
    path = paths("clip")
    kept = path.with_name("kept")
    shutil.copytree(path, kept)
    try:
        torch.manual_seed(5)
        file = path / "model.safetensors"
        from safetensors.torch import load_file, save_file

        state = load_file(file)
        state["text_projection.weight"] += 1
        save_file(state, file, metadata={"format": "pt"})
        assert open_judge(f"dual:{path}", context(root)).card.fingerprint != first.fingerprint
    finally:
        shutil.rmtree(path)
        kept.rename(path)


def test_a_head_that_is_missing_is_refused_not_made_up(paths, root, tmp_path):
    from transformers import AutoTokenizer, BertModel

    base = BertModel.from_pretrained(paths("reward"))
    base.save_pretrained(tmp_path / "base")
    AutoTokenizer.from_pretrained(paths("reward")).save_pretrained(tmp_path / "base")
    with pytest.raises(JudgeError, match=r"lacks \d+ weights.*classifier"):
        open_judge(f"reward:{tmp_path / 'base'}", context(root))


def test_a_model_of_another_kind_names_the_judge_that_takes_it(paths, root):
    with pytest.raises(JudgeError, match="reward:"):
        open_judge(f"dual:{paths('reward')}", context(root))


def test_a_missing_library_names_the_extra(opened, monkeypatch):
    for name, library, extra in (
        ("open_clip", "open_clip", "clip"),
        ("clip", "transformers", "hf"),
        ("reward", "torch", "hf"),
    ):
        with monkeypatch.context() as patched:
            patched.setitem(sys.modules, library, None)
            with pytest.raises(MissingExtraError, match=rf"mmjudge\[{extra}\]"):
                opened(name)


def test_the_kinds_are_listed_without_a_model_library():
    code = (
        "import sys; from mmjudge.registry import JUDGES, registry\n"
        "kinds = registry(JUDGES).load_all()\n"
        "print(*(card.name for kind in kinds.values() for card in kind.catalog()))\n"
        "print(*{'torch', 'transformers', 'open_clip'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names, heavy = done.stdout.split("\n")[:2]
    assert {"clip", "dual", "reward"} <= {name.partition(":")[0] for name in names.split()}
    assert heavy == ""


class TestReward:
    ANSWERS = ("good reply", "bad reply of a person", "good")

    def pairs(self):
        return [((text,), (answer,)) for text in TEXTS for answer in self.ANSWERS]

    @pytest.mark.parametrize("chat", [False, True])
    def test_a_score_is_the_logit_that_the_plain_model_gives(self, tmp_path, root, chat):
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        path = tiny.reward_model(tmp_path / "reward", chat=chat)
        found = open_judge(f"reward:{path}", context(root)).scorer.score(self.pairs(), {})
        model = AutoModelForSequenceClassification.from_pretrained(path).eval()
        tokenizer = AutoTokenizer.from_pretrained(path)
        plain = []
        for (prompt,), (answer,) in self.pairs():
            words = tokenizer(prompt, answer, return_tensors="pt")
            if chat:
                turns = [
                    {"role": "user", "content": prompt},
                    {"role": "assistant", "content": answer},
                ]
                words = tokenizer.apply_chat_template(
                    turns, tokenize=True, return_dict=True, return_tensors="pt"
                )
            with torch.inference_mode():
                plain.append(float(model(**words).logits[0, 0]))
        np.testing.assert_allclose(found, plain, atol=CLOSE)

    def test_each_pair_of_texts_is_read_once(self, opened):
        judge = opened("reward", batch=2)
        seen = []
        judge.scorer.head.model.register_forward_pre_hook(
            lambda _, args, kwargs: seen.append(len(kwargs["input_ids"])), with_kwargs=True
        )
        for _ in range(2):
            judge.scorer.score(self.pairs() + self.pairs()[:4], {})
        assert sum(seen) == 9

    def test_several_labels_need_a_choice_and_score_its_log_probability(self, tmp_path, root):
        path = tiny.reward_model(tmp_path / "reward", labels=3)
        with pytest.raises(JudgeError, match="LABEL_0, LABEL_1, LABEL_2"):
            open_judge(f"reward:{path}", context(root))
        shares = [
            open_judge(f"reward:{path}", context(root), {"label": f"LABEL_{i}"}).scorer.score(
                self.pairs(), {}
            )
            for i in range(3)
        ]
        np.testing.assert_allclose(np.exp(shares).sum(axis=0), 1, atol=1e-5)

    def test_media_and_texts_that_are_too_long_are_unsupported(self, opened):
        batch = [
            pair_request(("a cat",), ("good",), ("bad",)),
            pair_request(("a cat",), ("good",), (image(0),)),
            pair_request(("a cat",), ("good",), ("good " * 30,)),
        ]
        replies = opened("reward").judge(batch, MEDIA)
        assert replies[0].scores is not None
        assert [reply.error.reason for reply in replies[1:]] == ["unsupported"] * 2
        assert "the model takes 24" in replies[2].error.detail


OBJECTS = "benchmarks/mj_bench_objects"


@pytest.mark.parametrize("name", ["open_clip", "clip", "siglip"])
def test_real_pairs_are_judged_whole(opened, shared_data, tmp_path, name):
    judge = opened(name)
    done = mmjudge.run(
        "mj_bench_objects", judge, data=shared_data / OBJECTS, limit=4, out=tmp_path / "run"
    )
    assert done.stats.judged == 4
    assert done.stats.failed == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_all_hundred_pairs_with_each_kind_of_judge(opened, shared_data, tmp_path, name):
    data = shared_data / OBJECTS
    done = mmjudge.run("mj_bench_objects", opened(name), data=data, out=tmp_path / "run")
    assert done.stats.judged == 100
    seeing = name in SEES_IMAGES
    assert done.stats.failures == ({} if seeing else {"unsupported": 100})
    if seeing:
        accuracy = next(r for r in done.scores(n_resamples=0) if r.metric == "accuracy")
        assert 0 < accuracy.value < 1
