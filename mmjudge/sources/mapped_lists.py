"""Gold of mapped columns, and columns of lists: questions, answers, what is wrong with steps."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mmjudge.errors import TaskError
from mmjudge.sources.mapping import RIGHT, ChecklistSource, GoldSource, Place, Source, dotted, word
from mmjudge.types import ProtocolName

KINDS: Mapping[ProtocolName, tuple[str, str]] = {
    "pair": ("preference", "value"),
    "score": ("score", "value"),
    "rank": ("ranking", "ranks"),
    "checklist": ("answers", "answers"),
    "steps": ("steps", "errors"),
}
"""Kind of gold and its field."""

Value = Callable[[Source, Place], Any]
"""What a source says of a row."""


def gold_of(
    protocol: ProtocolName, source: GoldSource, inside: Callable[[str], Any], at: Place
) -> dict[str, Any] | None:
    """The gold of a column, None where it is empty.

    Args:
        protocol: What the items are asked under.
        source: The mapping.
        inside: What a column of the row holds.
        at: Where the mapping stands, for messages.

    Raises:
        TaskError: A word has no label, or a list is needed.
    """
    value = inside(source.column or "")
    if value is None:
        return None
    kind, field = KINDS[protocol]
    if protocol == "checklist" and not isinstance(value, list):
        kind, field = KINDS["score"]
    if protocol == "steps" and not isinstance(value, list):
        raise TaskError(
            f"{dotted(at)}: column {source.column}: a list with an entry for each step is needed, "
            f"found {value!r:.60}"
        )
    ratings = [inside(column) for column in source.ratings]
    coded, *others = (None if one is None else _coded(source, one, at) for one in (value, *ratings))
    return {"kind": kind, field: coded, "ratings": others}


def _coded(source: GoldSource, value: Any, at: Place) -> Any:
    """What a column says in our words; each entry of a list by itself, unless they are numbers."""
    if isinstance(value, list):
        return [_entry(source, one, at) for one in value]
    return labelled(source.labels, value, source.column, at) if source.labels else value


def _entry(source: GoldSource, value: Any, at: Place) -> Any:
    if value is None:
        return None
    coded = labelled(source.labels, value, source.column, at) if source.labels else word(value)
    return None if coded == RIGHT else coded


def labelled(labels: Mapping[str, Any], value: Any, column: str | None, at: Place) -> Any:
    """What a word of a column is coded as.

    Raises:
        TaskError: It has no label.
    """
    for name in (str(value), str(word(value)), f"{value:g}" if isinstance(value, float) else ""):
        if name in labels:
            return labels[name]
    known = ", ".join(labels)
    place = dotted((*at, "labels"))
    raise TaskError(f"{place}: column {column} says {value!r:.60}; known labels: {known}")


def questions_of(source: ChecklistSource, value: Value, at: Place) -> list[dict[str, Any]]:
    """The questions of a row, none where their column is empty.

    Raises:
        TaskError: A column holds no list, or lists differ in length.
    """
    texts = value(source.questions, (*at, "questions"))
    if not texts:
        return []
    columns = {
        "text": texts,
        "id": _or_none(source, "ids", value, at),
        "wanted": _or_none(source, "wanted", value, at),
        "parents": _or_none(source, "parents", value, at),
        "kind": _or_none(source, "kinds", value, at),
    }
    for name, found in columns.items():
        if found is not None and (not isinstance(found, list) or len(found) != len(texts)):
            held = f"{len(found)}" if isinstance(found, list) else f"{found!r:.60}"
            wanted = f"a list with an entry for each of {len(texts)} questions"
            raise TaskError(f"{dotted(at)}: {name}: {wanted} is needed, found {held}")
    return [_question(source, n, columns, at) for n in range(len(texts))]


def _or_none(source: ChecklistSource, name: str, value: Value, at: Place) -> Any:
    of: Source | None = getattr(source, name)
    return None if of is None else value(of, (*at, name))


def _question(
    source: ChecklistSource, n: int, columns: Mapping[str, Any], at: Place
) -> dict[str, Any]:
    """One question, with what its row says of it."""
    said = {name: None if of is None else of[n] for name, of in columns.items()}
    wanted = said["wanted"]
    if wanted is None:
        wanted = source.answers[0]
    elif source.labels:
        column = source.wanted.column if source.wanted else None
        wanted = labelled(source.labels, wanted, column, at)
    return {
        "id": str(n + 1 if said["id"] is None else said["id"]),
        "text": said["text"],
        "answers": source.answers,
        "wanted": word(wanted),
        "parents": list(_ids(said["parents"])),
        "kind": str(said["kind"] or ""),
    }


def _ids(found: Any) -> Iterator[str]:
    """Ids of parents: a list, or one alone; 0 and nothing are none."""
    for one in found if isinstance(found, list) else [found]:
        if one not in (None, "", 0, "0"):
            yield str(one)
