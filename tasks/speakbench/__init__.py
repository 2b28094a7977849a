"""SpeakBench: spoken answers to an instruction that says how to speak, compared by people."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from mmjudge_tasks.audiojudge.results import SLOTS, Judged, ResultTask, Run

from mmjudge.cards import read_card
from mmjudge.sources.hub import HubName, keep_media
from mmjudge.sources.public_rows import HubTable, PublicRow, table_items
from mmjudge.sources.published_rules import each, share_tables
from mmjudge.task import BadItem, PublishedRule, Recorded
from mmjudge.types import (
    Candidate,
    Item,
    Media,
    Part,
    PreferenceGold,
    PreferenceValue,
    ProtocolName,
    TaskSpec,
)

HUB = HubName("potsawee/speakbench-v1-labelled-508", "main")
SET = "speakbench508"
SPOKEN, WRITTEN = "audio-audio", "text-audio"
"""Presentations of the instruction; the answers are sounds in both."""

WINNERS: dict[str, PreferenceValue] = {"a": "first", "b": "second"}
"""Any other label is a tie, as in the authors' script."""


class Row(PublicRow):
    """An instruction in both forms, and two spoken answers."""

    i: int
    instruction_ID: int  # noqa: N815  (the column is called so)
    instruction: Any
    instruction_text: str
    label: str | None
    model_a: str
    model_b: str
    audio_a: Any
    audio_b: Any


class SpeakBench(ResultTask):
    """The labelled pairs, each with its instruction spoken and written."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)
    datasets: ClassVar[tuple[str, ...]] = (SET,)

    def table_items(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """The rows of the table, each in its two presentations."""
        folder = HUB.repo.rpartition("/")[2]
        table = HubTable(HUB, "train", files=f"**/{folder}/**/*.parquet")
        yield from table_items(self, table, Row, lambda _place, row, where: _items(row, where))

    def result_items(self, run: Run, row: Judged, protocol: ProtocolName) -> Iterator[Item]:
        """The pair with its spoken instruction; the written one is not in the results."""
        instruction = PurePosixPath(row.audio1_path).with_name("instruction.wav")
        sounds = [_sound(path) for path in (row.audio1_path, row.audio2_path)]
        yield _item(row.number, SPOKEN, _sound(str(instruction)), sounds, row.winner)

    def replies(self, run: Run, row: Judged) -> Iterator[Recorded]:
        """The verdict on the pair, whose instruction was heard."""
        reply = run.pair_reply(row, f"{row.number}/{SPOKEN}", "overall")
        yield reply.model_copy(update={"condition": SPOKEN})

    def published(self) -> tuple[PublishedRule, ...]:
        """The authors' accuracy over three classes, in percent."""
        return (PublishedRule("speakbench.accuracy", lambda rows: share_tables(each(rows))),)


def _items(row: Row, where: str) -> Iterator[Item]:
    asked = keep_media(row.instruction, "audio", f"{where}: instruction")
    sounds = [
        keep_media(sound, "audio", f"{where}: {column}")
        for column, sound in (("audio_a", row.audio_a), ("audio_b", row.audio_b))
    ]
    winner = WINNERS.get(row.label or "", "tie")
    forms: tuple[tuple[str, Part], ...] = ((SPOKEN, asked), (WRITTEN, row.instruction_text))
    for condition, part in forms:
        item = _item(str(row.i), condition, part, sounds, winner, (row.model_a, row.model_b))
        said = {asked.uri: row.instruction_text} if condition == SPOKEN else {}
        strata = {**item.strata, "instruction": str(row.instruction_ID)}
        yield item.model_copy(update={"in_words": said, "strata": strata})


def _item(
    number: str,
    condition: str,
    asked: Part,
    sounds: list[Media],
    winner: PreferenceValue,
    systems: tuple[str | None, str | None] = (None, None),
) -> Item:
    return Item(
        id=f"{number}/{condition}",
        prompt=(asked,),
        candidates=tuple(
            Candidate(id=slot, parts=(sound,), system=system)
            for slot, sound, system in zip(SLOTS, sounds, systems, strict=True)
        ),
        gold={"overall": PreferenceGold(value=winner)},
        strata={
            "modality": condition.replace("-", "->"),
            "condition": condition,
            "pair": number,
        },
    )


def _sound(path: str) -> Media:
    return Media(modality="audio", uri=path)
