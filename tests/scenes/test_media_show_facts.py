"""Independent readers find the facts in what was drawn, filmed and played."""

from collections import Counter

import numpy as np
import pytest
from PIL import Image

from mmjudge.scenes import film, sound
from mmjudge.scenes.draw import draw, encode
from mmjudge.scenes.levels import COLOURS, LEVELS
from mmjudge.scenes.sampling import sample
from mmjudge.scenes.stream import Stream
from mmjudge.scenes.strip import PANEL, strip
from tests.media.made import needs
from tests.scenes import readers

EASY = LEVELS["easy"]


def scenes(subject, level, n):
    for i in range(n):
        stream = Stream("read", level.name, subject, i)
        yield sample(subject, level, stream.fork("scene")), stream.fork("shown")


def kept(folder, made):
    path = folder / f"shown{made[1]}"
    path.write_bytes(made[0])
    return path


def test_the_palette_of_the_reader_is_that_of_the_pictures():
    assert readers.PALETTE == COLOURS


def test_number_size_colour_shape_and_place_are_read_from_images(tmp_path):
    for scene, stream in scenes("still", EASY, 40):
        found = readers.objects(kept(tmp_path, encode(draw(scene, EASY, stream), EASY, stream)))
        wanted = Counter()
        for g in scene.groups:
            wanted[g.colour, g.shape, g.size, g.cell] += g.count
        assert (
            Counter((o["colour"], o["shape"], o["size"], tuple(o["cell"])) for o in found) == wanted
        )


def one_of_each_colour(level, n):
    """Moving scenes whose movers differ in colour, so that each is tracked alone."""
    for scene, stream in scenes("moving", level, 4 * n):
        if len({m.colour for m in scene.movers}) == len(scene.movers):
            yield scene, stream


@pytest.mark.parametrize(
    ("level", "n"),
    [
        ("easy", 4),
        pytest.param("easy", 8, marks=pytest.mark.slow),
        pytest.param("medium", 8, marks=pytest.mark.slow),
    ],
)
def test_order_direction_path_and_speed_are_read_from_videos(tmp_path, level, n):
    needs("av")
    for scene, stream in list(one_of_each_colour(LEVELS[level], 6))[:n]:
        staging = film.stage(scene, LEVELS[level], stream)
        video = readers.frames(kept(tmp_path, film.encode(scene, LEVELS[level], staging)))
        assert seen(scene, video) == [
            (mover.colour, move.direction, move.path, move.speed)
            for mover, move in scene.in_order()
        ]


def seen(scene, video):
    """What each mover does, in the order in which movers start."""
    found = []
    places = readers.colours(video, reach=90)
    for colour in (m.colour for m in scene.movers):
        track = readers.track(places, colour)
        steps = np.linalg.norm(np.diff(track, axis=0), axis=1)
        for start, end in readers.runs(steps > 0.8, 3):
            way = track[end] - track[start]
            if np.linalg.norm(way) < 15:  # edges flicker with compression; nothing moves so little
                continue
            line = way / np.linalg.norm(way)
            aside = np.abs((track[start : end + 1] - track[start]) @ [-line[1], line[0]]).max()
            far = np.linalg.norm(way) / video.shape[1]
            found.append(
                (
                    start,
                    colour,
                    readers.direction(way),
                    "zigzag" if aside > 6 else "straight",
                    "fast" if far > 0.28 else "slow",
                )
            )
    return [move[1:] for move in sorted(found)]


def test_order_and_direction_are_read_from_strips():
    for scene, stream in list(one_of_each_colour(EASY, 6))[:8]:
        sheet = np.asarray(strip(scene, EASY, film.stage(scene, EASY, stream)))
        step = PANEL + 4
        for row, (mover, move) in enumerate(scene.in_order()):
            line = sheet[4 + row * step : 4 + row * step + PANEL, 16:]
            panels = np.stack([line[:, i * step : i * step + PANEL] for i in range(6)])
            places = readers.colours(panels, reach=90)
            track = readers.track(places, mover.colour)
            assert readers.direction(track[-1] - track[0]) == move.direction
            for other in scene.movers:
                if other != mover:
                    still = readers.track(places, other.colour)
                    assert np.abs(still - still[0]).max() < 0.5


def test_a_strip_shows_frames_of_the_film_with_the_same_facts_and_staging():
    scene, stream = next(scenes("moving", EASY, 1))
    staging = film.stage(scene, EASY, stream)
    rows = film.stills(scene, EASY, staging)
    shown = [np.asarray(frame) for frame in film.frames(scene, EASY, staging)]
    for row in rows:
        for end in (row[0], row[-1]):
            assert any((np.asarray(end) == frame).all() for frame in shown)


def test_number_timbre_pitch_rhythm_and_order_are_read_from_sounds(tmp_path):
    needs("soundfile")
    for scene, stream in scenes("sound", EASY, 40):
        found = readers.phrases(
            kept(tmp_path, sound.encode(sound.play(scene, EASY, stream), stream))
        )
        wanted = [{name: getattr(p, name) for name in found[0]} for p in scene.in_order()]
        assert found == wanted


def a_weighted_db(samples):
    return 20 * np.log10(sound.a_weighted_rms(samples))


@pytest.mark.parametrize("level", LEVELS)
def test_loud_is_louder_than_soft_by_as_much_as_the_level_says_whatever_the_timbre(level):
    shown = LEVELS[level]
    loud, soft = [], []
    for scene, stream in scenes("sound", shown, 30):
        quiet = Stream("no gain")
        for phrase in scene.phrases:
            samples = sound.phrase_samples(phrase, 0.0, shown, stream.fork(phrase.name))
            note = samples[: round(0.8 * sound.RHYTHM_S[phrase.rhythm][0] * sound.RATE)]
            (loud if phrase.loudness == "loud" else soft).append(a_weighted_db(note))
        assert np.abs(sound.play(scene, shown, quiet)).max() < 1
    assert np.ptp(loud) < 0.1
    assert np.ptp(soft) < 0.1
    assert np.mean(loud) - np.mean(soft) == pytest.approx(shown.loudness_db, abs=0.1)


def test_a_filter_of_the_standard_weights_1_khz_by_0_db_and_100_hz_by_19():
    t = np.arange(sound.RATE) / sound.RATE
    tones = {f: np.sqrt(2) * np.sin(2 * np.pi * f * t) for f in (100, 1000, 4000)}
    levels = {f: a_weighted_db(tone) for f, tone in tones.items()}
    # Table 3 of IEC 61672-1: -19.1 dB at 100 Hz, 0 at 1 kHz, +1.0 at 4 kHz.
    assert levels == pytest.approx({100: -19.1, 1000: 0.0, 4000: 1.0}, abs=0.1)


def test_pictures_of_a_level_have_its_size_and_format():
    for level in LEVELS.values():
        scene, stream = next(scenes("still", level, 1))
        data, ending = encode(draw(scene, level, stream), level, stream)
        assert ending == (".jpg" if level.jpeg else ".png")
        assert len(data) > 1000
        assert draw(scene, level, stream).size == (level.side, level.side)
        assert isinstance(draw(scene, level, stream), Image.Image)
