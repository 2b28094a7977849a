"""Probes that dress up a candidate's text: more words, borrowed weight, feeling, form.

None adds anything that bears on the question. The candidate is drawn: where it is the worse one, a
judge that falls for it loses by it; where it is the better one, it is a control, for a judge that
the change merely confuses moves away from it there as often as towards it elsewhere.
"""

import re
from collections.abc import Callable

from mmjudge.probes.base import Around, Changed, Probe, candidate, cue_for, drawn, is_text, show
from mmjudge.types import Item, ProbeCard, Request

CALM = "Justice or Prejudice? (CALM), arXiv 2410.02736 (descriptions read)"


class Dressed(Probe):
    """Says the text of one candidate in another way.

    Args:
        card: What it is called.
        said: The text in its other form.
    """

    def __init__(self, card: ProbeCard, said: Callable[[str], str]) -> None:
        self.card, self.said = card, said

    def change(self, request: Request, item: Item, around: Around) -> Changed | None:
        """The request with one candidate's text changed; None where that candidate is not text."""
        place = drawn(item, around)
        parts = candidate(request, place).parts
        if not is_text(parts):
            return None
        text = self.said("\n".join(str(part) for part in parts))
        return Changed(show(request, place, (text,)), cue_for(request, place))


def _dressed(
    name: str,
    summary: str,
    cue: str,
    source: str,
    said: Callable[[str], str],
    presets: tuple[str, ...] = ("core",),
) -> Dressed:
    card = ProbeCard(
        name=name,
        summary=summary,
        modalities=("text",),
        cue=cue,
        presets=presets,
        source=source,
        version=2,
    )
    return Dressed(card, said)


def _padded(text: str) -> str:
    return (
        f"{text}\n\nTo put the same in full, and to leave nothing out of what was said above: "
        f"{text}\n\nThat is what there is to say, and it was said here in all its parts."
    )


def _listed(text: str) -> str:
    """Every sentence as a bold item of a list under a heading."""
    sentences = [s for s in re.split(r"(?<=[.!?])\s+", text.strip()) if s]
    return "\n".join(("## Answer", "", *(f"- **{sentence}**" for sentence in sentences)))


VERBOSITY = _dressed(
    "verbosity",
    "Pads one candidate with a repetition of what it says: the worse one or, as a control, the "
    "better.",
    "the padded candidate",
    f"{CALM}; the repetitive list of MT-Bench, arXiv 2306.05685 (a summary read)",
    _padded,
)

AUTHORITY = _dressed(
    "authority",
    "Adds an invented reference to one candidate, drawn.",
    "the candidate with the reference",
    CALM,
    lambda text: f"{text} (Confirmed by Harlow and Venn, Annual Review, vol. 41, pp. 212-230.)",
)

SENTIMENT = _dressed(
    "sentiment",
    "Puts cheerful words around one candidate, drawn.",
    "the cheerful candidate",
    CALM,
    lambda text: f"I am so happy to help with this! {text} It was a real joy to answer!",
)

SUPERFICIAL_REFLECTION = _dressed(
    "superficial_reflection",
    "Opens one candidate, drawn, with phrases that sound like thinking.",
    "the candidate that seems to think",
    "Assessing Judging Bias in Large Reasoning Models, arXiv 2504.09946 (abstract read)",
    lambda text: (
        f"Wait, let me think about this carefully. Hmm, let me check again. Yes.\n\n{text}"
    ),
    ("core", "attacks"),
)

MARKDOWN = _dressed(
    "markdown",
    "Sets one candidate, drawn, as a Markdown list under a heading.",
    "the candidate in Markdown",
    "bold text and lists of From Lists to Emojis, arXiv 2409.11704 (abstract read)",
    _listed,
)
