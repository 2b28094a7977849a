"""`mmjudge check-judge` on judges that are models: tiny ones of real architectures."""

import os
from pathlib import Path

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
torch = pytest.importorskip("torch", reason="the extra hf is not installed: WAS NOT TESTED")
pytest.importorskip("transformers", reason="the extra hf is not installed: WAS NOT TESTED")

from mmjudge.checks import Report, check_judge  # noqa: E402
from tests.judges import scorer_models, tiny_models  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def broken(report: Report) -> list[str]:
    found = [f for f in report.findings if f.level == "broken"]
    return [f"{f.check}: {f.said} {f.examples}" for f in found]


def looked_at(report: Report) -> set[str]:
    found = [f for f in report.findings if f.check == "looks" and f.level == "ok"]
    return {f.said.split()[1] for f in found}


@pytest.mark.parametrize(
    ("family", "media"),
    [
        pytest.param("qwen2_5_vl", {"image", "video"}, marks=pytest.mark.slow),
        pytest.param("llava_onevision", {"image", "video"}, marks=pytest.mark.slow),
        pytest.param("qwen2_audio", {"audio"}, marks=pytest.mark.slow),
    ],
)
def test_a_chat_model_keeps_all_laws(family: str, media: set[str], tmp_path: Path):
    folder = getattr(tiny_models, family)(tmp_path / "model")
    report = check_judge(f"hf:{folder}", {"mode": "logits"})
    assert broken(report) == []
    assert looked_at(report) == {*media, "prompt", "text"}


@pytest.mark.slow
def test_a_model_that_writes_nonsense_is_said_to_give_no_verdict(tmp_path: Path):
    folder = tiny_models.qwen2_5_vl(tmp_path / "model")
    report = check_judge(f"hf:{folder}", {"max_new_tokens": 4}, protocol="pair")
    assert [line.partition(":")[0] for line in broken(report)] == ["verdicts"]


@pytest.mark.parametrize(
    ("model", "media"),
    [("clip_model", {"image", "video"}), ("xclip_model", {"video"}), ("clap_model", {"audio"})],
)
def test_a_dual_encoder_keeps_all_laws(model: str, media: set[str], tmp_path: Path):
    folder = getattr(scorer_models, model)(tmp_path / "model")
    report = check_judge(f"dual:{folder}")
    assert broken(report) == []
    assert media <= looked_at(report)


def test_an_open_clip_model_keeps_all_laws(tmp_path: Path):
    pytest.importorskip("open_clip", reason="the extra clip is not installed: WAS NOT TESTED")
    folder = scorer_models.open_clip_model(tmp_path / "model")
    report = check_judge(f"clip:{folder}")
    assert broken(report) == []
    assert "image" in looked_at(report)


def test_a_reward_model_keeps_all_laws(tmp_path: Path):
    folder = scorer_models.reward_model(tmp_path / "model")
    report = check_judge(f"reward:{folder}")
    assert broken(report) == []
