import json
from itertools import combinations

import pytest

pytestmark = pytest.mark.parity
PUBLISHED = {
    "text-text": (84.87, 5.16, 9.97),
    "audio-text": (84.89, 7.53, 7.58),
    "audio-audio": (80.99, 9.36, 9.64),
    "transcript": (81.27, 6.45, 12.27),
}
SHARES = ("consistent", "prefers_first", "prefers_second")


@pytest.mark.slow
def test_position_bias_is_the_published_one_in_each_presentation(figures):
    found = figures(
        "audiojudge", "audiojudge", "gemini2.0flash", "both", dataset="chatbotarena_spoken"
    )
    for condition, published in PUBLISHED.items():
        values = [
            found[f"audiojudge.position.{share}", "overall", f"condition={condition}"]
            for share in SHARES
        ]
        assert values == pytest.approx(published, abs=0.01), condition


GIVEN = {"A": "first", "B": "second", "C": "tie"}
TURNED = {"A": "second", "B": "first", "C": "tie"}
RECORDED_AS = {"transcript": "wpbase-wpbase"}


def verdicts(data):
    """Verdicts in item order by presentation: in the given and in the swapped order."""
    path = data / "audiojudge" / "chatbotarena_spoken_verdicts.jsonl"
    rows = map(json.loads, path.read_text().splitlines())
    letters = {(row["modality"], row["order"]): row["verdicts"] for row in rows}
    return {
        condition: tuple(
            [names.get(letter) for letter in letters[RECORDED_AS.get(condition, condition), order]]
            for order, names in (("AB", GIVEN), ("BA", TURNED))
        )
        for condition in PUBLISHED
    }


def changed(*pairs):
    """Share of changed verdicts among those given on both sides, counted one by one."""
    both = [(a, b) for pair in pairs for a, b in zip(*pair, strict=True) if a and b]
    return sum(a != b for a, b in both) / len(both)


@pytest.mark.slow
def test_flips_between_every_two_presentations_are_those_of_the_raw_letters(figures, data):
    found = figures(
        "audiojudge", "audiojudge", "gemini2.0flash", "both", dataset="chatbotarena_spoken"
    )
    said = verdicts(data)
    for one, other in combinations(PUBLISHED, 2):
        (a, a_turned), (b, b_turned) = said[one], said[other]
        flips = changed((a, b), (a_turned, b_turned))
        baseline = changed((a, a_turned), (b, b_turned))
        wanted = {
            "presentation_flip_rate": flips,
            "order_baseline": baseline,
            "presentation_excess": flips - baseline,
        }
        for name, value in wanted.items():
            stratum = f"condition={one}/{other}"
            assert found[name, "overall", stratum] == pytest.approx(value, abs=1e-12), stratum
