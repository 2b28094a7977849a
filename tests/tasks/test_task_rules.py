"""What is peculiar to one task."""

import json

import pytest

from mmjudge.sources.folder import open_task
from mmjudge.task import BadItem, checked
from mmjudge.types import Failure, Preference, Ranking
from tests.tasks.samples import SHARED


def by_id(task, protocol):
    return {item.id: item for item in checked(task, protocol)}


def test_a_vote_becomes_one_of_four_classes(small):
    items = by_id(open_task("genai_bench", small("genai_bench")), "pair")
    golds = {name: item.gold["overall"].value for name, item in items.items()}
    assert golds == {
        "image_generation/0": "first",
        "image_generation/1": "both_good",
        "image_generation/2": "second",
        "image_editing/0": "both_bad",
    }


def test_a_verdict_that_was_not_recorded_is_a_failure_and_no_line_less(small):
    lines = list(open_task("genai_bench", small("genai_bench")).recorded("j"))
    assert len(lines) == 4
    missing = next(line for line in lines if line.item == "image_generation/2")
    assert missing.text is None
    assert missing.failure == Failure(reason="ambiguous", detail="recording holds no verdict")


def test_a_bare_tie_is_right_by_the_published_rule_in_either_order(small):
    from mmjudge_tasks.genai_bench.published import accuracy

    from mmjudge.task import JudgedRow
    from mmjudge.types import Reply

    items = by_id(open_task("genai_bench", small("genai_bench")), "pair")

    def value(item, text, order):
        outcome = Failure(reason="ambiguous")
        row = JudgedRow(items[item], "overall", order, 0, Reply(text=text), outcome)
        (table,) = accuracy([row])
        return table.statistic(*table.columns)

    assert value("image_generation/1", "[[A=B]]", (0, 1)) == 100
    assert value("image_generation/0", "[[A>B]]", (0, 1)) == 100
    assert value("image_generation/0", "[[A>B]]", (1, 0)) == 0
    assert value("image_generation/0", "[[B>A]]", (1, 0)) == 100
    assert value("image_generation/0", "[[A>B]] not [[B>A]]", (0, 1)) == 0


def test_three_annotators_who_all_differ_leave_a_pair_without_gold(small):
    items = by_id(open_task("pandalm", small("pandalm")), "pair")
    assert items["1"].gold == {}
    assert items["0"].gold["overall"].value == "second"
    assert items["0"].gold["overall"].ratings == ("second", "second", "first")


def test_a_label_of_minus_one_is_a_failure(small):
    lines = {line.item: line for line in open_task("pandalm", small("pandalm")).recorded("gpt35")}
    assert lines["1"].verdict is None
    assert lines["1"].failure.reason == "ambiguous"
    assert lines["0"].verdict == Preference(value="first")


def test_texts_are_read_from_the_public_file_and_absent_ones_are_named(small, tmp_path):
    row = {
        "idx": 0,
        "motivation_app": "Grammarly",
        "cmp_key": "bloom-7b_llama-7b",
        "instruction": "Shorten it.",
        "input": "A long \u202etext\u202c.",
        "response1": "Text.",
        "response2": "A text.",
        "annotator1": 2,
        "annotator2": 2,
        "annotator3": 0,
    }
    folder = tmp_path / "public"
    folder.mkdir()
    (folder / "testset-v1.json").write_text(
        json.dumps([row, {**row, "annotator1": 7}, {**row, "idx": 2, "response1": True}])
    )
    good, bad, odd = checked(open_task("pandalm", folder), "pair")
    assert good.prompt == ("Shorten it.", "A long \u202etext\u202c.")
    assert [c.parts for c in good.candidates] == [("Text.",), ("A text.",)]
    assert [c.system for c in good.candidates] == ["bloom-7b", "llama-7b"]
    assert isinstance(bad, BadItem)
    assert "annotator1" in bad.problem
    assert odd.candidates[0].parts == ("True",)
    recorded = by_id(open_task("pandalm", small("pandalm")), "pair")["0"]
    assert "not in this recording" in recorded.prompt[0]
    assert "testset-v1.json" in recorded.absent
    assert good.absent is None


def test_a_swapped_presentation_is_undone_once(small):
    task = open_task("audiojudge", small("audiojudge"))
    lines = {(line.item, line.order): line for line in task.recorded("g")}
    first = [lines["0000/text-text", order].verdict for order in (("a", "b"), ("b", "a"))]
    assert first == [Preference(value="first"), Preference(value="first")]
    assert lines["0001/text-text", ("b", "a")].verdict == Preference(value="second")
    assert lines["0003/audio-audio", ("a", "b")].failure.reason == "ambiguous"


def test_position_bias_leaves_out_what_is_not_decided_in_both_orders(small, tmp_path):
    import mmjudge

    run = mmjudge.run(
        "audiojudge",
        "replay:g",
        data=small("audiojudge"),
        out=tmp_path / "run",
        orders="both",
        where={"condition": "transcript"},
    )
    found = {(r.metric, r.stratum): r for r in run.scores(n_resamples=0)}
    shares = [
        found[f"audiojudge.position.{share}", "condition=transcript"].value
        for share in ("consistent", "prefers_first", "prefers_second")
    ]
    assert shares == pytest.approx([100 / 3, 100 / 3, 100 / 3])
    assert found["audiojudge.position.consistent", "condition=transcript"].n_failed == 1


def test_runs_have_gold_and_readable_names(small):
    task = open_task("audiojudge", small("audiojudge"))
    assert task.recorded_judges() == ("g", "m/thaimos/0-shots")
    items = by_id(task, "pair")
    assert items["thaimos/7"].gold["overall"].value == "second"
    assert items["thaimos/8"].gold["overall"].value == "tie"
    assert items["0000/audio-text"].gold == {}


def test_people_and_judge_meet_on_a_scale_from_0_to_10(small):
    item = by_id(open_task("viescore", small("viescore")), "score")["Text-Guided_IG/1.jpg/SD"]
    assert item.gold["SC"].value == 10
    assert item.gold["SC"].ratings == (10, 10, 10)
    assert item.gold["PQ"].ratings == (5, 5, 5)
    assert item.criteria == ("SC", "PQ")


def test_equal_means_share_a_rank(small):
    items = by_id(open_task("viescore", small("viescore")), "rank")
    assert items["Text-Guided_IG/2.jpg"].gold["SC"].ranks == (1, 1)
    assert items["Text-Guided_IG/1.jpg"].gold["SC"].ranks == (1, 2)
    assert items["Text-Guided_IG/1.jpg"].gold["O"].ranks == (1, 2)


def test_a_ranking_needs_the_scores_of_all_candidates(small):
    task = open_task("viescore", small("viescore"))
    lines = {(r.item, r.criterion): r for r in task.recorded("j") if r.protocol == "rank"}
    assert lines["Text-Guided_IG/1.jpg", "SC"].verdict == Ranking(ranks=(1, 2))
    assert lines["Text-Guided_IG/1.jpg", "PQ"].verdict == Ranking(ranks=(2, 1))
    assert lines["Text-Guided_IG/2.jpg", "SC"].verdict is None
    assert lines["Text-Guided_IG/2.jpg", "O"].failure.reason == "ambiguous"


def test_an_image_is_asked_about_on_its_own_scale_only(small, tmp_path):
    import mmjudge

    run = mmjudge.run(
        "mj_bench_bias", "replay:j", data=small("mj_bench_bias"), out=tmp_path / "run"
    )
    found = run.dataframe()
    assert sorted(zip(found["item"], found["criterion"], strict=True)) == [
        ("likert/0000", "likert"),
        ("likert/0001", "likert"),
        ("scale5/0000", "scale5"),
        ("scale5/0001", "scale5"),
    ]
    verdicts = dict(zip(found["item"], found["verdict"], strict=True))
    assert [float(verdicts[f"likert/000{i}"]) for i in (0, 1)] == [4, 1]


def test_demographic_axes_come_from_the_description(small):
    items = by_id(open_task("mj_bench_bias", small("mj_bench_bias")), "score")
    strata = items["scale5/0001"].strata
    assert {axis: strata[axis] for axis in ("age", "gender", "race")} == {
        "age": "young",
        "gender": "female",
        "race": "middle eastern",
    }


@pytest.mark.skipif(not SHARED.is_dir(), reason="the parity data (../shared/data) is not here")
def test_the_flags_contradict_594_descriptions_as_the_card_says():
    path = SHARED / "mj_bench_bias" / "bias_scores.jsonl"
    from mmjudge_tasks.mj_bench_bias import demographics

    rows = [json.loads(line) for line in path.read_text().splitlines()]
    wrong = [
        row
        for row in rows
        if set(demographics(row["demographic"])) != {a for a, on in row["flags"].items() if on}
    ]
    assert len(wrong) == 594
    card = open_task("mj_bench_bias").spec.card
    assert any("594" in flaw for flaw in card.known_flaws)
