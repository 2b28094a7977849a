import json
import re
from pathlib import Path

import pytest

from mmjudge.errors import MmjudgeError, TaskError
from mmjudge.sources.folder import open_task, unsafe_uri
from mmjudge.task import BadItem, checked

CARD = """\
name: cups
protocols: [pair]
modalities: [text, image]
primary: accuracy
criteria:
  - name: alignment
    question: Which picture shows what the text says?
card:
  summary: Two pictures of cups.
"""


def item(name="1", prompt="A red cup left of a plate", uri="img/a.png", **fields):
    return {
        "id": name,
        "prompt": [prompt],
        "candidates": [
            {"id": "a", "system": "sdxl", "parts": [{"modality": "image", "uri": uri}]},
            {"id": "b", "system": "flux", "parts": ["a description instead"]},
        ],
        "gold": {"alignment": {"kind": "preference", "value": "second", "ratings": ["second"]}},
        "strata": {"modality": "text->image"},
        **fields,
    }


@pytest.fixture
def folder(tmp_path):
    def make(content, card=CARD):
        path = tmp_path / "cups"
        path.mkdir(exist_ok=True)
        (path / "task.yaml").write_text(card)
        if isinstance(content, str):
            content = content.encode()
        (path / "items.jsonl").write_bytes(content)
        return path

    return make


def lines(*items):
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in items)


def load(path):
    task = open_task(str(path))
    return list(checked(task, "pair"))


def split(items):
    bad = [each for each in items if isinstance(each, BadItem)]
    return [each for each in items if not isinstance(each, BadItem)], bad


def test_a_folder_is_a_task(folder):
    path = folder(lines(item("1"), item("2")))
    task = open_task(str(path))
    assert task.spec.label == "cups@1"
    assert task.root == path
    assert [each.id for each in task.load("pair")] == ["1", "2"]


def test_crlf_and_a_byte_order_mark_change_nothing(folder):
    plain = load(folder(lines(item("1"), item("2"))))
    other = load(
        folder(b"\xef\xbb\xbf" + lines(item("1"), item("2")).replace("\n", "\r\n").encode())
    )
    assert plain == other
    assert split(other)[1] == []


def test_a_cut_off_last_line_is_reported_and_the_rest_is_kept(folder):
    path = folder(lines(item("1")) + json.dumps(item("2"))[:60])
    good, bad = split(load(path))
    assert [each.id for each in good] == ["1"]
    assert bad[0].where == f"{path / 'items.jsonl'}:2"
    assert "cut off" in bad[0].problem


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (item("2", systems="x"), "systems"),
        (item("2", gold={"taste": {"kind": "preference", "value": "first"}}), "taste"),
        (item("2", gold={"alignment": {"kind": "preference", "value": "left"}}), "left"),
        (item("2", gold={"alignment": {"kind": "score", "value": float("nan")}}), "gold"),
        (item("2", candidates=item()["candidates"][:1]), "a pair needs 2, found 1"),
        (item("2", candidates=[item()["candidates"][0]] * 2), "ids must differ"),
        (item("2", candidates=[]), "candidates"),
        (item("2", uri="../a.png"), "must stay in the folder"),
        (item("2", uri="/etc/passwd"), "must be relative"),
        (item("2", uri="C:/a.png"), "must be relative"),
        (item("2", uri="http://example.org/a.png"), "only https://, hf://"),
        (item("2", uri="hf://x://y"), "only https://, hf://"),
        (item("2", uri="img\\..\\a.png"), "backslash"),
        (item("1"), "second time"),
        ([1, 2], "object"),
    ],
)
def test_what_cannot_be_judged_is_reported_and_the_rest_is_kept(folder, wrong, words):
    good, bad = split(load(folder(lines(item("1"), wrong, item("3")))))
    assert [each.id for each in good] == ["1", "3"]
    assert len(bad) == 1
    assert words in bad[0].problem
    assert bad[0].where


@pytest.mark.parametrize(
    "text",
    [
        "right \u202eto left\u202c marks \u200f",
        "a NUL \x00 inside",
        "zero\u200bwidth and \ufeff inside",
        "combining e\u0301 and \u00e9",
        "astral \U0001f3fa and \uffff",
    ],
)
def test_odd_text_goes_through_byte_for_byte(folder, text):
    good, bad = split(load(folder(lines(item("1", prompt=text)))))
    assert bad == []
    assert good[0].prompt == (text,)


def test_a_lone_surrogate_is_a_bad_line(folder):
    written = lines(item("1")) + json.dumps(item("2", prompt="\ud800")) + "\n"
    good, bad = split(load(folder(written)))
    assert [each.id for each in good] == ["1"]
    assert len(bad) == 1
    assert bad[0].where.endswith("items.jsonl:2")


def test_a_byte_that_is_no_text_is_a_bad_line(folder):
    written = lines(item("1")).encode() + lines(item("2", prompt="XX")).encode().replace(
        b"XX", b"\xff"
    )
    good, bad = split(load(folder(written)))
    assert [each.id for each in good] == ["1"]
    assert len(bad) == 1


def test_a_card_is_read_whole_and_every_problem_has_its_line(folder):
    card = CARD.replace("primary: accuracy", "primry: accuracy").replace("[pair]", "[pairs]")
    with pytest.raises(MmjudgeError) as error:
        open_task(str(folder(lines(item()), card)))
    message = str(error.value)
    assert "task.yaml:4: primry" in message
    assert "task.yaml:2: protocols" in message


def test_a_folder_that_is_none_says_what_it_needs(tmp_path):
    with pytest.raises(TaskError, match="no such task folder"):
        open_task(str(tmp_path / "nowhere"))
    with pytest.raises(TaskError, match=r"needs task\.yaml"):
        open_task(str(tmp_path))
    (tmp_path / "task.yaml").write_text(CARD)
    with pytest.raises(TaskError, match=r"items\.jsonl: missing"):
        list(open_task(str(tmp_path)).load("pair"))


def test_an_empty_items_file_is_an_error(folder):
    with pytest.raises(TaskError, match="holds no rows"):
        load(folder(""))


def test_an_unknown_task_is_answered_with_the_nearest_name():
    with pytest.raises(MmjudgeError, match="did you mean 'viescore'"):
        open_task("vie_score")


def test_data_is_not_taken_beside_a_folder(folder, tmp_path):
    with pytest.raises(TaskError, match="holds its own data"):
        open_task(str(folder(lines(item()))), tmp_path)


def test_a_card_that_is_no_yaml_is_said_so_beside_data(folder, tmp_path):
    path = folder(lines(item()), "columns: {id: [uid\n")
    with pytest.raises(MmjudgeError, match="not YAML"):
        open_task(str(path), tmp_path)


def test_each_protocol_may_have_its_own_items(folder):
    path = folder(lines(item("1")), CARD.replace("[pair]", "[pair, score]"))
    one = item("s")
    one["candidates"] = one["candidates"][:1]
    one["gold"] = {"alignment": {"kind": "score", "value": 2}}
    (path / "items.score.jsonl").write_text(lines(one))
    task = open_task(str(path))
    assert [each.id for each in checked(task, "score")] == ["s"]
    assert [each.id for each in checked(task, "pair")] == ["1"]


def test_a_folder_may_bring_recorded_replies(folder, tmp_path):
    import mmjudge

    path = folder(lines(item("1"), item("2")))
    (path / "recorded").mkdir()
    replies = [
        {"item": name, "criterion": "alignment", "protocol": "pair", "text": text}
        for name, text in (("1", "[[B]]"), ("2", "[[A]]"))
    ]
    (path / "recorded" / "me.jsonl").write_text(lines(*replies))
    assert open_task(str(path)).recorded_judges() == ("me",)
    run = mmjudge.run(str(path), "replay:me", out=tmp_path / "run", orders="given")
    found = {r.metric: r.value for r in run.scores(n_resamples=0) if r.criterion == "alignment"}
    assert found["accuracy"] == 0.5
    (path / "recorded" / "me.jsonl").write_text('{"item": "1"}\n')
    with pytest.raises(TaskError, match=r"me\.jsonl:1: criterion"):
        list(open_task(str(path)).recorded("me"))


@pytest.mark.parametrize("uri", ["a.png", "img/a b.png", "hf://datasets/o/n@1/a.png", "..a/b.png"])
def test_a_path_inside_the_folder_is_fine(uri):
    assert unsafe_uri(uri) is None


@pytest.mark.parametrize(
    "uri",
    [
        "..",
        "a/..",
        "a/../../b",
        "/a",
        "~/a",
        "file:///a",
        "http://a",
        "hf://../a",
        "a\\b",
        "a\0b",
        "c:a",
    ],
)
def test_a_path_out_of_the_folder_is_refused(uri):
    assert unsafe_uri(uri)


def test_the_folder_that_the_documentation_shows_works(tmp_path):
    page = Path(__file__).resolve().parents[2] / "docs" / "tasks.md"
    blocks = dict(re.findall(r"^```(yaml|json)\n(.*?)^```", page.read_text(), re.M | re.S))
    (tmp_path / "task.yaml").write_text(blocks["yaml"])
    (tmp_path / "items.jsonl").write_text(blocks["json"])
    (only,) = load(tmp_path)
    assert only.id == "17"
    assert only.gold["alignment"].ratings == ("second", "second", "tie")
