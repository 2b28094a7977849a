"""ProJudgeBench: solutions of scientific problems, each step right or with one of seven errors."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from mmjudge.cards import read_card
from mmjudge.errors import TaskError
from mmjudge.sources.hub import HubName
from mmjudge.sources.public_rows import HubTable, PublicRow, hub_media, marked, table_items
from mmjudge.task import BadItem, PublishedRule, Task
from mmjudge.types import Candidate, Item, Media, ProtocolName, StepsGold, TaskSpec

from .published import RULES

HUB = "julyai/ProJudgeBench"
ERRORS = {
    "numerical calculation error": "numerical calculation",
    "symbolic calculation error": "symbolic calculation",
    "visual interpretation error": "visual interpretation",
    "reasoning error": "reasoning",
    "knowledge error": "knowledge",
    "question understanding error": "question understanding",
    "no solution provided": "no solution",
}
"""What the annotators' words are called here; neither case nor spaces around them count."""
FIELDS = 4
"""What is said of a step: its text, 1 or 0 for right or wrong, the error's type, why."""


class Row(PublicRow):
    """A solution with what people found in its steps."""

    id: str | int
    subject: str
    data_type: str
    question: str
    image_paths: dict[str, str | None]
    process_evaluation: tuple[tuple[str | None, ...], ...]


class ProJudge(Task):
    """The table of solutions, and the images of their problems; without data, from the Hub."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the solutions in the order of the table."""
        hub = HubName(HUB, self.spec.card.revision)
        table = HubTable(hub, "test", files="**/test*.parquet")

        def made(place: int, row: Row, where: str) -> list[Item]:
            images = [path for path in row.image_paths.values() if path]
            shown = [hub_media(self, hub, str(PurePosixPath(p)), "image") for p in images]
            return [marked(self, _item(place, row, tuple(shown)))]

        return table_items(self, table, Row, made)

    def published(self) -> tuple[PublishedRule, ...]:
        """The authors' shares of steps judged right, and of errors named right by their type."""
        return RULES


def _item(place: int, row: Row, images: tuple[Media, ...]) -> Item:
    if not row.process_evaluation:
        raise TaskError("process_evaluation: a solution needs a step, found none")
    steps = [_step(number, said) for number, said in enumerate(row.process_evaluation, 1)]
    return Item(
        id=f"{place:04d}/{row.id}",
        prompt=(*images, row.question),
        candidates=(Candidate(id="solution", parts=tuple(text for text, _ in steps)),),
        gold={"process": StepsGold(errors=tuple(error for _, error in steps))},
        strata={
            "modality": "text+image->text" if images else "text->text",
            "discipline": row.subject.strip().lower(),
            "kind": row.data_type,
        },
    )


def _step(number: int, said: tuple[str | None, ...]) -> tuple[str, str | None]:
    """The text of a step, and what is wrong with it."""
    where = f"process_evaluation: step {number}"
    if len(said) != FIELDS or said[1] not in ("0", "1"):
        raise TaskError(f"{where}: text, 1 or 0, type, reason are needed, found {str(said)[:60]}")
    text = said[0] or ""
    if said[1] == "1":
        return text, None
    error = ERRORS.get((said[2] or "").strip().lower())
    if error is None:
        raise TaskError(f"{where}: type: one of {sorted(ERRORS)}, found {said[2]!r}")
    return text, error
