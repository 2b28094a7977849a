"""The authors' ten wordings, read back: what is asked, by which aspect, and about what."""

import re
from typing import NamedTuple

from mmjudge.errors import TaskError

FORMS = {
    "Text_UAs": "universal",
    "Image_UAs": "universal",
    "Multi-Image_UAs": "universal",
    "Text-with-Image_UAs": "universal",
    "NLG_TAs": "text generation",
    "IU_TAs": "image understanding",
    "IG_TAs": "image generation",
    "IG_Edit_TAs": "image generation",
    "ITIG_TAs": "interleaved",
    "ITIG_TAs_NoInput": "interleaved",
}
"""The wordings by the authors' names, and the setting of each; universal aspects fit several."""

HEADINGS = (
    "Criterion",
    "Query",
    "Response 1",
    "Response 2",
    "Text 1",
    "Text 2",
    "Image Description",
    "Modification Instructions",
    "Task Description",
    "Input Contents",
)
BEGIN, END = "[BEGIN DATA]", "[END DATA]"
SECTION = re.compile(rf"###\s*\[+({'|'.join(HEADINGS)})\]:")
COUNT = re.compile(r"\b(\d+) images?\b")
PIECE = re.compile(r"\[Text \d+\]:")


class Material(NamedTuple):
    """What a wording holds.

    `asked`: the query or what stands for it; `contents`: texts to go on from, with an image each;
    `images`: how many are the prompt's, the first and the second response's.
    """

    form: str
    aspect: str
    asked: tuple[str, ...]
    contents: tuple[str, ...]
    first: tuple[str, ...]
    second: tuple[str, ...]
    images: tuple[int, int, int]


def material_of(wording: str, n_images: int) -> Material:
    """What stands in a wording that was filled in.

    Args:
        wording: The user's turn.
        n_images: Images that come with it.

    Raises:
        TaskError: It is none of the ten wordings.
    """
    before, begin, rest = wording.partition(BEGIN)
    data, end, _ = rest.rpartition(END)
    if not begin or not end:
        raise TaskError(f"user: {BEGIN} and {END} are needed, found {wording[:60]!r}")
    sections = _sections(data)
    form = _form(sections, before, n_images)
    one, other = ("Text 1", "Text 2") if form == "Text-with-Image_UAs" else HEADINGS[2:4]
    asked = ("Query", "Image Description", "Modification Instructions", "Task Description")
    return Material(
        form,
        sections["Criterion"],
        tuple(sections[name] for name in asked if name in sections),
        _pieces(sections.get("Input Contents", "")),
        _pieces(sections.get(one, "")),
        _pieces(sections.get(other, "")),
        _images(form, before, n_images),
    )


def _sections(data: str) -> dict[str, str]:
    """Texts by their headings; the last ends before the closing mark of the data."""
    pieces = SECTION.split(data)
    names, texts = pieces[1::2], [piece.strip() for piece in pieces[2::2]]
    if len(set(names)) != len(names):
        raise TaskError(f"user: a heading stands there twice: {names}")
    if texts:
        texts[-1] = texts[-1].removesuffix("###").strip()
    return dict(zip(names, texts, strict=True))


def _form(sections: dict[str, str], before: str, n_images: int) -> str:
    """The authors' name of the wording with these headings."""
    counted = bool(COUNT.search(before))
    forms = {
        frozenset({"Criterion"}): "Multi-Image_UAs" if counted else "Image_UAs",
        frozenset({"Criterion", "Response 1", "Response 2"}): "Text_UAs",
        frozenset({"Criterion", "Text 1", "Text 2"}): "Text-with-Image_UAs",
        frozenset({"Criterion", "Query", "Response 1", "Response 2"}): (
            "IU_TAs" if n_images else "NLG_TAs"
        ),
        frozenset({"Criterion", "Image Description"}): "IG_TAs",
        frozenset({"Criterion", "Modification Instructions"}): "IG_Edit_TAs",
        frozenset({"Criterion", "Task Description", "Response 1", "Response 2"}): (
            "ITIG_TAs_NoInput"
        ),
        frozenset(
            {"Criterion", "Task Description", "Input Contents", "Response 1", "Response 2"}
        ): "ITIG_TAs",
    }
    form = forms.get(frozenset(sections))
    if form is None or not sections["Criterion"]:
        raise TaskError(f"user: the headings of one of the ten wordings, found {sorted(sections)}")
    return form


def _images(form: str, before: str, n_images: int) -> tuple[int, int, int]:
    """How many images belong to the prompt, the first and the second response."""
    match form, [int(count) for count in COUNT.findall(before)]:
        case "Text_UAs" | "NLG_TAs", _:
            return 0, 0, 0
        case "IU_TAs", _:
            return n_images, 0, 0
        case "Image_UAs" | "Text-with-Image_UAs" | "IG_TAs", _:
            return 0, 1, 1
        case "IG_Edit_TAs", _:
            return 1, 1, 1
        case "ITIG_TAs", [shown, first, second]:
            return shown, first, second
        case "Multi-Image_UAs" | "ITIG_TAs_NoInput", [first, second]:
            return 0, first, second
        case _, counts:
            raise TaskError(f"user: numbers of images for {form} are needed, found {counts}")


def _pieces(text: str) -> tuple[str, ...]:
    """The texts of an interleaved response, each of which has an image; one where none is marked.

    Example:
        >>> _pieces("[Text 1]: Boil it. [Text 2]: Drain it."), _pieces("Boil it."), _pieces("")
        (('Boil it.', 'Drain it.'), ('Boil it.',), ())
    """
    return tuple(filter(None, (piece.strip() for piece in PIECE.split(text))))
