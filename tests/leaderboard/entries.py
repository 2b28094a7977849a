"""Small submissions: a task of texts, judges that write replies, and ways to change the files."""

import json
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from mmjudge import run
from mmjudge.judges.base import Judge, MediaMap
from mmjudge.leaderboard.submissions.pack import pack
from mmjudge.leaderboard.submissions.submission import JSONL, META, RUN
from mmjudge.types import JudgeCard, Reply, Request

META_SAID = {
    "judge": "Writer 7B",
    "licence": "Apache-2.0",
    "contact": "judge@example.org",
    "training_data": {"known": "part", "datasets": ["books"], "overlaps": []},
    "links": ["https://example.org/writer"],
}
N_ITEMS = 10


class Writer(Judge):
    """Writes its verdict as a chat model does; `choose` gives A or B for a request."""

    def __init__(self, choose: Callable[[Request], str], name: str = "writer") -> None:
        self.card = JudgeCard(name=name, summary="Writes.", revision="7", params={"t": 0.5})
        self.choose = choose

    def judge(self, batch: Sequence[Request], media: MediaMap) -> list[Reply]:
        return [self._reply(request) for request in batch]

    def _reply(self, request: Request) -> Reply:
        verdict = self.choose(request)
        reason = f"Of the answers to {request.prompt[0]} I read each one twice."
        text = f"{reason}\n[[{verdict}]]"
        return Reply(text=text, tokens_in=90, tokens_out=20, latency_s=0.5, finish_reason="stop")


def luck(request: Request, salt: str = "") -> str:
    """A fair coin that depends on item, order and salt."""
    return "AB"[zlib.crc32(f"{request.item}{request.order}{salt}".encode()) >> 7 & 1]


def write_task(folder: Path, n: int = N_ITEMS, rated: bool = False, **card: Any) -> Path:
    """A task folder of pairs; the gold is the first candidate of even items."""
    folder.mkdir(parents=True)
    content: dict[str, Any] = {
        "name": "small",
        "protocols": ["pair"],
        "modalities": ["text"],
        "primary": "accuracy",
        "criteria": [{"name": "quality", "question": "Which is better?"}],
        "card": {"summary": "A small task."},
    }
    (folder / "task.yaml").write_text(yaml.safe_dump(content | card), encoding="utf-8")
    lines = []
    for i in range(n):
        gold: dict[str, Any] = {"kind": "preference", "value": ("first", "second")[i % 2]}
        if rated:
            gold["ratings"] = [gold["value"]] * 4 + [("second", "first")[i % 2]]
        candidates = [{"id": c, "parts": [f"answer {c} of {i}"]} for c in "ab"]
        item = {"id": f"i{i}", "prompt": [f"question {i}"], "candidates": candidates}
        lines.append(json.dumps(item | {"gold": {"quality": gold}, "strata": {"half": str(i % 2)}}))
    (folder / "items.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def submit(task: Path, judge: Judge, out: Path, **settings: Any) -> Path:
    """Run a judge, pack the run, and return the folder of the submission."""
    said = META_SAID | settings.pop("said", {})
    done = run(str(task), judge, out=out / "run", **({"orders": "both"} | settings))
    pack([done.folder], out / "entry", said)
    return out / "entry"


def read_lines(entry: Path) -> list[dict[str, Any]]:
    with pa.input_stream(str(entry / JSONL), compression="zstd") as stream:
        return [json.loads(line) for line in stream.read().splitlines()]


def write_raw(entry: Path, raw: bytes) -> None:
    with pa.output_stream(str(entry / JSONL), compression="zstd") as stream:
        stream.write(raw)


def write_lines(entry: Path, lines: Sequence[Any]) -> None:
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    write_raw(entry, b"".join(line + b"\n" for line in raw))


def edit_meta(entry: Path, **fields: Any) -> None:
    content = yaml.safe_load((entry / META).read_text(encoding="utf-8")) | fields
    (entry / META).write_text(yaml.safe_dump(content), encoding="utf-8")


def edit_run(entry: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    content = json.loads((entry / RUN).read_text(encoding="utf-8"))
    change(content)
    (entry / RUN).write_text(json.dumps(content), encoding="utf-8")
