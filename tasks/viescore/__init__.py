"""VIEScore: images of 15 generators, rated by three people for consistency and quality."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmjudge.cards import read_card
from mmjudge.sources.hub import media_cache
from mmjudge.sources.rows import data_file, grouped, only_good, read_rows
from mmjudge.task import BadItem, PublishedRule, Recorded, Task
from mmjudge.types import (
    Candidate,
    Failure,
    Gold,
    Item,
    Media,
    ProtocolName,
    Ranking,
    RankingGold,
    ScoreGold,
    TaskSpec,
)

from .public import public_prompts
from .published import tanh_mean
from .recording import SCORED, Answer, Row, Shown

RANKED = ("SC", "PQ", "O")
NO_SCORE = Failure(reason="ambiguous", detail="recording holds no score")
INCOMPLETE = Failure(reason="ambiguous", detail="recording holds no score of some candidate")
MODALITY = {"Text-Guided_IG": "text->image"}


class Viescore(Task):
    """VIEScore: one image at a time, or all images of one prompt in order.

    Without data, the public copy: prompts from the Hub, images and ratings from GitHub.
    """

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    @property
    def root(self) -> Path | None:
        """Where relative media references start: the cache, for the public copy."""
        return media_cache() if self.data is None else super().root

    def _rows(self) -> Iterator[Row | BadItem]:
        return read_rows(data_file(self, "items.jsonl"), Row)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the images in the order of the file, or the prompts as their first image comes."""
        if self.data is None:
            yield from _public(protocol)
            return
        if protocol == "score":
            for row in self._rows():
                yield row if isinstance(row, BadItem) else _score_item(row, _recorded([row]))
            return
        rows = list(self._rows())
        yield from (row for row in rows if isinstance(row, BadItem))
        for members in _prompts(only_good(rows)):
            yield _rank_item(members, _recorded(members))

    def recorded_judges(self) -> tuple[str, ...]:
        """The 17 settings of 10 models, as in `gpt4o_0shot`; none without a recording."""
        if self.data is None:
            return ()
        return tuple(sorted({name for row in only_good(self._rows()) for name in row.judges}))

    def recorded(self, judge: str) -> Iterator[Recorded]:
        """Yield the judge's replies to SC and PQ of each image, then rankings made of them."""
        rows = list(only_good(self._rows()))
        if not any(judge in row.judges for row in rows):
            yield from super().recorded(judge)
        for row in rows:
            for criterion, answer in zip(SCORED, row.judges.get(judge, (None, None)), strict=True):
                yield _reply(_image_id(row), criterion, answer)
        for members in _prompts(rows):
            for criterion in RANKED:
                yield _ranking(members, judge, criterion)

    def published(self) -> tuple[PublishedRule, ...]:
        """The authors' mean of correlations within generators."""
        return (PublishedRule("viescore.tanh_mean", tanh_mean),)


def _image_id(row: Row) -> str:
    return f"{row.task}/{row.uid}/{row.model}"


def _prompts(rows: Iterator[Row] | Sequence[Row]) -> list[list[Row]]:
    """Images by prompt, those of one prompt sorted by generator."""
    groups = grouped(rows, lambda row: (row.task, row.uid))
    return [sorted(members, key=lambda row: row.model) for members in groups.values()]


def _public(protocol: ProtocolName) -> Iterator[Item | BadItem]:
    for found in public_prompts():
        if isinstance(found, BadItem):
            yield found
            continue
        members, shown = found
        if protocol == "score":
            yield from (_score_item(row, shown) for row in members)
        else:
            yield _rank_item(members, shown)


def _recorded(members: Sequence[Row]) -> Shown:
    """What stands for a prompt and its images, of which the recording has neither."""
    first = members[0]
    images = {
        row.model: Media(modality="image", uri=f"{row.task}/{row.model}/{row.uid}")
        for row in members
    }
    prompt = f"(not in this recording: the prompt of ImagenHub {first.task}, {first.uid})"
    return Shown((prompt,), images, "prompt and images (the public copy has them: give no data)")


def _candidate(row: Row, shown: Shown) -> Candidate:
    return Candidate(id=row.model, parts=(shown.images[row.model],), system=row.model)


def _strata(row: Row) -> dict[str, str]:
    return {"subtask": row.task, "modality": MODALITY.get(row.task, "text+image->image")}


def _score_item(row: Row, shown: Shown) -> Item:
    gold: dict[str, Gold] = {}
    for criterion in SCORED:
        ratings = row.ratings(criterion)
        gold[criterion] = ScoreGold(value=_mean(ratings), ratings=ratings)
    return Item(
        id=_image_id(row),
        prompt=shown.prompt,
        candidates=(_candidate(row, shown),),
        criteria=SCORED,
        gold=gold,
        strata={**_strata(row), "generator": row.model},
        absent=shown.absent,
    )


def _rank_item(members: Sequence[Row], shown: Shown) -> Item:
    row = members[0]
    gold: dict[str, Gold] = {}
    for criterion in RANKED:
        ratings = [member.ratings(criterion) for member in members]
        gold[criterion] = RankingGold(
            ranks=_ranks([_mean(each) for each in ratings]),
            ratings=tuple(_ranks(each) for each in zip(*ratings, strict=True)),
        )
    return Item(
        id=f"{row.task}/{row.uid}",
        prompt=shown.prompt,
        candidates=tuple(_candidate(member, shown) for member in members),
        gold=gold,
        strata=_strata(row),
        absent=shown.absent,
    )


def _reply(item: str, criterion: str, answer: Answer) -> Recorded:
    text = None
    if answer is not None:
        shown = [_whole(n) for n in answer] if isinstance(answer, tuple) else _whole(answer)
        text = json.dumps({"score": shown, "reasoning": ""})
    return Recorded(
        item=item,
        criterion=criterion,
        protocol="score",
        text=text,
        failure=NO_SCORE if text is None else None,
    )


def _ranking(members: Sequence[Row], judge: str, criterion: str) -> Recorded:
    scores = [member.judged(judge, criterion) for member in members]
    known = [score for score in scores if score is not None]
    complete = len(known) == len(scores) >= 2
    return Recorded(
        item=f"{members[0].task}/{members[0].uid}",
        criterion=criterion,
        protocol="rank",
        verdict=Ranking(ranks=_ranks(known)) if complete else None,
        failure=None if complete else INCOMPLETE,
    )


def _whole(number: float) -> int | float:
    return int(number) if number == int(number) else number


def _mean(ratings: Sequence[float]) -> float:
    """Mean, rounded so that equal means of different people are equal numbers."""
    return round(sum(ratings) / len(ratings), 9)


def _ranks(scores: Sequence[float]) -> tuple[float, ...]:
    """Rank of each score, 1 for the highest; equal ones share the better rank."""
    return tuple(1.0 + sum(other > mine + 1e-9 for other in scores) for mine in scores)
