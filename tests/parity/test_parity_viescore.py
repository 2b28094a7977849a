import json

import pytest

pytestmark = pytest.mark.parity
JUDGES = [
    f"{model}_{shots}shot" for model in ("gpt4o", "gemini", "gpt4v", "llava") for shots in (0, 1)
]
SUBTASKS = ("Text-Guided_IG", "Mask-Guided_IE", "Subject-Driven_IE", "Multi-Concept_IC")

EXCEPTIONS = {
    # Float ties in the square root: people's means are rounded here, the authors' are not.
    ("Text-Guided_IG", "gpt4o_0shot", "O"): 0.003,
    ("Text-Guided_IG", "gpt4v_1shot", "O"): 0.002,
    # One sub-score of 8.5, which the authors' notebook cuts to 8; it keeps those of gpt4v_1shot.
    ("Multi-Concept_IC", "gpt4o_0shot", "PQ"): 0.002,
    # The published cell repeats that of gpt4o_0shot (.3268); the data give .2797.
    ("Subject-Driven_IE", "gpt4o_1shot", "O"): 0.048,
}


@pytest.fixture(scope="session")
def published(data):
    return json.loads((data / "viescore" / "published_table2.json").read_text())


@pytest.mark.parametrize(
    "judge",
    [JUDGES[0], *(pytest.param(judge, marks=pytest.mark.slow) for judge in JUDGES[1:])],
)
def test_correlations_are_the_published_ones_within_a_thousandth(figures, published, judge):
    found = figures("viescore", "viescore", judge)
    for subtask in SUBTASKS:
        for criterion, wanted in zip(("SC", "PQ", "O"), published[subtask][judge], strict=True):
            value = found["viescore.tanh_mean", criterion, f"subtask={subtask}"]
            within = EXCEPTIONS.get((subtask, judge, criterion), 0.001)
            assert value == pytest.approx(wanted, abs=within), (subtask, judge, criterion)


@pytest.mark.slow
def test_each_exception_is_one(figures, published):
    for (subtask, judge, criterion), within in EXCEPTIONS.items():
        found = figures("viescore", "viescore", judge)
        value = found["viescore.tanh_mean", criterion, f"subtask={subtask}"]
        wanted = published[subtask][judge][("SC", "PQ", "O").index(criterion)]
        assert 0.001 < abs(value - wanted) <= within
