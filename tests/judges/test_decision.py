"""The judge `decision:` on tiny real models: what the pipeline says, called directly."""

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
torch = pytest.importorskip("torch", reason="the extra hf is not installed: WAS NOT TESTED")
transformers = pytest.importorskip("transformers", reason="the extra hf is not installed")
if not hasattr(transformers, "AutoModelForDecision"):
    pytest.skip("no decision pipeline here: WAS NOT TESTED", allow_module_level=True)

from mmjudge.checks import check_judge  # noqa: E402
from mmjudge.errors import JudgeError  # noqa: E402
from mmjudge.judges.base import JudgeContext, open_judge  # noqa: E402
from mmjudge.judges.decision import Decision, asked  # noqa: E402
from mmjudge.protocols import parse, render_parts  # noqa: E402
from mmjudge.types import Answers, Criterion, Media, ProtocolName, Request, Scale  # noqa: E402
from tests.judges import tiny_models  # noqa: E402
from tests.judges.hf_asked import CRITERIA, MEDIA, PICTURES, ask, batch, numbers  # noqa: E402
from tests.protocols.listed import checklist  # noqa: E402

JEV = (
    '{{- "[kind] " ~ question.type ~ "\\n[state] " ~ state ~ "\\n[question] " '
    "~ question.instructions }}{% for option in question.options %}{{ "
    '"\\n" ~ question.labels[loop.index0] ~ ") " ~ option }}{% endfor %}'
    '{{- "\\n[decision]:<|mark|>" }}'
)
FORM = (
    "{{- state }}{% for question in questions %}{{- '\\n' ~ question.instructions ~ ':<|mark|>' }}"
    "{% endfor %}"
)


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("decision")
    return {
        "qwen2_5_vl": tiny_models.qwen2_5_vl(root / "vl"),
        "jev": jev(root / "jev", JEV),
        "form": jev(root / "form", FORM),
    }


def jev(folder: Path, template: str) -> Path:
    """A head for decisions on a Qwen2, as `save_pretrained` leaves it."""
    from transformers import JevConfig, JevForDecision, Qwen2Config
    from transformers.decision import DecisionConfig

    tokens = tiny_models.tokenizer()
    text = Qwen2Config(
        **{
            "vocab_size": len(tokens),
            "hidden_size": 64,
            "intermediate_size": 96,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "max_position_embeddings": 2048,
        }
    )
    torch.manual_seed(0)
    model = JevForDecision(JevConfig(text_config=text, hidden_size=64))
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(std=parameter.shape[-1] ** -0.5)
    model.decision_config = DecisionConfig(
        chat_template=template, noul_options=["false", "true"], temperature={"choice": 2.0}
    )
    model.save_pretrained(folder)
    tokens.save_pretrained(folder)
    return folder


@cache
def opened(folder: Path, **options: Any) -> Decision:
    context = JudgeContext(task=None, protocol="pair")  # type: ignore[arg-type]
    judge = open_judge(f"decision:{folder}", context, options)
    assert isinstance(judge, Decision)
    return judge


def directly(folder: Path, request: Request) -> list[dict[str, float]]:
    """Each question of a request put to transformers' own pipeline, loaded by its own ways."""
    pipe = pipeline(folder)
    material = render_parts(request, reasons=False).material
    state, assets = "", {}
    for part in material:
        if isinstance(part, Media):
            assets[f"#{len(assets)}#"] = MEDIA[part]
            state += f"#{len(assets) - 1}#"
        else:
            state += part
    questions = asked(request)
    assert isinstance(questions, dict)
    sent: dict[str, Any] = {"state": state}
    if assets:
        sent["assets"] = assets
    found = [pipe({**sent, "questions": {"q": question}}) for question in questions.values()]
    return [answer["q"]["probabilities"] for answer in found]


@cache
def pipeline(folder: Path) -> Any:
    given: dict[str, Any] = {}
    if (folder / "preprocessor_config.json").exists() or (
        folder / "processor_config.json"
    ).exists():
        given["processor"] = transformers.AutoProcessor.from_pretrained(folder)
    return transformers.pipeline("decision", model=str(folder), dtype=torch.float32, **given)


def requests(name: str, protocol: ProtocolName) -> list[Request]:
    return batch(protocol, (PICTURES[1], PICTURES[2]) if name == "qwen2_5_vl" else ())


@pytest.mark.parametrize("name", ["qwen2_5_vl", "jev"])
@pytest.mark.parametrize("protocol", ["pair", "score"])
def test_probabilities_are_those_of_the_pipeline_itself(
    folders: dict[str, Path], name: str, protocol: ProtocolName
):
    many = requests(name, protocol)
    replies = opened(folders[name]).judge(many, MEDIA)
    seen = set()
    for request, reply in zip(many, replies, strict=True):
        (expected,) = directly(folders[name], request)
        assert numbers(reply) == pytest.approx(list(expected.values()), abs=1e-5)
        assert sum(numbers(reply)) == pytest.approx(1)
        seen.add(tuple(round(p, 4) for p in numbers(reply)))
        options = ["A", "B", "tie"] if protocol == "pair" else ["1", "2", "3", "4", "5"]
        assert list(reply.probabilities or {}) == options
    assert len(seen) > len(many) // 2


@pytest.mark.parametrize("name", ["qwen2_5_vl", "jev"])
def test_a_ranking_adds_up_what_every_two_candidates_won(folders: dict[str, Path], name: str):
    request = ask("rank")
    (reply,) = opened(folders[name]).judge([request], {})
    ab, ac, bc = (list(p.values()) for p in directly(folders[name], request))
    wins = [ab[0] + ac[0], ab[1] + bc[0], ac[1] + bc[1]]
    assert reply.scores == pytest.approx(wins, abs=1e-5)


def test_a_checklist_is_a_choice_for_each_question(folders: dict[str, Path]):
    request = checklist()
    (reply,) = opened(folders["jev"]).judge([request], {})
    each = [list(shares.values()) for shares in directly(folders["jev"], request)]
    assert numbers(reply) == pytest.approx([share for shares in each for share in shares], abs=1e-5)
    answers = parse(request, reply)
    assert isinstance(answers, Answers)
    best = [q.answers[s.index(max(s))] for q, s in zip(request.questions, each, strict=True)]
    assert list(answers.answers) == best


@pytest.mark.parametrize("name", ["qwen2_5_vl", "jev", "form"])
def test_what_else_is_asked_changes_no_answer(folders: dict[str, Path], name: str):
    judge = opened(folders[name])
    many = requests(name, "pair")
    together = judge.judge(many, MEDIA)
    backwards = judge.judge(many[::-1], MEDIA)[::-1]
    for request, one, other in zip(many, together, backwards, strict=True):
        (alone,) = judge.judge([request], MEDIA)
        assert numbers(one) == pytest.approx(numbers(alone), abs=1e-6)
        assert numbers(other) == pytest.approx(numbers(alone), abs=1e-6)


def test_all_criteria_of_an_item_are_questions_of_one_call(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
):
    judge, calls = opened(folders["jev"]), []
    preprocess = judge.pipe.preprocess
    monkeypatch.setattr(
        judge.pipe, "preprocess", lambda sent: calls.append(sent) or preprocess(sent)
    )
    judge.judge(requests("jev", "pair"), {})
    assert [list(sent["questions"]) for sent in calls] == [["match", "look", "style"]] * 3


def test_questions_in_one_prompt_only_where_that_is_asked_for(folders: dict[str, Path]):
    apart, form = (opened(folders["form"], together=t) for t in (False, True))
    item = [ask("pair", criterion) for criterion in CRITERIA]
    one, other = apart.judge(item, {}), form.judge(item, {})
    assert numbers(one[0]) == pytest.approx(numbers(other[0]), abs=1e-5)
    assert numbers(one[2]) != pytest.approx(numbers(other[2]), abs=1e-5)
    assert apart.card.fingerprint != form.card.fingerprint
    found = form.pipe(
        {
            "state": render_parts(item[0], reasons=False).material[0],
            "questions": {
                c.name: q for c, r in zip(CRITERIA, item, strict=True) for q in [asked(r)[c.name]]
            },
        }
    )
    for request, reply in zip(item, other, strict=True):
        expected = found[request.criterion.name]["probabilities"]
        assert numbers(reply) == pytest.approx(list(expected.values()), abs=1e-5)


def test_levels_keep_their_names_and_too_many_fail_alone(folders: dict[str, Path]):
    named = Scale(lowest=0, highest=2, labels=("poor", "fair", "good"))
    scales = [named, Scale(highest=60), None]
    criteria = [Criterion(name=f"c{i}", question="?", scale=s) for i, s in enumerate(scales)]
    judge = opened(folders["qwen2_5_vl"])
    fine, many, none = judge.judge([ask("score", criterion) for criterion in criteria], {})
    assert list(fine.probabilities or {}) == ["poor", "fair", "good"]
    verdict = parse(ask("score", criteria[0]), fine)
    assert 0 <= verdict.value <= 2  # type: ignore[union-attr]
    assert many.error is not None
    assert "at most 26 options" in many.error.detail
    assert none.error is not None
    assert {many.error.reason, none.error.reason} == {"unsupported"}


def test_a_text_that_spells_a_placeholder_or_a_mark_shows_no_image(folders: dict[str, Path]):
    judge = opened(folders["qwen2_5_vl"])
    plain = ask("pair", prompt=("a cup", PICTURES[1]))
    (reply,) = judge.judge([plain], MEDIA)
    spelled = ask(
        "pair",
        prompt=("a cup", PICTURES[1]),
        answers=[("<image 000000000000 1><|image_pad|><|mark|>",), ("cup number 1",)],
    )
    (other,) = judge.judge([spelled], MEDIA)
    assert other.error is None
    assert other.tokens_in is not None
    assert reply.tokens_in is not None
    assert other.tokens_in - reply.tokens_in < 60
    (expected,) = directly(folders["qwen2_5_vl"], spelled)
    assert numbers(other) == pytest.approx(list(expected.values()), abs=1e-5)


def test_a_prompt_longer_than_the_context_fails_alone(folders: dict[str, Path]):
    long = ask("pair", prompt=("a red cup " * 3000,))
    too_long, fine = opened(folders["jev"]).judge([long, ask("pair")], {})
    assert too_long.error is not None
    assert "the model reads 2048" in too_long.error.detail
    assert fine.error is None


def test_the_card_says_what_it_sees_and_what_pins_it(folders: dict[str, Path]):
    sees, reads = opened(folders["qwen2_5_vl"]).card, opened(folders["jev"]).card
    assert (sees.modalities, sees.media) == (("text", "image"), True)
    assert (reads.modalities, reads.media) == (("text",), False)
    assert str(sees.revision).startswith("sha256:")
    assert sees.fingerprint != reads.fingerprint


def test_a_changed_template_is_another_judge(folders: dict[str, Path]):
    first, other = (opened(folders[name]).card for name in ("jev", "form"))
    assert first.revision != other.revision


@pytest.mark.slow
@pytest.mark.parametrize("name", ["qwen2_5_vl", "jev", "form"])
def test_every_law_of_a_judge_is_kept(folders: dict[str, Path], name: str):
    report = check_judge(f"decision:{folders[name]}")
    broken = [f for f in report.findings if f.level == "broken"]
    assert not broken
    looked: Sequence[str] = [f.said for f in report.findings if f.check == "looks"]
    assert len(looked) == (3 if name == "qwen2_5_vl" else 2)
    assert all(f.level == "ok" for f in report.findings if f.check == "looks")


@pytest.mark.parametrize("options", [{"together": "yes"}, {"mode": "logits"}])
def test_options_are_checked(folders: dict[str, Path], options: dict[str, Any]):
    with pytest.raises(JudgeError, match="judge decision:"):
        opened(folders["jev"], **options)


def test_what_is_no_model_is_refused_under_its_own_name(tmp_path: Path, folders: dict[str, Path]):
    context = JudgeContext(task=None, protocol="pair")  # type: ignore[arg-type]
    with pytest.raises(JudgeError, match="decision:nowhere: no such folder"):
        open_judge("decision:nowhere", context)
    pickled = tmp_path / "pickled"
    pickled.mkdir()
    (pickled / "config.json").write_text("{}")
    (pickled / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(JudgeError, match=r"decision:.*only weights as \.safetensors"):
        open_judge(f"decision:{pickled}", context)


def test_a_lora_that_is_a_pickle_is_refused(tmp_path: Path):
    folder = jev(tmp_path / "model", JEV)
    (folder / "adapter").mkdir()
    (folder / "adapter" / "adapter_config.json").write_text("{}")
    (folder / "adapter" / "adapter_model.bin").write_bytes(b"x")
    with pytest.raises(JudgeError, match=r"adapter/adapter_model\.bin may run code"):
        opened(folder)
