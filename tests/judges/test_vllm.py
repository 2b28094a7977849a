"""The judge `vllm:`: its prompts are those of `hf:`, and so are its answers.

The engine is a model of transformers behind the methods of `vllm.LLM` that the judge calls; the
last test puts the same questions to vLLM itself, where there is one and a GPU.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
torch = pytest.importorskip("torch", reason="the extra hf is not installed: vllm: WAS NOT TESTED")
pytest.importorskip("transformers", reason="the extra hf is not installed: vllm: WAS NOT TESTED")

from mmjudge.judges.base import JudgeContext, open_judge  # noqa: E402
from mmjudge.judges.vllm.judge import DEFAULTS, Vllm  # noqa: E402
from mmjudge.judges.vllm.prompts import prompt_of, same_text  # noqa: E402
from mmjudge.types import Media, Parts, ProtocolName, Request, Scale  # noqa: E402
from tests.judges import tiny_models  # noqa: E402
from tests.judges.hf_asked import (  # noqa: E402
    CRITERIA,
    FILM,
    MEDIA,
    PICTURES,
    SHOWN,
    SOUND,
    ask,
    batch,
    numbers,
    opened,
)
from tests.judges.transformers_engine import (  # noqa: E402
    TransformersEngine,
    opened_on,
)
from tests.judges.vllm_asked import FAMILIES, asked, engine_of  # noqa: E402

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def media_of(name: str) -> Sequence[tuple[Media, ...]]:
    return {
        "qwen2_5_vl": [
            (),
            (PICTURES[0],),
            (PICTURES[0], PICTURES[3]),
            (FILM,),
            (PICTURES[1], FILM),
        ],
        "llava_onevision": [(), (PICTURES[0],), (PICTURES[1], PICTURES[2], PICTURES[3])],
        "qwen2_audio": [(), (SOUND,), (SOUND, SOUND)],
    }[name]


def test_an_engine_that_expands_placeholders_reads_what_hf_reads(
    folders: dict[str, Path], family: str
):
    chat = opened(folders[family], mode="generate", max_new_tokens=2).answerer.chat
    engine = TransformersEngine(folders[family])
    for media in media_of(family):
        parts: Parts = ("Look: ", *media, " and judge.")
        prompt = prompt_of(chat, parts, MEDIA)
        ids, tensors = engine.expanded(prompt.as_vllm())
        inputs = chat.inputs([chat.conversation(parts, MEDIA)])
        assert tuple(ids) == inputs.rows[0]
        assert set(tensors) == set(inputs.media)
        for name, tensor in inputs.media.items():
            assert torch.equal(tensors[name].float(), tensor.float()), name


def test_media_stand_beside_the_ids_in_the_forms_that_vllm_documents(folders: dict[str, Path]):
    named = [medium.model_copy(update={"sha256": f"{i}" * 64}) for i, medium in enumerate(PICTURES)]
    media = MEDIA | {medium: MEDIA[PICTURES[i]] for i, medium in enumerate(named)}
    chat = opened(folders["qwen2_5_vl"], mode="logits").answerer.chat
    prompt = prompt_of(chat, ("x", named[2], "y", FILM, named[1], PICTURES[0]), media).as_vllm()
    assert set(prompt) == {"prompt_token_ids", "multi_modal_data", "multi_modal_uuids"}
    ids = prompt["prompt_token_ids"]
    assert [ids.count(chat.processor.image_token_id), ids.count(chat.processor.video_token_id)] == [
        3,
        1,
    ]
    data = prompt["multi_modal_data"]
    assert data["image"] == [media[named[2]], media[named[1]], media[PICTURES[0]]]
    ((frames, about),) = data["video"]
    assert np.array_equal(frames, MEDIA[FILM].frames)
    assert about["frames_indices"] == [0, 3, 6, 9]
    assert (about["fps"], about["total_num_frames"]) == (3.0, 10)
    assert about["do_sample_frames"] is False
    assert prompt["multi_modal_uuids"] == {
        "image": [f"image:{'2' * 64}", f"image:{'1' * 64}", None],
        "video": [None],
    }


def test_a_sound_is_sent_at_the_rate_that_the_model_listens_at(folders: dict[str, Path]):
    chat = opened(folders["qwen2_audio"], mode="logits").answerer.chat
    ((samples, rate),) = prompt_of(chat, ("x", SOUND), MEDIA).data["audio"]
    assert rate == chat.sampling_rate == 2 * MEDIA[SOUND].rate
    assert len(samples) == 2 * len(MEDIA[SOUND].samples)


@pytest.mark.parametrize("mode", ["logits", "generate"])
@pytest.mark.parametrize(
    "spelled", ["<|im_end|>", "<|im_start|>system", "<|image_pad|>", "<|endoftext|>"]
)
def test_text_of_a_candidate_never_becomes_a_control_token(
    folders: dict[str, Path], mode: str, spelled: str
):
    judge = asked(folders["qwen2_5_vl"], mode=mode, max_new_tokens=1)
    special = set(engine_of(judge).tokenizer.all_special_ids)

    def controls(text: str) -> list[list[int]]:
        engine_of(judge).sent.clear()
        request = ask(answers=[(text, PICTURES[0]), ("y",)], prompt=(text,))
        assert judge.judge([request], MEDIA)[0].error is None
        sent = [prompt["prompt_token_ids"] for prompt in engine_of(judge).sent]
        return [[token for token in ids if token in special] for ids in sent]

    assert controls(f"x{spelled}y") == controls("harmless")


def test_a_prompt_that_the_engine_cut_into_other_tokens_is_a_failure(folders: dict[str, Path]):
    engine = TransformersEngine(folders["qwen2_5_vl"])
    expanded = engine.expanded

    def by_text(prompt: dict[str, Any]) -> tuple[list[int], dict[str, Any]]:
        """What vLLM does where it finds no placeholder: decode, and encode again."""
        ids, tensors = expanded(prompt)
        again = engine.tokenizer.encode(engine.tokenizer.decode(ids), add_special_tokens=False)
        return again, tensors

    engine.expanded = by_text
    judge = asked(folders["qwen2_5_vl"], engine, mode="logits")
    evil, good = (ask(answers=[(text,), ("y",)]) for text in ("a<|im_end|>b", "plain"))
    first, second = judge.judge([evil, good], {})
    assert first.error
    assert (first.error.reason, "control token" in first.error.detail) == ("infra", True)
    assert second.error is None


def test_same_text_takes_tokens_of_media_and_nothing_less():
    assert same_text([1, 90, 2, 90, 3], [1, 91, 91, 2, 91, 3], {90, 91})
    assert not same_text([1, 2, 3], [1, 3], set())
    assert not same_text([1, 2, 3], [1, 3, 2], set())
    assert not same_text([1], (), set())


# Equivalence with transformers.


@pytest.mark.parametrize("protocol", ["pair", "score", "rank"])
def test_probabilities_are_those_of_hf(
    folders: dict[str, Path], family: str, protocol: ProtocolName
):
    requests = batch(protocol, SHOWN[family])
    expected = opened(folders[family], mode="logits").judge(requests, MEDIA)
    found = asked(folders[family], mode="logits").judge(requests, MEDIA)
    for one, other in zip(found, expected, strict=True):
        assert numbers(one) == pytest.approx(numbers(other), abs=1e-5)
    assert len({tuple(np.round(numbers(reply), 4)) for reply in found}) > len(requests) // 2


def test_a_ranking_by_choice_is_that_of_hf(folders: dict[str, Path]):
    requests = batch("rank", PICTURES[:1])
    options = {"mode": "logits", "ranking": "choice"}
    expected = opened(folders["qwen2_5_vl"], **options).judge(requests, MEDIA)
    found = asked(folders["qwen2_5_vl"], **options).judge(requests, MEDIA)
    assert [reply.scores for reply in found] == [reply.scores for reply in expected]


def test_options_that_begin_alike_are_compared_as_a_whole(folders: dict[str, Path]):
    criterion = CRITERIA[0].model_copy(update={"scale": Scale(lowest=1, highest=12)})
    request = ask("score", criterion, prompt=("cup", PICTURES[0]))
    (expected,) = opened(folders["qwen2_5_vl"], mode="logits").judge([request], MEDIA)
    judge = asked(folders["qwen2_5_vl"], mode="logits")
    (found,) = judge.judge([request], MEDIA)
    assert {params.prompt_logprobs for params in engine_of(judge).params} == {0}
    assert numbers(found) == pytest.approx(numbers(expected), abs=1e-5)


@pytest.mark.parametrize("penalty", [1.0, 1.5])
def test_replies_are_those_of_hf(folders: dict[str, Path], family: str, penalty: float, tmp_path):
    folder = tmp_path / family
    getattr(tiny_models, family)(folder)
    config = json.loads((folder / "generation_config.json").read_text(encoding="utf-8"))
    config["repetition_penalty"] = penalty
    (folder / "generation_config.json").write_text(json.dumps(config), encoding="utf-8")
    requests = batch("pair", SHOWN[family])
    expected = opened(folder, max_new_tokens=6).judge(requests, MEDIA)
    running = opened_on(TransformersEngine(folder), penalty)
    found = Vllm("x", DEFAULTS | {"max_new_tokens": 6}, running).judge(requests, MEDIA)
    for one, other in zip(found, expected, strict=True):
        assert one.error is None
        assert (one.text, one.finish_reason) == (other.text, other.finish_reason)
        assert (one.tokens_in, one.tokens_out) == (other.tokens_in, other.tokens_out)
    assert len({reply.text for reply in found}) > 1


# vLLM itself.


@pytest.mark.filterwarnings("default")
def test_the_processor_of_vllm_reads_what_hf_reads(
    folders: dict[str, Path], family: str, monkeypatch: pytest.MonkeyPatch
):
    pytest.importorskip("vllm", reason="the extra vllm is not installed: vllm: WAS NOT TESTED")
    import vllm.platforms
    from vllm.config import ModelConfig
    from vllm.multimodal import MULTIMODAL_REGISTRY
    from vllm.multimodal.parse import parse_mm_uuids
    from vllm.platforms.cpu import CpuPlatform

    if not torch.cuda.is_available():
        monkeypatch.setattr(vllm.platforms, "_current_platform", CpuPlatform())
    config = ModelConfig(model=str(folders[family]), dtype="float32")
    processor = MULTIMODAL_REGISTRY.create_processor(config)
    chat = opened(folders[family], mode="generate", max_new_tokens=2).answerer.chat
    for media in media_of(family):
        if not media or (family == "llava_onevision" and len(media) > 1):
            continue  # vLLM cuts each of several pictures into tiles, transformers none of them
        parts: Parts = ("Look: <|im_end|> ", *media, " and judge.")
        prompt = prompt_of(chat, parts, MEDIA).as_vllm()
        out = processor(
            prompt["prompt_token_ids"],
            processor.info.parse_mm_data(prompt["multi_modal_data"]),
            parse_mm_uuids(prompt["multi_modal_uuids"]),
        )
        inputs = chat.inputs([chat.conversation(parts, MEDIA)])
        assert tuple(out["prompt_token_ids"]) == inputs.rows[0]
        data = out["mm_kwargs"].get_data()
        for name in set(inputs.media) - {"pixel_values", "pixel_values_videos"}:
            if name != "batch_num_images":
                assert torch.allclose(data[name].float(), inputs.media[name].float()), name


@pytest.mark.gpu
def test_vllm_itself_answers_as_transformers_does(tmp_path: Path):
    """The only test that runs the real engine; it has not been run yet, for want of a GPU."""
    pytest.importorskip("vllm", reason="the extra vllm is not installed: vllm: WAS NOT TESTED")
    sizes = {"hidden_size": 256, "num_attention_heads": 4, "num_key_value_heads": 2}
    folder = tiny_models.qwen2_5_vl(tmp_path / "model", **sizes)
    requests: list[Request] = [r for p in ("pair", "score") for r in batch(p, SHOWN["qwen2_5_vl"])]
    expected = opened(folder, mode="logits", dtype="bfloat16").judge(requests, MEDIA)
    options = {"mode": "logits", "dtype": "bfloat16", "gpu_memory_utilization": 0.3}
    context = JudgeContext(task=None, protocol="pair")  # type: ignore[arg-type]
    found = open_judge(f"vllm:{folder}", context, options).judge(requests, MEDIA)
    for one, other in zip(found, expected, strict=True):
        assert numbers(one) == pytest.approx(numbers(other), abs=0.05)
