import pytest

pytestmark = pytest.mark.parity
PUBLISHED = {
    "text-text": (84.87, 5.16, 9.97),
    "audio-text": (84.89, 7.53, 7.58),
    "audio-audio": (80.99, 9.36, 9.64),
    "transcript": (81.27, 6.45, 12.27),
}
SHARES = ("consistent", "prefers_first", "prefers_second")


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
