"""Any chat model that vLLM runs as a judge: `vllm:FOLDER`, `vllm:OWNER/MODEL`."""

from collections.abc import Iterable, Mapping
from typing import Any, Self

from mmjudge.errors import JudgeError
from mmjudge.judges.base import JudgeContext, take_options
from mmjudge.judges.hf.chat import ChatForm
from mmjudge.judges.hf.judge import MODES, ChatJudge, check_options, in_order, shown_name
from mmjudge.judges.hf.load import DTYPES, modalities_of
from mmjudge.judges.hf.questions import RANKINGS, check_mode, protocols_of
from mmjudge.judges.vllm.answers import Weighed, Written
from mmjudge.judges.vllm.engine import Opened, open_engine
from mmjudge.types import JudgeCard, Sampling

DEFAULTS: dict[str, Any] = {
    "mode": "generate",
    "max_new_tokens": 512,
    "temperature": 0.0,
    "ranking": "wins",
    "dtype": "auto",
    "tensor_parallel_size": 1,
    "gpu_memory_utilization": 0.9,
    "max_model_len": None,
    "revision": None,
    "frames": 8,
    "trust_remote_code": False,
}

SUMMARY = "A chat model run by vLLM: its words, or the probabilities of the verdicts."

REQUESTS_A_CALL = 128
"""Requests handed over at once: enough to keep the engine's batch full, while their media fit."""


class Vllm(ChatJudge):
    """The judge `vllm:NAME`."""

    def __init__(self, name: str, options: Mapping[str, Any], opened: Opened) -> None:
        chat = ChatForm(opened.processor)
        engine = opened.engine
        shaping: dict[str, Any] = {"mode": options["mode"]}
        if options["mode"] == "generate":
            shaping |= {key: options[key] for key in ("max_new_tokens", "temperature")}
            shaping |= {"repetition_penalty": opened.repetition_penalty}
            self.answerer = Written(
                engine,
                chat,
                options["max_new_tokens"],
                options["temperature"],
                opened.repetition_penalty,
            )
        else:
            shaping |= {"ranking": options["ranking"]}
            self.answerer = Weighed(engine, chat, options["ranking"])
        sampling = Sampling(frames=options["frames"], audio_rate=chat.sampling_rate)
        shaping |= {"dtype": engine.dtype, "max_model_len": engine.context}
        shaping |= {"sampling": sampling.model_dump()}
        self.card = _card(name, options["mode"], modalities_of(opened.processor)).model_copy(
            update={"revision": opened.revision, "params": shaping, "sampling": sampling}
        )

    @classmethod
    def open(cls, name: str, options: Mapping[str, Any], context: JudgeContext) -> Self:
        """Start the engine."""
        if not name:
            raise JudgeError("judge vllm: needs a folder or an id: vllm:PATH, vllm:OWNER/MODEL")
        taken = checked_options(name, options)
        check_mode(f"vllm:{name}", taken["mode"], context.protocol)
        folder = context.folder / name
        found = str(folder) if folder.is_dir() else name
        return cls(shown_name(name), taken, open_engine(found, taken))

    @classmethod
    def catalog(cls) -> Iterable[JudgeCard]:
        """One card for all models: what they take is known when one is loaded."""
        modalities = ("text", "image", "video", "audio")
        return [_card("NAME", "generate", modalities).model_copy(update={"params": DEFAULTS})]


def checked_options(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Options with defaults filled in.

    Raises:
        JudgeError: One is unknown, of another type, or out of range.
    """
    judge = f"vllm:{name}"
    taken = take_options(judge, options, DEFAULTS)
    check_options(
        judge,
        taken,
        {"mode": MODES, "ranking": RANKINGS, "dtype": DTYPES},
        {"max_new_tokens": 1, "frames": 1, "temperature": 0, "tensor_parallel_size": 1},
    )
    share, length = taken["gpu_memory_utilization"], taken["max_model_len"]
    if not 0 < share <= 1:
        raise JudgeError(
            f"judge {judge}: gpu_memory_utilization is a share of the GPU's memory above 0 and up "
            f"to 1, found {share}"
        )
    if length is not None and (not isinstance(length, int) or length < 1):
        raise JudgeError(
            f"judge {judge}: max_model_len is a number of tokens of at least 1, or is left out for "
            f"the model's own; found {length!r}"
        )
    return taken


def _card(name: str, mode: str, modalities: Iterable[str]) -> JudgeCard:
    return JudgeCard(
        name=f"vllm:{name}",
        summary=SUMMARY,
        modalities=in_order(modalities),
        needs=("vllm",),
        protocols=protocols_of(mode),
        media=True,
        batch_size=REQUESTS_A_CALL,
    )
