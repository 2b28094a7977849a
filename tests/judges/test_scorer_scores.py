"""What a scorer says of one answer: that of the plain model, frame by frame, window by window."""

from collections import Counter

import numpy as np
import pytest

from mmjudge.judges.base import open_judge
from tests.judges import scorer_models as tiny
from tests.judges.scorer_asked import (
    CLOSE,
    MEDIA,
    MEDIUM,
    MODELS,
    TEXTS,
    audio,
    clip,
    context,
    image,
    plain_open_clip,
    plain_transformers,
    rows_seen,
    score,
    torch,
    towers,
)


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


@pytest.mark.parametrize("name", ["open_clip", "xclip"])
def test_frames_are_aggregated_as_worked_out_by_hand(opened, name):
    seen = tiny.video(1, n=4)
    medium, text = clip(1), TEXTS[0]
    scores = {
        how: float(score(opened(name, frames=how), [(text, medium)])[0])
        for how in ("mean", "max", "global", "fused")
    }
    encoder = opened(name).scorer.encoder
    from mmjudge.judges.scorers.embeddings import encode

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


def test_an_answer_of_several_media_scores_their_mean(opened):
    judge = opened("clip")
    both = judge.scorer.score([(("a cat",), ("look:", image(0), image(1)))], MEDIA)
    each = score(judge, [("a cat", image(0)), ("a cat", image(1))])
    assert float(both[0]) == pytest.approx(float(each.mean()))


@pytest.mark.parametrize(("name", "end"), [("open_clip", "<end_of_text>"), ("clip", "</s>")])
def test_a_control_token_in_a_text_does_not_end_it(opened, name, end):
    words = [f"a cat {end} dog house", f"a cat {end} red blue"]
    first, second = score(opened(name), [(text, image(0)) for text in words])
    assert first != second
