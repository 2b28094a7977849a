"""The judge `family:`: a published judge's own prompt and reply, carried by another kind."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from mmjudge.errors import JudgeError
from mmjudge.judges.base import Judge, JudgeContext, MediaMap, Streaming
from mmjudge.judges.family_cards import FamilyCard, card_folder, families, read_family
from mmjudge.registry import JUDGES, registry
from mmjudge.types import JudgeCard, Reply, Request

OWN_OPTIONS = ("model", "base", "setting")
"""Options of a family; all others are those of the kind that carries it."""


class Family(Judge):
    """The judge `family:NAME`, or `family:FILE.yaml` (also: the file alone).

    Option `model` is the model that is asked, by default the card's first checkpoint; `base` the
    kind of judge that carries it; `setting` one of the card's ways to ask. With `base` replay,
    `model` names recorded replies, which are read by the card's grammar. The card's own options are
    those of its own base.
    """

    def __init__(self, card: FamilyCard, inner: Judge, setting: str | None) -> None:
        self.inner = inner
        if isinstance(inner, Streaming):
            self.stream = inner.stream
        kind, _, model = inner.card.name.partition(":")
        wordings = card.wordings(setting)
        chosen = {} if setting == card.default_setting else {"setting": setting}
        own = card.scores_on_its_own_scale
        self.card = inner.card.model_copy(
            update={
                "name": f"family:{card.name}/{model or kind}",
                "summary": card.summary,
                "modalities": tuple(m for m in inner.card.modalities if m in card.modalities),
                "protocols": tuple(card.protocols),
                "params": {**inner.card.params, "family": card.name, "base": kind, **chosen},
                "scale": "own" if own else inner.card.scale,
                "wordings": wordings,
            }
        )

    @classmethod
    def open(cls, name: str, options: Mapping[str, Any], context: JudgeContext) -> Self:
        """Read the card and open the model as the card says.

        Raises:
            JudgeError: There is no such family, it does not take the protocol, no model is named,
                or the kind that shall carry it cannot.
        """
        card = read_family(name, context.folder)
        judge = f"family:{card.name}"
        if context.protocol not in card.protocols:
            known = ", ".join(card.protocols)
            raise JudgeError(f"judge {judge} takes {known}, not {context.protocol}")
        kind = str(options.get("base", card.base))
        base = registry(JUDGES).load(kind)
        if not getattr(base, "takes_wordings", False):
            raise JudgeError(
                f"judge {judge}: base {kind!r} asks in its own form alone, so it can carry no "
                f"family; one that can is {card.base!r}"
            )
        model, given = _model(judge, card, options)
        setting = _setting(judge, card, options)
        folder = card_folder(name, context.folder)
        taken = _from_card(card, folder, model) if kind == card.base else {}
        taken |= {key: value for key, value in options.items() if key not in OWN_OPTIONS}
        inside = context._replace(
            wordings=card.wordings(setting), folder=context.folder if given else folder
        )
        return cls(card, base.open(model, taken, inside), setting)

    @classmethod
    def catalog(cls) -> Iterable[JudgeCard]:
        """The families that come with the suite."""
        return [card.listed() for card in families()]

    def judge(self, batch: Sequence[Request], media: MediaMap) -> list[Reply]:
        """What the model says, in its own form; parsing reads it by the card's grammar."""
        return self.inner.judge(batch, media)


def _model(judge: str, card: FamilyCard, options: Mapping[str, Any]) -> tuple[str, bool]:
    """The model to ask, and whether it was given as an option."""
    given = options.get("model")
    model = given or card.default_model
    if not isinstance(model, str):
        raise JudgeError(
            f"judge {judge}: which model? The family is a prompt that any model may be asked by: "
            "-J model=PATH_OR_HUB_ID"
        )
    return model, given is not None


def _setting(judge: str, card: FamilyCard, options: Mapping[str, Any]) -> str | None:
    """The setting to ask in; None for a family without any."""
    setting = options.get("setting")
    if setting is None or setting in card.settings:
        return card.default_setting if setting is None else str(setting)
    known = f"it has {', '.join(card.settings)}" if card.settings else "it has none"
    raise JudgeError(f"judge {judge}: no setting {setting!r}; {known}")


def _from_card(card: FamilyCard, folder: Any, model: str) -> dict[str, Any]:
    options = dict(card.options)
    if revision := card.revision(model):
        options["revision"] = revision
    if card.chat_template:
        options["chat_template"] = str(folder / card.chat_template)
    return options
