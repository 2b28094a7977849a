"""What a judge owes to the modality, from runs of judges of known habits over items with twins."""

import pytest

import mmjudge
from mmjudge.scoring.comparison import compare_runs
from mmjudge.scoring.pooled import pool
from mmjudge.scoring.score import score_run, score_table
from mmjudge.scoring.table import Table
from mmjudge.types import Candidate, Item, Media, PreferenceGold, Reply
from tests.scoring.scoring_helpers import ListTask, Scripted, spec

GOLDS = ("first", "second", "tie")
PICTURE = Media(modality="image", uri="a.png")
TASK_SPEC = spec("pair", modalities=("text", "image"))


def item(name, gold, prompt, first, second, **strata):
    candidates = (Candidate(id="a", parts=first), Candidate(id="b", parts=second))
    verdict = {"overall": PreferenceGold.model_validate({"value": gold})}
    return Item(id=name, prompt=prompt, candidates=candidates, gold=verdict, strata=strata)


def with_twins(n=60):
    """Images to judge, each beside a twin with captions; gold goes round."""
    items = []
    for i in range(n):
        facts = {"twin": f"i{i}"}
        pictures, words = {"modality": "text->image"}, {"modality": "text->text"}
        items += [
            item(f"i{i}", GOLDS[i % 3], ("p",), (PICTURE,), (PICTURE,), **facts, **pictures),
            item(f"i{i}-twin", GOLDS[i % 3], ("p",), ("a",), ("b",), **facts, **words),
        ]
    return ListTask(TASK_SPEC, items)


def says(request, place):
    """The slot that shows the candidate at a place of the item; a tie for None."""
    return Reply(text="[[C]]" if place is None else f"[[{'AB'[request.order.index(place)]}]]")


def right(request, task):
    gold = next(i for i in task.items if i.id == request.item).gold["overall"].value
    return says(request, {"first": 0, "second": 1}.get(gold))


def seen(request):
    return any(isinstance(part, Media) for part in request.candidates[0].parts)


def figures(task, judge, tmp_path, resamples=0, **settings):
    judge = Scripted(judge, modalities=("text", "image"))
    run = mmjudge.run(task=task, judge=judge, out=tmp_path / "run", **settings)
    found = score_run(run.folder, resamples, by=("modality",))
    return {(r.metric, r.stratum): r for r in found}


def test_a_judge_that_sees_through_the_modality_never_flips(tmp_path):
    task = with_twins()
    found = figures(task, lambda r: right(r, task), tmp_path, orders="both")
    assert found["swap_flip_rate", "all"].value == 0
    assert found["swap_gap", "all"].value == 0
    assert found["swap_gap", "all"].n_items == 60


def test_a_judge_that_only_sees_pictures_is_right_as_shown_alone(tmp_path):
    task = with_twins()
    found = figures(
        task, lambda r: right(r, task) if seen(r) else says(r, 0), tmp_path, orders="both"
    )
    assert found["swap_gap", "all"].value == pytest.approx(0.5)  # the other half of it is luck
    assert found["swap_flip_rate", "all"].value == pytest.approx(2 / 3)
    assert found["accuracy", "modality=text->image"].value == 1


def test_a_slice_has_the_twins_of_its_items_wherever_they_are(tmp_path):
    task = with_twins()
    found = figures(task, lambda r: right(r, task), tmp_path, orders="both")
    assert found["swap_flip_rate", "modality=text->image"].n_items == 60
    assert ("swap_flip_rate", "modality=text->text") not in found


def test_twins_shown_in_opposite_orders_are_not_compared(tmp_path):
    task = with_twins()
    found = figures(task, lambda r: Reply(text="[[A]]"), tmp_path, orders="balanced")
    assert ("swap_flip_rate", "all") not in found


def test_a_failure_on_either_side_is_no_flip_and_is_counted_and_wrong(tmp_path):
    task = with_twins()
    silent = figures(
        task, lambda r: right(r, task) if seen(r) else Reply(text=""), tmp_path, orders="given"
    )
    assert silent["swap_flip_rate", "all"].value is None
    assert silent["swap_flip_rate", "all"].n_failed == 60
    assert silent["swap_gap", "all"].value == 1


def test_a_judge_that_reads_and_cannot_draw_has_its_gap(tmp_path):
    items = [
        item(f"u{i}", GOLDS[i % 2], (PICTURE,), ("a",), ("b",), modality="image->text")
        for i in range(40)
    ]
    items += [
        item(f"g{i}", GOLDS[i % 2], ("p",), (PICTURE,), (PICTURE,), modality="text->image")
        for i in range(40)
    ]
    task = ListTask(TASK_SPEC, items)
    found = figures(task, lambda r: says(r, 0) if seen(r) else right(r, task), tmp_path)
    assert found["understanding_gap", "all"].value == pytest.approx(0.5)
    assert ("understanding_gap", "modality=image->text") not in found


@pytest.mark.parametrize("liking", [0.0, 0.25, 1.0])
def test_a_liking_for_pictures_is_measured_on_equal_candidates_alone(tmp_path, liking):
    items = [
        item(f"m{i}", gold, ("p",), *((PICTURE,), ("b",))[:: 1 if i % 2 else -1], modality="mixed")
        for i in range(120)
        for gold in (("tie", "first")[i % 3 == 0],)
    ]
    task = ListTask(TASK_SPEC, items)
    ties = [i.id for i in items if i.gold["overall"].value == "tie"]

    def fond(request):
        if request.item not in ties:
            return says(request, 0)
        takes_it = ties.index(request.item) < liking * len(ties)
        has_it = [any(isinstance(p, Media) for p in c.parts) for c in request.candidates]
        return Reply(text=f"[[{'AB'[has_it.index(takes_it)]}]]")

    found = figures(task, fond, tmp_path)
    assert found["modality_preference", "all"].value == pytest.approx(liking, abs=1e-9)


def test_an_item_and_its_twin_are_drawn_together(tmp_path):
    task = with_twins()
    luck = lambda r: right(r, task) if int(r.item[1:].split("-")[0]) % 2 else says(r, 0)  # noqa: E731
    together = figures(task, luck, tmp_path / "a", 2000)["accuracy", "all"].ci95
    loose = [i.model_copy(update={"strata": {"modality": "x"}}) for i in task.items]
    apart = figures(ListTask(TASK_SPEC, loose), luck, tmp_path / "b", 2000)["accuracy", "all"].ci95
    widths = [high - low for low, high in (together, apart)]
    assert widths[0] / widths[1] == pytest.approx(2**0.5, rel=0.12)


def test_tables_without_twins_draw_each_item_alone(tmp_path):
    items = [item(str(i), "first", ("p",), ("a",), ("b",)) for i in range(4)]
    judge = Scripted(lambda r: Reply(text="[[A]]"))
    run = mmjudge.run(task=ListTask(spec("pair"), items), judge=judge, out=tmp_path / "run")
    assert Table.load(run.folder).units.tolist() == [0, 1, 2, 3]


def test_criteria_are_bundled_by_item_and_not_with_its_twin(tmp_path):
    criteria = ("one", "two")
    gold = {c: PreferenceGold.model_validate({"value": "first"}) for c in criteria}
    pictures = [i.model_copy(update={"gold": gold}) for i in with_twins(12).items]
    task = ListTask(spec("pair", criteria, modalities=("text", "image")), pictures)
    found = figures(task, lambda r: says(r, 0 if seen(r) else 1), tmp_path, 200)
    whole = found["pluralistic_accuracy", "all"]
    assert whole.value == 0.5  # each picture on both criteria, no caption on any
    assert whole.ci95 == (0.5, 0.5)  # a picture is drawn with its caption


def test_an_item_and_its_twin_are_drawn_together_when_runs_are_compared(tmp_path):
    number = lambda r: int(r.item[1:].split("-")[0])  # noqa: E731
    widths = []
    for twins in (True, False):
        items = with_twins().items
        loose = [i.model_copy(update={"strata": {}}) for i in items]
        task = ListTask(TASK_SPEC, items if twins else loose)
        habits = (
            lambda r: right(r, task) if number(r) % 2 else says(r, 0),  # noqa: B023
            lambda r: right(r, task) if number(r) % 5 else says(r, 1),  # noqa: B023
        )
        runs = [
            mmjudge.run(
                task=task,
                judge=Scripted(habit, modalities=("text", "image")),
                out=tmp_path / f"{twins}{place}",
            ).folder
            for place, habit in enumerate(habits)
        ]
        (found,) = [c for c in compare_runs(*runs, 2000) if c.metric == "accuracy"]
        assert found.n_items == len(items)
        assert (found.p_mcnemar is None) is twins  # the test needs independent items
        widths.append(found.ci95[1] - found.ci95[0])
    assert widths[0] / widths[1] == pytest.approx(2**0.5, rel=0.12)


def test_items_of_two_tasks_whose_twins_are_called_alike_are_no_twins_of_each_other(tmp_path):
    first = with_twins()
    second = ListTask(spec("pair", name="other", modalities=("text", "image")), first.items)
    blind = lambda r: says(r, 0) if seen(r) else says(r, 1)  # noqa: E731
    tables = []
    for task, habit in ((first, lambda r: right(r, first)), (second, blind)):
        judge = Scripted(habit, modalities=("text", "image"))
        run = mmjudge.run(task=task, judge=judge, orders="both", out=tmp_path / task.spec.name)
        tables.append(Table.load(run.folder))
    pooled = pool(tables)
    rates = {r.metric: r.value for r in score_table(pooled, 0, measures=("swap_flip_rate",))}
    assert rates["swap_flip_rate"] == 0.5  # never in the one task, always in the other
    assert len(set(pooled.units.tolist())) == len(first.items)
