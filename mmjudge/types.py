"""Every record that crosses a module or a disk: frozen, strict, without NaN or bytes inside."""

import zlib
from collections.abc import Iterable
from operator import not_
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

SCHEMA_VERSION = 1
"""Version of `Judgment` and of the run file; a store of a newer version is refused."""

Modality = Literal["text", "image", "video", "audio"]
ProtocolName = Literal["pair", "score", "rank"]
Orders = Literal["balanced", "both", "given"]
PreferenceValue = Literal["first", "second", "tie", "both_good", "both_bad"]
FailureReason = Literal[
    "empty",
    "truncated",
    "refused",
    "ambiguous",
    "off_scale",
    "not_a_permutation",
    "unsupported",
    "media",
    "infra",
    "unchanged",
]


class Record(BaseModel):
    """Base of all records: immutable, strict about field names, without NaN or infinity."""

    # A length is asked for so that a lone surrogate, which no file can keep, is refused here.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, str_min_length=0)


class Media(Record):
    """One image, video or sound, by reference.

    `uri` is a path relative to the task's root, or `hf://...`. With `sha256` the file is checked
    before it is decoded. `changes` are made to what was decoded, one after the other, each written
    as in `jpeg(quality=10)`; `mmjudge.media.changes` knows them. Without any, nothing is written of
    them, so that hashes of items stay what they were.
    """

    modality: Literal["image", "video", "audio"]
    uri: str = Field(min_length=1)
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    changes: tuple[str, ...] = Field(default=(), exclude_if=not_)

    @property
    def content(self) -> str:
        """What tells its content from that of others of its modality: the file, and the changes.

        Example:
            >>> Media(modality="image", uri="a.png").content
            'a.png'
        """
        return "\0".join((self.sha256 or self.uri, *self.changes))

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Fields to show: judges draw seeds from it, which stay the same without changes."""
        return [
            (name, value) for name, value in super().__repr_args__() if name != "changes" or value
        ]


Part = str | Media
Parts = tuple[Part, ...]


class Candidate(Record):
    """One thing to be judged. `system` is who made it, if known; a judge never sees it."""

    id: str = Field(min_length=1)
    parts: Parts = Field(min_length=1)
    system: str | None = None


class Preference(Record):
    """Which of two candidates is better, in item order."""

    kind: Literal["preference"] = "preference"
    value: PreferenceValue


class Score(Record):
    """A number on the criterion's scale, or on a scorer's own."""

    kind: Literal["score"] = "score"
    value: float


class Ranking(Record):
    """`ranks[i]` is the rank of candidate i in item order; 1 is best, equal ranks are ties."""

    kind: Literal["ranking"] = "ranking"
    ranks: tuple[Annotated[float, Field(ge=1)], ...] = Field(min_length=2)


class PreferenceGold(Preference):
    """The humans' preference; `ratings[j]` is annotator j's own, None where there is none."""

    ratings: tuple[PreferenceValue | None, ...] = ()


class ScoreGold(Score):
    """The humans' score; `ratings[j]` is annotator j's own, None where there is none."""

    ratings: tuple[float | None, ...] = ()


class RankingGold(Ranking):
    """The humans' ranking; `ratings[j]` is annotator j's own, None where there is none."""

    ratings: tuple[tuple[float, ...] | None, ...] = ()


Verdict = Annotated[Preference | Score | Ranking, Field(discriminator="kind")]
Gold = Annotated[PreferenceGold | ScoreGold | RankingGold, Field(discriminator="kind")]


class Failure(Record):
    """A judge did not answer: data, never NaN, never a guess, never a dropped row.

    `unchanged` is none of the judge's: a probe's change left a medium as it was, which is known
    only once it is decoded. Such a request counts as not asked.
    """

    kind: Literal["failure"] = "failure"
    reason: FailureReason
    detail: str = ""


class Scale(Record):
    """What a score may be: from `lowest` to `highest`, whole numbers unless `integer` is false.

    `labels` names the levels from lowest to highest; a judge may answer with the words.
    """

    lowest: float = 1
    highest: float = 5
    integer: bool = True
    labels: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _levels_fit(self) -> Self:
        if self.lowest >= self.highest:
            raise ValueError(f"lowest {self.lowest:g} must be below highest {self.highest:g}")
        levels = int(self.highest - self.lowest) + 1
        if self.labels and len(self.labels) != levels:
            raise ValueError(f"labels: {levels} levels need {levels}, found {len(self.labels)}")
        return self


class Criterion(Record):
    """What is judged.

    `options` are the answers that a pair offers; `scale` is what a score may be (None: any number);
    `subscores`: a judge may give these in turn, and the lowest is the score.
    """

    name: str = Field(min_length=1)
    question: str
    rubric: str = ""
    options: tuple[PreferenceValue, ...] = ("first", "second", "tie")
    scale: Scale | None = None
    subscores: tuple[str, ...] = ()


class Item(Record):
    """One thing to judge, with its gold.

    `candidates`: 1 for score, 2 for pair, 2 or more for rank. `criteria`: names of those that this
    item is judged on; empty for all of the task's. `strata`: axis to value, for breakdowns.
    `absent`: what of the item is not at hand, a placeholder standing for it; only recorded judges,
    and those that do not look, may answer then. `in_words`: what media of the item show or say, in
    words, by their uri: a caption, a transcript; no judge is shown it, but a probe that asks about
    the words instead.
    """

    id: str = Field(min_length=1)
    prompt: Parts
    candidates: tuple[Candidate, ...] = Field(min_length=1)
    reference: Parts | None = None
    criteria: tuple[str, ...] = ()
    gold: dict[str, Gold] = Field(default_factory=dict)
    strata: dict[str, str] = Field(default_factory=dict)
    absent: str | None = None
    in_words: dict[str, Annotated[str, Field(pattern=r"\S")]] = Field(
        default_factory=dict, exclude_if=not_
    )

    @model_validator(mode="after")
    def _words_are_of_media(self) -> Self:
        shown = (self.prompt, self.reference or (), *(one.parts for one in self.candidates))
        known = {part.uri for parts in shown for part in parts if isinstance(part, Media)}
        if strange := sorted(set(self.in_words) - known):
            raise ValueError(f"in_words: no medium of the item has the uri {strange[0]!r}")
        return self


class TaskCard(Record):
    """Where a task comes from and what is known about it.

    `columns`: whether the loader was run on the public data itself (verified) or only on small
    folders of its published schema. `size`: number of items by protocol or stratum, as in
    `pair: 120` or `pair, group=general: 40`. `human_agreement`: how far people agree with each
    other, as published.
    """

    summary: str
    source: str = ""
    revision: str = ""
    licence: str = ""
    citation: str = ""
    known_flaws: tuple[str, ...] = ()
    superseded_by: str | None = None
    columns: Literal["verified", "unverified"] = "unverified"
    size: dict[str, int] = Field(default_factory=dict, exclude_if=not_)
    human_agreement: str = Field(default="", exclude_if=not_)


TASK_NAME = r"^[a-z0-9][a-z0-9_]*$"


class TaskSpec(Record):
    """What a task is, without its items; the contents of `task.yaml`.

    `primary` is the measure that a leaderboard sorts by; `measures` are further ones to report.
    `modalities` are those that a judge must take to be asked at all. `groups` is the axis of strata
    whose values fairness measures compare; left out, groups are the systems that made candidates.
    """

    name: str = Field(pattern=TASK_NAME)
    version: int = Field(default=1, ge=1)
    protocols: tuple[ProtocolName, ...] = Field(min_length=1)
    criteria: tuple[Criterion, ...] = Field(min_length=1)
    modalities: tuple[Modality, ...] = Field(min_length=1)
    card: TaskCard
    primary: str
    measures: tuple[str, ...] = ()
    groups: str | None = None

    @property
    def label(self) -> str:
        """Name and version, as in `genai_bench@1`."""
        return f"{self.name}@{self.version}"

    def criterion(self, name: str) -> Criterion:
        """The criterion of that name.

        Raises:
            KeyError: The task has none of that name.
        """
        for criterion in self.criteria:
            if criterion.name == name:
                return criterion
        raise KeyError(name)


class Request(Record):
    """What a judge is asked: structured, so that a scorer gets prompt and candidates apart.

    `candidates` are in the order shown; `order[s]` is the place in the item of the candidate in
    slot s. `key`, `task`, `item` and `probe` are bookkeeping: a judge's answer does not depend on
    them, but for the chance that it draws by (`draw`).
    `absent`: what of it is a placeholder; a judge that looks never gets such a request.
    """

    key: str
    task: str
    item: str
    protocol: ProtocolName
    criterion: Criterion
    prompt: Parts
    candidates: tuple[Candidate, ...]
    reference: Parts | None = None
    order: tuple[int, ...]
    probe: str | None = None
    condition: str | None = None
    repeat: int = 0
    absent: str | None = None

    @property
    def draw(self) -> int:
        """What a judge that samples seeds its draw with, beside what it is shown.

        Asked once more, plainly or by a probe, it draws anew: otherwise a judge that is all chance
        would seem to stand by what it said.
        """
        if self.probe is None:
            return self.repeat
        return self.repeat + 1000 * (1 + zlib.crc32(self.probe.encode()) % 1_000_000)


class Reply(Record):
    """What a judge answered: text, or a score for each slot, or option probabilities.

    `verdict` is for recordings that were parsed elsewhere. `error` says why there is no answer.
    Latency in seconds; `cost_usd` is what the call cost, None where nobody knows.
    """

    text: str | None = None
    scores: tuple[float, ...] | None = None
    probabilities: dict[str, float] | None = None
    verdict: Verdict | None = None
    error: Failure | None = None
    finish_reason: Literal["stop", "length", "content_filter", "tool"] | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    latency_s: float | None = None
    cost_usd: float | None = Field(default=None, ge=0)


class Judgment(Record):
    """One answered request. `outcome` is the verdict in item order, or the failure.

    `probe` is the changed way in which it was asked, None for the plain one, and `cue` what that
    change pulls towards: places of candidates in item order; of a score 1 for up, -1 for down.
    """

    schema_version: int = SCHEMA_VERSION
    key: str
    item: str
    protocol: ProtocolName
    criterion: str
    order: tuple[int, ...]
    probe: str | None = None
    cue: tuple[int, ...] = ()
    repeat: int = 0
    judge: str
    reply: Reply
    outcome: Annotated[Preference | Score | Ranking | Failure, Field(discriminator="kind")]


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


class RunSettings(Record):
    """Everything of a run that shapes its answers, but the task and the judge.

    `orders`: "balanced" shows each item once, slots balanced over items by `seed`; "both" shows a
    pair in both orders (a ranking forwards and backwards); "given" keeps the order of the file.
    `probes`: names of the changed ways in which each request is asked again.
    """

    protocol: ProtocolName
    orders: Orders = "balanced"
    repeats: int = Field(default=1, ge=1)
    seed: int = 0
    template: str = ""
    where: dict[str, str] = Field(default_factory=dict)
    probes: tuple[str, ...] = ()


class RunHeader(Record):
    """What a run was: enough to say whether a resumed one is the same, and to repeat it.

    `probes` are the cards of those that the settings name, in the same order.
    """

    schema_version: int = SCHEMA_VERSION
    run_id: str
    task: TaskSpec
    judge: JudgeCard
    settings: RunSettings
    data: str | None = None
    items_sha256: str | None = None
    git_commit: str | None = None
    packages: dict[str, str] = Field(default_factory=dict)
    probes: tuple[ProbeCard, ...] = ()


class MetricResult(Record):
    """A figure with everything needed to read it.

    `value` is None where the statistic is undefined; `note` then says why. `ci95` is the interval
    from a bootstrap over items.
    """

    metric: str
    task: str
    criterion: str
    stratum: str = "all"
    value: float | None
    ci95: tuple[float, float] | None = None
    n_items: int
    n_failed: int
    note: str = ""


class Comparison(Record):
    """One figure of two judges on the same items: `difference` is a minus b.

    `p_value` is two-sided from the paired bootstrap, `p_holm` the same corrected for the number of
    criteria compared by the measure, `p_mcnemar` the exact test of right and wrong, where it fits.
    """

    metric: str
    task: str
    criterion: str
    stratum: str = "all"
    a: float | None
    b: float | None
    difference: float | None
    ci95: tuple[float, float] | None = None
    p_value: float | None = None
    p_holm: float | None = None
    p_mcnemar: float | None = None
    n_items: int
    note: str = ""
