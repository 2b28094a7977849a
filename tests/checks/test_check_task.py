"""What is wrong with a task is said at once, with file, line and field; what a reviewer asks."""

import hashlib
import itertools
import json
import random
import tracemalloc
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mmjudge.checks import flat
from mmjudge.checks.flat import Spread
from mmjudge.checks.gathered import MediaFacts
from mmjudge.checks.leaks import ALARM_RATE, clues
from mmjudge.checks.task import check_task
from mmjudge.checks.task_items import read
from mmjudge.cli import app
from mmjudge.task import Task
from mmjudge.types import Candidate, Criterion, Item, PreferenceGold, TaskCard, TaskSpec
from tests.tasks.small_hub_data import png

CARD = """\
name: cups
protocols: [pair]
modalities: [text, image]
primary: accuracy
criteria:
  - {name: alignment, question: Which shows what the text says?, options: [first, second]}
card: {summary: Pairs.}
"""


def item(number, value="first", left="img/a.png", sha256=None, **fields):
    medium = {"modality": "image", "uri": left} | ({"sha256": sha256} if sha256 else {})
    return {
        "id": str(number),
        "prompt": [f"cup {number}"],
        "candidates": [{"id": "a", "parts": [medium]}, {"id": "b", "parts": [f"cup {number}!"]}],
        "gold": {"alignment": {"kind": "preference", "value": value}},
        "strata": {"modality": "text->image"},
        **fields,
    }


@pytest.fixture
def folder(tmp_path):
    def make(items, card=CARD):
        (tmp_path / "img").mkdir(exist_ok=True)
        (tmp_path / "img" / "a.png").write_bytes(png("red"))
        (tmp_path / "task.yaml").write_text(card)
        (tmp_path / "items.jsonl").write_text("".join(json.dumps(i) + "\n" for i in items))
        return str(tmp_path)

    return make


def test_of_a_sample_nobody_asks_for_more_items(folder):
    found = check_task("rewardbench", Path("sample"))
    assert found.items == {"pair": 6}
    assert not [one for one in found.findings if "size" in (one.check, *one.said.split())]
    checks = [one.check for one in check_task(folder(sound())).findings if one.level == "advice"]
    assert "size" in checks


def sound(n=12):
    return [item(i, "second" if i % 2 else "first") for i in range(n)]


def said(report, level, check=None):
    found = [f for f in report.findings if f.level == level and check in (None, f.check)]
    return "\n".join("\n".join((f.said, *f.examples)) for f in found)


def test_a_sound_task_breaks_nothing_and_its_gold_is_right_in_both_orders(folder):
    report = check_task(folder(sound()))
    assert said(report, "broken") == ""
    assert report.code == 0
    assert "the gold itself has accuracy 1 on 12 items" in said(report, "ok", "oracle")
    assert "baseline:first alignment 0.50" in said(report, "ok", "baselines")
    assert "always-first has accuracy 0.50" in said(report, "ok", "balance")


def test_every_problem_is_reported_at_once_with_file_line_and_field(folder, tmp_path):
    wrong = [
        item(0),
        item(1, systems="x"),
        item(2, gold={"taste": {"kind": "preference", "value": "first"}}),
        item(3, "tie"),
        item(4, gold={"alignment": {"kind": "score", "value": 3}}),
        item(5, candidates=item(5)["candidates"][:1]),
        item(0),
        item(7, left="img/none.png"),
        item(8, sha256=hashlib.sha256(b"other").hexdigest()),
    ]
    report = check_task(folder(wrong))
    path = tmp_path / "items.jsonl"
    problems = said(report, "broken")
    assert report.code == 1
    for line, words in {
        2: "systems",
        3: "unknown criterion 'taste'",
        4: "gold.alignment.value: tie is none of the criterion's options (first, second)",
        5: "gold.alignment.kind: a pair needs preference, found score",
        6: "candidates: a pair needs 2, found 1",
        7: f"id: '0' stood before, at {path}:1",
        8: "img/none.png: cannot be read",
        9: "img/a.png: sha256 is",
    }.items():
        (found,) = [one for one in problems.splitlines() if f"{path}:{line}" in one.split()[0]]
        assert words in found


def test_both_problems_of_one_item_are_reported(folder):
    twice = item(0, gold={"taste": {"kind": "preference", "value": "first"}})
    twice["candidates"] = twice["candidates"][:1]
    problems = said(check_task(folder([twice])), "broken")
    assert "a pair needs 2" in problems
    assert "unknown criterion" in problems


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("primary: accuracy", "primary: acuracy", "unknown measure 'acuracy'"),
        ("primary: accuracy", "primary: tau_b", "tau_b is of protocol score"),
        ("[text, image]", "[text]", "image is shown by"),
        ("protocols", "groups: age\nprotocols", "no item has the stratum 'age'"),
        ("primary: accuracy", "primry: accuracy", "task.yaml:4: primry"),
    ],
)
def test_a_description_that_does_not_fit_is_broken(folder, old, new, words):
    report = check_task(folder(sound(2), CARD.replace(old, new)))
    assert report.code == 1
    assert words in said(report, "broken")


def test_a_reviewers_questions_are_advice_and_break_nothing(folder):
    items = [item(i, strata={"modality": "text->image", "kind": str(i)}) for i in range(12)]
    items.append(item(0) | {"id": "again"})
    report = check_task(folder(items))
    assert report.code == 0
    advice = said(report, "advice")
    assert "always-first has accuracy 1.00: nearly always one slot" in advice
    assert "1 item shown more than once" in advice
    assert "card has no source, revision, licence, citation, size, known_flaws" in advice
    assert "no human ceiling" in advice
    assert "+-0.05 needs 385" in advice
    assert "have no sha256" in advice
    assert "the candidate with 'a' in its id is better, in 13 of 13 items" in advice


def pairs(n, draw, length=None, name=None):
    """Pairs of texts of random lengths and ids, whose gold is drawn, or told by one of them."""
    for i in range(n):
        texts = [draw.choice("xyz") * draw.randint(1, 90) for _ in "ab"]
        ids = draw.sample(["model one", "model two"], 2)
        value = draw.choice(("first", "second"))
        if length is not None and draw.random() < length:
            value = "first" if len(texts[0]) >= len(texts[1]) else "second"
        if name is not None:
            value = "first" if ids[0] == name else "second"
        yield Item(
            id=str(i),
            prompt=("p",),
            candidates=tuple(Candidate(id=n, parts=(t,)) for n, t in zip(ids, texts, strict=True)),
            gold={"c": PreferenceGold(value=value)},
        )


def test_gold_that_has_nothing_to_do_with_form_is_blamed_no_oftener_than_is_said():
    draw = random.Random(7)
    tasks = [list(pairs(draw.choice((10, 30, 100)), draw)) for _ in range(150)]
    blamed = sum(bool(clues(items, ["c"], None).found) for items in tasks)
    assert blamed / len(tasks) <= ALARM_RATE + 0.02  # three times the standard error
    assert all(clues(items, ["c"], None).tests >= 3 for items in tasks)


def test_gold_that_length_or_a_name_tells_is_found():
    draw = random.Random(7)
    (long,) = clues(list(pairs(100, draw, length=0.9)), ["c"], None).found
    assert long.said == "the longer text is better"
    found = clues(list(pairs(30, draw, name="model two")), ["c"], None).found
    assert {clue.said for clue in found} == {
        "the candidate with 'two' in its id is better",
        "the candidate with 'one' in its id is worse",
    }


def test_gold_that_file_sizes_tell_is_found(folder, tmp_path):
    items = sound(16)
    for number, one in enumerate(items):
        better = number % 2
        for place, candidate in enumerate(one["candidates"]):
            uri = f"img/{hashlib.sha256(f'{number}{place}'.encode()).hexdigest()}.png"
            candidate["parts"] = [{"modality": "image", "uri": uri}]
            folder([])
            extra = b"\0" * 9 if place == better else b""
            (tmp_path / uri).write_bytes(png("red") + extra)
    report = check_task(folder(items))
    assert "the larger file is better, in 16 of 16 items" in said(report, "advice", "leaks")


def test_a_loader_that_raises_is_a_finding(folder):
    from mmjudge.sources.folder import open_task

    inner = open_task(folder(sound(3)))

    class Raises(Task):
        spec = inner.spec

        def load(self, protocol):
            yield from inner.load(protocol)
            raise ValueError("odd row")

    report = check_task(Raises(inner.data))
    assert "the loader failed after item 2: ValueError: odd row" in said(report, "broken")


def test_the_exit_codes_and_the_json_are_those_of_check_judge(folder):
    run = CliRunner().invoke
    fine = run(app, ["check-task", folder(sound(4)), "--json"])
    assert fine.exit_code == 0
    record = json.loads(fine.stdout)
    assert record["code"] == 0
    assert record["items"] == {"pair": 4}
    assert run(app, ["check-task", folder([item(0, "tie")])]).exit_code == 1
    assert run(app, ["check-task", "no_such_task"]).exit_code == 2
    assert run(app, ["check-task", folder([]) + "/nowhere/at/all"]).exit_code == 2


def test_scores_and_rankings_of_the_embedded_tasks_are_sound():
    report = check_task("scenes_text", limit=12)
    assert said(report, "broken") == ""
    assert {f.said.partition(":")[0] for f in report.findings if f.check == "oracle"} == {
        "pair",
        "score",
        "rank",
    }


class Many(Task):
    """Items of two kilobytes each, made one at a time."""

    spec = TaskSpec(
        name="many",
        protocols=("pair",),
        modalities=("text",),
        primary="accuracy",
        criteria=(Criterion(name="fit", question="Which fits?"),),
        card=TaskCard(summary="Many."),
    )
    n = 0

    def load(self, protocol):
        for i in range(self.n):
            texts = (f"{i} {'left' * 250}", f"{i} {'right' * 200}")
            yield Item(
                id=f"item {i}",
                prompt=(f"{i} {'x' * 1000}",),
                candidates=tuple(
                    Candidate(id=n, parts=(t,)) for n, t in zip("ab", texts, strict=True)
                ),
                gold={"fit": PreferenceGold(value="first" if i % 3 else "second")},
                strata={"modality": "text->text", "source": f"url {i}", "half": str(i % 2)},
            )


def test_what_is_kept_of_many_items_is_a_few_bytes_of_each():
    kept = {}
    for n in (500, 4500):
        task = Many()
        task.n = n
        tracemalloc.start()
        found = read(task, "pair", None, MediaFacts(None))
        kept[n] = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert found.facts.n == n
        assert found.facts.golds["fit"].classes.total() == n
        assert found.facts.axes["source"].all_differ
        assert not found.facts.axes["half"].all_differ
    assert (kept[4500] - kept[500]) / 4000 < 250


def test_the_first_of_items_that_show_the_same_is_found_again_by_its_place(folder, tmp_path):
    items = [*sound(3), item(0) | {"id": "x"}, item(1) | {"id": "y"}, item(0) | {"id": "z"}]
    advice = said(check_task(folder(items)), "advice", "duplicates")
    path = tmp_path / "items.jsonl"
    assert f"{path}:1 (0) = {path}:4 (x) = {path}:6 (z)" in advice
    assert f"{path}:2 (1) = {path}:5 (y)" in advice


def test_an_evenly_spread_choice_covers_the_whole_of_a_long_stream():
    for n in (5, 64, 1000, 10_007):
        spread = Spread(64)
        for number in range(n):
            spread.add(number)
        kept = list(spread)
        assert min(n, 64) <= len(kept) < 128
        assert kept[0] == 0
        assert len({b - a for a, b in itertools.pairwise(kept)}) <= 1
        assert n - kept[-1] <= max(1, kept[1] - kept[0])


def test_rare_words_are_forgotten_and_a_common_one_is_kept(monkeypatch):
    monkeypatch.setattr(flat, "MOST_WORDS", 100)
    words = flat.Words()
    for number in range(5000):
        words.add(("id", f"word{number}"), right=False)
        if number % 10 == 0:
            words.add(("id", "common"), right=True)
    assert len(words.counts) <= 100
    right, n = words.counts["id", "common"]
    assert right == n > 400


@pytest.mark.parametrize(("primary", "level"), [("question_accuracy", "advice"), ("tau_b", "ok")])
def test_a_checklist_of_scores_needs_a_primary_measure_of_scores(folder, primary, level):
    card = CARD.replace("[pair]", "[checklist]").replace("accuracy", primary)
    card = card.replace("options: [first, second]", "scale: {lowest: 1, highest: 5}")
    asked = {"alignment": [{"id": str(n), "text": f"Is {n} there?"} for n in range(3)]}
    items = [
        {
            "id": str(n),
            "prompt": [f"cup {n}"],
            "candidates": [{"id": "a", "parts": [f"a cup, {n}"]}],
            "checklists": asked,
            "gold": {"alignment": {"kind": "score", "value": 1 + n % 5}},
        }
        for n in range(10)
    ]
    found = [one for one in check_task(folder(items, card)).findings if one.check == "oracle"]
    assert [one.level for one in found] == [level]
