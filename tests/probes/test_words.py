"""What the single probes do to a candidate: dress it up, add a remark, or answer nothing."""

import re
from collections import Counter

import pytest

from mmjudge.probes.attacks import MASTER_KEYS, NULL_ANSWER
from mmjudge.probes.base import text_of
from mmjudge.protocols import parse
from mmjudge.types import Failure, Media, Reply, Request
from tests.probes.material import changed

DRESSED = ("verbosity", "authority", "sentiment", "superficial_reflection", "markdown")
SPEAKING = ("grader_override", "verdict_spoofing", "fake_chain_of_thought")
REMARKS = ("bandwagon", "distraction", "anchoring", "idle_remark")
SIGNED = ("famous_name", "self_preference", "names_revealed")
EMPTY = ("master_key", "master_key_scored", "null_candidate", "null_candidate_scored")


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"[a-z0-9]+", text.lower()))


def texts(request: Request) -> dict[int, str]:
    shown = zip(request.order, request.candidates, strict=True)
    return {place: text_of(one.parts) for place, one in shown}


@pytest.mark.parametrize("name", [*DRESSED, *SPEAKING, *EMPTY])
def test_one_candidate_alone_is_changed_and_it_is_that_of_the_cue(name: str):
    for request, item, made in changed(name):
        before, after = texts(request), texts(made.request)
        touched = tuple(place for place in before if before[place] != after[place])
        assert touched == ((0,) if request.protocol == "score" else made.cue), item.id
        assert made.request.prompt == request.prompt


@pytest.mark.parametrize("name", [*DRESSED, *SPEAKING])
def test_a_dressed_candidate_still_says_all_that_it_said(name: str):
    for request, _, made in changed(name):
        before, after = texts(request), texts(made.request)
        for place in before:
            assert words(before[place]) <= words(after[place])


def test_markdown_adds_no_word_but_its_heading():
    for request, _, made in changed("markdown"):
        before, after = texts(request), texts(made.request)
        for place in before:
            assert words(after[place]) - words(before[place]) <= Counter(["answer"])


def test_padding_at_least_doubles_a_candidate():
    for request, _, made in changed("verbosity"):
        before, after = texts(request), texts(made.request)
        longer = [place for place in before if len(after[place]) > 2 * len(before[place])]
        assert len(longer) == 1


@pytest.mark.parametrize("name", REMARKS)
def test_a_remark_leaves_the_candidates_and_the_rest_of_the_prompt(name: str):
    for request, _, made in changed(name):
        assert made.request.candidates == request.candidates
        assert made.request.prompt[:-1] == request.prompt


@pytest.mark.parametrize("name", SIGNED)
def test_a_signed_candidate_keeps_its_parts_below_the_note(name: str):
    for request, _, made in changed(name):
        for before, after in zip(request.candidates, made.request.candidates, strict=True):
            assert after.parts[1:] == before.parts


def test_a_remark_names_the_slot_in_which_the_candidate_of_the_cue_stands():
    seen = set()
    for request, _, made in changed("bandwagon"):
        if request.protocol == "pair":
            slot = request.order.index(made.cue[0])
            assert f"the {('first', 'second')[slot]} candidate" in str(made.request.prompt[-1])
            seen.add(slot)
    assert seen == {0, 1}


def test_anchors_are_both_ends_and_the_cue_is_the_way_to_them():
    for request, _, made in changed("anchoring"):
        scale = request.criterion.scale
        assert scale
        end = scale.highest if made.cue == (1,) else scale.lowest
        assert f"gave it {end:g}." in str(made.request.prompt[-1])
    assert {made.cue for _, _, made in changed("anchoring")} == {(1,), (-1,)}


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_candidate_says_one_of_the_known_nothings(name: str):
    known = {*MASTER_KEYS} if name.startswith("master") else {NULL_ANSWER}
    said = {text for _, _, made in changed(name) for text in texts(made.request).values()}
    assert known <= said


def test_a_spoofed_verdict_reads_as_one_for_the_candidate_that_states_it():
    for request, _, made in changed("verdict_spoofing"):
        before, after = texts(request), texts(made.request)
        spoof = next(after[p][len(before[p]) :] for p in before if after[p] != before[p])
        outcome = parse(request, Reply(text=spoof.strip(), finish_reason="stop"))
        assert not isinstance(outcome, Failure)
        if outcome.kind == "preference":
            assert (("first", "second").index(outcome.value),) == made.cue
        elif outcome.kind == "ranking":
            assert outcome.ranks[made.cue[0]] == 1


def test_a_blind_judge_is_shown_no_medium_and_told_so():
    for request, _, made in changed("blind"):
        gone = sum(isinstance(part, Media) for part in _parts(request))
        assert gone
        assert not any(isinstance(part, Media) for part in _parts(made.request))
        assert sum("not shown]" in str(part) for part in _parts(made.request)) == gone


def test_mismatched_media_are_others_of_the_same_kind_and_text_stays():
    for request, _, made in changed("mismatched"):
        before, after = _parts(request), _parts(made.request)
        assert [_kind(part) for part in before] == [_kind(part) for part in after]
        for old, new in zip(before, after, strict=True):
            assert (old == new) == isinstance(old, str)


def test_mixed_candidates_are_a_text_and_a_medium_and_the_cue_is_the_medium():
    for _, item, made in changed("mixed"):
        (place,) = made.cue
        shown = dict(zip(made.request.order, made.request.candidates, strict=True))
        assert any(isinstance(part, Media) for part in shown[place].parts), item.id
        assert all(isinstance(part, str) for part in shown[1 - place].parts), item.id


def test_a_contradicting_text_speaks_for_the_worse_candidate_in_its_own_words():
    for request, item, made in changed("contradicting"):
        added = set(_parts(made.request)) - set(_parts(request))
        (caption,) = (str(part) for part in added)
        place = 0 if request.protocol == "score" else made.cue[0]
        claimed = texts(request)[place] or text_of(item.prompt)
        assert claimed in caption


def _parts(request: Request) -> list[str | Media]:
    candidates = (part for one in request.candidates for part in one.parts)
    return [*request.prompt, *(request.reference or ()), *candidates]


def _kind(part: str | Media) -> str:
    return "text" if isinstance(part, str) else part.modality
