"""Skeletons of tasks that run at once: a folder, a mapped Hub dataset, a package with a plugin."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any, Literal, NamedTuple

from mmjudge.checks.material import FILES, make_media, missing
from mmjudge.errors import MmjudgeError
from mmjudge.registry import TASKS, registry
from mmjudge.types import TASK_NAME, Modality, ProtocolName

Kind = Literal["folder", "hub", "package"]

TEXTS = ("Paris", "Rome", "Oslo")
STEPS = ("France lies in Europe.", "Its government sits in Lyon.", "So its capital is Paris.")
PROMPTS: Mapping[Modality, tuple[str, str]] = {
    "text": ("What is the capital of France?", "What is the capital of Italy?"),
    "image": ("A plain red picture.", "Grey noise in which nothing can be seen."),
    "video": ("A film that is red all the time.", "Grey noise that never stands still."),
    "audio": ("A low and steady hum.", "A loud hiss without any tone."),
}
"""A prompt that the first answer fits, and one that the second fits."""

MEASURES: Mapping[ProtocolName, tuple[str, str]] = {
    "pair": ("accuracy", "flip_rate, position_bias"),
    "score": ("tau_b", "mae"),
    "rank": ("rank_tau_b", ""),
    "checklist": ("question_accuracy", "question_kappa, incoherence"),
    "steps": ("step_accuracy", "error_macro_f1, first_wrong_f1"),
}

QUESTIONS: Mapping[Modality, tuple[str, str]] = {
    "text": ("Does it name a city?", "Is it the city that was asked for?"),
    "image": ("Is there anything to be seen?", "Is it what was asked for?"),
    "video": ("Does anything move?", "Is it what was asked for?"),
    "audio": ("Is there anything to be heard?", "Is it what was asked for?"),
}
"""A question, and one that depends on it."""

GOLD: Mapping[ProtocolName, tuple[str, str]] = {
    "pair": ("preference", "value"),
    "score": ("score", "value"),
    "rank": ("ranking", "ranks"),
    "checklist": ("answers", "answers"),
    "steps": ("steps", "errors"),
}
"""Kind of gold and its field."""


CANDIDATES_CODE = """tuple(
            Candidate(id="abcdefgh"[place], parts=(%s,))
            for place, answer in enumerate(row.answers)
        )"""
STEPS_CODE = """(
            Candidate(
                id="a",  # each of its parts is a step
                parts=tuple(%s for answer in row.answers),
            ),
        )"""


class Wanted(NamedTuple):
    """A task to begin with."""

    name: str
    kind: Kind = "folder"
    protocol: ProtocolName = "pair"
    modality: Modality = "text"


class Row(NamedTuple):
    """One of the two made-up rows: answers are texts, or paths of media; `gold` as in an item."""

    id: str
    prompt: str
    answers: tuple[str, ...]
    gold: Any


def new_task(wanted: Wanted, out: Path) -> list[Path]:
    """Write a skeleton that `mmjudge check-task` finds sound.

    Args:
        wanted: What kind of task.
        out: The folder; it must not be there, or be empty.

    Returns:
        The files.

    Raises:
        MmjudgeError: The name or the folder is taken or not allowed, or media cannot be made.
    """
    _check(wanted, out)
    match wanted.kind:
        case "folder":
            _write_folder(wanted, out)
        case "hub":
            _write_mapping(wanted, out)
        case "package":
            _write_package(wanted, out)
    return sorted(path for path in out.rglob("*") if path.is_file())


def _check(wanted: Wanted, out: Path) -> None:
    if not re.fullmatch(TASK_NAME, wanted.name) or not wanted.name.isascii():
        said = "small letters, digits and _ are needed, as in cup_pairs"
        raise MmjudgeError(f"NAME: {said}, found {wanted.name!r}")
    if wanted.kind == "package" and not wanted.name.isidentifier():
        raise MmjudgeError(f"NAME: a package's begins with a letter, found {wanted.name!r}")
    if wanted.name in registry(TASKS).points:
        raise MmjudgeError(f"NAME: a task {wanted.name!r} is installed already; choose another")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise MmjudgeError(f"{out}: is there and not empty; choose another place with --out")
    if problem := missing(wanted.modality):
        raise MmjudgeError(f"--modality {wanted.modality}: {problem}")


def _rows(wanted: Wanted) -> list[Row]:
    """Two rows of opposite gold."""
    pictures = FILES.get(wanted.modality)
    texts = STEPS if wanted.protocol == "steps" else TEXTS
    answers = tuple(f"media/{name}" for name in pictures) if pictures else texts
    n = {"pair": 2, "score": 1, "checklist": 1}.get(wanted.protocol, 3)
    gold: Any = {
        "pair": ("first", "second"),
        "score": (5, 1),
        "checklist": (["yes", "yes"], ["yes", "no"]),
        "steps": ([None, "untrue", None], ["off_topic", "untrue", "off_topic"]),
    }.get(wanted.protocol, ([1, 2, 3], [2, 1, 3]))
    prompts = PROMPTS[wanted.modality]
    return [Row(str(i + 1), prompts[i], answers[:n], gold[i]) for i in range(2)]


def _media(wanted: Wanted, root: Path, rows: list[Row]) -> dict[str, str]:
    """Write the media that rows show under a folder; path to sha256."""
    if wanted.modality == "text":
        return {}
    (root / "media").mkdir(parents=True)
    make_media(root / "media", wanted.modality)
    shown = {answer for row in rows for answer in row.answers}
    for path in (root / "media").iterdir():
        if f"media/{path.name}" not in shown:
            path.unlink()
    return {name: hashlib.sha256((root / name).read_bytes()).hexdigest() for name in shown}


def _item(wanted: Wanted, row: Row, digests: Mapping[str, str]) -> dict[str, Any]:
    def part(answer: str) -> Any:
        if answer not in digests:
            return answer
        return {"modality": wanted.modality, "uri": answer, "sha256": digests[answer]}

    kind, field = GOLD[wanted.protocol]
    listed = wanted.protocol == "checklist"
    candidates = [[part(answer)] for answer in row.answers]
    if wanted.protocol == "steps":
        candidates = [[part(answer) for answer in row.answers]]
    return {
        "id": row.id,
        "prompt": [row.prompt],
        "candidates": [
            {"id": "abc"[place], "parts": parts} for place, parts in enumerate(candidates)
        ],
        **({"checklists": {"overall": _questions(wanted)}} if listed else {}),
        "gold": {"overall": {"kind": kind, field: row.gold}},
        "strata": {"modality": f"text->{wanted.modality}"},
    }


def _questions(wanted: Wanted) -> list[dict[str, Any]]:
    first, second = QUESTIONS[wanted.modality]
    return [{"id": "1", "text": first}, {"id": "2", "text": second, "parents": ["1"]}]


def _write_folder(wanted: Wanted, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    rows = _rows(wanted)
    digests = _media(wanted, out, rows)
    (out / "task.yaml").write_text(_filled("folder.yaml", wanted), encoding="utf-8")
    _write_lines(out / "items.jsonl", (_item(wanted, row, digests) for row in rows))


def _write_lines(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8")


def _write_mapping(wanted: Wanted, out: Path) -> None:
    """A mapping, and a sample of the dataset that it maps, as parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    out.mkdir(parents=True, exist_ok=True)
    rows = _rows(wanted)
    digests = _media(wanted, out / "made", rows)
    columns = _columns(wanted, rows, out / "made" if digests else None)
    for path in sorted((out / "made").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    if digests:
        (out / "made").rmdir()
    table = out / "sample" / "data" / "test-00000-of-00001.parquet"
    table.parent.mkdir(parents=True)
    pq.write_table(pa.table(columns), table)
    (out / "task.yaml").write_text(_filled("hub.yaml", wanted), encoding="utf-8")


def _columns(wanted: Wanted, rows: list[Row], made: Path | None) -> dict[str, list[Any]]:
    """The columns of a dataset; `made` is the folder of its media, None for texts."""

    def held(answer: str) -> Any:
        if made is None:
            return answer
        return {"bytes": (made / answer).read_bytes(), "path": Path(answer).name}

    columns: dict[str, list[Any]] = {
        "uid": [row.id for row in rows],
        "question": [row.prompt for row in rows],
    }
    if wanted.protocol == "steps":
        columns["steps"] = [[held(answer) for answer in row.answers] for row in rows]
    else:
        for place in range(len(rows[0].answers)):
            columns[f"answer_{place + 1}"] = [held(row.answers[place]) for row in rows]
    if wanted.protocol == "checklist":
        asked = [{"parents": [], **question} for question in _questions(wanted)]
        columns["asked"] = [asked for _ in rows]
    coded = {"first": "model_1", "second": "model_2"}
    pair = wanted.protocol == "pair"
    columns["vote"] = [coded[row.gold] if pair else row.gold for row in rows]
    return columns


def _write_package(wanted: Wanted, out: Path) -> None:
    """A package with an entry point, a task class with its data, and a test."""
    inside = out / wanted.name
    inside.mkdir(parents=True)
    (out / "tests").mkdir()
    rows = _rows(wanted)
    _media(wanted, inside, rows)
    for template, path in (
        ("pyproject.toml", out / "pyproject.toml"),
        ("task.py", inside / "__init__.py"),
        ("package.yaml", inside / "task.yaml"),
        ("test.py", out / "tests" / f"test_{wanted.name}.py"),
    ):
        path.write_text(_filled(template, wanted), encoding="utf-8")
    more = {"questions": _questions(wanted)} if wanted.protocol == "checklist" else {}
    _write_lines(inside / "rows.jsonl", (row._asdict() | more for row in rows))


def _filled(template: str, wanted: Wanted) -> str:
    text = (files("mmjudge") / "skeleton_files" / f"{template}.txt").read_text(encoding="utf-8")
    primary, measures = MEASURES[wanted.protocol]
    modalities = "text" if wanted.modality == "text" else f"text, {wanted.modality}"
    return Template(text).substitute(
        name=wanted.name,
        title="".join(word.capitalize() for word in wanted.name.split("_")),
        protocol=wanted.protocol,
        modality=wanted.modality,
        modalities=modalities,
        primary=primary,
        measures=measures,
        **_criterion(wanted),
        **_mapped(wanted),
        **_code(wanted),
    )


def _criterion(wanted: Wanted) -> dict[str, str]:
    question = {
        "pair": "Which of the two answers is better?",
        "score": "How good is the answer?",
        "checklist": "Does the answer do what was asked for?",
        "steps": "Is the step true, and does it help?",
    }.get(wanted.protocol, "Which answers are better than which?")
    more = {
        "pair": "    options: [first, second, tie] # what a judge may say\n",
        "score": "    scale: {lowest: 1, highest: 5}\n",
        "steps": "    error_types: [untrue, off_topic] # what a judge may say of a wrong step\n",
    }.get(wanted.protocol, "")
    return {"question": question, "more": more}


def _mapped(wanted: Wanted) -> dict[str, str]:
    """The lines of a mapping: candidates and gold."""
    n = {"pair": 2, "score": 1, "checklist": 1}.get(wanted.protocol, 3)
    names = [f"answer_{place}" for place in range(1, n + 1)]
    lines = []
    for column in ["steps"] if wanted.protocol == "steps" else names:
        shown = f"{{column: {column}, media: {wanted.modality}}}"
        lines.append(f"    - parts: [{column if wanted.modality == 'text' else shown}]")
    labels = {
        "pair": "{model_1: first, model_2: second, equal: tie} # the column's word: ours",
        "steps": "{untrue: untrue, off_topic: off_topic} # the column's word: ours; null is right",
    }.get(wanted.protocol)
    questions = "{questions: asked.text, ids: asked.id, parents: asked.parents}"
    listed = wanted.protocol == "checklist"
    return {
        "mapped_candidates": "\n".join(lines),
        "labels": f"      labels: {labels}\n" if labels else "",
        "mapped_checklists": f"  checklists:\n    overall: {questions}\n" if listed else "",
    }


def _code(wanted: Wanted) -> dict[str, str]:
    """The parts of the plugin's code that differ."""
    gold, kind, given = {
        "pair": ("PreferenceGold", "PreferenceValue", "value=row.gold"),
        "score": ("ScoreGold", "float", "value=row.gold"),
        "rank": ("RankingGold", "tuple[float, ...]", "ranks=row.gold"),
        "checklist": ("AnswersGold", "tuple[str, ...]", "answers=row.gold"),
        "steps": ("StepsGold", "tuple[str | None, ...]", "errors=row.gold"),
    }[wanted.protocol]
    plain = wanted.modality == "text"
    part = "answer" if plain else f'Media(modality="{wanted.modality}", uri=answer)'
    listed = wanted.protocol == "checklist"
    names = {"Candidate", "Item", "ProtocolName", "TaskSpec", gold}
    names |= {"PreferenceValue"} if kind == "PreferenceValue" else set()
    names |= set() if plain else {"Media"}
    names |= {"Question"} if listed else set()
    return {
        "gold_class": gold,
        "gold_type": kind,
        "gold_given": given,
        "fields": "    questions: tuple[Question, ...]\n" if listed else "",
        "candidates": (STEPS_CODE if wanted.protocol == "steps" else CANDIDATES_CODE) % part,
        "checklists": '        checklists={"overall": row.questions},\n' if listed else "",
        "imports": "\n".join(f"    {one}," for one in sorted(names)),
    }
