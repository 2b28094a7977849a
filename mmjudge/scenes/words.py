"""How facts are said: phrases with several wordings each, drawn anew for every text."""

from collections.abc import Callable, Sequence

from mmjudge.scenes.facts import Group, Move, Mover, Phrase
from mmjudge.scenes.stream import Stream

NUMBERS = {
    1: ("one", "1", "a single"),
    2: ("two", "2", "a pair of"),
    3: ("three", "3"),
    4: ("four", "4"),
    5: ("five", "5"),
}
SIZES = {"small": ("small", "little"), "large": ("large", "big")}
SHAPES = {
    "circle": ("circle", "disc"),
    "square": ("square", "box"),
    "triangle": ("triangle",),
    "star": ("star", "five-pointed star"),
    "cross": ("cross", "plus sign"),
    "heart": ("heart",),
    "ring": ("ring", "hoop"),
    "diamond": ("diamond", "rhombus"),
}
_PLURALS = {"cross": "crosses", "box": "boxes", "rhombus": "rhombuses"}
CELLS = {
    (0, 0): ("in the top left corner", "at the upper left"),
    (0, 1): ("at the top in the middle", "at the top centre"),
    (0, 2): ("in the top right corner", "at the upper right"),
    (1, 0): ("on the left, halfway down", "at the left edge in the middle row"),
    (1, 1): ("in the centre", "right in the middle"),
    (1, 2): ("on the right, halfway down", "at the right edge in the middle row"),
    (2, 0): ("in the bottom left corner", "at the lower left"),
    (2, 1): ("at the bottom in the middle", "at the bottom centre"),
    (2, 2): ("in the bottom right corner", "at the lower right"),
}
RELATIONS = {
    "left": ("to the left of", "left of"),
    "right": ("to the right of", "right of"),
    "above": ("above", "higher up than"),
    "below": ("below", "under"),
}
CONVERSE = {"left": "right", "right": "left", "above": "below", "below": "above"}

MOVES = {"straight": ("moves straight", "glides straight"), "zigzag": ("zigzags", "weaves")}
SPEEDS = {"slow": ("slowly", "at a low speed"), "fast": ("quickly", "at a high speed")}
DIRECTIONS = {
    "left": ("to the left", "leftwards"),
    "right": ("to the right", "rightwards"),
    "up": ("upwards", "towards the top"),
    "down": ("downwards", "towards the bottom"),
}

TIMBRES = {
    "pure": ("pure {}", "whistling {}"),
    "bell": ("bell {}", "chiming {}"),
    "buzzy": ("buzzing {}", "buzzy {}"),
    "plucked": ("plucked {}", "plucked string {}"),
    "hollow": ("hollow {}", "clarinet-like {}"),
    "hiss": ("bursts of hiss", "hissing bursts"),
    "rumble": ("bursts of rumble", "rumbling bursts"),
}
NOTES = ("notes", "tones")
PITCHES = {
    "low": ("low", "deep"),
    "middle": ("mid-range", "middle-register"),
    "high": ("high", "high-pitched"),
}
LOUDNESSES = {"soft": ("soft", "quiet"), "loud": ("loud", "strong")}
CONTOURS = {
    "rising": ("rising", "going up step by step"),
    "falling": ("falling", "going down step by step"),
    "level": ("all on one pitch", "repeated at the same pitch"),
}
RHYTHMS = {
    "quick": ("in quick succession", "at a quick pace"),
    "slow": ("in slow succession", "at a slow pace"),
    "dotted": ("in a long-short rhythm", "alternating long and short"),
}

FIRST = ("First,", "At first,", "To begin with,")
NEXT = ("Then", "After that,", "Next,")
LAST = ("Finally,", "Last,", "In the end,")
BEFORE = ("Before that,", "Just before,")
START = ("At the very start,", "At the outset,")


def number_of_things(count: int, noun: str) -> str:
    """The noun in the number that the count asks for.

    Example:
        >>> number_of_things(2, "cross"), number_of_things(1, "cross")
        ('crosses', 'cross')
    """
    return noun if count == 1 else _PLURALS.get(noun, f"{noun}s")


def noun(group: Group, stream: Stream) -> str:
    """A group without its place: "two small red circles"."""
    shape = number_of_things(group.count, stream.choice(SHAPES[group.shape]))
    count, size = stream.choice(NUMBERS[group.count]), stream.choice(SIZES[group.size])
    if stream.coin(0.25):
        return f"{count} {size} {shape} in {group.colour}"
    return f"{count} {size} {group.colour} {shape}"


def kind(group: Group, stream: Stream) -> str:
    """A group by what tells it from others: "the red circles"."""
    shape = number_of_things(group.count, stream.choice(SHAPES[group.shape]))
    return f"the {group.colour} {shape}"


def placed(group: Group, stream: Stream) -> str:
    """A clause about a group and its place."""
    place, what = stream.choice(CELLS[group.cell]), noun(group, stream)
    verb = "is" if group.count == 1 else "are"
    return stream.choice((f"{place} there {verb} {what}", f"{what} {place}", f"{place}: {what}"))


def related(one: Group, other: Group, how: str, stream: Stream) -> str:
    """A clause about two groups, told from either of them."""
    if stream.coin():
        one, other, how = other, one, CONVERSE[how]
    return f"{noun(one, stream)} {stream.choice(RELATIONS[how])} {noun(other, stream)}"


def moving(mover: Mover, move: Move, stream: Stream) -> str:
    """A clause about one move: "the red circle glides straight to the left, slowly"."""
    # One word for a shape throughout a text: a cross and a plus sign would look like two movers.
    who = f"the {mover.colour} {stream.fork(mover.shape).choice(SHAPES[mover.shape])}"
    how, where = stream.choice(MOVES[move.path]), stream.choice(DIRECTIONS[move.direction])
    speed = stream.choice(SPEEDS[move.speed])
    tail = stream.choice((f"{where} {speed}", f"{speed} {where}"))
    return f"{who} {how} {tail}"


def heard(phrase: Phrase, stream: Stream) -> str:
    """What is heard in one phrase: "three loud high bell notes, rising, at a quick pace"."""
    timbre = stream.choice(TIMBRES[phrase.timbre]).format(stream.choice(NOTES))
    count = stream.choice(NUMBERS[phrase.count])
    words = [stream.choice(LOUDNESSES[phrase.loudness])]
    tail = [stream.choice(RHYTHMS[phrase.rhythm])]
    if phrase.pitch is not None and phrase.contour is not None:
        words.append(stream.choice(PITCHES[phrase.pitch]))
        tail.append(stream.choice(CONTOURS[phrase.contour]))
    return ", ".join(
        (f"{count} {' '.join(stream.shuffled(words))} {timbre}", *stream.shuffled(tail))
    )


def listed(clauses: Sequence[str], stream: Stream) -> str:
    """Clauses in any order: as sentences, or as a list."""
    mixed = stream.shuffled(clauses)
    opening = stream.choice(("", "The picture shows the following. ", "In this scene: "))
    if stream.coin():
        return opening + " ".join(f"{_capital(clause)}." for clause in mixed)
    return _capital(f"{opening}{'; '.join(mixed)}.")


def in_time(clauses: Sequence[str], stream: Stream) -> str:
    """Clauses in the order of time: told forwards, backwards, or numbered."""
    tell: Callable[[Sequence[str], Stream], str]
    tell = stream.choice((_forwards, _forwards, _backwards, _numbered))
    return tell(clauses, stream)


def _forwards(clauses: Sequence[str], stream: Stream) -> str:
    words = [stream.choice(FIRST), *(stream.choice(NEXT) for _ in clauses[2:]), stream.choice(LAST)]
    return " ".join(f"{word} {clause}." for word, clause in zip(words, clauses, strict=True))


def _backwards(clauses: Sequence[str], stream: Stream) -> str:
    middle = [stream.choice(BEFORE) for _ in clauses[2:]]
    words = [stream.choice(LAST), *middle, stream.choice(START)]
    return " ".join(f"{word} {clause}." for word, clause in zip(words, clauses[::-1], strict=True))


def _numbered(clauses: Sequence[str], stream: Stream) -> str:
    form = stream.choice(("{}) {}", "({}) {}"))
    return "; ".join(form.format(i, clause) for i, clause in enumerate(clauses, 1)) + "."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
