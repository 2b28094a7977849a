"""DSG: images of five generators, rated by people, and questions that depend on each other."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field

from mmjudge.cards import read_card
from mmjudge.sources.checklists import parents_first
from mmjudge.sources.github import GithubName
from mmjudge.sources.public_rows import PublicRow, marked, public_file
from mmjudge.sources.rows import grouped, only_good
from mmjudge.sources.tables import read_table
from mmjudge.task import BadItem, PublishedRule, Recorded, Task
from mmjudge.types import Candidate, Item, Media, ProtocolName, Question, ScoreGold, TaskSpec

from .published import RULES, written

QUESTIONS = "dsg/data/dsg-1k-anns.csv"
RATINGS = "dsg/data/tifa160-likert-anns.csv"
JUDGES = ("instructblip", "mplug", "pali17b")
CRITERION = "faithfulness"
GENERATORS = {
    "mini-dalle": "mini_dalle",
    "sd1dot1": "stable_diffusion_v1_1",
    "sd1dot5": "stable_diffusion_v1_5",
    "sd2dot1": "stable_diffusion_v2_1",
    "vq-diffusion": "vq_diffusion",
}
"""What a generator is called here, and in the names of TIFA's image files."""
UNPUBLISHED = "images (the repository does not hold them; give a copy with them as data)"

R = TypeVar("R", bound=PublicRow)


class Proposition(PublicRow):
    """One question on a prompt; `dependency` holds the numbers of its parents, 0 for none."""

    item_id: str = Field(min_length=1)
    text: str = Field(min_length=1)
    proposition_id: int
    dependency: str
    category_broad: str
    category_detailed: str
    question_natural_language: str = Field(min_length=1)


class Rating(PublicRow):
    """How consistent one person finds an image with its prompt."""

    t2i_model: Literal["mini-dalle", "sd1dot1", "sd1dot5", "sd2dot1", "vq-diffusion"]
    item_id: str
    source_id: str = Field(min_length=1)
    worker_id: str
    answer: int = Field(ge=1, le=5)


class Answer(PublicRow):
    """What a model answered to one question."""

    t2i_model: str
    item_id: str
    question_id: int
    answer: str


class Dsg(Task):
    """The 800 images that people rated; questions, ratings, and answers of three models."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the images in the order in which they were first rated."""
        asked = list(self._rows(QUESTIONS, Proposition))
        rated = list(self._rows(RATINGS, Rating))
        yield from (row for row in (*asked, *rated) if isinstance(row, BadItem))
        prompts = grouped(only_good(asked), lambda row: row.item_id)
        workers = sorted({row.worker_id for row in only_good(rated)})
        images = grouped(only_good(rated), lambda row: (row.t2i_model, row.item_id))
        for (generator, name), ratings in images.items():
            where = f"{RATINGS}: {name}, {generator}"
            if name not in prompts:
                problem = f"item_id: {QUESTIONS} has no {name!r}"
                yield BadItem(id=f"{name}/{generator}", where=where, problem=problem)
                continue
            item = _item(prompts[name], ratings, workers)
            if protocol == "checklist":
                questions = {CRITERION: checklist_of(prompts[name])}
                item = item.model_copy(update={"checklists": questions})
            yield marked(self, item, UNPUBLISHED)

    def recorded_judges(self) -> tuple[str, ...]:
        """The three models whose answers the local copy holds."""
        held = (name for name in JUDGES if self.data and (self.data / _answers(name)).is_file())
        return tuple(held)

    def recorded(self, judge: str) -> Iterator[Recorded]:
        """Yield the answers of a model to the questions on each image, one a line."""
        if judge not in self.recorded_judges():
            yield from super().recorded(judge)
        asked = grouped(only_good(self._rows(QUESTIONS, Proposition)), lambda row: row.item_id)
        rated = {(r.t2i_model, r.item_id) for r in only_good(self._rows(RATINGS, Rating))}
        given = only_good(self._rows(_answers(judge), Answer))
        for image, rows in grouped(given, lambda row: (row.t2i_model, row.item_id)).items():
            if image in rated:
                words = {str(row.question_id): row.answer for row in rows}
                yield Recorded(
                    item=f"{image[1]}/{image[0]}",
                    criterion=CRITERION,
                    protocol="checklist",
                    text=written(words.get(q.id, "") for q in checklist_of(asked[image[1]])),
                )

    def published(self) -> tuple[PublishedRule, ...]:
        """The authors' correlations with the mean rating, with dependencies and without."""
        return RULES

    def _rows(self, path: str, record: type[R]) -> Iterator[R | BadItem]:
        place = GithubName("j-min/DSG", self.spec.card.revision)
        return read_table(public_file(self, place, path), record)


def _answers(judge: str) -> str:
    return f"vqa_answers_release/{judge}_dsg.csv"


def checklist_of(rows: Iterable[Proposition]) -> tuple[Question, ...]:
    """The questions on a prompt; where one parent is no number, none of the prompt has parents.

    That is how the authors' code reads these rows.
    """
    rows = list(rows)
    parents = [_parents(row.dependency) for row in rows]
    if None in parents:
        parents = [()] * len(rows)
    return parents_first(
        Question(
            id=str(row.proposition_id),
            text=row.question_natural_language,
            parents=before or (),
            kind=row.category_broad,
        )
        for row, before in zip(rows, parents, strict=True)
    )


def _parents(dependency: str) -> tuple[str, ...] | None:
    numbers = [part.strip() for part in dependency.split(",")]
    if not all(number.isdigit() for number in numbers):
        return None
    return tuple(number for number in numbers if number != "0")


def _item(asked: list[Proposition], ratings: list[Rating], workers: list[str]) -> Item:
    first = ratings[0]
    image = f"images/{first.source_id}_{GENERATORS[first.t2i_model]}.jpg"
    given = {rating.worker_id: rating.answer for rating in ratings}
    return Item(
        id=f"{first.item_id}/{first.t2i_model}",
        prompt=(asked[0].text,),
        candidates=(
            Candidate(
                id="image",
                parts=(Media(modality="image", uri=image),),
                system=first.t2i_model,
            ),
        ),
        gold={
            CRITERION: ScoreGold(
                value=sum(given.values()) / len(given),
                ratings=tuple(given.get(worker) for worker in workers),
            )
        },
        strata={
            "modality": "text->image",
            "generator": first.t2i_model,
            "source": first.source_id.split("_")[0],
        },
    )
