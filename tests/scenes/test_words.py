"""Captions, transcripts, scores and instructions say the facts, all of them, and nothing else."""

import re
from dataclasses import asdict
from itertools import product

import pytest

from mmjudge.scenes.edits import chain
from mmjudge.scenes.facts import CRITERIA, Still, relation
from mmjudge.scenes.levels import LEVELS
from mmjudge.scenes.sampling import sample
from mmjudge.scenes.stream import Stream
from mmjudge.scenes.texts import caption, instruction, score_sheet
from tests.scenes import grammar

CONVERSE = {"left": "right", "right": "left", "above": "below", "below": "above"}


def scenes(subject, level, n=150):
    for i in range(n):
        stream = Stream("words", level, subject, i)
        yield sample(subject, LEVELS[level], stream.fork("scene")), stream.fork("text")


def plain(thing, *without):
    return {name: value for name, value in asdict(thing).items() if name not in without}


def canonical(values):
    return sorted(values, key=repr)


@pytest.mark.parametrize("level", LEVELS)
def test_a_parser_with_its_own_vocabulary_reads_every_fact_of_a_caption(level):
    for scene, stream in scenes("still", level):
        text = caption(scene, stream)
        placed, related = grammar.still(text)
        wanted = [{**plain(g, "name"), "cell": list(g.cell)} for g in scene.singles]
        assert canonical(placed) == canonical(wanted), text
        couples = [scene.couple()] if scene.pair else []
        for (one, other), (a, how, b) in zip(couples, related, strict=True):
            told = {(repr(a), how, repr(b)), (repr(b), CONVERSE[how], repr(a))}
            meant = (plain(one, "name", "cell"), plain(other, "name", "cell"))
            assert (repr(meant[0]), relation(one, other), repr(meant[1])) in told, text


@pytest.mark.parametrize("level", LEVELS)
def test_a_parser_with_its_own_vocabulary_reads_moves_in_their_order(level):
    for scene, stream in scenes("moving", level):
        text = caption(scene, stream)
        wanted = [
            {**plain(mover, "name"), **plain(move, "name", "mover")}
            for mover, move in scene.in_order()
        ]
        found = grammar.moving(text)
        assert [sorted(f.items()) for f in found] == [sorted(w.items()) for w in wanted], text


@pytest.mark.parametrize("level", LEVELS)
def test_a_parser_with_its_own_vocabulary_reads_transcripts_and_written_scores(level):
    for scene, stream in scenes("sound", level):
        wanted = [sorted(plain(p, "name").items()) for p in scene.in_order()]
        text, sheet = caption(scene, stream.fork("a")), score_sheet(scene, stream.fork("b"))
        assert [sorted(f.items()) for f in grammar.sound(text)] == wanted, text
        assert [sorted(f.items()) for f in grammar.sheet(sheet)] == wanted, sheet


@pytest.mark.parametrize("subject", CRITERIA)
def test_a_scene_is_told_in_many_ways_and_the_way_does_not_depend_on_the_scene(subject):
    scene = sample(subject, LEVELS["medium"], Stream("one scene"))
    told = {caption(scene, Stream("telling", i)) for i in range(200)}
    assert len(told) > 190
    first = {text.split()[0] for text in told}
    assert len(first) > 4


@pytest.mark.parametrize(("criterion", "level"), [*product(CRITERIA["still"], LEVELS)])
def test_an_instruction_names_what_is_edited_and_its_new_value(criterion, level):
    for i in range(30):
        stream = Stream("instruction", criterion, level, i)
        start = sample("still", LEVELS[level], stream.fork("scene"), criterion)
        made = chain(start, 1, LEVELS[level], stream.fork("edit"), criterion)
        before, after = made.scenes
        assert isinstance(before, Still)
        text = instruction(before, after, made.facts[0], stream.fork("text"))
        old = {g.name: g for g in before.groups}.get(made.facts[0].subject)
        new = {g.name: g for g in after.groups}.get(made.facts[0].subject)
        if old is not None:
            assert re.search(rf"\b{old.colour}\b", text), text
            assert re.search(rf"\b(?:{grammar.SHAPES[old.shape]})", text), text
        check(criterion, text, old, new)


def check(criterion, text, old, new):
    if criterion == "existence":
        check_existence(text, new)
        return
    match criterion:
        case "colour":
            assert re.search(rf"\b{new.colour}\.$", text), text
        case "shape":
            assert re.search(rf"(?:into|by) .*(?:{grammar.SHAPES[new.shape]})", text), text
        case "size":
            assert re.search(r"big|large" if new.size == "large" else "small|little", text), text
        case "count":
            said = re.search("show (.+) instead of (.+)[.]$", text)
            assert (grammar.number(said[1]), grammar.number(said[2])) == (new.count, old.count)
        case "position":
            assert grammar.cell(text.partition("so that")[2]) == list(new.cell), text
        case "relation":
            assert text.startswith(("Swap", "Let")), text


def check_existence(text, new):
    if new is None:
        assert text.startswith(("Remove", "Take away")), text
    else:
        assert grammar.cell(text) == list(new.cell), text
        assert grammar.group(text).items() <= plain(new).items(), text
