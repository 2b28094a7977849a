"""Judges of `vllm:` whose engine is a model of transformers."""

from pathlib import Path
from typing import Any

from mmjudge.judges.vllm.judge import DEFAULTS, Vllm
from tests.judges.transformers_engine import TransformersEngine, opened_on

FAMILIES = ("llava_onevision", "qwen2_5_vl", "qwen2_audio")
"""Tiny chat models that vLLM's own processors were compared with, too."""


def asked(folder: Path, engine: TransformersEngine | None = None, **options: Any) -> Vllm:
    running = engine or TransformersEngine(folder)
    return Vllm(folder.name, DEFAULTS | options, opened_on(running))


def engine_of(judge: Vllm) -> TransformersEngine:
    engine: TransformersEngine = judge.answerer.engine.llm
    return engine
