"""Figures of a small judge on fresh scenes, through the same commands that any judge is run by.

Run: python training/evaluate.py clip:assets/models/scenes-clip --direction "text->image" --out DIR.
Prints a table in Markdown for the model's card. Scenes lie under the folder named by --out, and so
do the runs: what is there already is used again.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import mmjudge
from mmjudge.scenes.levels import LevelName
from mmjudge.scenes.pack import Wanted, generate
from mmjudge.types import MetricResult, ProtocolName

MEASURES: dict[ProtocolName, tuple[str, ...]] = {
    "pair": ("accuracy(ties=half)", "accuracy", "flip_rate", "first_slot_share"),
    "score": ("pearson", "tau_b"),
    "rank": ("rank_tau_b", "top1"),
}
BROKEN = ("accuracy(ties=half)",)
"""Shown by the criterion that is broken, too."""


class Part(NamedTuple):
    """Some fresh items."""

    level: LevelName
    protocol: ProtocolName
    items: int


def parts(scale: float) -> list[Part]:
    """What is asked: 2,000 items of level easy and fewer of the others, times the scale."""
    found: list[tuple[LevelName, ProtocolName, int]] = [
        ("easy", "pair", 2000),
        ("medium", "pair", 2000),
        ("hard", "pair", 600),
        ("easy", "score", 2000),
        ("medium", "score", 1000),
        ("easy", "rank", 600),
        ("medium", "rank", 400),
    ]
    return [Part(level, protocol, round(items * scale)) for level, protocol, items in found]


def figures(part: Part, options: argparse.Namespace) -> Iterator[MetricResult]:
    """The measures of one part, overall, and by the criterion broken."""
    name = f"{options.direction.replace('->', '-to-')}-{part.level}-{part.protocol}-{part.items}"
    data = options.out / f"{options.seed}-{name}"
    if not (data / "manifest.json").exists():
        only = ((options.direction,), (part.level,), (part.protocol,))
        generate(Wanted(options.seed, part.items, *only, twins=False), data, workers=2)
    run = mmjudge.run(
        str(data),
        options.judge,
        out=options.out / "runs" / f"{Path(options.judge).name}-{name}",
        protocol=part.protocol,
        orders="both" if options.both and part.protocol == "pair" else "balanced",
        options=dict(option.split("=", 1) for option in options.option),
    )
    wanted = MEASURES[part.protocol]
    by = ("breaks",) if part.protocol == "pair" else ()
    for found in run.scores(by=by, measures=wanted):
        split = found.stratum != "all"
        if found.criterion == "overall" and (not split or found.metric in BROKEN):
            yield found


def main() -> None:
    """Read the options, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("judge")
    parser.add_argument("--direction", default="text->image")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", default="unseen", help="of the items: not one trained on")
    parser.add_argument("--scale", type=float, default=1.0, help="times 2,000 items of level easy")
    parser.add_argument("--both", action="store_true", help="pairs are asked in both orders")
    parser.add_argument("--option", action="append", default=[], help="of the judge: NAME=VALUE")
    options = parser.parse_args()
    print("| level | protocol | measure | of | value | 95 % interval | items |")
    print("|---|---|---|---|---|---|---|")
    for part in parts(options.scale):
        for r in figures(part, options):
            value = "-" if r.value is None else f"{r.value:.3f}"
            within = f"[{r.ci95[0]:.3f}, {r.ci95[1]:.3f}]" if r.ci95 else ""
            of = r.stratum.removeprefix("breaks=")
            row = (part.level, part.protocol, r.metric, of, value, within, str(r.n_items))
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
