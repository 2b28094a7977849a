"""The methods of `vllm.LLM` that the judge calls, over a model of transformers.

Prompts are expanded, logits processed and outputs shaped as the sources of vLLM 0.33.0 say:
`multimodal/processing/processor.py` (a placeholder token becomes the tokens of its medium),
`v1/sample/sampler.py` (allowed tokens and penalties before `processed_logprobs`), `outputs.py`.
No cache, no batch: one plain forward a token. Outputs come back in the reverse of their order.
"""

from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
import transformers

from mmjudge.judges.hf.load import folder_digest
from mmjudge.judges.vllm.engine import Engine, Opened

KINDS = {"image": "images", "video": "videos", "audio": "audio"}


class EngineDiedError(Exception):
    """Stands for vLLM's `EngineDeadError`."""


@dataclass(frozen=True)
class Params:
    """`SamplingParams`: its fields that the judge may set, with its defaults."""

    temperature: float = 1.0
    max_tokens: int = 16
    seed: int | None = None
    repetition_penalty: float = 1.0
    logprobs: int | None = None
    prompt_logprobs: int | None = None
    allowed_token_ids: list[int] | None = None
    detokenize: bool = True


@dataclass
class TransformersEngine:
    """A model behind `enqueue` and `wait_for_completion`."""

    folder: Path
    max_model_len: int = 2048
    sent: list[dict[str, Any]] = field(default_factory=list)
    params: list[Params] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        config = transformers.AutoConfig.from_pretrained(self.folder)
        multimodal = type(config) in transformers.AutoModelForMultimodalLM._model_mapping
        auto = (
            transformers.AutoModelForMultimodalLM
            if multimodal
            else transformers.AutoModelForCausalLM
        )
        self.model = auto.from_pretrained(self.folder, dtype=torch.float32).eval()
        self.processor = transformers.AutoProcessor.from_pretrained(self.folder)
        self.tokenizer = getattr(self.processor, "tokenizer", self.processor)
        self.waiting: list[tuple[str, list[int], dict[str, Any], Params]] = []

    def enqueue(self, prompt: dict[str, Any], params: Params, use_tqdm: bool = True) -> list[str]:
        self.sent.append(prompt)
        number = str(len(self.sent))
        ids, tensors = self.expanded(prompt)
        if len(ids) >= self.max_model_len:
            raise ValueError(f"The decoder prompt (length {len(ids)}) is longer than the maximum")
        self.params.append(params)
        self.waiting.append((number, ids, tensors, params))
        return [f"{number}-0a1b2c3d"]

    def wait_for_completion(self, use_tqdm: bool = True) -> list[Any]:
        done = [self.output(*one) for one in reversed(self.waiting)]
        self.calls.append(len(self.waiting))
        self.waiting = []
        return done

    def expanded(self, prompt: dict[str, Any]) -> tuple[list[int], dict[str, Any]]:
        """Every placeholder as often as its medium has features, and the media as tensors."""
        data = prompt.get("multi_modal_data", {})
        ids = list(prompt["prompt_token_ids"])
        if not data:
            return ids, {}
        tensors = dict(self.processed(data))
        kinds = {getattr(self.processor, f"{kind}_token_id") for kind in data}
        runs = groupby(tensors["input_ids"][0].tolist())
        features = [(token, len(list(run))) for token, run in runs]
        lengths = {kind: [n for token, n in features if token == kind] for kind in kinds}
        out: list[int] = []
        for token in ids:
            out += [token] * (lengths[token].pop(0) if token in lengths else 1)
        assert not any(lengths.values()), "media without a placeholder"
        for name in ("input_ids", "attention_mask", "mm_token_type_ids", "token_type_ids"):
            tensors.pop(name, None)
        return out, tensors

    def processed(self, data: dict[str, list[Any]]) -> Any:
        marks = [
            getattr(self.processor, f"{kind}_token") for kind, some in data.items() for _ in some
        ]
        given: dict[str, Any] = {KINDS[kind]: some for kind, some in data.items()}
        if "image" in data:
            given["images"] = [data["image"]]
        if "video" in data:
            about = [
                {k: v for k, v in one.items() if k != "do_sample_frames"}
                for _, one in data["video"]
            ]
            given |= {"videos": [frames for frames, _ in data["video"]], "video_metadata": about}
        if "audio" in data:
            given |= {
                "audio": [samples for samples, _ in data["audio"]],
                "sampling_rate": data["audio"][0][1],
            }
        return self.processor(text=["\n".join(marks)], return_tensors="pt", **given)

    def logits(self, ids: list[int], tensors: dict[str, Any]) -> Any:
        """Logits of all places, shape (length, vocabulary)."""
        rows = torch.tensor([ids])
        kinds = {}
        if hasattr(self.model.config, "vision_start_token_id"):
            kinds["mm_token_type_ids"] = (rows == self.processor.image_token_id).int() + 2 * (
                rows == self.processor.video_token_id
            ).int()
        with torch.inference_mode():
            out = self.model(
                input_ids=rows, attention_mask=torch.ones_like(rows), **kinds, **tensors
            )
        return out.logits[0].float()

    def output(self, number: str, ids: list[int], tensors: dict[str, Any], params: Params) -> Any:
        ends = self.model.generation_config.eos_token_id
        ends = set(ends if isinstance(ends, list) else [ends])
        stream = torch.Generator().manual_seed(params.seed or 0)
        prompt_logprobs = None
        written: list[int] = []
        logprobs: list[dict[int, Any]] = []
        while len(written) < params.max_tokens and len(ids) + len(written) < self.max_model_len:
            logits = self.logits([*ids, *written], tensors)
            if params.prompt_logprobs is not None and prompt_logprobs is None:
                steps = logits[: len(ids) - 1].log_softmax(-1)
                prompt_logprobs = [None] + [
                    {token: SimpleNamespace(logprob=float(step[token]))}
                    for token, step in zip(ids[1:], steps, strict=True)
                ]
            last = processed(logits[-1], [*ids, *written], params)
            token = drawn(last, params.temperature, stream)
            if params.logprobs is not None:
                logs = last.log_softmax(-1)
                best = [*logs.topk(params.logprobs).indices.tolist(), token]
                logprobs.append({t: SimpleNamespace(logprob=float(logs[t])) for t in best})
            written.append(token)
            if token in ends:
                break
        ended = written[-1] in ends
        text = self.tokenizer.decode(written[: len(written) - ended], skip_special_tokens=True)
        one = SimpleNamespace(
            text=text if params.detokenize else "",
            token_ids=written,
            finish_reason="stop" if ended else "length",
            logprobs=logprobs if params.logprobs is not None else None,
        )
        return SimpleNamespace(
            request_id=number, prompt_token_ids=ids, outputs=[one], prompt_logprobs=prompt_logprobs
        )


def processed(logits: Any, seen: list[int], params: Params) -> Any:
    """Logits after the allowed tokens and the repetition penalty."""
    out = logits.clone()
    if params.allowed_token_ids is not None:
        hidden = torch.ones_like(out, dtype=torch.bool)
        hidden[params.allowed_token_ids] = False
        out[hidden] = -torch.inf
    again = torch.tensor(sorted(set(seen)))
    known = out[again]
    penalty = params.repetition_penalty
    out[again] = torch.where(known > 0, known / penalty, known * penalty)
    return out


def drawn(logits: Any, temperature: float, stream: Any) -> int:
    if temperature == 0:
        return int(logits.argmax())
    shares = (logits / temperature).softmax(-1)
    return int(torch.multinomial(shares, 1, generator=stream))


def opened_on(engine: TransformersEngine, penalty: float = 1.0) -> Opened:
    """What `open_engine` gives, with this engine in it."""
    running = Engine(
        engine,
        Params,
        engine.max_model_len,
        "float32",
        faults=(ValueError,),
        dead=(EngineDiedError,),
    )
    return Opened(running, engine.processor, f"sha256:{folder_digest(engine.folder)}", penalty)
