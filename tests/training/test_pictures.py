"""What the small judges are trained on is what they are asked as judges."""

from itertools import islice

import numpy as np
import pytest
from PIL import Image

from mmjudge.scenes.draw import draw
from mmjudge.scenes.levels import LEVELS
from mmjudge.scenes.sampling import sample
from mmjudge.scenes.stream import Stream
from training.pictures import GROUND, SIDE, SPREAD, families, normalised, picture

pytest.importorskip("torch")


def test_a_picture_is_what_open_clips_own_transform_makes_of_the_file():
    open_clip = pytest.importorskip("open_clip")
    level, stream = LEVELS["easy"], Stream("pictures", 1)
    scene = sample("still", level, stream)
    transform = open_clip.transform.image_transform(
        SIDE, is_train=False, mean=(GROUND,) * 3, std=(SPREAD,) * 3, interpolation="bicubic"
    )
    ground = Image.new("RGB", (level.side, level.side), (230, 228, 220))
    shown = draw(scene, level, stream, ground.copy())
    small = np.array(shown.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    assert np.allclose(normalised(small[None])[0], transform(shown), atol=1e-5)


def test_pictures_of_one_scene_differ_and_so_do_those_of_scenes_a_fact_apart():
    found = next(families("pictures", "easy", 4))
    assert found.pictures.shape == (4, SIDE, SIDE, 3)
    flat = {one.tobytes() for one in found.pictures}
    assert len(flat) == 4
    level = LEVELS["easy"]
    scene = sample("still", level, Stream("again"))
    once, again, other = (picture(scene, level, Stream("look", n)) for n in (1, 1, 2))
    assert (once == again).all()
    assert (once != other).any()


def test_families_follow_from_their_seed():
    one, other = ([f.captions for f in islice(families(s, "medium", 3), 4)] for s in ("a", "b"))
    again = [f.captions for f in islice(families("a", "medium", 3), 4)]
    assert one == again
    assert one != other
