"""A LLaVA that starts from scenes-clip: its picture side as eyes, its text side as first layers."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from transformers import (
    AutoTokenizer,
    CLIPVisionConfig,
    GPT2Config,
    LlavaConfig,
    LlavaForConditionalGeneration,
)

from training.judge_tokens import IMAGE, signs

CONTEXT = 512
PATCHES = 36
FRESH = 4
"""New layers of the language model: one for each step of `training.looks`."""
_HEARD, _TAGGED, _ALIKE = 8.0, 3.0, 1.4
PROMPT_AT = 4
"""Place of the mark before the prompt in every row."""


def model_from(clip: Path, tokenizer: Any) -> Any:
    """A LLaVA that starts from scenes-clip, with fresh layers on top of its text side."""
    config = json.loads((clip / "open_clip_config.json").read_text())["model_cfg"]
    eyes, words = config["vision_cfg"], config["text_cfg"]
    shape = {"hidden_act": "gelu", "layer_norm_eps": 1e-5}
    vision = CLIPVisionConfig(
        hidden_size=eyes["width"],
        intermediate_size=4 * eyes["width"],
        num_hidden_layers=eyes["layers"],
        num_attention_heads=eyes["width"] // eyes["head_width"],
        image_size=eyes["image_size"],
        patch_size=eyes["patch_size"],
        projection_dim=config["embed_dim"],
        **shape,
    )
    text = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=CONTEXT,
        n_embd=words["width"],
        n_layer=words["layers"] + FRESH,
        n_head=words["heads"],
        activation_function="gelu",
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=None,
        tie_word_embeddings=False,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = LlavaForConditionalGeneration(
        LlavaConfig(
            vision_config=vision,
            text_config=text,
            image_token_index=tokenizer.convert_tokens_to_ids(IMAGE),
            vision_feature_layer=-1,
            vision_feature_select_strategy="default",
            image_seq_length=PATCHES,
            projector_hidden_act="gelu",
            tie_word_embeddings=False,
        )
    )
    weights = load_file(clip / "open_clip_model.safetensors")
    _take_eyes(model.model.vision_tower, weights)
    _take_words(model, weights, tokenizer, clip)
    return model


def _take_eyes(tower: Any, weights: dict[str, Any]) -> None:
    """The picture side of an open_clip model, under the names of transformers."""
    names = {
        "embeddings.class_embedding": "class_embedding",
        "embeddings.patch_embedding.weight": "conv1.weight",
        "embeddings.position_embedding.weight": "positional_embedding",
        "pre_layrnorm.weight": "ln_pre.weight",
        "pre_layrnorm.bias": "ln_pre.bias",
        "post_layernorm.weight": "ln_post.weight",
        "post_layernorm.bias": "ln_post.bias",
    }
    state = {ours: weights[f"visual.{theirs}"] for ours, theirs in names.items()}
    layers = tower.config.num_hidden_layers
    for layer in range(layers):
        block = f"visual.transformer.resblocks.{layer}"
        here = f"encoder.layers.{layer}"
        for end in ("weight", "bias"):
            parts = weights[f"{block}.attn.in_proj_{end}"].chunk(3)
            for name, part in zip("qkv", parts, strict=True):
                state[f"{here}.self_attn.{name}_proj.{end}"] = part.clone()
            state[f"{here}.self_attn.out_proj.{end}"] = weights[f"{block}.attn.out_proj.{end}"]
            state[f"{here}.layer_norm1.{end}"] = weights[f"{block}.ln_1.{end}"]
            state[f"{here}.layer_norm2.{end}"] = weights[f"{block}.ln_2.{end}"]
            state[f"{here}.mlp.fc1.{end}"] = weights[f"{block}.mlp.c_fc.{end}"]
            state[f"{here}.mlp.fc2.{end}"] = weights[f"{block}.mlp.c_proj.{end}"]
    target = getattr(tower, "vision_model", tower)
    missing, unknown = target.load_state_dict(state, strict=False)
    if unknown or any("position_ids" not in name for name in missing):
        raise ValueError(f"weights do not fit: missing {missing}, unknown {unknown}")


def _take_words(model: Any, weights: dict[str, Any], tokenizer: Any, clip: Path) -> None:
    """The text side: words known to both, places, and its blocks as the first layers.

    The marks around the prompt take the part of the start and the end of a caption, at whose end
    the text side gathers what a caption says.
    """
    known = AutoTokenizer.from_pretrained(clip).get_vocab()
    sign = signs()
    known |= {sign["<prompt>"]: known["<s>"], sign["</prompt>"]: known["</s>"]}
    inner = model.model.language_model
    with torch.no_grad():
        table = weights["token_embedding.weight"]
        inner.wte.weight.normal_(std=0.02)
        for word, place in tokenizer.get_vocab().items():
            same = word if word in known else word.lower()
            if same in known:
                inner.wte.weight[place] = table[known[same]]
        places = weights["positional_embedding"]
        inner.wpe.weight.copy_(_waves(*inner.wpe.weight.shape) * places.std())
        inner.wpe.weight[:PROMPT_AT] = places[0]
        inner.wpe.weight[PROMPT_AT : PROMPT_AT + len(places)] = places
        for layer, here in enumerate(inner.h):
            block = f"transformer.resblocks.{layer}"
            if f"{block}.ln_1.weight" in weights:
                _copy_block(here, weights, block)
        _fresh(inner.h[-FRESH:])


def _waves(n: int, width: int) -> Any:
    """Sines and cosines of places, shape (n, width): nearby places are alike."""
    at = torch.arange(n)[:, None] / 4 ** torch.linspace(1, 4.5, width // 2)
    return torch.cat([at.sin(), at.cos()], dim=1)


def _copy_block(here: Any, weights: dict[str, Any], block: str) -> None:
    for ours, theirs in (
        (here.attn.c_attn, "attn.in_proj_"),
        (here.attn.c_proj, "attn.out_proj."),
        (here.mlp.c_fc, "mlp.c_fc."),
        (here.mlp.c_proj, "mlp.c_proj."),
    ):
        ours.weight.copy_(weights[f"{block}.{theirs}weight"].T)
        ours.bias.copy_(weights[f"{block}.{theirs}bias"])
    for ours, theirs in ((here.ln_1, "ln_1"), (here.ln_2, "ln_2")):
        ours.weight.copy_(weights[f"{block}.{theirs}.weight"])
        ours.bias.copy_(weights[f"{block}.{theirs}.bias"])


def _fresh(blocks: Sequence[Any]) -> None:
    """Fresh layers that begin close to what `training.looks` asks of them.

    What the first gathers goes to the other half of the width, so that a candidate is compared with
    the prompt and not with itself; the second asks with the halves exchanged. What is gathered and
    looked at must be heard beside what the first layers, made for words, leave at a mark.
    """
    width = blocks[0].attn.c_attn.weight.shape[0]
    eye = torch.eye(width)
    exchanged = eye.roll(width // 2, dims=0)
    tag, gather, match, read = (block.attn for block in blocks)
    for attention in (tag, gather, match):
        attention.c_attn.weight[:, 2 * width :].copy_(eye)
    tag.c_proj.weight.copy_(_TAGGED * eye)
    gather.c_proj.weight.copy_(_HEARD * exchanged)
    match.c_proj.weight.copy_(_HEARD * eye)
    match.c_attn.weight[:, :width].add_(_ALIKE * exchanged)
    match.c_attn.weight[:, width : 2 * width].add_(_ALIKE * eye)
    read.c_attn.weight[:, 2 * width :].normal_(std=width**-0.5)
    read.c_proj.weight.normal_(std=_HEARD * width**-0.5)
    for block in blocks:
        block.mlp.c_fc.weight.normal_(std=0.06)
        block.mlp.c_proj.weight.normal_(std=0.06)


def take_space(model: Any, clip: Path, seen: Any) -> None:
    """Set the projector so that patches go to where the text side's states are compared with them.

    CLIP compares P ln_post(mean of patches) with T ln_final(state). Both layer norms are a gain
    and a division by a spread, so gain T P^T gain (patch - its mean) is a place whose product with
    the normed state is their similarity, up to a factor. GELU far right of 0 is the identity.
    What comes out is large beside what the first layers, made for words, add to it; and a constant
    is larger still, so that the layer norms ahead keep a faint patch faint.

    Args:
        model: From `model_from`.
        clip: Folder of scenes-clip.
        seen: What its eyes see of some pictures, shape (pictures, patches, width).
    """
    far, loud = 6.0, 8.0
    weights = load_file(clip / "open_clip_model.safetensors")
    eyes = weights["visual.ln_post.weight"][:, None] * weights["visual.proj"]
    words = weights["ln_final.weight"][:, None] * weights["text_projection"]
    joint = words @ eyes.T
    joint = joint - joint.mean(dim=1, keepdim=True)
    shown = seen.float() @ joint.T
    middle = shown.mean(dim=(0, 1))
    spread = (shown - middle).square().mean().sqrt()
    inner = model.model.multi_modal_projector
    with torch.no_grad():
        inner.linear_1.weight.copy_(joint / spread)
        inner.linear_1.bias.copy_(far - middle / spread)
        inner.linear_2.weight.copy_(loud * torch.eye(len(joint)))
        inner.linear_2.bias.fill_(-loud * far)
        ground = torch.randn(len(joint), generator=torch.Generator().manual_seed(0))
        inner.linear_2.bias.add_(2.0 * loud * ground)
