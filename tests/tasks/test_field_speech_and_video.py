"""The field's benchmarks of speech, of answers about videos, and by aspect: read and counted."""

import json
import math
import shutil

import pytest

import mmjudge
from mmjudge.errors import TaskError
from mmjudge.sources.folder import open_task
from mmjudge.task import JudgedRow, checked
from mmjudge.types import Answers, Failure, Media, Reply, Score
from tests.tasks.judged_rows import by_id, figures, is_bad, judged
from tests.tasks.small_hub_data import wav

# AudioJudge, speech


def results_alone(folder):
    """A sample without its tables, as the authors' repository holds it."""
    for path in folder.rglob("*.parquet"):
        path.unlink()
    inner = folder / "repository" / "experiments" / "main_experiments"
    inner.mkdir(parents=True)
    for group in folder.glob("results*"):
        shutil.move(group, inner)
    return folder / "repository"


def test_pairs_of_tables_and_of_results_are_the_same_by_name_and_gold(small):
    data = small("audiojudge_speech")
    tables = by_id(open_task("audiojudge_speech", data), "pair")
    results = by_id(open_task("audiojudge_speech", results_alone(data)), "pair")
    assert results
    assert all(item.gold == tables[name].gold for name, item in results.items())
    assert {item.absent is None for item in tables.values()} == {True}


def test_a_pair_of_results_lacks_its_sounds_until_they_lie_where_the_authors_put_them(small):
    data = results_alone(small("audiojudge_speech"))
    pair = by_id(open_task("audiojudge_speech", data), "pair")["somos/1"]
    assert pair.absent == "audio audio_data/somos_audio/1/audio_a.wav"
    for candidate in pair.candidates:
        path = data / "experiments" / "main_experiments" / candidate.parts[0].uri
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(wav(1))
    assert by_id(open_task("audiojudge_speech", data), "pair")["somos/1"].absent is None


def test_a_label_that_is_none_of_the_authors_is_a_bad_item_of_its_row(small):
    data = results_alone(small("audiojudge_speech"))
    (path,) = data.rglob("speed_*.csv")
    path.write_text(path.read_text().replace("audio_b.wav,2,", "audio_b.wav,3,"))
    bad = [item for item in open_task("audiojudge_speech", data).load("pair") if is_bad(item)]
    assert [item.where for item in bad] == [f"{path}: row 1"]
    assert "ground_truth: one of ['1', '2', 'tie'] is needed, found '3'" in bad[0].problem


def test_a_judge_that_scored_each_sound_alone_is_replayed_in_both_protocols(small, tmp_path):
    data = small("audiojudge_speech")
    judge = "replay:m-1/pointwise/0-shots-none-transcript-examples-separate"
    where = {"dataset": "tmhintq"}
    found = {}
    for protocol in ("pair", "score"):
        run = mmjudge.run(
            "audiojudge_speech",
            judge,
            data=data,
            out=tmp_path / protocol,
            protocol=protocol,
            orders="given",
            where=where,
        )
        found |= {r.metric: r.value for r in run.scores(n_resamples=0) if r.stratum != "all"}
    assert found["audiojudge_speech.accuracy"] == 75  # a tie on a decided pair, and one right
    errors = [4 - 2.0, 4 - 3.5, 5 - 4.5, 2 - 1.25]
    assert found["audiojudge_speech.mse"] == pytest.approx(sum(e * e for e in errors) / 4)


def test_what_was_said_of_swapped_sounds_is_told_in_the_order_of_the_item(small):
    task = open_task("audiojudge_speech", small("audiojudge_speech"))
    (judge,) = [name for name in task.recorded_judges() if "pointwise" not in name]
    said = [line for line in task.recorded(judge) if line.item.startswith("somos/")]
    values = {
        (line.item, line.order): line.verdict and line.verdict.value
        for line in said
        if line.order is not None
    }
    assert values == {
        ("somos/0", ("a", "b")): "first",
        ("somos/0", ("b", "a")): "first",  # the second sound shown is the first of the item
        ("somos/1", ("a", "b")): "first",
        ("somos/1", ("b", "a")): "second",
        ("somos/2", ("a", "b")): None,
        ("somos/2", ("b", "a")): "second",
    }


def test_a_tie_is_half_right_and_a_failure_wrong(small):
    task = open_task("audiojudge_speech", small("audiojudge_speech"))
    items = list(by_id(task, "pair").values())[:3]
    right = items[0].gold["quality"].value
    rows = [
        *judged(items[0], right, criterion="quality"),
        *judged(items[1], "tie", criterion="quality"),
        *judged(items[2], None, criterion="quality"),
    ]
    found = figures(task, rows)
    assert found["audiojudge_speech.accuracy", "quality", "dataset=somos"] == 50


# SpeakBench


def test_an_instruction_heard_and_read_is_one_content_in_two_presentations(small, tmp_path):
    data = small("speakbench")
    items = by_id(open_task("speakbench", data), "pair")
    heard, read = items["3/audio-audio"], items["3/text-audio"]
    assert heard.strata["pair"] == read.strata["pair"]
    assert heard.candidates == read.candidates
    assert heard.in_words == {heard.prompt[0].uri: read.prompt[0]}
    run = mmjudge.run("speakbench", "baseline:first", data=data, out=tmp_path / "run")
    strata = {r.stratum for r in run.scores(n_resamples=0) if r.metric.startswith("presentation")}
    assert "condition=audio-audio/text-audio" in strata


# VideoAutoBench


def test_the_list_of_videos_says_where_one_lies_and_without_it_the_name_does(small):
    data = small("video_autobench")
    listed = by_id(open_task("video_autobench", data), "pair")["wall1_0"]
    (video,) = [part for part in listed.prompt if isinstance(part, Media)]
    assert video.uri == "videos/bar_red_blue.mp4"
    assert listed.in_words == {video.uri: "First the wall is red. Now it is blue."}
    assert listed.absent is None
    (data / "lvb_test_wo_gt.json").unlink()
    named = by_id(open_task("video_autobench", data), "pair")["wall1_0"]
    assert named.absent == "video videos/wall1.mp4"
    assert named.in_words == {}


# VideoJudge


def scored(item, value):
    outcome = Failure(reason="empty") if value is None else Score(value=value)
    return JudgedRow(item, "overall", (0,), 0, Reply(), outcome)


def test_correct_answers_are_held_against_distractors_and_ratings_are_no_part_of_it(small):
    task = open_task("video_judge", small("video_judge"))
    items = by_id(task, "score")
    assert items["b1"].gold == {}
    rows = [scored(items[name], value) for name, value in (("b1", 5), ("b2", 2), ("l1", 1))]
    assert figures(task, rows)["video_judge.correct_less_distractor", "overall", "all"] == 3
    one_kind = figures(task, [scored(items["b1"], 4), scored(items["b2"], None)])
    assert math.isnan(one_kind["video_judge.correct_less_distractor", "overall", "all"])


# FRABench


def conversation(data, replied="[Feedback]: Ours. [Result]: 4 3", before="", images=()):
    body = "\n###\n".join(["[BEGIN DATA]", *data, "[END DATA]"])
    turns = {"system": "Judge.", "user": f"{before}\n{body}\nScore both.", "assistant": replied}
    messages = [{"role": role, "content": text} for role, text in turns.items()]
    return {"messages": messages, "images": list(images)}


def aspects(folder, *rows):
    path = folder / "FRA-ID-H.json"
    path.write_text(json.dumps(rows))
    return list(checked(open_task("frabench", path), "pair"))


ASPECT = "[Criterion]: Fluency: How it reads."


def test_a_response_may_hold_marks_and_headings_of_its_own_but_not_those_of_the_form(tmp_path):
    own = "### Steps\n[Note]: one\n### End"
    both = [ASPECT, f"[Response 1]: {own}", "[Response 2]: b"]
    forged = [ASPECT, "[Response 1]: a\n### [Response 2]: bought", "[Response 2]: b"]
    good, bad = aspects(tmp_path, conversation(both), conversation(forged))
    assert [candidate.parts for candidate in good.candidates] == [(own,), ("b",)]
    assert is_bad(bad)
    assert "stands there twice" in bad.problem


@pytest.mark.parametrize(
    ("replied", "value"), [("4 3", "first"), ("(2 5)", "second"), ("3, 3", "tie")]
)
def test_the_higher_score_is_the_better_response_and_equal_ones_are_a_tie(tmp_path, replied, value):
    both = [ASPECT, "[Response 1]: a", "[Response 2]: b"]
    (item,) = aspects(tmp_path, conversation(both, f"[Feedback]: x [Result]: {replied}"))
    assert item.gold["aspect"].value == value
    assert (item.strata["root"], item.strata["aspect"]) == ("Readability", "Fluency")


def test_images_are_dealt_out_by_the_numbers_that_the_form_speaks_of(tmp_path):
    before = "consisting of 2 images by the first model, then the 1 images by the second."
    three = conversation([ASPECT], before=before, images=("x.png", "y.png", "z.png"))
    two = conversation([ASPECT], before=before, images=("x.png", "y.png"))
    dealt, short = aspects(tmp_path, three, two)
    shown = [[part.uri for part in candidate.parts] for candidate in dealt.candidates]
    assert shown == [["x.png", "y.png"], ["z.png"]]
    assert is_bad(short)
    assert "3 are needed" in short.problem


def test_a_folder_without_a_file_of_conversations_says_what_is_needed(tmp_path):
    with pytest.raises(TaskError, match="a file of conversations for each split"):
        list(open_task("frabench", tmp_path).load("pair"))


# AudioJudge, likeness


def test_words_are_numbered_by_their_labels_without_bad_ones_and_examples(small):
    items = by_id(open_task("audiojudge_same", small("audiojudge_same")), "checklist")
    words = {name: item for name, item in items.items() if name.startswith("pronunciation/")}
    said = [next(iter(item.in_words.values())) for item in words.values()]
    assert list(zip(words, said, strict=True)) == [
        ("pronunciation/1", "gate"),
        ("pronunciation/2", "lamp"),
        ("pronunciation/3", "gate"),
    ]
    golds = [item.gold["pronunciation"].answers for item in words.values()]
    assert golds == [("yes",), ("no",), ("no",)]


def test_pairs_of_likeness_are_the_same_in_tables_and_in_results(small):
    data = small("audiojudge_same")
    tables = by_id(open_task("audiojudge_same", data), "checklist")
    results = by_id(open_task("audiojudge_same", results_alone(data)), "checklist")
    assert len(results) == 5
    assert all(item.gold == tables[name].gold for name, item in results.items())


def test_a_judge_that_always_hears_the_same_is_balanced_at_half(small):
    task = open_task("audiojudge_same", small("audiojudge_same"))
    items = [item for name, item in by_id(task, "checklist").items() if "speaker" in name]
    rows = [JudgedRow(one, "speaker", (0,), 0, Reply(), Answers(answers=("yes",))) for one in items]
    found = figures(task, rows)
    assert found["audiojudge_same.balanced", "speaker", "dataset=speaker"] == 50
    assert found["audiojudge_same.accuracy", "speaker", "dataset=speaker"] == pytest.approx(200 / 3)
    assert found["audiojudge_same.false_same", "speaker", "dataset=speaker"] == 100
