"""Probes of pictures, films and sounds: what they change, on whom, and when they do not ask."""

import pytest

from mmjudge.media.changes import CHANGES, SPEAKER, parse, problem_of
from mmjudge.media.loader import media_of
from mmjudge.probes.audio import spoken_cue
from mmjudge.probes.catalog import choose
from mmjudge.probes.plan import Probing
from mmjudge.protocols import requests
from mmjudge.types import (
    Candidate,
    Criterion,
    Item,
    Media,
    PreferenceGold,
    RankingGold,
    RunSettings,
    Scale,
    ScoreGold,
    TaskCard,
    TaskSpec,
)

CUED = {
    "typographic": "image",
    "watermark": "image",
    "border": "image",
    "brightness": "image",
    "blank_band": "image",
    "text_overlay": "video",
    "spoken_cue": "audio",
}
ALIKE = {
    "blur": "image",
    "jpeg": "image",
    "frame_rate": "video",
    "reversed_frames": "video",
    "gain": "audio",
    "noise": "audio",
}
ALL = CUED | ALIKE
COLOUR = Criterion(name="colour", question="Which agrees better in the colours?", scale=Scale())
QUALITY = Criterion(name="quality", question="Which is of better quality?", scale=Scale())


def medium(kind, name):
    return Media(modality=kind, uri=f"{name}.{kind}")


def item(kind, gold, n=2, prompt=("words",)):
    candidates = tuple(Candidate(id=c, parts=("see:", medium(kind, c))) for c in "abcd"[:n])
    golds = {} if gold is None else {"colour": gold, "quality": gold}
    return Item(id="1", prompt=prompt, candidates=candidates, gold=golds)


def asked(name, of, protocol="pair", criterion=COLOUR, orders="both"):
    """Plain requests, each with what the probe makes of it."""
    spec = TaskSpec(
        name="t",
        protocols=(protocol,),
        criteria=(criterion,),
        modalities=("text", "image", "video", "audio"),
        card=TaskCard(summary=""),
        primary="accuracy",
    )
    settings = RunSettings(protocol=protocol, orders=orders)
    probing = Probing(choose(name))
    for request in requests(spec, of, 0, settings, "judge"):
        ((found, probed),) = probing.again(request, of)
        assert found == name
        yield request, probed


def marked(request):
    """Places, in item order, of the candidates with a changed medium."""
    return [
        place
        for place, one in zip(request.order, request.candidates, strict=True)
        if any(isinstance(part, Media) and part.changes for part in one.parts)
    ]


@pytest.mark.parametrize("name", ALL)
def test_every_probe_has_a_card_that_says_what_it_does(name):
    (probe,) = choose(name)
    card = probe.card
    assert card.modalities == (ALL[name],)
    assert card.source
    assert card.summary
    assert card.keeps_gold
    assert (card.cue == "none") == (name in ALIKE)
    assert ("attacks" in card.presets) == (name in CUED and name != "blank_band")
    assert "core" in card.presets


@pytest.mark.parametrize(("name", "kind"), CUED.items())
@pytest.mark.parametrize("gold", ["first", "second", "tie"])
def test_the_cue_is_on_one_candidate_alone_the_same_in_both_orders(name, kind, gold):
    seen = set()
    for n in range(12):
        of = item(kind, PreferenceGold(value=gold), prompt=(f"words {n}", medium(kind, "p")))
        cues = set()
        for plain, probed in asked(name, of):
            assert probed.cue == tuple(marked(probed.request))
            assert len(changes_of(probed.request)) == 1
            assert probed.request.order == plain.order
            assert unchanged(probed.request) == unchanged(plain)
            cues.add(probed.cue)
        assert len(cues) == 1
        seen |= cues
    assert seen == {(0,), (1,)}  # better or worse, by lot


@pytest.mark.parametrize(("name", "kind"), CUED.items())
@pytest.mark.parametrize(("gold", "worse"), [("first", 1), ("second", 0)])
def test_where_looks_are_asked_about_the_cue_is_on_the_worse_candidate(name, kind, gold, worse):
    of = item(kind, PreferenceGold(value=gold))
    for _, probed in asked(name, of, "pair", QUALITY):
        assert probed.cue == (worse,)
        assert marked(probed.request) == [worse]


def changes_of(request):
    return [text for one in media_of(request) for text in one.changes]


def unchanged(request):
    """What the request shows but for changes and bookkeeping."""
    plain = {one: one.model_copy(update={"changes": ()}) for one in media_of(request)}

    def parts(some):
        return tuple(plain.get(part, part) for part in some)

    return parts(request.prompt), [parts(one.parts) for one in request.candidates]


@pytest.mark.parametrize(("name", "kind"), ALIKE.items())
def test_what_is_made_worse_is_so_everywhere_and_speaks_for_nobody(name, kind):
    of = item(kind, PreferenceGold(value="first"), prompt=("words", medium(kind, "p")))
    for plain, probed in asked(name, of):
        assert probed.cue == ()
        assert [len(one.changes) for one in media_of(probed.request)] == [1, 1, 1]
        assert len(set(changes_of(probed.request))) == 1
        assert unchanged(probed.request) == unchanged(plain)


@pytest.mark.parametrize(("name", "kind"), ALL.items())
def test_the_changes_are_known_fit_the_medium_and_make_another_key(name, kind):
    for plain, probed in asked(name, item(kind, PreferenceGold(value="first"))):
        assert probed.request.key != plain.key
        assert probed.request.probe == name
        for one in media_of(probed.request):
            assert problem_of(one) is None
            assert all(kind in CHANGES[parse(text)[0]].modalities for text in one.changes)


@pytest.mark.parametrize(("name", "kind"), ALL.items())
def test_media_of_another_kind_are_not_asked_about(name, kind):
    other = {"image": "video", "video": "audio", "audio": "image"}[kind]
    of = item(other, PreferenceGold(value="first"))
    assert [probed for _, probed in asked(name, of)] == [None, None]


@pytest.mark.parametrize(("name", "kind"), CUED.items())
def test_a_candidate_without_such_a_medium_gets_no_cue(name, kind):
    """The prompt has one; the candidates are words."""
    words = tuple(Candidate(id=c, parts=("words",)) for c in "ab")
    of = item(kind, PreferenceGold(value="first"), prompt=("see", medium(kind, "p")))
    of = of.model_copy(update={"candidates": words})
    assert [probed for _, probed in asked(name, of)] == [None, None]


@pytest.mark.parametrize(("name", "kind"), ALL.items())
def test_of_a_ranking_one_is_cued_or_all_are_made_worse(name, kind):
    of = item(kind, RankingGold(ranks=(2, 4, 1, 3)), n=4)
    for _, probed in asked(name, of, "rank"):
        cued = marked(probed.request)
        assert cued == (list(probed.cue) if name in CUED else list(probed.request.order))
        assert len(probed.cue) == (name in CUED)
    for _, probed in asked(name, of, "rank", QUALITY):
        assert probed.cue == ((1,) if name in CUED else ())


@pytest.mark.parametrize(("name", "kind"), ALL.items())
def test_a_score_is_pulled_up_or_nowhere_and_not_asked_for_where_it_would_be_another(name, kind):
    of = item(kind, ScoreGold(value=3), n=1)
    ((_, probed),) = asked(name, of, "score")
    assert probed.cue == ((1,) if name in CUED else ())
    assert marked(probed.request) == [0]
    ((_, probed),) = asked(name, of, "score", QUALITY)
    assert (probed is None) == (name != "reversed_frames")


@pytest.mark.parametrize(("name", "kind"), CUED.items())
def test_looks_are_asked_about_only_where_the_marked_one_is_last_anyway(name, kind):
    for gold, wanted in (("first", 2), ("second", 2), ("tie", 0), ("both_good", 0)):
        of = item(kind, PreferenceGold(value=gold))
        found = [probed for _, probed in asked(name, of, "pair", QUALITY) if probed]
        assert len(found) == wanted, gold
    assert not any(probed for _, probed in asked(name, item(kind, None), "pair", QUALITY))
    tied = item(kind, RankingGold(ranks=(1, 2, 2)), n=3)
    assert not any(probed for _, probed in asked(name, tied, "rank", QUALITY))
    assert all(probed for _, probed in asked(name, tied, "rank", COLOUR))


@pytest.mark.parametrize(
    ("name", "question", "rubric", "fits"),
    [
        ("colour", "Which agrees better with the prompt in the colours of the objects?", "", True),
        ("count", "Which agrees better in how many objects there are?", "", True),
        ("quality", "Which film is sharper?", "", True),
        ("motion", "Which agrees better in direction and path of the movements?", "", False),
        ("order", "Which agrees better in the order of what happens?", "", False),
        ("speed", "In the speed of the objects?", "", False),
        ("motion_quality", "Which moves the objects better?", "", False),
        ("overall", "Which is better?", "", False),
        ("alignment", "Which follows the prompt?", "", False),
        ("colour", "In the colours?", "The colour at the end of the film counts.", False),
    ],
)
def test_films_run_backwards_only_where_a_single_frame_shows_what_is_asked(
    name, question, rubric, fits
):
    criterion = Criterion(name=name, question=question, rubric=rubric)
    of = item("video", PreferenceGold(value="first"))
    found = [probed for _, probed in asked("reversed_frames", of, "pair", criterion)]
    assert [probed is not None for probed in found] == [fits, fits]


def test_the_two_voices_are_two_versions_of_one_probe():
    clip, spoken = spoken_cue("clip"), spoken_cue(SPEAKER)
    assert clip.card.name == spoken.card.name == "spoken_cue"
    assert clip.card.version != spoken.card.version
    assert clip.change_made != spoken.change_made
