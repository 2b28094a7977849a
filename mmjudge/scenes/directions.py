"""Directions: what the prompt and the candidates of an item are shown as, and so of its twin."""

from typing import Literal, NamedTuple

from mmjudge.scenes.facts import Subject
from mmjudge.types import Modality, ProtocolName

Way = Literal["caption", "image", "video", "strip", "audio", "score"]

MODALITY: dict[Way, Modality] = {
    "caption": "text",
    "image": "image",
    "video": "video",
    "strip": "image",
    "audio": "audio",
    "score": "text",
}


class Shown(NamedTuple):
    """How an item is shown: its prompt, and its candidates in turn, repeated as needed.

    `condition` names what differs between an item and its twin.
    """

    prompt: Way
    candidates: tuple[Way, ...]
    condition: str


class Direction(NamedTuple):
    """A direction of judging, and the two ways in which its items are shown.

    `edited`: the prompt is another scene, with an instruction that leads to the right one.
    """

    name: str
    subject: Subject
    shown: tuple[Shown, Shown]
    protocols: tuple[ProtocolName, ...] = ("pair", "score", "rank")
    edited: bool = False


def _from_text(name: str, subject: Subject, way: Way, other: Way) -> Direction:
    return Direction(
        name, subject, (Shown("caption", (way,), way), Shown("caption", (other,), other))
    )


def _to_text(name: str, subject: Subject, way: Way, other: Way) -> Direction:
    return Direction(
        name, subject, (Shown(way, ("caption",), way), Shown(other, ("caption",), other))
    )


def _mixed(name: str, subject: Subject, way: Way) -> Direction:
    shown = (
        Shown("caption", (way, "caption"), f"{way} first"),
        Shown("caption", ("caption", way), f"{way} second"),
    )
    return Direction(name, subject, shown, ("pair",))


_EDITED = (Shown("image", ("image",), "image"), Shown("caption", ("image",), "caption"))

DIRECTIONS: dict[str, Direction] = {
    direction.name: direction
    for direction in (
        _from_text("text->image", "still", "image", "caption"),
        _to_text("image->text", "still", "image", "caption"),
        Direction("image->image", "still", _EDITED, edited=True),
        _from_text("text->video", "moving", "video", "strip"),
        _to_text("video->text", "moving", "video", "strip"),
        _from_text("text->audio", "sound", "audio", "score"),
        _to_text("audio->text", "sound", "audio", "score"),
        _mixed("text->image+text", "still", "image"),
        _mixed("text->video+text", "moving", "video"),
        _mixed("text->audio+text", "sound", "audio"),
    )
}


def modality(shown: Shown) -> str:
    """The direction as it is shown, by modality.

    Example:
        >>> modality(Shown("strip", ("caption",), "strip"))
        'image->text'
    """
    made = dict.fromkeys(MODALITY[way] for way in shown.candidates)
    return f"{MODALITY[shown.prompt]}->{'+'.join(sorted(made, key=lambda m: m == 'text'))}"


def family(shown: Shown) -> str:
    """Which of the tasks cut out of a pack the item belongs to.

    Returns:
        "mixed" where the candidates differ in modality; otherwise the one modality beside text, or
        "text".

    Example:
        >>> family(Shown("caption", ("strip",), "strip")), family(Shown("score", ("caption",), ""))
        ('image', 'text')
    """
    made = {MODALITY[way] for way in shown.candidates}
    if len(made) > 1:
        return "mixed"
    return next((m for m in sorted({MODALITY[shown.prompt], *made}) if m != "text"), "text")
