"""The embedded judges do what their cards say, on scenes of a seed of this test."""

import pytest

import mmjudge
from mmjudge.assets import embedded_judges
from mmjudge.scenes.pack import Wanted, generate

pytest.importorskip("open_clip")
pytest.importorskip("transformers")

LEAST = {
    "clip:scenes-clip": ("text->image", 0.93, 0.55, {}),
    "dual:scenes-clap": ("text->audio", 0.8, 0.3, {}),
    "hf:scenes-vlm": ("text->image", 0.85, 0.55, {"mode": "logits"}),
}
"""Direction, least accuracy without ties on 60 decided pairs of level easy, where 0.5 is chance,
least rank correlation of 60 scores, and options: four standard errors and more below the figures of
the cards."""


def test_every_embedded_judge_is_held_to_something():
    kinds = ("clip", "dual", "hf")
    found = {f"{kind}:{name}" for kind in kinds for name, _ in embedded_judges(kind)}
    assert found == set(LEAST)


@pytest.mark.parametrize("judge", LEAST)
@pytest.mark.parametrize(
    ("protocol", "items", "measure"),
    [
        pytest.param("pair", 90, "accuracy(ties=half)", marks=pytest.mark.slow),
        ("score", 60, "tau_b"),
    ],
)
def test_what_is_a_fact_apart_is_told_apart(tmp_path, judge, protocol, items, measure):
    direction, accuracy, correlation, options = LEAST[judge]
    wanted = Wanted("a test's own", items, (direction,), ("easy",), (protocol,), twins=False)
    generate(wanted, tmp_path / "fresh")
    run = mmjudge.run(
        str(tmp_path / "fresh"), judge, out=tmp_path / "run", protocol=protocol, options=options
    )
    assert run.stats.failed == 0
    scored = run.scores(0, measures=(measure,))
    value = next(r.value for r in scored if r.criterion == "overall")
    assert value > (accuracy if protocol == "pair" else correlation)
