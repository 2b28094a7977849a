"""VideoAutoBench: battles of two answers about a long video, won by people's choice."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import Field

from mmjudge.cards import read_card
from mmjudge.sources.github import GithubName
from mmjudge.sources.public_rows import PublicRow, marked, public_file
from mmjudge.sources.rows import only_good, read_json_rows
from mmjudge.task import BadItem, Task
from mmjudge.types import Candidate, Item, Media, PreferenceGold, ProtocolName, TaskSpec

BATTLES = "data/videoautobench.latest.json"
VIDEOS = "lvb_test_wo_gt.json"
"""LongVideoBench's own list, which says in which file a video lies and in which its subtitles."""

UNPUBLISHED = "video (LongVideoBench: give a folder with its videos as data)"


class Battle(PublicRow):
    """A question about a video, and two answers."""

    qid: str
    video_id: str = Field(min_length=1)
    persona: str
    question: str = Field(min_length=1)
    selected: str = Field(alias="selected answer", min_length=1)
    rejected: str = Field(alias="rejected answer", min_length=1)


class Video(PublicRow):
    """A question of LongVideoBench; only its video counts here."""

    video_id: str
    video_path: str
    subtitle_path: str


class Spoken(PublicRow):
    """A subtitle: as `text`, or as `line`."""

    text: str = ""
    line: str = ""


class VideoAutoBench(Task):
    """The battles of the repository; the videos have to be brought."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the battles in the order of the file."""
        place = GithubName("VideoAutoArena/VideoAutoBench", self.spec.card.revision)
        path = public_file(self, place, BATTLES)
        videos = self._videos()
        for row in read_json_rows(path, Battle, key="qid"):
            if isinstance(row, BadItem):
                yield row
                continue
            yield marked(self, _item(row, **self._shown(row, videos)), UNPUBLISHED)

    def _videos(self) -> dict[str, Video]:
        """Where videos and subtitles lie, by LongVideoBench's list; nothing without it."""
        path = (self.root or Path()) / VIDEOS
        if self.data is None or not path.is_file():
            return {}
        return {row.video_id: row for row in only_good(read_json_rows(path, Video))}

    def _shown(self, row: Battle, videos: dict[str, Video]) -> dict[str, Any]:
        """The video of a battle, and what is said in it, where there are subtitles."""
        listed = videos.get(row.video_id)
        uri = f"videos/{listed.video_path if listed else f'{row.video_id}.mp4'}"
        words = ""
        if listed is not None and self.root is not None:
            path = self.root / "subtitles" / listed.subtitle_path
            if path.is_file():
                lines = only_good(read_json_rows(path, Spoken))
                words = " ".join(filter(None, (line.text or line.line for line in lines)))
        return {"uri": uri, "words": words}


def _item(row: Battle, uri: str, words: str) -> Item:
    question = row.question.strip("* \n")
    return Item(
        id=row.qid,
        prompt=(
            Media(modality="video", uri=uri),
            f"Who asks: {row.persona.strip()}\n\nQuestion: {question}",
        ),
        candidates=(
            Candidate(id="1", parts=(row.selected,)),
            Candidate(id="2", parts=(row.rejected,)),
        ),
        gold={"overall": PreferenceGold(value="first")},
        strata={"modality": "text+video->text"},
        in_words={uri: words} if words.strip() else {},
    )
