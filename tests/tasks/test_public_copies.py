"""The loaders of public data, on datasets of the same shape, with the network off."""

import urllib.error
import urllib.request

import pytest
from mmjudge_tasks import vl_rewardbench
from mmjudge_tasks.audiojudge import public as audiojudge
from mmjudge_tasks.mj_bench_bias import public as mj_bench_bias
from mmjudge_tasks.viescore import public as viescore

from mmjudge.errors import TaskError
from mmjudge.sources import github, hub
from mmjudge.sources.folder import open_task
from mmjudge.sources.github import FileAbsentError
from mmjudge.sources.hub import HubName
from mmjudge.task import BadItem, checked
from mmjudge.types import Media
from tests.tasks.samples import SAMPLES
from tests.tasks.small_hub_data import png, wav, write_dataset


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "hf"))
    monkeypatch.setenv("MMJUDGE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def served(monkeypatch, tmp_path):
    """Put a folder where the Hub's dataset was: all but the question whether it is there."""
    monkeypatch.setattr(hub, "require", lambda name: None)

    def serve(name, split, columns):
        folder = tmp_path / "served" / name
        write_dataset(folder, split, columns)
        return HubName(str(folder), "main")

    return serve


def content(task, media):
    return (task.root / media.uri).read_bytes()


def parts_of(item):
    return [*item.prompt, *(part for c in item.candidates for part in c.parts)]


# AudioJudge


def sound(level):
    return {"bytes": wav(level), "path": "x.wav"}


def talk(question, answer):
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def spoken(**changes):
    facts = {
        "conversation_a": talk("Why?", "Because."),
        "conversation_b": talk("Why?", "It is so."),
        "model_a": "koala",
        "model_b": "alpaca",
        "winner": "model_b",
    }
    return {
        "metadata": [facts, {**facts, "winner": "tie (bothbad)"}, {**facts, "winner": "nobody"}],
        "question": [sound(1)] * 3,
        "assistant_a": [sound(2)] * 3,
        "assistant_b": [sound(3)] * 3,
        "unrelated": [0] * 3,
        **changes,
    }


THAI = {
    "label": ["a", "b"],
    "system_a": ["x", "y"],
    "system_b": ["y", "z"],
    "audio_a": [sound(4)] * 2,
    "audio_b": [sound(5), {"bytes": b"", "path": "gone.wav"}],
}


@pytest.fixture
def spoken_and_thai(served, monkeypatch):
    def make(columns):
        monkeypatch.setattr(audiojudge, "SPOKEN_HUB", served("spoken", "train", columns))
        monkeypatch.setattr(audiojudge, "THAI_HUB", served("thai", "train", THAI))
        return open_task("audiojudge")

    return make


def test_a_spoken_pair_comes_in_each_presentation_with_the_winner_of_the_text(spoken_and_thai):
    task = spoken_and_thai(spoken())
    items = {item.id: item for item in checked(task, "pair")}
    pair = items["0000/audio-text"]
    assert content(task, pair.prompt[0]) == wav(1)
    assert pair.prompt[0].uri.endswith(".wav")
    assert [c.parts for c in pair.candidates] == [("Because.",), ("It is so.",)]
    assert [c.system for c in pair.candidates] == ["koala", "alpaca"]
    assert items["0000/text-text"].prompt == ("Why?",)
    heard = items["0000/audio-audio"]
    assert [content(task, c.parts[0]) for c in heard.candidates] == [wav(2), wav(3)]
    assert {items[f"0000/{c}"].gold["overall"].value for c in audiojudge.MODALITIES} == {"second"}
    assert items["0001/text-text"].gold["overall"].value == "tie"
    assert pair.strata["condition"] == "audio-text"


def test_thai_speech_is_read_and_a_row_that_cannot_be_is_named(spoken_and_thai):
    items = list(checked(spoken_and_thai(spoken()), "pair"))
    good = next(item for item in items if item.id == "thaimos/0")
    assert good.gold["overall"].value == "first"
    assert all(isinstance(c.parts[0], Media) for c in good.candidates)
    winner, blob = (item for item in items if isinstance(item, BadItem))
    assert "winner" in winner.problem
    assert "'nobody'" in winner.problem
    assert winner.where.endswith("train row 2")
    assert "bytes of audio are needed" in blob.problem
    assert len({item.id for item in items}) == len(items) == 2 * 3 + 1 + 1 + 1


def test_other_columns_are_refused_with_what_is_wanted_and_what_was_found(spoken_and_thai):
    task = spoken_and_thai({"question": [sound(1)], "answer": ["x"]})
    with pytest.raises(TaskError, match=r"metadata, assistant_a, assistant_b .*answer, question"):
        list(task.load("pair"))


# MJ-Bench, bias

PORTRAITS = {
    "demographic": ["old_female_white", "young_martian", "young_male_asian"],
    "occupation": ["Nurse", "Nurse", ""],
    "image": [{"bytes": png(c), "path": None} for c in ("red", "green", "blue")],
    "caption": ["A Nurse."] * 3,
}


def test_a_public_portrait_is_asked_about_on_each_scale(served, monkeypatch):
    monkeypatch.setattr(mj_bench_bias, "HUB", served("bias", "bias", PORTRAITS))
    task = open_task("mj_bench_bias")
    items = list(checked(task, "score"))
    good = [item for item in items if not isinstance(item, BadItem)]
    assert [item.id for item in good] == ["scale5/0000", "scale10/0000", "likert/0000"]
    assert [item.criteria for item in good] == [("scale5",), ("scale10",), ("likert",)]
    assert content(task, good[0].candidates[0].parts[0]) == png("red")
    assert good[0].prompt == ("A Nurse.",)
    assert good[0].strata["gender"] == "female"
    problems = [item.problem for item in items if isinstance(item, BadItem)]
    assert sum("young_martian" in problem for problem in problems) == 3
    assert "occupation: a text is needed" in problems[-1]
    assert task.recorded_judges() == ()


def test_pairs_in_place_of_portraits_are_refused_by_their_columns(served, monkeypatch):
    pairs = {"caption": ["c"], "image0": [{"bytes": png("red"), "path": None}], "label": [0]}
    monkeypatch.setattr(mj_bench_bias, "HUB", served("pairs", "bias", pairs))
    with pytest.raises(TaskError, match=r"demographic, occupation, image are needed.*image0"):
        list(open_task("mj_bench_bias").load("score"))


# VIEScore

ROWS = {
    "Text-Guided_IG": {"uid": [0, 1], "prompt": ["a cat", "a dog"], "category": ["x", "y"]},
    "Mask-Guided_IE": {"img_id": ["9", "8"], "turn_index": [1, 2], "instruction": ["cut", "dye"]},
    "Subject-Driven_IE": {
        "uid": [0, 1],
        "subject": ["rc_car", "cat"],
        "image": [{"bytes": png("red"), "path": None}] * 2,
    },
    "Multi-Concept_IC": {"uid": [0, 1], "prompt": ["a cat on a sofa", "a cat"]},
}


def uids(columns):
    if "uid" in columns:
        return [f"sample_{uid}.jpg" for uid in columns["uid"]]
    pairs = zip(columns["img_id"], columns["turn_index"], strict=True)
    return [f"sample_{name}_{turn}.jpg" for name, turn in pairs]


@pytest.fixture
def museum(served, monkeypatch):
    """Serve the four datasets, and the files of the two repositories by address."""
    files = {}
    subtasks = []
    raw = "https://raw.githubusercontent.com"
    for subtask in viescore.SUBTASKS:
        columns = ROWS[subtask.name]
        subtasks.append(subtask._replace(hub=served(subtask.name, subtask.split, columns)))
        rated = [viescore.RATED_AS.get(name, name) for name in subtask.generators]
        lines = ["\t".join(["uid", *rated, "Another"])]
        lines += ["\t".join([uid, *["[1, 0.5]"] * (len(rated) + 1)]) for uid in uids(columns)]
        for rater in viescore.RATERS:
            folder = f"eval/human_ratings/{subtask.ratings}"
            name = f"{folder}/{subtask.ratings}_rater{rater}.tsv"
            files[f"{raw}/{'/'.join(viescore.PEOPLE)}/{name}"] = "\n".join(lines).encode()
        for folder in (*subtask.inputs, *subtask.generators):
            for uid in uids(columns):
                path = f"Museum/ImagenHub_{subtask.name}/{folder}/{uid}"
                files[f"{raw}/{'/'.join(viescore.MUSEUM)}/{path}"] = f"{folder} {uid}".encode()

    def download(url):
        if url not in files:
            raise github.FileAbsentError(f"{url}: no such file")
        return files[url]

    monkeypatch.setattr(viescore, "SUBTASKS", tuple(subtasks))
    monkeypatch.setattr(github, "_download", download)
    return files


def test_prompts_images_and_ratings_are_joined(museum):
    task = open_task("viescore")
    items = {item.id: item for item in checked(task, "score")}
    assert len(items) == 2 * (5 + 4 + 3 + 3)
    image = items["Text-Guided_IG/sample_0.jpg/DALLE2"]
    assert image.prompt == ("a cat",)
    assert content(task, image.candidates[0].parts[0]) == b"DALLE2 sample_0.jpg"
    assert image.candidates[0].system == "DALLE2"
    assert image.gold["SC"].ratings == (10, 10, 10)
    assert image.gold["PQ"].value == 5
    assert image.strata["generator"] == "DALLE2"
    edited = items["Mask-Guided_IE/sample_9_1.jpg/Glide"].prompt
    assert content(task, edited[1]) == b"input sample_9_1.jpg"
    assert edited[2] == "Instruction: cut"
    replaced = items["Subject-Driven_IE/sample_0.jpg/DreamEdit"].prompt
    assert "rc car" in replaced[0]
    shown = [content(task, part) for part in replaced if isinstance(part, Media)]
    assert shown == [b"input sample_0.jpg", b"token sample_0.jpg"]
    assert items["Multi-Concept_IC/sample_1.jpg/DreamBooth"].prompt[-1] == "a cat"


def test_public_images_of_one_prompt_are_ranked(museum):
    items = {item.id: item for item in checked(open_task("viescore"), "rank")}
    assert len(items) == 8
    ranked = items["Mask-Guided_IE/sample_8_2.jpg"]
    assert [c.id for c in ranked.candidates] == [
        "BlendedDiffusion",
        "Glide",
        "SDInpaint",
        "SDXLInpaint",
    ]
    assert ranked.gold["O"].ranks == (1, 1, 1, 1)


def test_an_image_or_rating_that_is_not_there_is_reported_with_its_place(museum):
    gone = next(url for url in museum if url.endswith("Text-Guided_IG/SD/sample_1.jpg"))
    del museum[gone]
    rated = next(url for url in museum if url.endswith("Multi-Subject_IG_rater2.tsv"))
    museum[rated] = museum[rated].replace(b"[1, 0.5]", b"[1, 2, 3]", 1)
    items = list(checked(open_task("viescore"), "rank"))
    image, rating = (item for item in items if isinstance(item, BadItem))
    assert gone in image.problem
    assert image.id == "Text-Guided_IG/sample_1.jpg"
    assert "[1, 2, 3]" in rating.problem
    assert "CustomDiffusion" in rating.problem
    assert len(items) == 8


def test_a_rating_file_without_a_generator_is_an_error_that_names_it(museum):
    for url in museum:
        if url.endswith("Text-To-Image_rater1.tsv"):
            museum[url] = museum[url].replace(b"DALLE", b"DALL-E")
    with pytest.raises(TaskError, match=r"rater1\.tsv:1: columns \['DALLE'\] are needed"):
        list(open_task("viescore").load("score"))


def test_a_file_of_github_is_downloaded_once(museum, monkeypatch):
    before = list(open_task("viescore").load("rank"))
    monkeypatch.setattr(github, "_download", pytest.fail)
    assert list(open_task("viescore").load("rank")) == before


@pytest.mark.parametrize(
    ("raised", "error", "words"),
    [
        (urllib.error.HTTPError("u", 404, "Not Found", None, None), FileAbsentError, "no such"),
        (urllib.error.HTTPError("u", 503, "Busy", None, None), TaskError, "try again later"),
        (urllib.error.URLError("no route"), TaskError, "check the network"),
    ],
)
def test_a_file_that_is_absent_differs_from_a_server_that_is(monkeypatch, raised, error, words):
    def unanswered(url, timeout):
        raise raised

    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr(urllib.request, "urlopen", unanswered)
    with pytest.raises(TaskError, match=words) as caught:
        github.github_file(viescore.PEOPLE, "a b.tsv")
    assert type(caught.value) is error
    assert "a%20b.tsv" in str(caught.value)


# VL-RewardBench


def test_a_table_whose_columns_changed_is_refused_with_both_and_the_revision(served, monkeypatch):
    name = served("vl", "test", {"id": ["1"], "question": ["Why?"]})
    monkeypatch.setattr(vl_rewardbench, "HubName", lambda repo, revision: name)
    wanted = r"vl@main.*query, response, image, human_ranking are needed, found id, question"
    with pytest.raises(TaskError, match=wanted):
        list(open_task("vl_rewardbench").load("pair"))


# All of them


@pytest.mark.parametrize("name", SAMPLES)
def test_without_data_and_network_the_answer_says_so_or_that_data_is_needed(name):
    task = open_task(name)
    with pytest.raises(TaskError) as error:
        list(task.load(task.spec.protocols[0]))
    said = str(error.value)
    assert "HF_HUB_OFFLINE is set" in said or task.spec.card.source in said


def test_whatever_the_public_copies_hold_is_at_hand(spoken_and_thai, museum, served, monkeypatch):
    spoken_and_thai(spoken())
    monkeypatch.setattr(mj_bench_bias, "HUB", served("bias", "bias", PORTRAITS))
    for name in ("audiojudge", "mj_bench_bias", "viescore"):
        task = open_task(name)
        for item in checked(task, task.spec.protocols[0]):
            if isinstance(item, BadItem):
                continue
            assert item.absent is None
            assert all(content(task, p) for p in parts_of(item) if isinstance(p, Media))


def test_an_abbreviated_commit_is_looked_up_in_full(monkeypatch):
    import huggingface_hub

    class Commit:
        def __init__(self, commit_id):
            self.commit_id = commit_id

    history = [Commit("06c0a3e" + "0" * 33), Commit("1" * 40), Commit("1" * 39 + "2")]
    monkeypatch.setattr(
        huggingface_hub.HfApi, "list_repo_commits", lambda self, repo, repo_type: history
    )
    assert hub.whole_revision(HubName("o/n", "06c0a3e")).revision == history[0].commit_id
    assert hub.whole_revision(HubName("o/n", "main")).revision == "main"
    for wrong in ("1111111", "abcdef0"):
        with pytest.raises(TaskError, match="commits of it begin with"):
            hub.whole_revision(HubName("o/n", wrong))
