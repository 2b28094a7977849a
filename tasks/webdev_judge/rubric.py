"""Rubric trees of requests, as the authors' script has a model write them, as checklists.

A tree has three branches. Its leaves are the questions; the nodes above a leaf only group them, so
no question depends on another.

Reference: lcy2723/WebDevJudge 2f37318, data/process_rubric.py and prompts/rubric_generation.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import Field

from mmjudge.sources.public_rows import PublicRow
from mmjudge.sources.rows import read_rows
from mmjudge.task import BadItem
from mmjudge.types import Question


class Node(PublicRow):
    """A node of a tree: a group where it has children, else what is asked."""

    description: str = Field(min_length=1)
    children: tuple[Node, ...] | None = None


class Branches(PublicRow):
    """The three branches of a tree, which are the criteria."""

    intention: Node
    static: Node
    dynamic: Node


BRANCHES = tuple(Branches.model_fields)


class RubricRow(PublicRow):
    """A line of `rubric.jsonl`; a reply of the model that was no tree has none."""

    question_id: str
    rubric_tree: Branches | None


Checklists = Mapping[str, tuple[Question, ...]]


def read_rubrics(path: Path) -> tuple[dict[str, Checklists], list[BadItem]]:
    """The checklists of each request, by its id, and the lines that are none.

    Raises:
        TaskError: The file cannot be read.
    """
    found: dict[str, Checklists] = {}
    bad: list[BadItem] = []
    for row in read_rows(path, RubricRow):
        if isinstance(row, BadItem):
            bad.append(row)
        elif row.rubric_tree is not None:
            tree = row.rubric_tree
            found[row.question_id] = {
                name: tuple(_questions(getattr(tree, name))) for name in BRANCHES
            }
    return found, bad


def _questions(branch: Node) -> Iterator[Question]:
    """The leaves of a branch, each with the groups that it stands in."""
    for number, (groups, leaf) in enumerate(_leaves(branch, ()), 1):
        where = " / ".join(groups)
        asked = f"{where}: {leaf.description}" if where else leaf.description
        yield Question(
            id=str(number), text=f"Is this so? {asked}", kind=groups[0] if groups else ""
        )


def _leaves(node: Node, groups: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Node]]:
    for child in node.children or ():
        if child.children:
            yield from _leaves(child, (*groups, child.description.rstrip(".")))
        else:
            yield groups, child
