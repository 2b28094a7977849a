"""Names of measures."""

import numpy as np
import pytest

from mmjudge.errors import MeasureError
from mmjudge.metrics import Measure, measures


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("accuracy(ties=strict)", "accuracy"),
        (" accuracy( ties = half , classes = 4 ) ", "accuracy(ties=half, classes=4)"),
        ("accuracy(classes=4, ties=half)", "accuracy(ties=half, classes=4)"),
        ("ndcg(k=3)", "ndcg@3"),
        ("ndcg@0", "ndcg"),
        ("kappa()", "kappa"),
        ("acc(within=0.2)", "acc(within=0.2)"),
        (
            "ceiling(of=accuracy(ties=half, classes=4))",
            "ceiling(of=accuracy(ties=half, classes=4))",
        ),
        ("ceiling(of=ndcg@3)", "ceiling(of=ndcg@3)"),
    ],
)
def test_names_that_mean_the_same_print_the_same(text, printed):
    assert str(Measure.parse(text)) == printed
    assert Measure.parse(printed) == Measure.parse(text)
    assert hash(Measure.parse(printed)) == hash(Measure.parse(text))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("acuracy", "accuracy"),
        ("spearmann", "spearman"),
        ("accuracy(tie=half)", "ties"),
        ("accuracy(ties=maybe)", "strict, half, wrong"),
        ("accuracy(classes=5)", "3, 4"),
        ("accuracy@3", "takes no '@'"),
        ("ndcg@x", "int"),
        ("ndcg@-1", "at least 0"),
        ("acc(within=nan)", "float"),
        ("ece(bins=0)", "at least 1"),
        ("accuracy(half)", "param=value"),
        ("", "expected name"),
        ("accuracy(", "expected name"),
        ("ceiling", "of="),
        ("ceiling(of=flip_rate)", "not a measure of gold and verdict"),
    ],
)
def test_a_wrong_name_says_what_is_right(text, says):
    with pytest.raises(MeasureError, match=says):
        Measure.parse(text)


def test_measures_can_be_listed_by_what_they_are_for():
    names = {str(m) for m in measures(protocol="rank", kind="agreement")}
    assert {"levenshtein", "rank_tau_b", "ndcg", "top1"} <= names
    assert all(m.protocol in ("pair", "any") for m in measures(protocol="pair"))


def test_every_measure_says_what_it_is():
    for measure in measures():
        spec = measure.spec
        assert spec.summary
        assert spec.bounds[0] < spec.bounds[1]
        assert spec.cutoff is None or spec.cutoff in spec.params
        assert spec.fn.__doc__ or spec.name.startswith("within_"), spec.name


def test_a_ceiling_takes_ratings_and_speaks_as_its_measure():
    ceiling = Measure.parse("ceiling(of=mae)")
    assert (ceiling.columns, ceiling.protocol) == (("ratings",), "score")
    assert (ceiling.kind, ceiling.direction) == ("ceiling", "lower")
    assert ceiling({"ratings": np.array([[1.0, 2.0], [3.0, 3.0]])}) == 0.5
