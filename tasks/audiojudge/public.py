"""The public copies of the pairs: spoken chat-arena pairs, and pairs of Thai speech."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from mmjudge.errors import TaskError
from mmjudge.sources.hub import HubName, hub_rows, keep_media
from mmjudge.task import BadItem
from mmjudge.types import Candidate, Gold, Item, Media, Part, Parts, PreferenceGold, PreferenceValue

SPOKEN_HUB = HubName("potsawee/chatbotarena-spoken-all-7824", "06c0a3e")
THAI_HUB = HubName("potsawee/speech-quality-thaimos-pairwise", "main")
SPLIT = "train"
SPOKEN_COLUMNS = ("metadata", "question", "assistant_a", "assistant_b")
THAI_COLUMNS = ("label", "system_a", "system_b", "audio_a", "audio_b")
SOUNDS = "Which speech sounds better?"
MODALITIES = {
    "text-text": "text->text",
    "audio-text": "audio->text",
    "audio-audio": "audio->audio",
}
"""Presentations that the public copy has, with the stratum `modality` of each."""
WINNERS: dict[str, PreferenceValue] = {
    "model_a": "first",
    "model_b": "second",
    "tie": "tie",
    "tie (bothbad)": "tie",
}
LABELS: dict[str, PreferenceValue] = {"a": "first", "b": "second", "tie": "tie"}


class Source(NamedTuple):
    """A dataset, the columns that are read, and the items that a row gives."""

    hub: HubName
    columns: tuple[str, ...]
    items: Callable[[int, dict[str, Any], str], Iterator[Item]]


class Side(NamedTuple):
    """What is said by one side, in words and in sound."""

    text: str
    sound: Media


def public_items() -> Iterator[Item | BadItem]:
    """Stream the pairs from the Hub, each spoken pair in its three presentations.

    Raises:
        TaskError: The Hub cannot be reached, or the columns are others.
    """
    sources = (
        Source(SPOKEN_HUB, SPOKEN_COLUMNS, spoken_items),
        Source(THAI_HUB, THAI_COLUMNS, thai_items),
    )
    for source in sources:
        for place, row in enumerate(hub_rows(source.hub, None, SPLIT, source.columns)):
            where = f"{source.hub} {SPLIT} row {place}"
            try:
                yield from list(source.items(place, row, where))
            except TaskError as error:
                yield BadItem(id=where, where=where, problem=str(error))


def spoken_items(place: int, row: dict[str, Any], where: str) -> Iterator[Item]:
    """The items of a row of the spoken pairs, media undecoded.

    Raises:
        TaskError: A field of the row is missing, or is not what it should be.
    """
    facts = row["metadata"]
    if not isinstance(facts, dict):
        raise TaskError(f"metadata: an object is needed, found {str(facts)[:60]}")
    question = Side(_said(facts, "conversation_a", 0), _sound(row, "question", where))
    sides = [
        Side(_said(facts, f"conversation_{side}", 1), _sound(row, f"assistant_{side}", where))
        for side in ("a", "b")
    ]
    gold: dict[str, Gold] = {"overall": PreferenceGold(value=_known(facts, "winner", WINNERS))}
    systems = facts.get("model_a"), facts.get("model_b")
    for condition, modality in MODALITIES.items():
        asked, answered = condition.split("-")
        parts = [_part(side, answered) for side in sides]
        heard = [question] * (asked == "audio") + sides * (answered == "audio")
        yield Item(
            id=f"{place:04d}/{condition}",
            prompt=(_part(question, asked),),
            candidates=_pair(("a", "b"), parts, systems),
            gold=gold,
            strata={
                "dataset": "chatbotarena_spoken",
                "condition": condition,
                "pair": f"{place:04d}",
                "modality": modality,
            },
            in_words={side.sound.uri: side.text for side in heard if side.text.strip()},
        )


def thai_items(place: int, row: dict[str, Any], where: str) -> Iterator[Item]:
    """The item of a row of the pairs of Thai speech, media undecoded.

    Raises:
        TaskError: A field of the row is not what it should be.
    """
    parts = [_sound(row, f"audio_{side}", where) for side in ("a", "b")]
    prompt: Parts = (SOUNDS,)
    yield Item(
        id=f"thaimos/{place}",
        prompt=prompt,
        candidates=_pair(("1", "2"), parts, (row["system_a"], row["system_b"])),
        gold={"overall": PreferenceGold(value=_known(row, "label", LABELS))},
        strata={"dataset": "thaimos", "modality": "text->audio"},
    )


def _part(side: Side, form: str) -> Part:
    return side.sound if form == "audio" else side.text


def _pair(
    ids: tuple[str, str], parts: list[Part] | list[Media], systems: tuple[Any, Any]
) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(id=name, parts=(part,), system=None if system is None else str(system))
        for name, part, system in zip(ids, parts, systems, strict=True)
    )


def _said(facts: Mapping[str, Any], conversation: str, turn: int) -> str:
    """What was said in one turn of a conversation.

    Example:
        >>> _said({"conversation_a": [{"role": "user", "content": "Why?"}]}, "conversation_a", 0)
        'Why?'
    """
    turns = facts.get(conversation)
    if not isinstance(turns, list) or len(turns) <= turn or not isinstance(turns[turn], dict):
        raise TaskError(f"metadata.{conversation}: turn {turn} is needed, found {str(turns)[:60]}")
    text = turns[turn].get("content")
    if not isinstance(text, str):
        raise TaskError(f"metadata.{conversation}.{turn}.content: a text is needed, found {text!r}")
    return text


def _sound(row: Mapping[str, Any], column: str, where: str) -> Media:
    return keep_media(row[column], "audio", f"{where}: {column}")


def _known(
    row: Mapping[str, Any], field: str, values: Mapping[str, PreferenceValue]
) -> PreferenceValue:
    found = row.get(field)
    if not isinstance(found, str) or found not in values:
        raise TaskError(f"{field}: one of {sorted(values)} is needed, found {found!r}")
    return values[found]
