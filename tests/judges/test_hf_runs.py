"""The judge `hf:` where something fails, and whole runs."""

import json
from functools import update_wrapper, wraps
from pathlib import Path
from typing import Any

import pytest

from mmjudge import run
from mmjudge.judges.hf.judge import Hf
from mmjudge.protocols import parse, render_parts
from mmjudge.store.run_store import RunStore
from mmjudge.types import Failure, ProtocolName, Request
from tests.judges.hf_asked import (
    CRITERIA,
    FILM,
    MEDIA,
    PICTURES,
    ask,
    batch,
    numbers,
    opened,
    picture,
    torch,
)
from tests.judges.tiny_models import qwen2_5_vl

pytestmark = pytest.mark.slow


class Starved:
    """A model's forward that has memory for `rows` rows."""

    def __init__(self, judge: Hf, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.model = judge.answerer.chat.loaded.model
        self.rows, self.call, self.refused = rows, self.model.forward, 0
        update_wrapper(self, self.call)
        monkeypatch.setattr(self.model, "forward", self)

    def __call__(self, **inputs: Any) -> Any:
        if len(inputs["input_ids"]) > self.rows:
            self.refused += 1
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return self.call(**inputs)


@pytest.mark.parametrize("mode", ["logits", "generate"])
@pytest.mark.parametrize("rows", [1, 2])
def test_out_of_memory_halves_the_batch(
    folders: dict[str, Path], mode: str, rows: int, monkeypatch: pytest.MonkeyPatch
):
    options = {} if mode == "logits" else {"max_new_tokens": 4}
    judge = opened(folders["qwen2_5_vl"], mode=mode, **options)
    requests = batch("pair", PICTURES)
    expected = judge.judge(requests, MEDIA)
    starved = Starved(judge, rows, monkeypatch)
    found = judge.judge(requests, MEDIA)
    assert starved.refused
    assert [r.text for r in found] == [r.text for r in expected]
    if mode == "logits":
        for one, other in zip(found, expected, strict=True):
            assert numbers(one) == pytest.approx(numbers(other), abs=1e-5)


@pytest.mark.parametrize("mode", ["logits", "generate"])
def test_an_item_too_much_for_memory_fails_alone(
    folders: dict[str, Path], mode: str, monkeypatch: pytest.MonkeyPatch
):
    judge = opened(
        folders["qwen2_5_vl"], mode=mode, **({} if mode == "logits" else {"max_new_tokens": 4})
    )
    call = judge.answerer.chat.loaded.model.forward

    @wraps(call)
    def limited(**inputs: Any) -> Any:
        if inputs["input_ids"].shape[1] > 700:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return call(**inputs)

    monkeypatch.setattr(judge.answerer.chat.loaded.model, "forward", limited)
    replies = judge.judge([ask(), ask(prompt=("word " * 200,)), ask(prompt=("x",))], {})
    failures = [reply.error.reason if reply.error else None for reply in replies]
    assert failures == [None, "infra", None]


@pytest.mark.parametrize("mode", ["logits", "generate"])
def test_what_is_too_long_for_the_context_fails_alone(folders: dict[str, Path], mode: str):
    judge = opened(
        folders["qwen2_5_vl"], mode=mode, **({} if mode == "logits" else {"max_new_tokens": 4})
    )
    replies = judge.judge([ask(), ask(prompt=("word " * 1500,)), ask(prompt=("x",))], {})
    failures = [reply.error.reason if reply.error else None for reply in replies]
    assert failures == [None, "unsupported", None]
    assert "2048" in replies[1].error.detail or "2044" in replies[1].error.detail
    (alone,) = judge.judge([ask(prompt=("word " * 1500,))], {})
    assert alone.error
    assert alone.error.reason == "unsupported"


def test_a_reply_as_long_as_the_context_is_said_with_the_option_to_lower(folders: dict[str, Path]):
    (reply,) = opened(folders["qwen2_5_vl"], max_new_tokens=4096).judge([ask()], {})
    assert reply.error
    assert "-J max_new_tokens=N" in reply.error.detail


def test_a_medium_that_the_model_does_not_take_fails_alone(folders: dict[str, Path]):
    judge = opened(folders["qwen2_audio"], mode="logits")
    assert judge.card.modalities == ("text", "audio")
    replies = judge.judge([ask(prompt=("x", PICTURES[0])), ask()], MEDIA)
    assert replies[0].error
    assert replies[0].error.reason == "unsupported"
    assert replies[1].error is None


def small_task(root: Path, protocol: ProtocolName) -> Path:
    n = {"pair": 2, "score": 1, "rank": 3}[protocol]
    gold: dict[str, Any] = {
        "pair": {"kind": "preference", "value": "first"},
        "score": {"kind": "score", "value": 3},
        "rank": {"kind": "ranking", "ranks": [1, 2, 3]},
    }
    for i, medium in enumerate(PICTURES):
        picture(i).save(root / medium.uri)
    lines = []
    for item in range(5):
        candidates = [
            {"id": str(c), "parts": [{"modality": "image", "uri": f"{(item + c) % 4}.png"}]}
            for c in range(n)
        ]
        golds = {"match": gold[protocol], "look": gold[protocol]}
        lines.append(
            {"id": str(item), "prompt": [f"cup {item}"], "candidates": candidates, "gold": golds}
        )
    (root / "items.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    scale = ", scale: {lowest: 1, highest: 5}" if protocol == "score" else ""
    criteria = "\n".join(
        f"  - {{name: {c}, question: How is it{scale}}}" for c in ("match", "look")
    )
    primary = {"pair": "accuracy", "score": "spearman", "rank": "rank_tau_b"}[protocol]
    (root / "task.yaml").write_text(
        f"name: small\nprotocols: [{protocol}]\ncriteria:\n{criteria}\n"
        f"modalities: [text, image]\ncard: {{summary: Small.}}\nprimary: {primary}\n",
        encoding="utf-8",
    )
    return root


@pytest.mark.parametrize("protocol", ["pair", "score", "rank"])
@pytest.mark.parametrize("model", ["qwen2_5_vl", "llava_onevision"])
def test_a_run_over_a_folder_task_judges_every_item(
    folders: dict[str, Path], model: str, protocol: ProtocolName, tmp_path: Path
):
    data = tmp_path / "task"
    data.mkdir()
    done = run(
        str(small_task(data, protocol)),
        f"hf:{folders[model]}",
        out=tmp_path / "run",
        options={"mode": "logits", "batch_size": 2},
    )
    assert done.stats
    assert (done.stats.judged, done.stats.failed) == (10, 0)
    with RunStore.open(tmp_path / "run") as store:
        card = store.header.judge
        assert card.name == f"hf:{model}"
        assert str(card.revision).startswith("sha256:")
        assert card.params["mode"] == "logits"
        assert str(tmp_path.parent) not in card.model_dump_json()
    assert done.scores(n_resamples=0)


@pytest.mark.parametrize("protocol", ["pair", "score"])
def test_the_brier_score_of_a_run_is_that_of_the_probabilities_in_its_replies(
    folders: dict[str, Path], protocol: ProtocolName, tmp_path: Path
):
    data = tmp_path / "task"
    data.mkdir()
    out, orders = tmp_path / "run", "both" if protocol == "pair" else "balanced"
    options = {"mode": "logits", "batch_size": 4}
    task = str(small_task(data, protocol))
    done = run(task, f"hf:{folders['qwen2_5_vl']}", out=out, options=options, orders=orders)
    figures = {f.metric: f for f in done.scores(n_resamples=50) if f.criterion == "match"}
    with RunStore.open(out) as store:
        golds = {item.id: item.gold["match"].value for _, item in store.items()}
        judged = [j for _, j in store.judgments() if j.criterion == "match"]
    losses = []
    for judgment in judged:
        shares, verdict = judgment.reply.probabilities, judgment.outcome.value
        if protocol == "pair":
            sure, right = max(shares.values()), verdict == golds[judgment.item]
        else:
            level = min(shares, key=lambda name: abs(float(name) - verdict))
            sure, right = shares[level], float(level) == golds[judgment.item]
        losses.append((sure - right) ** 2)
    assert len(losses) == (10 if protocol == "pair" else 5)
    assert figures["brier"].value == pytest.approx(sum(losses) / len(losses))
    assert figures["brier"].ci95 is not None
    assert figures["ece"].value is not None


def test_a_run_by_generation_stores_what_the_model_wrote(folders: dict[str, Path], tmp_path: Path):
    data = tmp_path / "task"
    data.mkdir()
    done = run(
        str(small_task(data, "pair")),
        f"hf:{folders['llava_onevision']}",
        out=tmp_path / "run",
        options={"max_new_tokens": 5},
    )
    assert done.stats
    assert done.stats.judged == 10
    assert not {"infra", "media", "unsupported"} & set(done.stats.failures)
    assert done.stats.tokens_out


def test_equal_replies_come_from_any_ids(folders: dict[str, Path]):
    judge = opened(folders["qwen2_5_vl"], mode="logits")
    one = judge.judge([ask(key="00")], {})[0]
    other = judge.judge([ask(key="ff").model_copy(update={"item": "j", "task": "u@1"})], {})[0]
    assert numbers(one) == numbers(other)


def test_a_model_whose_mask_cannot_be_replaced_is_asked_another_way(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
):
    from mmjudge.judges.hf.passes import chosen_share
    from mmjudge.judges.hf.probe import probe_trees

    chat = opened(folders["qwen2_5_vl"], mode="logits").answerer.chat
    call = chat.loaded.model.forward

    @wraps(call)
    def deaf(**inputs: Any) -> Any:
        if inputs["attention_mask"].ndim == 4:
            inputs["attention_mask"] = torch.ones(inputs["input_ids"].shape, dtype=torch.long)
        return call(**inputs)

    @wraps(call)
    def uncached(**inputs: Any) -> Any:
        if inputs.get("past_key_values") is not None:
            raise ValueError("no cache")
        return deaf(**inputs)

    trees = probe_trees(chat)
    monkeypatch.setattr(chat.loaded.model, "forward", deaf)
    assert chosen_share(chat, "packed", trees) == "cache"
    monkeypatch.setattr(chat.loaded.model, "forward", uncached)
    assert chosen_share(chat, "packed", trees) == "none"


def test_beyond_the_window_of_a_layer_questions_are_asked_alone(tmp_path: Path):
    window = {"sliding_window": 96, "use_sliding_window": True, "max_window_layers": 1}
    folder = qwen2_5_vl(tmp_path / "windowed", **window)
    requests = batch("pair", PICTURES)
    packed = opened(folder, mode="logits").judge(requests, MEDIA)
    alone = opened(folder, mode="logits", share="none").judge(requests, MEDIA)
    for one, other in zip(packed, alone, strict=True):
        assert numbers(one) == pytest.approx(numbers(other), abs=1e-5)


def test_a_score_without_levels_fails_as_a_value(folders: dict[str, Path]):
    judge = opened(folders["qwen2_5_vl"], mode="logits")
    free = CRITERIA[0].model_copy(update={"scale": None})
    (reply,) = judge.judge([ask("score", free)], {})
    assert isinstance(parse(ask("score", free), reply), Failure)
    assert reply.error
    assert "mode=generate" in reply.error.detail


def test_the_material_is_what_criteria_share():
    one, other = (render_parts(ask(criterion=c)).material for c in CRITERIA[:2])
    assert one == other


def seen_together(judge: Hf, requests: list[Request]) -> list[list[float]]:
    return [numbers(reply) for reply in judge.judge(requests, MEDIA)]


@pytest.mark.parametrize("share", ["packed", "cache", "none"])
def test_images_and_videos_of_one_name_stand_in_batches_apart(folders: dict[str, Path], share: str):
    judge = opened(folders["smolvlm"], mode="logits", share=share)
    assert judge.card.params["share"] == share
    shown: list[Any] = [PICTURES[0], FILM, PICTURES[1], FILM]
    requests = [ask(prompt=(f"cup {i}", medium)) for i, medium in enumerate(shown)]
    together = seen_together(judge, [*requests, ask()])
    for request, many in zip([*requests, ask()], together, strict=True):
        assert many == pytest.approx(seen_together(judge, [request])[0], abs=1e-5)
    (both,) = judge.judge([ask(prompt=("cup", PICTURES[0], FILM))], MEDIA)
    assert both.error
    assert (both.error.reason, "not both" in both.error.detail) == ("unsupported", True)


def test_a_video_is_dated_by_its_own_rate(folders: dict[str, Path]):
    """4 of 10 frames at 3 a second are 1.2 a second; two of them make a group."""
    chat = opened(folders["qwen2_5_omni"], mode="logits").answerer.chat
    inputs = chat.inputs([chat.conversation(("a", FILM), MEDIA)])
    assert inputs.media["video_second_per_grid"].tolist() == pytest.approx([2 / 1.2])
    slow = MEDIA[FILM]._replace(fps=0.3)
    inputs = chat.inputs([chat.conversation(("a", FILM), {FILM: slow})])
    assert inputs.media["video_second_per_grid"].tolist() == pytest.approx([2 / 0.12])
