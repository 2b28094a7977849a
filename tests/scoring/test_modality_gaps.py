"""Gaps between modalities of scores and rankings, and preferences between any two modalities."""

from pathlib import Path

import pytest

import mmjudge
from mmjudge.scoring.modality_gaps import modality_gaps, modality_preferences
from mmjudge.scoring.table import Table
from mmjudge.types import Candidate, Item, Media, PreferenceGold, Reply, Request
from tests.scoring.scoring_helpers import ListTask, Scripted, rank_item, score_item, spec

WAYS = ("text->image", "image->text")


def judged(task: ListTask, answer, folder: Path) -> Table:
    return Table.load(mmjudge.run(task, Scripted(answer), orders="given", out=folder).folder)


def found(results) -> dict[tuple[str, str], float]:
    return {(one.metric, one.stratum): one.value for one in results}


def test_a_judge_of_scores_that_sees_one_modality_and_is_lenient_there_shows_both(tmp_path):
    items = [score_item(str(i), i % 5 + 1, modality=WAYS[i // 30]) for i in range(60)]

    def answer(request: Request) -> Reply:
        place = int(request.item)
        gold = place % 5 + 1
        return Reply(text=f"{min(gold + 1, 5) if place < 30 else 6 - gold}")

    gaps = found(modality_gaps(judged(ListTask(spec("score"), items), answer, tmp_path / "r"), 20))
    assert gaps["offset_gap", "modality=text->image"] == pytest.approx(0.8)
    assert gaps["offset_gap", "modality=image->text"] == pytest.approx(-0.8)
    assert gaps["tau_b_gap", "modality=text->image"] > 1.8  # nearly 1, against exactly -1


def test_a_judge_of_rankings_that_reverses_one_modality_is_two_below(tmp_path):
    items = [
        rank_item(str(i), (1, 2, 3)).model_copy(update={"strata": {"modality": WAYS[i % 2]}})
        for i in range(20)
    ]

    def answer(request: Request) -> Reply:
        return Reply(text="A > B > C" if int(request.item) % 2 else "C > B > A")

    table = judged(ListTask(spec("rank"), items), answer, tmp_path / "run")
    gaps = found(modality_gaps(table, 0))
    assert gaps["rank_tau_b_gap", "modality=image->text"] == pytest.approx(2)


def test_the_preference_between_any_two_modalities_is_what_the_judge_was_made_with(tmp_path):
    def part(kind: str, i: int):
        return f"words {i}" if kind == "text" else Media(modality=kind, uri=f"{i}.bin")

    def item(i: int, kinds: tuple[str, str]) -> Item:
        made = tuple(Candidate(id=f"c{j}", parts=(part(kind, i),)) for j, kind in enumerate(kinds))
        gold = {"overall": PreferenceGold(value="tie")}
        return Item(id=str(i), prompt=("?",), candidates=made, gold=gold)

    kinds = [("audio", "image"), ("image", "audio"), ("text", "video"), ("text", "text")] * 10
    items = [item(i, two) for i, two in enumerate(kinds)]
    task = ListTask(spec("pair", modalities=("text", "image", "video", "audio")), items)

    def answer(request: Request) -> Reply:
        """Sound over pictures always; text over film in every second pair."""
        place, own = int(request.item), [candidate.parts[0] for candidate in request.candidates]
        if "audio" in (names := [getattr(one, "modality", "text") for one in own]):
            return Reply(text=f"[[{'AB'[names.index('audio')]}]]")
        return Reply(text="[[A]]" if place // 4 % 2 else "[[B]]")

    liked = found(modality_preferences(judged(task, answer, tmp_path / "run"), 20))
    assert liked["modality_preference", "candidates=audio against image"] == 1
    assert liked["modality_preference", "candidates=video against text"] == 0.5
    assert liked["modality_preference_log_odds", "candidates=video against text"] == 0
    assert {stratum for _, stratum in liked} == {
        "candidates=audio against image",
        "candidates=video against text",
    }
