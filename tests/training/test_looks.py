"""Attention that is taught names the places that it means, and is at rest when it is followed."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from training.judge_tokens import IMAGE, judge_tokenizer  # noqa: E402
from training.judged_items import Composer, chains  # noqa: E402 (after what may be missing)
from training.looks import (  # noqa: E402
    ALL,
    GATHER,
    MATCH,
    READ,
    REST,
    TAG,
    misdirected,
    taught,
    watched,
)
from training.rows import Writer, batch_of  # noqa: E402


@pytest.fixture(scope="module")
def writer():
    return Writer(judge_tokenizer())


@pytest.fixture(scope="module")
def drawn():
    return list(chains("looks", "easy", 6))


def rows_of(writer, drawn, protocol, way="text->image"):
    composer = Composer("looks", {way: 1.0})
    return [writer.row(getattr(composer, protocol)(one, drawn[0])) for one in drawn[1:]]


def as_wanted(rows):
    """Attention of four layers and heads that looks exactly where it is taught to."""
    length = max(len(r.prefix) + sum(map(len, r.branches)) for r in rows)
    layers = torch.zeros(4, len(rows), 4, length, length)
    for i, row in enumerate(rows):
        for look in row.looks:
            heads = slice(None) if look.head == ALL else look.head
            layers[look.layer, i, heads, look.at, look.to] = look.share
    return list(layers)


@pytest.mark.parametrize("protocol", ["pair", "score", "rank"])
@pytest.mark.parametrize("way", ["text->image", "image->text"])
def test_what_is_looked_at_is_what_is_meant(writer, drawn, protocol, way):
    image = writer.tokenizer.convert_tokens_to_ids(IMAGE)
    for row in rows_of(writer, drawn, protocol, way):
        ids = [*row.prefix, *(token for branch in row.branches for token in branch)]
        read = [look for look in row.looks if look.layer == READ]
        assert {look.to for look in read} == set(row.ends)
        asked = len(row.prefix)
        answers = []
        for branch in row.branches:
            asked += len(branch)
            answers.append(asked - 1)
        assert {look.at for look in read} == set(answers)
        for look in row.looks:
            if look.layer == TAG:
                assert ids[look.at] == image != ids[look.to]
            if look.layer == GATHER and look.at not in answers and look.to != REST:
                assert ids[look.to] == image
        shares = {}
        for look in row.looks:
            shares[look.layer, look.head, look.at] = (
                shares.get((look.layer, look.head, look.at), 0.0) + look.share
            )
        assert all(share == pytest.approx(1.0) for share in shares.values())


def test_a_candidate_looks_at_the_prompt_the_less_the_more_is_wrong_with_it(writer, drawn):
    for row in rows_of(writer, drawn, "rank"):
        shares = {k.at: k.share for k in row.looks if k.layer == MATCH and k.to != REST}
        wrong = dict(zip(row.ends, (b.total() for b in row.broken), strict=True))
        assert sorted(shares, key=shares.get) == sorted(wrong, key=wrong.get, reverse=True)


def test_following_is_cheapest_and_going_astray_costs(writer, drawn):
    rows = rows_of(writer, drawn, "pair")
    wanted = taught([row.looks for row in rows])
    followed = as_wanted(rows)
    least = misdirected(followed, wanted)
    blurred = [0.5 * layer + 0.5 / layer.shape[-1] for layer in followed]
    for place in range(4):
        astray = [*followed]
        astray[place] = blurred[place]
        assert misdirected(astray, wanted) > least + 0.1


def test_what_a_layer_looks_at_is_seen_while_it_is_watched(writer, drawn):
    from transformers import GPT2Config, GPT2Model

    shape = {"n_embd": 16, "n_layer": 2, "n_head": 4, "n_positions": 300}
    no_marks = {"bos_token_id": None, "eos_token_id": None}
    config = GPT2Config(vocab_size=300, attn_implementation="eager", **shape, **no_marks)
    model = GPT2Model(config).eval()
    batch = batch_of(rows_of(writer, drawn, "score"))
    with watched(model.h) as attention:
        model(input_ids=batch.ids, attention_mask=batch.mask.float(), position_ids=batch.positions)
    assert [tuple(a.shape[:2]) for a in attention] == [(len(batch.ids), 4)] * 2
    assert torch.allclose(attention[0].sum(-1), torch.ones(()))
    model(input_ids=batch.ids)
    assert len(attention) == 2
