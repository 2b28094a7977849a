"""What the small judges are trained on is what they are asked as judges."""

import numpy as np
import pytest
from PIL import Image

from mmjudge.scenes.draw import draw
from mmjudge.scenes.facts import Group, Still, differences, relation
from mmjudge.scenes.levels import LEVELS
from mmjudge.scenes.sampling import sample
from mmjudge.scenes.stream import Stream
from training.pictures import GROUND, MEMBERS, SIDE, SPREAD, families, mirrored, normalised, picture

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
    found = families("pictures", "easy", 1).pictures
    assert found.shape == (1, MEMBERS, SIDE, SIDE, 3)
    assert len({one.tobytes() for one in found[0]}) == MEMBERS
    level = LEVELS["easy"]
    scene = sample("still", level, Stream("again"))
    once, again, other = (picture(scene, level, Stream("look", n)) for n in (1, 1, 2))
    assert (once == again).all()
    assert (once != other).any()


def test_families_follow_from_their_seed_however_many_draw_them():
    one, again, other = (
        families(*case)
        for case in (("a", "medium", 3, 1), ("a", "medium", 3, 2), ("b", "medium", 3))
    )
    assert one.scenes == again.scenes
    assert (one.pictures == again.pictures).all()
    assert one.scenes != other.scenes


def test_members_of_a_family_are_one_fact_from_the_first():
    for first, *others in families("facts", "easy", 6).scenes:
        assert [len(differences(first, other)) for other in others] == [1] * (MEMBERS - 1)


def test_a_mirrored_scene_is_that_of_the_picture_turned_left_to_right():
    level, ground = LEVELS["easy"], Image.new("RGB", (256, 256), (230, 228, 220))
    scene = Still(
        (
            Group(0, 1, "large", "red", "circle", (0, 0)),
            Group(1, 1, "large", "blue", "square", (1, 2)),
        ),
        (0, 1),
    )
    there, turned = (
        np.asarray(draw(s, level, Stream("mirror"), ground.copy()))
        for s in (scene, mirrored(scene))
    )
    assert relation(*scene.groups) == "above"  # another row: the mirror leaves it
    for colour in (0, 2):
        across = [
            np.argwhere(p[..., colour].astype(int) - p[..., 2 - colour] > 60)[:, 1].mean()
            for p in (there, turned)
        ]
        assert across[0] + across[1] == pytest.approx(255, abs=14)
    assert mirrored(mirrored(scene)) == scene
