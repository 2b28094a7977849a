"""WebDevJudge: pairs of web pages for a request, as code, as a screenshot, or driven."""

import csv
import json
from collections.abc import Generator, Iterator
from pathlib import Path

from mmjudge.cards import read_card
from mmjudge.errors import TaskError
from mmjudge.sources.github import GithubName
from mmjudge.sources.hub import HubName
from mmjudge.sources.public_rows import HubTable, public_file, table_items
from mmjudge.sources.rows import absent_data, data_file, read_rows
from mmjudge.task import BadItem, PublishedRule, Task
from mmjudge.types import Item, ProtocolName, TaskSpec

from .pairs import ArenaRow, Category, LabelledRow, Pair
from .published import RULES
from .rubric import Checklists, read_rubrics
from .shown import Shown

HUB = HubTable(HubName("lmarena-ai/webdev-arena-preference-10k", "main"), "test")
GITHUB = GithubName("lcy2723/WebDevJudge", "2f37318276dcef7e38cdb8024e19a9fefccb1345")


class WebdevJudge(Task):
    """The pairs, in every way to show them that the data has; without data, code from the Hub."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the pairs in every way to show them, or their pages one by one."""
        if self.data is None:
            yield from self._public(protocol)
            return
        path = data_file(self, "all.jsonl", "data/all.jsonl")
        shown = Shown(self.root or path.parent, path.parent)
        known = _categories(path.with_name("category.csv"), "question_id")
        rubrics = yield from _rubrics(self, path.with_name("rubric.jsonl"), protocol)
        for row in read_rows(path, LabelledRow):
            if isinstance(row, BadItem):
                yield row
                continue
            try:
                category = known.get(row.question_id, Category())
                pair = Pair(row, row.label, category, shown, rubrics.get(row.question_id))
                yield from list(pair.items(protocol))
            except TaskError as error:
                yield BadItem(id=row.question_id, where=f"{path}", problem=str(error))

    def _public(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        if protocol == "checklist":
            raise absent_data(self, "rubric.jsonl, which the authors' data/process_rubric.py makes")
        labels = json.loads(public_file(self, GITHUB, "data/index2label.json").read_text())
        known = _categories(public_file(self, GITHUB, "data/index2category.csv"), "index")

        def items(place: int, row: ArenaRow, _: str) -> Iterator[Item]:
            name = str(place)
            if name in labels:
                pair = Pair(row, labels[name], known.get(name, Category()), None)
                yield from pair.items(protocol)

        yield from table_items(self, HUB, ArenaRow, items)

    def published(self) -> tuple[PublishedRule, ...]:
        """The authors' agreement and balanced accuracy, by way to show and by category."""
        return RULES


def _rubrics(
    task: Task, path: Path, protocol: ProtocolName
) -> Generator[BadItem, None, dict[str, Checklists]]:
    """The checklists of each request; lines that are none come in every protocol."""
    if path.is_file():
        found, bad = read_rubrics(path)
        yield from bad
        return found
    if protocol == "checklist":
        raise absent_data(task, "rubric.jsonl, which the authors' data/process_rubric.py makes")
    return {}


def _categories(path: Path, key: str) -> dict[str, Category]:
    """What each request is about, by its id or number; nothing where the file is not there."""
    if not path.is_file():
        return {}
    needed = (key, "category", "subcategory")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if missing := set(needed) - set(rows.fieldnames or ()):
                found = ", ".join(rows.fieldnames or ())
                raise TaskError(
                    f"{path}: columns {', '.join(needed)} are needed, found {found}; "
                    f"{sorted(missing)[0]} is missing"
                )
            return {row[key]: Category(row["category"], row["subcategory"]) for row in rows}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TaskError(f"{path}: cannot be read: {error}") from error
