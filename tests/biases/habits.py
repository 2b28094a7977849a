"""Judges of one known habit, and what they are tried on."""

from collections.abc import Callable
from math import exp
from pathlib import Path
from random import Random

import mmjudge
from mmjudge.scoring.biases import Bias, biases
from mmjudge.scoring.table import Table
from mmjudge.task import Task
from mmjudge.types import Candidate, Item, Media, PreferenceGold, Reply, Request, ScoreGold
from tests.scoring.scoring_helpers import ListTask, Scripted, spec

N = 240
GOLDS = ("first", "second")
Habit = Callable[[Request, Random], int | None]


class Rooted(ListTask):
    """A list of items whose media lie in a folder."""

    def __init__(self, root: Path, items: list[Item]) -> None:
        Task.__init__(self, root)
        self.spec = spec("pair", modalities=("text", "image"))
        self.items = items


def texts(n: int = N, criteria: tuple[str, ...] = ("overall",)) -> ListTask:
    """Pairs of texts of one length; the better one says so."""
    items = []
    for i in range(n):
        gold = GOLDS[i % 2]
        said = ("right", "wrong") if gold == "first" else ("wrong", "right")
        candidates = tuple(
            Candidate(id=f"c{k}", parts=(f"answer {word} to {i}.",)) for k, word in enumerate(said)
        )
        value = {name: PreferenceGold.model_validate({"value": gold}) for name in criteria}
        facts = {"prompt": (f"p {i}",), "candidates": candidates, "gold": value}
        items.append(Item.model_validate({"id": str(i), **facts, "strata": {"half": str(i % 2)}}))
    return ListTask(spec("pair", criteria), items)


def pictures(root: Path, n: int = N) -> ListTask:
    """Texts about pictures: which caption fits the picture that is shown?"""
    from PIL import Image

    items = []
    for i in range(n):
        Image.new("RGB", (8, 8), (i, 0, 0)).save(root / f"{i}.png")
        picture = Media(modality="image", uri=f"{i}.png")
        gold = GOLDS[i % 2]
        said = (f"red {i}", f"red {i + 1000}")
        shown = said if gold == "first" else said[::-1]
        candidates = tuple(Candidate(id=f"c{k}", parts=(t,)) for k, t in enumerate(shown))
        value = {"overall": PreferenceGold.model_validate({"value": gold})}
        facts = {"prompt": ("which fits?", picture), "candidates": candidates, "gold": value}
        items.append(Item.model_validate({"id": str(i), **facts, "strata": {"modality": "i->t"}}))
    return Rooted(root, items)


def sounds(n: int = N) -> ListTask:
    """Equal pairs of two sounds, each beside a twin of two transcripts."""
    items = []
    for i in range(n):
        heard = [(Media(modality="audio", uri=f"{i}{k}.wav"),) for k in "ab"]
        for name, parts in ((f"{i}", heard), (f"{i}-twin", [(f"a {i}",), (f"b {i}",)])):
            candidates = tuple(Candidate(id=k, parts=p) for k, p in zip("ab", parts, strict=True))
            value = {"overall": PreferenceGold(value="tie")}
            facts = {"id": name, "prompt": ("p",), "candidates": candidates, "gold": value}
            items.append(Item.model_validate({**facts, "strata": {"twin": f"{i}"}}))
    return ListTask(spec("pair", modalities=("text", "audio")), items)


def scores(n: int = N) -> ListTask:
    """Texts whose score is known and stands in the prompt."""
    items = []
    for i in range(n):
        value = {"overall": ScoreGold(value=2 + i % 3)}
        candidates = (Candidate(id="c", parts=(f"answer of {2 + i % 3}.",)),)
        items.append(Item(id=str(i), prompt=(f"p {i}",), candidates=candidates, gold=value))
    return ListTask(spec("score"), items)


def text(request: Request, slot: int) -> str:
    return " ".join(part for part in request.candidates[slot].parts if isinstance(part, str))


def right(request: Request) -> int:
    """The slot of the candidate that says that it is right."""
    return 0 if "right" in text(request, 0) else 1


def chance(request: Request, habit: str) -> Random:
    """A coin that falls anew for every request, alike in every run."""
    return Random(f"2/{habit}/{request.item}/{request.probe}/{request.order}/{request.repeat}")


def judge(habit: Habit, **card: object) -> Scripted:
    """A judge of pairs that answers with the slot that the habit gives; None is a tie."""

    def answer(request: Request) -> Reply:
        slot = habit(request, chance(request, habit.__name__))
        return Reply(text="[[C]]" if slot is None else f"[[{'AB'[slot]}]]")

    return Scripted(answer, **card)


def longer(p: float) -> Habit:
    """Takes the longer with probability p, otherwise the right one."""

    def prefers_longer(request: Request, coin: Random) -> int:
        lengths = [len(text(request, slot)) for slot in (0, 1)]
        if lengths[0] != lengths[1] and coin.random() < p:
            return lengths.index(max(lengths))
        return right(request)

    return prefers_longer


def follows_authority(request: Request, coin: Random) -> int:
    cited = [slot for slot in (0, 1) if "Annual Review" in text(request, slot)]
    return cited[0] if cited else right(request)


def leans(b: float) -> Habit:
    """Adds b to the log-odds of the first slot; how sure it is differs from item to item."""

    def leans_first(request: Request, coin: Random) -> int:
        better = 1.5 * Random(request.item).random()
        odds = b + (better if right(request) == 0 else -better)
        return 0 if coin.random() < 1 / (1 + exp(-odds)) else 1

    return leans_first


def at_random(request: Request, coin: Random) -> int:
    return coin.randrange(2)


def measured(
    task: ListTask, by: Scripted | str, out: Path, probes: str, n_resamples: int = 400
) -> dict[str, Bias]:
    """The biases of a judge by probe, over all of a task's only criterion."""
    run = mmjudge.run(task=task, judge=by, out=out, probes=probes)
    return {one.probe: one for one in biases(Table.load(run.folder), n_resamples)}


def holds(bias: Bias, metric: str, value: float) -> bool:
    """Whether the interval of a figure holds a value."""
    figure = bias.figure(metric)
    assert figure is not None
    assert figure.ci95 is not None
    return figure.ci95[0] <= value <= figure.ci95[1]
