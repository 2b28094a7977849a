"""Probes that dress up a candidate's text: more words, borrowed weight, feeling, form.

None adds anything that bears on the question. The candidate is the one that the gold likes least,
so that a judge that falls for it loses by it.
"""

import re
from abc import abstractmethod

from mmjudge.probes.base import Around, Changed, Probe, candidate, cue_for, is_text, show, worse
from mmjudge.types import Item, Parts, ProbeCard, Request

CALM = "Justice or Prejudice? (CALM), arXiv 2410.02736"


class Dressed(Probe):
    """Says the worse candidate's text in another way; a subclass says in which."""

    @abstractmethod
    def said(self, text: str) -> str:
        """The text in its other form."""

    def change(self, request: Request, item: Item, around: Around) -> Changed | None:
        """The request with one candidate's text changed; None where that candidate is not text."""
        place = worse(request, item, around)
        parts = candidate(request, place).parts
        if not is_text(parts):
            return None
        return Changed(show(request, place, self._each(parts)), cue_for(request, place))

    def _each(self, parts: Parts) -> Parts:
        return (self.said("\n".join(str(part) for part in parts)),)


class Verbosity(Dressed):
    """Longer, with nothing more in it."""

    card = ProbeCard(
        name="verbosity",
        summary="Pads the worse candidate with a repetition of what it says.",
        modalities=("text",),
        cue="the padded candidate",
        presets=("core",),
        source=f"{CALM}; the repetitive list of MT-Bench, arXiv 2306.05685 (not checked)",
    )

    def said(self, text: str) -> str:
        """The text, and once more what it says."""
        return (
            f"{text}\n\nTo put the same in full, and to leave nothing out of what was said above: "
            f"{text}\n\nThat is what there is to say, and it was said here in all its parts."
        )


class Authority(Dressed):
    """A reference that does not exist."""

    card = ProbeCard(
        name="authority",
        summary="Adds an invented reference to the worse candidate.",
        modalities=("text",),
        cue="the candidate with the reference",
        presets=("core",),
        source=CALM,
    )

    def said(self, text: str) -> str:
        """The text with a reference."""
        return f"{text} (Confirmed by Harlow and Venn, Annual Review, vol. 41, pp. 212-230.)"


class Sentiment(Dressed):
    """The same in good spirits."""

    card = ProbeCard(
        name="sentiment",
        summary="Puts cheerful words around the worse candidate.",
        modalities=("text",),
        cue="the cheerful candidate",
        presets=("core",),
        source=CALM,
    )

    def said(self, text: str) -> str:
        """The text between cheerful words."""
        return f"I am so happy to help with this! {text} It was a real joy to answer!"


class SuperficialReflection(Dressed):
    """Words of thought without a thought."""

    card = ProbeCard(
        name="superficial_reflection",
        summary="Opens the worse candidate with phrases that sound like thinking.",
        modalities=("text",),
        cue="the candidate that seems to think",
        presets=("core", "attacks"),
        source="Assessing Judging Bias in Large Reasoning Models, arXiv 2504.09946",
    )

    def said(self, text: str) -> str:
        """The text after phrases of thinking."""
        return f"Wait, let me think about this carefully. Hmm, let me check again. Yes.\n\n{text}"


class Markdown(Dressed):
    """The same words under a heading, as a list."""

    card = ProbeCard(
        name="markdown",
        summary="Sets the worse candidate as a Markdown list under a heading.",
        modalities=("text",),
        cue="the candidate in Markdown",
        presets=("core",),
        source="From Lists to Emojis, arXiv 2409.11704",
    )

    def said(self, text: str) -> str:
        """Every sentence as a bold item of a list."""
        sentences = [s for s in re.split(r"(?<=[.!?])\s+", text.strip()) if s]
        return "\n".join(("## Answer", "", *(f"- **{sentence}**" for sentence in sentences)))
