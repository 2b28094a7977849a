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


class Composer:
    """Draws items from chains.

    Args:
        seed: Of the wordings and of what is drawn.
        ways: Share of each direction among items.
    """

    def __init__(self, seed: str, ways: dict[str, float]) -> None:
        self.random, self.seed, self.ways, self.number = Random(seed), seed, ways, 0

    def pair(self, drawn: Chain) -> Judged:
        """Two candidates: one right, both right, or both a fact apart from the truth."""
        kind = self.random.choice(("one", "one", "both right", "both wrong", "one", "one"))
        at = self.random.randrange(1, LENGTH - 1) if kind == "both wrong" else None
        if kind == "both wrong":
            truth, shown = at or 1, [(at or 1) - 1, (at or 1) + 1]
        elif kind == "both right":
            truth = self.random.randrange(LENGTH)
            shown = [truth, truth]
        else:
            truth = self.random.randrange(LENGTH)
            near = [i for i in (truth - 1, truth + 1) if 0 <= i < LENGTH]
            shown = [truth, self.random.choice(near)]
        self.random.shuffle(shown)
        return self._judged(drawn, truth, shown, self._pair_questions(drawn, truth, shown))

    def _pair_questions(self, drawn: Chain, truth: int, shown: Sequence[int]) -> tuple[Asked, ...]:
        broken = [
            Counter(f.criterion for f in differences(drawn.scenes[truth], drawn.scenes[i]))
            for i in shown
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

    def rank(self, drawn: Chain) -> Judged:
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
        return self._judged(drawn, truth, shown, tuple(asked))

    def score(self, drawn: Chain) -> Judged:
        """One candidate with 0 to 4 facts broken."""
        broken = self.random.randrange(FACTS_BROKEN_MOST + 1)
        truth = 0 if self.random.random() < 0.5 else LENGTH - 1
        shown = abs(truth - broken)
        level = LABELS[FACTS_BROKEN_MOST - broken].split(" ")[0]
        asked = Asked(question("score", "overall"), "Score: [[", level, 1.0)
        return self._judged(drawn, truth, [shown], (asked,))

    def _judged(
        self, drawn: Chain, truth: int, shown: Sequence[int], asked: tuple[Asked, ...]
    ) -> Judged:
        (way,) = self.random.choices(list(self.ways), list(self.ways.values()))
        source, _, made = way.partition("->")
        prompt = self._part(drawn, truth, source)
        looks: Counter[int] = Counter()
        first = self.random.randrange(LOOKS)
        candidates = []
        for place in shown:
            candidates.append(self._part(drawn, place, made, (first + looks[place]) % LOOKS))
            looks[place] += 1
        return Judged(prompt, tuple(candidates), asked)

    def _part(self, drawn: Chain, place: int, way: str, look: int | None = None) -> str | Seen:
        self.number += 1
        if way == "text":
            return caption(drawn.scenes[place], Stream(self.seed, "say", self.number))
        if look is None:
            look = self.random.randrange(LOOKS)
        return Seen(drawn.first + LOOKS * place + look)
