"""Which scorers are opened, which are refused, and what is said then."""

import json
import subprocess
import sys

import numpy as np
import pytest

from mmjudge.errors import JudgeError, MissingExtraError
from mmjudge.judges.base import open_judge
from tests.judges import scorer_models as tiny
from tests.judges.scorer_asked import (
    CLOSE,
    context,
    image,
    score,
    torch,
)


@pytest.mark.parametrize("file", ["pytorch_model.bin", "open_clip_pytorch_model.bin", "model.pt"])
@pytest.mark.parametrize("kind", ["clip", "dual", "reward"])
def test_weights_that_are_a_pickle_are_refused_with_what_to_do(tmp_path, root, kind, file):
    (tmp_path / file).write_bytes(b"\x80\x04N.")
    for name in (tmp_path, tmp_path / file):
        with pytest.raises(JudgeError, match=r"pickle.*safetensors") as error:
            open_judge(f"{kind}:{name}", context(root))
        assert "save_file" in str(error.value)


@pytest.mark.parametrize("kind", ["clip", "dual", "reward"])
@pytest.mark.parametrize("keep", [0, 7, 100, -1])
def test_weights_that_are_cut_off_or_no_weights_are_named_before_they_are_loaded(
    tmp_path, root, kind, keep
):
    from safetensors.numpy import save

    whole = save({"weight": np.ones((8, 8), dtype=np.float32)})
    (tmp_path / "model.safetensors").write_bytes(whole[:keep])
    with pytest.raises(JudgeError, match=r"model\.safetensors is damaged, .*get the file again"):
        open_judge(f"{kind}:{tmp_path}", context(root))


def test_open_clip_never_prefers_a_pickle_that_lies_beside_the_weights(paths, root, tmp_path):
    import shutil

    shutil.copytree(paths("open_clip"), tmp_path / "both")
    (tmp_path / "both" / "open_clip_model.safetensors").rename(
        tmp_path / "both" / "model.safetensors"
    )
    (tmp_path / "both" / "open_clip_pytorch_model.bin").write_bytes(b"\x80\x04N.")
    with pytest.raises(JudgeError, match="pickle"):
        open_judge(f"clip:{tmp_path / 'both'}", context(root))


def test_a_local_file_of_weights_fits_a_model_of_open_clip_by_name(paths, root, tmp_path):
    import open_clip

    known = open_clip.add_model_config
    config = tmp_path / "tiny-vit.json"
    config.write_text(json.dumps(tiny.OPEN_CLIP))
    known(config)
    file = paths("open_clip") / "open_clip_model.safetensors"
    judge = open_judge(f"clip:tiny-vit/{file}", context(root))
    by_folder = open_judge(f"clip:{paths('open_clip')}", context(root))
    pairs = [("a cat", image(0))]
    np.testing.assert_allclose(score(judge, pairs), score(by_folder, pairs), atol=CLOSE)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("clip:ViT-B-33/openai", "no folder|cannot be had"),
        ("clip:ViT-B-33", "ViT-B-32"),
        ("clip:ViT-B-32/opneai", "openai"),
        ("dual:scenes-clop", r"no folder .*embedded: scenes-clap"),
        ("reward:nowhere", "no folder"),
    ],
)
def test_a_model_that_is_not_there_is_named(root, spec, said, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(JudgeError, match=said):
        open_judge(spec, context(root))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"frames": "median"}, "mean, max, global, fused"),
        ({"tie_within": -1.0}, "tie_within"),
        ({"alpha": 1.5}, "alpha"),
        ({"dtype": "int8"}, "bfloat16"),
        ({"batch": -1}, "batch"),
        ({"bathc": 1}, "unknown option"),
    ],
)
def test_an_option_that_does_not_fit_is_refused(opened, options, said):
    with pytest.raises(JudgeError, match=said):
        opened("clip", **options)


def test_the_fingerprint_changes_with_weights_and_whatever_shapes_a_score(opened, paths, root):
    import shutil

    first = opened("clip").card
    assert opened("clip", batch=3).card.fingerprint == first.fingerprint
    for options in ({"frames": "max"}, {"tie_within": 0.1}, {"dtype": "bfloat16"}):
        assert opened("clip", **options).card.fingerprint != first.fingerprint
    path = paths("clip")
    kept = path.with_name("kept")
    shutil.copytree(path, kept)
    try:
        torch.manual_seed(5)
        file = path / "model.safetensors"
        from safetensors.torch import load_file, save_file

        state = load_file(file)
        state["text_projection.weight"] += 1
        save_file(state, file, metadata={"format": "pt"})
        assert open_judge(f"dual:{path}", context(root)).card.fingerprint != first.fingerprint
    finally:
        shutil.rmtree(path)
        kept.rename(path)


def test_a_head_that_is_missing_is_refused_not_made_up(paths, root, tmp_path):
    from transformers import AutoTokenizer, BertModel

    base = BertModel.from_pretrained(paths("reward"))
    base.save_pretrained(tmp_path / "base")
    AutoTokenizer.from_pretrained(paths("reward")).save_pretrained(tmp_path / "base")
    with pytest.raises(JudgeError, match=r"lacks \d+ weights.*classifier"):
        open_judge(f"reward:{tmp_path / 'base'}", context(root))


def test_a_model_of_another_kind_names_the_judge_that_takes_it(paths, root):
    with pytest.raises(JudgeError, match="reward:"):
        open_judge(f"dual:{paths('reward')}", context(root))


def test_a_missing_library_names_the_extra(opened, monkeypatch):
    for name, library, extra in (
        ("open_clip", "open_clip", "clip"),
        ("clip", "transformers", "hf"),
        ("reward", "torch", "hf"),
    ):
        with monkeypatch.context() as patched:
            patched.setitem(sys.modules, library, None)
            with pytest.raises(MissingExtraError, match=rf"mmjudge\[{extra}\]"):
                opened(name)


def test_the_kinds_are_listed_without_a_model_library():
    code = (
        "import sys; from mmjudge.registry import JUDGES, registry\n"
        "kinds = registry(JUDGES).load_all()\n"
        "print(*(card.name for kind in kinds.values() for card in kind.catalog()))\n"
        "print(*{'torch', 'transformers', 'open_clip'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names, heavy = done.stdout.split("\n")[:2]
    assert {"clip", "dual", "reward"} <= {name.partition(":")[0] for name in names.split()}
    assert heavy == ""
