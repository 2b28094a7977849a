"""Nothing about a candidate alone tells whether it is right; leaks of other kinds are caught."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from scipy import stats

from mmjudge.scenes.directions import DIRECTIONS
from mmjudge.scenes.draw import draw, encode
from mmjudge.scenes.edits import chain
from mmjudge.scenes.facts import CRITERIA
from mmjudge.scenes.items import Place, content
from mmjudge.scenes.levels import LEVELS
from mmjudge.scenes.sampling import sample
from mmjudge.scenes.stream import Stream
from mmjudge.scenes.texts import caption
from tests.scenes import cues

pytestmark = pytest.mark.slow


UNLIKELY = 1e-4
"""A model that is right more often than this by chance has found a cue."""

SUBJECTS = sorted(CRITERIA)


def decisive(direction, n):
    """Pairs with a right candidate, of all levels in turn."""
    levels = list(LEVELS)
    for number in range(n):
        place = Place(direction, levels[number % 3], "pair", number // 3)
        item = content("balance", place)
        value = item.gold()["overall"].value
        if value != "tie":
            yield item, value == "first"


def told(item, number):
    """Facts and a caption of a candidate, as they are without the prompt."""
    scene = item.candidates[number]
    text = caption(scene, Stream("balance", item.place.id, number))
    return {**cues.of_scene(scene), **cues.of_text(text)}


def fair(pairs):
    found = cues.chance_of_guessing(pairs)
    assert all(result["p"] > UNLIKELY for result in found.values()), found


def caught(pairs):
    found = cues.chance_of_guessing(pairs)
    assert min(result["p"] for result in found.values()) < 1e-9, found


@pytest.fixture(scope="module")
def tellings():
    """Cues of facts and words of many pairs, by direction."""
    return {
        name: [
            (told(item, 0), told(item, 1), first, item.breaks)
            for item, first in decisive(name, 990)
        ]
        for name in DIRECTIONS
    }


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_facts_and_words_of_a_candidate_do_not_tell_whether_it_is_right(tellings, direction):
    fair([telling[:3] for telling in tellings[direction]])


@pytest.mark.parametrize(("subject", "criterion"), [(s, c) for s in SUBJECTS for c in CRITERIA[s]])
def test_nor_do_they_for_any_criterion(tellings, subject, criterion):
    pairs = [
        telling[:3]
        for direction, found in tellings.items()
        for telling in found
        if DIRECTIONS[direction].subject == subject and telling[3] == criterion
    ]
    assert len(pairs) > 150
    fair(pairs)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_facts_of_a_candidate_do_not_tell_its_score(subject):
    direction = next(d.name for d in DIRECTIONS.values() if d.subject == subject)
    items = [content("scores", Place(direction, "medium", "score", n)) for n in range(800)]
    x = cues.table([cues.of_scene(item.candidates[0]) for item in items])
    y = np.array([item.gold()["overall"].value for item in items])
    for name, model in cues.MODELS.items():
        right = int((model().fit(x[:400], y[:400]).predict(x[400:]) == y[400:]).sum())
        assert stats.binomtest(right, len(y) - 400, 0.2, "greater").pvalue > UNLIKELY, (name, right)


@pytest.mark.slow
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_files_and_texts_as_shown_do_not_tell_which_candidate_is_right(pairs, direction):
    """Size of the file, brightness, contrast, motion, level, length: what a judge may fall for."""
    found = []
    for row in pairs.rows():
        value = row["gold"]["overall"]["value"]
        levels = {Place(direction, level, "pair", 0).id[:-6] for level in LEVELS}
        if row["id"][:-6] in levels and value != "tie":
            a, b = (shown(pairs.folder, c["parts"][0]) for c in row["candidates"])
            found.append((a, b, value == "first"))
    assert len(found) >= 90
    fair(found)


def shown(folder, part):
    return cues.of_text(part) if isinstance(part, str) else cues.of_file(folder / part["uri"])


# The same check on generators that leak: if these were not caught, those above would prove nothing.


def test_an_edit_that_only_ever_adds_objects_would_be_caught():
    pairs = []
    for number in range(240):
        stream = Stream("more objects", number)
        truth = sample("still", LEVELS["medium"], stream.fork("scene"))
        group = next((g for g in truth.groups if g.count < 4), None)
        if group is None:
            continue
        more = replace(group, count=group.count + 1)
        wrong = replace(truth, groups=tuple(more if g is group else g for g in truth.groups))
        first = stream.coin()
        ordered = (truth, wrong) if first else (wrong, truth)
        pairs.append((*(cues.of_scene(scene) for scene in ordered), first))
    caught(pairs)


def test_a_word_that_only_wrong_captions_have_would_be_caught():
    def leaky(item, number, first):
        right = (number == 0) == first
        text = caption(item.candidates[number], Stream("leak", item.place.id, number))
        return cues.of_text(text if right else f"{text} Indeed.")

    caught([(leaky(i, 0, f), leaky(i, 1, f), f) for i, f in decisive("image->text", 300)])


@pytest.mark.slow
def test_wrong_pictures_that_were_compressed_twice_would_be_caught():
    pairs = []
    for item, first in decisive("text->image", 300):
        level, both = LEVELS["medium"], []
        for number, scene in enumerate(item.candidates):
            stream = Stream("leak", item.place.id, number)
            data, _ = encode(draw(scene, level, stream), level, stream)
            if (number == 0) != first:
                again = io.BytesIO()
                Image.open(io.BytesIO(data)).save(again, "JPEG", quality=60)
                data = again.getvalue()
            both.append(cues.of_image(data))
        pairs.append((*both, first))
    caught(pairs)


def test_a_truth_that_is_never_the_edited_scene_would_be_caught_where_edits_are_not_reversible():
    """Edits towards one value, undone by nothing: the coin in the generator is what hides them."""
    pairs = []
    for number in range(300):
        stream = Stream("one way", number)
        start = sample("sound", LEVELS["easy"], stream.fork("scene"))
        made = chain(start, 1, LEVELS["easy"], stream.fork("edit"), "loudness")
        loud = {p.name for p in start.phrases if p.loudness == "loud"}
        if made.facts[0].subject in loud:
            continue
        first = stream.coin()
        ordered = made.scenes if first else made.scenes[::-1]
        pairs.append((*(cues.of_scene(scene) for scene in ordered), first))
    caught(pairs)
