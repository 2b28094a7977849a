"""Multimodal RewardBench 2: pairs of images, edits, stories of text and image, and reasoning."""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from mmjudge.cards import read_card
from mmjudge.errors import TaskError
from mmjudge.sources.hub import HubName, keep_media, media_cache
from mmjudge.sources.public_rows import HubTable, PublicRow, marked, table_items
from mmjudge.sources.published_rules import each, guessed, share_tables
from mmjudge.sources.rows import data_file, read_grouped_rows
from mmjudge.task import BadItem, JudgedRow, PublishedRule, PublishedTable, Task
from mmjudge.types import (
    Candidate,
    Item,
    Media,
    Part,
    Parts,
    PreferenceGold,
    PreferenceValue,
    ProtocolName,
    TaskSpec,
)

SUBSETS = {
    "t2i": "text->image",
    "edit": "text+image->image",
    "interleaved": "text+image->text+image",
    "reasoning": "text+image->text+image",
}
CHOSEN: dict[str, PreferenceValue] = {"A": "first", "B": "second"}
NO_PROMPT = "(not in this file: the prompt)"
_IMAGE = re.compile(r"<image_\d+>")


class Side(PublicRow):
    """One response: texts and names of image files, in turn."""

    model_name: str
    response_content: tuple[tuple[Literal["text", "image"], str], ...] = Field(min_length=1)


class PairRow(PublicRow):
    """A pair of `SUBSET.json`, or of the `SUBSET_response_only.json` of the repository."""

    id: str
    prompt_source: str
    prompt_content: tuple[tuple[Literal["text", "image"], str], ...] = ()
    response_a: Side
    response_b: Side
    chosen: Literal["A", "B"]
    human_annotations: Any = None


class HubRow(PublicRow):
    """A pair of the Hub's copy: `<image_N>` in a text stands for the images in their order."""

    pair_id: str
    prompt_source: str
    prompt_text: str | None
    prompt_images: tuple[Any, ...] | None
    response_a_text: str | None
    response_a_images: tuple[Any, ...] | None
    response_a_model: str
    response_b_text: str | None
    response_b_images: tuple[Any, ...] | None
    response_b_model: str
    chosen: Literal["A", "B", "a", "b"]


class Mmrb2(Task):
    """Four subsets; data are the files that the authors build, without data the Hub's copy."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    @property
    def root(self) -> Path | None:
        """Where relative media references start: the cache, for the Hub's copy."""
        return media_cache() if self.data is None else super().root

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the pairs of the subsets in turn."""
        for subset in SUBSETS:
            yield from self._public(subset) if self.data is None else self._built(subset)

    def _built(self, subset: str) -> Iterator[Item | BadItem]:
        path = data_file(self, f"{subset}.json", f"{subset}_response_only.json")
        for _, _, row in read_grouped_rows(path, PairRow):
            if isinstance(row, BadItem):
                yield row
                continue
            item = marked(self, _built_item(subset, row))
            absent = {} if row.prompt_content else {"absent": "prompt (build the whole files)"}
            yield item.model_copy(update=absent)

    def _public(self, subset: str) -> Iterator[Item | BadItem]:
        hub = HubName("rl-research/multimodal-rewardbench-2", "main")
        table = HubTable(hub, "test", subset)
        yield from table_items(self, table, HubRow, partial(_public_items, subset))

    def published(self) -> tuple[PublishedRule, ...]:
        """The authors' accuracy over both orders, by subset."""
        return (PublishedRule("mmrb2.accuracy", _tables),)


def _built_item(subset: str, row: PairRow) -> Item:
    def parts(content: Sequence[tuple[str, str]]) -> Parts:
        return tuple(_medium(text) if kind == "image" else text for kind, text in content)

    sides = [
        Candidate(id=name, parts=parts(side.response_content), system=side.model_name)
        for name, side in (("a", row.response_a), ("b", row.response_b))
    ]
    prompt = parts(row.prompt_content) or (NO_PROMPT,)
    gold = PreferenceGold(value=CHOSEN[row.chosen], ratings=votes(row.human_annotations))
    return _item(subset, row, prompt, (sides[0], sides[1]), gold)


def _item(
    subset: str,
    row: PairRow | HubRow,
    prompt: Parts,
    sides: tuple[Candidate, Candidate],
    gold: PreferenceGold,
) -> Item:
    name = row.id if isinstance(row, PairRow) else row.pair_id
    strata = {"modality": SUBSETS[subset], "subset": subset, "source": row.prompt_source}
    return Item(
        id=f"{subset}/{name}",
        prompt=prompt,
        candidates=sides,
        gold={"overall": gold},
        strata=strata,
    )


def _medium(name: str) -> Media:
    return Media(modality="image", uri=name if "/" in name else f"images/{name}")


def votes(annotations: Any) -> tuple[PreferenceValue, ...]:
    """What each annotator preferred: strengths from 1 (b) to 6 (a); letters are no preference.

    Example:
        >>> votes([6, 2, 5]), votes({"response_a_ratings": ["B"]})
        (('first', 'second', 'first'), ())
    """
    if not isinstance(annotations, list) or not all(a in range(1, 7) for a in annotations):
        return ()
    return tuple("first" if strength > 3 else "second" for strength in annotations)


def _public_items(subset: str, place: int, row: HubRow, where: str) -> Iterator[Item]:
    sides = [
        Candidate(id="a", parts=_parts(row, "response_a", where), system=row.response_a_model),
        Candidate(id="b", parts=_parts(row, "response_b", where), system=row.response_b_model),
    ]
    gold = PreferenceGold(value=CHOSEN[row.chosen.upper()])
    yield _item(subset, row, _parts(row, "prompt", where), (sides[0], sides[1]), gold)


def _parts(row: HubRow, name: str, where: str) -> Parts:
    """Text with its images in place of the marks; without marks the images come last."""
    text = getattr(row, f"{name}_text") or ""
    images = [
        keep_media(image, "image", f"{where}: {name}_images")
        for image in getattr(row, f"{name}_images") or ()
    ]
    pieces = [piece.strip() for piece in _IMAGE.split(text)]
    if len(pieces) == 1:
        parts: list[Part] = [*filter(None, pieces), *images]
    elif len(pieces) - 1 != len(images):
        raise TaskError(f"{name}_text: {len(pieces) - 1} images are named, found {len(images)}")
    else:
        parts = [pieces[0]]
        for image, piece in zip(images, pieces[1:], strict=True):
            parts += [image, piece]
        parts = [part for part in parts if part]
    if not parts:
        raise TaskError(f"{name}_text: a text or an image is needed, found neither")
    return tuple(parts)


def _tables(rows: Sequence[JudgedRow]) -> Iterator[PublishedTable]:
    """Right over both orders; a judgment without a verdict is left out, as the authors do."""
    counted = guessed(each(rows), value=float("nan"))
    yield from share_tables(counted, "subset")
