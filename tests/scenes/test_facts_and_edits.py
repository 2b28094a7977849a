"""Scenes, the edits that change one fact of them, and how far values are apart."""

import hashlib
import json
from collections import Counter
from dataclasses import asdict
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from mmjudge.scenes import film, sound
from mmjudge.scenes.edits import chain, editable
from mmjudge.scenes.facts import CRITERIA, GRID, Still, as_json, differences, relation
from mmjudge.scenes.items import Place, content
from mmjudge.scenes.levels import (
    COLOURS,
    LEVELS,
    MIN_COLOUR_DISTANCE,
    MIN_LOUDNESS_DB,
    MIN_PITCH_SEMITONES,
    MIN_SIZE_RATIO,
    MIN_SPEED_RATIO,
    PITCH_HZ,
    RHYTHM_S,
)
from mmjudge.scenes.sampling import sample
from mmjudge.scenes.stream import Stream
from mmjudge.scenes.texts import caption

EVERY = [(s, c, level) for s, names in CRITERIA.items() for c in names for level in LEVELS]


def said(scene):
    """All that is told of a scene, without names: what a person could compare."""
    if isinstance(scene, Still):
        pair = {g.name for g in scene.couple() or ()}
        singles = [(g.count, g.size, g.colour, g.shape, g.cell) for g in scene.singles]
        how = [relation(*couple)] if (couple := scene.couple()) else []
        return (
            Counter(singles),
            how,
            [(g.count, g.size, g.colour, g.shape) for g in scene.groups if g.name in pair],
        )
    return [
        tuple(v for part in (thing if isinstance(thing, tuple) else (thing,))
              for k, v in asdict(part).items() if k not in ("name", "mover"))
        for thing in scene.in_order()
    ]  # fmt: skip


@pytest.mark.parametrize(("subject", "criterion", "level"), EVERY)
def test_an_edit_changes_exactly_one_fact_and_it_is_of_the_criterion(subject, criterion, level):
    for i in range(25):
        stream = Stream("edit", subject, criterion, level, i)
        start = sample(subject, LEVELS[level], stream.fork("scene"), criterion)
        made = chain(start, 1, LEVELS[level], stream.fork("edit"), criterion)
        assert differences(*made.scenes) == made.facts
        assert [fact.criterion for fact in made.facts] == [criterion]
        assert said(made.scenes[0]) != said(made.scenes[1])


@pytest.mark.parametrize(("subject", "level"), [(s, lv) for s in CRITERIA for lv in LEVELS])
def test_no_edit_is_undone_by_a_later_one(subject, level):
    for i in range(60):
        stream = Stream("chain", subject, level, i)
        start = sample(subject, LEVELS[level], stream.fork("scene"))
        made = chain(start, 4, LEVELS[level], stream.fork("edits"))
        for place, scene in enumerate(made.scenes):
            assert set(differences(made.scenes[0], scene)) == set(made.facts[:place])


@pytest.mark.parametrize(("subject", "level"), [(s, lv) for s in CRITERIA for lv in LEVELS])
def test_no_two_things_of_a_scene_are_of_one_kind_and_no_two_groups_share_a_cell(subject, level):
    for i in range(60):
        stream = Stream("kinds", subject, level, i)
        start = sample(subject, LEVELS[level], stream.fork("scene"))
        for scene in chain(start, 4, LEVELS[level], stream.fork("edits")).scenes:
            kinds = [thing.kind for thing in scene.things]
            assert len(set(kinds)) == len(kinds)
            if isinstance(scene, Still):
                assert len({g.cell for g in scene.groups}) == len(scene.groups)
                assert all(0 <= v < GRID for g in scene.groups for v in g.cell)


@pytest.mark.slow
@pytest.mark.parametrize(("subject", "level"), [(s, lv) for s in CRITERIA for lv in LEVELS])
def test_scenes_after_edits_are_distributed_as_before(subject, level):
    """Else the value of a fact would tell how often a candidate was edited."""
    before, after = [], []
    for i in range(700):
        stream = Stream("stationary", subject, level, i)
        start = sample(subject, LEVELS[level], stream.fork("scene"))
        scenes = chain(start, 4, LEVELS[level], stream.fork("edits")).scenes
        before.append(values(scenes[0]))
        after.append(values(scenes[-1]))
    for name in before[0].keys() | after[0].keys():
        counts = [Counter(v for row in rows for v in row.get(name, ())) for rows in (before, after)]
        names = sorted(counts[0] | counts[1])
        if len(names) > 1:
            table = [[count[v] for v in names] for count in counts]
            assert stats.chi2_contingency(table).pvalue > 1e-4, (name, counts)


def values(scene):
    found = {}
    for thing in scene.things:
        for attribute in ("count", "size", "colour", "shape", "cell", "direction", "path", "speed",
                          "timbre", "pitch", "contour", "rhythm", "loudness"):  # fmt: skip
            if hasattr(thing, attribute):
                found.setdefault(attribute, []).append(str(getattr(thing, attribute)))
    return {**found, "number": [str(len(scene.things))]}


def test_a_scene_offers_facts_of_every_criterion_that_was_asked_for():
    for subject, criterion, level in EVERY:
        scene = sample(subject, LEVELS[level], Stream("asked", subject, level), criterion)
        assert criterion in {fact.criterion for fact in editable(scene, LEVELS[level])}


def lab(rgb):
    """CIELAB of sRGB, white D65: IEC 61966-2-1 and CIE 15."""
    linear = np.array([c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb])
    matrix = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    t = matrix @ linear / np.array([0.9505, 1.0, 1.089])
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_colours_are_apart_from_each_other_and_from_every_ground():
    shown = {name: lab(np.array(rgb) / 255) for name, rgb in COLOURS.items()}
    grounds = [lab(np.full(3, grey) / 255) for grey in (170, 212, 236, 255)]
    for (one, a), (other, b) in combinations(shown.items(), 2):
        assert np.linalg.norm(a - b) >= MIN_COLOUR_DISTANCE, (one, other)
    for name, a in shown.items():
        assert all(np.linalg.norm(a - ground) >= MIN_COLOUR_DISTANCE for ground in grounds), name


@pytest.mark.parametrize("level", LEVELS.values(), ids=LEVELS)
def test_values_are_at_least_as_far_apart_as_a_person_needs(level):
    assert level.radius[1] / level.radius[0] >= MIN_SIZE_RATIO
    assert level.travel[1] / level.travel[0] >= MIN_SPEED_RATIO
    assert level.loudness_db >= MIN_LOUDNESS_DB
    registers = sorted(PITCH_HZ.values())
    reach = 2 * (max(level.values["notes"]) - 1) / 2 * level.step
    for low, high in combinations(registers, 2):
        assert 12 * np.log2(high / low) - reach >= MIN_PITCH_SEMITONES
    assert RHYTHM_S["slow"][0] / RHYTHM_S["quick"][0] >= 2
    assert max(max(seconds) for seconds in RHYTHM_S.values()) < sound.GAP_S


@pytest.mark.parametrize("level", LEVELS.values(), ids=LEVELS)
def test_nothing_leaves_the_frame_and_movers_do_not_touch(level):
    for i in range(25):
        stream = Stream("stage", level.name, i)
        scene = sample("moving", level, stream.fork("scene"))
        starts = film.stage(scene, level, stream).starts
        for positions in film.positions(scene, starts, level, [k / 16 for k in range(17)]):
            for x, y in positions.values():
                assert min(x, y) > film.RADIUS
                assert max(x, y) < film.SIDE - film.RADIUS
            for one, other in combinations(positions.values(), 2):
                assert np.hypot(one[0] - other[0], one[1] - other[1]) > 2 * film.RADIUS


GOLDEN = "f56075b35d66d986ac96b68bba9c4dc5f695f00d0caee645d7fe27eedfa13811"


def test_facts_captions_and_gold_of_a_seed_never_change():
    """Whoever changes this hash gives another benchmark the same seed: raise `pack.FORMAT` too."""
    lines = []
    for direction in ("text->image", "image->image", "text->video", "audio->text"):
        for level in LEVELS:
            for protocol in ("pair", "score", "rank"):
                for number in range(4):
                    made = content("golden", Place(direction, level, protocol, number))
                    gold = {name: g.model_dump(mode="json") for name, g in made.gold().items()}
                    scenes = [as_json(s) for s in (made.truth, *made.candidates)]
                    text = caption(made.truth, Stream("golden", made.place.id))
                    lines.append([made.place.id, scenes, made.criteria, made.breaks, gold, text])
    found = hashlib.sha256(json.dumps(lines).encode()).hexdigest()
    assert found == GOLDEN
