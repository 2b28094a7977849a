"""Cards of judge families: how a published judge is asked, and how its replies read. Data only."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from mmjudge.cards import read_card
from mmjudge.errors import JudgeError, unknown
from mmjudge.types import Grammar, JudgeCard, Modality, ProtocolName, Record, Wording

TEMPLATE_NAMES = (
    "prompt",
    "prompt_text",
    "prompt_media",
    "reference",
    "candidates",
    "kind",
    "labels",
    "criterion",
    "options",
    "scale",
    "nonce",
    "reasons",
    "between",
    "questions",
    "steps",
    "step_words",
)
"""What a prompt may show; the same for the suite's own prompts."""

SETTING = "{{ setting }}"
"""What stands in a prompt for the text of the chosen setting."""


class Checkpoint(Record):
    """A model on the Hub that belongs to the family; `revision` is a commit, None for unpinned."""

    id: str = Field(min_length=1)
    revision: str | None = None


class FamilyProtocol(Record):
    """How a family takes one protocol.

    `prompt` is a jinja template, or the name of a file with one beside the card. `reply` is how its
    replies read. `anchor` and `closing` stand around the level words whose probabilities are read
    with `mode: logits`.
    """

    prompt: str = Field(min_length=1)
    reply: Grammar = Field(default_factory=Grammar)
    anchor: str = ""
    closing: str = ""

    @field_validator("prompt")
    @classmethod
    def _template(cls, prompt: str, info: ValidationInfo) -> str:
        """The text of the template; it compiles, has its blocks, and shows what there is."""
        if prompt.endswith(".jinja") and "\n" not in prompt:
            folder = Path((info.context or {}).get("folder", "."))
            try:
                prompt = (folder / prompt).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise ValueError(
                    f"no readable file of that name beside the card: {error}"
                ) from None
        _check_template(prompt)
        return prompt


class FamilyCard(Record):
    """A family of judges: the contents of a YAML file.

    `source`: where prompt and replies were read; `grammar`: whether they were checked there.
    `criterion`: whether the prompt asks about the task's criterion, or always its own question.
    `base` is the kind of judge that carries the model, `model` the default one, `options` its
    options. `settings`: ways to ask, by name; the text of the chosen one, the first by default, is
    put where a prompt says `{{ setting }}`. `marks`: strings that mean something in the prompt; in
    a candidate they are split.
    `chat_template`: a jinja file for models that take plain text.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_]*$")
    summary: str
    source: str = ""
    grammar: Literal["verified", "unverified"] = "unverified"
    criterion: Literal["asked", "fixed"] = "asked"
    base: str = "hf"
    model: str | None = None
    checkpoints: tuple[Checkpoint, ...] = ()
    modalities: tuple[Modality, ...] = ("text", "image", "video", "audio")
    options: dict[str, Any] = Field(default_factory=dict)
    settings: dict[str, str] = Field(default_factory=dict)
    marks: tuple[str, ...] = ()
    chat_template: str | None = None
    notes: tuple[str, ...] = ()
    protocols: dict[ProtocolName, FamilyProtocol] = Field(min_length=1)

    @model_validator(mode="after")
    def _prompts_show_the_setting(self) -> Self:
        for protocol, one in self.protocols.items():
            if (SETTING in one.prompt) != bool(self.settings):
                wanted = f"a prompt that shows {SETTING}" if self.settings else "settings"
                raise ValueError(f"protocols.{protocol}.prompt: {wanted} is needed")
        return self

    @model_validator(mode="after")
    def _forms_fit(self) -> Self:
        for protocol, one in self.protocols.items():
            listed = protocol in ("checklist", "steps")
            if listed and (one.reply.form != "verdict" or one.reply.at == "sentence"):
                raise ValueError(
                    f"protocols.{protocol}.reply: form verdict is needed, at any place but "
                    f"sentence; found form {one.reply.form} at {one.reply.at}"
                )
        return self

    @property
    def default_setting(self) -> str | None:
        """The setting that is taken where none is given; None for a family without settings."""
        return next(iter(self.settings), None)

    @property
    def scores_on_its_own_scale(self) -> bool:
        """Whether a score is on the family's scale, whatever the criterion's."""
        scoring = self.protocols.get("score")
        return scoring is not None and scoring.reply.scale is not None

    @property
    def default_model(self) -> str | None:
        """The model that is taken where none is given."""
        return self.model or (self.checkpoints[0].id if self.checkpoints else None)

    def revision(self, model: str) -> str | None:
        """The commit that a checkpoint of the card is pinned to."""
        return next((c.revision for c in self.checkpoints if c.id == model), None)

    def wordings(self, setting: str | None = None) -> dict[ProtocolName, Wording]:
        """What a judge's card keeps of it.

        Args:
            setting: One of `settings`, None for the default one.
        """
        said = self.settings.get(setting or self.default_setting or "", "")
        return {
            protocol: Wording(
                template=one.prompt.replace(SETTING, said),
                reply=one.reply,
                marks=self.marks,
                anchor=one.anchor,
                closing=one.closing,
            )
            for protocol, one in self.protocols.items()
        }

    def listed(self) -> JudgeCard:
        """The family in `mmjudge judges`."""
        asked = "" if self.criterion == "asked" else " It asks its own question."
        found = "" if self.grammar == "verified" else " Its replies are unverified."
        model = {"model": self.default_model or "PATH_OR_HUB_ID"}
        setting = {"setting": self.default_setting} if self.settings else {}
        return JudgeCard(
            name=f"family:{self.name}",
            summary=f"{self.summary}{asked}{found}",
            modalities=self.modalities,
            protocols=tuple(self.protocols),
            needs=(self.base,),
            params={**model, **setting, **self.options},
            scale="own" if self.scores_on_its_own_scale else "task",
            media=True,
        )


def _check_template(text: str) -> None:
    from jinja2 import Environment, TemplateSyntaxError, meta

    environment = Environment(autoescape=False)
    try:
        tree = environment.parse(text)
        blocks = environment.from_string(text).blocks
    except TemplateSyntaxError as error:
        raise ValueError(f"line {error.lineno} of the template: {error.message}") from None
    if lacking := {"material", "question"} - set(blocks):
        raise ValueError(f"the template lacks the block {' and '.join(sorted(lacking))}")
    names = (*TEMPLATE_NAMES, "setting")
    if strange := meta.find_undeclared_variables(tree) - set(names):
        allowed = ", ".join(names)
        raise ValueError(f"the template shows {', '.join(sorted(strange))}; there is: {allowed}")


def family_names() -> list[str]:
    """The families that come with the suite."""
    return sorted(path.stem for path in _folder().glob("*.yaml"))


def families() -> Iterator[FamilyCard]:
    """The cards that come with the suite, by name."""
    return (read_family(name) for name in family_names())


def read_family(name: str, folder: Path = Path()) -> FamilyCard:
    """The card of that name, or of a YAML file.

    Args:
        name: A name from `family_names`, or the path of a YAML file.
        folder: Where a relative path starts.

    Raises:
        JudgeError: There is no family of that name.
        MmjudgeError: The file does not fit; every problem with its line.
    """
    if name.endswith((".yaml", ".yml")):
        return read_card(folder / name, FamilyCard)
    if name not in family_names():
        raise JudgeError(
            f"{unknown('family', name, family_names())}; or give the YAML file of your own"
        )
    return read_card(_folder() / f"{name}.yaml", FamilyCard)


def card_folder(name: str, folder: Path = Path()) -> Path:
    """Folder of the file that `read_family` reads."""
    if name.endswith((".yaml", ".yml")):
        return (folder / name).parent
    return _folder()


def _folder() -> Path:
    return Path(str(files("mmjudge.judges") / "families"))
