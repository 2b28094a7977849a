"""Speed of resampling as ratios: ours against scipy.stats.bootstrap and plain loops.

Run: python bench/resampling.py [--quick]. Both sides do the same work in turn (interleaved), and
a ratio is that of the medians of five rounds (of three with --quick). One JSON line for each
comparison, then a table. Memory is the peak of this process after the million judgments alone.
"""

import argparse
import json
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np

from mmjudge.metrics import Measure, agreement, bootstrap, correlation, intervals, measures, systems

N_RESAMPLES = 1000


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def compare(name: str, ours: Callable[[], object], theirs: Callable[[], object], rounds: int):
    ours()
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
    left, right = (statistics.median(side) for side in zip(*pairs, strict=True))
    line = {"what": name, "ours_s": round(left, 4), "reference_s": round(right, 4)}
    line["ratio"] = round(right / left, 1)
    print(json.dumps(line), flush=True)
    return line


def pair_columns(n: int):
    rng = np.random.default_rng(0)
    gold = rng.integers(0, 3, n)
    return gold, np.where(rng.random(n) < 0.6, gold, rng.integers(0, 3, n))


def likert_columns(n: int):
    rng = np.random.default_rng(0)
    gold = rng.integers(1, 6, n).astype(float)
    return gold, np.clip(gold + rng.integers(-1, 2, n), 1, 5)


def mixed_columns(n: int):
    """Means of three Likert ratings against a continuous score, such as CLIP's."""
    rng = np.random.default_rng(0)
    gold = rng.integers(3, 16, n) / 3
    return gold, gold + rng.normal(size=n)


def continuous_columns(n: int):
    rng = np.random.default_rng(0)
    gold = rng.normal(size=n)
    return gold, gold + rng.normal(size=n)


def plain_kappa(gold, verdict):
    table = np.bincount(3 * gold + verdict, minlength=9).reshape(3, 3) / len(gold)
    chance = table.sum(axis=0) @ table.sum(axis=1)
    return (np.trace(table) - chance) / (1 - chance)


def references():
    from scipy import stats

    def spearman(x, y):
        return stats.spearmanr(x, y).statistic

    def tau(x, y):
        return stats.kendalltau(x, y).statistic

    def accuracy(gold, verdict, axis=-1):
        return np.mean(gold == verdict, axis=axis)

    return [
        ("accuracy, pairs", agreement.accuracy, accuracy, pair_columns),
        ("kappa, pairs", agreement.kappa, plain_kappa, pair_columns),
        ("spearman, Likert", correlation.spearman, spearman, likert_columns),
        ("tau_b, Likert", correlation.tau_b, tau, likert_columns),
        ("spearman, Likert means by continuous", correlation.spearman, spearman, mixed_columns),
        ("tau_b, Likert means by continuous", correlation.tau_b, tau, mixed_columns),
        ("spearman, continuous", correlation.spearman, spearman, continuous_columns),
        ("tau_b, continuous", correlation.tau_b, tau, continuous_columns),
    ]


def against_scipy(rounds: int):
    from scipy import stats

    lines = []
    for n in (2_000, 20_000):
        for name, ours, theirs, make in references():
            columns, item = make(n), np.arange(n)

            def scipys(columns=columns, theirs=theirs):
                return stats.bootstrap(
                    columns,
                    theirs,
                    paired=True,
                    vectorized=theirs.__name__ == "accuracy",
                    n_resamples=N_RESAMPLES,
                    batch=50,
                    method="percentile",
                )

            def own(columns=columns, ours=ours, item=item):
                return bootstrap(columns, item, ours, N_RESAMPLES)

            lines.append(compare(f"{name}, n={n}", own, scipys, rounds))
    return lines


def bradley_terry(rounds: int):
    import evalica

    rng = np.random.default_rng(0)
    n, n_systems = 1_000_000, 100
    strength = rng.normal(size=n_systems)
    first = rng.integers(0, n_systems, n)
    second = (first + rng.integers(1, n_systems, n)) % n_systems
    won = rng.random(n) < 1 / (1 + np.exp(strength[second] - strength[first]))
    verdict = np.where(rng.random(n) < 0.1, 2, np.where(won, 0, 1))
    winners = np.array([evalica.Winner.X, evalica.Winner.Y, evalica.Winner.Draw])[verdict].tolist()
    names = [f"s{i}" for i in range(n_systems)]
    left, right = [names[i] for i in first], [names[i] for i in second]
    return compare(
        "Bradley-Terry, 1M comparisons of 100 systems, against evalica",
        lambda: systems.bradley_terry(first, second, verdict, n_systems),
        lambda: evalica.bradley_terry(left, right, winners),
        rounds,
    )


def all_that_fit(protocol, columns) -> list[Measure]:
    return [m for m in measures(protocol=protocol) if set(m.columns) <= set(columns)]


def million_judgments():
    """500k pairs in both orders, and 1M scores: every measure, 1,000 resamples each."""
    rng = np.random.default_rng(0)
    n = 500_000
    gold, (given, swapped) = rng.integers(0, 5, n), rng.integers(-1, 5, (2, n))
    order = {"gold": gold, "given": given, "swapped": swapped}
    rows = {
        "gold": np.repeat(gold, 2),
        "verdict": np.stack([given, swapped], axis=1).ravel(),
        "slot": rng.integers(-1, 2, 2 * n),
        "gold_slot": np.tile([0, 1], n),
    }
    score = rng.integers(1, 6, 2 * n).astype(float)
    scores = {"gold": score, "verdict": np.clip(score + rng.integers(-2, 3, 2 * n), 1, 5)}
    start, n_measures = time.perf_counter(), 0
    for protocol, columns, item in (
        ("pair", rows, np.repeat(np.arange(n), 2)),
        ("pair", order, np.arange(n)),
        ("score", scores, np.arange(2 * n)),
    ):
        of = all_that_fit(protocol, columns)
        n_measures += len(of)
        intervals(of, columns, item, N_RESAMPLES)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line = {
        "what": f"1M pair and 1M score judgments, {n_measures} measures, {N_RESAMPLES} resamples",
        "ours_s": round(time.perf_counter() - start, 2),
        "peak_mb": round(peak),
    }
    print(json.dumps(line), flush=True)
    return line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three rounds instead of five")
    rounds = 3 if parser.parse_args().quick else 5
    large = million_judgments()
    lines = [*against_scipy(rounds), bradley_terry(rounds)]
    print()
    print(f"{'what':62} {'ours s':>9} {'reference s':>12} {'ratio':>8}")
    for line in lines:
        numbers = f"{line['ours_s']:9.4f} {line['reference_s']:12.4f} {line['ratio']:8.1f}"
        print(f"{line['what']:62} {numbers}")
    print(f"{large['what']}: {large['ours_s']} s, peak {large['peak_mb']} MB")


if __name__ == "__main__":
    main()
