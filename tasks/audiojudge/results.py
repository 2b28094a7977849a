"""What the authors' judges said of each pair of a set: one CSV file a run, as in their repository.

A row names the two sounds by where the authors' scripts put them, so that the number of a pair is
that of its row in the public table, and the sounds are found beside the results if they are there.
"""

from abc import abstractmethod
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import ClassVar, NamedTuple

from pydantic import Field

from mmjudge.errors import TaskError
from mmjudge.sources.hub import media_cache
from mmjudge.sources.public_rows import PublicRow, marked
from mmjudge.sources.rows import absent_data, only_good
from mmjudge.sources.tables import read_table
from mmjudge.task import BadItem, Recorded, Task
from mmjudge.types import Failure, Item, Preference, PreferenceValue, ProtocolName

HOMES = (".", "experiments/main_experiments")
"""Where results lie below a data folder: at once, or as in the whole repository."""

GROUPS = {"results": "", "results_swapped": "", "results_pointwise": "pointwise"}
"""Folders of results, and how their judges are called; pointwise ones score each sound alone."""

SWAPPED = "results_swapped"
"""Here the sounds were shown in the other order, and labels are those of the given one."""

MIRRORED: dict[PreferenceValue, PreferenceValue] = {"first": "second", "second": "first"}
SLOTS = ("a", "b")
"""Ids of the two sounds, as their files are called."""

LABELS: dict[str, PreferenceValue] = {"1": "first", "2": "second", "tie": "tie"}
UNPARSED = Failure(reason="ambiguous", detail="the authors could not parse the reply")


class Judged(PublicRow):
    """A pair, people's label of it, and what a judge said; scores where it scored each sound."""

    audio1_path: str = Field(min_length=1)
    audio2_path: str = Field(min_length=1)
    ground_truth: str
    prediction: str = ""
    score1: float | None = None
    score2: float | None = None
    groundtruth1: float | None = None
    groundtruth2: float | None = None

    @property
    def number(self) -> str:
        """The pair's number, which is the name of the folder of its sounds."""
        return PurePosixPath(self.audio1_path).parent.name

    @property
    def winner(self) -> PreferenceValue:
        """Which of the two people prefer.

        Raises:
            TaskError: The label is none of the authors'.
        """
        if self.ground_truth not in LABELS:
            raise TaskError(
                f"ground_truth: one of {sorted(LABELS)} is needed, found {self.ground_truth!r}"
            )
        return LABELS[self.ground_truth]


class Run(NamedTuple):
    """A file of results: of which set, whose, how each pair was shown, in which order."""

    path: Path
    dataset: str
    judge: str
    pointwise: bool
    swapped: bool

    def pair_reply(self, row: Judged, item: str, criterion: str) -> Recorded:
        """The verdict on a pair, in item order; a failure where the authors could read none."""
        shown = LABELS.get(row.prediction)
        said = MIRRORED.get(shown, shown) if shown is not None and self.swapped else shown
        return Recorded(
            item=item,
            criterion=criterion,
            protocol="pair",
            order=SLOTS[::-1] if self.swapped else SLOTS,
            verdict=None if said is None else Preference(value=said),
            failure=UNPARSED if said is None else None,
        )


class ResultTask(Task):
    """A task of sets that are public tables on the Hub, and of the authors' results on them.

    `datasets` are the sets by the authors' names. Without data, or with a copy of the tables, the
    items are those of the tables; of results alone, the pairs that they name.
    """

    datasets: ClassVar[tuple[str, ...]]

    @cached_property
    def home(self) -> Path:
        """The folder that holds the folders of results; where there are none, the data folder."""
        data = super().root or Path()
        return next((data / home for home in HOMES if (data / home / "results").is_dir()), data)

    @cached_property
    def has_tables(self) -> bool:
        """Whether the items are read from tables."""
        return self.data is None or any((super().root or Path()).rglob("*.parquet"))

    @property
    def root(self) -> Path | None:
        """The cache, in which sounds of tables are kept; else where results name sounds from."""
        return media_cache() if self.has_tables else self.home

    @abstractmethod
    def table_items(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """The items of all tables."""

    @abstractmethod
    def result_items(self, run: Run, row: Judged, protocol: ProtocolName) -> Iterator[Item]:
        """The items of a pair that is known from results alone."""

    @abstractmethod
    def replies(self, run: Run, row: Judged) -> Iterator[Recorded]:
        """What the judge of a run said of a pair."""

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the items set by set."""
        if self.has_tables:
            yield from self.table_items(protocol)
            return
        seen: set[str] = set()
        for run in self._some(protocol):
            for place, row in enumerate(read_table(run.path, Judged)):
                for item in self._made(run, place, row, protocol):
                    if item.id not in seen:
                        seen.add(item.id)
                        yield item

    def _made(
        self, run: Run, place: int, row: Judged | BadItem, protocol: ProtocolName
    ) -> Iterator[Item | BadItem]:
        if isinstance(row, BadItem):
            yield row.model_copy(update={"id": row.where})
            return
        try:
            for item in self.result_items(run, row, protocol):
                yield marked(self, item)
        except TaskError as error:
            where = f"{run.path}: row {place}"
            yield BadItem(id=where, where=where, problem=str(error))

    def _some(self, protocol: ProtocolName) -> list[Run]:
        """The runs that pairs are taken from: for scores those that hold what people gave."""
        runs = [run for run in self.runs() if run.pointwise or protocol != "score"]
        runs = [run for run in runs if not run.swapped]
        if not runs:
            raise absent_data(self, "results/SET/JUDGE/*.csv or the Hub's tables")
        return runs

    def runs(self) -> list[Run]:
        """The files of results, set by set, by name."""
        return [
            Run(path, dataset, _judge(path, dataset, word), bool(word), group == SWAPPED)
            for dataset in self.datasets
            for group, word in GROUPS.items()
            for path in sorted((self.home / group / dataset).glob(f"*/{dataset}_*.csv"))
        ]

    def recorded_judges(self) -> tuple[str, ...]:
        """The runs by judge and way of asking; one may cover several sets, and need not all."""
        return () if self.data is None else tuple(sorted({run.judge for run in self.runs()}))

    def recorded(self, judge: str) -> Iterator[Recorded]:
        """Yield what a judge said, set by set."""
        runs = [run for run in self.runs() if run.judge == judge] if self.data else []
        if not runs:
            yield from super().recorded(judge)
        for run in runs:
            for row in only_good(read_table(run.path, Judged)):
                yield from self.replies(run, row)


def _judge(path: Path, dataset: str, word: str) -> str:
    """A name that differs between ways of asking: what all files share is left out."""
    judge = path.parent.name
    stem = path.stem.removeprefix(f"{dataset}_").removesuffix("_" + _snake(judge))
    words = stem.removeprefix("standard_cot_").replace("fewshot_", "examples_").replace("_", "-")
    return "/".join(filter(None, (judge, word, words)))


def _snake(judge: str) -> str:
    return judge.replace("-", "_")
