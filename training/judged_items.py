"""Items to train a chat judge on: prompts, candidates and answers, composed from chains of scenes.

A chain is scenes, each a fact further than the one before, each drawn twice. Any scene
of it may be the truth, so a few pictures make many items: pairs, ranks and scores with the gold
that `mmjudge.scenes` would give.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations
from random import Random
from typing import NamedTuple

from mmjudge.scenes.edits import chain
from mmjudge.scenes.facts import CRITERIA, Still, differences
from mmjudge.scenes.levels import LEVELS, LevelName
from mmjudge.scenes.questions import FACTS_BROKEN_MOST, LABELS
from mmjudge.scenes.sampling import sample
from mmjudge.scenes.stream import Stream
from mmjudge.scenes.texts import caption
from training.judge_tokens import question

LENGTH, LOOKS = 5, 2
"""Scenes in a chain, and pictures of each."""

STRANGER = 0
"""Facts apart, in name: a scene that has nothing to do with the other."""


class Chain(NamedTuple):
    """Scenes in a row; pictures of scene i have the numbers `first + LOOKS * i` and the next."""

    scenes: tuple[Still, ...]
    level: LevelName
    first: int


class Seen(NamedTuple):
    """A picture by its number, in the place of a part."""

    number: int


class Asked(NamedTuple):
    """A question about an item, its anchor, and the word that the answer begins with."""

    question: str
    anchor: str
    answer: str
    weight: float


class Judged(NamedTuple):
    """An item: its prompt and candidates, each a text or a picture, and what is asked."""

    prompt: str | Seen
    candidates: tuple[str | Seen, ...]
    asked: tuple[Asked, ...]


def chains(seed: str, level: LevelName, count: int, first: int = 0) -> Iterator[Chain]:
    """Chains of a level; the pictures of the first have the numbers from `first` on."""
    made = number = 0
    while made < count:
        stream = Stream(seed, level, number)
        number += 1
        criterion = stream.choice(CRITERIA["still"])
        try:
            start = sample("still", LEVELS[level], stream.fork("scene"), criterion)
            found = chain(start, LENGTH - 1, LEVELS[level], stream.fork("edit"), criterion).scenes
        except ValueError:  # no fact is left that could be edited
            continue
        stills = tuple(scene for scene in found if isinstance(scene, Still))
        yield Chain(stills, level, first + made * LENGTH * LOOKS)
        made += 1


Shown = tuple[Chain, int]
"""A scene by its chain and its place there."""


class Composer:
    """Draws items from chains.

    Args:
        seed: Of the wordings and of what is drawn.
        ways: Share of each direction among items.

    Attributes:
        steps: How many facts apart the candidates of a pair are, all equally often.
    """

    def __init__(self, seed: str, ways: dict[str, float]) -> None:
        self.random, self.seed, self.ways, self.number = Random(seed), seed, ways, 0
        self.steps: tuple[int, ...] = (1,)

    def pair(self, drawn: Chain, other: Chain) -> Judged:
        """Two candidates: one right, both right, or both a fact apart from the truth.

        Args:
            drawn: Where the truth is from.
            other: Where a stranger is from.
        """
        apart = self.random.choice(self.steps)
        kind = self.random.choice(("one", "one", "both right", "both wrong", "one", "one"))
        if kind == "both wrong" and apart in (1, 2):
            truth = self.random.randrange(apart, LENGTH - apart)
            shown = [(drawn, truth - apart), (drawn, truth + apart)]
        else:
            truth = self.random.randrange(LENGTH)
            near = [(drawn, i) for i in range(LENGTH) if abs(i - truth) == apart]
            wrong = (other, truth) if apart == STRANGER or not near else self.random.choice(near)
            shown = [(drawn, truth), (drawn, truth) if kind.startswith("both") else wrong]
        self.random.shuffle(shown)
        return self._judged(drawn, truth, shown, self._pair_questions(drawn, truth, shown))

    def _pair_questions(
        self, drawn: Chain, truth: int, shown: Sequence[Shown]
    ) -> tuple[Asked, ...]:
        if any(source is not drawn for source, _ in shown):
            answer = "A" if shown[0][0] is drawn else "B"
            return (Asked(question("pair", "overall"), "Verdict: [[", answer, 2.0),)
        broken = [
            Counter(f.criterion for f in differences(drawn.scenes[truth], drawn.scenes[i]))
            for _, i in shown
        ]
        found = [self._verdict("overall", broken[0].total(), broken[1].total(), 2.0)]
        names = {c for one in broken for c in one}
        if "existence" not in names:
            kept = {f.criterion for f in drawn.scenes[truth].facts()} - {"existence"}
            names |= set(self.random.sample(sorted(kept), 1))
        found += [self._verdict(c, broken[0][c], broken[1][c], 0.7) for c in sorted(names)]
        return tuple(found)

    @staticmethod
    def _verdict(criterion: str, first: int, second: int, weight: float) -> Asked:
        answer = "tie" if first == second else "A" if first < second else "B"
        return Asked(question("pair", criterion), "Verdict: [[", answer, weight)

    def rank(self, drawn: Chain, _: Chain) -> Judged:
        """Four candidates with 0 to 3 facts broken, compared two by two."""
        order = sorted(range(LENGTH), reverse=self.random.random() < 0.5)
        start = self.random.randrange(LENGTH - 3)
        truth, shown = order[start], order[start : start + 4]
        self.random.shuffle(shown)
        labels = "ABCD"
        asked = []
        for i, j in combinations(range(4), 2):
            better = i if abs(shown[i] - truth) < abs(shown[j] - truth) else j
            text = question("rank", "overall", (labels[i], labels[j]))
            asked.append(Asked(text, "Verdict: [[", labels[better], 0.7))
        return self._judged(drawn, truth, [(drawn, i) for i in shown], tuple(asked))

    def score(self, drawn: Chain, _: Chain) -> Judged:
        """One candidate with 0 to 4 facts broken."""
        broken = self.random.randrange(FACTS_BROKEN_MOST + 1)
        truth = 0 if self.random.random() < 0.5 else LENGTH - 1
        shown = abs(truth - broken)
        level = LABELS[FACTS_BROKEN_MOST - broken].split(" ")[0]
        asked = Asked(question("score", "overall"), "Score: [[", level, 1.0)
        return self._judged(drawn, truth, [(drawn, shown)], (asked,))

    def _judged(
        self, drawn: Chain, truth: int, shown: Sequence[Shown], asked: tuple[Asked, ...]
    ) -> Judged:
        (way,) = self.random.choices(list(self.ways), list(self.ways.values()))
        source, _, made = way.partition("->")
        prompt = self._part(drawn, truth, source)
        look = self.random.randrange(LOOKS)
        candidates = []
        for number, (chained, place) in enumerate(shown):
            again = (chained, place) in shown[:number]
            candidates.append(self._part(chained, place, made, (look + again) % LOOKS))
        return Judged(prompt, tuple(candidates), asked)

    def _part(self, drawn: Chain, place: int, way: str, look: int | None = None) -> str | Seen:
        self.number += 1
        if way == "text":
            return caption(drawn.scenes[place], Stream(self.seed, "say", self.number))
        if look is None:
            look = self.random.randrange(LOOKS)
        return Seen(drawn.first + LOOKS * place + look)
