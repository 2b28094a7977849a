"""Columns of lists, mapped to checklists and to steps by YAML."""

import pytest

from mmjudge.checks.task import check_task
from mmjudge.errors import MmjudgeError, TaskError
from mmjudge.task import checked
from tests.tasks.test_mapped_task import mapped

__all__ = ["mapped"]  # a fixture: a task from a card and its columns

CHECKED = """\
name: faithful
protocols: [checklist]
modalities: [text]
primary: question_accuracy
criteria: [{name: fit, question: Is it so?}]
card: {summary: Questions.}
hub: {dataset: someone/cups, revision: 0123abc, split: test}
columns:
  prompt: [caption]
  candidates: [{parts: [answer]}]
  checklists:
    fit:
      questions: asked.text
      ids: asked.id
      parents: asked.after
      wanted: asked.hoped
      kinds: asked.about
  gold:
    fit: {column: said, labels: {1: yes, 0: no}, ratings: [one, other]}
"""
ASKED = [
    {"text": "Is it a cup?", "id": "c", "after": [], "hoped": True, "about": "thing"},
    {"text": "Is it red?", "id": "r", "after": ["c"], "hoped": False, "about": "colour"},
]
QUESTIONS = {
    "caption": ["a cup"] * 3,
    "answer": ["x"] * 3,
    "asked": [ASKED, ASKED[:1], ASKED],
    "said": [[1, 0], [1], [1]],
    "one": [[1, 1], None, None],
    "other": [[0, 0], None, None],
}


def test_a_checklist_is_mapped_from_columns_of_lists(mapped):
    task = mapped(CHECKED, QUESTIONS)
    first, second, short = checked(task, "checklist")
    asked = first.checklists["fit"]
    assert [(q.id, q.text, q.wanted, q.parents, q.kind) for q in asked] == [
        ("c", "Is it a cup?", "yes", (), "thing"),
        ("r", "Is it red?", "no", ("c",), "colour"),
    ]
    assert first.gold["fit"].answers == ("yes", "no")
    assert first.gold["fit"].ratings == (("yes", "yes"), ("no", "no"))
    assert [q.id for q in second.checklists["fit"]] == ["c"]
    assert "2 questions, found 1 answers" in short.problem


def test_a_checklist_of_texts_alone_is_answered_with_yes_and_no_or_was_scored(mapped):
    before, _, after = CHECKED.partition("    fit:\n")
    card = f"{before}    fit: asked\n  gold:{after.partition('gold:')[2]}"
    card = card.replace("labels: {1: yes, 0: no}, ratings: [one, other]", "ratings: []")
    columns = {"caption": ["a"], "answer": ["x"], "asked": [["Red?", "Blue?"]], "said": [0.5]}
    (item,) = checked(mapped(card, columns), "checklist")
    assert [(q.id, q.wanted, q.answers) for q in item.checklists["fit"]] == [
        ("1", "yes", ("yes", "no")),
        ("2", "yes", ("yes", "no")),
    ]
    assert item.gold["fit"].value == 0.5


STEPPED = """\
name: proofs
protocols: [steps]
modalities: [text]
primary: step_accuracy
criteria: [{name: right, question: Is the step right?, error_types: [logic, sum]}]
card: {summary: Proofs.}
hub: {dataset: someone/cups, revision: 0123abc, split: test}
columns:
  prompt: [task]
  candidates: [{parts: [steps]}]
  gold:
    right: {column: marks, labels: {ok: right, L: logic, S: sum}}
"""


STEPS = {
    "task": ["1+1?", "2+2?"],
    "steps": [["a", "b", "c"], ["a", "b"]],
    "marks": [["ok", "L", None], ["ok", "S"]],
}


def test_steps_are_mapped_from_a_column_of_lists(mapped):
    odd = {"task": ["3+3?"], "steps": [["a"]], "marks": [["odd"]]}
    columns = {name: [*column, *odd[name]] for name, column in STEPS.items()}
    first, second, bad = checked(mapped(STEPPED, columns), "steps")
    assert first.candidates[0].parts == ("a", "b", "c")
    assert first.gold["right"].errors == (None, "logic", None)
    assert second.gold["right"].errors == (None, "sum")
    assert "columns.gold.right.labels: column marks says 'odd'" in bad.problem


@pytest.mark.parametrize(
    ("card", "old", "new", "words"),
    [
        (CHECKED, "0: no}", "0: maybe}", r":19: columns\.gold\.fit\.labels\.0: yes or no"),
        (CHECKED, "    fit:\n", "    fat:\n", r":12: columns\.checklists\.fat: no criterion 'fat'"),
        (CHECKED, "questions: asked", "question: asked", r":13: .*question: .*allowed here"),
        (CHECKED, "[checklist]", "[score]", r":11: columns\.checklists: a checklist needs"),
        (STEPPED, "S: sum", "S: sums", r":12: .*labels\.S: right or logic or sum"),
    ],
)
def test_a_mistake_in_a_mapping_of_lists_is_named_with_its_line(mapped, card, old, new, words):
    with pytest.raises(MmjudgeError, match=words):
        mapped(card.replace(old, new), QUESTIONS)


def test_a_column_of_questions_that_is_gone_is_named_where_it_is_asked_for(mapped):
    task = mapped(CHECKED, {**QUESTIONS, "asked": QUESTIONS["said"]})
    bad = next(iter(task.load("checklist")))
    assert "column asked.text: no 'text' in it" in bad.problem
    gone = mapped(CHECKED.replace("asked.", "asks."), QUESTIONS)
    with pytest.raises(TaskError, match=r"fit\.questions: column 'asks' is expected"):
        list(gone.load("checklist"))


@pytest.mark.parametrize(
    ("card", "metric"), [(CHECKED, "question_accuracy"), (STEPPED, "step_accuracy")]
)
def test_a_mapped_task_of_lists_is_sound_and_its_gold_is_right(mapped, card, metric):
    columns = {name: column[:2] for name, column in QUESTIONS.items()} if card == CHECKED else STEPS
    report = check_task(mapped(card, columns))
    assert not [found for found in report.findings if found.level == "broken"]
    (oracle,) = (found.said for found in report.findings if found.check == "oracle")
    assert f"the gold itself has {metric}" in oracle
