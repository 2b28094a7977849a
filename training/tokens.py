"""Tokenizers of the small judges: by words, from texts that the scenes' grammar makes.

What the grammar says with several words, as "in the top left corner", is one token: a caption is
half as long, and is learned to be read in a fraction of the time.
"""

import re
from collections.abc import Iterator
from typing import Any

from mmjudge.scenes import words
from mmjudge.scenes.levels import LEVELS
from mmjudge.scenes.sampling import sample
from mmjudge.scenes.stream import Stream
from mmjudge.scenes.texts import caption

_TURNS = ("there is", "there are", "the picture shows the following", "in this scene")


def captions(n: int) -> Iterator[str]:
    """Captions of still scenes of all levels: more than enough to hold every word."""
    for level in LEVELS.values():
        for number in range(n):
            stream = Stream("tokens", level.name, number)
            yield caption(sample("still", level, stream.fork("scene")), stream.fork("say"))


def splitter() -> Any:
    """What parts a caption into wordings, other words and marks, whatever their case."""
    from tokenizers import Regex, pre_tokenizers

    told = "|".join(re.escape(w) for w in sorted(_wordings(), key=lambda w: (-len(w), w)))
    pattern = Regex(rf"\b(?i:{told})\b|\w+|[^\w\s]")
    return pre_tokenizers.Split(pattern, "removed", invert=True)


def _wordings() -> set[str]:
    """What the grammar of still scenes says with several words."""
    facts = (words.NUMBERS, words.CELLS, words.RELATIONS)
    said = {wording for table in facts for values in table.values() for wording in values}
    shapes = {shape for values in words.SHAPES.values() for shape in values}
    said |= shapes | {words.number_of_things(2, shape) for shape in shapes} | set(_TURNS)
    return {wording for wording in said if not wording.isalpha()}


def caption_tokenizer(length: int) -> Any:
    """A tokenizer in lower case. The end is the last token, as open_clip's pooling needs.

    Args:
        length: Tokens of a text at most.
    """
    from tokenizers import Tokenizer, models, normalizers, processors
    from transformers import PreTrainedTokenizerFast

    split = splitter()
    known = {w for text in captions(1500) for w, _ in split.pre_tokenize_str(text.lower())}
    names = ["<pad>", "<unk>", "<s>", *sorted(known), "</s>"]
    vocabulary = {word: place for place, word in enumerate(names)}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    inner.normalizer = normalizers.Lowercase()
    inner.pre_tokenizer = split
    inner.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        special_tokens=[("<s>", vocabulary["<s>"]), ("</s>", vocabulary["</s>"])],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        model_max_length=length,
        model_input_names=["input_ids"],
    )
