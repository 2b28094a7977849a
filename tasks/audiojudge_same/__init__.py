"""AudioJudge's sets of likeness: one speaker or two, one pronunciation of a word or two."""

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from mmjudge_tasks.audiojudge.results import UNPARSED, Judged, ResultTask, Run
from pydantic import Field

from mmjudge.cards import read_card
from mmjudge.errors import TaskError
from mmjudge.sources.github import GithubName
from mmjudge.sources.hub import HubName, keep_media
from mmjudge.sources.public_rows import HubTable, PublicRow, public_file, table_items
from mmjudge.sources.rows import only_good, read_grouped_rows
from mmjudge.sources.tables import read_table
from mmjudge.task import BadItem, PublishedRule, Recorded
from mmjudge.types import (
    Answers,
    AnswersGold,
    Candidate,
    Item,
    Media,
    ProtocolName,
    Question,
    TaskSpec,
)

from .published import RULES

HOME = "experiments/main_experiments"
LABELS, EXAMPLES = f"{HOME}/human_labels.csv", f"{HOME}/few_shots_examples.json"
SPEAKERS = HubName("potsawee/paralinguistic-judge-speaker", "main")
WORDS = HubName("MichaelR207/wiktionary_pronunciations-final", "main")

ASKED = {
    "speaker": "Does the same person speak in both recordings?",
    "pronunciation": "Is the word pronounced the same in both recordings?",
}
PROMPTS = {
    "speaker": "Listen to who speaks in the two recordings.",
    "pronunciation": "Listen to how the word is pronounced in the two recordings.",
}
SAME = {"True": "yes", "False": "no"}
"""The authors' words for a match."""


class Speaker(PublicRow):
    """Two sounds of one speaker, or of two."""

    label: str
    text_normalized_a: str
    text_normalized_b: str
    audio_a: Any
    audio_b: Any


class Word(PublicRow):
    """A word as a person says it, and as a model does."""

    word: str
    region: str
    audio: Any
    GPT4o_pronunciation: Any


class Label(PublicRow):
    """What a person heard of a word: Same, Different, or Bad, which is left out."""

    word: str
    region: str
    label: str = ""
    spelt: str | None = Field(default=None, alias="OED")

    @property
    def key(self) -> tuple[str, str, str | None]:
        """By what the authors tell their examples from the rest."""
        return self.word, self.region, self.spelt


class AudioJudgeSame(ResultTask):
    """Pairs of recordings with one question each: the same, or not."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)
    datasets: ClassVar[tuple[str, ...]] = tuple(ASKED)

    def table_items(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """The rows of the table of speakers, then the words that people labelled."""
        yield from table_items(self, _table(SPEAKERS), Speaker, _speaker_items)
        said: dict[tuple[str, str], Word] = {}
        yield from table_items(self, _table(WORDS), Word, partial(_kept, said))
        number = 0
        for label in self._labels():
            sounds = said.get((label.word, label.region))
            if sounds is not None:
                number += 1
                pair = (sounds.audio, sounds.GPT4o_pronunciation)
                same = "True" if label.label == "Same" else "False"
                yield _item("pronunciation", str(number), pair, same, (label.word, label.word))

    def _labels(self) -> Iterator[Label]:
        """The labels that the authors use: none that is bad, and none of their examples."""
        place = GithubName("Woodygan/AudioJudge", self.spec.card.revision)
        rows = read_grouped_rows(public_file(self, place, EXAMPLES), Label)
        examples = {
            row.key
            for group, _, row in rows
            if group == "pronunciation" and not isinstance(row, BadItem)
        }
        for row in only_good(read_table(public_file(self, place, LABELS), Label)):
            if row.label != "Bad" and row.key not in examples:
                yield row

    def result_items(self, run: Run, row: Judged, protocol: ProtocolName) -> Iterator[Item]:
        """The pair of a result."""
        first, second = (
            Media(modality="audio", uri=path) for path in (row.audio1_path, row.audio2_path)
        )
        yield _item(run.dataset, row.number, (first, second), row.ground_truth)

    def replies(self, run: Run, row: Judged) -> Iterator[Recorded]:
        """The answer to the one question."""
        said = SAME.get(row.prediction)
        yield Recorded(
            item=f"{run.dataset}/{row.number}",
            criterion=run.dataset,
            protocol="checklist",
            verdict=None if said is None else Answers(answers=(said,)),
            failure=UNPARSED if said is None else None,
        )

    def published(self) -> tuple[PublishedRule, ...]:
        """The authors' accuracy, plain and balanced, and their two rates of errors, in percent."""
        return RULES


def _table(hub: HubName) -> HubTable:
    return HubTable(hub, "train", files=f"**/{hub.repo.rpartition('/')[2]}/**/*.parquet")


def _speaker_items(place: int, row: Speaker, where: str) -> Iterator[Item]:
    pair = (
        keep_media(row.audio_a, "audio", f"{where}: audio_a"),
        keep_media(row.audio_b, "audio", f"{where}: audio_b"),
    )
    same = "True" if row.label == "same" else "False"
    words = (row.text_normalized_a, row.text_normalized_b)
    yield _item("speaker", str(place), pair, same, words)


def _kept(said: dict[tuple[str, str], Word], _place: int, row: Word, where: str) -> Iterable[Item]:
    """Keep the sounds of a word; of several rows of one word in a region the first counts."""
    sounds = {
        column: keep_media(getattr(row, column), "audio", f"{where}: {column}")
        for column in ("audio", "GPT4o_pronunciation")
    }
    said.setdefault((row.word, row.region), row.model_copy(update=sounds))
    return ()


def _item(
    name: str,
    number: str,
    pair: tuple[Media, Media],
    same: str,
    words: tuple[str, str] = ("", ""),
) -> Item:
    if same not in SAME:
        raise TaskError(f"ground_truth: one of {sorted(SAME)} is needed, found {same!r}")
    first, second = pair
    return Item(
        id=f"{name}/{number}",
        prompt=(PROMPTS[name],),
        candidates=(
            Candidate(id="both", parts=("First recording:", first, "Second recording:", second)),
        ),
        criteria=(name,),
        checklists={name: (Question(id="same", text=ASKED[name]),)},
        gold={name: AnswersGold(answers=(SAME[same],))},
        strata={"modality": "text->audio", "dataset": name},
        in_words={sound.uri: said for sound, said in zip(pair, words, strict=True) if said.strip()},
    )
