"""AudioJudge's sets of speech: which sounds better, which is faster, and how good each sounds."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import ClassVar

from mmjudge_tasks.audiojudge.results import SLOTS, UNPARSED, Judged, ResultTask, Run

from mmjudge.cards import read_card
from mmjudge.sources.public_rows import table_items
from mmjudge.task import BadItem, PublishedRule, Recorded
from mmjudge.types import (
    Candidate,
    Item,
    Media,
    PreferenceGold,
    PreferenceValue,
    ProtocolName,
    Score,
    ScoreGold,
    TaskSpec,
)

from .published import RULES
from .tables import SOURCES, Pair, Side, side_of

WINNERS: dict[str, PreferenceValue] = {"a": "first", "b": "second", "tie": "tie"}
PROMPTS = {"quality": "Listen to how the speech sounds.", "speed": "Listen to how fast one speaks."}


class AudioJudgeSpeech(ResultTask):
    """Pairs of four sets, and each sound of three of them alone."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)
    datasets: ClassVar[tuple[str, ...]] = tuple(SOURCES)

    def table_items(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """The rows of each table: pairs, or both sounds where people scored them."""
        for name, source in SOURCES.items():
            if protocol == "pair" or source.scores:
                make = partial(_row_items, protocol, name)
                yield from table_items(self, source.table, source.record, make)

    def result_items(self, run: Run, row: Judged, protocol: ProtocolName) -> Iterator[Item]:
        """The pair, or its two sounds where people scored them."""
        paths = zip(SLOTS, (row.audio1_path, row.audio2_path), strict=True)
        scores = dict(zip(SLOTS, (row.groundtruth1, row.groundtruth2), strict=True))
        sides = [
            Side(slot, Media(modality="audio", uri=path), {"quality": scores[slot]}, "", None)
            for slot, path in paths
        ]
        if protocol == "pair":
            yield _pair(run.dataset, row.number, sides, row.winner)
        elif None not in scores.values():
            yield from (_sound(run.dataset, row.number, side) for side in sides)

    def replies(self, run: Run, row: Judged) -> Iterator[Recorded]:
        """The verdict on the pair, and the score of each sound where it was scored alone."""
        criterion = SOURCES[run.dataset].criterion
        yield run.pair_reply(row, f"{run.dataset}/{row.number}", criterion)
        if run.pointwise and row.groundtruth1 is not None:
            for slot, score in zip(SLOTS, (row.score1, row.score2), strict=True):
                yield Recorded(
                    item=f"{run.dataset}/{row.number}/{slot}",
                    criterion="quality",
                    protocol="score",
                    verdict=None if score is None else Score(value=score),
                    failure=UNPARSED if score is None else None,
                )

    def published(self) -> tuple[PublishedRule, ...]:
        """The authors' accuracy, in which a judge's tie is half right, and their squared error."""
        return RULES


def _row_items(
    protocol: ProtocolName, name: str, place: int, row: Pair, where: str
) -> Iterator[Item]:
    sides = [side_of(SOURCES[name], row, slot, where) for slot in SLOTS]
    if protocol == "pair":
        yield _pair(name, str(place), sides, WINNERS[row.label])
    else:
        yield from (_sound(name, str(place), side) for side in sides)


def _pair(name: str, number: str, sides: list[Side], winner: PreferenceValue) -> Item:
    criterion = SOURCES[name].criterion
    return Item(
        id=f"{name}/{number}",
        prompt=(PROMPTS[criterion],),
        candidates=tuple(
            Candidate(id=side.slot, parts=(side.sound,), system=side.system) for side in sides
        ),
        criteria=(criterion,),
        gold={criterion: PreferenceGold(value=winner)},
        strata={"modality": "text->audio", "dataset": name},
        in_words={side.sound.uri: side.words for side in sides if side.words.strip()},
    )


def _sound(name: str, number: str, side: Side) -> Item:
    scores = {key: value for key, value in side.scores.items() if value is not None}
    return Item(
        id=f"{name}/{number}/{side.slot}",
        prompt=(PROMPTS["quality"],),
        candidates=(Candidate(id=side.slot, parts=(side.sound,), system=side.system),),
        criteria=tuple(scores),
        gold={key: ScoreGold(value=value) for key, value in scores.items()},
        strata={"modality": "text->audio", "dataset": name},
        in_words={side.sound.uri: side.words} if side.words.strip() else {},
    )
