"""The tokenizer of scenes-vlm: words, and each fixed sentence of the suite's prompts as one token.

A prompt of the suite is mostly the same sentences for every item. Read word by word they would
be most of what a model of this size can attend to, so each is one token, and the code in the marks
around candidates is left out. What is judged stays words.
"""

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

from mmjudge.protocols import render_parts
from mmjudge.scenes.questions import NAMES, spec
from mmjudge.types import Candidate, ProtocolName, Request
from training.tokens import captions, splitter

TURNS = ("<|im_start|>", "<|im_end|>")
IMAGE = "<image>"
ANCHORS = ("Verdict: [[", "Score: [[", "Ranking: [[")
_PLACEHOLDER = "PLACEHOLDER"
_CODE = r" [0-9a-f]{12}(?=[ >])"
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}{% if part['type'] == 'text' %}{{ part['text'] }}"
    "{% elif part['type'] == 'image' %}<image>{% endif %}{% endfor %}{% endif %}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def asked(protocol: ProtocolName, criterion: str, count: int) -> Request:
    """A request about nothing, for the sentences around it."""
    (found,) = (c for c in spec("scenes", ("pair",), ("text",)).criteria if c.name == criterion)
    return Request(
        key="0" * 64,
        task="scenes@1",
        item="none",
        protocol=protocol,
        criterion=found,
        prompt=(_PLACEHOLDER,),
        candidates=tuple(Candidate(id=str(i), parts=(_PLACEHOLDER,)) for i in range(count)),
        order=tuple(range(count)),
    )


def question(protocol: ProtocolName, criterion: str, between: tuple[str, str] | None = None) -> str:
    """What is asked about the candidates, as the suite asks it for a verdict by token."""
    count = {"pair": 2, "score": 1, "rank": 4}[protocol]
    shown = render_parts(asked(protocol, criterion, count), reasons=False, between=between)
    return shown.question


def phrases() -> tuple[str, ...]:
    """Sentences that become one token each, the longest first."""
    found = set(ANCHORS)
    found |= {question("pair", criterion) for criterion in ("overall", *NAMES)}
    found.add(question("score", "overall"))
    found |= {question("rank", "overall", pair) for pair in combinations("ABCD", 2)}
    for protocol, counts in (("pair", (2,)), ("score", (1,)), ("rank", (2, 3, 4))):
        for count in counts:
            (text,) = render_parts(asked(protocol, "overall", count), reasons=False).material
            plain = re.sub(_CODE, "", str(text))
            found |= {line.strip() for line in plain.split("\n") if line.strip() != _PLACEHOLDER}
    return tuple(sorted(found - {""}, key=lambda phrase: (-len(phrase), phrase)))


def signs() -> dict[str, str]:
    """The sign that stands for each of the phrases, in the order in which they are looked for."""
    return {phrase: chr(0xE000 + number) for number, phrase in enumerate(phrases())}


def vocabulary_words() -> Iterator[str]:
    """Words of captions as they are written, of labels, and what the turns begin with."""
    split = splitter()
    labels = spec("scenes", ("score",), ("text",)).criteria[0].scale
    texts = [*captions(1500), *(labels.labels if labels and labels.labels else ())]
    for text in texts:
        yield from (word for word, _ in split.pre_tokenize_str(text))
    yield from ("user", "assistant", "system", "tie", "A", "B", "C", "D", "[", "]", ">", "=")


def judge_tokenizer() -> Any:
    """The tokenizer, with the chat template and its control tokens."""
    from tokenizers import Regex, Tokenizer, models, normalizers
    from transformers import PreTrainedTokenizerFast

    fixed = signs()
    words = sorted(set(vocabulary_words()))
    specials = ["<pad>", "<unk>", *TURNS, IMAGE]
    names = [*specials, *fixed.values(), *words]
    inner = Tokenizer(models.WordLevel({n: i for i, n in enumerate(names)}, unk_token="<unk>"))
    inner.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(_CODE), ""),
            *(normalizers.Replace(phrase, f" {sign} ") for phrase, sign in fixed.items()),
        ]
    )
    inner.pre_tokenizer = splitter()
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        eos_token="<|im_end|>",
        pad_token="<pad>",
        unk_token="<unk>",
        extra_special_tokens=[TURNS[0], IMAGE],
        model_max_length=512,
        padding_side="right",
        chat_template=TEMPLATE,
    )
