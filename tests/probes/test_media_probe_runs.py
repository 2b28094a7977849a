"""Probes of media in whole runs, with judges that look: the changed media are what they see."""

import numpy as np
import pytest
from PIL import Image

from mmjudge.api import run
from mmjudge.judges.base import Judge
from mmjudge.sources.folder import open_task
from mmjudge.types import (
    Candidate,
    Failure,
    JudgeCard,
    Media,
    Preference,
    Reply,
    Sampling,
)
from tests.engine.driven import Listed, pair, stored
from tests.media.made import needs, sine, wav

PICTURES = "typographic,blank_band,watermark,border,brightness,blur,jpeg"
FILMS = "frame_rate,reversed_frames,text_overlay,swapped_frames"
SOUNDS = "gain,noise,spoken_cue"


class Looking(Judge):
    """Scores each candidate by what its medium shows."""

    def __init__(self, score) -> None:
        self.card = JudgeCard(
            name="looking", summary="Looks.", media=True, fingerprint="looking", batch_size=8
        )
        self.score = score

    @classmethod
    def open(cls, name, options, context):
        raise NotImplementedError

    @classmethod
    def catalog(cls):
        return []

    def judge(self, batch, media):
        return [
            Reply(scores=tuple(self.score(media[one.parts[0]]) for one in request.candidates))
            for request in batch
        ]


class Knowing(Judge):
    """Says what the gold says, and needs all media decoded for it."""

    def __init__(self, gold) -> None:
        self.card = JudgeCard(
            name="knowing",
            summary="Knows.",
            media=True,
            fingerprint="knowing",
            sampling=Sampling(frames=4),
        )
        self.gold, self.seen = gold, 0

    open, catalog = Looking.open, Looking.catalog

    def judge(self, batch, media):
        self.seen += sum(bool(one.changes) for one in media)
        return [Reply(verdict=self.gold[r.item][r.criterion.name]) for r in batch]


def by_probe(folder):
    found = {}
    for one in stored(folder):
        found.setdefault(one.probe, {})[one.item, one.criterion] = one
    return found


@pytest.mark.parametrize(
    ("task", "probes"),
    [("scenes_image", PICTURES), ("scenes_video", FILMS), ("scenes_audio", SOUNDS)],
)
def test_for_an_oracle_that_looks_every_change_can_be_made_and_nothing_moves(
    task, probes, tmp_path
):
    """On the embedded pack, where each probe finds something to ask."""
    needs("av")
    needs("soundfile")
    opened = open_task(task)
    gold = {
        item.id: {name: Preference(value=g.value) for name, g in item.gold.items()}
        for item in opened.load("pair")
    }
    judge = Knowing(gold)
    done = run(opened, judge, out=tmp_path / "run", probes=probes, protocol="pair", limit=30)
    found = by_probe(done.folder)
    plain = found.pop(None)
    assert set(found) == set(probes.split(","))
    assert judge.seen > 0
    assert done.stats.failed == 0
    for name, asked in found.items():
        for key, one in asked.items():
            assert one.outcome == plain[key].outcome, (name, key)


@pytest.fixture
def pictures(tmp_path):
    """Pairs of grey noise, the first of each a little brighter and, by its gold, better."""
    random = np.random.default_rng(0)
    items = []
    for i in range(12):
        parts = []
        for name, base in (("a", 120), ("b", 118)):
            noise = random.integers(base - 20, base + 20, (96, 160, 3), dtype=np.uint8)
            Image.fromarray(noise).save(tmp_path / f"{i}{name}.png")
            parts.append(Media(modality="image", uri=f"{i}{name}.png"))
        candidates = tuple(Candidate(id=m.uri, parts=(m,)) for m in parts)
        items.append(pair(i, candidates=candidates))
    return Listed(items, root=tmp_path)


def brightness(image):
    return float(np.asarray(image).mean())


def test_who_likes_it_bright_follows_every_brighter_picture_and_fears_every_border(
    pictures, tmp_path
):
    done = run(pictures, Looking(brightness), out=tmp_path / "run", probes="brightness,border,blur")
    found = by_probe(done.folder)
    for name in (None, "blur"):
        assert {(one.outcome.value, one.cue) for one in found[name].values()} == {("first", ())}
    places = ("first", "second")
    for one in found["brightness"].values():
        assert one.outcome.value == places[one.cue[0]]
    for one in found["border"].values():
        assert one.outcome.value == places[1 - one.cue[0]]
    for name in ("brightness", "border"):
        assert {one.cue for one in found[name].values()} == {(0,), (1,)}


def test_who_likes_it_loud_is_not_moved_by_what_happens_to_both(tmp_path):
    needs("soundfile")
    items = []
    for i in range(6):
        parts = []
        for name, level in (("a", 0.5), ("b", 0.3)):
            wav(tmp_path / f"{i}{name}.wav", level * sine(1, 16_000, 300 + 10 * i), 16_000)
            parts.append(Media(modality="audio", uri=f"{i}{name}.wav"))
        candidates = tuple(Candidate(id=m.uri, parts=(m,)) for m in parts)
        items.append(pair(i, candidates=candidates))
    judge = Looking(lambda clip: float(np.sqrt(np.mean(clip.samples**2))))
    done = run(Listed(items, root=tmp_path), judge, out=tmp_path / "run", probes="gain,noise")
    found = by_probe(done.folder)
    scores = {
        name: np.array([one.reply.scores for one in asked.values()])
        for name, asked in found.items()
    }
    assert np.allclose(scores["gain"] / scores[None], 10 ** (-12 / 20))
    assert np.allclose(scores["noise"] / scores[None], np.sqrt(1 + 10 ** (-10 / 10)), rtol=0.02)
    for asked in found.values():
        assert {one.outcome.value for one in asked.values()} == {"first"}


def test_a_picture_that_cannot_be_written_on_fails_under_that_probe_alone(pictures, tmp_path):
    for name in ("0a", "0b"):
        with Image.open(tmp_path / f"{name}.png") as image:
            image.crop((0, 0, 24, 24)).save(tmp_path / f"{name}.png")
    done = run(
        pictures, Looking(brightness), out=tmp_path / "run", probes="typographic,border,rerun"
    )
    failed = [
        (one.probe, one.item, one.outcome.reason)
        for one in stored(done.folder)
        if isinstance(one.outcome, Failure)
    ]
    assert failed == [("typographic", "0", "media")]
    assert done.stats.judged == 12 * 4
