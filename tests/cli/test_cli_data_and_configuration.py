"""What a person gets wrong, and what data does: each point has its message and its exit code."""

import json
import math
import os
import subprocess
import sys
import time

import pytest

from mmjudge.judges.baseline import Baseline
from mmjudge.registry import TASKS, registry
from mmjudge.sources import hub
from mmjudge.store.run_store import RunStore
from mmjudge.task import BadItem
from mmjudge.types import Candidate, Item
from tests.cli.small_folders import pair, said, write_lines

ANSWER_S = 5.0
"""Within which there is an answer without a network."""


def _run(mmjudge, task, out, *more):
    words = ["--judge", "baseline:first", "--orders", "given", "--out", out]
    return mmjudge("run", "--task", task, *words, *more)


def _bad_items(out):
    with RunStore.open(out) as store:
        return [item for _, item in store.items() if isinstance(item, BadItem)]


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        (["run", "--task", "genai_bnech", "--judge", "baseline:first"], "'genai_bench'"),
        (["run", "--task", "DEMO", "--judge", "basline:first"], "'baseline'"),
        (["run", "--task", "DEMO", "--judge", "baseline:frist"], "'first'"),
        (["run", "--task", "DEMO", "--judge", "replay:carefull"], "'careful'"),
        (["run", "--task", "DEMO", "--jugde", "baseline:first"], "--judge"),
        (["run", "--task", "DEMO", "--judge", "baseline:random", "-J", "sed=1"], "seed"),
        (["tasks", "genai_bnech"], "'genai_bench'"),
        (["scor", "x"], "'score'"),
    ],
)
def test_an_unknown_name_is_exit_code_2_with_the_nearest_names(mmjudge, demo, words, nearest):
    done = mmjudge(*[str(demo) if word == "DEMO" else word for word in words])
    assert done.code == 2
    assert done.out == ""
    assert nearest in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("option", ["orders", "protocol"])
def test_a_wrong_choice_names_those_allowed(mmjudge, demo, option):
    words = ["--task", demo, "--judge", "baseline:first", f"--{option}", "nonsense"]
    done = mmjudge("run", *words)
    assert done.code == 2
    assert {"orders": "'given'", "protocol": "'rank'"}[option] in done.err


def test_a_protocol_that_the_task_lacks_is_refused_with_those_it_has(mmjudge, demo, tmp_path):
    done = _run(mmjudge, demo, tmp_path / "out", "--protocol", "rank")
    assert done.code == 2
    assert "no protocol 'rank'; it has pair" in done.err


def test_all_mistakes_of_a_card_come_at_once_with_file_line_and_what_is_allowed(
    mmjudge, folder_task, tmp_path
):
    task = folder_task([pair("1")])
    card = task / "task.yaml"
    card.write_text(
        "name: Small Task\nversion: one\nprotocols: [pair, vote]\nmodalities: [text]\n"
        "primary: accuracy\ncolour: red\ncriteria:\n  - name: quality\n    question: Which?\n"
        "    weight: 2\ncard: {summary: s}\n"
    )
    done = _run(mmjudge, task, tmp_path / "out")
    assert done.code == 2
    for line, field in (
        (1, "name"),
        (2, "version"),
        (3, "protocols"),
        (6, "colour"),
        (10, "weigh"),
    ):
        assert f"{card}:{line}: " in done.err, field
        assert field in done.err
    assert "'pair', 'score', 'rank', 'checklist' or 'steps'" in done.err
    assert "allowed here: card, criteria," in done.err
    assert not (tmp_path / "out").exists()


def test_mistakes_of_a_judge_file_name_file_and_line(mmjudge, demo, tmp_path):
    path = tmp_path / "judge.yaml"
    path.write_text("judge: baseline:random\noption: {seed: 1}\n")
    done = mmjudge("run", "--task", demo, "--judge", path)
    assert done.code == 2
    assert f"{path}:2: option: " in done.err
    assert "allowed here: judge, options" in done.err


def test_a_plugin_that_raises_on_import_is_named_and_hides_no_other(
    mmjudge, plugin, demo, tmp_path
):
    plugin("sick", "mmjudge.tasks", "sick", "raise RuntimeError('no such library')")
    done = mmjudge("tasks")
    assert done.code == 0
    assert "genai_bench@1" in done.out
    said_there = " ".join(done.out.split())
    assert (
        "task 'sick' of sick 1.0 (sick_module:Plugin) does not load: RuntimeError: no" in said_there
    )
    assert _run(mmjudge, demo, tmp_path / "out").code == 0
    done = _run(mmjudge, "sick", tmp_path / "sick")
    assert done.code == 2
    assert "RuntimeError: no such library" in done.err


def test_two_plugins_of_one_name_are_refused_with_both_origins(mmjudge, plugin, demo, tmp_path):
    for distribution in ("one", "two"):
        plugin(distribution, "mmjudge.tasks", "twin", "class Plugin: pass")
    done = _run(mmjudge, "twin", tmp_path / "out")
    assert done.code == 2
    assert (
        "offered twice, by one 1.0 (one_module:Plugin) and two 1.0 (two_module:Plugin)" in done.err
    )
    assert "offered twice" in mmjudge("tasks").out
    assert _run(mmjudge, demo, tmp_path / "demo").code == 0
    assert "twin" in registry(TASKS).broken


THREE = [{"id": name, "parts": [name]} for name in "abc"]
SCORED = {"protocols": ["score"], "primary": "spearman"}
SCALE = [{"name": "quality", "question": "How good?", "scale": {"lowest": 1, "highest": 5}}]


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (pair("1"), "'1' stands here for the second time"),
        (pair("x", candidates=THREE), "a pair needs 2, found 3"),
        (pair("x", candidates=THREE[:1] * 2), "ids must differ"),
        (pair("x", gold={"beauty": {"kind": "preference", "value": "first"}}), "'beauty'"),
        (pair("x", gold={"quality": {"kind": "preference", "value": "both"}}), "'both'"),
        (pair("x", gold={"quality": {"kind": "score", "value": 3}}), "gold.quality"),
        (pair("x", colour="red"), "colour: Extra inputs are not permitted"),
        (pair("x", candidates=[{"id": "a", "parts": []}, THREE[1]]), "candidates.0.parts"),
    ],
)
def test_a_bad_item_is_stored_as_what_it_is_and_the_run_goes_on(
    mmjudge, folder_task, tmp_path, bad, problem
):
    out = tmp_path / "out"
    task = folder_task([pair("1"), bad, pair("2")])
    done = _run(mmjudge, task, out)
    assert done.code == 1
    assert problem in done.err
    assert [problem in item.problem for item in _bad_items(out)] == [True]
    with RunStore.open(out) as store:
        assert store.counts() == {"items": 3, "bad_items": 1, "judgments": 2, "failed": 0}
    assert _run(mmjudge, task, out, "--max-failures", "40%").code == 0


@pytest.mark.parametrize("value", ["9", "0", "NaN", "Infinity", "-Infinity", "1e999", '"high"'])
def test_a_gold_score_that_is_off_its_scale_or_no_number_is_a_bad_item(
    mmjudge, folder_task, tmp_path, value
):
    good = {"id": "1", "prompt": ["p"], "candidates": THREE[:1]}
    gold = f'{{"quality": {{"kind": "score", "value": {value}}}}}'.encode()
    bad = json.dumps(good | {"id": "2"}).encode()[:-1] + b', "gold": ' + gold + b"}"
    task = folder_task([good, bad], criteria=SCALE, **SCORED)
    done = _run(mmjudge, task, tmp_path / "out")
    assert done.code == 1
    assert "gold" in _bad_items(tmp_path / "out")[0].problem
    assert "1 item cannot be judged" in done.err


def test_a_last_line_that_was_cut_off_is_reported_and_the_rest_is_read(
    mmjudge, folder_task, tmp_path
):
    task = folder_task([pair("1"), pair("2")])
    path = task / "items.jsonl"
    path.write_bytes(path.read_bytes()[:-30])
    done = _run(mmjudge, task, tmp_path / "out")
    assert done.code == 1
    assert f"{path}:2: " in done.err
    assert "last line: cut off?" in done.err
    with RunStore.open(tmp_path / "out") as store:
        assert store.counts()["judgments"] == 1


def test_a_recording_that_was_cut_off_is_reported_where_a_reply_is_missing(
    mmjudge, folder_task, tmp_path
):
    task = folder_task([pair("1"), pair("2")])
    path = tmp_path / "replies.jsonl"
    write_lines(path, [said("1", "[[A]]"), said("2", "[[A]]")])
    path.write_bytes(path.read_bytes()[:-9])
    words = ["--judge", f"replay:{path}", "--orders", "given", "--out", tmp_path / "out"]
    done = mmjudge("run", "--task", task, *words)
    assert done.code == 1
    assert "1 infra" in done.err
    assert f"{path}:2" in done.err


def test_a_byte_order_mark_and_crlf_are_read(mmjudge, folder_task, tmp_path):
    task = folder_task([pair("1"), pair("2")])
    for path in (task / "items.jsonl", task / "task.yaml"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert _run(mmjudge, task, tmp_path / "out").code == 0


ODD = {
    "nul": "a\0b",
    "crlf": "a\r\nb",
    "right to left": "\u202eevil\u202c \u05d0",
    "zero width": "a\u200bb\ufeff",
    "beyond the plane": "\U0001f9d1\u200d\U0001f680",
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_odd_characters_come_back_byte_for_byte(mmjudge, folder_task, tmp_path, text):
    item = pair("1", prompt=[text], candidates=[{"id": text, "parts": [text]}, THREE[1]])
    out, reply = tmp_path / "out", f"{text} [[A]]"
    task = folder_task([item], {"odd": [said("1", reply, (text, "b"))]})
    words = ["--judge", "replay:odd", "--orders", "given", "--out", out]
    assert mmjudge("run", "--task", task, *words).code == 0
    with RunStore.open(out) as store:
        stored = next(item for _, item in store.items())
        judgment = next(judgment for _, judgment in store.judgments())
    assert isinstance(stored, Item)
    assert stored.prompt == (text,)
    assert judgment.reply.text == reply
    for form, name in (("jsonl", "r.jsonl"), ("parquet", "r.parquet")):
        assert mmjudge("export", out, "--format", form, "--out", tmp_path / name).code == 0
    row = json.loads((tmp_path / "r.jsonl").read_text(encoding="utf-8"))
    assert (row["text"], row["order"][0]) == (reply, text)
    import pyarrow.parquet as pq

    assert pq.read_table(tmp_path / "r.parquet").to_pylist()[0]["text"] == reply


def test_a_lone_surrogate_in_a_file_is_a_bad_item(mmjudge, folder_task, tmp_path):
    line = json.dumps(pair("2")).encode().replace(b"question 2", b"question \\ud800")
    done = _run(mmjudge, folder_task([pair("1"), line]), tmp_path / "out")
    assert done.code == 1
    assert len(_bad_items(tmp_path / "out")) == 1


SURROGATE_TASK = """
from pathlib import Path
from mmjudge.cards import read_card
from mmjudge.task import Task
from mmjudge.types import Candidate, Item, TaskSpec

class Plugin(Task):
    spec = read_card(Path(r"{card}"), TaskSpec)

    def load(self, protocol):
        both = (Candidate(id="a", parts=("yes",)), Candidate(id="b", parts=("no",)))
        for name, prompt in (("1", "fine"), ("2", "odd \\ud800"), ("3", "fine")):
            yield Item(id=name, prompt=(prompt,), candidates=both)
"""


def test_a_loader_that_raises_is_named_with_the_item_that_it_came_to(
    mmjudge, plugin, folder_task, tmp_path
):
    card = folder_task([]) / "task.yaml"
    plugin("odd", "mmjudge.tasks", "odd", SURROGATE_TASK.format(card=card))
    done = _run(mmjudge, "odd", tmp_path / "out")
    assert done.code == 2
    assert "task small: its loader failed at item 2: ValidationError" in done.err
    assert "Input should be a valid string" in done.err


SURROGATE_JUDGE = """
from mmjudge.judges.base import Judge
from mmjudge.types import JudgeCard, Reply

class Plugin(Judge):
    card = JudgeCard(name="odd:", summary="Answers what no file can hold.")

    @classmethod
    def open(cls, name, options, context):
        return cls()

    @classmethod
    def catalog(cls):
        return [cls.card]

    def judge(self, batch, media):
        odd = {"2": " \\ud800"}
        return [Reply(text="[[A]]" + odd.get(request.item, "")) for request in batch]
"""


def test_a_lone_surrogate_in_a_reply_fails_that_judgment_alone(
    mmjudge, plugin, folder_task, tmp_path
):
    plugin("oddjudge", "mmjudge.judges", "odd", SURROGATE_JUDGE)
    task, out = folder_task([pair("1"), pair("2"), pair("3")]), tmp_path / "out"
    done = mmjudge("run", "--task", task, "--judge", "odd:", "--out", out)
    assert done.code == 1
    assert "3 judgments, 1 failed" in done.err
    assert "1 infra, such as item 2: ValidationError" in done.err


@pytest.mark.parametrize("prompt", [[""], [" \n\t"], [], ["x" * 10_000_000]], ids=len)
def test_an_empty_or_huge_prompt_fails_without_a_call(
    mmjudge, folder_task, tmp_path, monkeypatch, prompt
):
    asked = []
    answer = Baseline.judge

    def judge(self, batch, media):
        asked.extend(request.item for request in batch)
        return answer(self, batch, media)

    monkeypatch.setattr(Baseline, "judge", judge)
    done = _run(mmjudge, folder_task([pair("1"), pair("2", prompt=prompt)]), tmp_path / "out")
    assert done.code == 1
    assert asked == ["1"]
    assert "1 unsupported, such as item 2: " in done.err


def test_a_changed_item_card_or_setting_refuses_to_resume_and_shows_it(
    mmjudge, folder_task, tmp_path
):
    out = tmp_path / "out"
    task = folder_task([pair("1"), pair("2")])
    assert _run(mmjudge, task, out).code == 0
    done = _run(mmjudge, task, out, "--repeats", "2", "--seed", "7")
    assert done.code == 2
    assert "settings.repeats: 1 before, 2 now" in done.err
    assert "settings.seed: 0 before, 7 now" in done.err
    folder_task([pair("1"), pair("2", prompt=["another question"])])
    done = _run(mmjudge, task, out)
    assert done.code == 2
    assert "item '2'.prompt[0]: 'question 2' before, 'another question' now" in done.err
    folder_task([pair("1")])
    assert "item '2': is no longer in the task" in _run(mmjudge, task, out).err
    folder_task([pair("1"), pair("2")], version=2)
    assert "task.version: 1 before, 2 now" in _run(mmjudge, task, out).err
    with RunStore.open(out) as store:
        assert store.counts()["judgments"] == 2


def test_a_changed_prompt_template_refuses_to_resume(mmjudge, folder_task, tmp_path, monkeypatch):
    task, out = folder_task([pair("1")]), tmp_path / "out"
    assert _run(mmjudge, task, out).code == 0
    monkeypatch.setattr("mmjudge.api.template_digest", lambda protocol: "0123456789abcdef")
    done = _run(mmjudge, task, out)
    assert done.code == 2
    assert "settings.template" in done.err


def test_without_a_network_there_is_an_answer_in_time(tmp_path):
    """A closed port of this machine stands for the Hub; nothing outside is asked."""
    words = ["run", "--task", "genai_bench", "--judge", "baseline:random", "--out", tmp_path / "x"]
    env = {**os.environ, "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": "0"}
    command = [sys.executable, "-m", "mmjudge", *map(str, words)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "check the name and the network" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_hub_that_never_answers_is_given_up_in_time(mmjudge, tmp_path, monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(hub, "_ask", lambda name, problem: time.sleep(3 * ANSWER_S))
    start = time.monotonic()
    done = _run(mmjudge, "genai_bench", tmp_path / "out")
    assert done.code == 2
    assert "the Hub did not answer in 4 s" in done.err
    assert time.monotonic() - start < ANSWER_S


def test_an_infinite_score_cannot_even_be_made():
    candidates = (Candidate(id="a", parts=("x",)),)
    with pytest.raises(ValueError, match="finite number"):
        Item.model_validate(
            {
                "id": "1",
                "prompt": ("p",),
                "candidates": candidates,
                "gold": {"quality": {"kind": "score", "value": math.inf}},
            }
        )
