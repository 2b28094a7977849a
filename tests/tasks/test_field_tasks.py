"""The field's benchmarks of answers about images: what is read, refused, and counted."""

import json
import math

import pytest

import mmjudge
from mmjudge.errors import TaskError
from mmjudge.sources.folder import open_task
from mmjudge.task import BadItem, JudgedRow, checked
from mmjudge.types import Ranking, Reply, Score
from tests.tasks.judged_rows import by_id, bytes_of, figures, judged
from tests.tasks.small_hub_data import picture, png, write_parquet

# VL-RewardBench


def test_a_pair_is_read_with_its_image_its_gold_and_its_group(small):
    task = open_task("vl_rewardbench", small("vl_rewardbench"))
    items = list(task.load("pair"))
    assert [item.strata["group"] for item in items] == [
        "general",
        "hallucination",
        "reasoning",
        "general",
    ]
    assert [item.gold["overall"].value for item in items] == ["first", "second", "first", "first"]
    image, question = items[0].prompt
    assert question == "What colour is it?"
    assert bytes_of(task, image) == png("red")


def test_the_authors_leave_out_what_is_undecided_and_ours_counts_it_wrong(small):
    task = open_task("vl_rewardbench", small("vl_rewardbench"))
    general, hallucination, reasoning, other = task.load("pair")
    rows = [
        *judged(general, "first", "first", "second"),
        *judged(hallucination, "first", "first", None),
        *judged(reasoning, "first", "second", None),
        *judged(other, "second", "second", "second"),
    ]
    found = figures(task, rows)
    assert found["vl_rewardbench.majority", "overall", "all"] == 25
    assert found["vl_rewardbench.decided_only", "overall", "all"] == pytest.approx(100 / 3)
    assert found["vl_rewardbench.majority", "overall", "group=general"] == 50
    assert math.isnan(found["vl_rewardbench.decided_only", "overall", "group=reasoning"])
    assert found["vl_rewardbench.majority_macro", "overall", "all"] == pytest.approx(50 / 3)
    assert found["vl_rewardbench.decided_only_macro", "overall", "all"] == 25


def test_a_ranking_that_is_none_is_reported_with_its_row(small):
    folder = small("vl_rewardbench")
    columns = {
        "id": ["1", "2"],
        "query": ["Why?", None],
        "response": [["a", "b"]] * 2,
        "image": [picture("red")] * 2,
        "human_ranking": [[0, 0], [0, 1]],
    }
    write_parquet(folder / "test-00000-of-00001.parquet", columns)
    ranking, query = open_task("vl_rewardbench", folder).load("pair")
    assert isinstance(ranking, BadItem)
    assert "human_ranking: [0, 1] or [1, 0] is needed, found (0, 0)" in ranking.problem
    assert ranking.where.endswith("row 0")
    assert "query" in query.problem


# MLLM-as-a-Judge


def test_what_people_said_is_read_under_each_of_its_names(small):
    task = open_task("mllm_judge", small("mllm_judge"))
    pairs = list(task.load("pair"))
    assert [pair.gold["overall"].value for pair in pairs] == ["first", "second", "tie"]
    assert [c.system for c in pairs[0].candidates] == ["model0", "model1"]
    assert [bytes_of(task, pair.prompt[0]) for pair in pairs] == [
        png("red"),
        png("blue"),
        png("blue"),
    ]
    assert [item.gold["overall"].value for item in task.load("score")] == [4, 2]


def test_letters_from_best_to_worst_become_the_ranks_of_the_answers(small):
    first, second = open_task("mllm_judge", small("mllm_judge")).load("rank")
    assert first.gold["overall"].ranks == (2, 1, 4, 3)
    assert second.gold["overall"].ranks == (1, 2, 3, 4)


def test_a_ranking_that_leaves_an_answer_out_is_reported(small):
    folder = small("mllm_judge")
    path = folder / "batch.jsonl"
    path.write_text(path.read_text().replace("BADC", "BADD"))
    bad, _ = open_task("mllm_judge", folder).load("rank")
    assert isinstance(bad, BadItem)
    assert "each of ABCD once, found 'BADD'" in bad.problem


def test_accuracy_with_and_without_ties_over_pairs_and_over_datasets(small):
    task = open_task("mllm_judge", small("mllm_judge"))
    right, wrong, tie = task.load("pair")
    rows = [*judged(right, "first"), *judged(wrong, "tie"), *judged(tie, "first")]
    found = figures(task, rows)
    assert found["mllm_judge.with_tie", "overall", "all"] == pytest.approx(100 / 3)
    assert found["mllm_judge.with_tie", "overall", "dataset=ours"] == 50
    assert found["mllm_judge.with_tie_macro", "overall", "all"] == 25
    assert found["mllm_judge.without_tie", "overall", "all"] == 50
    assert found["mllm_judge.without_tie", "overall", "dataset=ours"] == 100


def test_scores_and_rankings_have_the_authors_figures(small):
    task = open_task("mllm_judge", small("mllm_judge"))
    scored = [
        JudgedRow(item, "overall", (0,), 0, Reply(), Score(value=value))
        for item, value in zip(task.load("score"), (5, 1), strict=True)
    ]
    assert figures(task, scored)["mllm_judge.pearson", "overall", "all"] == pytest.approx(1)
    ranked = [
        JudgedRow(item, "overall", (0, 1, 2, 3), 0, Reply(), Ranking(ranks=(1, 2, 3, 4)))
        for item in task.load("rank")
    ]
    found = figures(task, ranked)
    # BADC becomes ABCD in three edits: drop B, turn D into B, add D
    assert found["mllm_judge.levenshtein", "overall", "all"] == (3 / 4 + 0) / 2


# Multi-Crit


def test_rows_of_a_pair_become_one_item_with_all_its_criteria(small):
    task = open_task("multi_crit", small("multi_crit"))
    items = by_id(task, "pair")
    assert list(items) == ["open_ended/p", "open_ended/q", "reasoning/p"]
    gold = {name: value.value for name, value in items["open_ended/p"].gold.items()}
    assert gold == {"clarity": "first", "grounding": "second"}
    assert items["reasoning/p"].criteria == ("efficiency", "hallucination")
    assert bytes_of(task, items["reasoning/p"].prompt[0]) == png("blue")


def test_a_judge_with_one_opinion_sees_no_conflict_of_criteria(small, tmp_path):
    data = small("multi_crit")
    run = mmjudge.run("multi_crit", "baseline:first", data=data, out=tmp_path / "r", orders="given")
    found = {r.metric: r.value for r in run.scores(n_resamples=0) if r.criterion == "all"}
    assert found["pluralistic_accuracy"] == pytest.approx(1 / 3)
    assert found["tradeoff_sensitivity"] == 0
    assert found["conflict_matching_rate"] == 0


def test_a_criterion_that_nobody_knows_is_reported(small):
    folder = small("multi_crit")
    columns = {
        name: ["x"] for name in ("prompt_id", "question", "pred_a", "pred_b", "model_a", "model_b")
    }
    columns |= {"image": [picture("red")], "criterion": ["wit"], "preference": ["model_a"]}
    write_parquet(folder / "reasoning-00000-of-00001.parquet", columns)
    bad = [
        item
        for item in checked(open_task("multi_crit", folder), "pair")
        if not hasattr(item, "gold")
    ]
    assert len(bad) == 1
    assert "found 'wit'" in bad[0].problem


# Multimodal RewardBench


def test_areas_are_told_apart_as_the_authors_do_and_a_question_that_lacks_is_marked(small):
    folder = small("multimodal_rewardbench")
    items = list(open_task("multimodal_rewardbench", folder).load("pair"))
    areas = [item.strata["area"] for item in items]
    assert areas == ["safety/bias", "reasoning/math", "general"]
    assert [item.absent for item in items] == [None] * 3
    path = folder / "all_data.json"
    path.write_text(path.read_text().replace('"Text": "What is shown?"', '"Text": ""', 1))
    first, second, _ = open_task("multimodal_rewardbench", folder).load("pair")
    assert "0_download_data.py" in first.absent
    assert second.absent is None


def test_a_coin_is_worth_one_half_where_there_is_no_verdict_and_ours_is_worth_none(small):
    task = open_task("multimodal_rewardbench", small("multimodal_rewardbench"))
    right, wrong, failed = task.load("pair")
    rows = [*judged(right, "first"), *judged(wrong, "first"), *judged(failed, None)]
    found = figures(task, rows)
    assert found["multimodal_rewardbench.accuracy", "overall", "all"] == pytest.approx(100 / 3)
    assert found["multimodal_rewardbench.guessed", "overall", "all"] == 50
    assert found["multimodal_rewardbench.guessed", "overall", "area=general"] == 50
    assert found["multimodal_rewardbench.guessed", "overall", "area=reasoning/math"] == 0


# Multimodal RewardBench 2


def test_responses_keep_text_and_images_in_turn_and_each_annotators_preference(small):
    task = open_task("mmrb2", small("mmrb2"))
    items = by_id(task, "pair")
    first = items["t2i/pair_0"]
    image, text = first.candidates[0].parts
    assert (bytes_of(task, image), text) == (png("red"), "Side a.")
    assert first.gold["overall"].ratings == ("first", "first", "second")
    assert items["reasoning/pair_3"].gold["overall"].ratings == ()
    assert [item.gold["overall"].value for item in items.values()] == ["first", "second"] * 2


def test_files_without_prompts_are_read_and_marked(small):
    folder = small("mmrb2")
    for path in folder.glob("*.json"):
        content = json.loads(path.read_text())
        del content["pairs"][0]["prompt_content"]
        path.with_stem(f"{path.stem}_response_only").write_text(json.dumps(content))
        path.unlink()
    items = list(open_task("mmrb2", folder).load("pair"))
    assert [item.absent for item in items] == ["prompt (build the whole files)"] * 4


def test_images_of_the_public_copy_stand_where_the_text_names_them(tmp_path, monkeypatch):
    from mmjudge_tasks.mmrb2 import HubRow, _public_items

    monkeypatch.setenv("MMJUDGE_CACHE", str(tmp_path))
    row = {
        "pair_id": "1",
        "prompt_source": "ours",
        "prompt_text": "Before <image_1> between <image_2>",
        "prompt_images": [picture("red"), picture("blue")],
        "response_a_text": "words alone",
        "response_a_images": None,
        "response_b_text": "",
        "response_b_images": [picture("green")],
        "response_a_model": "x",
        "response_b_model": "y",
        "chosen": "b",
    }
    task = open_task("mmrb2")
    (item,) = _public_items("edit", 0, HubRow.model_validate(row), "row 0")
    before, red, between, blue = item.prompt
    assert (before, between) == ("Before", "between")
    assert [bytes_of(task, image) for image in (red, blue)] == [png("red"), png("blue")]
    assert item.candidates[0].parts == ("words alone",)
    assert bytes_of(task, item.candidates[1].parts[0]) == png("green")
    assert item.gold["overall"].value == "second"
    missing = HubRow.model_validate({**row, "prompt_images": [picture("red")]})
    with pytest.raises(TaskError, match="prompt_text: 2 images are named, found 1"):
        list(_public_items("edit", 0, missing, "row 0"))


def test_a_judgment_without_a_verdict_is_left_out_by_the_authors_of_mmrb2(small):
    task = open_task("mmrb2", small("mmrb2"))
    image, edit, story, _ = task.load("pair")
    rows = [
        *judged(image, "first"),
        *judged(image, "second", order=(1, 0)),
        *judged(edit, None),
        *judged(story, "first"),
    ]
    found = figures(task, rows)
    assert found["mmrb2.accuracy", "overall", "all"] == pytest.approx(200 / 3)
    assert found["mmrb2.accuracy", "overall", "subset=t2i"] == 50
    assert math.isnan(found["mmrb2.accuracy", "overall", "subset=edit"])
