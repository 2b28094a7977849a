"""What a submission is: a folder of three files, and the records in them."""

import re
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator, model_validator

from mmjudge.types import JudgeCard, Record, Reply, RunSettings

FORMAT = 1
"""Version of the folder; another one is refused."""

META, RUN = "meta.yaml", "run.json"
JSONL, PARQUET = "judgments.jsonl.zst", "judgments.parquet"
MOST_RUNS, MOST_REPEATS = 50, 100
UNSAID = "FILL IN"
"""What `pack` writes where only the submitter knows, and `check` refuses."""

_HIDDEN = re.compile("[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_QUOTES = re.compile(r"[\s\"'<>`\\]")
_HOST = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", re.I)


def _visible(text: str) -> str:
    if _HIDDEN.search(text):
        raise ValueError("one line of visible characters is allowed: no control, no direction mark")
    if UNSAID in text:
        raise ValueError(f"still says {UNSAID}: only you know what belongs here")
    if text != text.strip():
        raise ValueError("no space at the start or the end is allowed")
    return text


def _https(link: str) -> str:
    """A link that a page may carry: https, a public host by name, nothing that ends an attribute.

    Example:
        >>> _https("https://example.org/judge")
        'https://example.org/judge'
    """
    try:
        parts = urlsplit(link)
        plain = parts.scheme == "https" and parts.port is None and not _QUOTES.search(link)
        host = parts.hostname or ""
    except ValueError:
        plain, host = False, ""
    if not plain or "@" in link or not _HOST.fullmatch(host):
        raise ValueError("https://name.of.a.host/path is allowed, without user, port or quotes")
    return link


def _reachable(contact: str) -> str:
    if contact.startswith("https://"):
        return _https(contact)
    if not re.fullmatch(r"[^@\s<>\"']+@[^@\s<>\"']+\.[a-zA-Z]{2,}|@[A-Za-z0-9-]{1,39}", contact):
        raise ValueError("an e-mail address, an https link or @name is allowed")
    return contact


Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_visible)]
Link = Annotated[str, Field(max_length=300), AfterValidator(_visible), AfterValidator(_https)]
Contact = Annotated[Line, AfterValidator(_reachable)]
Label = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*@[1-9][0-9]{0,5}$", max_length=100)]
TaskName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$", max_length=100)]


class TrainingData(Record):
    """What the judge was trained on, as far as its makers say; declared, and shown as declared.

    `known`: whether all of it is known, a part, or none. `datasets`: those that are known.
    `overlaps`: names of the tasks whose items, or their sources, are among them.
    """

    known: Literal["all", "part", "none"]
    datasets: tuple[Line, ...] = Field(default=(), max_length=200)
    overlaps: tuple[TaskName, ...] = Field(default=(), max_length=200)


class Meta(Record):
    """`meta.yaml`: who submits what, under which licence. Shown as text, and never believed.

    `judge` is the name in the table. `revision` and `parameters` are those of the run's judge.
    """

    judge: Line
    revision: Line
    parameters: dict[Line, Any] = Field(default_factory=dict, max_length=100)
    licence: Line
    contact: Contact
    training_data: TrainingData
    links: tuple[Link, ...] = Field(default=(), max_length=10)


class SubmittedRun(Record):
    """One run of `run.json`: what is needed to plan it again.

    `task` is name and version; what the task asks is taken from the installed one. `probes` maps
    names to versions.
    """

    task: Label
    judge: JudgeCard
    settings: RunSettings
    probes: dict[str, int] = Field(default_factory=dict, max_length=200)
    packages: dict[Line, Line] = Field(default_factory=dict, max_length=100)
    git_commit: str | None = Field(default=None, pattern=r"^[0-9a-f]{7,64}$")

    @field_validator("judge")
    @classmethod
    def _named(cls, card: JudgeCard) -> JudgeCard:
        for name, text in (("name", card.name), ("fingerprint", card.fingerprint)):
            if not 0 < len(text) <= 200 or _HIDDEN.search(text):
                raise ValueError(f"{name}: 1 to 200 visible characters are allowed")
        return card

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.settings.repeats > MOST_REPEATS:
            raise ValueError(f"settings.repeats: at most {MOST_REPEATS} are allowed")
        if sorted(set(self.settings.probes)) != sorted(self.probes):
            raise ValueError("probes: a version for each of settings.probes is needed, no other")
        return self


class RunFile(Record):
    """`run.json`: the runs, each of another task or protocol, of one judge."""

    format: Literal[1]
    runs: tuple[SubmittedRun, ...] = Field(max_length=MOST_RUNS)

    @model_validator(mode="after")
    def _one_judge(self) -> Self:
        if not self.runs:
            raise ValueError("runs: at least one is needed")
        judges = {(r.judge.name, r.judge.revision, str(r.judge.params)) for r in self.runs}
        if len(judges) > 1:
            raise ValueError("runs: one judge, revision and parameters are allowed, found several")
        asked = [(run.task, run.settings.protocol) for run in self.runs]
        if len(set(asked)) < len(asked):
            raise ValueError("runs: each task and protocol is allowed once")
        return self


class JudgmentLine(Record):
    """A line of the judgments: which request, and the raw reply. The verdict is read from it.

    `run` is the place of its run in `run.json`; the other fields are there for readers, and must
    be those of the request with that key.
    """

    run: int = Field(ge=0, lt=MOST_RUNS)
    key: str = Field(pattern=r"^[0-9a-f]{32}$")
    item: str
    criterion: str
    order: tuple[int, ...]
    repeat: int = 0
    probe: str | None = None
    reply: Reply

    @field_validator("reply")
    @classmethod
    def _usage(cls, reply: Reply) -> Reply:
        for name in ("tokens_in", "tokens_out", "latency_s"):
            used = getattr(reply, name)
            if used is not None and not 0 <= used <= 1e9:
                raise ValueError(f"{name}: 0 to 1e9 is allowed")
        return reply
