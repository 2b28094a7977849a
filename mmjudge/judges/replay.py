"""Replies of a judge that was run elsewhere, or long ago."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, Self

from mmjudge.errors import JudgeError, unknown
from mmjudge.jsonl import BadLine, read_records
from mmjudge.judges.base import EVERY_PROTOCOL, Judge, JudgeContext, MediaMap, take_options
from mmjudge.task import Recorded
from mmjudge.types import Failure, JudgeCard, Orders, Reply, Request

_Key = tuple[str, str, str, int, tuple[str, ...] | None, str | None, str | None]

REORDERED = "order_swapped"
"""The one probe that changes nothing but the order: a plain recording in that order answers it."""


class Replay(Judge):
    """The judge `replay:NAME` (recorded in the task's own data) or `replay:FILE` (JSONL).

    Unless the run says otherwise, it is asked as it was recorded: in the order of the file where
    the lines name none, in both orders where they name two. A request that was not recorded is a
    `Failure(infra)` that says so; it is never guessed. A line that cannot be read is reported with
    the first request that may have needed it.
    """

    takes_wordings = True

    def __init__(
        self, name: str, lines: Iterable[Recorded | BadLine], revision: str | None
    ) -> None:
        self._replies: dict[_Key, Recorded] = {}
        self.bad_lines: list[BadLine] = []
        scores = False
        shown: dict[_Key, int] = Counter()
        for line in lines:
            if isinstance(line, BadLine):
                self.bad_lines.append(line)
                continue
            key = (
                line.item,
                line.criterion,
                line.protocol,
                line.repeat,
                line.order,
                line.condition,
                line.probe,
            )
            if key in self._replies and self._replies[key] != line:
                raise JudgeError(
                    f"replay:{name}: two different replies to the same request: {_words(key)}; "
                    "keep one of the lines, or give each a repeat of its own, from 0"
                )
            self._replies[key] = line
            scores = scores or line.scores is not None
            if line.probe is None:
                shown[(*key[:4], None, line.condition, None)] += 1
        orders: Orders | None = "given" if all(key[4] is None for key in self._replies) else None
        if any(count > 1 for count in shown.values()):
            orders = "both"
        self.card = _card(name).model_copy(
            update={"revision": revision, "scale": "own" if scores else "task", "orders": orders}
        )

    @classmethod
    def open(cls, name: str, options: Mapping[str, Any], context: JudgeContext) -> Self:
        """Read the recording.

        Raises:
            JudgeError: Neither the task nor the disk has it.
        """
        take_options(f"replay:{name}", options, {})
        recorded = context.task.recorded_judges()
        if name in recorded:
            data = str(context.task.data) if context.task.data else "public"
            lines = (r for r in context.task.recorded(name) if r.protocol == context.protocol)
            return cls(name, lines, revision=_data_digest(context.task.data, data))
        path = context.folder / name
        if path.is_file():
            return cls(name, read_records(path, Recorded), revision=_file_digest(path))
        hint = " (recordings lie in a task's data: pass its folder as data)"
        known = unknown("recording", name, recorded) + ("" if recorded else hint)
        raise JudgeError(
            f"replay: {known}. Nor is there a file {str(path)!r}; "
            "a recording has one JSON object a line: item, criterion, protocol, order, text"
        )

    @classmethod
    def catalog(cls) -> Iterable[JudgeCard]:
        """One card for the kind; what a task has recorded is listed by `--task`."""
        return [_card("NAME_OR_FILE")]

    def judge(self, batch: Sequence[Request], media: MediaMap) -> list[Reply]:
        """Look up each request."""
        return [self._look_up(request) for request in batch]

    def knows(self, request: Request) -> bool:
        """Whether a reply to the request was recorded."""
        return any(key in self._replies for key in _keys(request))

    def _look_up(self, request: Request) -> Reply:
        for key in _keys(request):
            if key in self._replies:
                return _to_reply(self._replies[key])
        shown = [candidate.id for candidate in request.candidates]
        detail = (
            f"not recorded: item {request.item!r}, criterion {request.criterion.name!r}, "
            f"order {shown}, repeat {request.repeat}"
        )
        if request.probe:
            detail += f", probe {request.probe}"
        if self.bad_lines:
            first = self.bad_lines[0]
            detail += (
                f"; {len(self.bad_lines)} unreadable lines, first {first.where}: {first.problem}"
            )
        return Reply(error=Failure(reason="infra", detail=detail))


def _words(key: _Key) -> str:
    """A request as a line of a recording names it."""
    names = ("item", "criterion", "protocol", "repeat", "order", "condition", "probe")
    return ", ".join(
        f"{name} {value!r}" for name, value in zip(names, key, strict=True) if value is not None
    )


def _keys(request: Request) -> Iterator[_Key]:
    """The ways in which a recording may name a request, the most exact first."""
    shown = tuple(candidate.id for candidate in request.candidates)
    in_file_order = request.order == tuple(range(len(request.order)))
    conditions = tuple(dict.fromkeys((request.condition, None)))
    orders = (shown, None) if in_file_order else (shown,)
    probes = (request.probe, None) if request.probe == REORDERED else (request.probe,)
    for probe, condition, order in product(probes, conditions, orders):
        yield (
            request.item,
            request.criterion.name,
            request.protocol,
            request.repeat,
            order,
            condition,
            probe,
        )


def _to_reply(line: Recorded) -> Reply:
    if line.failure is not None:
        return Reply(error=line.failure)
    if line.verdict is not None:
        return Reply(verdict=line.verdict)
    if line.scores is not None:
        return Reply(scores=line.scores)
    if line.text is not None:
        return Reply(text=line.text)
    return Reply(error=Failure(reason="empty", detail="the recording has no reply here"))


def _card(name: str) -> JudgeCard:
    return JudgeCard(
        name=f"replay:{name}",
        summary="Recorded replies or verdicts: a name that the task knows, or a JSONL file.",
        protocols=EVERY_PROTOCOL,
        lookup=True,
        batch_size=256,
    )


def _file_digest(path: Path) -> str:
    import hashlib

    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()[:16]


def _data_digest(data: Path | None, name: str) -> str:
    """Hash of the task's data files, so that an edited recording is a changed judge."""
    import hashlib

    if data is None or not data.exists():
        return name
    files = [data] if data.is_file() else sorted(p for p in data.glob("*") if p.is_file())
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0" + _file_digest(path).encode())
    return digest.hexdigest()[:16]
