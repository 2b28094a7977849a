"""Scenes as text: captions and transcripts, written scores, and instructions to edit."""

from mmjudge.scenes import words
from mmjudge.scenes.facts import Fact, Group, Moving, Phrase, Scene, Sound, Still, relation
from mmjudge.scenes.stream import Stream


def caption(scene: Scene, stream: Stream) -> str:
    """Every fact of the scene in words: a caption, or the transcript of a sound."""
    match scene:
        case Still():
            return words.listed(_clauses(scene, stream), stream)
        case Moving():
            clauses = [words.moving(mover, move, stream) for mover, move in scene.in_order()]
            return words.in_time(clauses, stream)
        case Sound():
            heard = [f"there are {words.heard(p, stream)}" for p in scene.in_order()]
            return words.in_time(heard, stream)


def _clauses(scene: Still, stream: Stream) -> list[str]:
    clauses = [words.placed(group, stream) for group in scene.singles]
    if couple := scene.couple():
        clauses.append(words.related(*couple, relation(*couple), stream))
    return clauses


def score_sheet(scene: Sound, stream: Stream) -> str:
    """A sound as a written score: one line a phrase, in the order of time."""
    mark = stream.choice((" | ", "; ", ", "))
    lines = [mark.join(_columns(phrase)) for phrase in scene.in_order()]
    number = stream.choice(("{}. {}", "{}: {}", "[{}] {}"))
    return "\n".join(number.format(i, line) for i, line in enumerate(lines, 1))


def _columns(phrase: Phrase) -> list[str]:
    columns = [
        f"{phrase.timbre} x{phrase.count}",
        f"rhythm {phrase.rhythm}",
        f"loudness {phrase.loudness}",
    ]
    if phrase.pitch is not None:
        columns += [f"pitch {phrase.pitch}", f"contour {phrase.contour}"]
    return columns


def instruction(before: Still, after: Still, fact: Fact, stream: Stream) -> str:
    """What to do to get from one still scene to another that differs in one fact."""
    old = {g.name: g for g in before.groups}.get(fact.subject)
    new = {g.name: g for g in after.groups}.get(fact.subject)
    if new is None and old is not None:
        return stream.choice(("Remove {}.", "Take away {}.")).format(words.kind(old, stream))
    if old is None and new is not None:
        place = stream.choice(words.CELLS[new.cell])
        return f"Add {words.noun(new, stream)} {place}."
    if fact.criterion == "relation" and (couple := before.couple()):
        one, other = (words.kind(group, stream) for group in couple)
        return stream.choice(("Swap {} and {}.", "Let {} and {} change places.")).format(one, other)
    if old is None or new is None:
        raise ValueError(f"neither scene has what {fact} is about")
    return _change(old, new, fact.attribute, stream)


def _change(old: Group, new: Group, attribute: str, stream: Stream) -> str:
    what, several = words.kind(old, stream), new.count > 1
    match attribute:
        case "colour":
            return stream.choice(("Make {} {}.", "Recolour {} to {}.")).format(what, new.colour)
        case "size":
            return f"Make {what} {stream.choice(words.SIZES[new.size])}."
        case "shape":
            shape = words.number_of_things(new.count, stream.choice(words.SHAPES[new.shape]))
            form = stream.choice(("Turn {} into {}", "Replace {} by {}"))
            return f"{form.format(what, shape if several else f'a {shape}')} of the same colour."
        case "cell":
            place = stream.choice(words.CELLS[new.cell])
            return f"Move {what}, so that {'they are' if several else 'it is'} {place}."
        case _:
            number = stream.choice(words.NUMBERS[new.count])
            return f"Of {what}, show {number} instead of {stream.choice(words.NUMBERS[old.count])}."
