"""The field's checklists and steps: what is read, refused, and counted."""

import json

import pytest
from mmjudge_tasks.dsg.published import share_met

import mmjudge
from mmjudge.sources.folder import open_task
from mmjudge.store.run_store import RunStore
from mmjudge.task import JudgedRow
from mmjudge.types import Answers, Failure, Reply, Steps
from tests.tasks.judged_rows import by_id, figures, is_bad

UNREAD = Failure(reason="off_scale", detail="a word that is no answer")


def row_of(item, outcome, text=None):
    (criterion,) = item.gold
    return JudgedRow(item, criterion, (0,), 0, Reply(text=text), outcome)


# DSG


def test_a_question_stands_after_its_parents_and_is_none_of_its_own(small):
    items = by_id(open_task("dsg", small("dsg")), "checklist")
    for item in items.values():
        (questions,) = item.checklists.values()
        places = {question.id: place for place, question in enumerate(questions)}
        assert all(places[p] < places[q.id] for q in questions for p in q.parents)
    lamp = items["tifa160_1/sd2dot1"].checklists["faithfulness"]
    assert [(q.id, q.parents) for q in lamp] == [
        ("2", ()),
        ("3", ()),
        ("1", ("2", "3")),
        ("4", ("2",)),
    ]


def test_one_parent_that_is_no_number_leaves_the_prompt_without_dependencies(small):
    folder = small("dsg")
    path = folder / "dsg" / "data" / "dsg-1k-anns.csv"
    path.write_text(path.read_text().replace('"1,3"', '"1, beside"'))
    items = by_id(open_task("dsg", folder), "checklist")
    lists = {name: item.checklists["faithfulness"] for name, item in items.items()}
    assert not any(question.parents for question in lists["tifa160_0/sd2dot1"])
    assert any(question.parents for question in lists["tifa160_1/sd2dot1"])


def test_every_rater_has_a_place_of_their_own_whoever_rated_an_image(small):
    items = by_id(open_task("dsg", small("dsg")), "score")
    gold = items["tifa160_1/mini-dalle"].gold["faithfulness"]
    assert gold.ratings == (1, 1, 2, 1, None)
    assert gold.value == 5 / 4
    assert not any(item.checklists for item in items.values())


def test_the_authors_count_one_generation_of_parents_and_answer_by_answer(small):
    task = open_task("dsg", small("dsg"))
    items = by_id(task, "checklist")
    ball = items["tifa160_0/sd2dot1"]
    (questions,) = ball.checklists.values()
    grown = tuple(q.model_copy(update={"parents": ("2",)}) if q.id == "5" else q for q in questions)
    said = Answers(answers=("no", "yes", "yes", "yes", "yes"))  # 5 builds on 2, and 2 on 1
    assert share_met(row_of(ball, said), grown, dependent=True) == 3 / 5
    assert share_met(row_of(ball, said), grown, dependent=False) == 4 / 5
    text = "Answer 1: [[yes]]\nAnswer 2: [[no idea]]\nAnswer 3: [[yes]]\nAnswer 5: [[yes]]"
    assert share_met(row_of(ball, UNREAD, text), questions, dependent=True) == 3 / 5


def test_of_the_authors_rules_every_image_is_a_row_even_where_the_reply_failed(small):
    task = open_task("dsg", small("dsg"))
    rows = [row_of(item, UNREAD) for item in by_id(task, "checklist").values()]
    (table, *_) = task.published()[0].tables(rows)
    assert (len(table.item), table.n_failed) == (4, 4)
    assert table.columns[1].tolist() == [0, 0, 0, 0]


# TIFA


def test_a_question_wants_the_choice_that_the_prompt_makes_right(small):
    task = open_task("tifa160", small("tifa160"))
    items = by_id(task, "checklist")
    which = {
        name.rpartition("_")[0]: item.checklists["faithfulness"][1] for name, item in items.items()
    }
    assert (which["coco_1"].answers, which["coco_1"].wanted) == (
        ("house", "tree", "car", "sea"),
        "tree",
    )
    assert which["drawbench_2"].wanted == "blue"
    rows = [
        row_of(items["coco_1_sd"], Answers(answers=("yes", "tree"))),
        row_of(items["coco_1_vq"], Answers(answers=("no", "car"))),
    ]
    assert figures(task, rows)["tifa.tau_b", "faithfulness", "all"] == pytest.approx(1)


def test_a_question_without_its_answer_among_the_choices_is_reported(small):
    folder = small("tifa160")
    path = folder / "tifa_v1.0_question_answers.json"
    rows = json.loads(path.read_text())
    rows[1]["answer"] = "bush"
    path.write_text(json.dumps(rows))
    found = list(open_task("tifa160", folder).load("checklist"))
    assert ["'bush'" in item.problem for item in found if is_bad(item)] == [True]
    left = {i.id: len(i.checklists["faithfulness"]) for i in found if not is_bad(i)}
    assert (left["coco_1_sd"], left["drawbench_2_sd"]) == (1, 2)


def test_an_image_whose_prompt_has_no_question_is_reported(small):
    folder = small("tifa160")
    path = folder / "tifa_v1.0_question_answers.json"
    path.write_text(path.read_text().replace('"coco_1"', '"coco_9"'))
    found = list(open_task("tifa160", folder).load("checklist"))
    assert [item.id for item in found if is_bad(item)] == ["coco_1_sd", "coco_1_vq"]
    assert sum(map(is_bad, found)) == len(found) / 2


# What no judge can be nearer to


@pytest.mark.parametrize("name", ["dsg", "judge_anything", "tifa160"])
def test_the_oracle_comes_as_near_to_a_score_as_the_questions_allow(small, tmp_path, name):
    task = open_task(name, small(name))
    mmjudge.run(task, "baseline:oracle", protocol="checklist", out=tmp_path / "run")
    items = by_id(task, "checklist")
    scale = task.spec.criteria[0].scale
    with RunStore.open(tmp_path / "run") as store:
        judged = [one for _, one in store.judgments()]
    assert judged
    for one in judged:
        questions = items[one.item].checklists[one.criterion]
        gold = items[one.item].gold[one.criterion].value
        wanted = (gold - scale.lowest) / (scale.highest - scale.lowest)
        met = share_met(JudgedRow(None, "", (), 0, Reply(), one.outcome), questions, dependent=True)
        assert abs(met - wanted) <= 0.5 / len(questions) + 1e-9


# ProJudge


def test_steps_are_right_or_have_one_of_the_seven_errors(small):
    items = by_id(open_task("projudge", small("projudge")), "steps")
    found = {name: item.gold["process"].errors for name, item in items.items()}
    assert found["0000/math_1"] == (None, "numerical calculation", "reasoning")
    assert found["0003/bio_4"] == ("no solution", "knowledge")
    assert all(len(errors) == len(items[n].candidates[0].parts) for n, errors in found.items())
    assert items["0001/phys_2"].prompt[0].uri == "images/boxes.png"
    assert items["0002/chem_3"].strata["modality"] == "text->text"


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        (["text", "0", "Spelling Error", ""], "found 'Spelling Error'"),
        (["text", "0", "", ""], "found ''"),
        (["text", "2", "", ""], "1 or 0"),
    ],
)
def test_a_step_that_is_marked_otherwise_is_a_bad_row_that_names_it(small, step, problem):
    import pyarrow as pa
    from pyarrow import parquet

    folder = small("projudge")
    rows = parquet.read_table(folder / "test.parquet").to_pylist()
    rows[0]["process_evaluation"][1] = step
    parquet.write_table(pa.Table.from_pylist(rows), folder / "test.parquet")
    bad, *rest = open_task("projudge", folder).load("steps")
    assert problem in bad.problem
    assert "step 2" in bad.problem
    assert len(rest) == 3
    assert not any(map(is_bad, rest))


def test_authors_count_steps_and_errors_and_a_failure_is_wrong_at_each(small):
    task = open_task("projudge", small("projudge"))
    math, phys, chem, bio = by_id(task, "steps").values()
    rows = [
        row_of(math, Steps(errors=(None, "reasoning", "reasoning"))),
        row_of(phys, Steps(errors=(None, None, None))),
        row_of(chem, Steps(errors=(None, "knowledge"))),
        row_of(bio, UNREAD),
    ]
    found = figures(task, rows)
    assert found["projudge.step_correctness", "process", "all"] == pytest.approx(100 * 6 / 10)
    assert found["projudge.step_correctness", "process", "discipline=bio"] == 0
    assert found["projudge.error_types", "process", "all"] == pytest.approx(100 * 1 / 5)
    assert found["projudge.error_types", "process", "error=reasoning"] == 100
    assert found["projudge.error_types", "process", "discipline=math"] == 50


# Judge Anything


def test_labels_find_their_query_and_models_by_parts_of_their_names(small):
    items = by_id(open_task("judge_anything", small("judge_anything")), "pair")
    pair = items["1730000001_9_feedbeef/alpha_vs_beta"]
    assert pair.strata["ability"] == "understanding"
    assert pair.strata["modality"] == "text+video+audio->text"
    pictures = items["1730000000_7_0badcafe/alpha-mllm_vs_beta"]
    assert [part.modality for part in pictures.prompt[:-1]] == ["image", "image"]
    assert [c.system for c in pictures.candidates] == ["alpha-mllm", "beta"]
    values = [items["a1b2c3d4/alpha_answer_vs_beta_answer"].gold[c].value for c in pair.gold]
    assert values == ["first", "tie", "first"]  # 0, 1 and 0 of the file
    generated = {name for name, item in items.items() if item.strata["ability"] == "generation"}
    assert {name.partition("/")[0] for name in generated} == {"b2c3d4e5", "c3d4e5f6"}


def test_only_responses_to_queries_with_a_checklist_are_asked_by_it(small):
    items = by_id(open_task("judge_anything", small("judge_anything")), "checklist")
    assert {name.partition("/")[0] for name in items} == {"a1b2c3d4", "1730000000_7_0badcafe"}
    lists = items["a1b2c3d4/beta_answer"].checklists
    assert {name: len(questions) for name, questions in lists.items()} == {
        "completeness": 2,
        "relevance": 1,
    }


def test_a_label_of_a_model_that_is_not_there_is_reported_and_the_rest_kept(small):
    folder = small("judge_anything")
    path = folder / "dataset" / "Preference" / "Human_Pairing.json"
    path.write_text(path.read_text().replace('"e_vs_f"', '"e_vs_z"'))
    found = list(open_task("judge_anything", folder).load("pair"))
    (bad,) = filter(is_bad, found)
    assert "found 'z'" in bad.problem
    assert len(found) == 10
