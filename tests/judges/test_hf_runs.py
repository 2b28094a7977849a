"""The judge `hf:` where something fails, whole runs, and what may be loaded at all."""

import json
import os
import struct
from collections.abc import Iterator
from functools import update_wrapper, wraps
from pathlib import Path
from typing import Any

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
torch = pytest.importorskip("torch", reason="the extra hf is not installed: hf: WAS NOT TESTED")
pytest.importorskip("transformers", reason="the extra hf is not installed: hf: WAS NOT TESTED")

from mmjudge import run  # noqa: E402
from mmjudge.errors import JudgeError  # noqa: E402
from mmjudge.judges.hf import Hf  # noqa: E402
from mmjudge.protocols import parse, render_parts  # noqa: E402
from mmjudge.store import RunStore  # noqa: E402
from mmjudge.types import (  # noqa: E402
    Failure,
    ProtocolName,
)
from tests.judges.hf_asked import (  # noqa: E402
    CRITERIA,
    MEDIA,
    PICTURES,
    ask,
    batch,
    numbers,
    opened,
    picture,
)
from tests.judges.tiny_models import BUILDERS, qwen2_5_vl  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    return {name: build(root / name) for name, build in BUILDERS.items()}


@pytest.fixture(params=sorted(BUILDERS))
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


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


# What may be loaded.


@pytest.fixture
def copied(folders: dict[str, Path], tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "model"
    folder.mkdir()
    for path in folders["qwen2_5_vl"].iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def refused(folder: Path | str, **options: Any) -> str:
    with pytest.raises(JudgeError) as caught:
        opened(Path(folder) if isinstance(folder, Path) else folder, **options)  # type: ignore[arg-type]
    return str(caught.value)


def test_pickled_weights_are_refused_before_they_are_read(copied: Path):
    (copied / "model.safetensors").unlink()
    (copied / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    said = refused(copied)
    assert "pytorch_model.bin" in said
    assert "safetensors" in said


def test_code_of_a_repository_is_refused_unless_it_is_trusted(copied: Path):
    config = json.loads((copied / "config.json").read_text())
    config |= {"model_type": "unheard_of", "auto_map": {"AutoConfig": "own.Own"}}
    (copied / "config.json").write_text(json.dumps(config))
    (copied / "own.py").write_text("raise SystemExit('ran')")
    assert "trust_remote_code" in refused(copied)


def test_the_revision_of_a_folder_follows_its_weights(copied: Path):
    from mmjudge.judges.hf_load import folder_digest

    before = folder_digest(copied)
    path = copied / "model.safetensors"
    content = bytearray(path.read_bytes())
    (length,) = struct.unpack("<Q", content[:8])
    content[8 + length + 1] ^= 1
    path.write_bytes(bytes(content))
    assert folder_digest(copied) != before


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("nowhere", {}, "owner/model"),
        ("nobody/nothing", {}, "nobody/nothing"),
        ("x", {"mode": "guess"}, "generate, logits"),
        ("x", {"share": "most"}, "packed, cache, none, causal"),
        ("x", {"batch_size": 0}, "at least 1"),
        ("x", {"colour": 1}, "unknown option"),
    ],
)
def test_what_cannot_be_opened_is_named(name: str, options: dict[str, Any], said: str):
    assert said in refused(name, **options)


def test_a_damaged_model_is_a_clear_error(copied: Path):
    (copied / "model.safetensors").write_bytes(b"\xff" * 100)
    assert "safetensors" in refused(copied)


def test_a_folder_has_no_revision(copied: Path):
    assert "no revisions" in refused(copied, revision="main")


def test_without_the_extra_the_error_names_it(copied: Path, monkeypatch: pytest.MonkeyPatch):
    from mmjudge.errors import MissingExtraError

    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    with pytest.raises(MissingExtraError, match=r"mmjudge\[hf\]"):
        opened(copied, batch_size=3)


def test_a_model_whose_mask_cannot_be_replaced_is_asked_another_way(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
):
    from mmjudge.judges.hf_passes import chosen_share
    from mmjudge.judges.hf_probe import probe_trees

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
