"""The mask of a packed pass: who sees whom, and the same attention in two parts as in one."""

from pathlib import Path
from typing import Any

import pytest

from mmjudge.judges.hf import mask as hf_mask
from mmjudge.judges.hf.mask import SHORTEST, block_mask
from mmjudge.judges.hf.packing import Branch, Row, Tree
from mmjudge.judges.hf.passes import Passes
from tests.judges.hf_asked import opened, torch
from tests.judges.tiny_models import qwen2_5_vl

attend = torch.nn.functional.scaled_dot_product_attention


def packed(prefix: int, *branches: int) -> Row:
    """A row of so many tokens in common and so many in each branch."""
    return Row((7,) * prefix, tuple(Branch((8,) * n) for n in branches), {})


def sees(row: Row, i: int, j: int) -> bool:
    """Whether token i of a row may see token j, said token by token."""
    owner = [None] * len(row.prefix) + [n for n, b in enumerate(row.branches) for _ in b.ids]
    return j <= i and owner[j] in (None, owner[i])


@pytest.mark.parametrize("row", [packed(3, 2, 1, 4), packed(1, 1), packed(0, 2, 2), packed(5)])
def test_a_token_sees_the_beginning_and_its_own_branch_up_to_itself(row: Row):
    mask = block_mask([row], torch.float32)
    places = range(len(row.tokens))
    assert mask.shape == (1, 1, len(row.tokens), len(row.tokens))
    assert [[bool(mask[0, 0, i, j] == 0) for j in places] for i in places] == [
        [sees(row, i, j) for j in places] for i in places
    ]


def drawn(rows: int, length: int, heads: int = 3, width: int = 8) -> list[Any]:
    stream = torch.Generator().manual_seed(length)
    return [torch.randn(rows, heads, length, width, generator=stream) for _ in range(3)]


def unmarked(mask: Any) -> Any:
    """The same numbers in a tensor that says nothing of its beginning."""
    return torch.tensor(mask.tolist())


@pytest.mark.parametrize(
    "rows",
    [
        [packed(SHORTEST + 20, 9, 4, 13)],
        [packed(SHORTEST, 1)],
        [packed(SHORTEST + 3, 5, 5), packed(SHORTEST + 17, 30), packed(SHORTEST, 2, 2, 2)],
        [packed(SHORTEST - 1, 6, 6)],
        [packed(SHORTEST + 5)],
    ],
    ids=["one row", "one branch of a token", "rows of unlike length", "short", "no branch"],
)
def test_attention_in_two_parts_is_attention(rows: list[Row]):
    mask = block_mask(rows, torch.float32)
    given = drawn(len(rows), mask.shape[-1])
    whole = attend(*given, attn_mask=unmarked(mask), scale=0.3)
    torch.testing.assert_close(
        attend(*given, attn_mask=mask, scale=0.3), whole, atol=1e-6, rtol=1e-5
    )


def test_only_the_beginning_that_all_rows_have_goes_to_the_causal_kernel():
    rows = [packed(SHORTEST + 3, 5), packed(SHORTEST + 9, 2)]
    mask = block_mask(rows, torch.float32)
    asked = []

    def recorded(query: Any, *rest: Any, **options: Any) -> Any:
        asked.append((query.shape[-2], options.get("is_causal"), "attn_mask" in options))
        return attend(query, *rest, **options)

    given = drawn(2, mask.shape[-1])
    hf_mask.in_two_parts(recorded, *given, attn_mask=mask)
    assert asked == [(SHORTEST + 3, True, False), (mask.shape[-1] - SHORTEST - 3, None, True)]


def test_other_attention_finds_an_ordinary_tensor():
    mask = block_mask([packed(SHORTEST, 2, 2)], torch.float32)
    query, key, _ = drawn(1, mask.shape[-1])
    scores = query @ key.transpose(-1, -2) + mask
    assert type(scores) is torch.Tensor
    torch.testing.assert_close(scores, query @ key.transpose(-1, -2) + unmarked(mask))


def test_the_mark_is_still_there_where_a_model_attends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Were it lost on the way, answers would stay the same and only the speed be gone."""
    chat = opened(qwen2_5_vl(tmp_path / "model"), mode="logits").answerer.chat
    text = "a red cup left of a white plate " * 20
    branches = (Branch((5, 6, 7)), Branch((9, 8, 7, 6)))
    tree = Tree(chat.conversation((text,), {}), (), branches)
    beginnings = []
    inner = hf_mask.in_two_parts

    def recorded(*given: Any, attn_mask: Any, **options: Any) -> Any:
        beginnings.append(attn_mask.beginning)
        return inner(*given, attn_mask=attn_mask, **options)

    monkeypatch.setattr(hf_mask, "in_two_parts", recorded)
    Passes(chat, "packed", batch_size=1).read([tree])
    assert beginnings == [len(chat.tokens(tree.conversation))] * 2
    assert beginnings[0] >= SHORTEST
