"""How changes are written and read: one full spelling each, and errors that say what is allowed."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmjudge.media.changes import CHANGES, ChangeError, canonical, changed, parse, written
from mmjudge.types import Media

PICTURE = Media(modality="image", uri="a.png")


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_written_is_read_again(name):
    text = written(name)
    found, values = parse(text)
    assert (found, set(values)) == (name, set(CHANGES[name].parameters))
    assert written(found, **values) == canonical(text) == canonical(name) == text


@given(words=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_any_words_come_back_as_they_were(words):
    if not words.strip():
        with pytest.raises(ChangeError, match="words is 1 to 80 characters of text"):
            written("text", words=words)
    else:
        assert parse(written("text", words=words, share=0.25)) == (
            "text",
            {"words": words, "share": 0.25},
        )


@given(by=st.integers(-255, 255), sigma=st.floats(0.001, 0.2))
def test_any_number_within_its_bounds_comes_back_exactly(by, sigma):
    assert parse(written("brightness", by=by)) == ("brightness", {"by": by})
    assert parse(written("blur", sigma=sigma)) == ("blur", {"sigma": sigma})


def test_the_page_on_media_tells_every_change_with_its_defaults():
    page = (Path(__file__).parents[2] / "docs" / "media.md").read_text(encoding="utf-8")
    assert not [name for name in CHANGES if f"| `{written(name)}` |" not in page]


def test_spellings_of_one_change_are_one_change():
    spellings = ("gain", "gain()", "gain(db=-12)", " gain( db = -12.0 ) ", "gain(db=-1.2e1,)")
    assert {canonical(text) for text in spellings} == {"gain(db=-12)"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("jpg(quality=10)", "unknown change 'jpg'; did you mean 'jpeg'?"),
        ("jpeg(quality=10", "a change is written as in jpeg"),
        ("jpeg(10)", "parameters are written once each"),
        ("jpeg(quality=10, quality=20)", "parameters are written once each"),
        ("jpeg(quality=10 20)", "parameters are written once each"),
        ("jpeg(qualty=10)", "unknown parameter 'qualty'; did you mean 'quality'?"),
        ("jpeg(quality=96)", "quality is a whole number from 1 to 95, found 96"),
        ("jpeg(quality=9.5)", "quality is a whole number from 1 to 95, found 9.5"),
        ("jpeg(quality=high)", "quality is a whole number from 1 to 95, found 'high'"),
        ("jpeg(quality=true)", "quality is a whole number from 1 to 95, found 'true'"),
        ("gain(db=NaN)", "db is a number from -60 to 60"),
        ("gain(db=1e999)", "db is a number from -60 to 60"),
        ("text(words=7)", "words is 1 to 80 characters of text, found 7"),
        ("spoken(voice=loud)", "voice is one of clip, espeak-ng, found 'loud'"),
        ("", "a change is written as in"),
    ],
)
def test_a_change_that_is_none_says_what_is_allowed(text, said):
    with pytest.raises(ChangeError) as error:
        changed(PICTURE, text)
    assert said in str(error.value)


def test_a_change_is_refused_for_media_of_another_kind():
    with pytest.raises(ChangeError, match=r"gain\(db=-12\): changes audio, not image"):
        changed(PICTURE, "gain")
    with pytest.raises(ChangeError, match="reversed: changes video, not image"):
        changed(PICTURE, "reversed")


def test_changes_are_added_at_the_end_and_the_medium_stays_as_it_was():
    once = changed(PICTURE, "jpeg")
    assert changed(once, "blur").changes == (*once.changes, canonical("blur"))
    assert PICTURE.changes == ()


def test_reading_changes_loads_no_library_that_makes_them():
    script = (
        "import sys; from mmjudge.media.changes import parse; parse('jpeg'); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert not {"numpy", "PIL", "soundfile", "pydantic"} & set(done.stdout.split())
