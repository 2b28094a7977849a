"""Tiny models that take more than one kind of medium at once: Qwen2.5-Omni and SmolVLM."""

from pathlib import Path
from typing import Any

from tests.judges.tiny_models import chat_template, language, saved, tokenizer

OMNI = {
    "image_token": "<|IMAGE|>",
    "video_token": "<|VIDEO|>",
    "audio_token": "<|AUDIO|>",
    "vision_bos_token": "<|vision_bos|>",
    "vision_eos_token": "<|vision_eos|>",
    "audio_bos_token": "<|audio_bos|>",
    "audio_eos_token": "<|audio_eos|>",
}


SMOLVLM = (
    "{% for message in messages %}<|im_start|>User: {% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}<end_of_utterance>\n{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)
"""Shows no video: for these the processor has a template of its own, which ends alike."""


def qwen2_5_omni(folder: Path, seed: int = 0) -> Path:
    """Qwen2.5-Omni whole, as the Hub holds it: what thinks, what talks and what makes the sound."""
    from transformers import (
        Qwen2_5OmniConfig,
        Qwen2_5OmniForConditionalGeneration,
        Qwen2_5OmniProcessor,
        Qwen2VLImageProcessor,
        Qwen2VLVideoProcessor,
        WhisperFeatureExtractor,
    )

    tokens = tokenizer(*OMNI.values(), named=OMNI)
    size = {"shortest_edge": 28 * 28, "longest_edge": 112 * 112}
    processor = Qwen2_5OmniProcessor(
        Qwen2VLImageProcessor(size=size),
        Qwen2VLVideoProcessor(size=size),
        WhisperFeatureExtractor(feature_size=16, chunk_length=2),
        tokens,
        chat_template=chat_template(
            {
                "image": "<|vision_bos|><|IMAGE|><|vision_eos|>",
                "video": "<|vision_bos|><|VIDEO|><|vision_eos|>",
                "audio": "<|audio_bos|><|AUDIO|><|audio_eos|>",
            }
        ),
    )
    thinker = _thinker(tokens)
    config = Qwen2_5OmniConfig(
        thinker_config=thinker, talker_config=_talker(thinker), token2wav_config=_token2wav()
    )
    return saved(Qwen2_5OmniForConditionalGeneration(config), processor, folder, seed)


def _thinker(tokens: Any) -> dict[str, Any]:
    ids = {name: tokens.convert_tokens_to_ids(token) for name, token in OMNI.items()}
    rope = {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 10000.0}
    return {
        "text_config": language(len(tokens), tokens, rope_parameters=rope),
        "vision_config": {
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_heads": 2,
            "out_hidden_size": 64,
            "fullatt_block_indexes": [1],
            "window_size": 56,
        },
        "audio_config": {
            "num_mel_bins": 16,
            "d_model": 32,
            "encoder_layers": 1,
            "encoder_attention_heads": 2,
            "encoder_ffn_dim": 48,
            "max_source_positions": 100,
            "n_window": 25,
            "output_dim": 64,
        },
        "image_token_index": ids["image_token"],
        "video_token_index": ids["video_token"],
        "audio_token_index": ids["audio_token"],
        "audio_start_token_id": ids["audio_bos_token"],
        "audio_end_token_id": ids["audio_eos_token"],
        "vision_start_token_id": ids["vision_bos_token"],
        "vision_end_token_id": ids["vision_eos_token"],
    }


def _talker(thinker: dict[str, Any]) -> dict[str, Any]:
    rope = {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 10000.0}
    return {
        "vocab_size": 40,
        "embedding_size": 64,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "rope_parameters": rope,
    }


def _token2wav() -> dict[str, Any]:
    return {
        "dit_config": {
            "hidden_size": 32,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "head_dim": 16,
            "emb_dim": 16,
            "num_embeds": 40,
            "mel_dim": 8,
            "enc_emb_dim": 8,
            "enc_dim": 8,
            "enc_channels": [8, 8, 8, 8, 24],
            "enc_attention_channels": 4,
            "enc_se_channels": 4,
        },
        "bigvgan_config": {
            "mel_dim": 8,
            "upsample_initial_channel": 16,
            "upsample_rates": [2, 2],
            "upsample_kernel_sizes": [4, 4],
        },
    }


def smolvlm(folder: Path, seed: int = 0) -> Path:
    """SmolVLM: pictures in tiles and a video as dated frames, before a Llama."""
    from transformers import (
        SmolVLMConfig,
        SmolVLMForConditionalGeneration,
        SmolVLMImageProcessor,
        SmolVLMProcessor,
        SmolVLMVideoProcessor,
    )

    tiles = [f"<row_{row}_col_{column}>" for row in range(1, 5) for column in range(1, 5)]
    marks = ("<fake_token_around_image>", "<image>", "<video>", "<global-img>", *tiles)
    tokens = tokenizer(*marks, "<end_of_utterance>")
    side = {"longest_edge": 32}
    processor = SmolVLMProcessor(
        SmolVLMImageProcessor(size={"longest_edge": 64}, max_image_size=side),
        tokens,
        SmolVLMVideoProcessor(
            size=side,
            max_image_size=side,
            video_sampling={"max_frames": 8, "fps": 1, "video_size": side},
        ),
        image_seq_len=4,
        chat_template=SMOLVLM,
    )
    config = SmolVLMConfig(
        text_config={"model_type": "llama", **language(len(tokens), tokens)},
        vision_config={
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": 32,
            "patch_size": 8,
        },
        image_token_id=tokens.convert_tokens_to_ids("<image>"),
        scale_factor=2,
        pad_token_id=tokens.pad_token_id,
    )
    return saved(SmolVLMForConditionalGeneration(config), processor, folder, seed)
