"""Which models the judge `hf:` loads, which it refuses, and what it says then."""

import json
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mmjudge.errors import JudgeError
from tests.judges.hf_asked import opened


@pytest.fixture
def copied(folders: dict[str, Path], tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "model"
    folder.mkdir()
    for path in folders["qwen2_5_vl"].iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def refused(folder: Path | str, **options: Any) -> str:
    with pytest.raises(JudgeError) as caught:
        opened(Path(folder) if isinstance(folder, Path) else folder, **options)  # type: ignore[arg-type]
    return str(caught.value)


def test_pickled_weights_are_refused_before_they_are_read(copied: Path):
    (copied / "model.safetensors").unlink()
    (copied / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    said = refused(copied)
    assert "pytorch_model.bin" in said
    assert "safetensors" in said


def test_code_of_a_repository_is_refused_unless_it_is_trusted(copied: Path):
    config = json.loads((copied / "config.json").read_text())
    config |= {"model_type": "unheard_of", "auto_map": {"AutoConfig": "own.Own"}}
    (copied / "config.json").write_text(json.dumps(config))
    (copied / "own.py").write_text("raise SystemExit('ran')")
    assert "trust_remote_code" in refused(copied)


def test_the_revision_of_a_folder_follows_its_weights(copied: Path):
    from mmjudge.judges.hf.load import folder_digest

    before = folder_digest(copied)
    path = copied / "model.safetensors"
    content = bytearray(path.read_bytes())
    (length,) = struct.unpack("<Q", content[:8])
    content[8 + length + 1] ^= 1
    path.write_bytes(bytes(content))
    assert folder_digest(copied) != before


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("nowhere", {}, "owner/model"),
        ("nobody/nothing", {}, "nobody/nothing"),
        ("x", {"mode": "guess"}, "generate, logits"),
        ("x", {"share": "most"}, "packed, cache, none, causal"),
        ("x", {"batch_size": 0}, "at least 1"),
        ("x", {"colour": 1}, "unknown option"),
    ],
)
def test_what_cannot_be_opened_is_named(name: str, options: dict[str, Any], said: str):
    assert said in refused(name, **options)


def test_a_damaged_model_is_a_clear_error(copied: Path):
    (copied / "model.safetensors").write_bytes(b"\xff" * 100)
    assert "safetensors" in refused(copied)


def test_a_folder_has_no_revision(copied: Path):
    assert "no revisions" in refused(copied, revision="main")


def test_without_the_extra_the_error_names_it(copied: Path, monkeypatch: pytest.MonkeyPatch):
    from mmjudge.errors import MissingExtraError

    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    with pytest.raises(MissingExtraError, match=r"mmjudge\[hf\]"):
        opened(copied, batch_size=3)


def test_of_a_model_that_speaks_only_the_part_that_thinks_is_loaded(
    folders: dict[str, Path], tmp_path: Path
):
    """Its voices lie in a pickle, which is never read."""
    folder = tmp_path / "omni"
    shutil.copytree(folders["qwen2_5_omni"], folder)
    (folder / "spk_dict.pt").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    config = json.loads((folder / "config.json").read_text())
    assert config["enable_audio_output"]
    judge = opened(folder, mode="logits")
    model = judge.answerer.chat.loaded.model
    assert type(model).__name__ == "Qwen2_5OmniThinkerForConditionalGeneration"
    assert judge.card.modalities == ("text", "image", "video", "audio")


def test_weights_that_are_missing_are_refused_and_not_made_up(copied: Path):
    from safetensors.torch import load_file, save_file

    weights = load_file(copied / "model.safetensors")
    del weights["lm_head.weight"]
    save_file(weights, copied / "model.safetensors", metadata={"format": "pt"})
    assert "lacks 1 weights" in (said := refused(copied))
    assert "lm_head.weight" in said


def test_a_processor_that_ends_a_conversation_in_its_own_way_is_refused(
    folders: dict[str, Path], tmp_path: Path
):
    folder = tmp_path / "smolvlm"
    shutil.copytree(folders["smolvlm"], folder)
    template = (folder / "chat_template.jinja").read_text()
    (folder / "chat_template.jinja").write_text(template.replace("Assistant:", "Judge:"))
    assert "ends a conversation otherwise" in refused(folder, mode="logits")
