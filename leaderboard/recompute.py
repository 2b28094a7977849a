"""Recompute the judges that others recorded, from their raw verdicts: nothing but figures is kept.

    python -m leaderboard.recompute --data ../shared/data/parity

Each judge is run as a user runs it (`--judge replay:NAME`). Of the runs, which stay in `--runs`,
`recorded/figures.json` is made: our figures beside the published ones, with their sources.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import mmjudge
from leaderboard.figures import Figure, Figures, Judged, Source, write_figures
from leaderboard.published import Published, published
from mmjudge import api
from mmjudge.report.outcome import read_outcome
from mmjudge.scoring.score import score_run
from mmjudge.sources.folder import open_task
from mmjudge.store.run_store import RunStore
from mmjudge.types import MetricResult, Orders

HERE = Path(__file__).resolve().parent
FILE = HERE / "recorded" / "figures.json"


class Recording(NamedTuple):
    """Recorded judges of a task.

    Attributes:
        task: Installed task.
        folder: Of its data, under `--data`.
        title: In words.
        repository: Where the recordings were published, on GitHub, and at which commit.
        licence: Of the recordings.
        where: Strata that alone are judged.
        judges: Those to take, as a regular expression on the whole name.
        orders: Both, where the recording shows each pair in both orders.
    """

    task: str
    folder: str
    title: str
    repository: tuple[str, str]
    licence: str
    where: Mapping[str, str] = {}
    judges: str = ".*"
    orders: Orders = "given"


RECORDINGS = (
    # The replies behind NAME/raw are a sample of those behind NAME.
    Recording(
        "genai_bench",
        "genai_bench",
        "GenAI-Bench",
        ("TIGER-AI-Lab/GenAI-Bench", "f0b0334"),
        "MIT",
        judges="[^/]*",
    ),
    Recording("viescore", "viescore", "VIEScore", ("TIGER-AI-Lab/VIEScore", "2cbea4e"), "MIT"),
    Recording("tifa160", "tifa", "TIFA v1.0", ("Yushi-Hu/tifa", "8e37050"), "Apache-2.0"),
    # The recorded scores of PickScore are all 1.0, so its published figures cannot be recomputed.
    Recording(
        "mj_bench_bias",
        "mj_bench_bias",
        "MJ-Bench bias",
        ("MJ-Bench/MJ-Bench", "eb269ad"),
        "MIT",
        {"kind": "scale5"},
        "(?!pickscore).*",
    ),
    Recording(
        "audiojudge",
        "audiojudge",
        "AudioJudge, spoken chats",
        ("Woodygan/AudioJudge", "9dff515"),
        "MIT",
        {"dataset": "chatbotarena_spoken"},
        "[^/]*",
        "both",
    ),
    Recording("pandalm", "pandalm", "PandaLM", ("WeOpenML/PandaLM", "3871806"), "Apache-2.0"),
)


def run_all(
    data: Path, runs: Path, recordings: Sequence[Recording] = RECORDINGS
) -> Iterator[tuple[Recording, str, Path]]:
    """Run every recorded judge, and yield its recording, its name and the folder of the run.

    Args:
        data: Folder with a folder for each recording.
        runs: Folder of the runs; one that is there already is not run again.
        recordings: Those to take.
    """
    for one in recordings:
        task = open_task(one.task, data / one.folder)
        for judge in sorted(task.recorded_judges()):
            if re.fullmatch(one.judges, judge) is None:
                continue
            done = api.run(
                task,
                f"replay:{judge}",
                data=data / one.folder,
                out=runs / f"{one.task}-{judge}",
                orders=one.orders,
                where=one.where,
            )
            yield one, judge, done.folder


def figures_of(run: Path, said: Sequence[Published], resamples: int) -> Iterator[Figure]:
    """The task's primary measure of a run, and each figure that was published.

    Args:
        run: The run.
        said: What was published of it.
        resamples: Of the bootstrap over items; 0 for no intervals.
    """
    with RunStore.open(run) as store:
        primary = store.header.task.primary
    found = score_run(run, resamples)
    known = {(one.metric, one.criterion, one.stratum): one for one in said}
    for result in found:
        where = result.metric, result.criterion, result.stratum
        if result.metric == primary or where in known:
            yield _figure(result, known.pop(where, None))
    if known:
        raise LookupError(f"{run}: no figure for {next(iter(known))}, which was published")


def _figure(result: MetricResult, said: Published | None) -> Figure:
    figure = Figure(
        metric=result.metric,
        criterion=result.criterion,
        stratum=result.stratum,
        value=None if result.value is None else round(result.value, 6),
        ci95=result.ci95 and (round(result.ci95[0], 6), round(result.ci95[1], 6)),
        n_items=result.n_items,
        n_failed=result.n_failed,
        published=said and said.value,
        digits=said and said.digits,
    )
    return figure.model_copy(update={"note": said.note}) if said and figure.differs else figure


def recompute(
    data: Path, runs: Path, resamples: int, recordings: Sequence[Recording] = RECORDINGS
) -> Figures:
    """Run and score every recorded judge.

    Args:
        data: Folder with a folder for each recording.
        runs: Folder of the runs.
        resamples: Of the bootstrap over items; 0 for no intervals.
        recordings: Those to take.
    """
    sources: dict[str, Source] = {}
    judges = []
    for one, judge, run in run_all(data, runs, recordings):
        with RunStore.open(run) as store:
            spec, settings = store.header.task, store.header.settings
        outcome = read_outcome(run)
        sources[spec.label] = _source(one, spec.label, spec.card.citation)
        figures = figures_of(run, tuple(published(one.task, judge, data / one.folder)), resamples)
        judges.append(
            Judged(
                task=spec.label,
                judge=judge,
                protocol=settings.protocol,
                where=dict(one.where),
                items=outcome.items,
                judgments=outcome.judgments,
                failures=outcome.failures,
                figures=tuple(figures),
            )
        )
        print(f"{spec.label} {judge}", file=sys.stderr, flush=True)
    return Figures(
        made_with=f"mmjudge {mmjudge.__version__}",
        made_by="python -m leaderboard.recompute",
        resamples=resamples,
        sources=tuple(sources.values()),
        judges=tuple(judges),
    )


def _source(one: Recording, label: str, citation: str) -> Source:
    repository, revision = one.repository
    return Source(
        task=label,
        title=one.title,
        repository=f"https://github.com/{repository}",
        revision=revision,
        licence=one.licence,
        citation=citation,
    )


def main() -> None:
    """Recompute all, write the file, and say where ours and the published figures differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--runs", type=Path, default=HERE.parent / "runs" / "recorded")
    parser.add_argument("--out", type=Path, default=FILE)
    parser.add_argument("--resamples", type=int, default=1000)
    asked = parser.parse_args()
    found = recompute(asked.data, asked.runs, asked.resamples)
    write_figures(found, asked.out)
    count = 0
    for judged in found.judges:
        for one in judged.figures:
            count += one.published is not None
            if one.differs:
                name = f"{judged.task} {judged.judge} {one.metric} {one.criterion} {one.stratum}"
                print(f"{name}: {one.value}, {one.published} published: {one.note or 'why?'}")
    print(f"{len(found.judges)} judges, {count} published figures: {asked.out}")


if __name__ == "__main__":
    main()
