"""What a run was, and the figures that come of it."""

from pydantic import Field

from mmjudge.types.base import SCHEMA_VERSION, Orders, ProtocolName, Record
from mmjudge.types.cards import JudgeCard, ProbeCard
from mmjudge.types.tasks import TaskSpec


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
