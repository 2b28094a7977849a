"""A measure as a value: a name that parses and prints, applied to columns by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mmjudge.errors import MeasureError, unknown
from mmjudge.metrics import resample
from mmjudge.metrics.ceiling import EVERY, human_ceiling
from mmjudge.metrics.registry import SPECS, Direction, Kind, Param, Protocol, Setting, Spec, fits
from mmjudge.metrics.resample import Difference, Interval, Sampled, Seed
from mmjudge.metrics.weighted import Column, Ints, Value, Weights

SYNTAX = re.compile(r"(?P<name>\w+)(?:@(?P<cutoff>[^()]+))?(?:\((?P<params>.*)\))?")
CEILING = "ceiling"
RATINGS: Mapping[tuple[str, ...], str] = {
    ("gold", "verdict"): "ratings",
    ("gold_ranks", "ranks"): "ratings",
    ("gold_answer", "answer"): "answer_ratings",
    ("gold_step", "step"): "step_ratings",
}
"""Of measures that a person can be scored by, the columns, and that of the annotators' own."""


@dataclass(frozen=True)
class Measure:
    """A registered measure with its parameters.

    Attributes:
        name: Name in the registry.
        settings: The parameters that differ from their defaults, in the registry's order.
        of: For a ceiling, the measure that a person is scored by.

    Example:
        >>> m = Measure.parse("accuracy(ties=half)")
        >>> str(m), m.columns
        ('accuracy(ties=half)', ('gold', 'verdict'))
        >>> m({"gold": np.array([0, 1]), "verdict": np.array([0, 2])})
        0.75
        >>> str(Measure.parse("ndcg(k=3)")), str(Measure.parse("ceiling(of=tau_b)"))
        ('ndcg@3', 'ceiling(of=tau_b)')
    """

    name: str
    settings: tuple[tuple[str, Setting], ...] = ()
    of: Measure | None = None

    @classmethod
    def parse(cls, text: str) -> Measure:
        """Read a measure from its name, such as "kappa", "accuracy(ties=half)" or "ndcg@3".

        "ceiling(of=...)" is the human ceiling of any measure of gold and verdict.

        Args:
            text: What `str` of a measure prints.

        Returns:
            The measure; equal for names that mean the same.

        Raises:
            MeasureError: The name, a parameter or a value is not known; the message says which
                are.
        """
        found = SYNTAX.fullmatch(text.strip())
        if found is None:
            raise MeasureError(f"measure {text!r}: expected name, name@k or name(param=value)")
        given = _split(text, found["params"] or "")
        if found["name"] == CEILING:
            return cls(CEILING, of=_ceiling_of(text, given))
        spec = SPECS.get(found["name"])
        if spec is None:
            raise MeasureError(unknown("measure", found["name"], [*SPECS, CEILING]))
        if found["cutoff"] is not None:
            if spec.cutoff is None:
                raise MeasureError(f"measure {text!r}: {spec.name} takes no '@'")
            given[spec.cutoff] = found["cutoff"]
        return cls(spec.name, _settings(spec, given))

    def __str__(self) -> str:
        if self.of is not None:
            return f"{self.name}(of={self.of})"
        cutoff = self.spec.cutoff
        at = "".join(f"@{value}" for key, value in self.settings if key == cutoff)
        rest = ", ".join(f"{key}={value}" for key, value in self.settings if key != cutoff)
        return f"{self.name}{at}{f'({rest})' if rest else ''}"

    @property
    def spec(self) -> Spec:
        """Its row of the registry; of a ceiling, that of the measure a person is scored by."""
        return self.of.spec if self.of is not None else SPECS[self.name]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that it takes."""
        return (RATINGS[self.of.columns],) if self.of is not None else self.spec.columns

    @property
    def protocol(self) -> Protocol:
        """What is judged; "any" for all protocols."""
        return self.spec.protocol

    @property
    def kind(self) -> Kind:
        """What it measures."""
        return "ceiling" if self.of is not None else self.spec.kind

    @property
    def direction(self) -> Direction:
        """What is good: "higher", "lower", "zero" or "half"."""
        return self.spec.direction

    def __call__(self, columns: Mapping[str, Column], weights: Weights = None) -> Value:
        """Compute the measure.

        Args:
            columns: Columns by name, of one length; those it does not take are ignored.
            weights: How often each row counts, shape (..., n); None counts each once.

        Returns:
            A float without weights or for one weight vector, else an array of shape (...); nan
            where the measure is undefined.

        Raises:
            MeasureError: A column is missing, or lengths differ.
        """
        taken = self._take(columns)
        if self.of is not None:
            return human_ceiling(
                taken[0],
                self.of._call,
                weights=weights,
                classes=self.of._classes,
            )
        return self._call(*taken, weights=weights)

    @property
    def _classes(self) -> int:
        """How codes of annotators are read: as those of pairs, or each for itself."""
        if self.protocol != "pair":
            return EVERY
        return int(dict(self.settings).get("classes", 3))

    def _call(self, *columns: Column, weights: Weights = None) -> Value:
        return self.spec.fn(*columns, weights=weights, **dict(self.settings))

    def _take(self, columns: Mapping[str, Column]) -> list[Column]:
        missing = [name for name in self.columns if name not in columns]
        if missing:
            raise MeasureError(
                f"measure {self}: needs the columns {', '.join(self.columns)}; missing "
                f"{', '.join(missing)}, found {', '.join(columns) or 'none'}"
            )
        return [columns[name] for name in self.columns]

    def interval(
        self,
        columns: Mapping[str, Column],
        item: Ints,
        n_resamples: int = 1000,
        *,
        confidence: float = 0.95,
        seed: int = 0,
    ) -> Interval:
        """Value and percentile interval, resampling items; see `resample.bootstrap`."""
        return intervals([self], columns, item, n_resamples, confidence=confidence, seed=seed)[0]

    def sampled(
        self, columns: Mapping[str, Column], item: Ints, n_resamples: int, seed: Seed
    ) -> Sampled:
        """Value, and what it is in each resample of the items; see `resample.sampled`."""
        taken = dict(zip(self.columns, self._take(columns), strict=True))
        return resample.sampled(
            taken, item, [self], n_resamples, seed=seed, centred=[self._centred]
        )[0]

    @property
    def _centred(self) -> bool:
        return self.of is None and self.spec.centred

    def paired(
        self,
        a: tuple[Mapping[str, Column], Ints],
        b: tuple[Mapping[str, Column], Ints],
        n_resamples: int = 1000,
        *,
        confidence: float = 0.95,
        seed: int = 0,
    ) -> Difference:
        """Difference a - b, paired over items; see `resample.paired_bootstrap`.

        Args:
            a: Columns of judge a by name, and the item of each row.
            b: The same for judge b.
            n_resamples: Number of resamples.
            confidence: Coverage of the interval, between 0 and 1.
            seed: Seed of the draws.

        Returns:
            The difference over the items that both have, with interval and p-value.

        Raises:
            MeasureError: A column is missing, lengths differ, or the judges share no item.
        """
        return resample.paired_bootstrap(
            (self._take(a[0]), a[1]),
            (self._take(b[0]), b[1]),
            self.of_columns,
            n_resamples,
            confidence=confidence,
            seed=seed,
        )

    def paired_sampled(
        self,
        a: tuple[Mapping[str, Column], Ints],
        b: tuple[Mapping[str, Column], Ints],
        n_resamples: int,
        seed: Seed,
    ) -> tuple[Sampled, int]:
        """Difference a - b in each resample of the items that both have; see `paired`."""
        one, other = ((self._take(side[0]), side[1]) for side in (a, b))
        return resample.paired_sampled(one, other, self.of_columns, n_resamples, seed=seed)

    def of_columns(self, *columns: Column, weights: Weights = None) -> Value:
        """Compute the measure of its columns in the order of `columns`."""
        return self(dict(zip(self.columns, columns, strict=True)), weights)


def intervals(
    of: Sequence[Measure],
    columns: Mapping[str, Column],
    item: Ints,
    n_resamples: int = 1000,
    *,
    confidence: float = 0.95,
    seed: int = 0,
) -> list[Interval]:
    """Values and percentile intervals of several measures from one set of resamples.

    Args:
        of: The measures.
        columns: Columns by name, of one length; those that no measure takes are ignored.
        item: Item of each row, shape (n,); its rows are drawn together.
        n_resamples: Number of resamples.
        confidence: Coverage of the intervals, between 0 and 1.
        seed: Seed of the draws.

    Returns:
        One interval for each measure, in order.

    Raises:
        MeasureError: A column is missing, or lengths differ.

    Example:
        >>> columns = {"gold": np.array([0, 1, 2]), "verdict": np.array([0, 1, 2])}
        >>> found = intervals([Measure("accuracy"), Measure("kappa")], columns, np.arange(3))
        >>> [interval.value for interval in found]
        [1.0, 1.0]
    """
    needed: dict[str, Column] = {}
    for measure in of:
        needed.update(zip(measure.columns, measure._take(columns), strict=True))
    centred = [measure._centred for measure in of]
    return resample.bootstrap_many(
        needed, item, list(of), n_resamples, confidence=confidence, seed=seed, centred=centred
    )


def measures(*, protocol: Protocol | None = None, kind: Kind | None = None) -> list[Measure]:
    """The registered measures with default parameters, in the registry's order.

    Args:
        protocol: Only those that fit it, as those for any protocol do.
        kind: Only those of this kind.

    Returns:
        Measures, without the ceilings, of which there is one for each measure of gold and verdict.

    Example:
        >>> [str(m) for m in measures(kind="fairness")]
        ['acc', 'nds', 'ges']
    """
    return [
        Measure(spec.name)
        for spec in SPECS.values()
        if protocol is None or fits(spec.protocol, protocol)
        if kind in (None, spec.kind)
    ]


def _split(text: str, params: str) -> dict[str, str]:
    """Parameters of "a=1, b=f(c=2)": commas within parentheses do not separate."""
    given: dict[str, str] = {}
    depth, start = 0, 0
    for end, character in enumerate(params + ","):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            key, equals, value = params[start:end].partition("=")
            if not equals and params.strip():
                raise MeasureError(f"measure {text!r}: expected param=value, found {key!r}")
            if equals:
                given[key.strip()] = value.strip()
            start = end + 1
    return given


def _settings(spec: Spec, given: Mapping[str, str]) -> tuple[tuple[str, Setting], ...]:
    for key in given:
        if key not in spec.params:
            raise MeasureError(f"{spec.name}: {unknown('parameter', key, spec.params)}")
    read = {key: _setting(spec, key, spec.params[key], text) for key, text in given.items()}
    return tuple(
        (key, read[key])
        for key, param in spec.params.items()
        if key in read and read[key] != param.default
    )


def _setting(spec: Spec, key: str, param: Param, text: str) -> Setting:
    try:
        value: Setting = type(param.default)(text)
    except ValueError:
        value = text
    if param.allowed:
        if value not in param.allowed:
            allowed = ", ".join(map(str, param.allowed))
            raise MeasureError(f"{spec.name}: {key} must be one of {allowed}, found {text!r}")
    elif isinstance(value, str) or value == np.inf or not param.lowest <= value <= param.highest:
        kind = type(param.default).__name__
        most = "" if param.highest == np.inf else f" and at most {param.highest}"
        raise MeasureError(
            f"{spec.name}: {key} must be {kind} and at least {param.lowest}{most}, found {text!r}"
        )
    return value


def _ceiling_of(text: str, given: Mapping[str, str]) -> Measure:
    if set(given) != {"of"}:
        raise MeasureError(f"measure {text!r}: expected ceiling(of=measure)")
    of = Measure.parse(given["of"])
    if of.columns not in RATINGS:
        raise MeasureError(f"measure {text!r}: {of} is not a measure of gold and verdict")
    return of
