"""Boards without runs behind them: names and lengths as in life, missing cells, close races."""

import itertools

import numpy as np

from mmjudge.leaderboard.boards.board import (
    Board,
    BoardTask,
    Cell,
    Column,
    Duel,
    Entry,
    EntryFlag,
    EntryRun,
    Order,
    Sibling,
    Standing,
)
from mmjudge.leaderboard.submissions.submission import TrainingData

MAKERS = (
    "Aurora-VL", "Pelican Judge", "OpenCaption-Reward", "LlamaSight", "Nimbus-Omni", "VisionCritic",
    "scenes-clip", "Kestrel", "Tandem-2", "Gemma-Referee", "QwenLike-VL-Instruct-Preference",
    "Minerva", "PickScore-XL", "HumanPref-v2", "Sonata-Audio-Judge", "FrameWise", "Arbiter",
)  # fmt: skip
SIZES = ("0.6B", "2B", "3B", "7B", "8B", "32B", "72B", "235B-A22B")
SETTINGS = ("", "both orders", "8 frames", "greedy, both orders", "temperature 0.7, 5 repeats")
LICENCES = ("Apache-2.0", "MIT", "CC-BY-NC-4.0", "Llama 3.3 Community", "proprietary")
TASKS = (
    ("genai_bench", "GenAI-Bench: pictures and videos from a prompt", ("image", "text", "video")),
    ("mj_bench_objects", "MJ-Bench, objects: which shows what was asked", ("text", "image")),
    ("scenes_audio", "Scenes, sound: generated scenes that one can hear", ("text", "audio")),
    ("scenes_image", "Scenes, pictures: generated scenes with one thing wrong", ("text", "image")),
    ("scenes_video", "Scenes, video: generated scenes that move", ("text", "video")),
    ("tifa160", "TIFA160: faithfulness of pictures to their prompts", ("text", "image")),
    ("pandalm", "PandaLM: answers to instructions", ("text",)),
    ("audiojudge", "AudioJudge: speaking style and quality", ("text", "audio")),
    ("viescore", "VIEScore: conditional image synthesis", ("text", "image")),
)  # fmt: skip
CRITERIA = ("overall", "alignment", "quality", "attribute binding", "spatial relations", "counting",
            "speaking style", "temporal order", "safety", "readability")  # fmt: skip
BIASES = ("flip rate", "first-slot share", "verbosity", "authority", "bandwagon", "typographic",
          "watermark", "verdict spoofing", "master key", "null candidate", "blur",
          "brightness")  # fmt: skip
COSTS = (
    ("seconds a judgment", "s", 3),
    ("tokens in", "tokens", 0),
    ("tokens out", "tokens", 0),
    ("cost of 1,000 judgments", "US$", 2),
)
EVIL = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><a href='javascript:alert(3)'>&amp;"
)


def board(
    n_entries: int = 12,
    n_columns: int = 40,
    say: str = "",
    n_tasks: int = len(TASKS),
    seed: int = 0,
) -> Board:
    """A board of that many entries and at most so many columns.

    `say` stands in place of every text that somebody may choose freely.
    """
    rng = np.random.default_rng(seed)
    tasks = tuple(_task(number, say) for number in range(n_tasks))
    columns = _columns(tasks, n_columns, say)
    entries = tuple(_entry(number, tasks, say) for number in range(n_entries))
    skill = np.sort(rng.normal(0.68, 0.1, n_entries))[::-1]
    cells: dict[str, dict[str, Cell]] = {entry.id: {} for entry in entries}
    for column in columns:
        values = [_value(column, at, rng) for at in skill]
        there = [column.kind == "overall" or rng.random() > 0.12 for _ in entries]
        for entry, cell in zip(entries, _cells(column, values, there), strict=True):
            if cell is not None:
                cells[entry.id][column.id] = cell
    n_pairs = n_entries * (n_entries - 1) // 2
    voters = tuple(c.id for c in columns if c.kind == "task")
    return Board(
        name="synthetic", title=say or "Judges of pictures, sound and video",
        description=say or "How judges agree with people, and what moves them that should not.",
        licence=say or "CC-BY-4.0", contact=say or "board@example.org",
        source=say or "https://example.org/leaderboard", made_with="mmjudge 0.1.0",
        resamples=1000, overall="overall" if columns else "",
        tasks=tasks, columns=columns, entries=entries, cells=cells, voters=voters,
        orders=_orders(entries, cells, rng, say), duels=_duels(entries, cells, columns),
        separated={"overall": (n_pairs * 2 // 3, n_pairs)},
        siblings=(
            Sibling(name="recorded", title=say or "Recorded", path="../recorded/index.html"),
        ),
        notes=(say or "Videos were asked with 8 frames unless a setting says otherwise.",),
    )  # fmt: skip


def _task(number: int, say: str) -> BoardTask:
    name, summary, modalities = TASKS[number]
    return BoardTask(
        id=f"{name}-pair", label=say or f"{name} pair", name=name, version=1, protocol="pair",
        summary=say or summary, criteria=(say,) if say else CRITERIA[: 2 + number % 3],
        modalities=modalities, measure="accuracy(ties=half)", chance=0.5, n_items=200 + 37 * number,
        licence=say or LICENCES[number % 2], source=say or f"https://example.org/{name}",
        revision="5f3a9c1d77", citation=say or "Doe and Roe (2025), A benchmark of judges",
        known_flaws=(say,) if say else (
            "Four in 100 pairs have no majority among their annotators.",
            "Prompts are in English only.",
        )[: number % 3],
        digest="ab" * 32,
    )  # fmt: skip


def _columns(tasks: tuple[BoardTask, ...], most: int, say: str) -> tuple[Column, ...]:
    def agreement(name: str, kind: str, title: str, **more: object) -> Column:
        return Column(
            id=name, kind=kind, title=say or title,
            explanation=say or f"Agreement with people on {title}: the share of pairs of which the "
            "judge says the same as the majority of people, ties counting half.",
            direction="higher", low=0, high=1, chance=0.5, ranked=True, measure="accuracy", **more,
        )  # fmt: skip

    made = [agreement("overall", "overall", "overall", shown=True)]
    made += [
        agreement(f"task-{t.id}", "task", t.name, task=t.id, protocol="pair", shown=i < 5)
        for i, t in enumerate(tasks)
    ]
    made += [
        Column(id=f"bias-{b.replace(' ', '-')}", kind="bias", title=say or b,
               explanation=say or f"How far the probe {b} moves verdicts towards what it speaks "
               "for, less those that it moves away; 0 for a judge that it does not move.",
               direction="zero", ideal=0, low=-1, high=1, shown=i < 3, probe=b)
        for i, b in enumerate(BIASES)
    ]  # fmt: skip
    made += [
        Column(id=f"cost-{i}", kind="cost", title=say or title, unit=unit, digits=digits,
               explanation=say or "A median over judgments, as the replies themselves say.",
               direction="lower", low=0, shown=i in (0, 3))
        for i, (title, unit, digits) in enumerate(COSTS)
    ]  # fmt: skip
    made += [
        agreement(f"modality-{m}", "modality", m, modality=m)
        for m in ("image", "text", "video", "audio")
    ]
    made += [
        Column(id="failed", kind="failure", title=say or "failed", explanation="Those that failed.",
               unit="of 100", digits=1, direction="lower", low=0, high=100)
    ]  # fmt: skip
    made += [
        agreement(f"criterion-{t.id}-{i}", "criterion", f"{c} ({t.name})", task=t.id, criterion=c)
        for i, c in enumerate(CRITERIA) for t in tasks
    ]  # fmt: skip
    return tuple(made[:most])


def _entry(number: int, tasks: tuple[BoardTask, ...], say: str) -> Entry:
    maker, size = MAKERS[number % len(MAKERS)], SIZES[(number // 3) % len(SIZES)]
    setting = SETTINGS[(number // 2) % len(SETTINGS)]
    flags = [
        EntryFlag(name="missing usage", detail="scenes_image@1: most replies lack tokens_in"),
        EntryFlag(name="contaminated", detail="trained on genai_bench"),
        EntryFlag(name="no order noise", detail="scenes_video@1 pair: no verdict of 144 changes"),
    ]  # fmt: skip
    return Entry(
        id=f"judge-{number:03d}",
        judge=_line(say) or f"{maker}-{size}" + "-SFT" * (number // 17 % 2),
        revision=say or f"{number * 7919 + 4096:07x}", setting=say or setting,
        made_by=say or f"hf:example/{maker.lower().replace(' ', '-')}-{size.lower()}",
        licence=say or LICENCES[number % len(LICENCES)], contact="someone@example.org",
        links=(f"https://example.org/{maker.lower().replace(' ', '-')}",),
        training_data=TrainingData(
            known=("all", "part", "none")[number % 3],
            datasets=(_line(say) or "HumanPref 800k", "Pick-a-Pic v2")[: number % 3],
            overlaps=("genai_bench",) if number % 7 == 1 else (),
        ),
        badges=("recomputed", "run by us" if number % 3 == 0 else "self-run", "partial")[
            : 3 if number % 5 == 4 else 2
        ],
        flags=tuple(flags[: number % 4]),
        parameters={say or "size": say or size, "dtype": "bfloat16"},
        looks=number % 11 != 10,
        files={"judgments.jsonl.zst": "cd" * 32, "meta.yaml": "01" * 32, "run.json": "ef" * 32},
        runs=tuple(
            EntryRun(task=t.id, items=t.n_items, judgments=2 * t.n_items,
                     failures={"truncated": 3} if number % 2 else {}, settings={"orders": "both"},
                     packages={"transformers": "5.20.0"})
            for t in tasks[: 3 + number % 6]
        ),
    )  # fmt: skip


def _line(say: str) -> str:
    return say[:200]


def _value(column: Column, skill: float, rng: np.random.Generator) -> float:
    if column.direction == "higher":
        return float(np.clip(skill + rng.normal(0, 0.03), 0.01, 0.99))
    if column.direction == "zero":
        return float(rng.normal(0.03, 0.08))
    return float(rng.gamma(2, 0.4) * (900 if column.unit == "tokens" else 1))


def _cells(column: Column, values: list[float], there: list[bool]) -> list[Cell | None]:
    half = 0.035 if column.direction != "lower" else None
    seen = np.array([v for v, is_there in zip(values, there, strict=True) if is_there])
    found: list[Cell | None] = []
    for number, (value, is_there) in enumerate(zip(values, there, strict=True)):
        if not is_there:
            found.append(None)
        elif number % 29 == 28:
            found.append(Cell(value=None, n_items=4, note="too few items: 4"))
        else:
            places = None
            if column.ranked and half is not None:
                above = int((seen > value + 2 * half).sum())
                below = int((seen < value - 2 * half).sum())
                places = (1 + above, len(seen) - below)
            span = None if half is None else (max(value - half, -1), min(value + half, 1))
            found.append(
                Cell(value=value, ci95=span, n_items=200, n_failed=number % 4, places=places)
            )
    return found


RULES = (
    ("mean", "Mean", "Entries by the mean of their figures."),
    ("borda", "Borda", "Every task is a voter that gives an entry a point for each one below it."),
    ("copeland", "Copeland", "Wins against each other entry in a majority of tasks, less losses."),
    ("minimax", "Minimax", "The smallest of an entry's worst defeats comes first."),
    ("dowdall", "Dowdall", "First of a task counts 1, second a half, third a third."),
    ("bradley_terry", "Bradley-Terry", "Strengths under which the wins are most likely."),
)


def _orders(entries, cells, rng, say) -> tuple[Order, ...]:
    made = []
    mean = {e.id: (cells[e.id]["overall"].value or 0) if cells[e.id] else 0 for e in entries}
    base: dict[str, int] = {}
    for number, (rule, title, explanation) in enumerate(RULES):
        noise = rng.normal(0, 0.02 if number else 0, len(entries))
        score = {e.id: mean[e.id] + x for e, x in zip(entries, noise, strict=True)}
        best_first = sorted(score, key=lambda name: -score[name])
        places = {name: place for place, name in enumerate(best_first, 1)}
        if number == 1 and len(best_first) > 3:
            places[best_first[3]] = places[best_first[2]]
        base = base or places
        made.append(
            Order(
                rule=rule, title=title, explanation=say or explanation, source=say,
                standings=tuple(
                    Standing(entry=n, place=places[n], score=score[n], moved=base[n] - places[n])
                    for n in best_first
                ),
                agreement=1.0 if not number else 0.93 - number / 50, note=say,
            )
        )  # fmt: skip
    return tuple(made) if entries else ()


def _duels(entries, cells, columns) -> tuple[Duel, ...]:
    kinds = ("overall",) if len(entries) > 40 else ("overall", "task")
    made = []
    for column in columns:
        if column.kind in kinds:
            for a, b in itertools.combinations(entries, 2):
                one, two = cells[a.id].get(column.id), cells[b.id].get(column.id)
                if one and two and one.value is not None and two.value is not None:
                    d = one.value - two.value
                    sure = abs(d) > 0.06
                    made.append(
                        Duel(a=a.id, b=b.id, column=column.id, difference=d,
                             ci95=(d - 0.05, d + 0.05), p_value=0.001 if sure else 0.2,
                             p_holm=0.012 if sure else 1.0, n_items=190,
                             better=(a.id if d > 0 else b.id) if sure else None)
                    )  # fmt: skip
    return tuple(made)
