import json
from itertools import combinations

import pytest
from mmjudge_tasks.audiojudge_speech.published import ACCURACY

from mmjudge.sources.folder import open_task
from mmjudge.task import JudgedRow
from mmjudge.types import Reply

pytestmark = pytest.mark.parity
PUBLISHED = {
    "text-text": (84.87, 5.16, 9.97),
    "audio-text": (84.89, 7.53, 7.58),
    "audio-audio": (80.99, 9.36, 9.64),
    "transcript": (81.27, 6.45, 12.27),
}
SHARES = ("consistent", "prefers_first", "prefers_second")


@pytest.mark.slow
def test_position_bias_is_the_published_one_in_each_presentation(figures):
    found = figures(
        "audiojudge", "audiojudge", "gemini2.0flash", "both", dataset="chatbotarena_spoken"
    )
    for condition, published in PUBLISHED.items():
        values = [
            found[f"audiojudge.position.{share}", "overall", f"condition={condition}"]
            for share in SHARES
        ]
        assert values == pytest.approx(published, abs=0.01), condition


GIVEN = {"A": "first", "B": "second", "C": "tie"}
TURNED = {"A": "second", "B": "first", "C": "tie"}
RECORDED_AS = {"transcript": "wpbase-wpbase"}


def verdicts(data):
    """Verdicts in item order by presentation: in the given and in the swapped order."""
    path = data / "audiojudge" / "chatbotarena_spoken_verdicts.jsonl"
    rows = map(json.loads, path.read_text().splitlines())
    letters = {(row["modality"], row["order"]): row["verdicts"] for row in rows}
    return {
        condition: tuple(
            [names.get(letter) for letter in letters[RECORDED_AS.get(condition, condition), order]]
            for order, names in (("AB", GIVEN), ("BA", TURNED))
        )
        for condition in PUBLISHED
    }


def changed(*pairs):
    """Share of changed verdicts among those given on both sides, counted one by one."""
    both = [(a, b) for pair in pairs for a, b in zip(*pair, strict=True) if a and b]
    return sum(a != b for a, b in both) / len(both)


@pytest.mark.slow
def test_flips_between_every_two_presentations_are_those_of_the_raw_letters(figures, data):
    found = figures(
        "audiojudge", "audiojudge", "gemini2.0flash", "both", dataset="chatbotarena_spoken"
    )
    said = verdicts(data)
    for one, other in combinations(PUBLISHED, 2):
        (a, a_turned), (b, b_turned) = said[one], said[other]
        flips = changed((a, b), (a_turned, b_turned))
        baseline = changed((a, a_turned), (b, b_turned))
        wanted = {
            "presentation_flip_rate": flips,
            "order_baseline": baseline,
            "presentation_excess": flips - baseline,
        }
        for name, value in wanted.items():
            stratum = f"condition={one}/{other}"
            assert found[name, "overall", stratum] == pytest.approx(value, abs=1e-12), stratum


THAI = {
    "gpt-4o-audio-preview/thaimos/0-shots-groundtruth": 0.645,
    "gpt-4o-audio-preview/thaimos/0-shots-asr": 0.65,
    "gpt-4o-audio-preview/thaimos/pointwise/0-shots": 0.515,
    "gpt-4o-audio-preview/thaimos/pointwise/4-shots-none-transcript-examples-aggregate": 0.535,
    "gpt-4o-audio-preview/thaimos/pointwise/4-shots-none-transcript-examples-separate": 0.5525,
}
"""Beginnings of names of runs, and the accuracies in the authors' summaries of them (9dff515)."""


@pytest.mark.slow
def test_accuracy_on_thai_speech_is_the_published_one_with_ties_half_right(data):
    task = open_task("audiojudge", data / "audiojudge")
    items = {item.id: item for item in task.load("pair") if item.id.startswith("thaimos/")}
    for begin, published in THAI.items():
        (judge,) = [name for name in task.recorded_judges() if name.startswith(begin)]
        rows = [
            JudgedRow(items[line.item], "overall", (0, 1), 0, Reply(), line.verdict)
            for line in task.recorded(judge)
        ]
        tables = {table.stratum: table for table in ACCURACY.tables(rows)}
        table = tables["dataset=thaimos"]
        assert len(table.item) == 200
        assert table.statistic(*table.columns) == pytest.approx(100 * published, abs=1e-9), judge
