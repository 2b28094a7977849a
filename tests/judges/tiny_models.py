"""Tiny models of real architectures with random weights, saved as on the Hub, made on the spot.

Processors, tokenizers and chat templates are real ones, only small. Weights are drawn with a wide
spread, so that answers differ from item to item.
"""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

IM = ("<|im_start|>", "<|im_end|>")
CORPUS = (
    "Verdict: [[A]] Verdict: [[B]] Verdict: [[tie]]",
    "Score: [[1]] Score: [[5]] Ranking: [[A > B > C]]",
    "a red cup left of a white plate on a table beside the window",
    "Which shows what was asked for? Is it sharp, and well lit? Answer Yes or No only.",
    "Yes",
    "No",
)


def corpus() -> list[str]:
    """What a tokenizer is trained on: with the prompts in it, a word is a token or two."""
    prompts = files("mmjudge.protocols") / "prompts"
    shown = [
        (prompts / f"{name}.jinja").read_text(encoding="utf-8")
        for name in ("pair", "score", "rank")
    ]
    return [*CORPUS, *shown] * 3


def chat_template(marks: dict[str, str]) -> str:
    """The turns of ChatML; `marks` says what stands for a medium of each kind."""
    kinds = "".join(
        f"{{% elif part['type'] == '{kind}' %}}{mark}" for kind, mark in sorted(marks.items())
    )
    return (
        "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
        "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
        "{% for part in message['content'] %}"
        "{% if part['type'] == 'text' %}{{ part['text'] }}" + kinds + "{% endif %}"
        "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )


def tokenizer(
    *specials: str, words: Sequence[str] = (), named: Mapping[str, str] | None = None
) -> Any:
    """A byte-level BPE tokenizer with its control tokens; `words` are single tokens.

    `named`: attribute to control token, for a processor that asks its tokenizer for them.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1000,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|endoftext|>", *IM, *specials],
    )
    inner.train_from_iterator(corpus(), trainer)
    inner.add_tokens([AddedToken(word, special=False, normalized=False) for word in words])
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        padding_side="left",
        extra_special_tokens=dict(named) if named else list(specials),
    )


def _spread(model: Any, seed: int) -> Any:
    """Random weights that tell one prompt from another."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                noise = torch.randn(parameter.shape, generator=generator)
                parameter.copy_(noise * parameter.shape[-1] ** -0.5)
    return model


def language(vocabulary: int, tokens: Any, **more: Any) -> dict[str, Any]:
    return {
        "vocab_size": vocabulary,
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 2048,
        "bos_token_id": None,
        "eos_token_id": tokens.eos_token_id,
        "pad_token_id": tokens.pad_token_id,
        "tie_word_embeddings": False,
    } | more


def qwen2_5_vl(folder: Path, seed: int = 0, **text: Any) -> Path:
    """Qwen2.5-VL: images and video, positions in three dimensions."""
    from transformers import (
        Qwen2_5_VLConfig,
        Qwen2_5_VLForConditionalGeneration,
        Qwen2_5_VLProcessor,
        Qwen2VLImageProcessor,
        Qwen2VLVideoProcessor,
    )

    names = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
    tokens = tokenizer(*names)
    ids = dict(zip(names, tokens.convert_tokens_to_ids(list(names)), strict=True))
    width = text.get("hidden_size", 64) // text.get("num_attention_heads", 4) // 16
    sections = [2 * width, 3 * width, 3 * width]
    rope = {"rope_type": "default", "mrope_section": sections, "rope_theta": 10000.0}
    config = Qwen2_5_VLConfig(
        text_config=language(len(tokens), tokens, rope_parameters=rope, **text),
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_heads": 2,
            "out_hidden_size": text.get("hidden_size", 64),
            "fullatt_block_indexes": [1],
            "window_size": 56,
        },
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=False,
    )
    size = {"shortest_edge": 28 * 28, "longest_edge": 112 * 112}
    processor = Qwen2_5_VLProcessor(
        Qwen2VLImageProcessor(size=size),
        tokens,
        Qwen2VLVideoProcessor(size=size),
        chat_template=chat_template(
            {
                "image": "<|vision_start|><|image_pad|><|vision_end|>",
                "video": "<|vision_start|><|video_pad|><|vision_end|>",
            }
        ),
    )
    return saved(Qwen2_5_VLForConditionalGeneration(config), processor, folder, seed)


def llava_onevision(folder: Path, seed: int = 0) -> Path:
    """LLaVA-OneVision: SigLIP before a Qwen2, positions in one dimension, pictures in tiles."""
    from transformers import (
        LlavaOnevisionConfig,
        LlavaOnevisionForConditionalGeneration,
        LlavaOnevisionImageProcessor,
        LlavaOnevisionProcessor,
        LlavaOnevisionVideoProcessor,
    )

    tokens = tokenizer("<image>", "<video>")
    side, tiles = {"height": 32, "width": 32}, [[32, 32], [32, 64], [64, 32]]
    config = LlavaOnevisionConfig(
        text_config={"model_type": "qwen2", **language(len(tokens), tokens)},
        vision_config={
            "model_type": "siglip_vision_model",
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": 32,
            "patch_size": 8,
            "vision_use_head": False,
        },
        image_token_index=tokens.convert_tokens_to_ids("<image>"),
        video_token_index=tokens.convert_tokens_to_ids("<video>"),
        image_grid_pinpoints=tiles,
        vision_feature_layer=-1,
        tie_word_embeddings=False,
    )
    processor = LlavaOnevisionProcessor(
        LlavaOnevisionImageProcessor(size=side, image_grid_pinpoints=tiles),
        tokens,
        LlavaOnevisionVideoProcessor(size=side),
        num_image_tokens=16,
        vision_feature_select_strategy="full",
        chat_template=chat_template({"image": "<image>\n", "video": "<video>\n"}),
    )
    return saved(LlavaOnevisionForConditionalGeneration(config), processor, folder, seed)


def qwen2_audio(folder: Path, seed: int = 0) -> Path:
    """Qwen2-Audio: a Whisper encoder before a Qwen2; its forward keeps the logits of all tokens."""
    from transformers import (
        Qwen2AudioConfig,
        Qwen2AudioForConditionalGeneration,
        Qwen2AudioProcessor,
        WhisperFeatureExtractor,
    )

    names = ("<|AUDIO|>", "<|audio_bos|>", "<|audio_eos|>")
    tokens = tokenizer(*names)
    config = Qwen2AudioConfig(
        text_config={"model_type": "qwen2", **language(len(tokens), tokens)},
        audio_config={
            "model_type": "qwen2_audio_encoder",
            "num_mel_bins": 16,
            "d_model": 32,
            "encoder_layers": 1,
            "encoder_attention_heads": 2,
            "encoder_ffn_dim": 48,
            "max_source_positions": 100,
        },
        audio_token_index=tokens.convert_tokens_to_ids("<|AUDIO|>"),
    )
    processor = Qwen2AudioProcessor(
        WhisperFeatureExtractor(feature_size=16, chunk_length=2),
        tokens,
        chat_template=chat_template({"audio": "<|audio_bos|><|AUDIO|><|audio_eos|>"}),
    )
    return saved(Qwen2AudioForConditionalGeneration(config), processor, folder, seed)


def saved(model: Any, processor: Any, folder: Path, seed: int) -> Path:
    _spread(model, seed).save_pretrained(folder, safe_serialization=True)
    processor.save_pretrained(folder)
    return folder
