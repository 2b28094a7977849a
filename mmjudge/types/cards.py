"""What a judge or a probe is, takes and needs."""

from operator import not_
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from mmjudge.types.base import Modality, Orders, ProtocolName, Record
from mmjudge.types.items import Scale
from mmjudge.types.verdicts import PreferenceValue


class Sampling(Record):
    """What of a video or a sound is decoded; it shapes answers, so a judge names it in its params.

    `strategy`: "uniform" takes the middles of `frames` equal parts, "fps" a frame every 1/fps
    seconds, "keyframes" at most `frames` of those that stand alone. `max_side`: larger pictures and
    frames are scaled down to it. `audio_max_s`: only the beginning of a longer sound.
    """

    strategy: Literal["uniform", "fps", "keyframes"] = "uniform"
    frames: int = Field(default=8, ge=1)
    fps: float | None = Field(default=None, gt=0)
    max_side: int | None = Field(default=None, ge=1)
    audio_rate: int = Field(default=16_000, ge=1_000, le=384_000)
    audio_max_s: float | None = Field(default=None, gt=0)
    backend: Literal["auto", "pyav", "decord", "torchcodec"] = "auto"

    @model_validator(mode="after")
    def _rate_given(self) -> Self:
        if self.strategy == "fps" and self.fps is None:
            raise ValueError("fps: the strategy fps needs a number of frames a second")
        return self


class Grammar(Record):
    r"""How a judge's replies read: where the verdict stands (`at`), and what it looks like there.

    `at`: "verdict" on a labelled line, in double brackets or in JSON, as the suite asks for it;
    "first_line"; "answer_tags" between `<answer>` and `</answer>`, or the tags that `tags` names
    (several: one for each candidate, in the order shown); "boxed" in `\boxed{}`;
    "marker" after the text `marker`, to the end of the line; "json" under `key` of an object;
    "sentence" as a sentence of its own. `form`: "verdict" as the protocol reads it; "choice" one of
    the phrases of `choices`; "scores" a number for each candidate, which are compared.
    `begun` is what the judge's turn was begun with, and a reply goes on from. `scale`: the judge's
    own, where it is not the criterion's.
    """

    at: Literal["verdict", "first_line", "answer_tags", "boxed", "marker", "json", "sentence"] = (
        "verdict"
    )
    form: Literal["verdict", "choice", "scores"] = "verdict"
    marker: str = ""
    key: str = ""
    tags: tuple[Annotated[str, Field(pattern=r"^\w+$")], ...] = ()
    choices: dict[str, PreferenceValue] = Field(default_factory=dict)
    begun: str = ""
    scale: Scale | None = None

    @field_validator("choices", mode="before")
    @classmethod
    def _phrases_are_text(cls, choices: Any) -> Any:
        strange = [k for k in choices if not isinstance(k, str)] if choices else []
        if isinstance(choices, dict) and strange:
            raise ValueError(f"phrases must be text, found {strange}: quote them (1, yes, no, on)")
        return choices

    @model_validator(mode="after")
    def _complete(self) -> Self:
        wanted = {"marker": self.at == "marker", "key": self.at == "json"}
        wanted["choices"] = self.form == "choice"
        for name, needed in wanted.items():
            if needed != bool(getattr(self, name)):
                word = "needs" if needed else "does not take"
                raise ValueError(f"at {self.at} with form {self.form} {word} {name}")
        if self.at == "verdict" and self.form == "scores":
            raise ValueError("form scores: needs another place than at verdict")
        if self.at == "sentence" and self.form != "choice":
            raise ValueError("at sentence: needs form choice, with the sentences as choices")
        if self.tags and self.at != "answer_tags":
            raise ValueError(f"at {self.at} does not take tags: they need at answer_tags")
        if len(self.tags) > 1 and self.form != "scores":
            raise ValueError(f"form {self.form} takes one of tags, found {list(self.tags)}")
        return self


class Wording(Record):
    """How one protocol is put to a judge that has a form of its own, and how it answers.

    `template` is the text of a jinja template with the blocks `material` and `question`, and maybe
    `system`; `marks` are strings that mean something in it, and therefore nothing in a candidate.
    `anchor` and `closing` stand around an option whose probability is read.
    """

    template: str
    reply: Grammar = Field(default_factory=Grammar)
    marks: tuple[str, ...] = ()
    anchor: str = ""
    closing: str = ""


class JudgeCard(Record):
    """What a judge takes and needs.

    `fingerprint` changes with anything that shapes its answers. `scale`: "task" when its scores
    are on the criterion's scale, "own" for a scorer, whose errors in absolute terms mean nothing.
    `orders`: how it must be asked, for a recording; None where any way will do.
    `media`: whether it looks at decoded media, `sampling`: what of them is decoded; `looks`:
    whether what is shown shapes its answers at all; `lookup`: whether it looks answers up by item;
    `batch_size`: requests a call; `priced`: whether its replies say what they cost; `wordings`: how
    it is asked, where that is a form of its own. `own`: systems of its own family, as candidates
    name who made them, `*` standing for any characters; nothing of it shapes an answer.
    """

    name: str
    summary: str
    modalities: tuple[Modality, ...] = ("text", "image", "video", "audio")
    protocols: tuple[ProtocolName, ...] = ("pair", "score", "rank")
    needs: tuple[str, ...] = ()
    revision: str | None = None
    params: dict[str, Any] = Field(default_factory=dict)
    scale: Literal["task", "own"] = "task"
    orders: Orders | None = None
    media: bool = False
    sampling: Sampling = Field(default_factory=Sampling)
    looks: bool = True
    lookup: bool = False
    batch_size: int = Field(default=64, ge=1)
    priced: bool = False
    wordings: dict[ProtocolName, Wording] = Field(default_factory=dict)
    fingerprint: str = ""
    own: tuple[str, ...] = Field(default=(), exclude_if=not_)


class ProbeCard(Record):
    """What a probe changes, what it fits, and where it comes from.

    `modalities`: those of which a request must hold at least one; `protocols`: those it fits.
    `cue`: towards what the change pulls a judge, in words, "none" where it pulls nowhere.
    `presets`: the groups that it is asked in. `source`: who found or used it first. `keeps_gold`:
    whether the right answer stays what it was; not so where content is taken away. `looks_around`:
    whether it needs the other items of the task. `backwards`: whether it shows the candidates of
    the plain request in the opposite order. `empties`: whether it puts an answer without content in
    a candidate's place, so that to move away from it is right. `version` goes up when it asks
    otherwise.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    summary: str
    modalities: tuple[Modality, ...] = ("text", "image", "video", "audio")
    protocols: tuple[ProtocolName, ...] = ("pair", "score", "rank")
    cue: str = "none"
    presets: tuple[str, ...] = ()
    source: str = ""
    keeps_gold: bool = True
    looks_around: bool = False
    backwards: bool = False
    empties: bool = False
    version: int = Field(default=1, ge=1)
