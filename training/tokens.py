"""Tokenizers of the small judges: by words, from texts that the scenes' grammar makes."""

from collections.abc import Iterator
from typing import Any

from mmjudge.scenes.levels import LEVELS
from mmjudge.scenes.sampling import sample
from mmjudge.scenes.stream import Stream
from mmjudge.scenes.texts import caption


def captions(n: int) -> Iterator[str]:
    """Captions of still scenes of all levels: more than enough to hold every word."""
    for level in LEVELS.values():
        for number in range(n):
            stream = Stream("tokens", level.name, number)
            yield caption(sample("still", level, stream.fork("scene")), stream.fork("say"))


def caption_tokenizer(length: int) -> Any:
    """A tokenizer by words in lower case. The end is the last token, as open_clip's pooling needs.

    Args:
        length: Tokens of a text at most.
    """
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    split = pre_tokenizers.Whitespace()
    words = sorted(
        {word for text in captions(1500) for word, _ in split.pre_tokenize_str(text.lower())}
    )
    names = ["<pad>", "<unk>", "<s>", *words, "</s>"]
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
