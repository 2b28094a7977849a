"""Items to train on have the gold that scenes give, and every answer has a token of its own."""

from collections import Counter
from itertools import pairwise

import pytest

from training.judged_items import LENGTH, LOOKS, STRANGER, Composer, Seen, chains

pytest.importorskip("tokenizers")


@pytest.fixture(scope="module")
def drawn():
    return list(chains("items", "easy", 30))


def shown(drawn, item):
    """The scenes of an item's candidates, by the numbers of their pictures."""
    return [drawn.scenes[(c.number - drawn.first) // LOOKS] for c in item.candidates]


def test_answers_of_pairs_follow_from_the_facts_that_each_candidate_breaks(drawn):
    composer, answers = Composer("gold", {"text->image": 1.0}), Counter()
    for one in drawn * 4:
        item = composer.pair(one, one)
        first, second = shown(one, item)
        overall = item.asked[0].answer
        answers[overall] += 1
        assert (overall == "tie") or first != second
        numbers = [c.number for c in item.candidates]
        assert numbers[0] != numbers[1]  # equal scenes are two pictures
        if first == second:
            assert {a.answer for a in item.asked} == {"tie"}
    assert set(answers) == {"A", "B", "tie"}
    assert min(answers.values()) > 15


def test_a_stranger_is_from_another_chain_and_never_right(drawn):
    composer, answers = Composer("strangers", {"text->image": 1.0}), Counter()
    composer.steps = (STRANGER,)
    for one, other in pairwise(drawn):
        item = composer.pair(one, other)
        own = [c.number - one.first < LENGTH * LOOKS for c in item.candidates]
        answers[item.asked[0].answer] += 1
        assert item.asked[0].answer == ("tie" if all(own) else "AB"[own.index(True)])
    assert set(answers) == {"A", "B", "tie"}


def test_a_ranking_is_asked_pair_by_pair_and_the_nearer_to_the_truth_wins(drawn):
    composer = Composer("ranks", {"text->image": 1.0})
    for one in drawn:
        item = composer.rank(one, one)
        places = [(c.number - one.first) // LOOKS for c in item.candidates]
        wins = Counter(a.answer for a in item.asked)
        order = sorted("ABCD", key=lambda label: -wins[label])
        ranked = [places["ABCD".index(label)] for label in order]
        assert len(item.asked) == 6
        assert sorted(wins.values()) == [1, 2, 3]
        assert ranked in (sorted(ranked), sorted(ranked)[::-1])


def test_scores_name_the_number_of_facts_broken(drawn):
    composer, levels = Composer("scores", {"text->image": 1.0}), Counter()
    for one in drawn * 3:
        levels[composer.score(one, one).asked[0].answer] += 1
    assert set(levels) == {"all", "one", "two", "three", "four"}


def test_other_directions_show_texts_in_the_place_of_pictures(drawn):
    item = Composer("ways", {"image->text": 1.0}).pair(*drawn[:2])
    assert isinstance(item.prompt, Seen)
    assert all(isinstance(part, str) for part in item.candidates)


def test_pictures_of_chains_have_numbers_of_their_own():
    found = list(chains("numbers", "medium", 3, first=40))
    assert [one.first for one in found] == [40, 40 + LENGTH * LOOKS, 40 + 2 * LENGTH * LOOKS]
