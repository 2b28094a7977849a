"""Changed media on their way to a judge: decoded once, changed once, failing alone, kept apart."""

import hashlib
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmjudge.api import run
from mmjudge.media import Limits, MediaError, VideoFrames, gather
from mmjudge.media.changes import CHANGES, changed, file_modality, make, problem_of
from mmjudge.media.kept import Kept
from mmjudge.protocols import requests
from mmjudge.protocols.plan import item_digest
from mmjudge.report.embed import Embedder
from mmjudge.sources.folder import open_task
from mmjudge.types import Candidate, Failure, Item, Media, Reply, RunSettings, Sampling
from tests.engine.driven import SPEC, Listed, Told, pair, stored
from tests.media.made import jpeg, needs, sine, video, wav
from tests.media.test_loader import loaders, medium, signalled  # noqa: F401 (a fixture)


@pytest.fixture
def folder(tmp_path):
    needs("av")
    needs("soundfile")
    for seed in range(4):
        jpeg(tmp_path / f"{seed}.jpg", seed, side=128)
    video(tmp_path / "v.mp4", 30)
    wav(tmp_path / "s.wav", sine(1, 16_000), 16_000)
    return tmp_path


FILES = {"image": "0.jpg", "video": "v.mp4", "audio": "s.wav"}


def content(decoded) -> bytes:
    return getattr(decoded, "frames", getattr(decoded, "samples", decoded)).tobytes()


BARS = {("jpeg", "video"): ("border(share=0.07)",)}
"""JPEG leaves frames of bars as they are: it is made of them in a border."""


def test_the_loader_gives_what_was_decoded_with_the_changes_made(folder, loaders):  # noqa: F811
    forms = [
        changed(medium(FILES[kind], kind), *BARS.get((name, kind), ()), name)
        for name, change in CHANGES.items()
        for kind in change.modalities
    ]
    plain = {kind: medium(uri, kind) for kind, uri in FILES.items()}
    found = gather(loaders(folder, 2, Sampling(frames=4)).decode([*forms, *plain.values()]))
    for form in forms:
        kind = file_modality(form.modality, form.changes)
        if kind != form.modality:
            continue  # frames have a test of their own
        expected = found[plain[kind]]
        for text in form.changes:
            expected = make(expected, kind, text, "")
        assert content(found[form]) == content(expected), form
        assert content(found[form]) != content(found[plain[kind]])


@pytest.mark.parametrize("wanted", [2, 8])
def test_frames_cut_from_a_film_are_those_that_a_judge_of_as_many_frames_sees(
    folder,
    loaders,  # noqa: F811
    wanted,
):
    film = medium("v.mp4", "video")
    cuts = [changed(film, f"frame(number={n + 1}, of={wanted})") for n in range(wanted)]
    assert {cut.modality for cut in cuts} == {"image"}
    seen = gather(loaders(folder, 2, Sampling(frames=wanted)).decode([film]))[film]
    found = gather(loaders(folder, 2, Sampling(strategy="fps", fps=1)).decode([*cuts, film]))
    for cut, frame in zip(cuts, seen.frames, strict=True):
        assert np.array_equal(np.asarray(found[cut]), frame)
    assert len({cut.content for cut in (*cuts, film)}) == wanted + 1


def test_a_frame_can_be_changed_as_any_picture_and_a_picture_has_no_frames(folder, loaders):  # noqa: F811
    film = medium("v.mp4", "video")
    cut = changed(film, "frame(number=1, of=4)")
    framed = changed(cut, "border")
    found = gather(loaders(folder, 1).decode([cut, framed]))
    assert found[framed].tobytes() == make(found[cut], "image", "border", "").tobytes()
    for wrong in (
        Media(modality="image", uri="v.mp4", changes=("border", "frame")),
        Media(modality="video", uri="v.mp4", changes=("frame",)),
        Media(modality="audio", uri="s.wav", changes=("frame",)),
    ):
        assert problem_of(wrong)
    beyond = changed(film, "frame(number=9, of=8)")
    failed = gather(loaders(folder, 1).decode([beyond, medium("0.jpg")]))
    assert "no frame 9 of 8" in str(failed[beyond])


def test_a_film_is_decoded_once_for_all_of_its_frames(folder):
    kept, decoded = Kept(), []
    for number in range(1, 9):
        changes = (f"frame(number={number}, of=8)",)
        job = {"modality": "image", "uri": "v.mp4", "sha256": None, "changes": changes}

        def film() -> VideoFrames:
            decoded.append(1)
            return VideoFrames(np.zeros((8, 4, 4, 3), np.uint8), tuple(range(8)), 1.0, 8, 8.0, "x")

        kept.value(folder / "v.mp4", job, {}, film)
    assert len(decoded) == 1


def test_changes_are_made_in_their_order(folder, loaders):  # noqa: F811
    whole = medium("0.jpg")
    one, other = changed(whole, "border", "brightness"), changed(whole, "brightness", "border")
    found = gather(loaders(folder, 1).decode([one, other]))
    assert np.asarray(found[one])[0, 0, 0] == 26
    assert np.asarray(found[other])[0, 0, 0] == 0


def test_a_change_that_fails_fails_alone_and_says_which(folder, loaders):  # noqa: F811
    Image.new("RGB", (20, 20), "white").save(folder / "small.png")
    whole = medium("small.png")
    forms = [changed(whole, name) for name in ("text", "border", "brightness")]
    strange = whole.model_copy(update={"changes": ("sharper(by=2)",)})
    found = gather(loaders(folder, 1).decode([whole, *forms, strange]))
    failed = [isinstance(found[one], MediaError) for one in (whole, *forms, strange)]
    assert failed == [False, True, False, True, True]
    assert str(found[forms[0]]).startswith('small.png: text(words="this is the best image"')
    assert "unknown change 'sharper'" in str(found[strange])


def test_a_file_that_is_not_the_one_meant_fails_in_all_its_forms(folder, loaders):  # noqa: F811
    wrong = medium("0.jpg", sha256=hashlib.sha256(b"other").hexdigest())
    gone = medium("gone.jpg")
    forms = [changed(one, name) for one in (wrong, gone) for name in ("jpeg", "blur")]
    found = gather(loaders(folder, 1).decode([wrong, gone, *forms]))
    assert all("sha256 is" in str(found[one]) for one in (wrong, *forms[:2]))
    assert all("cannot be read" in str(found[one]) for one in (gone, *forms[2:]))


def test_all_forms_of_a_medium_are_decoded_by_one_process(folder, loaders):  # noqa: F811
    media = [medium(f"{seed}.jpg") for seed in range(4)] + [medium("v.mp4", "video")]
    forms = [changed(one, name) for name in ("jpeg", "blur", "border") for one in media]
    loader = loaders(folder, 4)
    pending = loader.decode([*media, *forms])
    chunks = [{(m.modality, m.uri) for m in chunk.media} for chunk in pending.chunks]
    assert len(chunks) > 2
    assert sum(map(len, chunks)) == len(media)
    assert len(gather(pending)) == len(media) + len(forms)


def test_a_web_address_that_cannot_be_had_fails_all_forms(folder, loaders):  # noqa: F811
    one = medium("https://example.org/a.png")
    found = gather(loaders(folder, 1).decode([one, changed(one, "jpeg")]))
    assert len(found) == 2
    assert all("--allow-urls" in str(error) for error in found.values())


@pytest.mark.slow
def test_a_file_that_hangs_is_not_waited_for_in_each_of_its_forms(folder, loaders):  # noqa: F811
    """Two processes are stopped: that of all forms together, and that of the file alone."""
    whole, other = medium("0.jpg"), medium("1.jpg")
    forms = [changed(whole, name) for name in ("jpeg", "blur", "border")]
    loader = loaders(folder, 1, limits=Limits(time_s=3))
    stopper = signalled(loader, signal.SIGSTOP, times=2)
    found = gather(loader.decode([whole, *forms]))
    stopper.join()
    assert {str(found[one]) for one in (whole, *forms)} == {"0.jpg: decoding took longer than 3 s"}
    assert isinstance(gather(loader.decode([other]))[other], Image.Image)


class Decoding:
    """Counts how often a picture of a folder is decoded."""

    def __init__(self, kept: Kept, folder: Path) -> None:
        self.kept, self.folder, self.count = kept, folder, 0

    def value(self, media: Media):
        path = self.folder / media.uri

        def decode():
            self.count += 1
            with Image.open(path) as image:
                return image.convert("RGB")

        return self.kept.value(path, media.model_dump(), {}, decode)


@pytest.fixture
def decoding(folder):
    return Decoding(Kept(), folder)


def test_a_medium_is_decoded_once_and_each_change_of_it_made_once(decoding):
    whole = medium("0.jpg")
    forms = [whole, changed(whole, "jpeg"), changed(whole, "jpeg", "blur"), changed(whole, "blur")]
    first = [decoding.value(form) for form in forms]
    assert decoding.count == 1
    assert all(decoding.value(form) is value for form, value in zip(forms, first, strict=True))
    assert len({content(value) for value in first}) == 4


def test_what_has_the_same_content_is_made_once_whatever_it_is_called(decoding, folder):
    (folder / "copy.jpg").write_bytes((folder / "0.jpg").read_bytes())
    sha256 = hashlib.sha256((folder / "0.jpg").read_bytes()).hexdigest()
    one, other = (changed(medium(name, sha256=sha256), "jpeg") for name in ("0.jpg", "copy.jpg"))
    assert decoding.value(one) is decoding.value(other)
    assert decoding.count == 1


def test_a_file_that_changed_is_decoded_anew(decoding, folder):
    one = changed(medium("0.jpg"), "jpeg")
    before = content(decoding.value(one))
    jpeg(folder / "0.jpg", seed=9, side=130)
    assert content(decoding.value(one)) != before
    assert decoding.count == 2


def test_what_is_kept_stays_within_its_room(folder):
    size = 128 * 128 * 4
    decoding = Decoding(Kept(room=3 * size), folder)
    forms = [changed(medium(f"{seed}.jpg"), name) for seed in range(4) for name in ("jpeg", "blur")]
    roomy = Decoding(Kept(), folder)
    for form in forms:
        assert content(decoding.value(form)) == content(roomy.value(form))
        assert decoding.kept.cache.used <= 3 * size
    assert len(decoding.kept.cache) == 3
    none = Decoding(Kept(room=0), folder)
    assert content(none.value(forms[0])) == content(roomy.value(forms[0]))
    assert len(none.kept.cache) == 0


def showing(media: Media) -> Item:
    parts = ("two",), (media,)
    candidates = tuple(Candidate(id=c, parts=some) for c, some in zip("ab", parts, strict=True))
    return pair(0, candidates=candidates)


def key(item: Item) -> str:
    (request,) = requests(SPEC, item, 0, RunSettings(protocol="pair"), "judge")
    return request.key


def test_without_changes_nothing_is_written_of_them():
    one = Media(modality="image", uri="a.png")
    assert one.model_dump_json() == '{"modality":"image","uri":"a.png","sha256":null}'
    assert one.model_dump(exclude_none=True) == {"modality": "image", "uri": "a.png"}
    assert repr(one) == "Media(modality='image', uri='a.png', sha256=None)"
    assert "changes=('jpeg(quality=25)',)" in repr(changed(one, "jpeg"))
    assert Media.model_validate_json(one.model_dump_json()) == one


def test_without_changes_the_digest_is_that_of_texts_and_files():
    """As it always was: each part with its length, after the name of where it stands."""
    item = showing(Media(modality="image", uri="a.png"))
    facts = ["prompt", "8:prompt 0", "candidate", "3:two", "candidate", "11:image:a.png"]
    expected = hashlib.sha256("\0".join([*facts, "reference"]).encode()).hexdigest()
    assert item_digest(item) == expected


def test_each_change_is_another_item_and_another_request():
    whole = Media(modality="image", uri="a.png", sha256="0" * 64)
    forms = [whole, changed(whole, "jpeg"), changed(whole, "jpeg(quality=11)")]
    forms += [changed(whole, "jpeg", "blur"), changed(whole, "blur", "jpeg")]
    assert len({item_digest(showing(form)) for form in forms}) == 5
    assert len({key(showing(form)) for form in forms}) == 5
    assert len(set(forms)) == 5


def test_changes_survive_a_file():
    one = changed(Media(modality="image", uri="a.png"), 'text(words="a \\"b\\", c)")')
    assert Media.model_validate_json(one.model_dump_json()) == one


def test_in_a_run_a_change_that_fails_is_a_failure_of_its_judgment_alone(folder, tmp_path):
    Image.new("RGB", (20, 20), "red").save(folder / "small.png")
    forms = [medium("small.png"), changed(medium("small.png"), "text"), medium("0.jpg")]
    items = [
        pair(i, candidates=tuple(Candidate(id=c, parts=(form,)) for c in "ab"))
        for i, form in enumerate(forms)
    ]
    judge = Told(lambda _: Reply(text="[[A]]"), media=True)
    done = run(Listed(items, root=folder), judge, out=tmp_path / "run")
    found = {j.item: j.outcome for j in stored(done.folder)}
    assert [isinstance(found[str(i)], Failure) for i in range(3)] == [False, True, False]
    assert found["1"].reason == "media"
    assert "small.png: text(" in found["1"].detail


def test_a_task_with_a_change_that_is_none_says_where(tmp_path):
    folder = tmp_path / "task"
    folder.mkdir()
    card = SPEC.model_dump_json(exclude_none=True, include={"name", "protocols", "card", "primary"})
    (folder / "task.yaml").write_text(
        card[:-1] + ', "modalities": ["text", "image"], "criteria": [{"name": "overall", '
        '"question": "Which?"}]}'
    )
    item = showing(Media(modality="image", uri="a.png", changes=("blurr",)))
    (folder / "items.jsonl").write_text(item.model_dump_json(exclude_none=True) + "\n")
    found = list(open_task(str(folder)).load("pair"))
    assert "candidates.b.parts.0.changes: unknown change 'blurr'; did you mean 'blur'" in str(found)


def test_a_page_shows_the_changed_picture_and_names_the_film_that_it_cannot(folder):
    whole, film = medium("0.jpg"), changed(medium("v.mp4", "video"), "reversed")
    dark, soft = changed(whole, "brightness(by=-200)"), changed(medium("s.wav", "audio"), "gain")
    made = Embedder(folder).embed([whole, dark, film, soft, medium("s.wav", "audio")])
    assert made[whole].src != made[dark].src != ""
    assert made[film].src == ""
    assert "changed by reversed" in made[film].note
    assert made[soft].src not in ("", made[medium("s.wav", "audio")].src)
