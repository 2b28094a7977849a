"""Probes that change no content: the same again, and the same in another order."""

from mmjudge.probes.base import EVERY_PROTOCOL, Around, Changed, Probe
from mmjudge.types import Item, ProbeCard, Request


class Rerun(Probe):
    """The same request once more: what moves here moves by itself, the baseline of all probes."""

    card = ProbeCard(
        name="rerun",
        summary="Asks the same once more: what changes then is the judge's own noise.",
        protocols=EVERY_PROTOCOL,
        presets=("core", "attacks", "modality"),
        source="consistency rate of CALM, arXiv 2410.02736 (descriptions read)",
    )

    def change(self, request: Request, item: Item, around: Around) -> Changed | None:
        """The request as it is."""
        return Changed(request)


class OrderSwapped(Probe):
    """The candidates backwards: of a pair, each in the other's slot."""

    card = ProbeCard(
        name="order_swapped",
        summary="Shows the candidates in the opposite order.",
        protocols=("pair", "rank"),
        cue="the first slot",
        presets=("core",),
        source="Large Language Models are not Fair Evaluators, arXiv 2305.17926 (abstract read)",
        backwards=True,
    )

    def change(self, request: Request, item: Item, around: Around) -> Changed | None:
        """The request backwards; its cue is the candidate that now stands first."""
        order = request.order[::-1]
        backwards = {"order": order, "candidates": request.candidates[::-1]}
        return Changed(request.model_copy(update=backwards), (order[0],))
