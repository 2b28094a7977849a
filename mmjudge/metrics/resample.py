"""Intervals and comparisons by resampling items, for any function of weights.

A bootstrap sample of n items is a multinomial count of how often each is taken. Items whose rows
are identical are interchangeable, so they are first collapsed into patterns, and counts of the
patterns are drawn instead, which has exactly the same distribution: a million verdicts of a pair
task are a few dozen patterns. Without repeats the counts are drawn for items, a block of resamples
at a time, so memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from mmjudge.errors import MeasureError
from mmjudge.metrics.patterns import Patterns, collapse
from mmjudge.metrics.weighted import CACHED, Column, Floats, Ints, Value

Seed = int | Sequence[int]
"""Seed of the draws: a number, or several, which together name one stream."""

LARGEST_BLOCK = 1 << 22  # weights held at once: 32 MiB
CACHED_BLOCK = 1 << 19  # weights held at once where rows are few: 4 MiB
WIDE = 128  # resamples that share what a measure prepares for a block
BINOMIAL_COST = 12  # one binomial draw of the multinomial costs about as much as 12 draws of items


class Statistic(Protocol):
    """Anything that maps columns and weights of shape (..., n) to values of shape (...)."""

    def __call__(self, *columns: Column, weights: Floats) -> Value:
        """Compute the statistic for every weight vector."""


class Interval(NamedTuple):
    """A value with its percentile bootstrap interval.

    Attributes:
        value: The statistic of the data; nan where it is undefined.
        low: Lower end; nan where no resample is defined.
        high: Upper end.
        n_undefined: Resamples in which the statistic is undefined, left out of the interval.
    """

    value: float
    low: float
    high: float
    n_undefined: int


class Sampled(NamedTuple):
    """A value with what it is in each resample.

    Attributes:
        value: The statistic of the data; nan where it is undefined.
        sample: The same in each resample, shape (n_resamples,).
    """

    value: float
    sample: Floats


class Difference(NamedTuple):
    """The value of one judge minus that of another, paired over items.

    Attributes:
        value: a minus b; nan where either is undefined.
        low: Lower end of the percentile interval.
        high: Upper end.
        p_value: Two-sided, from the bootstrap distribution of the difference.
        n_items: Items that both have, the only ones that count.
        n_undefined: Resamples in which either is undefined.
    """

    value: float
    low: float
    high: float
    p_value: float
    n_items: int
    n_undefined: int


def bootstrap(  # noqa: PLR0913 (every setting has a default and a name)
    columns: Sequence[Column],
    item: Ints,
    fn: Callable[..., Value],
    n_resamples: int = 1000,
    *,
    confidence: float = 0.95,
    seed: int = 0,
    centred: bool = False,
) -> Interval:
    """Percentile interval of a statistic, resampling items with all their rows.

    Args:
        columns: What `fn` takes in order, each of shape (n, ...).
        item: Item of each row, shape (n,); its rows are drawn together.
        fn: Called as fn(*columns, weights=w) with w of shape (..., rows).
        n_resamples: Number of resamples.
        confidence: Coverage of the interval, between 0 and 1.
        seed: Seed of the draws; the same data and seed give the same interval.
        centred: Move the resamples so that their mean is the value: for a statistic that compares
            items with each other, since an item that is drawn twice is then a pair of equals.

    Returns:
        The value and its interval.

    Raises:
        MeasureError: The columns differ in length.

    Example:
        >>> from mmjudge.metrics.agreement import accuracy
        >>> gold, verdict = np.zeros(100, dtype=np.int64), np.repeat([0, 1], [80, 20])
        >>> found = bootstrap([gold, verdict], np.arange(100), accuracy)
        >>> found.value, 0.70 < found.low < 0.75, 0.85 < found.high < 0.9
        (0.8, True, True)
    """
    named = {str(i): column for i, column in enumerate(columns)}

    def call(data: Mapping[str, Column], weights: Floats) -> Value:
        return fn(*(data[str(i)] for i in range(len(columns))), weights=weights)

    return bootstrap_many(
        named, item, [call], n_resamples, confidence=confidence, seed=seed, centred=[centred]
    )[0]


def bootstrap_many(  # noqa: PLR0913 (every setting has a default and a name)
    columns: Mapping[str, Column],
    item: Ints,
    fns: Sequence[Callable[[Mapping[str, Column], Floats], Value]],
    n_resamples: int = 1000,
    *,
    confidence: float = 0.95,
    seed: int = 0,
    centred: Sequence[bool] = (),
) -> list[Interval]:
    """Percentile intervals of several statistics from one set of resamples.

    A column named "item" is not data but says which rows are of one item; what is drawn as one may
    hold several.

    Args:
        columns: Columns by name, each of shape (n, ...).
        item: Item of each row, shape (n,).
        fns: Each called as fn(columns, weights).
        n_resamples: Number of resamples.
        confidence: Coverage of the intervals, between 0 and 1.
        seed: Seed of the draws.
        centred: For each statistic, whether its resamples are moved so that their mean is the
            value, as in `bootstrap`; none if left out.

    Returns:
        One interval for each statistic, in order.

    Raises:
        MeasureError: The columns differ in length.
    """
    found = sampled(columns, item, fns, n_resamples, seed=seed, centred=centred)
    return [interval_of(one, confidence) for one in found]


def sampled(
    columns: Mapping[str, Column],
    item: Ints,
    fns: Sequence[Callable[[Mapping[str, Column], Floats], Value]],
    n_resamples: int = 1000,
    *,
    seed: Seed = 0,
    centred: Sequence[bool] = (),
) -> list[Sampled]:
    """Several statistics with their values in one set of resamples; see `bootstrap_many`.

    Returns:
        One for each statistic, in order.

    Raises:
        MeasureError: The columns differ in length.
    """
    patterns = collapse(columns, item)
    data = patterns.columns
    values = [_first(fn(data, patterns.once())) for fn in fns]
    samples = np.empty((len(fns), n_resamples))
    for start, w in draw(patterns, n_resamples, seed):
        for i, fn in enumerate(fns):
            samples[i, start : start + len(w)] = fn(data, w)
    for i, moved in enumerate(centred):
        if moved:
            samples[i] += values[i] - _mean(samples[i])
    return [Sampled(*one) for one in zip(values, samples, strict=True)]


def _mean(sample: Floats) -> float:
    """Mean of the resamples that are defined, nan where none is."""
    defined = sample[~np.isnan(sample)]
    return float(defined.mean()) if len(defined) else float("nan")


def _first(value: Value) -> float:
    return float(np.asarray(value).reshape(-1)[0])


def interval_of(found: Sampled, confidence: float = 0.95) -> Interval:
    """The percentile interval of a value; resamples without a value are left out.

    Example:
        >>> interval_of(Sampled(0.5, np.arange(101.0)), confidence=0.5)
        Interval(value=0.5, low=25.0, high=75.0, n_undefined=0)
    """
    value, sample = found
    defined = sample[~np.isnan(sample)]
    if not len(defined):
        return Interval(value, np.nan, np.nan, len(sample))
    tail = (1 - confidence) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return Interval(value, float(low), float(high), len(sample) - len(defined))


def draw(patterns: Patterns, n_resamples: int, seed: Seed) -> Iterator[tuple[int, Floats]]:
    """Row weights of the resamples, block by block.

    Args:
        patterns: The collapsed items.
        n_resamples: Number of resamples.
        seed: Seed of the draws.

    Yields:
        Index of the first resample of the block, and weights of shape (block, rows).
    """
    rng = np.random.default_rng(seed)
    counts = patterns.counts
    n_items, n_rows = int(counts.sum()), len(patterns.pattern)
    width = max(n_rows, len(counts), 1)
    block = max(1, min(max(WIDE, CACHED_BLOCK // width), LARGEST_BLOCK // width))
    by_pattern = n_items > BINOMIAL_COST * len(counts)
    pattern_of = None if n_items == len(counts) else np.repeat(np.arange(len(counts)), counts)
    for start in range(0, n_resamples, block):
        size = min(block, n_resamples - start)
        if n_items == 0:
            drawn = np.zeros((size, 0))
        elif by_pattern:
            drawn = rng.multinomial(n_items, counts / n_items, size=size).astype(np.float64)
        else:
            drawn = _draw_items(rng, size, n_items, len(counts), pattern_of)
        yield start, patterns.rows(drawn)


def _draw_items(
    rng: np.random.Generator, size: int, n_items: int, n_patterns: int, pattern_of: Ints | None
) -> Floats:
    out = np.empty((size, n_patterns))
    step = max(1, CACHED // max(n_items, n_patterns))
    narrow = np.int32 if n_items < 1 << 31 else np.int64
    for start in range(0, size, step):
        some = min(step, size - start)
        chosen = rng.integers(n_items, size=(some, n_items), dtype=narrow)
        codes = chosen if pattern_of is None else pattern_of[chosen]
        codes += n_patterns * np.arange(some, dtype=codes.dtype)[:, None]
        counts = np.bincount(codes.ravel(), minlength=some * n_patterns)
        out[start : start + some] = counts.reshape(some, n_patterns)
    return out


def paired_bootstrap(
    a: tuple[Sequence[Column], Ints],
    b: tuple[Sequence[Column], Ints],
    fn: Callable[..., Value],
    n_resamples: int = 1000,
    *,
    confidence: float = 0.95,
    seed: int = 0,
) -> Difference:
    """Difference of a statistic between two judges, drawing the same items for both.

    With d the difference in a resample, p = min(1, 2 min(#(d <= 0) + 1, #(d >= 0) + 1) / (R + 1))
    over the R resamples where it is defined, so it is never 0, and 1 for equal judges.

    Args:
        a: What `fn` takes for judge a, each of shape (n_a, ...), and the item of each row.
        b: The same for judge b; item codes mean the same items as in `a`. A column of `fn` that
            holds item codes must be the item itself.
        fn: Called as fn(*columns, weights=w).
        n_resamples: Number of resamples.
        confidence: Coverage of the interval, between 0 and 1.
        seed: Seed of the draws.

    Returns:
        The difference a - b over the items that both have, with interval and p-value.

    Raises:
        MeasureError: The columns differ in length or shape, or the judges share no item.

    Example:
        >>> from mmjudge.metrics.agreement import accuracy
        >>> gold, item = np.zeros(50, dtype=np.int64), np.arange(50)
        >>> found = paired_bootstrap(([gold, gold], item), ([gold, gold + 1], item), accuracy)
        >>> found.value, round(found.p_value, 3)
        (1.0, 0.002)
    """
    found, n_items = paired_sampled(a, b, fn, n_resamples, seed=seed)
    return difference_of(found, n_items, confidence)


def paired_sampled(
    a: tuple[Sequence[Column], Ints],
    b: tuple[Sequence[Column], Ints],
    fn: Callable[..., Value],
    n_resamples: int = 1000,
    *,
    seed: Seed = 0,
) -> tuple[Sampled, int]:
    """The difference of two judges with its value in each resample, and how many items both have.

    Arguments and errors are those of `paired_bootstrap`.
    """
    columns, item, n_items = _stack(a, b)
    patterns = collapse(columns, item)
    data = patterns.columns
    side_a, side_b = (np.flatnonzero(data["side"] == side) for side in (0, 1))
    taken_a = [data[str(i)][side_a] for i in range(len(a[0]))]
    taken_b = [data[str(i)][side_b] for i in range(len(b[0]))]

    def difference(w: Floats) -> Floats:
        of_a: Floats = np.asarray(fn(*taken_a, weights=w[:, side_a]))
        of_b: Floats = np.asarray(fn(*taken_b, weights=w[:, side_b]))
        return of_a - of_b

    value = float(difference(patterns.once()[None, :])[0])
    sample = np.empty(n_resamples)
    for start, w in draw(patterns, n_resamples, seed):
        sample[start : start + len(w)] = difference(w)
    return Sampled(value, sample), n_items


def difference_of(found: Sampled, n_items: int, confidence: float = 0.95) -> Difference:
    """A difference with its interval and the two-sided p-value of `paired_bootstrap`."""
    value, low, high, n_undefined = interval_of(found, confidence)
    return Difference(value, low, high, _two_sided(found.sample), n_items, n_undefined)


def _stack(
    a: tuple[Sequence[Column], Ints], b: tuple[Sequence[Column], Ints]
) -> tuple[dict[str, Column], Ints, int]:
    """The rows of both judges on their common items as one table with a column `side`."""
    common = np.intersect1d(a[1], b[1])
    if not len(common):
        raise MeasureError("paired comparison: the two judges share no item")
    in_a, in_b = np.isin(a[1], common), np.isin(b[1], common)
    columns: dict[str, Column] = {"side": np.repeat([0, 1], [in_a.sum(), in_b.sum()])}
    for i, (left, right) in enumerate(zip(a[0], b[0], strict=True)):
        if len(left) != len(in_a) or len(right) != len(in_b) or left.shape[1:] != right.shape[1:]:
            raise MeasureError(f"column {i}: shapes {left.shape} and {right.shape} do not pair")
        columns[str(i)] = np.concatenate([left[in_a], right[in_b]])
    return columns, np.concatenate([a[1][in_a], b[1][in_b]]), len(common)


def _two_sided(sample: Floats) -> float:
    defined = sample[~np.isnan(sample)]
    if not len(defined):
        return float("nan")
    tail = min(int((defined <= 0).sum()), int((defined >= 0).sum())) + 1
    return min(1.0, 2 * tail / (len(defined) + 1))
