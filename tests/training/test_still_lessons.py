"""Facts asked for directly are those of the scene, and are learned from what can hold them."""

import pytest

torch = pytest.importorskip("torch")

from mmjudge.scenes.facts import Group, Still  # noqa: E402 (after what may be missing)
from mmjudge.scenes.levels import LEVELS  # noqa: E402
from mmjudge.scenes.sampling import sample  # noqa: E402
from mmjudge.scenes.stream import Stream  # noqa: E402
from training.still_lessons import CELLS, Heads  # noqa: E402


def learned(asked, inputs, steps=150):
    """The loss before and after heads and free inputs have learned together."""
    heads = Heads(64, 64)
    parameters = [*heads.parameters(), inputs.requires_grad_()]
    optimizer = torch.optim.Adam(parameters, lr=0.05)
    losses = []
    for _ in range(steps):
        loss = asked(heads, inputs)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses[0], losses[-1]


@pytest.fixture
def scenes():
    return [sample("still", LEVELS["easy"], Stream("lessons", n)) for n in range(8)]


@pytest.mark.parametrize("seen", [True, False])
def test_what_has_room_for_all_facts_comes_to_hold_them(scenes, seen):
    torch.manual_seed(0)
    before, after = learned(lambda heads, x: heads.told(x, scenes, seen), torch.randn(8, 64) / 8)
    assert after < 0.02 * before


def test_cells_are_read_from_the_patches_that_show_them(scenes):
    torch.manual_seed(0)
    before, after = learned(lambda heads, x: heads.shown(x, scenes), torch.randn(8, 36, 64))
    assert after < 0.02 * before
    one_for_all = learned(
        lambda heads, x: heads.shown(x * 0 + x[:, :1], scenes), torch.randn(8, 36, 64)
    )
    assert one_for_all[1] > 0.3 * one_for_all[0]


def test_a_caption_of_a_pair_is_asked_how_it_stands_and_not_where():
    """Moving the pair along its row changes what is seen, and nothing that is said."""
    one = Group(0, 2, "small", "red", "circle", (0, 0))
    other = Group(1, 1, "large", "blue", "star", (0, 1))
    moved = Still((one, Group(1, 1, "large", "blue", "star", (0, 2))), (0, 1))
    swapped = Still(
        (
            Group(0, 2, "small", "red", "circle", (0, 1)),
            Group(1, 1, "large", "blue", "star", (0, 0)),
        ),
        (0, 1),
    )
    torch.manual_seed(0)
    heads, embedded = Heads(64, 64), torch.randn(1, 64) / 8
    losses = {
        (name, seen): heads.told(embedded, [scene], seen).item()
        for name, scene in (
            ("as it is", Still((one, other), (0, 1))),
            ("moved", moved),
            ("swapped", swapped),
        )
        for seen in (True, False)
    }
    assert losses["as it is", False] == losses["moved", False] != losses["swapped", False]
    assert losses["as it is", True] != losses["moved", True]
    assert CELLS == 9
