"""AudioJudge: spoken chat-arena pairs in four presentations, and speech pairs with ground truth."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from mmjudge.cards import read_card
from mmjudge.sources.hub import media_cache
from mmjudge.sources.rows import data_file, missing_media, only_good, read_rows
from mmjudge.task import BadItem, PublishedRule, Recorded, Task
from mmjudge.types import (
    Candidate,
    Failure,
    Item,
    Media,
    Part,
    Preference,
    PreferenceGold,
    PreferenceValue,
    ProtocolName,
    Record,
    TaskSpec,
)

from .public import SOUNDS, public_items
from .published import RULES

SPOKEN = "chatbotarena_spoken_verdicts.jsonl"
RUNS = "audio_pair_verdicts.jsonl"
DATASET = "chatbotarena_spoken"
CONDITIONS = ("text-text", "audio-text", "audio-audio", "transcript")
LABELS: dict[str, PreferenceValue] = {"1": "first", "2": "second", "tie": "tie"}
LETTERS: dict[str, PreferenceValue] = {"A": "first", "B": "second", "C": "tie"}
SWAPPED: dict[PreferenceValue, PreferenceValue] = {"first": "second", "second": "first"}
PLACEHOLDER = "(not in this recording"
UNPARSED = Failure(reason="ambiguous", detail="the authors could not parse the reply")
Label = Literal["1", "2", "tie"]


class Spoken(Record):
    """One pass over the spoken pairs: a letter for each, D where the reply was not parsed."""

    judge: str
    modality: Literal["text-text", "audio-text", "audio-audio", "wpbase-wpbase"]
    order: Literal["AB", "BA"]
    n: int
    verdicts: str = Field(pattern=r"^[ABCD]+$")

    @property
    def condition(self) -> str:
        """What the modality is called here."""
        return "transcript" if self.modality == "wpbase-wpbase" else self.modality


class Run(Record):
    """One run with ground truth: rows of pair, ground truth, prediction."""

    source: str
    group: str
    dataset: str
    judge: str
    n: int
    rows: tuple[tuple[str, Label, Label], ...]

    @property
    def name(self) -> str:
        """A readable name that differs from that of every other run.

        What all runs share (standard_cot, the judge's name once more) is left out.
        """
        stem = Path(self.source).stem.removeprefix(f"{self.dataset}_standard_cot_")
        stem = stem.removesuffix("_" + self.judge.replace("-", "_"))
        words = stem.replace("fewshot_", "examples_").replace("_", "-")
        group = self.group.removeprefix("results").strip("_")
        return "/".join(filter(None, (self.judge, self.dataset, group, words)))


class AudioJudge(Task):
    """Spoken pairs and speech pairs, from the two recordings; without data, from the Hub."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    @property
    def root(self) -> Path | None:
        """Where relative media references start: the cache, for the public copy."""
        return media_cache() if self.data is None else super().root

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the spoken pairs, condition by condition, then those with ground truth."""
        if self.data is None:
            yield from public_items()
            return
        rows = list(read_rows(data_file(self, SPOKEN), Spoken))
        yield from (row for row in rows if isinstance(row, BadItem))
        passes = [row for row in rows if isinstance(row, Spoken)]
        for condition in CONDITIONS:
            n = max((len(p.verdicts) for p in passes if p.condition == condition), default=0)
            for pair in range(n):
                yield self._marked(_spoken_item(pair, condition))
        seen: set[tuple[str, str]] = set()
        for run in read_rows(data_file(self, RUNS), Run):
            if isinstance(run, BadItem):
                yield run
                continue
            for pair_id, label, _ in run.rows:
                if (run.dataset, pair_id) not in seen:
                    seen.add((run.dataset, pair_id))
                    yield self._marked(_run_item(run.dataset, pair_id, label))

    def _marked(self, item: Item) -> Item:
        """The item with what it lacks: text that is nowhere, or sound that is not in the folder."""
        parts = [*item.prompt, *(part for c in item.candidates for part in c.parts)]
        if any(isinstance(part, str) and part.startswith(PLACEHOLDER) for part in parts):
            absent: str | None = "question or responses (the public copy has them: give no data)"
        else:
            absent = missing_media(self, parts)
        return item.model_copy(update={"absent": absent})

    def recorded_judges(self) -> tuple[str, ...]:
        """The judge of the spoken pairs, then every run by its name; none without a recording."""
        if self.data is None:
            return ()
        spoken = {p.judge for p in only_good(read_rows(data_file(self, SPOKEN), Spoken))}
        return (*sorted(spoken), *(run.name for run in self._runs()))

    def recorded(self, judge: str) -> Iterator[Recorded]:
        """Yield the verdicts of a judge, in item order."""
        run = next((run for run in self._runs() if run.name == judge), None)
        if run is not None:
            yield from _run_replies(run)
            return
        passes = [
            p for p in only_good(read_rows(data_file(self, SPOKEN), Spoken)) if p.judge == judge
        ]
        if not passes:
            yield from super().recorded(judge)
        for spoken in passes:
            yield from _spoken_replies(spoken)

    def _runs(self) -> Iterator[Run]:
        return only_good(read_rows(data_file(self, RUNS), Run))

    def published(self) -> tuple[PublishedRule, ...]:
        """The authors' shares of consistent and of position-bound verdicts."""
        return RULES


def _spoken_item(pair: int, condition: str) -> Item:
    name = f"{pair:04d}"
    spoken_prompt = condition in ("audio-text", "audio-audio")
    spoken_response = condition == "audio-audio"

    def part(what: str, spoken: bool) -> Part:
        if spoken:
            return Media(modality="audio", uri=f"{DATASET}/{name}/{what}.wav")
        source = "transcript by speech recognition" if condition == "transcript" else "text"
        return f"{PLACEHOLDER}: AudioJudge {DATASET}, pair {pair}, {what}, {source})"

    sides = {False: "text", True: "audio"}
    return Item(
        id=f"{name}/{condition}",
        prompt=(part("question", spoken_prompt),),
        candidates=(
            Candidate(id="a", parts=(part("response_a", spoken_response),)),
            Candidate(id="b", parts=(part("response_b", spoken_response),)),
        ),
        strata={
            "dataset": DATASET,
            "condition": condition,
            "pair": name,
            "modality": f"{sides[spoken_prompt]}->{sides[spoken_response]}",
        },
    )


def _run_item(dataset: str, pair: str, label: Label) -> Item:
    def sound(what: str) -> Media:
        return Media(modality="audio", uri=f"{dataset}/{pair}/{what}.wav")

    arena = dataset.startswith("chatbotarena")
    return Item(
        id=f"{dataset}/{pair}",
        prompt=(sound("question"),) if arena else (SOUNDS,),
        candidates=(
            Candidate(id="1", parts=(sound("audio1"),)),
            Candidate(id="2", parts=(sound("audio2"),)),
        ),
        gold={"overall": PreferenceGold(value=LABELS[label])},
        strata={
            "dataset": dataset,
            "modality": "audio->audio" if arena else "text->audio",
        },
    )


def _spoken_replies(spoken: Spoken) -> Iterator[Recorded]:
    swapped = spoken.order == "BA"
    for pair, letter in enumerate(spoken.verdicts):
        shown = LETTERS.get(letter)
        verdict = None
        if shown is not None:
            verdict = Preference(value=SWAPPED.get(shown, shown) if swapped else shown)
        yield Recorded(
            item=f"{pair:04d}/{spoken.condition}",
            criterion="overall",
            protocol="pair",
            order=("b", "a") if swapped else ("a", "b"),
            condition=spoken.condition,
            verdict=verdict,
            failure=UNPARSED if verdict is None else None,
        )


def _run_replies(run: Run) -> Iterator[Recorded]:
    for pair, _, prediction in run.rows:
        yield Recorded(
            item=f"{run.dataset}/{pair}",
            criterion="overall",
            protocol="pair",
            verdict=Preference(value=LABELS[prediction]),
        )
