"""The judge `vllm:`: what is sent in which order, what comes back, and what can be opened."""

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
torch = pytest.importorskip("torch", reason="the extra hf is not installed: vllm: WAS NOT TESTED")
pytest.importorskip("transformers", reason="the extra hf is not installed: vllm: WAS NOT TESTED")

from mmjudge import run  # noqa: E402
from mmjudge.errors import JudgeError, MissingExtraError  # noqa: E402
from mmjudge.judges.base import JudgeContext, open_judge  # noqa: E402
from mmjudge.judges.hf.packing import common  # noqa: E402
from mmjudge.judges.vllm.judge import Vllm  # noqa: E402
from tests.judges.hf_asked import (  # noqa: E402
    CRITERIA,
    MEDIA,
    PICTURES,
    ask,
)
from tests.judges.test_hf_runs import small_task  # noqa: E402
from tests.judges.transformers_engine import (  # noqa: E402
    EngineDiedError,
    TransformersEngine,
    opened_on,
)
from tests.judges.vllm_asked import FAMILIES, asked, engine_of  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_seed_depends_on_what_is_shown_and_on_the_repeat_alone(folders: dict[str, Path]):
    judge = asked(folders["qwen2_5_vl"], temperature=1.0, max_new_tokens=6)
    repeats = [ask(repeat=i) for i in range(4)]
    together = judge.judge([*repeats, ask(prompt=("other",))], {})[:4]
    seeds = {params.seed for params in engine_of(judge).params}
    assert len(seeds) == 5
    assert len({reply.text for reply in together}) == 4
    renamed = [r.model_copy(update={"key": "ff", "item": "j", "task": "u@1"}) for r in repeats]
    backwards = judge.judge(renamed[::-1], {})[::-1]
    assert [reply.text for reply in backwards] == [reply.text for reply in together]


def test_without_a_temperature_equal_prompts_are_asked_once(folders: dict[str, Path]):
    judge = asked(folders["qwen2_5_vl"], max_new_tokens=2)
    judge.judge([ask(repeat=i) for i in range(4)], {})
    assert len(engine_of(judge).sent) == 1
    assert engine_of(judge).params[0].seed is None


@pytest.mark.parametrize("mode", ["logits", "generate"])
def test_neighbours_share_the_longest_beginnings(folders: dict[str, Path], mode: str):
    judge = asked(folders["qwen2_5_vl"], mode=mode, max_new_tokens=1)
    items = [("a red cup", PICTURES[0]), ("a red cup", PICTURES[1]), ("a blue plate", PICTURES[0])]
    requests = [ask(criterion=c, prompt=tuple(p)) for c in CRITERIA for p in items]
    judge.judge(requests, MEDIA)
    seen = [
        (prompt["prompt_token_ids"], prompt["multi_modal_data"]["image"])
        for prompt in engine_of(judge).sent
    ]
    placeholder = engine_of(judge).processor.image_token_id

    def shared(one: Any, other: Any) -> int:
        """Tokens that both begin with; a placeholder counts if the picture is the same."""
        n = common([tuple(one[0]), tuple(other[0])])
        if one[1][0] is not other[1][0]:
            n = min(n, one[0].index(placeholder))
        return n

    assert len(seen) == 9
    best = [max(shared(one, other) for other in seen if other is not one) for one in seen]
    beside = [
        max(shared(one, seen[j]) for j in (i - 1, i + 1) if 0 <= j < 9)
        for i, one in enumerate(seen)
    ]
    assert beside == best
    of_one_item = [shared(seen[i], seen[i + 1]) for i in (0, 1, 3, 4, 6, 7)]
    of_two = [shared(seen[i], seen[i + 1]) for i in (2, 5)]
    assert min(of_one_item) > seen[0][0].index(placeholder) >= max(of_two)


def test_logits_ask_for_one_token_among_those_of_the_options(folders: dict[str, Path]):
    judge = asked(folders["qwen2_5_vl"], mode="logits")
    judge.judge([ask()], {})
    (params,) = engine_of(judge).params
    firsts = [engine_of(judge).tokenizer.encode(word)[0] for word in ("A", "B", "tie")]
    assert params.allowed_token_ids == firsts
    assert (params.logprobs, params.max_tokens, params.temperature) == (3, 1, 0.0)


@pytest.mark.parametrize("mode", ["logits", "generate"])
def test_one_request_that_the_engine_refuses_fails_alone(folders: dict[str, Path], mode: str):
    judge = asked(folders["qwen2_5_vl"], mode=mode, max_new_tokens=4)
    replies = judge.judge([ask(), ask(prompt=("word " * 1500,)), ask(prompt=("x",))], {})
    assert [reply.error.reason if reply.error else None for reply in replies] == [
        None,
        "unsupported",
        None,
    ]
    assert replies[1].error
    assert "2048" in replies[1].error.detail or "longer" in replies[1].error.detail
    alone = judge.judge([ask()], {})[0]
    assert (alone.text, alone.probabilities) == (replies[0].text, replies[0].probabilities)


def test_a_reply_that_the_context_would_cut_is_unsupported_as_for_hf(folders: dict[str, Path]):
    long = ask(prompt=("word " * 300,))
    free = asked(folders["qwen2_5_vl"], max_new_tokens=4)
    read = free.judge([long], {})[0].tokens_in
    assert read
    tight = TransformersEngine(folders["qwen2_5_vl"], max_model_len=read + 3)
    (reply,) = asked(folders["qwen2_5_vl"], tight, max_new_tokens=4).judge([long], {})
    assert reply.error
    assert reply.error.reason == "unsupported"
    assert str(read) in reply.error.detail


def spoiled(spoil: Callable[[Any], Any], folder: Path, **options: Any) -> Vllm:
    """A judge whose engine spoils the output to the second request."""
    engine = TransformersEngine(folder)
    output = engine.output

    def second(number: str, *rest: Any) -> Any:
        made = output(number, *rest)
        return spoil(made) if number == "2" else made

    engine.output = second
    return asked(folder, engine, **options)


def aborted(output: Any) -> Any:
    output.outputs[0].finish_reason = "abort"
    return output


def lost(output: Any) -> Any:
    return SimpleNamespace(**{**vars(output), "request_id": "99"})


def without_logprobs(output: Any) -> Any:
    output.outputs[0].logprobs = [{}]
    return output


def not_numbers(output: Any) -> Any:
    for one in output.outputs[0].logprobs[0].values():
        one.logprob = float("nan")
    return output


@pytest.mark.parametrize(
    ("spoil", "mode", "said"),
    [
        (aborted, "generate", "abort"),
        (aborted, "logits", "abort"),
        (lost, "generate", "no output"),
        (lost, "logits", "no output"),
        (without_logprobs, "logits", "no log-probability"),
        (not_numbers, "logits", "finite"),
    ],
)
def test_what_the_engine_did_not_answer_is_a_failure_of_that_request(
    folders: dict[str, Path], spoil: Callable[[Any], Any], mode: str, said: str
):
    judge = spoiled(spoil, folders["qwen2_5_vl"], mode=mode, max_new_tokens=2)
    words = ("apple", "bread", "cherry")
    replies = judge.judge([ask(prompt=(word,)) for word in words], {})
    engine = engine_of(judge)
    second = engine.tokenizer.decode(engine.sent[1]["prompt_token_ids"])
    for word, reply in zip(words, replies, strict=True):
        assert (reply.error is not None) == (word in second)
        if reply.error:
            assert reply.error.reason == "infra"
            assert said in reply.error.detail


def test_an_engine_that_died_stops_the_run(folders: dict[str, Path]):
    engine = TransformersEngine(folders["qwen2_5_vl"])

    def died(use_tqdm: bool = True) -> list[Any]:
        raise EngineDiedError("EngineCore encountered an issue")

    engine.wait_for_completion = died
    with pytest.raises(JudgeError, match="resume the run"):
        asked(folders["qwen2_5_vl"], engine).judge([ask()], {})


def test_a_processor_that_breaks_on_a_request_fails_it_alone(folders: dict[str, Path]):
    engine = TransformersEngine(folders["qwen2_5_vl"])
    expanded = engine.expanded

    def breaking(prompt: dict[str, Any]) -> Any:
        if "multi_modal_data" in prompt:
            raise RuntimeError("Expected there to be 1 image items")
        return expanded(prompt)

    engine.expanded = breaking
    judge = asked(folders["qwen2_5_vl"], engine, max_new_tokens=2)
    first, second = judge.judge([ask(prompt=("x", PICTURES[0])), ask()], MEDIA)
    assert first.error
    assert "Expected there to be" in first.error.detail
    assert second.error is None


def test_a_medium_that_the_model_does_not_take_is_not_sent(folders: dict[str, Path]):
    judge = asked(folders["qwen2_audio"], mode="logits")
    first, second = judge.judge([ask(prompt=("x", PICTURES[0])), ask()], MEDIA)
    assert first.error
    assert first.error.reason == "unsupported"
    assert second.error is None
    assert len(engine_of(judge).sent) == 1


def test_a_run_over_a_folder_task_judges_every_item(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def opening(name: str, options: dict[str, Any]) -> Any:
        return opened_on(TransformersEngine(Path(name)))

    monkeypatch.setattr("mmjudge.judges.vllm.judge.open_engine", opening)
    (tmp_path / "task").mkdir()
    task = str(small_task(tmp_path / "task", "pair"))
    options = {"mode": "logits"}
    ours, theirs = (
        run(task, f"{kind}:{folders['qwen2_5_vl']}", out=tmp_path / kind, options=options)
        for kind in ("vllm", "hf")
    )
    assert ours.stats
    assert (ours.stats.judged, ours.stats.failed) == (10, 0)
    values = [[one.value for one in done.scores(n_resamples=0)] for done in (ours, theirs)]
    assert values[0] == pytest.approx(values[1])


# Opening.


def opening(name: str, **options: Any) -> Any:
    context = JudgeContext(task=None, protocol="pair")  # type: ignore[arg-type]
    return open_judge(f"vllm:{name}", context, options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"mode": "guess"}, "generate, logits"),
        ({"colour": 1}, "unknown option"),
        ({"dtype": "int3"}, "bfloat16"),
        ({"gpu_memory_utilization": 1.5}, "found 1.5"),
        ({"tensor_parallel_size": 0}, "at least 1"),
        ({"max_model_len": "long"}, "found 'long'"),
        ({"max_model_len": 0}, "found 0"),
    ],
)
def test_what_cannot_be_opened_is_named_before_anything_loads(options: dict[str, Any], said: str):
    with pytest.raises(JudgeError, match=said):
        opening("x", **options)


def test_without_the_library_the_error_names_the_extra(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(__import__("sys").modules, "vllm", None)
    with pytest.raises(MissingExtraError, match=r"mmjudge\[vllm\]"):
        opening(str(folders["qwen2_5_vl"]))


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """A library that notes how it is called and starts nothing: for what is refused before."""
    calls: list[dict[str, Any]] = []

    def llm(**options: Any) -> Any:
        calls.append(options)
        raise RuntimeError("Failed to infer device type")

    monkeypatch.setitem(__import__("sys").modules, "vllm", SimpleNamespace(LLM=llm))
    return calls


def test_pickled_weights_never_reach_the_engine(
    folders: dict[str, Path], tmp_path: Path, library: list[dict[str, Any]]
):
    folder = tmp_path / "model"
    folder.mkdir()
    for path in folders["qwen2_5_vl"].iterdir():
        name = path.name.replace("model.safetensors", "pytorch_model.bin")
        (folder / name).write_bytes(path.read_bytes())
    with pytest.raises(JudgeError, match=r"vllm:.*safetensors"):
        opening(str(folder))
    assert not library


def test_the_engine_is_asked_for_a_prefix_cache_and_logprobs_among_the_allowed(
    folders: dict[str, Path], library: list[dict[str, Any]]
):
    with pytest.raises(JudgeError, match="Failed to infer device type"):
        opening(str(folders["qwen2_5_vl"]), max_model_len=512, tensor_parallel_size=2)
    (options,) = library
    assert options["enable_prefix_caching"] is True
    assert options["logprobs_mode"] == "processed_logprobs"
    assert options["load_format"] == "safetensors"
    assert options["trust_remote_code"] is False
    assert (options["max_model_len"], options["tensor_parallel_size"]) == (512, 2)
