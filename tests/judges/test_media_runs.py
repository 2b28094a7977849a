"""Model judges on real files: images, videos and sounds from a task folder to stored verdicts."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from mmjudge import run
from mmjudge.api import Run
from mmjudge.cli import app
from mmjudge.media import decode_audio, decode_image, decode_video
from mmjudge.protocols import parse, requests
from mmjudge.sources.folder import open_task
from mmjudge.store.run_store import RunStore
from mmjudge.types import Failure, Item, Media, Request, Sampling
from tests.judges.hf_asked import numbers
from tests.judges.hf_asked import opened as open_chat
from tests.media.made import jpeg, needs, sine, video, wav

needs("av")
needs("soundfile")
needs("soxr")

PAIRS = {
    "image": ("0.jpg", "1.jpg", "2.jpg", "3.jpg"),
    "video": ("a.mp4", "b.mp4", "c.webm", "d.avi"),
    "audio": ("a.wav", "b.wav", "c.flac", "d.mp4"),
}
"""Files of one kind; the last has no pair of its own, the one before is the only one twice."""

CARD = """name: media
protocols: [pair, score]
modalities: [text, image, video, audio]
primary: accuracy
criteria:
  - {name: match, question: Which is it?, scale: {lowest: 1, highest: 3}}
  - {name: look, question: Which is nicer?, scale: {lowest: 1, highest: 3}}
card: {summary: Real media made by a test.}
"""


def medium(modality: str, uri: str) -> dict[str, str]:
    return {"modality": modality, "uri": uri}


def write_items(folder: Path, items: list[tuple[list[Any], list[list[Any]]]]) -> Path:
    lines = [
        {
            "id": str(place),
            "prompt": prompt,
            "candidates": [{"id": str(i), "parts": parts} for i, parts in enumerate(answers)],
            "gold": {"match": {"kind": "preference", "value": "first"}},
        }
        for place, (prompt, answers) in enumerate(items)
    ]
    (folder / "items.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    (folder / "task.yaml").write_text(CARD, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four files of each kind, and one of each that is cut in half."""
    folder = tmp_path_factory.mktemp("files")
    for seed in range(4):
        jpeg(folder / f"{seed}.jpg", seed)
    video(folder / "a.mp4", 12, gop=4)
    video(folder / "b.mp4", 30, gop=900)
    video(folder / "c.webm", 20)
    video(folder / "d.avi", 9)
    video(folder / "still.avi", 1)
    for place, name in enumerate(("a.wav", "b.wav", "c.flac")):
        wav(folder / name, sine(1.5, 44_100, 300.0 + 200 * place), subtype="PCM_16")
    video(folder / "d.mp4", 30, audio_s=1.0)
    for name in ("0.jpg", "a.mp4", "a.wav"):
        whole = (folder / name).read_bytes()
        (folder / f"cut-{name}").write_bytes(whole[: len(whole) // 2])
    return folder


def pairs(files: Path, folder: Path, kind: str) -> Path:
    """Three pairs of whole files, and a fourth of which one file is cut."""
    for path in files.iterdir():
        (folder / path.name).hardlink_to(path)
    first, second, third, last = PAIRS[kind]
    shown = [(first, second), (second, third), (third, last), (first, f"cut-{first}")]
    items = [
        ([f"a sound of rain {i}"], [[medium(kind, a)], [medium(kind, b)]])
        for i, (a, b) in enumerate(shown)
    ]
    return write_items(folder, items)


def stored(folder: Path) -> dict[tuple[str, str], Any]:
    with RunStore.open(folder) as store:
        return {(j.item, j.criterion): j for _, j in store.judgments()}


CHATS = {
    "qwen2_5_vl": ("image", "video"),
    "llava_onevision": ("image", "video"),
    "smolvlm": ("image", "video"),
    "qwen2_audio": ("audio",),
    "qwen2_5_omni": ("image", "video", "audio"),
}
SCORERS = {
    "open_clip": ("image", "video"),
    "clip": ("image", "video"),
    "siglip": ("image", "video"),
    "xclip": ("video",),
    "clap": ("audio",),
}


FAST = ("qwen2_5_omni", "clip", "clap")
"""Judges that between them take every kind of file; the others are asked in `make test-all`."""


def cases(judges: dict[str, tuple[str, ...]]) -> list[Any]:
    return [
        pytest.param(name, kind, marks=() if name in FAST else pytest.mark.slow)
        for name, kinds in judges.items()
        for kind in kinds
    ]


def asked_ways() -> list[Any]:
    """The cases of chat models in both modes; words are fast about a picture alone."""
    return [
        pytest.param(*case.values, mode, marks=case.marks if fast else pytest.mark.slow)
        for case in cases(CHATS)
        for mode, fast in (("logits", True), ("generate", case.values[1] == "image"))
    ]


def check(found: dict[tuple[str, str], Any], allowed: set[str]) -> None:
    """All eight judgments are there, the cut file failed alone, the others as is allowed."""
    assert len(found) == 8
    for (item, _), judgment in found.items():
        failure = judgment.outcome if isinstance(judgment.outcome, Failure) else None
        if item == "3":
            assert failure
            assert failure.reason == "media"
            assert "cut-" in failure.detail
        else:
            assert failure is None or failure.reason in allowed, failure


@pytest.mark.parametrize(("family", "kind", "mode"), asked_ways())
def test_a_chat_model_judges_files_and_the_cut_one_fails_alone(
    folders: dict[str, Path], files: Path, tmp_path: Path, family: str, kind: str, mode: str
):
    task = tmp_path / "task"
    task.mkdir()
    options = {"mode": mode, "frames": 4, "batch_size": 2}
    if mode == "generate":
        options["max_new_tokens"] = 4
    run(
        str(pairs(files, task, kind)),
        f"hf:{folders[family]}",
        out=tmp_path / "run",
        options=options,
    )
    found = stored(tmp_path / "run")
    check(found, set() if mode == "logits" else {"empty", "truncated", "ambiguous"})
    if mode == "logits":
        said = {tuple(np.round(numbers(j.reply), 5)) for (i, _), j in found.items() if i != "3"}
        assert len(said) == 6


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["logits", "generate"])
@pytest.mark.parametrize(("family", "kind"), [c for c in cases(CHATS) if c.values[1] == "video"])
def test_a_still_beside_a_film_is_answered_or_unsupported_and_harms_no_other(
    folders: dict[str, Path], files: Path, tmp_path: Path, family: str, kind: str, mode: str
):
    task = tmp_path / "task"
    task.mkdir()
    for name in ("a.mp4", "b.mp4", "still.avi"):
        (task / name).hardlink_to(files / name)
    shown = [("a.mp4", "b.mp4"), ("a.mp4", "still.avi"), ("still.avi", "still.avi")]
    items = [(["a film"], [[medium(kind, a)], [medium(kind, b)]]) for a, b in shown]
    options = {"mode": mode} | ({"max_new_tokens": 4} if mode == "generate" else {})
    run(
        str(write_items(task, items)),
        f"hf:{folders[family]}",
        out=tmp_path / "run",
        options=options,
    )
    for (item, _), judgment in stored(tmp_path / "run").items():
        if isinstance(judgment.outcome, Failure):
            reason = judgment.outcome.reason
            assert reason == "unsupported" if mode == "logits" else reason not in ("infra", "media")
            assert reason != "unsupported" or item == "1", judgment.outcome


@pytest.mark.parametrize(("name", "kind"), cases(SCORERS))
def test_a_scorer_judges_files_and_the_cut_one_fails_alone(
    opened: Any, files: Path, tmp_path: Path, name: str, kind: str
):
    task = tmp_path / "task"
    task.mkdir()
    run(str(pairs(files, task, kind)), opened(name), out=tmp_path / "run")
    found = stored(tmp_path / "run")
    check(found, set())
    assert len({j.reply.scores for (i, _), j in found.items() if i != "3"}) == 3


@pytest.mark.parametrize("kind", ["video", pytest.param("audio", marks=pytest.mark.slow)])
def test_the_command_line_puts_files_to_a_chat_model(
    folders: dict[str, Path], files: Path, tmp_path: Path, kind: str
):
    task = tmp_path / "task"
    task.mkdir()
    family = {"video": "qwen2_5_vl", "audio": "qwen2_audio"}[kind]
    words = ["run", "--task", pairs(files, task, kind), "--judge", f"hf:{folders[family]}"]
    words += ["-J", "mode=logits", "-J", "frames=4", "--out", tmp_path / "run"]
    done = CliRunner().invoke(app, list(map(str, words)))
    assert done.exit_code == 1, done.output
    assert "4 items, 8 judgments, 2 failed" in done.output
    check(stored(tmp_path / "run"), set())


def decoded(folder: Path, media: Media, sampling: Sampling) -> Any:
    path = folder / media.uri
    match media.modality:
        case "image":
            return decode_image(path.read_bytes(), media.uri)
        case "video":
            return decode_video(path, media.uri, sampling)
        case "audio":
            return decode_audio(path, media.uri, sampling)


def everything(files: Path, folder: Path) -> Path:
    """Items that show text, images, videos and sounds at once, in all places of an item."""
    for path in files.iterdir():
        (folder / path.name).hardlink_to(path)
    image, film = medium("image", "1.jpg"), medium("video", "a.mp4")
    sound = medium("audio", "a.wav")
    return write_items(
        folder,
        [
            (["What is it?", image], [[film, "a film"], [sound, "a sound"]]),
            ([film, "What is it?", sound], [["a cup"], [image]]),
            ([sound, image, film, "Which?"], [["yes"], ["no"]]),
        ],
    )


@pytest.mark.parametrize("share", ["packed", pytest.param("none", marks=pytest.mark.slow)])
def test_what_is_stored_is_what_the_model_says_of_the_decoded_files(
    folders: dict[str, Path], files: Path, tmp_path: Path, share: str
):
    task = tmp_path / "task"
    task.mkdir()
    done = run(
        str(everything(files, task)),
        f"hf:{folders['qwen2_5_omni']}",
        out=tmp_path / "run",
        orders="given",
        options={"mode": "logits", "share": share, "frames": 4},
    )
    assert done.stats
    assert (done.stats.judged, done.stats.failed) == (6, 0)
    judge = open_chat(folders["qwen2_5_omni"], mode="logits", share=share, frames=4)
    found = stored(tmp_path / "run")
    for request in asked(task, done):
        shown = [request.prompt, *(c.parts for c in request.candidates)]
        media = {p for parts in shown for p in parts if isinstance(p, Media)}
        in_memory = {m: decoded(task, m, judge.card.sampling) for m in media}
        (alone,) = judge.judge([request], in_memory)
        before = found[request.item, request.criterion.name]
        assert numbers(before.reply) == pytest.approx(numbers(alone), abs=1e-5)
        assert parse(request, alone) == before.outcome


def asked(folder: Path, done: Run) -> list[Request]:
    """The requests of a run."""
    header = done.header
    return [
        request
        for place, item in enumerate(open_task(str(folder), None).load("pair"))
        if isinstance(item, Item)
        for request in requests(header.task, item, place, header.settings, header.judge.fingerprint)
    ]
