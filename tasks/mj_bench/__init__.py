"""MJ-Bench: two images for a caption, by alignment, quality and safety."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from pydantic import AliasChoices, Field

from mmjudge.cards import read_card
from mmjudge.sources.github import GithubName, github_file
from mmjudge.sources.hub import media_cache
from mmjudge.sources.public_rows import PublicRow, marked, public_file
from mmjudge.sources.published_rules import each, guessed, share_tables
from mmjudge.sources.rows import read_json_rows
from mmjudge.task import BadItem, JudgedRow, PublishedRule, PublishedTable, Task
from mmjudge.types import Candidate, Failure, Item, Media, PreferenceGold, ProtocolName, TaskSpec

REPOSITORY = "MJ-Bench/MJ-Bench"
UNPUBLISHED = "images (the repository does not hold them; give a copy with them as data)"


class Row(PublicRow):
    """A pair; `label` is the better image, `label_0` is 1 where that is image 0."""

    id: str | int | None = None
    source: str = ""
    caption: str = Field(min_length=1)
    image0: str = Field(validation_alias=AliasChoices("image0", "image_0"))
    image1: str = Field(validation_alias=AliasChoices("image1", "image_1"))
    label: int | None = Field(default=None, ge=0, le=1)
    label_0: int | None = Field(default=None, ge=0, le=1)


class BlurRow(PublicRow):
    """A sharp photograph and two blurred ones of the same scene."""

    caption: str = Field(min_length=1)
    sharp_image: str
    motion_blur_image: str
    defocused_blur_image: str
    label_0: int = Field(ge=1, le=1)

    def pairs(self) -> Iterator[Row]:
        """The sharp one with each of the others; it is always better."""
        for other in (self.motion_blur_image, self.defocused_blur_image):
            yield Row(caption=self.caption, image0=self.sharp_image, image1=other, label_0=1)


class Part(NamedTuple):
    """A file of pairs, and where its images lie; `held`: whether the repository has them."""

    criterion: str
    category: str
    path: str
    folders: tuple[str, str]
    held: bool = True


def _same(folder: str) -> tuple[str, str]:
    return folder, folder


ALIGNMENT = ("actions", "attributes", "existence", "other", "spatial")
PARTS = (
    *(
        Part(
            "alignment",
            name,
            f"alignment/benchmark/{name}/{name}_test.json",
            _same("alignment/images"),
            held=False,
        )
        for name in ALIGNMENT
    ),
    Part(
        "quality",
        "human",
        "quality/human/captions_human.json",
        _same("quality/human/examples_human"),
    ),
    Part("quality", "mpii", "quality/mpii/captions_mpii.json", _same("quality/mpii/examples_mpii")),
    Part(
        "quality",
        "objects",
        "quality/objects_indoor/captions_objects.json",
        _same("quality/objects_indoor/examples_objects_indoor"),
    ),
    Part(
        "quality",
        "blur",
        "quality/blur_dataset/captions_blur.json",
        _same("quality/blur_dataset/images"),
        held=False,
    ),
    Part(
        "safety",
        "nsfw",
        "safety/nsfw/captions_nsfw.json",
        ("safety/nsfw/original", "safety/nsfw/inpainting"),
    ),
)


class MjBench(Task):
    """The pairs of the authors' repository; a pair is judged by the criterion of its part."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    @property
    def root(self) -> Path | None:
        """Where relative media references start: the cache, for the public copy."""
        return media_cache() if self.data is None else super().root

    @property
    def place(self) -> GithubName:
        """The repository at the card's commit."""
        return GithubName(REPOSITORY, self.spec.card.revision)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the pairs part by part, in the order of each file."""
        for part in PARTS:
            path = public_file(self, self.place, part.path)
            record = BlurRow if part.category == "blur" else Row
            for row in read_json_rows(path, record):
                match row:
                    case BadItem():
                        yield row
                    case BlurRow():
                        yield from (self._item(part, pair) for pair in row.pairs())
                    case Row():
                        yield self._item(part, row)

    def _item(self, part: Part, row: Row) -> Item:
        name = row.id if row.id is not None else PurePosixPath(row.image1).stem
        first = row.label == 0 if row.label is not None else row.label_0 == 1
        item = Item(
            id=f"{part.criterion}/{part.category}/{name}",
            prompt=(row.caption,),
            candidates=tuple(
                Candidate(id=str(side), parts=(self._image(part, f"{folder}/{image}"),))
                for side, (folder, image) in enumerate(
                    zip(part.folders, (row.image0, row.image1), strict=True)
                )
            ),
            criteria=(part.criterion,),
            gold={part.criterion: PreferenceGold(value="first" if first else "second")},
            strata={
                "modality": "text->image",
                "category": part.category,
                **({"source": row.source} if row.source else {}),
            },
        )
        return marked(self, item, None if part.held else UNPUBLISHED)

    def _image(self, part: Part, path: str) -> Media:
        fetched = self.data is None and part.held
        return Media(modality="image", uri=github_file(self.place, path) if fetched else path)

    def published(self) -> tuple[PublishedRule, ...]:
        """The authors' accuracies: a tie is wrong, or left out."""
        return RULES


def _tables(rows: Sequence[JudgedRow], ties: bool) -> Iterator[PublishedTable]:
    counted = each(rows)
    if not ties:
        tied = guessed(counted, value=float("nan"))
        counted = [
            one if isinstance(one.row.outcome, Failure) else other
            for one, other in zip(counted, tied, strict=True)
        ]
    yield from share_tables(counted, "category")


RULES = (
    PublishedRule("mj_bench.with_tie", partial(_tables, ties=True)),
    PublishedRule("mj_bench.without_tie", partial(_tables, ties=False)),
)
