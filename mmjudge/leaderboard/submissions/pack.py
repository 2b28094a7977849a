"""From runs to a submission: a folder of meta.yaml, run.json and the judgments."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmjudge.errors import MmjudgeError, StoreError, without_secrets
from mmjudge.leaderboard.submissions.submission import (
    FORMAT,
    JSONL,
    META,
    RUN,
    UNSAID,
    JudgmentLine,
    SubmittedRun,
)
from mmjudge.store.run_store import RunStore
from mmjudge.types import Judgment, RunHeader

_HINTS = {
    "judge": "the name in the table",
    "revision": "as in run.json; for a hosted judge its version or date",
    "licence": "of the judge: Apache-2.0, proprietary, ...",
    "contact": "an e-mail address, an https link or @name",
    "training_data": "known: all, part or none; overlaps: tasks whose items it was trained on",
    "links": "https only",
}


def pack(runs: Sequence[Path], out: Path, said: Mapping[str, Any] | None = None) -> int:
    """Write a submission of one judge's runs; the same runs give the same bytes.

    Args:
        runs: Folders of runs, each of another task or protocol.
        out: A new or empty folder.
        said: What only the submitter knows: fields of `meta.yaml`.

    Returns:
        Number of judgments.

    Raises:
        MmjudgeError: Runs of several judges, two of one task and protocol, an option of the judge
            that may hold a key, or a folder that cannot be written.
    """
    headers = [_header(run) for run in runs]
    _check(runs, headers)
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise MmjudgeError(f"{out}: holds files already; a new or empty folder is needed")
        count = _write_judgments(runs, out / JSONL)
        submitted = [_submitted(header).model_dump(mode="json") for header in headers]
        content = {"format": FORMAT, "runs": submitted}
        (out / RUN).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        (out / META).write_text(_meta(headers[0], said or {}), encoding="utf-8")
    except OSError as error:
        raise MmjudgeError(f"{out}: cannot be written: {error}") from error
    return count


def _header(run: Path) -> RunHeader:
    with RunStore.open(run) as store:
        return store.header


def _submitted(header: RunHeader) -> SubmittedRun:
    return SubmittedRun(
        task=header.task.label,
        judge=header.judge,
        settings=header.settings,
        probes={card.name: card.version for card in header.probes},
        packages=header.packages,
        git_commit=header.git_commit,
    )


def _check(runs: Sequence[Path], headers: Sequence[RunHeader]) -> None:
    first = headers[0].judge
    seen: dict[tuple[str, str], Path] = {}
    for run, header in zip(runs, headers, strict=True):
        for name in ("name", "revision", "params"):
            mine, theirs = getattr(first, name), getattr(header.judge, name)
            if mine != theirs:
                raise StoreError(
                    f"{run}: judge.{name} is {theirs!r}, and {mine!r} in {runs[0]}; "
                    "a submission is of one judge: pack each into a folder of its own"
                )
        asked = header.task.label, header.settings.protocol
        if asked in seen:
            raise StoreError(
                f"{run}: of {asked[0]} by {asked[1]}, as is {seen[asked]}; leave one out"
            )
        seen[asked] = run
    params = json.dumps(first.params, default=str)
    if params != without_secrets(params):
        raise MmjudgeError(
            f"{runs[0]}: judge.params holds an address with user, password or query, which may be "
            "a key; run the judge with a plain address, and the key in the environment"
        )


def _write_judgments(runs: Sequence[Path], path: Path) -> int:
    import pyarrow as pa

    count = 0
    with pa.output_stream(str(path), compression="zstd") as stream:
        for place, run in enumerate(runs):
            with RunStore.open(run) as store:
                for _, judgment in store.judgments():
                    line = _line(place, judgment).model_dump_json(exclude_none=True)
                    stream.write(line.encode() + b"\n")
                    count += 1
    return count


def _line(run: int, judgment: Judgment) -> JudgmentLine:
    facts = {name: getattr(judgment, name) for name in ("key", "item", "criterion", "order")}
    return JudgmentLine(
        run=run, **facts, repeat=judgment.repeat, probe=judgment.probe, reply=judgment.reply
    )


def _meta(header: RunHeader, said: Mapping[str, Any]) -> str:
    import yaml

    known: dict[str, Any] = {
        "judge": header.judge.name,
        "revision": header.judge.revision or UNSAID,
        "parameters": header.judge.params,
        "licence": UNSAID,
        "contact": UNSAID,
        "training_data": {"known": UNSAID, "datasets": [], "overlaps": []},
        "links": [],
    }
    text = ""
    for name, value in (known | dict(said)).items():
        text += f"# {_HINTS[name]}\n" if name in _HINTS else ""
        plain = json.loads(json.dumps({name: value}, default=str))
        text += yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=10_000)
    return text
