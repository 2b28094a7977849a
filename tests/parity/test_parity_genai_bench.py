import json
import re

import pytest

pytestmark = pytest.mark.parity
JUDGES = (
    "random",
    "gpt4o",
    "gemini-1.5-pro",
    "llava",
    "idefics2",
    "llavanext",
    "minicpm-V-2.5",
    "blip2",
    "videollava",
    "cogvlm",
    "qwenVL",
    "instructblip",
    "idefics1",
    "ottervideo",
    "mantis-8b-idefics2",
    "otterimage",
    "mantis-8b-idefics2_8192",
    "kosmos2",
)


@pytest.fixture(scope="session")
def published(data):
    text = (data / "genai_bench" / "published.txt").read_text()
    rows = re.findall(r"^\|\s*(\S+)\s*\|\s*pairwise\s*\|\s*([\d.]+)\s*\|\s*([\d.]+)", text, re.M)
    assert len(rows) == len(JUDGES)
    return {judge: (float(generation), float(editing)) for judge, generation, editing in rows}


FAST = ("gpt4o", "idefics1", "gpt4o/raw", "qwenVL/raw")
"""Judges whose published cells `make test` recomputes; `make test-all` does all."""


@pytest.mark.parametrize(
    "judge", [pytest.param(j, marks=() if j in FAST else pytest.mark.slow) for j in JUDGES]
)
def test_accuracy_is_the_published_one_to_the_second_decimal(figures, published, judge):
    found = figures("genai_bench", "genai_bench", judge)
    cells = [
        found["genai_bench.accuracy", "overall", f"subset={subset}"]
        for subset in ("image_generation", "image_editing")
    ]
    assert tuple(round(cell, 2) for cell in cells) == published[judge]


def test_the_expression_matches_what_the_authors_matched_in_671_whole_replies(data):
    from mmjudge_tasks.genai_bench.published import matched

    lines = (data / "genai_bench" / "raw_responses_sample.jsonl").read_text().splitlines()
    replies = [json.loads(line) for line in lines]
    assert len(replies) == 671
    assert [matched(reply["response"]) for reply in replies] == [r["model_vote"] for r in replies]


@pytest.mark.parametrize(
    "judge",
    [
        pytest.param(j, marks=() if j in FAST else pytest.mark.slow)
        for j in ("gpt4o/raw", "qwenVL/raw", "llavanext/raw")
    ],
)
def test_whole_replies_give_the_accuracy_that_the_authors_recorded_for_them(figures, data, judge):
    lines = (data / "genai_bench" / "raw_responses_sample.jsonl").read_text().splitlines()
    found = figures("genai_bench", "genai_bench", judge)
    for subset, task in (("image_generation",) * 2, ("image_editing", "image_edition")):
        right = [
            reply["correct"]
            for reply in map(json.loads, lines)
            if (reply["task"], reply["judge"]) == (task, judge.removesuffix("/raw"))
        ]
        wanted = 100 * sum(right) / len(right)
        value = found["genai_bench.accuracy", "overall", f"subset={subset}"]
        assert value == pytest.approx(wanted, abs=1e-9)
