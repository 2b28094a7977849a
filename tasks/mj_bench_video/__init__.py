"""MJ-Bench-Video: two generated videos for a caption, by five aspects and over all."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from pydantic import Field

from mmjudge.cards import read_card
from mmjudge.sources.github import GithubName
from mmjudge.sources.public_rows import PublicRow, marked, public_file
from mmjudge.sources.rows import read_json_rows
from mmjudge.task import BadItem, Task
from mmjudge.types import Candidate, Item, Media, PreferenceGold, ProtocolName, TaskSpec

ASPECTS = {
    "alignment": "alignment",
    "safety": "safety",
    "quality": "quality",
    "cc": "coherence",
    "bias": "fairness",
}
"""Files of an aspect, and the criterion that each asks about."""
OVERALL = "overall"
UNPUBLISHED = "videos (the repository does not hold them; give a copy with them as data)"


class Body(PublicRow):
    """One video; `label` says of each of the aspect's faults whether it is there."""

    chosen: bool
    video_path: str = Field(min_length=1)
    label: dict[str, bool]


class AspectRow(PublicRow):
    """A pair under one aspect."""

    caption: str = Field(min_length=1)
    video0_body: Body
    video1_body: Body


class OverallRow(PublicRow):
    """A pair over all aspects."""

    caption: str = Field(min_length=1)
    chosen: str = Field(min_length=1)
    reject: str = Field(min_length=1)


class MjBenchVideo(Task):
    """The test files of the authors' repository; the videos have to be brought."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the pairs of each aspect in turn, then those over all."""
        place = GithubName("EchoRaven/MJ-Bench-2.0", self.spec.card.revision)
        for name, criterion in ASPECTS.items():
            path = public_file(self, place, f"test/{name}.json")
            for number, row in enumerate(read_json_rows(path, AspectRow)):
                if isinstance(row, BadItem):
                    yield row
                    continue
                item = _aspect_item(criterion, number, row, f"{path}: row {number}")
                yield item if isinstance(item, BadItem) else marked(self, item, UNPUBLISHED)
        path = public_file(self, place, f"test/{OVERALL}.json")
        for number, pair in enumerate(read_json_rows(path, OverallRow)):
            if isinstance(pair, BadItem):
                yield pair
            else:
                yield marked(self, _overall_item(number, pair), UNPUBLISHED)


def _aspect_item(criterion: str, number: int, row: AspectRow, where: str) -> Item | BadItem:
    first, second = row.video0_body, row.video1_body
    if first.chosen == second.chosen:
        problem = f"chosen: true of one video is needed, found {first.chosen} of both"
        return BadItem(id=where, where=where, problem=problem)
    faults = sorted(k for k, v in first.label.items() if v != second.label.get(k))
    strata = {"fault": faults[0] if len(faults) == 1 else "several" if faults else "none"}
    sides = (first.video_path, second.video_path)
    return _item(criterion, number, row.caption, sides, first.chosen, strata)


def _overall_item(number: int, row: OverallRow) -> Item:
    return _item(OVERALL, number, row.caption, (row.chosen, row.reject), True, {})


def _item(
    criterion: str,
    number: int,
    caption: str,
    sides: tuple[str, str],
    first_better: bool,
    strata: dict[str, str],
) -> Item:
    return Item(
        id=f"{criterion}/{number:04d}",
        prompt=(caption,),
        candidates=tuple(
            Candidate(id=str(side), parts=(Media(modality="video", uri=path),))
            for side, path in enumerate(sides)
        ),
        criteria=(criterion,),
        gold={criterion: PreferenceGold(value="first" if first_better else "second")},
        strata={
            "modality": "text->video",
            "source": PurePosixPath(sides[0]).parts[0],
            **strata,
        },
    )
