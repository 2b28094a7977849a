"""Items: what gold says, and how an item and its twin hang together."""

from collections import Counter, defaultdict
from functools import cache

import pytest
from pydantic import TypeAdapter
from scipy import stats

from mmjudge.scenes.directions import DIRECTIONS
from mmjudge.scenes.facts import CRITERIA, differences
from mmjudge.scenes.items import PAIRS, Place, content
from mmjudge.scenes.levels import LEVELS
from mmjudge.sources.folder import FolderTask
from mmjudge.task import BadItem, checked
from mmjudge.types import Gold

CELLS = [(d.name, p) for d in DIRECTIONS.values() for p in d.protocols]
DIRECTION_NAMES = list(DIRECTIONS)


@cache
def contents(direction, protocol, n, level="medium", seed="items"):
    return [content(seed, Place(direction, level, protocol, i)) for i in range(n)]


def broken(item):
    return [len(differences(item.truth, scene)) for scene in item.candidates]


@pytest.mark.parametrize("direction", DIRECTION_NAMES)
def test_a_pair_has_one_right_candidate_or_two_that_break_as_many_facts(direction):
    for item in contents(direction, "pair", 84):
        value = item.gold()["overall"].value
        assert (
            broken(item)
            in {"first": ([0, 1],), "second": ([1, 0],), "tie": ([0, 0], [1, 1])}[value]
        )


@pytest.mark.parametrize("direction", DIRECTION_NAMES)
def test_gold_of_pairs_is_balanced_in_every_six_and_over_criteria(direction):
    criteria = CRITERIA[DIRECTIONS[direction].subject]
    items = contents(direction, "pair", len(PAIRS) * len(criteria))
    for start in range(0, len(items), len(PAIRS)):
        golds = Counter(i.gold()["overall"].value for i in items[start : start + len(PAIRS)])
        assert golds == {"first": 2, "second": 2, "tie": 2}
    by_criterion = defaultdict(Counter)
    for item in items:
        by_criterion[item.criteria[0]][item.gold()[item.criteria[0]].value] += 1
    assert set(by_criterion) == set(criteria)
    assert all(c == {"first": 2, "second": 2, "tie": 2} for c in by_criterion.values())


@pytest.mark.parametrize("direction", DIRECTION_NAMES)
def test_a_criterion_that_is_kept_is_a_tie_whatever_overall_says(direction):
    kept = 0
    for item in contents(direction, "pair", 84):
        for name in item.criteria[1:]:
            kept += 1
            assert name != item.breaks
            assert item.gold()[name].value == "tie"
            assert not {"existence", "order"} & set(item.criteria)
            assert not {"position", "relation"} <= set(item.criteria)
    assert 10 < kept < 50


def test_the_criteria_asked_do_not_tell_the_gold():
    """Else they would, in the public part of a season."""
    asked = defaultdict(Counter)
    for item in contents("text->image", "pair", 1200):
        asked[len(item.criteria)][item.gold()["overall"].value] += 1
    for golds in asked.values():
        assert max(golds.values()) / golds.total() < 0.42


@pytest.mark.parametrize("direction", ["text->image", "text->video", "text->audio"])
def test_no_two_criteria_tell_which_of_them_is_kept(direction):
    """Both are public in a season; the gold of the one that is kept is always a tie."""
    about = defaultdict(set)
    for item in contents(direction, "pair", 1200):
        if len(item.criteria) > 1:
            about[frozenset(item.criteria)].add(item.criteria[0])
    assert len(about) > 4
    assert all(names == pair for pair, names in about.items())


def test_place_and_criterion_do_not_tell_the_gold_to_who_knows_other_seeds():
    """Both are public in a season, and the generator is; only the seed is not."""
    seen, right, told = defaultdict(Counter), 0, 0
    for seed in range(60):
        for number in range(42):
            item = content(str(seed), Place("text->image", "easy", "pair", number))
            public = (number, item.criteria[0])
            gold = item.gold()["overall"].value
            if seed < 40:
                seen[public][gold] += 1
            elif seen[public]:
                told += 1
                right += seen[public].most_common(1)[0][0] == gold
    assert told > 500
    assert stats.binomtest(right, told, 1 / 3, "greater").pvalue > 1e-3


@pytest.mark.parametrize("direction", [d for d, p in CELLS if p == "score"])
def test_a_score_is_five_less_the_facts_broken_and_every_score_is_as_frequent(direction):
    items = contents(direction, "score", 50)
    assert Counter(i.gold()["overall"].value for i in items) == dict.fromkeys((1, 2, 3, 4, 5), 10)
    assert all(i.gold()["overall"].value == 5 - broken(i)[0] for i in items)


@pytest.mark.parametrize("direction", [d for d, p in CELLS if p == "rank"])
def test_a_ranking_is_by_the_facts_broken_and_the_best_is_in_each_slot_as_often(direction):
    items = contents(direction, "rank", 40)
    for item in items:
        assert sorted(broken(item)) == [0, 1, 2, 3]
        assert list(item.gold()["overall"].ranks) == [1 + n for n in broken(item)]
    assert Counter(broken(i).index(0) for i in items) == dict.fromkeys(range(4), 10)


def test_an_edit_leads_from_the_prompt_to_the_truth_and_half_of_the_wrong_ones_left_it_alone():
    left = 0
    items = [i for i in contents("image->image", "pair", 240) if broken(i) in ([0, 1], [1, 0])]
    for item in items:
        assert differences(item.edited.before, item.truth) == (item.edited.fact,)
        left += any(scene == item.edited.before for scene in item.candidates)
    assert 0.35 < left / len(items) < 0.65


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["pair", "score", "rank"])
def test_every_item_of_a_pack_can_be_judged_and_has_gold_for_what_is_asked(pack, protocol):
    task = FolderTask(pack.folder)
    items = list(checked(task, protocol))
    assert len(items) == len(pack.items[protocol])
    for item in items:
        assert not isinstance(item, BadItem), item
        assert set(item.gold) == set(item.criteria)


def test_an_item_and_its_twin_have_the_same_gold_and_another_modality(pack):
    gold = TypeAdapter(dict[str, Gold])
    twins = defaultdict(list)
    for row in pack.rows():
        twins[row["strata"]["twin"]].append(row)
    assert len(twins) == len(pack.facts)
    for one, other in twins.values():
        assert gold.validate_python(one["gold"]) == gold.validate_python(other["gold"])
        assert one["criteria"] == other["criteria"]
        assert one["strata"]["condition"] != other["strata"]["condition"]
        assert shapes(one) != shapes(other)
        same = [k for k in ("level", "subject", "breaks") if one["strata"][k] == other["strata"][k]]
        assert len(same) == 3


def shapes(row):
    """What is shown as what: modality and kind of file of each part."""
    parts = [*row["prompt"], *(part for c in row["candidates"] for part in c["parts"])]
    return [
        ("text", "score" if "rhythm " in p else "words")
        if isinstance(p, str)
        else (p["modality"], p["uri"][-4:])
        for p in parts
    ]


def test_the_stratum_modality_is_what_is_shown_and_family_what_a_judge_must_take(pack):
    for row in pack.rows():
        made = {"text" if isinstance(p, str) else p["modality"] for p in row["prompt"][:1]}
        shown = {
            "text" if isinstance(p, str) else p["modality"]
            for c in row["candidates"]
            for p in c["parts"]
        }
        before, _, after = row["strata"]["modality"].partition("->")
        assert {before} == made
        assert set(after.split("+")) == shown
        beyond = (made | shown) - {"text"}
        family = "mixed" if len(shown) > 1 else min(beyond or {"text"})
        assert row["strata"]["family"] == family


def test_prompt_and_candidates_are_never_the_same_words_by_rule(pack):
    """The prompt's caption and the right candidate's come from streams of their own."""
    same = wrong = 0
    for row in pack.rows():
        texts = [c["parts"][0] for c in row["candidates"] if isinstance(c["parts"][0], str)]
        same += row["prompt"][0] in texts
        wrong += bool(texts) and isinstance(row["prompt"][0], str)
    assert wrong > 50
    assert same / wrong < 0.05


@pytest.mark.parametrize("level", LEVELS)
def test_levels_make_items_of_their_own(level):
    others = [name for name in LEVELS if name != level]
    mine = contents("text->image", "pair", 3, level)
    for other in others:
        assert [i.truth for i in mine] != [
            i.truth for i in contents("text->image", "pair", 3, other)
        ]
