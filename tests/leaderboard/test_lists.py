"""A submission of checklists and of steps: packed, judged again from its replies, on a board."""

import json
import zlib

import pytest
import yaml

from mmjudge import run
from mmjudge.leaderboard.boards.build import build
from mmjudge.leaderboard.cache import Cache
from mmjudge.leaderboard.submissions.check import check
from mmjudge.leaderboard.submissions.pack import pack
from mmjudge.leaderboard.submissions.plans import Sources
from mmjudge.protocols.render import step_words
from mmjudge.scoring.score import score_run
from mmjudge.types import AnswersGold, Reply, Scale, ScoreGold, StepsGold
from tests.leaderboard.boards import write_layout
from tests.leaderboard.entries import META_SAID, Writer
from tests.scoring.listed_runs import (
    checklist_item,
    checklist_spec,
    questions,
    steps_item,
    steps_spec,
    yes_no,
)

N_ITEMS = 40
TREE = questions(4, {1: (0,), 2: (1,)})
TYPES = ("sums", "sight")


class Lists(Writer):
    """Answers a question, or finds a step, as people did in so many of 100 cases."""

    def __init__(self, name, percent):
        super().__init__(lambda request: "", name)
        self.card = self.card.model_copy(update={"protocols": ("checklist", "steps")})
        self.percent = percent

    def _reply(self, request):
        if request.questions:
            words = [q.answers for q in request.questions]
            lines = [f"Answer {i}: [[{self.say(request, i, w)}]]" for i, w in enumerate(words, 1)]
        else:
            words = step_words(request.criterion)
            n = len(request.candidates[0].parts)
            lines = [f"Step {i}: [[{self.say(request, i, words)}]]" for i in range(1, n + 1)]
        return Reply(text="\n".join(lines), tokens_in=9, tokens_out=9, latency_s=0.1)

    def say(self, request, place, words):
        drawn = zlib.crc32(f"{request.item}{place}{self.card.name}".encode())
        right = truth(request.item, place, len(words))
        return words[right if drawn % 100 < self.percent else (right + 1) % len(words)]


def truth(item, place, n):
    return zlib.crc32(f"{item}/{place}".encode()) % n


def said(name):
    return "".join("yn"[truth(name, place, 2)] for place in range(1, 5))


def write_task(folder, spec, items):
    folder.mkdir(parents=True)
    content = json.loads(spec.model_dump_json(exclude_none=True))
    (folder / "task.yaml").write_text(yaml.safe_dump(content))
    lines = [item.model_dump_json(exclude_none=True) for item in items]
    (folder / "items.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def tasks(folder):
    names = [f"i{i}" for i in range(N_ITEMS)]
    answered = [
        checklist_item(n, TREE, AnswersGold(answers=yes_no(said(n)).answers)) for n in names
    ]
    scored = [checklist_item(n, TREE, ScoreGold(value=1 + said(n).count("y"))) for n in names]
    found = [[(None, *TYPES)[truth(n, place, 3)] for place in (1, 2, 3)] for n in names]
    solved = [
        steps_item(n, 3, StepsGold(errors=tuple(errors)))
        for n, errors in zip(names, found, strict=True)
    ]
    likert = checklist_spec(name="scored", primary="tau_b", scale=Scale(lowest=1, highest=5))
    return {
        "answered": write_task(folder / "answered", checklist_spec(name="answered"), answered),
        "scored": write_task(folder / "scored", likert, scored),
        "solved": write_task(folder / "solved", steps_spec(TYPES, name="solved"), solved),
    }


@pytest.fixture(scope="module")
def leaderboard(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lists")
    made = tasks(folder / "tasks")
    for name, percent in (("good", 90), ("poor", 55)):
        runs = [
            run(str(place), Lists(name, percent), out=folder / "made" / name / task).folder
            for task, place in made.items()
        ]
        said = META_SAID | {"judge": f"{name} 7B", "contact": f"{name}@example.org"}
        (folder / "submissions" / name).mkdir(parents=True)
        pack(runs, folder / "submissions" / name / "one", said)
    choices = [
        {"task": f"{task}@1", "folder": f"tasks/{task}",
         "protocol": "steps" if task == "solved" else "checklist"}
        for task in made
    ]  # fmt: skip
    write_layout(
        folder,
        [{"name": "lists", "title": "Lists", "tasks": choices, "submissions": "submissions"}],
    )
    return folder


@pytest.fixture(scope="module")
def board(leaderboard):
    sources = Sources([leaderboard / "tasks" / name for name in ("answered", "scored", "solved")])
    report = check(leaderboard / "submissions" / "good" / "one", sources, resamples=0)
    assert report.accepted, report.problems
    built = build(leaderboard, resamples=50, cache=Cache(leaderboard / "cache"))
    assert built.rejected == ()
    return built.boards[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "column", "measure"),
    [
        ("answered", "answered-checklist", "question_kappa"),
        ("answered", "answered-checklist-own", "question_accuracy"),
        ("scored", "scored-checklist", "tau_b"),
        ("solved", "solved-steps", "step_kappa"),
        ("solved", "solved-steps-own", "step_accuracy"),
    ],
)
def test_a_submission_of_lists_has_the_figures_of_its_runs(
    leaderboard, board, task, column, measure
):
    (one,) = score_run(leaderboard / "made" / "good" / task, 0, measures=(measure,))
    better, worse = (board.cell(f"{name}--one", column).value for name in ("good", "poor"))
    assert better == pytest.approx(one.value, abs=1e-6)
    assert better > worse


@pytest.mark.slow
def test_tasks_of_lists_have_their_part_in_the_overall_figure(board):
    assert board.cell("good--one", "failed").value == 0
    good, poor = (board.cell(f"{name}--one", "overall").value for name in ("good", "poor"))
    mains = ("answered-checklist", "scored-checklist", "solved-steps")
    want = [board.cell("good--one", column).value for column in mains]
    assert good == pytest.approx(sum(want) / 3, abs=1e-4)
    assert good > poor
