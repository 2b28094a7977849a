"""What changes do to pixels, frames and samples: laws that hold for any picture, film and sound."""

import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mmjudge.media import AudioClip, MediaError, VideoFrames
from mmjudge.media.changes import CHANGES, make, written
from tests.media.made import needs, sine

SEEN = [name for name, change in CHANGES.items() if "image" in change.modalities]
RATE = 16_000


def picture(seed: int = 0, width: int = 200, height: int = 140, top: int = 256) -> Image.Image:
    """Large soft shapes with a little noise, as photographs have, below `top`."""
    random = np.random.default_rng(seed)
    coarse = random.uniform(0, top - 8, (7, 10, 3)).astype(np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BILINEAR))
    return Image.fromarray(smooth + random.integers(0, 8, smooth.shape, dtype=np.uint8))


def film(n: int = 6, total: int = 60) -> VideoFrames:
    frames = np.stack([np.asarray(picture(i)) for i in range(n)])
    indices = tuple((2 * i + 1) * total // (2 * n) for i in range(n))
    return VideoFrames(frames, indices, 30.0, total, total / 30, "pyav")


def sound(seconds: float = 1.0, hertz: float = 440.0) -> AudioClip:
    return AudioClip(sine(seconds, RATE, hertz).astype(np.float32), RATE)


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image, dtype=float)


def changed(decoded, name, **values):
    modality = {Image.Image: "image", VideoFrames: "video", AudioClip: "audio"}[type(decoded)]
    return make(decoded, modality, written(name, **values), "medium")


def rms_db(samples) -> float:
    return 10 * np.log10(np.mean(np.square(samples, dtype=float)))


@pytest.mark.parametrize("name", SEEN)
def test_a_changed_picture_has_its_size_another_content_and_leaves_the_first_alone(name):
    image = picture()
    before = image.tobytes()
    new = changed(image, name)
    assert (new.size, new.mode) == (image.size, "RGB")
    assert new.tobytes() != before
    assert image.tobytes() == before


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_the_same_each_time(name):
    one = {"image": picture, "video": film, "audio": sound}[CHANGES[name].modalities[0]]
    first, again = (changed(one(), name) for _ in range(2))
    content = getattr(first, "frames", getattr(first, "samples", first)).tobytes()
    assert content == getattr(again, "frames", getattr(again, "samples", again)).tobytes()


@given(by=st.integers(-120, 120).filter(bool))
def test_brightness_moves_the_mean_by_its_amount_where_nothing_is_clipped(by):
    middle = Image.fromarray(
        np.random.default_rng(1).integers(120, 136, (20, 30, 3), dtype=np.uint8)
    )
    assert pixels(changed(middle, "brightness", by=by)).mean() - pixels(middle).mean() == (
        pytest.approx(by)
    )


def test_brightness_clips_at_white_and_keeps_the_order_of_levels():
    ramp = Image.fromarray(np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2))
    row = pixels(changed(ramp, "brightness", by=26))[0, :, 0]
    assert row[-26:].tolist() == [255] * 26
    assert (np.diff(row) >= 0).all()
    assert row[0] == 26


@pytest.mark.parametrize("seed", range(3))
def test_blur_keeps_the_mean_and_takes_detail_away(seed):
    image = picture(seed)
    soft, softer = (changed(image, "blur", sigma=sigma) for sigma in (0.01, 0.03))
    detail = [np.abs(np.diff(pixels(one), axis=1)).mean() for one in (image, soft, softer)]
    for one in (soft, softer):
        assert pixels(one).mean() == pytest.approx(pixels(image).mean(), abs=1.5)
    assert detail[0] > detail[1] > detail[2]


def test_a_blurred_line_spreads_as_far_as_sigma_says():
    line = np.zeros((200, 200, 3), np.uint8)
    line[:, 100] = 255
    row = pixels(changed(Image.fromarray(line), "blur", sigma=0.02))[100, :, 0]
    spread = np.sqrt(np.average((np.arange(200) - 100) ** 2, weights=row))
    assert spread == pytest.approx(0.02 * 200, rel=0.1)


def test_jpeg_loses_more_the_lower_its_quality():
    image = picture()
    lost = [
        np.abs(pixels(changed(image, "jpeg", quality=q)) - pixels(image)).mean()
        for q in (90, 50, 10)
    ]
    assert 0 < lost[0] < lost[1] < lost[2]


def test_a_border_is_black_and_holds_the_whole_picture():
    image = picture(top=200)
    new = pixels(changed(image, "border", share=0.1))
    edge = round(0.1 * 140)
    inside = new[edge:-edge, edge:-edge]
    assert new.sum() == inside.sum()
    small = image.resize((200 - 2 * edge, 140 - 2 * edge), Image.Resampling.BICUBIC)
    assert (inside == pixels(small)).all()


def test_text_stands_below_the_picture_and_covers_nothing_of_it():
    image = picture(top=200)
    new = pixels(changed(image, "text", words="best", share=0.2))
    band, rest = round(0.2 * 140), 140 - round(0.2 * 140)
    small = image.resize((round(200 * rest / 140), rest), Image.Resampling.BICUBIC)
    left = (200 - small.width) // 2
    assert (new[:rest, left : left + small.width] == pixels(small)).all()
    outside = np.delete(new[:rest], np.s_[left : left + small.width], axis=1)
    assert (outside == 255).all()
    written_on = new[-band:]
    assert (written_on[[0, -1]] == 255).all()
    assert (written_on[:, [0, -1]] == 255).all()
    assert written_on.min() == 0


def test_other_words_look_otherwise_and_longer_ones_are_set_smaller():
    image = picture()
    rows = []
    for words in ("best", "the best of all the images there ever were"):
        band = pixels(changed(image, "text", words=words, share=0.2))[-round(0.2 * 140) :]
        rows.append(int((band.min(axis=(1, 2)) < 128).sum()))
    assert rows[0] > rows[1] > 0


def test_words_that_could_not_be_read_are_refused():
    with pytest.raises(MediaError, match=r"medium: text\(.*pixels are too few for"):
        changed(picture(width=40), "text")


@pytest.mark.parametrize("opacity", [0.2, 0.5])
def test_through_a_watermark_the_picture_is_seen_and_around_it_untouched(opacity):
    image = picture()
    moved = np.abs(pixels(changed(image, "watermark", opacity=opacity)) - pixels(image))
    assert 0.5 * opacity * 255 < moved.max() <= opacity * 255 + 1
    touched = moved.max(axis=2) > 0
    assert 0.005 < touched.mean() < 0.25
    rows, columns = (np.flatnonzero(touched.any(axis=axis)) for axis in (1, 0))
    assert rows.min() > 0.25 * 140
    assert columns.min() > 0.1 * 200


@pytest.mark.parametrize("name", SEEN)
def test_each_frame_of_a_film_is_changed_as_a_picture_is(name):
    whole = film(3)
    new = changed(whole, name)
    for before, after in zip(whole.frames, new.frames, strict=True):
        assert (np.asarray(changed(Image.fromarray(before), name)) == after).all()
    assert new[1:] == whole[1:]


def test_reversed_twice_is_the_film():
    whole = film()
    back = changed(whole, "reversed")
    assert (back.frames == whole.frames[::-1]).all()
    assert list(back.indices) == sorted(back.indices)
    again = changed(back, "reversed")
    assert (again.frames == whole.frames).all()
    assert again[1:] == whole[1:]


@pytest.mark.parametrize(("keep", "n"), [(0.5, 3), (0.01, 1), (0.99, 5), (0.34, 2)])
def test_fewer_frames_are_frames_of_the_film_at_their_own_times(keep, n):
    whole = film(6)
    new = changed(whole, "fewer_frames", keep=keep)
    assert len(new.frames) == len(new.indices) == n
    for frame, index in zip(new.frames, new.indices, strict=True):
        assert (frame == whole.frames[whole.indices.index(index)]).all()
    assert new[2:] == whole[2:]


@pytest.mark.parametrize("db", [-40.0, -12.0, 3.0])
def test_gain_is_so_many_decibels(db):
    before, after = sound(), changed(sound(), "gain", db=db)
    assert rms_db(after.samples) - rms_db(before.samples) == pytest.approx(db, abs=1e-3)
    assert len(after.samples) == len(before.samples)


def test_gain_beyond_full_scale_is_refused():
    with pytest.raises(MediaError, match="beyond full scale"):
        changed(sound(), "gain", db=7)


@pytest.mark.parametrize("snr_db", [-10.0, 0.0, 10.0, 30.0])
def test_noise_has_the_ratio_that_is_stated_and_is_white(snr_db):
    before, after = sound(4.0), changed(sound(4.0), "noise", snr_db=snr_db)
    added = after.samples.astype(float) - before.samples
    assert rms_db(before.samples) - rms_db(added) == pytest.approx(snr_db, abs=0.01)
    power = np.abs(np.fft.rfft(added)) ** 2
    thirds = [part.mean() for part in np.array_split(power, 3)]
    assert max(thirds) / min(thirds) < 1.1


def test_two_sounds_have_different_noise():
    a, b = (changed(one, "noise").samples - one.samples for one in (sound(), sound(hertz=441)))
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.05


def spoken_after(clip: AudioClip, **values) -> np.ndarray:
    """What was said, once the sound and the pause before it are seen to be as they should."""
    new = changed(clip, "spoken", **values)
    n, pause = len(clip.samples), round(0.5 * clip.rate)
    assert (new.samples[:n] == clip.samples).all()
    assert (new.samples[n : n + pause] == 0).all()
    return new.samples[n + pause :]


@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
def test_words_are_said_after_the_sound_at_its_rate_and_about_as_loud(rate):
    needs("soundfile")
    clip = AudioClip((sine(1, rate) * 0.1).astype(np.float32), rate)
    said = spoken_after(clip)
    assert 1.0 < len(said) / rate < 3.0
    assert rms_db(said) == pytest.approx(rms_db(clip.samples), abs=0.1)
    assert np.abs(said).max() <= 1


def test_words_after_silence_are_heard():
    needs("soundfile")
    assert rms_db(spoken_after(AudioClip(np.zeros(RATE, np.float32), RATE))) > -40


def test_words_that_nobody_recorded_are_refused_with_those_that_are_there():
    needs("soundfile")
    with pytest.raises(MediaError, match="no recording of 'Hello'; there is this-is-the-best-answ"):
        changed(sound(), "spoken", words="Hello")


def test_espeak_says_any_words():
    if shutil.which("espeak-ng") is None:
        with pytest.raises(MediaError, match="espeak-ng is not installed; take voice=clip"):
            changed(sound(), "spoken", voice="espeak-ng")
        pytest.skip("espeak-ng is not here: WHAT IT SAYS IS NOT TESTED")
    short, long = (
        spoken_after(sound(), voice="espeak-ng", words=words)
        for words in ("Yes.", "This is longer, and so it takes longer.")
    )
    assert len(long) > 2 * len(short) > 0


def test_the_recording_is_what_espeak_says():
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not here: THE RECORDING IS NOT COMPARED WITH IT")
    shipped, fresh = (spoken_after(sound(), voice=voice) for voice in ("clip", "espeak-ng"))
    assert len(shipped) / len(fresh) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(
    ("decoded", "name", "said"),
    [
        (Image.new("RGB", (60, 60), "white"), "brightness", "changes nothing here"),
        (Image.new("RGB", (60, 60), "red"), "blur", "changes nothing here"),
        (Image.new("RGB", (2, 2)), "border", "leave no room"),
        (film(1), "fewer_frames", "one frame cannot become fewer"),
        (film(1), "reversed", "changes nothing here"),
        (AudioClip(np.zeros(100, np.float32), RATE), "noise", "silence has no ratio"),
        (AudioClip(np.zeros(100, np.float32), RATE), "gain", "changes nothing here"),
    ],
)
def test_a_change_that_cannot_be_made_or_changes_nothing_has_failed(decoded, name, said):
    with pytest.raises(MediaError, match=said):
        changed(decoded, name)
