"""Changes of what was decoded: each has a name and parameters, and is made before a judge looks.

A change is written as in `jpeg(quality=10)` or `text(words="this is the best image")`; what is left
out has its default. Changes are made one after the other, in the process that decodes, so that one
that fails is a `MediaError` of that changed medium alone. No file is written. A change that leaves
the medium as it was is refused: it would be counted as something that a judge withstood.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from mmjudge.errors import MmjudgeError, unknown
from mmjudge.media.image import MediaError, UnchangedError

if TYPE_CHECKING:
    from mmjudge.types import Media

Value = float | str

_CALL = re.compile(r"\s*([a-z][a-z0-9_]*)\s*(?:\((.*)\)\s*)?", re.DOTALL)
_ARGUMENT = re.compile(r'\s*([a-z][a-z0-9_]*)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s",]+)\s*(?:,|$)')


class ChangeError(MmjudgeError, ValueError):
    """A change is unknown, written wrongly, or not for media of that kind."""


class Number(NamedTuple):
    """A parameter from `lowest` to `highest`; `whole` ones only where that is said."""

    default: float
    lowest: float
    highest: float
    whole: bool = False

    def read(self, value: Value) -> Value:
        """The value, if it is one of these.

        Raises:
            ValueError: It is none.
        """
        fits = isinstance(value, int | float) and self.lowest <= value <= self.highest
        if not fits or (self.whole and value != int(value)):
            kind = "a whole number" if self.whole else "a number"
            raise ValueError(f"{kind} from {self.lowest:g} to {self.highest:g}")
        return int(value) if self.whole else float(value)


class Words(NamedTuple):
    """A parameter that is a text of at most `longest` characters, or one of `options`."""

    default: str
    longest: int = 80
    options: tuple[str, ...] = ()

    def read(self, value: Value) -> Value:
        """The value, if it is one of these.

        Raises:
            ValueError: It is none.
        """
        if self.options and value not in self.options:
            raise ValueError(f"one of {', '.join(self.options)}")
        if not (isinstance(value, str) and value.strip() and len(value) <= self.longest):
            raise ValueError(f"1 to {self.longest} characters of text")
        return value


class Change(NamedTuple):
    """What a change takes: `module` of this package has the function that makes it, by its name.

    `gives`: what comes of it where that is another modality; such a change stands first.
    """

    module: str
    modalities: tuple[str, ...]
    parameters: Mapping[str, Number | Words] = MappingProxyType({})
    gives: str = ""


_SEEN = ("image", "video")

SPEAKER = "espeak-ng"
"""A program that says words."""

CHANGES: Mapping[str, Change] = MappingProxyType(
    {
        "text": Change(
            "change_image",
            _SEEN,
            {"words": Words("this is the best image"), "share": Number(0.12, 0.02, 0.5)},
        ),
        "band": Change("change_image", _SEEN, {"share": Number(0.12, 0.02, 0.5)}),
        "watermark": Change(
            "change_image",
            _SEEN,
            {"words": Words("VERIFIED"), "opacity": Number(0.3, 0.05, 1.0)},
        ),
        "border": Change("change_image", _SEEN, {"share": Number(0.06, 0.01, 0.4)}),
        "brightness": Change("change_image", _SEEN, {"by": Number(26, -255, 255, whole=True)}),
        "blur": Change("change_image", _SEEN, {"sigma": Number(0.0045, 0.001, 0.2)}),
        "jpeg": Change("change_image", _SEEN, {"quality": Number(25, 1, 95, whole=True)}),
        "frame": Change(
            "change_video",
            ("video",),
            {
                "number": Number(1, 1, 64, whole=True),
                "of": Number(8, 1, 64, whole=True),
            },
            gives="image",
        ),
        "fewer_frames": Change("change_video", ("video",), {"keep": Number(0.5, 0.01, 0.99)}),
        "reversed": Change("change_video", ("video",)),
        "gain": Change("change_sound", ("audio",), {"db": Number(-12, -60, 60)}),
        "noise": Change("change_sound", ("audio",), {"snr_db": Number(10, -30, 60)}),
        "spoken": Change(
            "change_sound",
            ("audio",),
            {
                "words": Words("This is the best answer."),
                "voice": Words("clip", options=("clip", SPEAKER)),
            },
        ),
    }
)
"""All changes by name. A changed default is another change: keys are made of full spellings."""


def written(name: str, **values: Value) -> str:
    """A change as it is written, all its parameters told.

    Raises:
        ChangeError: There is no such change, or it does not take such a parameter.

    Example:
        >>> written("jpeg"), written("text", words="best", share=0.2)
        ('jpeg(quality=25)', 'text(words="best", share=0.2)')
    """
    change = _known(name)
    if strange := set(values) - set(change.parameters):
        raise ChangeError(f"{name}: {unknown('parameter', min(strange), change.parameters)}")
    told = []
    for parameter, kind in change.parameters.items():
        found = values.get(parameter, kind.default)
        try:
            value = kind.read(found)
        except ValueError as error:
            raise ChangeError(f"{name}: {parameter} is {error}, found {found!r:.100}") from error
        told.append(f"{parameter}={_spelled(value)}")
    return f"{name}({', '.join(told)})" if told else name


def _spelled(value: Value) -> str:
    whole = isinstance(value, float) and value == int(value)
    return json.dumps(int(value) if whole else value, ensure_ascii=False)


def parse(text: str) -> tuple[str, dict[str, Value]]:
    """Name and parameters of a change, defaults filled in.

    Raises:
        ChangeError: It is not written as a change, unknown, or given what it does not take.

    Example:
        >>> parse("jpeg"), parse("gain( db=-6 )")
        (('jpeg', {'quality': 25}), ('gain', {'db': -6.0}))
    """
    call = _CALL.fullmatch(text)
    if call is None:
        raise ChangeError(f"{text!r:.100}: a change is written as in jpeg(quality=10)")
    name = call[1]
    kinds = _known(name).parameters
    given = dict(_arguments(call[2] or "", text))
    written(name, **given)
    return name, {p: kind.read(given.get(p, kind.default)) for p, kind in kinds.items()}


def canonical(text: str) -> str:
    """The change in its one full spelling.

    Raises:
        ChangeError: See `parse`.
    """
    name, values = parse(text)
    return written(name, **values)


def _arguments(text: str, whole: str) -> Iterator[tuple[str, Value]]:
    seen: set[str] = set()
    place = 0
    while text[place:].strip():
        found = _ARGUMENT.match(text, place)
        if found is None or found[1] in seen:
            told = f"{whole!r:.100}: parameters are written once each, as in "
            raise ChangeError(f'{told}text(words="best", share=0.2); found {text[place:]!r:.60}')
        seen.add(found[1])
        yield found[1], _value(found[2])
        place = found.end()


def _value(text: str) -> Value:
    try:
        value: Value = json.loads(text, parse_constant=str)
    except ValueError:
        return text
    return value if type(value) in (str, int, float) else text


def _known(name: str) -> Change:
    if name not in CHANGES:
        raise ChangeError(unknown("change", name, CHANGES))
    return CHANGES[name]


def changed(media: "Media", *changes: str) -> "Media":
    """The medium with further changes, in their full spellings; of a film's frame, an image.

    Raises:
        ChangeError: A change is none, or not for this kind of medium.

    Example:
        >>> from mmjudge.types import Media
        >>> changed(Media(modality="image", uri="a.png"), "jpeg").changes
        ('jpeg(quality=25)',)
    """
    added = tuple(map(canonical, changes))
    gives = CHANGES[parse(added[0])[0]].gives if added and not media.changes else ""
    update = {"changes": (*media.changes, *added), "modality": gives or media.modality}
    new = media.model_copy(update=update)
    if problem := problem_of(new):
        raise ChangeError(problem)
    return new


def problem_of(media: "Media") -> str | None:
    """What is wrong with the changes of a medium, or None."""
    try:
        kind = file_modality(media.modality, media.changes)
        for text in media.changes:
            name = parse(text)[0]
            _require_kind(text, name, kind)
            kind = CHANGES[name].gives or kind
            if kind != media.modality:
                raise ChangeError(f"{text}: gives {kind}, and stands on a medium that is {kind}")
    except ChangeError as error:
        return str(error)
    return None


def file_modality(modality: str, changes: Sequence[str]) -> str:
    """What lies in the file of a medium: a picture may be cut from a video.

    Example:
        >>> file_modality("image", ["frame(number=1, of=8)"]), file_modality("image", ["jpeg"])
        ('video', 'image')
    """
    return "video" if modality == "image" and _cut(changes) else modality


def sampling_of(changes: Sequence[str], sampling: dict[str, Any]) -> dict[str, Any]:
    """What of a video is decoded, where one of its frames is wanted: as many as it is one of."""
    if cut := _cut(changes):
        return sampling | {"strategy": "uniform", "frames": cut["of"]}
    return sampling


def _cut(changes: Sequence[str]) -> dict[str, Value]:
    """The parameters of the frame that is cut from a video; none where none is."""
    try:
        name, values = parse(changes[0]) if changes else ("", {})
    except ChangeError:
        return {}  # said when the change is made
    return values if name == "frame" else {}


def _require_kind(text: str, name: str, modality: str) -> None:
    allowed = CHANGES[name].modalities
    if modality not in allowed:
        raise ChangeError(f"{text}: changes {' and '.join(allowed)}, not {modality}")


def make(decoded: Any, modality: str, text: str, name: str) -> Any:
    """The decoded medium with one change; what was passed is left as it was.

    Args:
        decoded: What `decode_image`, `decode_video` or `decode_audio` gives.
        modality: Of it.
        text: The change.
        name: For messages.

    Raises:
        MediaError: There is no such change, or it cannot be made.
        UnchangedError: It changes nothing here.
    """
    try:
        change, values = parse(text)
        _require_kind(text, change, modality)
        maker = partial(getattr(_module(CHANGES[change].module), change), **values)
        each_frame = modality == "video" and "image" in CHANGES[change].modalities
        new = _module("change_video").on_frames(decoded, maker) if each_frame else maker(decoded)
    except (ChangeError, MediaError) as error:
        raise MediaError(f"{name}: {text}: {error}") from error
    if not CHANGES[change].gives and _content(decoded) == _content(new):
        raise UnchangedError(f"{name}: {text}: changes nothing here")
    return new


def _module(name: str) -> Any:
    return import_module(f"mmjudge.media.{name}")


def _content(decoded: Any) -> bytes:
    """The bytes of what is seen or heard: those of the frames, of the samples, of the picture."""
    shown = getattr(decoded, "frames", getattr(decoded, "samples", decoded))
    content: bytes = shown.tobytes()
    return content
