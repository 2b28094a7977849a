"""The judge `reward:`: sequence-classification heads of transformers as scorers of texts."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mmjudge.errors import JudgeError
from mmjudge.judges.base import JudgeContext, MediaMap
from mmjudge.judges.checkpoints import find_checkpoint, load_transformers, require
from mmjudge.judges.scorers.embeddings import CACHE_BYTES, Encoded, Encoder, Kind, Unit, encode
from mmjudge.judges.scorers.scorer import (
    BATCH,
    OPTIONS,
    ScorerJudge,
    Settings,
    disarm,
    read_settings,
    shaping,
)
from mmjudge.media.kept import Cache
from mmjudge.types import Failure, JudgeCard, Parts

REWARD_OPTIONS: dict[str, Any] = {**OPTIONS, "label": ""}
ENTRY_BYTES = 200
"""What a kept score takes, about, beside its texts."""


class Reward(ScorerJudge):
    """The judge `reward:NAME`: a folder as `save_pretrained` writes it, or owner/name@REVISION.

    With one label the score is its logit. With several, option `label` names the one whose
    log-probability is the score.
    """

    prefix = "reward"

    @classmethod
    def open(cls, name: str, options: Mapping[str, Any], context: JudgeContext) -> Self:
        """Load the model.

        Raises:
            JudgeError: There is no such model, its weights are pickles or lack the head, or an
                option does not fit.
            MissingExtraError: transformers or torch is not installed.
        """
        judge = f"reward:{name}"
        for library in ("torch", "transformers"):
            require(f"judge {judge}", library, "hf")
        settings = read_settings(judge, options, REWARD_OPTIONS, context)
        checkpoint = find_checkpoint(judge, name, context.folder, code=settings.code)
        model = load_transformers(judge, checkpoint, "AutoModelForSequenceClassification", settings)
        label = _label(judge, model.config, settings.values["label"])
        head = Head(model, _tokenizer(judge, checkpoint.folder, settings), settings, label)
        card = _card(judge).model_copy(
            update={
                "revision": checkpoint.revision,
                "params": {**shaping(settings), "label": settings.values["label"]},
            }
        )
        return cls(RewardScorer(card, head))

    @classmethod
    def catalog(cls) -> Iterable[JudgeCard]:
        """One card for the kind; the models are those of the Hub."""
        return [_card("reward:PATH_OR_OWNER/NAME@REVISION")]


def _card(name: str) -> JudgeCard:
    return JudgeCard(
        name=name,
        summary="Reward of a text answer by a sequence-classification head of transformers.",
        modalities=("text",),
        needs=("hf",),
        scale="own",
        media=False,
        batch_size=BATCH,
    )


def _tokenizer(judge: str, folder: Any, settings: Settings) -> Any:
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(str(folder), trust_remote_code=settings.code)
    except (OSError, ValueError, KeyError) as error:
        raise JudgeError(f"judge {judge}: {folder}: tokenizer: {error}") from error


def _label(judge: str, config: Any, wanted: str) -> int | None:
    """Place of the label whose log-probability is the score; None where there is only one."""
    labels = {str(name): int(place) for place, name in config.id2label.items()}
    if len(labels) == 1 and not wanted:
        return None
    if wanted not in labels:
        raise JudgeError(
            f"judge {judge}: option label names the label whose log-probability is the score: "
            f"one of {', '.join(sorted(labels))}, found {wanted!r}"
        )
    return labels[wanted]


class Head(Encoder):
    """A sequence-classification model; a unit is the token ids of a prompt with its answer."""

    kinds: frozenset[Kind] = frozenset({"text"})

    def __init__(self, model: Any, tokenizer: Any, settings: Settings, label: int | None) -> None:
        self.model, self.tokenizer, self.label = model, tokenizer, label
        padded = model.config.pad_token_id
        self.pad = tokenizer.pad_token_id if padded is None else padded
        if padded is None and self.pad is not None:
            model.config.pad_token_id = self.pad
        self.size = settings.batch if self.pad is not None else 1
        self._device = settings.placement.device

    @property
    def device(self) -> str:
        """Where the model is."""
        return self._device

    @property
    def longest(self) -> int:
        """Tokens that prompt and answer may have together."""
        positions = getattr(self.model.config, "max_position_embeddings", None)
        limit: int = self.tokenizer.model_max_length
        return min(limit, positions) if positions else limit

    def tokens(self, prompt: str, answer: str) -> dict[str, list[int]]:
        """Ids by the model's chat template, or as a pair of texts where it has none."""
        specials = self.tokenizer.all_special_tokens
        prompt, answer = disarm(prompt, specials), disarm(answer, specials)
        if not self.tokenizer.chat_template:
            return dict(self.tokenizer(prompt, answer))
        turns = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
        return dict(self.tokenizer.apply_chat_template(turns, tokenize=True, return_dict=True))

    def units(self, kind: Kind, decoded: Any) -> list[Unit]:
        """The tokens of a prompt with its answer."""
        return [Unit(kind, decoded)]

    def prepare(self, kind: Kind, contents: Sequence[Any]) -> dict[str, Any]:
        """Token ids filled up to the longest on the right, with their mask."""
        import torch

        width = max(len(ids["input_ids"]) for ids in contents)
        fill = {"input_ids": self.pad or 0}
        tensors = {}
        for name in contents[0]:
            lines = [ids[name] + [fill.get(name, 0)] * (width - len(ids[name])) for ids in contents]
            tensors[name] = torch.tensor(lines)
        return tensors

    def forward(self, kind: Kind, tensors: Mapping[str, Any]) -> list[Encoded]:
        """Scores of a batch, each as a vector of one number."""
        logits = self.model(**tensors).logits.float()
        if self.label is not None:
            logits = logits.log_softmax(dim=-1)
        column = (logits[:, self.label or 0])[:, None].cpu().numpy()
        return [Encoded(row[None], row) for row in column]

    def similarity(self, pairs: Sequence[tuple[Encoded, Encoded]]) -> list[Any]:
        """A head compares nothing."""
        raise NotImplementedError


class RewardScorer:
    """Reward of an answer to a prompt; each distinct pair of them is read once.

    The texts of a side are read as one, in lines. Media, and more tokens than the model takes, are
    `unsupported`: a text that is cut would be another answer.
    """

    def __init__(self, card: JudgeCard, head: Head, room: int = CACHE_BYTES) -> None:
        self.card, self.head, self.cache = card, head, Cache(room)

    def problem(self, prompt: Parts, answer: Parts) -> Failure | None:
        """Why an answer cannot be scored, or None."""
        if not all(isinstance(part, str) for part in (*prompt, *answer)):
            detail = "a reward model reads text; for images, video and sound use clip: or dual:"
            return Failure(reason="unsupported", detail=detail)
        texts = _text(prompt), _text(answer)
        if self.cache.get(texts) is not None:
            return None
        n = len(self.head.tokens(*texts)["input_ids"])
        if n <= self.head.longest:
            return None
        detail = f"prompt and answer have {n} tokens; the model takes {self.head.longest}"
        return Failure(reason="unsupported", detail=detail)

    def score(self, pairs: Sequence[tuple[Parts, Parts]], media: MediaMap) -> NDArray[np.float64]:
        """Scores of (prompt, answer) pairs, shape (n,), on the model's own scale."""
        keys = [(_text(prompt), _text(answer)) for prompt, answer in pairs]
        found: dict[Hashable, float] = dict(self._read(dict.fromkeys(keys)))
        return np.array([found[key] for key in keys])

    def _read(self, keys: Iterable[tuple[str, str]]) -> Iterator[tuple[Hashable, float]]:
        wanted = []
        for key in keys:
            held: float | None = self.cache.get(key)
            if held is None:
                wanted.append((key, self.head.tokens(*key)))
            else:
                yield key, held
        wanted.sort(key=lambda one: len(one[1]["input_ids"]))  # little to fill up in a batch
        contents = [ids for _, ids in wanted]
        for (key, _), scored in zip(wanted, encode(self.head, "text", contents), strict=True):
            score = float(scored.whole[0])
            self.cache.put(key, score, ENTRY_BYTES + len(key[0]) + len(key[1]))
            yield key, score


def _text(parts: Parts) -> str:
    return "\n".join(part for part in parts if isinstance(part, str))
