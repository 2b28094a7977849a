"""The engine `vllm.LLM`: how it is opened, and how prompts become outputs, each known by its id."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mmjudge.errors import JudgeError, MissingExtraError
from mmjudge.judges.hf.chat import ChatForm
from mmjudge.judges.hf.load import check_folder, check_template, pinned_folder
from mmjudge.judges.vllm.prompts import Prompt, same_text
from mmjudge.types import Failure

SAMPLED = ("stop", "length")
"""Reasons to finish that leave an output to be read."""


class Call(NamedTuple):
    """A prompt and the arguments of the `SamplingParams` that it is sent with."""

    prompt: Prompt
    params: Mapping[str, Any]


class Engine(NamedTuple):
    """A running engine.

    Attributes:
        llm: Has `enqueue` and `wait_for_completion` of `vllm.LLM`.
        params: Makes a `vllm.SamplingParams` of keywords.
        context: Tokens that prompt and reply may have together.
        dtype: What it computes with.
        faults: Exceptions that blame the request: it can be asked no other way.
        dead: Exceptions after which the engine answers nothing more.
    """

    llm: Any
    params: Callable[..., Any]
    context: int
    dtype: str
    faults: tuple[type[Exception], ...] = (ValueError,)
    dead: tuple[type[Exception], ...] = ()

    def outputs(self, calls: Sequence[Call], chat: ChatForm) -> list[Any]:
        """Each call's `RequestOutput`, or why there is none.

        Args:
            calls: In the order in which they are best computed.
            chat: Says which tokens are control tokens.

        Raises:
            JudgeError: The engine is dead.
        """
        try:
            asked = [self._enqueued(call) for call in calls]
            waited = self.llm.wait_for_completion(use_tqdm=False)
        except self.dead as error:
            raise JudgeError(f"vllm: the engine died; resume the run to go on: {error}") from error
        found = {_number(output.request_id): output for output in waited}
        control = {*chat.tokenizer.all_special_ids, *chat.tokenizer.added_tokens_decoder}
        return [
            one if isinstance(one, Failure) else _sound(found.get(one), call, control)
            for one, call in zip(asked, calls, strict=True)
        ]

    def _enqueued(self, call: Call) -> str | Failure:
        """The id of a call that the engine took, or why it did not."""
        params = self.params(**call.params)
        try:
            (given,) = self.llm.enqueue(call.prompt.as_vllm(), params, use_tqdm=False)
        except self.dead:
            raise
        except self.faults as error:
            return Failure(reason="unsupported", detail=f"vllm does not take it: {error}")
        except Exception as error:  # noqa: BLE001 (the model's own processor may raise anything)
            return Failure(reason="infra", detail=f"vllm: {type(error).__name__}: {error}")
        return _number(given)


def _number(request_id: str) -> str:
    """The counter in an id: vLLM adds random characters to one within, and takes them off again."""
    return str(request_id).partition("-")[0]


def _sound(output: Any, call: Call, control: set[int]) -> Any:
    if output is None:
        return Failure(reason="infra", detail="vllm gave no output for this request")
    if not output.outputs or output.outputs[0].finish_reason not in SAMPLED:
        why = output.outputs[0].finish_reason if output.outputs else "no output"
        return Failure(reason="infra", detail=f"vllm gave up on this request: {why}")
    if not same_text(call.prompt.ids, output.prompt_token_ids or (), control):
        detail = (
            "vllm cut the prompt into other tokens than it was sent, so that text might have "
            "become a control token; ask this model with hf:"
        )
        return Failure(reason="infra", detail=detail)
    return output


class Opened(NamedTuple):
    """An engine with the form in which its model is asked."""

    engine: Engine
    processor: Any
    revision: str
    repetition_penalty: float


def open_engine(name: str, options: Mapping[str, Any]) -> Opened:
    """Start vLLM on the model that a path or an id on the Hub names.

    Args:
        name: A folder in the Hub's layout, or `owner/model`.
        options: `revision`, `dtype`, `tensor_parallel_size`, `gpu_memory_utilization`,
            `max_model_len`, `trust_remote_code`.

    Raises:
        MissingExtraError: vllm is not installed.
        JudgeError: There is no such model, its weights are no safetensors, it needs code of its
            own that was not allowed, or vLLM cannot run it here.
    """
    vllm, transformers = _libraries()
    trusted = bool(options["trust_remote_code"])
    judge = f"vllm:{name}"
    folder, revision = pinned_folder(name, options["revision"], trusted, "vllm")
    check_folder(folder, judge, trusted)
    try:
        processor = transformers.AutoProcessor.from_pretrained(
            folder, trust_remote_code=trusted, local_files_only=True
        )
        check_template(processor, judge)
        penalty = _repetition_penalty(transformers, folder)
        llm = vllm.LLM(**engine_options(folder, options))
    except (OSError, ValueError, ImportError, KeyError, RuntimeError) as error:
        raise JudgeError(f"{judge}: cannot be run by vllm: {error}") from error
    return Opened(_engine(vllm, llm), processor, revision, penalty)


def engine_options(folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords of `vllm.LLM`.

    `processed_logprobs`: log-probabilities after `allowed_token_ids`, so among the options alone.
    `max_logprobs` -1: as many as there are options.
    """
    return {
        "model": str(folder),
        "trust_remote_code": bool(options["trust_remote_code"]),
        "dtype": options["dtype"],
        "tensor_parallel_size": options["tensor_parallel_size"],
        "gpu_memory_utilization": options["gpu_memory_utilization"],
        "max_model_len": options["max_model_len"],
        "load_format": "safetensors",
        "enable_prefix_caching": True,
        "logprobs_mode": "processed_logprobs",
        "max_logprobs": -1,
        "seed": 0,
    }


def _engine(vllm: Any, llm: Any) -> Engine:
    from vllm.exceptions import VLLMClientError
    from vllm.v1.engine.exceptions import EngineDeadError

    return Engine(
        llm=llm,
        params=vllm.SamplingParams,
        context=int(llm.model_config.max_model_len),
        dtype=str(llm.model_config.dtype).removeprefix("torch."),
        faults=(ValueError, VLLMClientError),
        dead=(EngineDeadError,),
    )


def _libraries() -> tuple[Any, Any]:
    try:
        import transformers
        import vllm
    except ImportError as error:
        raise MissingExtraError("the judge vllm", str(error.name), "vllm") from error
    return vllm, transformers


def _repetition_penalty(transformers: Any, folder: Path) -> float:
    """What the model's own configuration asks for, which transformers obeys by itself."""
    if not (folder / "generation_config.json").is_file():
        return 1.0
    config = transformers.GenerationConfig.from_pretrained(folder, local_files_only=True)
    return float(config.repetition_penalty or 1.0)
