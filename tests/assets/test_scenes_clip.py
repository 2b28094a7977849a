"""The embedded judge of pictures does what its card says, on scenes of a seed of this test."""

import pytest

import mmjudge
from mmjudge.scenes.pack import Wanted, generate

pytest.importorskip("open_clip")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Accuracy without ties on fresh pairs of level easy, and rank correlation of scores."""
    folder = tmp_path_factory.mktemp("fresh")
    out = {}
    for protocol, items in (("pair", 90), ("score", 60)):
        wanted = Wanted("a test's own", items, ("text->image",), ("easy",), (protocol,), False)
        generate(wanted, folder / protocol)
        run = mmjudge.run(
            str(folder / protocol), "clip:scenes-clip", out=folder / f"run-{protocol}"
        )
        assert run.stats.failed == 0
        measures = ("accuracy(ties=half)",) if protocol == "pair" else ("tau_b",)
        scored = run.scores(0, measures=measures)
        out[protocol] = next(r.value for r in scored if r.criterion == "overall")
    return out


def test_pairs_a_fact_apart_are_told_apart(found):
    assert found["pair"] > 0.7  # 0.5 is chance; 60 pairs are decided


def test_scores_fall_with_the_facts_that_are_wrong(found):
    assert found["score"] > 0.3
