"""Tiny models of real architectures, saved as the Hub holds them; what the tests compare with."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

SENTENCE = "a red green blue cat dog house car sound of rain birds person walks good bad reply"
TINY = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}
VISION = {**TINY, "image_size": 32, "patch_size": 16}
PIXELS = {"height": 32, "width": 32}
OPEN_CLIP = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "head_width": 32, "patch_size": 16},
    "text_cfg": {
        "context_length": 77,
        "vocab_size": 49408,
        "width": 32,
        "heads": 2,
        "layers": 2,
    },
}


class VideoFrames(NamedTuple):
    """A decoded video, as far as a scorer looks at it."""

    frames: np.ndarray


class AudioClip(NamedTuple):
    """A decoded sound, as far as a scorer looks at it."""

    samples: np.ndarray
    rate: int


def picture(seed: int, size: int = 48) -> Image.Image:
    """A smooth picture that differs with its seed."""
    small = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((size, size), Image.Resampling.BICUBIC)


def video(seed: int, n: int = 5) -> VideoFrames:
    """A video of pictures that differ."""
    return VideoFrames(np.stack([np.asarray(picture(100 * seed + i)) for i in range(n)]))


def sound(seed: int, seconds: float, rate: int = 16000) -> AudioClip:
    """Noise in which a tone stands out."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * rate)) / rate
    tone = np.sin(2 * np.pi * (200 + 150 * seed) * time) + 0.1 * rng.standard_normal(len(time))
    return AudioClip(tone.astype(np.float32), rate)


def _seeded() -> None:
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)


def open_clip_model(folder: Path) -> Path:
    """A ViT of open_clip with its configuration."""
    import open_clip
    from safetensors.torch import save_file

    _seeded()
    model = open_clip.CLIP(**OPEN_CLIP)
    folder.mkdir(parents=True)
    config = {"model_cfg": OPEN_CLIP, "preprocess_cfg": {"interpolation": "bicubic"}}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    state = {k: v.contiguous() for k, v in model.state_dict().items()}
    save_file(state, folder / "open_clip_model.safetensors")
    return folder


def word_tokenizer(mask: bool = True, length: int = 24):
    """A tokenizer by words: padding 1, begin 0, end 2, as RoBERTa has them."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    specials = ["<s>", "<pad>", "</s>", "<unk>"]
    vocabulary = {word: place for place, word in enumerate([*specials, *SENTENCE.split(" ")])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        model_max_length=length,
        model_input_names=["input_ids", "attention_mask"] if mask else ["input_ids"],
    )


TEXT = {**TINY, "vocab_size": 32, "max_position_embeddings": 24}
ENDS = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}


def clip_model(folder: Path) -> Path:
    """CLIP of transformers."""
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor

    _seeded()
    config = CLIPConfig(text_config={**TEXT, **ENDS}, vision_config=VISION, projection_dim=24)
    CLIPModel(config).save_pretrained(folder)
    images = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=PIXELS)
    CLIPProcessor(images, word_tokenizer()).save_pretrained(folder)
    return folder


def siglip_model(folder: Path) -> Path:
    """SigLIP, whose tokenizer makes no mask."""
    from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel, SiglipProcessor

    _seeded()
    config = SiglipConfig(text_config={**TEXT, **ENDS}, vision_config=VISION)
    SiglipModel(config).save_pretrained(folder)
    images = SiglipImageProcessor(size=PIXELS)
    SiglipProcessor(images, word_tokenizer(mask=False)).save_pretrained(folder)
    return folder


def xclip_model(folder: Path) -> Path:
    """X-CLIP on clips of four frames."""
    from transformers import VideoMAEImageProcessor, XCLIPConfig, XCLIPModel, XCLIPProcessor

    _seeded()
    vision = {
        **VISION,
        "num_frames": 4,
        "mit_hidden_size": 24,
        "mit_intermediate_size": 48,
        "mit_num_hidden_layers": 1,
        "mit_num_attention_heads": 2,
    }
    config = XCLIPConfig(
        text_config={**TEXT, **ENDS},
        vision_config=vision,
        projection_dim=24,
        prompt_num_attention_heads=2,
        prompt_layers=1,
        prompt_alpha=0.5,
    )
    XCLIPModel(config).save_pretrained(folder)
    images = VideoMAEImageProcessor(size={"shortest_edge": 32}, crop_size=PIXELS)
    XCLIPProcessor(images, word_tokenizer()).save_pretrained(folder)
    return folder


def clap_model(folder: Path, fusion: bool = False) -> Path:
    """CLAP on windows of one second."""
    from transformers import ClapConfig, ClapFeatureExtractor, ClapModel, ClapProcessor

    _seeded()
    audio = {
        "spec_size": 64,
        "num_mel_bins": 16,
        "patch_size": 4,
        "patch_stride": [4, 4],
        "patch_embeds_hidden_size": 16,
        "hidden_size": 32,
        "depths": [1, 1],
        "num_attention_heads": [2, 2],
        "num_hidden_layers": 2,
        "window_size": 4,
        "num_classes": 8,
        "enable_fusion": fusion,
    }
    text = {**TEXT, **ENDS, "max_position_embeddings": 26}
    config = ClapConfig(text_config=text, audio_config=audio, projection_dim=24)
    ClapModel(config).save_pretrained(folder)
    extractor = ClapFeatureExtractor(
        feature_size=16,
        sampling_rate=16000,
        hop_length=64,
        fft_window_size=256,
        max_length_s=1,
        frequency_max=8000,
        truncation="fusion" if fusion else "rand_trunc",
    )
    ClapProcessor(extractor, word_tokenizer()).save_pretrained(folder)
    return folder


def reward_model(folder: Path, labels: int = 1, chat: bool = False, length: int = 24) -> Path:
    """A sequence-classification head on BERT, or on Llama with a chat template.

    It takes `length` tokens.
    """
    from transformers import (
        BertConfig,
        BertForSequenceClassification,
        LlamaConfig,
        LlamaForSequenceClassification,
    )

    _seeded()
    tokenizer = word_tokenizer(length=length)
    text = {**TEXT, "max_position_embeddings": length}
    if chat:
        config = LlamaConfig(**text, **ENDS, num_labels=labels, num_key_value_heads=2)
        tokenizer.chat_template = (
            "{% for m in messages %}{{ m.role }} {{ m.content }} {{ '</s>' }}{% endfor %}"
        )
        model = LlamaForSequenceClassification(config)
    else:
        model = BertForSequenceClassification(BertConfig(**text, **ENDS, num_labels=labels))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
