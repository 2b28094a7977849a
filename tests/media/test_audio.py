"""Sounds: mono, of the rate that was asked for, whole, of finite numbers; or the item fails."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmjudge.media import MediaError, decode_audio
from mmjudge.types import Sampling
from tests.media.made import needs, sine, video, wav

soundfile = needs("soundfile")
needs("soxr")


def heard(path: Path, **fields: Any) -> Any:
    return decode_audio(path, path.name, Sampling.model_validate(fields))


def pitch(samples: np.ndarray, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * rate / len(samples))


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_any_rate_keeps_length_pitch_and_loudness(rate: int, tmp_path: Path):
    clip = heard(wav(tmp_path / "a.wav", sine(2, 44_100)), audio_rate=rate)
    assert (clip.rate, clip.samples.dtype, clip.samples.ndim) == (rate, np.float32, 1)
    assert abs(len(clip.samples) - 2 * rate) <= 1
    assert pitch(clip.samples, rate) == pytest.approx(440, abs=1)
    assert np.abs(clip.samples).max() == pytest.approx(0.5, abs=0.02)


def test_resampling_is_that_of_soxr_on_the_mean_of_the_channels(tmp_path: Path):
    soxr = needs("soxr")
    stereo = np.random.default_rng(0).uniform(-0.5, 0.5, (44_100, 2)).astype(np.float32)
    clip = heard(wav(tmp_path / "a.wav", stereo))
    wanted = soxr.resample(stereo.mean(axis=1), 44_100, 16_000)
    assert np.abs(clip.samples - wanted).max() < 1e-6


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3"])
def test_all_formats_are_heard(kind: str, tmp_path: Path):
    path = tmp_path / f"a.{kind}"
    soundfile.write(path, sine(1, 44_100), 44_100)
    assert pitch(heard(path).samples, 16_000) == pytest.approx(440, abs=2)


def test_of_eight_channels_the_mean_is_heard(tmp_path: Path):
    channels = np.tile(np.arange(8) / 8, (1000, 1))
    clip = heard(wav(tmp_path / "a.wav", channels, 16_000))
    assert np.allclose(clip.samples, 3.5 / 8)


def test_one_sample_that_resampling_leaves_nothing_of_is_refused(tmp_path: Path):
    with pytest.raises(MediaError, match="no sample"):
        heard(wav(tmp_path / "a.wav", np.array([0.25]), 44_100), audio_rate=16_000)


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg"])
def test_eight_channels_are_heard_in_every_format_that_holds_them(kind: str, tmp_path: Path):
    tones = np.stack([sine(1, 16_000, 300 + 100 * i) for i in range(8)], axis=1)
    soundfile.write(tmp_path / f"a.{kind}", tones, 16_000)
    found = np.abs(np.fft.rfft(heard(tmp_path / f"a.{kind}").samples))
    loudest = sorted(np.argsort(found)[-8:].tolist())
    assert loudest == [300 + 100 * i for i in range(8)]


def test_a_sound_that_claims_ten_hours_is_cut(tmp_path: Path):
    path = wav(tmp_path / "a.wav", sine(1, 16_000), 16_000, "PCM_16")
    content = bytearray(path.read_bytes())
    size = 36_000 * 16_000 * 2
    for place, value in ((4, size + 36), (content.index(b"data") + 4, size)):
        content[place : place + 4] = value.to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(MediaError, match="cut"):
        heard(path)


def test_one_sample_is_a_sound_at_its_own_rate(tmp_path: Path):
    clip = heard(wav(tmp_path / "a.wav", np.array([0.25]), 16_000))
    assert clip.samples.tolist() == [0.25]


def test_no_sample_is_refused(tmp_path: Path):
    with pytest.raises(MediaError, match="no sample"):
        heard(wav(tmp_path / "a.wav", np.zeros(0)))


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_what_is_no_number_is_refused(value: float, rate: int, tmp_path: Path):
    samples = sine(1, rate)
    samples[100] = value
    with pytest.raises(MediaError, match="finite"):
        heard(wav(tmp_path / "a.wav", samples, rate))


def test_only_the_beginning_is_heard_where_that_is_asked(tmp_path: Path):
    path = wav(tmp_path / "a.wav", sine(3, 16_000), 16_000)
    assert len(heard(path, audio_max_s=1.5).samples) == 24_000


def test_more_than_memory_should_hold_is_refused_before_it_is_read(tmp_path: Path):
    path = tmp_path / "day.flac"
    with soundfile.SoundFile(path, "w", 8_000, 1) as file:
        for _ in range(150):
            file.write(np.zeros(1 << 20, np.int16))
    with pytest.raises(MediaError, match="audio_max_s"):
        heard(path)
    assert len(heard(path, audio_max_s=2).samples) == 32_000


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg"])
def test_a_sound_cut_anywhere_fails(kind: str, tmp_path: Path):
    path = tmp_path / f"a.{kind}"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, 30_000), 16_000)
    whole = path.read_bytes()
    for share in range(40):
        path.write_bytes(whole[: len(whole) * share // 40 + (share == 39)])
        with pytest.raises(MediaError):
            heard(path)


@pytest.mark.parametrize("kind", ["flac", "ogg"])
def test_a_bit_flipped_anywhere_in_a_checked_sound_is_found(kind: str, tmp_path: Path):
    path = tmp_path / f"a.{kind}"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, 4_000), 16_000)
    plain, whole = heard(path).samples, bytearray(path.read_bytes())
    for place in range(0, len(whole), 37):
        whole[place] ^= 8
        path.write_bytes(whole)
        whole[place] ^= 8
        try:
            same = np.array_equal(heard(path).samples, plain)
        except MediaError:
            continue
        assert same, place  # what says nothing of the sound, such as who made it


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100])
@pytest.mark.parametrize("mode", ["CONSTANT", "VARIABLE"])
def test_an_mp3_is_whole_frame_by_frame(rate: int, mode: str, tmp_path: Path):
    path = tmp_path / "a.mp3"
    soundfile.write(path, sine(2, rate), rate, bitrate_mode=mode)
    whole = path.read_bytes()
    assert heard(path).samples.size
    tagged = b"ID3\4\0\0\0\0\0\5hello" + whole + b"TAG" + bytes(125)
    path.write_bytes(tagged)
    assert heard(path).samples.size
    middle = len(whole) // 2
    for damaged in (whole[:middle] + bytes(400) + whole[middle:], whole[:-7], whole + bytes(9)):
        path.write_bytes(damaged)
        with pytest.raises(MediaError, match=r"a\.mp3: damaged: (no frame|cut)"):
            heard(path)


def test_an_mp3_of_fewer_frames_than_its_header_counts_is_cut(tmp_path: Path):
    path = tmp_path / "a.mp3"
    soundfile.write(path, sine(2, 44_100), 44_100, bitrate_mode="CONSTANT")
    whole = path.read_bytes()
    for _ in range(3):
        whole = whole[: whole.rindex(whole[:2])]
        path.write_bytes(whole)
        with pytest.raises(MediaError, match=r"the first one counts|the file promises 88200"):
            heard(path)


def test_the_sound_track_of_a_video_is_heard(tmp_path: Path):
    clip = heard(video(tmp_path / "a.mp4", 60, audio_s=2))
    assert len(clip.samples) == pytest.approx(32_000, abs=1_600)
    assert pitch(clip.samples, 16_000) == pytest.approx(440, abs=2)
    assert np.abs(clip.samples[3_000:-3_000]).max() == pytest.approx(0.5, abs=0.05)
    assert len(heard(tmp_path / "a.mp4", audio_max_s=1).samples) == 16_000


def test_a_video_without_sound_is_refused(tmp_path: Path):
    with pytest.raises(MediaError, match="no sound track"):
        heard(video(tmp_path / "a.mp4", 5))


@pytest.mark.parametrize("content", [b"", b"x", b"text, not sound", b"RIFF\x04\0\0\0WAVE"])
def test_what_only_calls_itself_a_sound_is_refused(content: bytes, tmp_path: Path):
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(MediaError, match=r"^a\.wav: "):
        heard(path)


@pytest.mark.parametrize("channels", [1, 2, 3, 8])
def test_samples_of_16_bits_are_those_that_soundfile_gives_as_floats(tmp_path: Path, channels: int):
    path = tmp_path / "a.wav"
    noise = np.random.default_rng(0).uniform(-1, 1, (5_000, channels))
    soundfile.write(path, noise, 16_000, subtype="PCM_16")
    floats = soundfile.read(path, dtype="float32", always_2d=True)[0]
    total = floats[:, 0].copy()
    for column in floats.T[1:]:
        total += column
    found = decode_audio(path, "a.wav", Sampling()).samples
    np.testing.assert_array_equal(found, total / np.float32(channels))
