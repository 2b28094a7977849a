import pytest

pytestmark = pytest.mark.parity
FIGURES = ("pandalm.agreement", "pandalm.precision", "pandalm.recall", "pandalm.f1")
PUBLISHED = {
    "pandalm7b": (0.6677, 0.5738, 0.5750, 0.5743),
    "gpt35": (0.6977, 0.5365, 0.5324, 0.5274),
}
KAPPA = {"1,2": 0.852, "1,3": 0.879, "2,3": 0.862}


@pytest.mark.parametrize("judge", PUBLISHED)
def test_agreement_and_macro_averages_are_the_published_ones(figures, judge):
    found = figures("pandalm", "pandalm", judge)
    values = tuple(round(found[rule, "overall", "all"], 4) for rule in FIGURES)
    assert values == PUBLISHED[judge]


@pytest.mark.parametrize("pair", KAPPA)
def test_annotators_agree_as_published(figures, pair):
    found = figures("pandalm", "pandalm", "gpt35")
    assert round(found["pandalm.kappa", "overall", f"annotators={pair}"], 3) == KAPPA[pair]
