"""GenAI-Bench: pairs of generated and edited images with a human vote in four classes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from mmjudge.cards import read_card
from mmjudge.errors import TaskError
from mmjudge.sources.hub import HubName, hub_rows, keep_media
from mmjudge.sources.rows import data_file, only_good, read_rows
from mmjudge.task import BadItem, PublishedRule, Recorded, Task
from mmjudge.types import (
    Candidate,
    Failure,
    Item,
    Media,
    Parts,
    PreferenceGold,
    PreferenceValue,
    ProtocolName,
    Record,
    TaskSpec,
)

from .published import accuracy

Vote = Literal["leftvote", "rightvote", "tievote", "bothbad_vote"]

GOLD: dict[Vote, PreferenceValue] = {
    "leftvote": "first",
    "rightvote": "second",
    "tievote": "both_good",
    "bothbad_vote": "both_bad",
}
SUBSETS = {"image_generation": "image_generation", "image_edition": "image_editing"}
HUB = "TIGER-Lab/GenAI-Bench"
SPLIT = "test_v1"
SAMPLE = "raw_responses_sample.jsonl"
NO_VERDICT = Failure(reason="ambiguous", detail="recording holds no verdict")


class Row(Record):
    """A line of `image_generation.jsonl` or `image_edition.jsonl`."""

    task: Literal["image_generation", "image_edition"]
    idx: int
    prompt: str = ""
    source_prompt: str = ""
    target_prompt: str = ""
    instruct_prompt: str = ""
    human_vote: Vote
    votes: dict[str, tuple[str | None, int]]


class WholeReply(Record):
    """A line of `raw_responses_sample.jsonl`."""

    task: Literal["image_generation", "image_edition", "video_generation"]
    judge: str
    idx: int
    response: str
    model_vote: str | None
    human_vote: Vote
    correct: bool


class GenaiBench(Task):
    """GenAI-Bench; without data, the public copy on the Hub."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    @property
    def root(self) -> Path | None:
        """Where relative media references start: the cache, for the public copy."""
        from mmjudge.sources.hub import media_cache

        return media_cache() if self.data is None else super().root

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the pairs of both subsets, generation first."""
        if self.data is None:
            yield from self._public()
            return
        for name in SUBSETS:
            for row in read_rows(data_file(self, f"{name}.jsonl"), Row):
                yield row if isinstance(row, BadItem) else _recorded_item(row)

    def _public(self) -> Iterator[Item | BadItem]:
        hub = HubName(HUB, self.spec.card.revision)
        for subset in SUBSETS:
            for place, row in enumerate(hub_rows(hub, subset, SPLIT)):
                yield public_item(subset, place, row)

    def recorded_judges(self) -> tuple[str, ...]:
        """The judges of `votes`, and NAME/raw for those with whole replies."""
        if self.data is None:
            return ()
        rows = only_good(read_rows(data_file(self, "image_generation.jsonl"), Row))
        first = next(rows, None)
        names = sorted(first.votes) if first else []
        raw = {f"{line.judge}/raw" for line in self._whole_replies()}
        return (*names, *sorted(raw))

    def recorded(self, judge: str) -> Iterator[Recorded]:
        """Yield the verdicts of a judge as the authors matched them, or its whole replies."""
        if judge not in self.recorded_judges():
            yield from super().recorded(judge)
        if judge.endswith("/raw"):
            for line in self._whole_replies():
                if line.judge == judge.removesuffix("/raw") and line.task in SUBSETS:
                    yield _line(line.task, line.idx, line.response)
            return
        for name in SUBSETS:
            for row in only_good(read_rows(data_file(self, f"{name}.jsonl"), Row)):
                yield _line(row.task, row.idx, row.votes[judge][0])

    def _whole_replies(self) -> Iterator[WholeReply]:
        if self.data is not None and (self.data / SAMPLE).is_file():
            yield from only_good(read_rows(self.data / SAMPLE, WholeReply))

    def published(self) -> tuple[PublishedRule, ...]:
        """The authors' accuracy."""
        return (PublishedRule("genai_bench.accuracy", accuracy),)


def _line(subset: str, idx: int, text: str | None) -> Recorded:
    failure = NO_VERDICT if text is None else None
    item = f"{SUBSETS[subset]}/{idx}"
    return Recorded(item=item, criterion="overall", protocol="pair", text=text, failure=failure)


def _recorded_item(row: Row) -> Item:
    def media(column: str) -> Media:
        uri = f"hf://datasets/{HUB}/{row.task}/{SPLIT}/{row.idx}/{column}"
        return Media(modality="image", uri=uri)

    edit = row.task == "image_edition"
    columns = ("left_output_image", "right_output_image") if edit else ("left_image", "right_image")
    prompt: Parts = (row.prompt,)
    if edit:
        prompt = _edit_prompt(row.model_dump(), media("source_image"))
    sides = (media(columns[0]), media(columns[1]))
    item = _item(row.task, row.idx, prompt, sides, row.human_vote)
    return item.model_copy(update={"absent": "images (the public copy has them: give no data)"})


def public_item(subset: str, place: int, row: dict[str, Any]) -> Item | BadItem:
    """The item of a row of the Hub dataset, media undecoded."""
    where = f"{HUB} {subset}/{SPLIT} row {place}"
    edit = subset == "image_edition"
    middle = "output_image" if edit else "image"
    try:
        sides = [
            keep_media(row.get(f"{side}_{middle}"), "image", f"{where}: {side}_{middle}")
            for side in ("left", "right")
        ]
        prompt: Parts = (str(row["prompt"]),) if not edit else ()
        if edit:
            source = keep_media(row.get("source_image"), "image", f"{where}: source_image")
            prompt = _edit_prompt(row, source)
        vote = row["vote_type"]
        if vote not in GOLD:
            raise TaskError(f"vote_type: one of {sorted(GOLD)} is needed, found {vote!r}")
    except KeyError as error:
        problem = f"column {error} is missing; found {sorted(row)}"
        return BadItem(id=f"{SUBSETS[subset]}/{place}", where=where, problem=problem)
    except TaskError as error:
        return BadItem(id=f"{SUBSETS[subset]}/{place}", where=where, problem=str(error))
    systems = (row.get("left_model"), row.get("right_model"))
    return _item(subset, place, prompt, (sides[0], sides[1]), vote, systems)


def _edit_prompt(row: dict[str, Any], source: Media) -> Parts:
    return (
        "Edit this image:",
        source,
        f"Instruction: {row['instruct_prompt']}",
        f"What the image shows: {row['source_prompt']}",
        f"What it should show then: {row['target_prompt']}",
    )


def _item(
    subset: str,
    idx: int,
    prompt: Parts,
    sides: tuple[Media, Media],
    vote: Vote,
    systems: tuple[str | None, str | None] = (None, None),
) -> Item:
    return Item(
        id=f"{SUBSETS[subset]}/{idx}",
        prompt=prompt,
        candidates=(
            Candidate(id="left", parts=(sides[0],), system=systems[0]),
            Candidate(id="right", parts=(sides[1],), system=systems[1]),
        ),
        gold={"overall": PreferenceGold(value=GOLD[vote])},
        strata={
            "subset": SUBSETS[subset],
            "modality": "text->image" if subset == "image_generation" else "text+image->image",
        },
    )
