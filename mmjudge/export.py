"""A run as a table: one row a judgment, with its item, gold, verdict and raw reply."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mmjudge.errors import MissingExtraError, MmjudgeError
from mmjudge.store.run_store import RunStore
from mmjudge.task import BadItem
from mmjudge.types import (
    Answers,
    AnyVerdict,
    Failure,
    Gold,
    Item,
    Judgment,
    Preference,
    Question,
    Ranking,
    RunHeader,
    Score,
    Steps,
)

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]
Format = Literal["jsonl", "parquet", "dataset"]
GROUP = 5000
"""Rows that are held at once: a row group of a parquet file."""

_TYPES = {
    "task": "string",
    "judge": "string",
    "item": "string",
    "criterion": "string",
    "protocol": "string",
    "order": "strings",
    "repeat": "int64",
    "probe": "string",
    "cue": "numbers",
    "verdict": "string",
    "score": "float64",
    "ranks": "numbers",
    "parts": "strings",
    "said": "strings",
    "gold_said": "strings",
    "failure": "string",
    "failure_detail": "string",
    "gold": "string",
    "correct": "bool_",
    "text": "string",
    "finish_reason": "string",
    "tokens_in": "int64",
    "tokens_out": "int64",
    "latency_s": "float64",
    "cost_usd": "float64",
    "strata": "string",
    "key": "string",
}
"""Columns of a parquet file, as pyarrow calls their types."""


def rows(folder: Path) -> Iterator[Row]:
    """Yield one row for each judgment, in the order in which they were stored.

    `order` holds the ids of the candidates as shown; `cue` what a probe's change pulls towards, as
    in `Judgment`; `verdict` is readable: a preference, a score, a ranking of ids, answers or wrong
    steps. `score` of a checklist is the share of its questions that are met. `parts` names its
    questions, or the steps of a solution from 1; `said` and `gold_said` are the answers, or the
    error of each step, None where it is right. `correct` says whether a preference is the gold's
    own class, all answers are the gold's, the first wrong step is; a failure is not, and it is None
    where there is no such gold.

    Raises:
        StoreError: The folder holds no readable run.
    """
    with RunStore.open(folder) as store:
        item_at = lru_cache(maxsize=1024)(store.item)
        for place, judgment in store.judgments():
            item = item_at(place)
            if isinstance(item, BadItem):
                raise MmjudgeError(f"{folder}: item {item.id!r} is unreadable and yet was judged")
            yield _row(store.header, item, judgment)


def _row(header: RunHeader, item: Item, judgment: Judgment) -> Row:
    outcome, reply = judgment.outcome, judgment.reply
    ids = [candidate.id for candidate in item.candidates]
    gold = item.gold.get(judgment.criterion)
    failure = outcome if isinstance(outcome, Failure) else None
    ranks = list(outcome.ranks) if isinstance(outcome, Ranking) else None
    questions = item.checklists.get(judgment.criterion, ())
    return {
        "task": header.task.label,
        "judge": header.judge.name,
        "item": judgment.item,
        "criterion": judgment.criterion,
        "protocol": judgment.protocol,
        "order": [ids[place] for place in judgment.order],
        "repeat": judgment.repeat,
        "probe": judgment.probe,
        "cue": list(judgment.cue),
        "verdict": None if failure else readable(outcome, ids),
        "score": _score(outcome, questions),
        "ranks": ranks,
        "parts": _parts(judgment, item, questions),
        "said": _said(outcome),
        "gold_said": _said(gold),
        "failure": failure.reason if failure else None,
        "failure_detail": failure.detail if failure else None,
        "gold": readable(gold, ids) if gold else None,
        "correct": _correct(gold, outcome),
        "text": reply.text,
        "finish_reason": reply.finish_reason,
        "tokens_in": reply.tokens_in,
        "tokens_out": reply.tokens_out,
        "latency_s": reply.latency_s,
        "cost_usd": reply.cost_usd,
        "strata": item.strata,
        "key": judgment.key,
    }


def readable(verdict: AnyVerdict | Failure | Gold, ids: list[str]) -> str:
    """A verdict in words: `first`, `4.5`, candidate ids as in `b > a = c`, answers, wrong steps.

    Example:
        >>> readable(Ranking(ranks=(2, 1, 2)), ["a", "b", "c"])
        'b > a = c'
        >>> readable(Answers(answers=("yes", "no")), ["a"])
        'yes, no'
        >>> readable(Steps(errors=(None, "visual", None)), ["a"])
        'wrong of 3: 2 visual'
    """
    match verdict:
        case Preference(value=value):
            return value
        case Score(value=score):
            return f"{score:g}"
        case Ranking(ranks=ranks):
            levels = sorted(set(ranks))
            return " > ".join(
                " = ".join(name for name, rank in zip(ids, ranks, strict=True) if rank == level)
                for level in levels
            )
        case Answers(answers=answers):
            return ", ".join(answers)
        case Steps(errors=errors):
            wrong = ", ".join(f"{n} {error}" for n, error in enumerate(errors, 1) if error)
            return f"wrong of {len(errors)}: {wrong}" if wrong else f"all {len(errors)} right"
    return f"{verdict.reason}: {verdict.detail}"


def met(questions: Sequence[Question], answers: Sequence[str]) -> list[bool]:
    """Which questions are met: answered as wanted, as is all that they build on.

    Example:
        >>> cup = Question(id="cup", text="A cup?")
        >>> red = Question(id="red", text="Is it red?", parents=("cup",))
        >>> met((cup, red), ("no", "yes")), met((cup, red), ("yes", "yes"))
        ([False, False], [True, True])
    """
    found: dict[str, bool] = {}
    for question, answer in zip(questions, answers, strict=True):
        above = all(found[parent] for parent in question.parents)
        found[question.id] = above and answer == question.wanted
    return list(found.values())


def _score(outcome: AnyVerdict | Failure, questions: Sequence[Question]) -> float | None:
    match outcome:
        case Score(value=value):
            return value
        case Answers(answers=answers) if questions:
            return sum(met(questions, answers)) / len(questions)
    return None


def _parts(judgment: Judgment, item: Item, questions: Sequence[Question]) -> list[str] | None:
    """Names of what a verdict says something of one by one."""
    if judgment.protocol == "checklist":
        return [question.id for question in questions]
    if judgment.protocol == "steps":
        return [str(number) for number, _ in enumerate(item.candidates[0].parts, 1)]
    return None


def _said(verdict: AnyVerdict | Failure | Gold | None) -> list[str | None] | None:
    match verdict:
        case Answers(answers=answers):
            return list(answers)
        case Steps(errors=errors):
            return list(errors)
    return None


def _correct(gold: Gold | None, outcome: AnyVerdict | Failure) -> bool | None:
    if not isinstance(gold, Preference | Answers | Steps):
        return None
    match outcome:
        case Failure():
            return False
        case Preference(value=value) if isinstance(gold, Preference):
            return value == gold.value
        case Answers(answers=answers) if isinstance(gold, Answers):
            return answers == gold.answers
        case Steps() if isinstance(gold, Steps):
            return outcome.first_wrong == gold.first_wrong
    return None


def export_run(folder: Path, form: Format, out: Path) -> int:
    """Write a run to a file, or as a `datasets` dataset to a folder.

    Rows are streamed: memory does not grow with the run. What is there is replaced only when the
    new file is complete.

    Returns:
        Number of rows.

    Raises:
        MmjudgeError: There is no run, `out` cannot be written, or a library is missing.
    """
    with RunStore.open(folder):
        pass
    write = {"jsonl": _write_jsonl, "parquet": _write_parquet, "dataset": _write_dataset}[form]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        return write(rows(folder), out)
    except OSError as error:
        raise MmjudgeError(f"{out}: cannot be written: {error}") from error


def _write_jsonl(table: Iterable[Row], out: Path) -> int:
    def write(part: Path) -> int:
        count = 0
        with part.open("w", encoding="utf-8", newline="\n") as lines:
            for row in table:
                # ASCII escapes take what UTF-8 cannot hold: a lone surrogate comes back as itself.
                lines.write(json.dumps(row) + "\n")
                count += 1
        return count

    return _complete(out, write)


def _write_parquet(table: Iterable[Row], out: Path) -> int:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError("a parquet file", "pyarrow", "all") from error

    def write(part: Path) -> int:
        count, left = 0, iter(table)
        with pq.ParquetWriter(part, _schema(pa)) as writer:
            while group := [_flat(row) for row in islice(left, GROUP)]:
                writer.write_table(pa.Table.from_pylist(group, schema=_schema(pa)))
                count += len(group)
        return count

    return _complete(out, write)


def _write_dataset(table: Iterable[Row], out: Path) -> int:
    """A folder that `datasets.load_from_disk` reads, built from a parquet file beside it."""
    try:
        from datasets import Dataset, disable_progress_bars
    except ImportError as error:
        raise MissingExtraError("a dataset", "datasets", "all") from error
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise MmjudgeError(f"{out}: is there already; a dataset needs a new or empty folder")
    disable_progress_bars()
    scratch = out.with_name(f".{out.name}.{os.getpid()}")
    source = scratch / "rows.parquet"
    scratch.mkdir(parents=True)
    try:
        count = _write_parquet(table, source)
        dataset = Dataset.from_parquet(str(source), cache_dir=str(scratch / "cache"))
        dataset.save_to_disk(str(out))
    finally:
        _remove(scratch)
    return count


def _complete(out: Path, write: Callable[[Path], int]) -> int:
    """Write beside the target and put it in place when it is whole."""
    if out.is_dir():
        raise MmjudgeError(f"{out}: is a folder; a file is needed")
    part = out.with_name(f"{out.name}.{os.getpid()}.part")
    try:
        count = write(part)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return count


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def _schema(pa: Any) -> "pa.Schema":
    lists = {"strings": pa.list_(pa.string()), "numbers": pa.list_(pa.float64())}
    return pa.schema([(name, lists.get(t) or getattr(pa, t)()) for name, t in _TYPES.items()])


def _flat(row: Row) -> Row:
    """A row whose strata are JSON, since axes differ between tasks, in text that UTF-8 can hold."""
    flat = {**row, "strata": json.dumps(row["strata"], ensure_ascii=False)}
    flat["order"] = [_utf8(name) for name in row["order"]]
    for name in ("parts", "said", "gold_said"):
        flat[name] = flat[name] and [word and _utf8(word) for word in flat[name]]
    return {name: _utf8(value) if isinstance(value, str) else value for name, value in flat.items()}


def _utf8(text: str) -> str:
    r"""Text whose lone surrogates are written as `\udXXX`; all other text is left as it is."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
