"""The tiny CLAP `scenes-clap`: its tokenizer, its architecture, and how it learns from a batch."""

import re
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate, normalize

from mmjudge.scenes import words
from training.sounds import EXTRACTOR, FAMILY, FRAMES, NOT_THERE, POSITIONS, SIZES

WIDTH, HEADS, AUDIO_LAYERS, TEXT_LAYERS = 128, 4, 3, 2
ROWS = 8
"""Stretches of time that the model's image stacks; a patch is a whole spectrum, so 64 of them."""

TOKENS = 80
"""Words and marks of a text; longer ones are cut."""


class Words(NamedTuple):
    """Texts as the model takes them."""

    ids: Tensor
    mask: Tensor


def tokenizer(texts: list[str]) -> Any:
    """Wordings of facts, other words and marks; begin is 0, padding 1, end 2, as in RoBERTa.

    "In quick succession" is one token, so a text is half as long.
    """
    from tokenizers import (
        Regex,
        Tokenizer,
        models,
        normalizers,
        pre_tokenizers,
        processors,
        trainers,
    )
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.WordLevel(unk_token="<unk>"))
    made.normalizer = normalizers.Lowercase()
    told = "|".join(re.escape(wording) for wording in sorted(_wordings(), key=len, reverse=True))
    pattern = Regex(rf"\b(?:{told})\b|\w+|[^\w\s]")
    made.pre_tokenizer = pre_tokenizers.Split(pattern, "removed", invert=True)
    specials = ["<s>", "<pad>", "</s>", "<unk>"]
    made.train_from_iterator(texts, trainers.WordLevelTrainer(special_tokens=specials))
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        model_max_length=TOKENS,
        model_input_names=["input_ids", "attention_mask"],
    )


def _wordings() -> set[str]:
    """What the grammar of sounds says with several words."""
    facts = (words.RHYTHMS, words.CONTOURS, words.PITCHES, words.NUMBERS)
    said = {wording for table in facts for values in table.values() for wording in values}
    forms = {form for values in words.TIMBRES.values() for form in values}
    said |= {form.format(note) for form in forms for note in words.NOTES}
    turns = (words.FIRST, words.NEXT, words.LAST, words.BEFORE, words.START)
    said |= {turn.rstrip(",") for values in turns for turn in values}
    return {wording.lower() for wording in (*said, "there are") if not wording.isalpha()}


def new_model(vocabulary: int) -> Any:
    """A CLAP with random weights."""
    from transformers import ClapConfig, ClapModel

    bins = EXTRACTOR["feature_size"]
    audio = {
        "spec_size": ROWS * bins,
        "num_mel_bins": bins,
        "patch_size": bins,
        "patch_stride": [bins, bins],
        "patch_embeds_hidden_size": WIDTH,
        "hidden_size": WIDTH,
        "depths": [AUDIO_LAYERS],
        "num_attention_heads": [HEADS],
        "num_hidden_layers": 1,
        "window_size": ROWS,
        "mlp_ratio": 3.0,
        "hidden_dropout_prob": 0.0,
        "num_classes": 1,
    }
    text = {
        "vocab_size": vocabulary,
        "hidden_size": WIDTH,
        "intermediate_size": 3 * WIDTH,
        "num_hidden_layers": TEXT_LAYERS,
        "num_attention_heads": HEADS,
        "max_position_embeddings": TOKENS + 2,
        "type_vocab_size": 1,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
    }
    model = ClapModel(ClapConfig(text_config=text, audio_config=audio, projection_dim=WIDTH))
    for module in model.modules():
        if isinstance(module, nn.Linear):  # the library's 0.02 all but mutes it
            nn.init.xavier_uniform_(module.weight)
    _tell_time(model)
    return model


@torch.no_grad()
def _tell_time(model: Any) -> None:
    """Let heads start by looking nearby, back, ahead and everywhere.

    The model knows time only by these biases. From zeros it takes long to tell what came first.
    """
    rows, columns = torch.meshgrid(*[torch.arange(1 - ROWS, ROWS)] * 2, indexing="ij")
    later = (rows * ROWS + columns).flatten().float()  # how much later a patch is than the other
    back = torch.where(later > 0, -0.1 * later, torch.tensor(-4.0))
    ahead = torch.where(later < 0, 0.1 * later, torch.tensor(-4.0))
    table = torch.stack([-0.5 * later.abs(), back, ahead, torch.zeros_like(later)], dim=1)
    for stage in model.audio_model.audio_encoder.layers:
        for block in stage.blocks:
            block.attention.self.relative_position_bias_table.copy_(table)


class Ear(nn.Module):
    """The audio side of a CLAP as one forward pass without the stretched image between.

    Stretching frames and embedding patches are linear: together they are one matrix for each patch
    over the few frames that it shows. `test_the_ear_hears_what_the_model_hears` compares the two.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        bins = EXTRACTOR["feature_size"]
        eye = torch.eye(FRAMES)[None, None]
        size = (bins * ROWS**2, FRAMES)
        whole = interpolate(eye, size, mode="bicubic", align_corners=True)[0, 0]
        patches = whole.view(ROWS**2, bins, FRAMES)
        seen = patches.abs().sum(1) > 0
        width = int(seen.sum(1).max())
        first = seen.int().argmax(1).clamp(max=FRAMES - width)
        index = first[:, None] + torch.arange(width)
        self.register_buffer("index", index)
        taken = index[:, None].expand(-1, bins, -1)
        self.register_buffer("stretch", patches.gather(2, taken))

    def patches(self, mels: Tensor) -> Tensor:
        """Each patch after attention, shape (n, patches, width), of decibels (n, frames, bins)."""
        encoder = self.model.audio_model.audio_encoder
        spread, embed = encoder.batch_norm, encoder.patch_embed
        scaled = (mels - spread.running_mean) / (spread.running_var + spread.eps).sqrt()
        frames = scaled[:, self.index].permute(1, 0, 2, 3).flatten(2)
        weight = torch.einsum("dft,pts->psfd", embed.proj.weight[:, 0], self.stretch).flatten(1, 2)
        hidden = embed.norm(torch.bmm(frames, weight).transpose(0, 1) + embed.proj.bias)
        for stage in encoder.layers:
            hidden = stage(hidden, (ROWS, ROWS))[0]
        return encoder.norm(hidden)

    def forward(self, patches: Tensor) -> Tensor:
        """Embeddings of whole sounds, shape (n, width)."""
        return self.model.audio_projection(patches.mean(1))


class Batch(NamedTuple):
    """Families of scenes, one after another, as heard and as told.

    `mels`: shape (n, frames, bins); `facts`: shape (n, positions, attributes); `sounding`: shape
    (n, patches, 1 + attributes), place and facts of what sounds, or None.
    """

    mels: Tensor
    told: Words
    facts: Tensor
    sounding: Tensor | None


class Learner(nn.Module):
    """A CLAP in training, with heads that name facts and are thrown away afterwards.

    The head of embeddings is the same for both sides, so a fact lies in the same direction in both.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model, self.ear = model, Ear(model)
        self.head = nn.Linear(WIDTH, POSITIONS * sum(SIZES))
        self.patch_head = nn.Linear(WIDTH, POSITIONS + sum(SIZES))

    def read(self, said: Words) -> Tensor:
        """Embeddings of texts, of length 1."""
        found = self.model.get_text_features(input_ids=said.ids, attention_mask=said.mask)
        return normalize(getattr(found, "pooler_output", found).float())

    def loss(self, batch: Batch, direct: float) -> Tensor:
        """What is wrong in a batch of whole families; `direct` weighs facts asked directly."""
        patches = self.ear.patches(batch.mels)
        heard, said = normalize(self.ear(patches).float()), self.read(batch.told)
        logits = self.model.logit_scale_a.exp().clamp(max=100) * heard @ said.T
        targets = torch.arange(len(logits))
        loss = cross_entropy(logits, targets) + cross_entropy(logits.T, targets)
        blocks = torch.stack(_diagonal(logits))
        within = torch.arange(FAMILY).repeat(len(blocks))
        loss = loss + cross_entropy(blocks.flatten(0, 1), within)
        loss = loss + cross_entropy(blocks.transpose(1, 2).flatten(0, 1), within)
        if direct:
            asked = self.misnamed(heard, batch.facts) + self.misnamed(said, batch.facts)
            if batch.sounding is not None:
                named = self.patch_head(patches).float()
                asked = asked + _misnamed(named, batch.sounding, (POSITIONS, *SIZES))
            loss = loss + direct * asked
        return loss

    def named(self, embeddings: Tensor) -> Tensor:
        """Logits of the facts of each position, shape (n, positions, values of all facts)."""
        return self.head(embeddings * WIDTH**0.5).view(len(embeddings), POSITIONS, -1)

    def misnamed(self, embeddings: Tensor, facts: Tensor) -> Tensor:
        """Loss of facts asked directly."""
        return _misnamed(self.named(embeddings).float(), facts, SIZES)


def _misnamed(logits: Tensor, codes: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """Sum over attributes of the cross-entropy where something is there."""
    losses = [
        cross_entropy(part.flatten(0, 1), codes[..., i].flatten(), ignore_index=NOT_THERE)
        for i, part in enumerate(logits.split(sizes, dim=2))
    ]
    return torch.stack(losses).sum()


def _diagonal(logits: Tensor) -> list[Tensor]:
    """The blocks of a square matrix in which families meet themselves."""
    starts = range(0, len(logits), FAMILY)
    return [logits[s : s + FAMILY, s : s + FAMILY] for s in starts]
