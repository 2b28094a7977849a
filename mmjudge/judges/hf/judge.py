"""Any chat model of transformers as a judge: `hf:FOLDER`, `hf:OWNER/MODEL`."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, Self

from mmjudge.assets import model_folder
from mmjudge.errors import JudgeError
from mmjudge.judges.base import (
    NO_WORDINGS,
    Judge,
    JudgeContext,
    MediaMap,
    Wordings,
    take_options,
)
from mmjudge.judges.checkpoints import embedded_cards
from mmjudge.judges.hf.chat import Chat
from mmjudge.judges.hf.generate import Generator
from mmjudge.judges.hf.load import Loaded, load
from mmjudge.judges.hf.logits import Logits
from mmjudge.judges.hf.passes import SHARES, Passes, chosen_share
from mmjudge.judges.hf.probe import probe_trees
from mmjudge.judges.hf.questions import RANKINGS, check_mode, protocols_of
from mmjudge.types import Failure, JudgeCard, Media, Modality, Parts, Reply, Request, Sampling

MODES = ("generate", "logits")

DEFAULTS: dict[str, Any] = {
    "mode": "generate",
    "max_new_tokens": 512,
    "temperature": 0.0,
    "dtype": "auto",
    "device": "auto",
    "attention": "auto",
    "revision": None,
    "batch_size": 8,
    "share": "packed",
    "ranking": "wins",
    "frames": 8,
    "trust_remote_code": False,
    "chat_template": None,
}

SUMMARY = "A chat model of transformers: its words, or the probabilities of the verdicts."

REQUESTS_A_ROW = 4
"""Requests handed over for each row of a batch, so that rows of like length can be put together."""


class Answerer(Protocol):
    """Puts requests that a model can read to it."""

    def answer(self, batch: Sequence[Request], media: MediaMap) -> list[Reply]:
        """One reply a request, in the same order."""
        ...


class ChatJudge(Judge):
    """A chat model: what it can read goes to its `answerer`."""

    answerer: Answerer
    mixes: bool = True
    """Whether one request may hold images and videos."""

    def judge(self, batch: Sequence[Request], media: MediaMap) -> list[Reply]:
        """Answer what the model can read; the rest are failures."""
        replies: list[Reply | None] = [self._refused(request) for request in batch]
        asked = [r for r, reply in zip(batch, replies, strict=True) if reply is None]
        answers = iter(self.answerer.answer(asked, media) if asked else [])
        return [reply or next(answers) for reply in replies]

    def _refused(self, request: Request) -> Reply | None:
        shown: list[Parts] = [request.prompt, request.reference or ()]
        shown += [candidate.parts for candidate in request.candidates]
        kinds = {p.modality for parts in shown for p in parts if isinstance(p, Media)}
        if other := sorted(kinds - set(self.card.modalities)):
            return _unsupported(
                f"the model takes {', '.join(self.card.modalities)}, not {other[0]}"
            )
        if {"image", "video"} <= kinds and not self.mixes:
            return _unsupported("the model takes images or videos in one request, not both")
        return None


class Hf(ChatJudge):
    """The judge `hf:NAME`: a folder, an embedded judge, or `owner/model` on the Hub."""

    takes_wordings = True

    def __init__(
        self,
        name: str,
        options: Mapping[str, Any],
        loaded: Loaded,
        wordings: Wordings = NO_WORDINGS,
    ) -> None:
        chat = Chat(loaded)
        self.mixes = chat.mixes
        shaping: dict[str, Any] = {"mode": options["mode"]}
        if options["mode"] == "generate":
            shaping |= {key: options[key] for key in ("max_new_tokens", "temperature")}
            self.answerer = Generator(
                chat,
                options["max_new_tokens"],
                options["temperature"],
                options["batch_size"],
                wordings,
            )
        else:
            share = chosen_share(chat, options["share"], probe_trees(chat))
            shaping |= {"share": share, "ranking": options["ranking"]}
            passes = Passes(chat, share, options["batch_size"])
            self.answerer = Logits(chat, passes, options["ranking"], wordings)
        sampling = Sampling(frames=options["frames"], audio_rate=chat.sampling_rate)
        shaping |= {"dtype": loaded.dtype, "attention": loaded.attention}
        shaping |= {"sampling": sampling.model_dump()}
        if options["chat_template"]:
            shaping |= {"chat_template": loaded.processor.chat_template}
        self.card = _card(name, options, loaded.modalities).model_copy(
            update={"revision": loaded.revision, "params": shaping, "sampling": sampling}
        )

    @classmethod
    def open(cls, name: str, options: Mapping[str, Any], context: JudgeContext) -> Self:
        """Load the model."""
        if not name:
            raise JudgeError("judge hf: needs a folder or an id: hf:PATH, hf:OWNER/MODEL")
        taken = take_options(f"hf:{name}", options, DEFAULTS)
        _check(name, taken)
        check_mode(f"hf:{name}", taken["mode"], context.protocol)
        folder = model_folder(name, context.folder)
        found = str(folder) if folder.is_dir() else name
        return cls(shown_name(name), taken, load(found, taken), context.wordings)

    @classmethod
    def catalog(cls) -> Iterable[JudgeCard]:
        """One card for all models, which say what they take when loaded, and the embedded ones."""
        modalities = ("text", "image", "video", "audio")
        every = _card("NAME", DEFAULTS, modalities).model_copy(update={"params": DEFAULTS})
        ours = embedded_cards("hf", lambda name: _card(name[len("hf:") :], DEFAULTS, modalities))
        return [every, *ours]


def _unsupported(detail: str) -> Reply:
    return Reply(error=Failure(reason="unsupported", detail=detail))


def _check(name: str, options: Mapping[str, Any]) -> None:
    check_options(
        f"hf:{name}",
        options,
        {"mode": MODES, "share": SHARES, "ranking": RANKINGS},
        {"max_new_tokens": 1, "batch_size": 1, "frames": 1, "temperature": 0},
    )


def check_options(
    judge: str,
    options: Mapping[str, Any],
    allowed: Mapping[str, Sequence[str]],
    least: Mapping[str, float],
) -> None:
    """Refuse options that are not among the allowed, or too small.

    Args:
        judge: Kind and name, for messages.
        options: With defaults filled in.
        allowed: Values of an option.
        least: The lowest value of an option; None passes, where that is its default.

    Raises:
        JudgeError: One does not fit.
    """
    for option, values in allowed.items():
        if options[option] not in values:
            raise JudgeError(
                f"judge {judge}: {option} {options[option]!r}: must be one of {', '.join(values)}"
            )
    for option, lowest in least.items():
        if options[option] is not None and options[option] < lowest:
            raise JudgeError(
                f"judge {judge}: {option} must be at least {lowest}, found {options[option]}"
            )


def shown_name(name: str) -> str:
    """The name on the card: of a folder its last part, since it tells nothing where it stands."""
    folder = Path(name).expanduser()
    return folder.resolve().name if folder.is_dir() or name.startswith((".", "/", "~")) else name


def _card(name: str, options: Mapping[str, Any], modalities: Iterable[str]) -> JudgeCard:
    return JudgeCard(
        name=f"hf:{name}",
        summary=SUMMARY,
        modalities=in_order(modalities),
        needs=("hf",),
        media=True,
        protocols=protocols_of(options["mode"]),
        batch_size=REQUESTS_A_ROW * options["batch_size"],
    )


def in_order(modalities: Iterable[str]) -> tuple[Modality, ...]:
    """Modalities as a card lists them."""
    known: tuple[Modality, ...] = ("text", "image", "video", "audio")
    found = set(modalities)
    return tuple(modality for modality in known if modality in found)
