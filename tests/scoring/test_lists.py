"""Checklists and steps from stored verdicts to figures."""

import sqlite3
from random import Random

import numpy as np
import pyarrow.parquet as pq
import pytest

from mmjudge.errors import StoreError
from mmjudge.export import export_run, rows
from mmjudge.report.comparison import compare_all
from mmjudge.report.overview import overview
from mmjudge.scoring.biases import biases
from mmjudge.scoring.part_kinds import by_kind
from mmjudge.scoring.pooled import pool, without
from mmjudge.scoring.score import score_run
from mmjudge.scoring.table import Table
from mmjudge.store.run_file import FILE
from mmjudge.store.run_store import RunStore
from mmjudge.types import Answers, AnswersGold, Question, Scale, ScoreGold, Steps, StepsGold
from tests.scoring.listed_runs import (
    NOTHING,
    UNIT,
    checklist_item,
    checklist_spec,
    questions,
    steps_item,
    steps_spec,
    write_run,
    yes_no,
)

TREE = questions(4, {1: (0,), 2: (1,), 3: ()})
"""Question 2 builds on 1, and 1 on 0; 3 stands alone."""


def figures(folder, **more):
    return {one.metric: one for one in score_run(folder, n_resamples=0, **more)}


def gold(said, ratings=()):
    return AnswersGold(
        answers=yes_no(said).answers, ratings=tuple(yes_no(r).answers for r in ratings)
    )


@pytest.mark.parametrize(
    ("said", "score"),
    [("yyyy", 1.0), ("nyyy", 0.25), ("ynyy", 0.5), ("yynn", 0.5), ("nnnn", 0.0), ("yyny", 0.75)],
)
def test_a_question_is_met_only_if_all_that_it_builds_on_is(tmp_path, said, score):
    item = checklist_item("a", TREE, ScoreGold(value=1))
    table = Table.load(write_run(tmp_path / "r", checklist_spec(), [(item, yes_no(said))]))
    assert table.columns.value.tolist() == [score]


def test_the_wanted_answer_need_not_be_yes(tmp_path):
    wanted_no = Question(id="q", text="Is there a dog?", wanted="no")
    of_three = Question(id="r", text="Colour?", answers=("red", "blue", "green"), wanted="blue")
    item = checklist_item("a", (wanted_no, of_three), AnswersGold(answers=("no", "red")))
    said = [(item, Answers(answers=("no", "blue"))), (item, Answers(answers=("yes", "red")))]
    found = write_run(tmp_path / "r", checklist_spec(), said)
    table = Table.load(found)
    assert table.columns.value.tolist() == [1.0, 0.0]
    assert table.gold[0].tolist() == [0.5]
    assert figures(found)["question_accuracy"].value == 0.5


@pytest.mark.parametrize("seed", range(5))
def test_the_rule_of_parents_is_that_of_a_small_one_beside_it(tmp_path, seed):
    random = Random(seed)
    said = []
    for name in range(20):
        parents = {n: random.sample(range(n), min(n, random.randrange(3))) for n in range(7)}
        answers = "".join(random.choice("yn") for _ in range(7))
        said.append((checklist_item(str(name), questions(7, parents)), yes_no(answers), parents))
    table = Table.load(write_run(tmp_path / "r", checklist_spec(), [one[:2] for one in said]))
    broken = asked = 0
    for row, (_, answers, parents) in enumerate(said):
        yes = [answer == "yes" for answer in answers.answers]
        met, above = [], []
        for n in range(7):
            met.append(yes[n] and all(met[p] for p in parents[n]))
            above.append({*parents[n], *(a for p in parents[n] for a in above[p])})
            unmet = any(not yes[a] for a in above[n])
            asked, broken = asked + unmet, broken + (unmet and yes[n])
        assert table.columns.value[row] == sum(met) / 7
    assert figures(tmp_path / "r")["incoherence"].value == pytest.approx(broken / asked)


def test_golds_of_both_kinds_are_on_one_scale(tmp_path):
    spec = checklist_spec(scale=Scale(lowest=1, highest=5), primary="tau_b")
    golds = [gold("nnnn"), ScoreGold(value=2), gold("yynn"), ScoreGold(value=4), gold("yyyy")]
    said = ["nnnn", "ynnn", "yynn", "yyny", "yyyy"]
    items = [checklist_item(str(i), TREE, one) for i, one in enumerate(golds)]
    run = write_run(
        tmp_path / "r", spec, [(i, yes_no(s)) for i, s in zip(items, said, strict=True)]
    )
    assert figures(run)["tau_b"].value == pytest.approx(1)
    assert Table.load(run).gold[0].tolist() == [0, 0.25, 0.5, 0.75, 1]


def test_a_kind_of_question_counts_failed_judgments_as_all_figures_do(tmp_path):
    two = tuple(q.model_copy(update={"kind": q.id}) for q in questions(2))
    item = checklist_item("a", two, gold("yy"))
    other = checklist_item("b", two, gold("yn"))
    run = write_run(
        tmp_path / "r", checklist_spec(), [(item, NOTHING), (item, NOTHING), (other, yes_no("yy"))]
    )
    kinds = by_kind(Table.load(run), 0)
    assert [(one.value, one.n_items, one.n_failed) for one in kinds] == [(1 / 3, 2, 2), (0, 2, 2)]


def test_every_question_of_a_failed_checklist_is_wrong(tmp_path):
    items = [checklist_item(str(i), TREE, gold("yyny")) for i in range(4)]
    said = [(items[0], yes_no("yyny")), *((item, NOTHING) for item in items[1:])]
    found = figures(write_run(tmp_path / "r", checklist_spec(), said))
    one = found["question_accuracy"]
    assert (one.value, one.n_items, one.n_failed) == (0.25, 4, 3)


def test_a_checklist_of_scored_gold_has_correlations_and_no_errors_in_points(tmp_path):
    likert = checklist_spec(scale=Scale(lowest=1, highest=5), primary="tau_b")
    said = ["nnnn", "ynnn", "yynn", "yyyy"]
    rows = [
        (checklist_item(str(i), TREE, ScoreGold(value=v)), yes_no(s))
        for i, (v, s) in enumerate(zip((1, 2, 4, 5), said, strict=True))
    ]
    found = figures(write_run(tmp_path / "r", likert, rows))
    assert found["tau_b"].value == pytest.approx(1.0)
    assert not {"mae", "mean_error", "quadratic_kappa", "question_accuracy"} & set(found)
    on_unit = figures(write_run(tmp_path / "u", checklist_spec(scale=UNIT), [
        (checklist_item(str(i), TREE, ScoreGold(value=v)), yes_no(s))
        for i, (v, s) in enumerate(zip((0, 0.25, 0.5, 0.5), said, strict=True))
    ]))  # fmt: skip
    assert on_unit["mean_error"].value == pytest.approx((0 + 0 + 0 + 0.5) / 4)


def test_answered_gold_is_scored_by_the_rule_that_scores_the_judge(tmp_path):
    rows = [
        (checklist_item("a", TREE, gold("nyyy")), yes_no("nyyy")),
        (checklist_item("b", TREE, gold("yyyy")), yes_no("yyyy")),
        (checklist_item("c", TREE, gold("yyyn")), yes_no("yyyn")),
    ]
    found = figures(write_run(tmp_path / "r", checklist_spec(), rows))
    assert found["mae"].value == 0
    assert found["pearson"].value == pytest.approx(1)


def test_incoherence_asks_only_what_builds_on_something_unmet(tmp_path):
    rows = [
        (checklist_item("a", TREE, gold("yyyy")), yes_no("nyny")),  # 1 and 2 build on an unmet 0
        (checklist_item("b", TREE, gold("yyyy")), yes_no("yyyy")),
        (checklist_item("c", TREE, gold("yyyy")), NOTHING),
    ]
    one = figures(write_run(tmp_path / "r", checklist_spec(), rows))["incoherence"]
    assert (one.value, one.n_failed) == (0.5, 1)


def test_without_dependencies_there_is_no_incoherence(tmp_path):
    item = checklist_item("a", questions(2), gold("yy"))
    found = figures(write_run(tmp_path / "r", checklist_spec(), [(item, yes_no("ny"))]))
    assert "incoherence" not in found


def test_questions_of_one_item_move_together_in_the_bootstrap(tmp_path):
    many = [
        (checklist_item(str(i), questions(9), gold("y" * 9)), yes_no("y" * 9 if i % 2 else "n" * 9))
        for i in range(40)
    ]
    (one,) = score_run(
        write_run(tmp_path / "r", checklist_spec(), many), measures=("question_accuracy",)
    )
    low, high = one.ci95
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 40), abs=0.05)


def test_steps_are_compared_one_by_one_and_by_the_first_wrong_one(tmp_path):
    spec = steps_spec(("sums", "sight"))
    rows = [
        (steps_item("a", 3, StepsGold(errors=(None, "sums", "sight"))),
         Steps(errors=(None, "sight", "sight"))),
        (steps_item("b", 2, StepsGold(errors=(None, None))), Steps(errors=(None, None))),
        (steps_item("c", 1, StepsGold(errors=("sums",))), NOTHING),
    ]  # fmt: skip
    found = figures(write_run(tmp_path / "r", spec, rows))
    assert found["step_accuracy"].value == pytest.approx(5 / 6)
    apart = figures(tmp_path / "r", measures=("step_accuracy(types=apart)", "error_accuracy"))
    assert apart["step_accuracy(types=apart)"].value == pytest.approx(4 / 6)
    assert apart["error_accuracy"].value == pytest.approx(1 / 3)
    assert found["first_wrong_accuracy"].value == pytest.approx(2 / 3)
    assert found["first_wrong_f1"].value == pytest.approx(2 * 0.5 * 1 / 1.5)
    assert found["step_accuracy"].n_failed == 1


def test_a_step_without_types_of_error_is_right_or_wrong(tmp_path):
    item = steps_item("a", 2, StepsGold(errors=(None, "wrong")))
    found = figures(
        write_run(tmp_path / "r", steps_spec(), [(item, Steps(errors=(None, "wrong")))])
    )
    assert found["step_accuracy"].value == found["error_macro_f1"].value == 1


def test_one_person_is_held_against_the_others_question_by_question(tmp_path):
    item = checklist_item("a", questions(2), gold("yy", ratings=("yy", "yn", "yy")))
    other = checklist_item("b", questions(2), gold("nn", ratings=("nn", "nn", "ny")))
    found = figures(
        write_run(tmp_path / "r", checklist_spec(), [(item, yes_no("yy")), (other, yes_no("nn"))])
    )
    # Where the two others differ they say nothing: 2, 3 and 3 of the 4 questions are left.
    want = (2 / 2 + 2 / 3 + 2 / 3) / 3
    assert found["ceiling(of=question_accuracy)"].value == pytest.approx(want)


def test_what_is_pooled_or_left_out_keeps_each_question_with_its_judgment(tmp_path):
    one = [(checklist_item(str(i), TREE, gold("yyny")), yes_no("yyny")) for i in range(3)]
    other = [(checklist_item(str(i), questions(2), gold("yn")), yes_no("nn")) for i in range(2)]
    tables = [
        Table.load(write_run(tmp_path / "a", checklist_spec(), [*one, (one[0][0], NOTHING)])),
        Table.load(write_run(tmp_path / "b", checklist_spec(name="other"), other)),
    ]
    whole = pool(tables)
    assert whole.parts.said.values.tolist() == [0, 0, 1, 0] * 3 + [-1] * 4 + [1, 1] * 2
    assert whole.parts.asked[0].gold.values.tolist() == [0, 0, 1, 0] * 3 + [0, 1] * 2
    fewer = without(whole, whole.failed)
    assert fewer.parts.said.lengths.tolist() == [4, 4, 4, 2, 2]


def biases_of(folder):
    return {one.probe: one for one in biases(Table.load(folder), 0)}


def test_a_probe_moves_a_checklist_by_any_other_answer(tmp_path):
    items = [checklist_item(str(i), TREE, gold("yyyy")) for i in range(4)]
    plain = [(item, yes_no("yyyn")) for item in items]
    said = [yes_no("yyyn"), yes_no("yyny"), yes_no("nyyn"), NOTHING]
    again = [("rerun", item, yes_no("yyyn")) for item in items]
    probed = [("blind", item, one) for item, one in zip(items, said, strict=True)]
    found = biases_of(write_run(tmp_path / "r", checklist_spec(), plain, probed=again + probed))
    assert found["rerun"].figure("robustness").value == 1
    assert found["blind"].figure("robustness").value == pytest.approx(1 / 3)
    assert found["blind"].n_broke == 1  # which is told apart


def test_a_probe_of_steps_costs_the_steps_that_are_no_longer_found(tmp_path):
    items = [steps_item(str(i), 4, StepsGold(errors=(None,) * 4)) for i in range(3)]
    plain = [(item, Steps(errors=(None,) * 4)) for item in items]
    said = [Steps(errors=(None,) * 4), Steps(errors=("wrong", "wrong", None, None)), NOTHING]
    probed = [("jpeg", item, one) for item, one in zip(items, said, strict=True)]
    found = biases_of(write_run(tmp_path / "r", steps_spec(), plain, probed=probed))["jpeg"]
    assert found.figure("robustness").value == 0.5
    assert found.figure("step_accuracy_lost").value == pytest.approx((0 + 0.5 + 1) / 3)


@pytest.mark.parametrize("protocol", ["checklist", "steps"])
def test_two_judges_are_compared_question_by_question_and_by_what_probes_move(tmp_path, protocol):
    if protocol == "steps":
        spec, right, wrong = (
            steps_spec(),
            Steps(errors=(None, "wrong")),
            Steps(errors=("wrong", None)),
        )
        items = [steps_item(str(i), 2, StepsGold(errors=(None, "wrong"))) for i in range(20)]
    else:
        spec, right, wrong = checklist_spec(), yes_no("yn"), yes_no("ny")
        items = [checklist_item(str(i), questions(2), gold("yn")) for i in range(20)]
    runs = [
        write_run(
            tmp_path / name,
            spec,
            [(item, right if i < n else wrong) for i, item in enumerate(items)],
            judge=name,
            probed=[("rerun", item, right) for item in items],
        )
        for name, n in (("a", 20), ("b", 10))
    ]
    record = compare_all(runs, 100)
    main = "question_kappa" if protocol == "checklist" else "step_kappa"
    assert record.measure == main
    assert [(place.run, place.value) for place in record.order] == [(0, 1.0), (1, pytest.approx(0))]
    (alike,) = record.agreements
    assert (alike.metric, alike.value) == (main, pytest.approx(0))
    assert {one.metric for one in record.pairs[0].probes} >= {"robustness"}


def test_an_export_holds_each_question_and_step_in_its_order(tmp_path):
    said = [(checklist_item("a", TREE, gold("yyny")), yes_no("nyny"))]
    said.append((checklist_item("b", TREE, gold("yyyy")), NOTHING))
    (one, failed) = rows(write_run(tmp_path / "c", checklist_spec(), said))
    assert one["parts"] == ["q0", "q1", "q2", "q3"]
    assert (one["said"], one["gold_said"]) == (
        ["no", "yes", "no", "yes"],
        ["yes", "yes", "no", "yes"],
    )
    assert (one["score"], one["correct"], failed["said"], failed["correct"]) == (
        0.25,
        False,
        None,
        False,
    )
    solved = [
        (steps_item("a", 2, StepsGold(errors=(None, "wrong"))), Steps(errors=(None, "wrong")))
    ]
    export_run(write_run(tmp_path / "s", steps_spec(), solved), "parquet", tmp_path / "s.parquet")
    (row,) = pq.read_table(tmp_path / "s.parquet").to_pylist()
    assert (row["parts"], row["said"], row["correct"]) == (["1", "2"], [None, "wrong"], True)


def test_the_first_criterion_is_the_first_that_was_asked(tmp_path):
    spec = checklist_spec(("overall", "faithful"))
    items = [checklist_item(str(i), TREE, gold("yyny")) for i in range(12)]
    runs = [
        write_run(tmp_path / name, spec, [(item, yes_no(said)) for item in items], judge=name)
        for name, said in (("a", "yyny"), ("b", "nyny"))
    ]
    (judged, _) = overview(runs, 0)
    assert judged.asked[0].headline.criterion == "faithful"
    assert judged.asked[0].detail.kinds[0].criterion == "faithful"
    record = compare_all(runs, 20)
    assert record.criterion == "faithful"
    assert [one.criterion for one in record.agreements] == ["faithful"]


def test_stored_answers_and_steps_come_back_as_they_were(tmp_path):
    said = [(steps_item("a", 2), Steps(errors=(None, "wrong"))), (steps_item("b", 1), NOTHING)]
    with RunStore.open(write_run(tmp_path / "s", steps_spec(), said)) as store:
        assert [one.outcome for _, one in store.judgments()] == [outcome for _, outcome in said]
    answers = Answers(answers=("yes", "no"))
    item = checklist_item("a", questions(2))
    with RunStore.open(write_run(tmp_path / "c", checklist_spec(), [(item, answers)])) as store:
        assert [one.outcome for _, one in store.judgments()] == [answers]


@pytest.mark.parametrize(("spec", "wanted"), [("listed", 2), ("plain", 1)])
def test_only_a_run_that_an_older_version_would_misread_is_of_the_newer_format(
    tmp_path, spec, wanted
):
    listed = checklist_spec()
    of = listed if spec == "listed" else listed.model_copy(update={"protocols": ("score",)})
    folder = write_run(tmp_path / "r", of, [])
    with sqlite3.connect(folder / FILE) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == wanted


def test_a_verdict_of_the_wrong_length_is_a_damaged_run(tmp_path):
    item = checklist_item("a", questions(2), gold("yy"))
    with pytest.raises(StoreError, match=r"of 3 answers or steps, where 2 were asked"):
        Table.load(write_run(tmp_path / "r", checklist_spec(), [(item, yes_no("yyy"))]))
