"""Speed of the judge `hf:` as ratios, on a small model of a real architecture.

Run it with `python bench/judges.py`.

Both sides of a ratio run in turn in one process on the same items (A B A B ...), five times after
one round that is not counted; a figure is the median of the five ratios. Seconds mean nothing here.
Beside it stands the median by processor time, which other work on the machine disturbs less.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

os.environ["HF_HUB_OFFLINE"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

ROUNDS = 5
ITEMS = 8
NEW_TOKENS = 64
QUESTIONS = 5
HIDDEN = 384
HEAD = 64


class Figure(NamedTuple):
    """One line of the table."""

    name: str
    value: float
    limit: float | None = None
    side: str = "at least"
    note: str = ""
    processor: float | None = None

    @property
    def reached(self) -> bool:
        """Whether the figure is on the right side of its limit."""
        if self.limit is None:
            return True
        return self.value >= self.limit if self.side == "at least" else self.value <= self.limit


class Ratio(NamedTuple):
    """How many times as long one side takes as the other: by the clock, by processor time."""

    value: float
    processor: float


def in_turn(slow: Callable[[], Any], fast: Callable[[], Any]) -> Ratio:
    """Medians of slow / fast over the rounds."""
    slow()
    fast()
    rounds = [(timed(slow), timed(fast)) for _ in range(ROUNDS)]
    return Ratio(*(statistics.median(a[i] / b[i] for a, b in rounds) for i in range(2)))


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds by the clock and of the processor."""
    begun = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begun[0], time.process_time() - begun[1]


def ratio(name: str, found: Ratio, limit: float | None = None, note: str = "") -> Figure:
    """The line of a ratio."""
    return Figure(name, found.value, limit, note=note, processor=found.processor)


def size(hidden: int) -> dict[str, int]:
    """The language model: 4 layers of this width."""
    return {
        "hidden_size": hidden,
        "intermediate_size": hidden * 8 // 3,
        "num_hidden_layers": 4,
        "num_attention_heads": hidden // HEAD,
    }


def requests(count: int) -> list[Any]:
    """Pairs of short texts, another prompt each."""
    from mmjudge.types import Candidate, Criterion, Request

    criterion = Criterion(name="match", question="Which shows what was asked for?")
    answers = ("A red cup left of a white plate.", "A cup on a table beside the window.")
    return [
        Request(
            key=f"{i:032x}",
            task="bench@1",
            item=str(i),
            protocol="pair",
            criterion=criterion,
            prompt=(f"Describe picture number {i}: a red cup left of a plate.",),
            candidates=tuple(Candidate(id=str(c), parts=(a,)) for c, a in enumerate(answers)),
            order=(0, 1),
        )
        for i in range(count)
    ]


def against_generation(folder: Path) -> Iterator[Figure]:
    """One pass for the probabilities, against writing 64 tokens."""
    judge = opener(folder)
    logits = judge(mode="logits")
    items = requests(ITEMS)

    def one_by_one(answerer: Any) -> Callable[[], list[Any]]:
        return lambda: [answerer.judge([item], {}) for item in items[:2]]

    single = written(judge(max_new_tokens=NEW_TOKENS, batch_size=1))
    together = written(judge(max_new_tokens=NEW_TOKENS, batch_size=ITEMS))
    yield ratio(
        f"logits against {NEW_TOKENS} tokens for each item",
        in_turn(one_by_one(single), one_by_one(logits)),
        4,
    )
    yield ratio(
        "logits against the same in one batch",
        in_turn(lambda: together.judge(items, {}), lambda: logits.judge(items, {})),
        2,
        note=f"{ITEMS} items",
    )


def written(judge: Any) -> Any:
    """The judge, made to write all its tokens: a random model may stop at once."""
    config = judge.answerer.chat.loaded.model.generation_config
    config.eos_token_id = None
    config.min_new_tokens = NEW_TOKENS
    return judge


def opener(folder: Path) -> Callable[..., Any]:
    from mmjudge.judges.base import JudgeContext, open_judge

    context = JudgeContext(task=None, protocol="pair")  # type: ignore[arg-type]
    return lambda **options: open_judge(f"hf:{folder}", context, options)


def trees(chat: Any, prefix: int = 290, suffix: int = 24) -> list[Any]:
    """One item with five questions: about so many tokens in common, so many for each."""
    import torch

    from mmjudge.judges.hf.packing import Branch, Tree

    stream = torch.Generator().manual_seed(0)
    plain = torch.randint(300, len(chat.tokenizer), (QUESTIONS, suffix), generator=stream).tolist()
    text = "You compare two candidates that answer the same prompt. "
    while len(chat.tokens(chat.conversation((text,), {}))) < prefix:
        text += "a red cup "
    branches = tuple(Branch(tuple(row)) for row in plain)
    return [Tree(chat.conversation((text,), {}), (), branches)]


def shared_pass(folder: Path) -> Iterator[Figure]:
    """Five criteria in one pass, against five passes, and how far the logits are apart."""
    from mmjudge.judges.hf.passes import Passes

    chat = opener(folder)(mode="logits").answerer.chat
    item = trees(chat)
    alone = Passes(chat, "none", batch_size=1)
    expected = alone.read(item)[0]
    length = len(chat.tokens(item[0].conversation))
    for way in ("packed", "cache"):
        shared = Passes(chat, way, batch_size=1)
        found = in_turn(lambda: alone.read(item), lambda s=shared: s.read(item))
        note = f"{length} tokens in common, {len(item[0].branches[0].ids)} each"
        limit = 3.5 if way == "packed" else None
        name = f"{QUESTIONS} criteria {way}, against {QUESTIONS} passes"
        yield ratio(name, found, limit, note)
        apart = max(
            float((a - b).abs().max()) for a, b in zip(expected, shared.read(item)[0], strict=True)
        )
        yield Figure(f"logits apart at most, {way}", apart, 1e-5, "at most", "in 32 bits")


def against_the_pipeline(folder: Path) -> Iterator[Figure]:
    """The decision pipeline of transformers: the same model, prompts and five questions."""
    try:
        from transformers import pipeline
        from transformers.decision import DecisionConfig
    except ImportError:
        print("this transformers has no decision pipeline: not measured")
        return
    from mmjudge.judges.hf.passes import Passes

    chat = opener(folder)(mode="logits").answerer.chat
    decide = pipeline(
        "decision",
        model=chat.loaded.model,
        tokenizer=chat.loaded.tokenizer,
        processor=chat.loaded.processor,
        decision_config=DecisionConfig(),
    )
    state = "You compare two candidates that answer the same prompt. " + "a red cup " * 90
    asked = ("Is it sharp?", "Is it well lit?", "Is it white?", "Is it a cup?", "Is it left?")
    request = {
        "state": state,
        "questions": {text: {"type": "noul", "instructions": text} for text in asked},
    }
    passes = Passes(chat, "packed", batch_size=1)

    def ours() -> list[float]:
        return yes_in_one_pass(chat, passes, state, asked)

    theirs = [answer["noul"] for answer in decide(request).values()]
    apart = max(abs(a - b) for a, b in zip(theirs, ours(), strict=True))
    rows = [chat.tokens(chat.conversation((asking(state, text),), {})) for text in asked]
    yield ratio(
        f"{QUESTIONS} questions, against transformers' decision pipeline",
        in_turn(lambda: decide(request), ours),
        3.5,
        note=f"{max(map(len, rows))} tokens a question",
    )
    yield Figure("probabilities apart from the pipeline's at most", apart, 1e-5, "at most")


def asking(state: str, question: str) -> str:
    """The pipeline's own prompt for a question of yes and no."""
    return f"{state}\n\n{question}\nAnswer Yes or No only."


def yes_in_one_pass(chat: Any, passes: Any, state: str, asked: Sequence[str]) -> list[float]:
    """The probability of yes for each question, all questions in one pass."""
    from mmjudge.judges.hf.packing import Branch, Tree, common

    conversations = [chat.conversation((asking(state, text),), {}) for text in asked]
    rows = [chat.tokens(conversation) for conversation in conversations]
    shared = common(rows)
    branches = tuple(Branch(row[shared:]) for row in rows)
    tree = Tree(conversations[0], rows[0][shared:], branches)
    yes, no = (chat.tokenizer.encode(word, add_special_tokens=False)[0] for word in ("Yes", "No"))
    return [float(read[-1][[yes, no]].softmax(-1)[0]) for read in passes.read([tree])[0]]


PARTS: dict[str, Callable[[Path], Iterator[Figure]]] = {
    "pass": shared_pass,
    "pipeline": against_the_pipeline,
    "generation": against_generation,
}


def line(figure: Figure) -> str:
    """A figure as a line of the table."""
    verdict = "reached" if figure.reached else "NOT REACHED"
    aim = "" if figure.limit is None else f"{figure.side} {figure.limit:g} {verdict}"
    beside = "" if figure.processor is None else f"{figure.processor:.3g} by processor time"
    notes = "; ".join(note for note in (beside, figure.note) if note)
    return f"{figure.name:<56} {figure.value:>10.3g} {aim:<24} {notes}"


def main() -> None:
    """Print the table; exit with 1 if a figure is not reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--hidden-size", type=int, default=HIDDEN, help=f"a multiple of {HEAD}")
    parser.add_argument("--only", choices=sorted(PARTS), action="append")
    given = parser.parse_args()
    import torch
    from transformers.utils.logging import disable_progress_bar

    from tests.judges.tiny_models import qwen2_5_vl

    disable_progress_bar()
    torch.set_num_threads(given.threads)
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        model = qwen2_5_vl(Path(folder) / "model", **size(given.hidden_size))
        for part in given.only or PARTS:
            for figure in PARTS[part](model):
                missed += not figure.reached
                print(line(figure), flush=True)
    sys.exit(missed > 0)


if __name__ == "__main__":
    main()
