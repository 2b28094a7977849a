"""The field's benchmarks of texts: what is read, refused, and counted."""

import pytest

from mmjudge.sources.folder import open_task
from tests.tasks.judged_rows import by_id, figures, judged

# JudgeBench


def test_a_pair_is_right_if_the_orders_add_up_above_nothing(small):
    task = open_task("judgebench", small("judgebench"))
    knowledge, math_, code = list(task.load("pair"))[:3]
    rows = [
        *judged(knowledge, "first"),
        *judged(knowledge, "tie", order=(1, 0)),
        *judged(math_, "second"),
        *judged(math_, "second", order=(1, 0)),
        *judged(code, "first"),
        *judged(code, "second", order=(1, 0)),
    ]
    found = figures(task, rows)
    assert found["judgebench.pair", "overall", "all"] == pytest.approx(200 / 3)
    assert found["judgebench.both", "overall", "all"] == pytest.approx(100 / 3)
    assert found["judgebench.pair", "overall", "group=coding"] == 0
    assert found["judgebench.both", "overall", "group=math"] == 100


def test_the_second_recorded_verdict_is_of_swapped_places(small):
    task = open_task("judgebench", small("judgebench"))
    lines = {(line.item[-1], line.order): line for line in task.recorded("way/j")}
    values = [
        None if line.verdict is None else line.verdict.value
        for line in (lines[place, order] for place in "012" for order in (("A", "B"), ("B", "A")))
    ]
    assert values == ["first", "first", "first", "second", "tie", None]
    assert lines["2", ("B", "A")].failure.reason == "ambiguous"


# RewardBench


def test_mathematics_weighs_as_much_as_all_code_and_sections_weigh_alike(small):
    task = open_task("rewardbench", small("rewardbench"))
    chat, hard, safety, maths, go, other = task.load("pair")
    rows = [
        *judged(chat, "first"),
        *judged(hard, "second"),
        *judged(safety, None),
        *judged(maths, "second"),
        *judged(go, "first"),
        *judged(other, "second"),
    ]
    found = figures(task, rows)
    reasoning = 100 * (164 * 0.5) / (984 + 164)
    assert found["rewardbench.score", "overall", "section=safety"] == 50
    assert found["rewardbench.score", "overall", "section=reasoning"] == pytest.approx(reasoning)
    assert found["rewardbench.score", "overall", "all"] == pytest.approx(
        (100 + 0 + 50 + reasoning) / 4
    )


# MT-Bench


def test_votes_on_a_pair_are_gathered_whichever_way_round_but_not_the_authors_own(small):
    task = open_task("mt_bench_human", small("mt_bench_human"))
    one, two = task.load("pair")
    assert one.gold["overall"].ratings == ("first", "first", "tie")
    assert one.gold["overall"].value == "first"
    assert two.gold["overall"].value == "tie"
    assert one.prompt == ("Why?",)
    assert two.prompt == ("Why?", "And then?")
    assert two.candidates[0].parts == ("x says so.", "x goes on.")
    verdicts = {line.item: line.verdict.value for line in task.recorded("gpt4_pair")}
    assert verdicts == {"81/1/x/y": "tie", "81/2/x/y": "first"}


def test_agreement_is_with_each_vote_and_without_ties_with_decided_ones(small):
    task = open_task("mt_bench_human", small("mt_bench_human"))
    one, two = task.load("pair")
    found = figures(task, [*judged(one, "first"), *judged(two, "tie")])
    assert found["mt_bench.agreement", "overall", "all"] == pytest.approx(200 / 5)
    assert found["mt_bench.agreement", "overall", "turn=1"] == pytest.approx(200 / 3)
    assert found["mt_bench.agreement_decided", "overall", "all"] == 100


# ContextualJudgeBench


def test_a_split_is_judged_by_what_it_is_about_and_gold_is_always_first(small):
    items = by_id(open_task("contextual_judgebench", small("contextual_judgebench")), "pair")
    assert items["refusal_answerable/0000"].criteria == ("refusal",)
    assert items["conciseness_summ/0000"].criteria == ("conciseness",)
    assert {value.value for item in items.values() for value in item.gold.values()} == {"first"}
    assert len(items) == 8
