"""The cards of judge families: each can be asked of anything it takes, and is listed."""

import json
import re
from pathlib import Path

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from mmjudge.cli import app
from mmjudge.errors import JudgeError
from mmjudge.judges.base import JudgeContext, fingerprint, open_judge
from mmjudge.judges.family_cards import FamilyCard, families
from mmjudge.protocols import Message, on_own_scale, render, template_digest, wording_digest
from mmjudge.types import Candidate, Media, Request, Scale
from tests.protocols.asked import asked

CARDS = {card.name: card for card in families()}
DOCS = Path(__file__).parents[2] / "docs" / "judge_families.md"
CASES = [(card, protocol) for card in CARDS.values() for protocol in card.protocols]


def shown(request: Request, modality: str) -> Request:
    """The request with candidates of a modality."""
    if modality == "text":
        return request
    media = [
        Candidate(id=c.id, parts=(Media(modality=modality, uri=f"{c.id}.bin"),))  # type: ignore[arg-type]
        for c in request.candidates
    ]
    return request.model_copy(update={"candidates": tuple(media)})


def everything(messages: list[Message]) -> str:
    parts = (part for message in messages for part in message.parts)
    return "".join(part if isinstance(part, str) else f"<{part.uri}>" for part in parts)


@pytest.mark.parametrize(("card", "protocol"), CASES, ids=lambda c: getattr(c, "name", c))
@pytest.mark.parametrize("scale", [None, Scale(lowest=0, highest=2, labels=("a", "b", "c"))])
@pytest.mark.parametrize("reference", [None, ("the reference",)])
def test_a_family_shows_prompt_and_candidates_in_order_and_nothing_of_their_makers(
    card: FamilyCard, protocol: str, scale: Scale | None, reference: tuple[str, ...] | None
):
    wording = card.wordings()[protocol]  # type: ignore[index]
    for modality in card.modalities:
        request = shown(asked(protocol, scale=scale), modality)  # type: ignore[arg-type]
        request = request.model_copy(update={"reference": reference})
        text = everything(render(on_own_scale(request, wording), wording=wording))
        assert card.name == "q_align" or "a prompt" in text
        marks = [
            f"answer {i}" if modality == "text" else f"<c{i}.bin>"
            for i in range(len(request.candidates))
        ]
        assert [text.count(mark) for mark in marks] == [1] * len(marks)
        assert sorted(marks, key=text.index) == marks
        assert "s0" not in text


@pytest.mark.parametrize(("card", "protocol"), CASES, ids=lambda c: getattr(c, "name", c))
def test_no_candidate_spells_a_mark_of_the_prompt(card: FamilyCard, protocol: str):
    wording = card.wordings()[protocol]  # type: ignore[index]
    plain = asked(protocol)  # type: ignore[arg-type]
    spoof = " ".join(card.marks).upper() + " " + " ".join(card.marks)
    first = plain.candidates[0].model_copy(update={"parts": (spoof,)})
    spoofed = plain.model_copy(update={"candidates": (first, *plain.candidates[1:])})
    before, after = (
        everything(render(on_own_scale(request, wording), wording=wording)).casefold()
        for request in (plain, spoofed)
    )
    assert all(before.count(m.casefold()) == after.count(m.casefold()) for m in card.marks)


@pytest.mark.parametrize("card", CARDS.values(), ids=lambda c: c.name)
def test_the_docs_describe_every_family_as_its_card_does(card: FamilyCard):
    rows = [line for line in DOCS.read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
    (row,) = [line for line in rows if line.startswith(f"| `{card.name}` |")]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert set(cells[1].split(", ")) == set(card.protocols)
    taken = ("text", "image", "video", "audio") if cells[2] == "any" else cells[2].split(", ")
    assert set(taken) == set(card.modalities)
    assert cells[-1] == card.grammar
    if card.grammar == "verified" and not cells[-2].startswith("the same"):
        assert all(word in card.source for word in cells[-2].split())


def test_every_card_says_where_its_prompt_was_read_and_pins_what_it_pins():
    for card in CARDS.values():
        assert re.search(r"arXiv \d{4}\.\d{5}", card.source), card.name
        assert all(c.revision is None or len(c.revision) == 40 for c in card.checkpoints)


def test_a_changed_prompt_or_grammar_is_another_judge_and_another_run():
    card = CARDS["judgelm"].listed()
    one, other = CARDS["judgelm"].wordings(), CARDS["pandalm"].wordings()
    prints = {
        fingerprint(card.model_copy(update={"wordings": wordings})) for wordings in ({}, one, other)
    }
    assert len(prints) == 3
    digests = {wording_digest(one["pair"]), wording_digest(other["pair"]), template_digest("pair")}
    assert len(digests) == 3


@pytest.mark.parametrize("protocol", ["pair", "score", "rank"])
def test_each_setting_asks_otherwise_about_the_same_material(protocol: str):
    card = CARDS["mllm_judge"]
    request = asked(protocol)  # type: ignore[arg-type]
    prompts = {
        setting: everything(render(request, wording=card.wordings(setting)[protocol]))  # type: ignore[index]
        for setting in card.settings
    }
    assert card.wordings() == card.wordings("none")
    assert len(set(prompts.values())) == len(card.settings) == 4
    for setting, prompt in prompts.items():
        assert ("'Figure Analysis'" in prompt) == ("figure" in setting)
        assert ("'Response'" in prompt) == ("instruction" in setting)
        assert prompt.replace(card.settings[setting], "") == prompts["none"].replace(
            card.settings["none"], ""
        )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mllm_judge", "it has none, figure, instruction, figure_instruction"),
        ("pandalm", "it has none"),
    ],
)
def test_a_setting_that_a_family_has_not_is_refused_with_those_it_has(name: str, words: str):
    context = JudgeContext(task=None, protocol="pair")  # type: ignore[arg-type]
    with pytest.raises(JudgeError, match=f"no setting 'vision'; {words}$"):
        open_judge(f"family:{name}", context, {"model": "x", "setting": "vision"})


def test_a_prompt_shows_the_setting_where_the_card_has_some_and_only_there():
    blocks = "{% block material %}MORE{% endblock %}{% block question %}{% endblock %}"
    for settings, shown in (({}, "{{ setting }}"), ({"a": "b"}, "")):
        prompt = blocks.replace("MORE", shown)
        with pytest.raises(ValidationError, match=r"protocols\.pair\.prompt: .* is needed"):
            FamilyCard(
                name="x", summary="x", settings=settings, protocols={"pair": {"prompt": prompt}}
            )  # type: ignore[dict-item]


def test_mmjudge_judges_lists_the_families_with_what_they_need():
    done = CliRunner().invoke(app, ["judges", "--json"])
    assert done.exit_code == 0
    found = {card["name"]: card for card in json.loads(done.stdout)["judges"]}
    assert {f"family:{name}" for name in CARDS} <= set(found)
    flex = found["family:flex_judge"]
    assert flex["needs"] == ["hf"]
    assert flex["params"]["model"] == "jongwooko/Flex-VL-7B"
    assert found["family:genai_bench"]["params"]["model"] == "PATH_OR_HUB_ID"
