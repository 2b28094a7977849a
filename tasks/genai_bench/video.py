"""GenAI-Bench, videos: pairs of generated videos with a human vote in four classes."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmjudge.cards import read_card
from mmjudge.errors import TaskError
from mmjudge.sources.hub import HubName, keep_media, media_cache
from mmjudge.sources.public_rows import HubTable, PublicRow, table_items
from mmjudge.sources.rows import absent_data, only_good, read_rows
from mmjudge.task import BadItem, PublishedRule, Recorded, Task
from mmjudge.types import Candidate, Item, Media, PreferenceGold, ProtocolName, TaskSpec

from . import GOLD, HUB, SPLIT, Vote
from .published import accuracy

SUBSET = "video_generation"
FILE = "pairwise.jsonl"
_ON_THE_HUB = re.compile(r"https://huggingface\.co/datasets/([^/]+/[^/]+)/(?:blob|resolve)/(.+)")


class Reply(PublicRow):
    """A line of `JUDGE/pairwise.jsonl`: what a judge that the authors ran replied to a pair."""

    idx: int
    prompt: str
    human_vote: Vote
    response: str


class HubRow(PublicRow):
    """A row of the public table; a video is an address, or bytes."""

    prompt: str
    left_video: Any
    right_video: Any
    vote_type: Vote


class GenaiBenchVideo(Task):
    """The videos; data are the authors' results/video_generation, without data the public copy."""

    spec = read_card(Path(__file__).with_name("video.yaml"), TaskSpec)

    @property
    def root(self) -> Path | None:
        """Where relative media references start: the cache, for the public copy."""
        return media_cache() if self.data is None else super().root

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the pairs in the order of the public table."""
        if self.data is None:
            hub = HubName(HUB, self.spec.card.revision)
            yield from table_items(self, HubTable(hub, SPLIT, SUBSET), HubRow, _public_items)
            return
        judges = self.recorded_judges()
        if not judges:
            raise absent_data(self, f"JUDGE/{FILE}")
        for row in _once(read_rows(self._file(judges[0]), Reply)):
            yield row if isinstance(row, BadItem) else _recorded_item(row)

    def _file(self, judge: str) -> Path:
        return (self.data or Path()) / judge / FILE

    def recorded_judges(self) -> tuple[str, ...]:
        """The folders that hold replies."""
        if self.data is None:
            return ()
        return tuple(sorted(path.parent.name for path in self.data.glob(f"*/{FILE}")))

    def recorded(self, judge: str) -> Iterator[Recorded]:
        """Yield what a judge replied; a pair that stands there twice counts once."""
        if judge not in self.recorded_judges():
            yield from super().recorded(judge)
        for row in only_good(_once(read_rows(self._file(judge), Reply))):
            item = f"{SUBSET}/{row.idx}"
            yield Recorded(item=item, criterion="overall", protocol="pair", text=row.response)

    def published(self) -> tuple[PublishedRule, ...]:
        """The authors' accuracy."""
        return (PublishedRule("genai_bench.accuracy", accuracy),)


def _once(rows: Iterator[Reply | BadItem]) -> Iterator[Reply | BadItem]:
    seen: set[int] = set()
    for row in rows:
        if isinstance(row, BadItem):
            yield row
        elif row.idx not in seen:
            seen.add(row.idx)
            yield row


def _recorded_item(row: Reply) -> Item:
    sides = [
        Media(modality="video", uri=f"hf://datasets/{HUB}/{SUBSET}/{SPLIT}/{row.idx}/{side}_video")
        for side in ("left", "right")
    ]
    item = _item(row.idx, row.prompt, (sides[0], sides[1]), row.human_vote)
    return item.model_copy(update={"absent": "videos (the public copy has them: give no data)"})


def _public_items(place: int, row: HubRow, where: str) -> Iterator[Item]:
    left = _video(row.left_video, f"{where}: left_video")
    right = _video(row.right_video, f"{where}: right_video")
    yield _item(place, row.prompt, (left, right), row.vote_type)


def _video(value: Any, place: str) -> Media:
    """A video at an address of the Hub, or at another one, or as bytes."""
    if not isinstance(value, str):
        return keep_media(value, "video", place)
    match = _ON_THE_HUB.fullmatch(value)
    if match:
        revision, _, path = match[2].partition("/")
        return Media(modality="video", uri=f"hf://datasets/{match[1]}@{revision}/{path}")
    if not value.startswith("https://"):
        raise TaskError(f"{place}: an address is needed, found {value[:60]!r}")
    return Media(modality="video", uri=value)


def _item(place: int, prompt: str, sides: tuple[Media, Media], vote: Vote) -> Item:
    return Item(
        id=f"{SUBSET}/{place}",
        prompt=(prompt,),
        candidates=(
            Candidate(id="left", parts=(sides[0],)),
            Candidate(id="right", parts=(sides[1],)),
        ),
        gold={"overall": PreferenceGold(value=GOLD[vote])},
        strata={"subset": SUBSET, "modality": "text->video"},
    )
