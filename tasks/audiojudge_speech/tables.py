"""The public tables of AudioJudge's sets of speech: what a row holds, and what of it counts."""

from typing import Any, Literal, NamedTuple

from mmjudge.sources.hub import HubName, keep_media
from mmjudge.sources.public_rows import HubTable, PublicRow
from mmjudge.types import Media


class Pair(PublicRow):
    """Two sounds, and which of them people prefer, or which is faster."""

    label: Literal["a", "b", "tie"]
    audio_a: Any
    audio_b: Any


class Somos(Pair):
    """Synthetic English speech, with the mean opinion of each."""

    text_a: str
    text_b: str
    mos_a: float
    mos_b: float


class Tmhintq(Pair):
    """Chinese speech with noise or cleaned of it, with what people gave to each."""

    text_a: str
    text_b: str
    human_quality_a: float
    human_quality_b: float
    system_a: str
    system_b: str


class Thaimos(Pair):
    """Synthetic Thai speech, with what people gave to each in three respects."""

    text_a: str
    text_b: str
    pronunciation_a: float
    pronunciation_b: float
    sound_a: float
    sound_b: float
    rhythm_a: float
    rhythm_b: float
    system_a: str
    system_b: str


class Speed(Pair):
    """English speech at two rates."""

    text_normalized_a: str
    text_normalized_b: str


class Source(NamedTuple):
    """A set: its table, what is judged, and which columns hold words, scores and systems."""

    hub: str
    record: type[Pair]
    criterion: str
    words: str
    scores: dict[str, str]
    system: str = ""

    @property
    def table(self) -> HubTable:
        """The table; a local copy lies in a folder of the dataset's name."""
        folder = self.hub.rpartition("/")[2]
        return HubTable(HubName(self.hub, "main"), "train", files=f"**/{folder}/**/*.parquet")


SOURCES = {
    "somos": Source(
        "potsawee/speech-quality-somos-pairwise-diff1.0",
        Somos,
        "quality",
        "text",
        {"quality": "mos"},
    ),
    "thaimos": Source(
        "potsawee/speech-quality-thaimos-pairwise",
        Thaimos,
        "quality",
        "text",
        {"quality": "pronunciation", "sound": "sound", "rhythm": "rhythm"},
        "system",
    ),
    "tmhintq": Source(
        "potsawee/speech-quality-tmhintq-pairwise",
        Tmhintq,
        "quality",
        "text",
        {"quality": "human_quality"},
        "system",
    ),
    "speed": Source("potsawee/paralinguistic-judge-speed", Speed, "speed", "text_normalized", {}),
}


class Side(NamedTuple):
    """One of two sounds: what people gave it, what is said in it, and who made it."""

    slot: str
    sound: Media
    scores: dict[str, float | None]
    words: str
    system: str | None


def side_of(source: Source, row: Pair, slot: str, where: str) -> Side:
    """What a row says of the sound in one slot, a or b."""
    sound = keep_media(getattr(row, f"audio_{slot}"), "audio", f"{where}: audio_{slot}")
    scores = {name: getattr(row, f"{column}_{slot}") for name, column in source.scores.items()}
    words = str(getattr(row, f"{source.words}_{slot}"))
    system = getattr(row, f"{source.system}_{slot}") if source.system else None
    return Side(slot, sound, scores, words, system)
