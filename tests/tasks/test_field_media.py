"""The field's benchmarks of generated media: what is read, refused, and counted."""

import math

import pytest
from mmjudge_tasks.omni_rewardbench import SUBSETS

import mmjudge
from mmjudge.errors import TaskError
from mmjudge.sources import public_rows
from mmjudge.sources.folder import open_task
from mmjudge.task import checked
from mmjudge.types import Media
from tests.tasks.judged_rows import by_id, bytes_of, figures, is_bad, judged
from tests.tasks.small_hub_data import png, wav

# MJ-Bench


def test_each_pair_has_the_criterion_of_its_part_and_says_which_images_it_lacks(small):
    items = by_id(open_task("mj_bench", small("mj_bench")), "pair")
    assert {name.partition("/")[0] for name in items} == {"alignment", "quality", "safety"}
    assert all(item.criteria == (name.partition("/")[0],) for name, item in items.items())
    assert items["alignment/spatial/1"].gold["alignment"].value == "second"
    assert items["safety/nsfw/nsfw_edited"].gold["safety"].value == "first"
    assert items["safety/nsfw/nsfw_edited"].absent is None
    assert {items[f"quality/blur/blur_{way}"].absent for way in ("edited", "far")} == {
        "image quality/blur_dataset/images/blur.png"
    }


def test_a_judges_tie_is_wrong_or_left_out_by_name_and_a_failure_is_always_wrong(small):
    items = by_id(open_task("mj_bench", small("mj_bench")), "pair")
    quality = [items[f"quality/{name}/{name}_edited"] for name in ("human", "mpii", "objects")]
    values = ("first", "tie", None)
    rows = [
        row
        for item, value in zip(quality, values, strict=True)
        for row in judged(item, value, criterion="quality")
    ]
    found = figures(open_task("mj_bench"), rows)
    assert found["mj_bench.with_tie", "quality", "all"] == pytest.approx(100 / 3)
    assert found["mj_bench.without_tie", "quality", "all"] == 50
    assert math.isnan(found["mj_bench.without_tie", "quality", "category=mpii"])


# MJ-Bench-Video


def test_an_aspect_has_its_own_pairs_and_the_fault_that_decides(small):
    folder = small("mj_bench_video")
    items = by_id(open_task("mj_bench_video", folder), "pair")
    assert items["alignment/0000"].gold["alignment"].value == "second"
    assert items["safety/0000"].gold["safety"].value == "first"
    assert items["coherence/0000"].strata["fault"] == "one"
    assert items["overall/0000"].gold["overall"].value == "first"
    assert all(item.absent is None for item in items.values())
    path = folder / "cc.json"
    path.write_text(path.read_text().replace('"chosen": false', '"chosen": true'))
    bad = [item for item in open_task("mj_bench_video", folder).load("pair") if is_bad(item)]
    assert ["true of one video is needed" in item.problem for item in bad] == [True]


# Omni-RewardBench


def test_the_criterion_of_an_item_stands_at_the_end_of_its_prompt(small):
    items = by_id(open_task("omni_rewardbench", small("omni_rewardbench")), "pair")
    assert {item.prompt[-1] for item in items.values()} == {"Criterion: Is it short?"}
    edited = items["text_image_to_image/0000"]
    assert edited.strata["modality"] == "text+image->image"
    assert [part.modality for part in edited.prompt if isinstance(part, Media)] == ["image"]
    assert items["text_to_3D/0000"].candidates[0].parts[0].modality == "image"
    assert items["text_audio_to_text/0000"].prompt[0].modality == "audio"
    assert all(item.absent is None for item in items.values())


def test_rows_of_the_hub_hold_images_and_sounds_and_name_videos(monkeypatch, tmp_path):
    monkeypatch.setenv("MMJUDGE_CACHE", str(tmp_path / "cache"))
    held = {"image": {"bytes": png("red"), "path": "a.png"}, "audio": {"bytes": wav(1)}}
    kinds = {subset.name: subset for subset in SUBSETS}

    def rows(hub, config, split, columns):
        assert split == "test"
        subset = kinds[config]
        row = {
            "prompt": "Say it.",
            "model1": "one",
            "model2": "two",
            "criteria": "Is it short?",
            "criteria_preference": "response2",
            subset.shown: held.get(subset.shown, "ours/a.mp4"),
        }
        answered = subset.answered
        shown = "Yes." if answered == "text" else held.get(answered, "ours/a.mp4")
        row |= {"response1": shown, "response2": shown}
        yield {column: row[column] for column in columns}
        yield {**{column: row[column] for column in columns}, "response1": None}

    monkeypatch.setattr(public_rows, "hub_rows", rows)
    task = open_task("omni_rewardbench")
    items = list(checked(task, "pair"))
    good = {item.strata["subset"]: item for item in items if not is_bad(item)}
    assert list(good) == [subset.name for subset in SUBSETS]
    assert bytes_of(task, good["text_to_3D"].candidates[1].parts[0]) == png("red")
    assert bytes_of(task, good["text_audio_to_text"].prompt[0]) == wav(1)
    lacking = {name for name, item in good.items() if item.absent}
    assert lacking == {"text_video_to_text", "text_to_video"}
    bad = [item.problem for item in items if is_bad(item)]
    assert ["response1" in problem for problem in bad] == [True] * len(SUBSETS)


def test_pairs_that_people_call_a_tie_are_left_out_by_name(small):
    task = open_task("omni_rewardbench", small("omni_rewardbench"))
    first, tie, second = list(task.load("pair"))[:3]
    rows = [
        row
        for item, value in ((first, "first"), (tie, "first"), (second, "tie"))
        for row in judged(item, value, criterion="free")
    ]
    found = figures(task, rows)
    assert found["omni_rewardbench.with_tie", "free", "all"] == pytest.approx(100 / 3)
    assert found["omni_rewardbench.without_tie", "free", "all"] == 50
    assert found["omni_rewardbench.without_tie_macro", "free", "all"] == 50


# GenAI-Bench, videos


def test_whole_replies_are_replayed_and_counted_by_the_authors_rule(small, tmp_path):
    data = small("genai_bench_video")
    run = mmjudge.run(
        "genai_bench_video", "replay:j", data=data, out=tmp_path / "run", orders="given"
    )
    found = {r.metric: r.value for r in run.scores(n_resamples=0) if r.metric.startswith("genai")}
    assert found["genai_bench.accuracy"] == pytest.approx(200 / 3)


def test_a_video_at_an_address_of_the_hub_is_fetched_from_there():
    from mmjudge_tasks.genai_bench.video import HubRow, _public_items

    row = {
        "prompt": "Waves.",
        "left_video": "https://huggingface.co/datasets/some/videos/blob/main/dir/a.mp4",
        "right_video": "https://example.org/b.mp4",
        "vote_type": "rightvote",
    }
    (item,) = _public_items(0, HubRow.model_validate(row), "row 0")
    left, right = (candidate.parts[0].uri for candidate in item.candidates)
    assert left == "hf://datasets/some/videos@main/dir/a.mp4"
    assert right == "https://example.org/b.mp4"
    assert item.gold["overall"].value == "second"
    wrong = HubRow.model_validate({**row, "left_video": "a.mp4"})
    with pytest.raises(TaskError, match=r"left_video: an address is needed, found 'a\.mp4'"):
        list(_public_items(0, wrong, "row 0"))
