"""FRABench: two responses by one aspect of a tree, over text, images and both interleaved."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pydantic import Field

from mmjudge.cards import read_card
from mmjudge.errors import TaskError
from mmjudge.sources.public_rows import PublicRow, marked, modality_of
from mmjudge.sources.rows import absent_data, read_json_rows
from mmjudge.task import BadItem, PublishedRule, Task
from mmjudge.types import (
    Candidate,
    Item,
    Media,
    Parts,
    PreferenceGold,
    PreferenceValue,
    ProtocolName,
    TaskSpec,
)

from .published import RULES
from .tree import root_of
from .wording import FORMS, Material, material_of

RESULT = re.compile(r"\[Result\]:\s*\(?\s*(-?\d+)[\s,]+(-?\d+)")


class Message(PublicRow):
    """A turn of the conversation that a row is."""

    role: str
    content: str


class Row(PublicRow):
    """A pair by one aspect, as the authors put it to their evaluator, with what it should reply."""

    messages: tuple[Message, ...] = Field(min_length=1)
    images: tuple[str, ...] = ()

    def said(self, role: str) -> str:
        """What the first turn of a role says.

        Raises:
            TaskError: There is no such turn.
        """
        for message in self.messages:
            if message.role == role:
                return message.content
        roles = [message.role for message in self.messages]
        raise TaskError(f"messages: a turn of the role {role!r} is needed, found {roles}")


class Split(NamedTuple):
    """A part of the prompt's images, and those of each response."""

    prompt: tuple[str, ...]
    first: tuple[str, ...]
    second: tuple[str, ...]


class FraBench(Task):
    """Files of conversations in the form that the authors' evaluator is trained and run on."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the rows of each file, the files by name."""
        paths = sorted(self.data.glob("*.json")) if self.data and self.data.is_dir() else []
        if self.data is not None and self.data.is_file():
            paths = [self.data]
        if not paths:
            raise absent_data(self, "*.json (a file of conversations for each split)")
        for path in paths:
            for place, row in enumerate(read_json_rows(path, Row)):
                yield row if isinstance(row, BadItem) else self._item(path, place, row)

    def _item(self, path: Path, place: int, row: Row) -> Item | BadItem:
        where = f"{path}: row {place}"
        try:
            material = material_of(row.said("user"), len(row.images))
            gold = PreferenceGold(value=compared(row.said("assistant")))
            item = _item(f"{path.stem}/{place:05d}", material, _split(material, row.images), gold)
        except TaskError as error:
            return BadItem(id=where, where=where, problem=str(error))
        strata = {**item.strata, "split": path.stem}
        return marked(self, item.model_copy(update={"strata": strata}))

    def published(self) -> tuple[PublishedRule, ...]:
        """Accuracy over three classes in percent, by split, by kind of aspect, by root."""
        return RULES


def compared(reply: str) -> PreferenceValue:
    """Which response has the higher of the two scores that a reply ends in; equal ones are a tie.

    Raises:
        TaskError: There are no two scores.

    Example:
        >>> compared("[Feedback]: The first flows better. [Result]: 4 3")
        'first'
    """
    found = RESULT.search(reply)
    if found is None:
        raise TaskError(f"assistant: [Result]: and two scores are needed, found {reply[-60:]!r}")
    first, second = map(int, found.groups())
    return "tie" if first == second else "first" if first > second else "second"


def _split(material: Material, images: tuple[str, ...]) -> Split:
    """The images of the prompt and of each response, which stand one after another.

    Raises:
        TaskError: There are more or fewer than the wording speaks of.
    """
    counts = material.images
    if sum(counts) != len(images):
        raise TaskError(f"images: {sum(counts)} are needed ({counts}), found {len(images)}")
    begin, middle = counts[0], counts[0] + counts[1]
    return Split(images[:begin], images[begin:middle], images[middle:])


def _item(name: str, material: Material, images: Split, gold: PreferenceGold) -> Item:
    shown = _parts(material.contents, images.prompt)
    prompt = (*material.asked, *shown) if material.contents else (*shown, *material.asked)
    prompt = (*prompt, f"Aspect: {material.aspect}")
    first = _parts(material.first, images.first)
    second = _parts(material.second, images.second)
    aspect = material.aspect.partition(":")[0].strip()
    return Item(
        id=name,
        prompt=prompt,
        candidates=tuple(
            Candidate(id=slot, parts=parts) for slot, parts in (("1", first), ("2", second))
        ),
        gold={"aspect": gold},
        strata={
            "modality": modality_of(prompt, (first, second)),
            "setting": FORMS[material.form],
            "form": material.form,
            "root": root_of(aspect),
            "aspect": aspect,
        },
    )


def _parts(texts: tuple[str, ...], images: tuple[str, ...]) -> Parts:
    """Texts with the images that follow each; what is left over comes last."""
    media = [Media(modality="image", uri=uri) for uri in images]
    pairs = [part for pair in zip(texts, media, strict=False) for part in pair]
    return (*pairs, *texts[len(media) :], *media[len(texts) :])
