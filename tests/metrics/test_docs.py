"""The page of measures names them all."""

import re
from pathlib import Path

from mmjudge.errors import MeasureError
from mmjudge.metrics import Measure
from mmjudge.metrics.registry import SPECS

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()


def test_every_measure_has_a_row():
    rows = "\n".join(line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `"))
    named = set(re.findall(r"`(\w+)", rows))
    assert set(SPECS) <= named


def test_every_name_with_parameters_parses():
    for text in re.findall(r"`(\w+\([\w@=., ]+\))`", PAGE):
        try:
            Measure.parse(text.replace("of=M", "of=kappa"))
        except MeasureError as error:
            raise AssertionError(f"docs/metrics.md names {text}: {error}") from error
