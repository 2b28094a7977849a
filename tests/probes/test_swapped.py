"""The same content in another modality: a film as its frames, a medium as the task's words."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

import mmjudge
from mmjudge.engine.resume import stored_item
from mmjudge.media.loader import media_of
from mmjudge.probes.catalog import choose
from mmjudge.probes.modality import FRAMES
from mmjudge.probes.plan import Probed, Probing
from mmjudge.protocols import requests
from mmjudge.protocols.plan import item_digest
from mmjudge.sources.folder import open_task
from mmjudge.types import Candidate, Criterion, Item, Media, RunSettings
from tests.engine.driven import SPEC, pair

PICTURE = Media(modality="image", uri="p.png")
FILM = Media(modality="video", uri="f.mp4", sha256="0" * 64)
SOUND = Media(modality="audio", uri="s.wav")


def item(*shown: Media, **facts: object) -> Item:
    candidates = tuple(Candidate(id=str(i), parts=("see", m)) for i, m in enumerate(shown))
    return pair(0, prompt=("which?", PICTURE), candidates=candidates, **facts)


def swapped(name: str, of: Item, question: str = "Which is better?") -> Probed | None:
    criterion = Criterion(name="overall", question=question)
    spec = SPEC.model_copy(update={"criteria": (criterion,)})
    (request,) = requests(spec, of, 0, RunSettings(protocol="pair", orders="given"), "judge")
    ((_, made),) = Probing(choose(name)).again(request, of)
    return made


def test_media_are_shown_in_the_words_that_the_task_has_of_them_where_it_has_all():
    said = {"p.png": "a cup", "f.mp4": "a cup falls", "s.wav": "clink"}
    made = swapped("swapped_words", item(FILM, SOUND, in_words=said))
    assert made is not None
    assert made.request.prompt == ("which?", "a cup")
    assert [c.parts for c in made.request.candidates] == [("see", "a cup falls"), ("see", "clink")]
    del said["f.mp4"]
    assert swapped("swapped_words", item(FILM, SOUND, in_words=said)) is None
    assert swapped("swapped_words", item(FILM, SOUND)) is None


def test_of_two_equal_candidates_one_is_shown_in_the_words_that_the_task_has_of_it():
    other = Media(modality="audio", uri="t.wav")
    seen = set()
    for n in range(8):
        said = {"s.wav": f"clink {n}", "t.wav": f"clank {n}"}
        of = item(SOUND, other, gold="tie", in_words=said).model_copy(
            update={"prompt": (f"which {n}?",)}
        )
        made = swapped("mixed", of)
        assert made is not None
        (medium,) = made.cue
        kept, told = (made.request.candidates[place].parts for place in (medium, 1 - medium))
        assert kept == ("see", (SOUND, other)[medium])
        assert told == ("see", said[("s.wav", "t.wav")[1 - medium]])
        seen.add(medium)
    assert seen == {0, 1}
    assert swapped("mixed", item(SOUND, other, gold="first", in_words=said)) is None
    assert swapped("mixed", item(SOUND, other, gold="tie")) is None


def test_a_film_is_shown_as_its_frames_in_order_and_all_else_stays():
    made = swapped("swapped_frames", item(FILM, SOUND))
    assert made is not None
    assert made.request.prompt == ("which?", PICTURE)
    film, sound = (candidate.parts for candidate in made.request.candidates)
    assert sound == ("see", SOUND)
    assert [part.modality for part in film[1:]] == ["image"] * FRAMES
    assert [part.changes for part in film[1:]] == [
        (f"frame(number={n}, of={FRAMES})",) for n in range(1, FRAMES + 1)
    ]
    assert {(part.uri, part.sha256) for part in film[1:]} == {(FILM.uri, FILM.sha256)}
    assert len({part.content for part in media_of(made.request)}) == FRAMES + 2


def test_frames_are_not_asked_without_a_film_or_about_what_they_do_not_show():
    assert swapped("swapped_frames", item(PICTURE, SOUND)) is None
    assert swapped("swapped_frames", item(FILM, FILM), "Which moves more smoothly?") is None
    backwards = FILM.model_copy(update={"changes": ("reversed",)})
    assert swapped("swapped_frames", item(backwards, FILM)) is None


def test_words_are_hidden_from_judges_and_items_without_them_are_what_they_were():
    plain, told = item(FILM, SOUND), item(FILM, SOUND, in_words={"p.png": "a cup"})
    assert "in_words" not in plain.model_dump_json()
    assert stored_item(0, plain).digest != stored_item(0, told).digest
    assert item_digest(plain) == item_digest(told)
    settings = RunSettings(protocol="pair")
    asked = [list(requests(SPEC, one, 0, settings, "judge")) for one in (plain, told)]
    assert asked[0] == asked[1]


@pytest.mark.parametrize("said", [{"other.png": "a cup"}, {"p.png": " "}])
def test_words_of_no_medium_and_empty_words_are_refused_by_name(said: dict[str, str]):
    with pytest.raises(ValidationError, match="in_words"):
        item(FILM, SOUND, in_words=said)


def test_a_folder_of_ones_own_offers_words_and_the_rest_is_counted_as_not_asked(tmp_path: Path):
    (tmp_path / "task.yaml").write_text(
        "name: told\nprotocols: [pair]\nmodalities: [text, image]\nprimary: accuracy\n"
        "criteria: [{name: overall, question: Which is better?}]\ncard: {summary: Told.}\n"
    )
    lines = []
    for n in range(4):
        parts = [[{"modality": "image", "uri": f"{n}{k}.png"}] for k in "ab"]
        row = {
            "id": str(n),
            "prompt": ["which?"],
            "candidates": [{"id": k, "parts": p} for k, p in zip("ab", parts, strict=True)],
            "gold": {"overall": {"kind": "preference", "value": "first"}},
        }
        words = {f"{n}{k}.png": f"{n} {k}" for k in "ab"}
        lines.append(json.dumps(row | ({"in_words": words} if n < 3 else {})))
    (tmp_path / "items.jsonl").write_text("\n".join(lines) + "\n")
    assert not [one for one in open_task(str(tmp_path)).load("pair") if not isinstance(one, Item)]
    run = mmjudge.run(
        str(tmp_path), "baseline:oracle", out=tmp_path / "run", probes="rerun,swapped_words"
    )
    found = {bias.probe: bias for bias in run.biases(20)}["swapped_words"]
    assert (found.n_asked, found.n_not_asked) == (3, 1)
    assert found.figure("robustness").value == 1
