"""Judge Anything: responses to queries of 15 categories over text, image, video and sound."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from mmjudge.cards import read_card
from mmjudge.errors import TaskError
from mmjudge.sources.github import GithubName
from mmjudge.sources.public_rows import PublicRow, marked, modality_of, public_file
from mmjudge.sources.rows import grouped, only_good, read_json_rows
from mmjudge.task import BadItem, PublishedRule, Task
from mmjudge.types import (
    Candidate,
    Gold,
    Item,
    PreferenceGold,
    PreferenceValue,
    ProtocolName,
    Question,
    ScoreGold,
    TaskSpec,
)

from .published import RULES
from .rows import Asked, Checklist, PairLabel, Query, Response, ScoreLabel, short_id

CHOICES: dict[str, PreferenceValue] = {"0": "first", "1": "tie", "2": "second"}
UNPUBLISHED = "media (the repository does not hold them; give a copy with them as data)"

R = TypeVar("R", bound=PublicRow)


class JudgeAnything(Task):
    """Queries, responses, labels and checklists of the repository; media have to be brought."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the pairs or responses that people judged, in the order of their first label."""
        labels: list[PairLabel | ScoreLabel] = []
        for row in self._labels(protocol):
            if isinstance(row, BadItem):
                yield row
            else:
                labels.append(row)
        queries = self._queries()
        checklists = self._checklists() if protocol == "checklist" else {}
        for (name, models), said in grouped(labels, lambda row: (row.uniq_id, row.models)).items():
            try:
                item = _item(queries, name, models, said)
            except TaskError as error:
                yield BadItem(id=f"{name}/{models}", where=f"label {name}", problem=str(error))
                continue
            if protocol == "checklist":
                item = item.model_copy(update={"checklists": checklists.get(short_id(name), {})})
            if protocol != "checklist" or item.checklists:
                yield marked(self, item, UNPUBLISHED)

    def published(self) -> tuple[PublishedRule, ...]:
        """The authors' agreement with people, of understanding and of generation apart."""
        return RULES

    def _labels(self, protocol: ProtocolName) -> Iterator[PairLabel | ScoreLabel | BadItem]:
        if protocol == "pair":
            yield from self._rows("Preference/Human_Pairing.json", PairLabel)
        else:
            yield from self._rows("Preference/Human_Scoring.json", ScoreLabel)

    def _rows(self, path: str, record: type[R]) -> Iterator[R | BadItem]:
        place = GithubName("URRealHero/JudgeAnything", self.spec.card.revision)
        return read_json_rows(public_file(self, place, f"dataset/{path}"), record)

    def _queries(self) -> dict[str, Asked]:
        """Every query with its responses, by the short form of its id."""
        responses = grouped(
            only_good(self._rows("ResponseCollection/JudgeAnything.json", Response)),
            lambda row: row.uniq_id,
        )
        asked = only_good(self._rows("X2XRawBenchmark/TaskAnything.json", Query))
        return {
            short_id(query.uniq_id): Asked(query, tuple(responses.get(query.uniq_id, ())))
            for query in asked
        }

    def _checklists(self) -> dict[str, dict[str, tuple[Question, ...]]]:
        """The questions of each query, by criterion."""
        lists: dict[str, dict[str, tuple[Question, ...]]] = {}
        for row in only_good(self._rows("Checklist/checklist.json", Checklist)):
            of_query = lists.setdefault(short_id(row.uniq_id), {})
            criterion = _criterion(row.rubric)
            before = of_query.get(criterion, ())
            numbered = enumerate(row.checklists, len(before) + 1)
            more = tuple(Question(id=str(number), text=text) for number, text in numbered)
            of_query[criterion] = before + more
        return lists


def _criterion(rubric: str) -> str:
    return rubric.removesuffix("_score")


def _item(
    queries: dict[str, Asked],
    name: str,
    models: tuple[str, ...],
    labels: Sequence[PairLabel | ScoreLabel],
) -> Item:
    asked = queries.get(short_id(name))
    if asked is None:
        raise TaskError(f"uniq_id: TaskAnything.json has no {name!r}")
    responses = [asked.response(model) for model in models]
    modality = modality_of(asked.query.parts, (one.response.parts for one in responses))
    golds = grouped(labels, lambda label: _criterion(label.rubric_name))
    return Item(
        id=f"{asked.query.uniq_id}/{'_vs_'.join(one.model_name for one in responses)}",
        prompt=asked.query.parts,
        candidates=tuple(
            Candidate(id=letter, parts=one.response.parts, system=one.model_name)
            for letter, one in zip("ab", responses, strict=False)
        ),
        criteria=tuple(golds),
        gold={criterion: _gold(members) for criterion, members in golds.items()},
        strata={"modality": modality, **asked.query.strata},
    )


def _gold(labels: Sequence[PairLabel | ScoreLabel]) -> Gold:
    """The most frequent choice, a tie where several are; or the mean score."""
    scores = tuple(float(one.score) for one in labels if isinstance(one, ScoreLabel))
    if scores:
        return ScoreGold(value=sum(scores) / len(scores), ratings=scores)
    choices = tuple(CHOICES[one.choice] for one in labels if isinstance(one, PairLabel))
    counts = Counter(choices).most_common()
    first = [value for value, count in counts if count == counts[0][1]]
    return PreferenceGold(value=first[0] if len(first) == 1 else "tie", ratings=choices)
