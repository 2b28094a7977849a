"""Measures as `evaluate` modules."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mmjudge.interop.evaluate as interop
from mmjudge.metrics import Measure
from mmjudge.metrics.registry import SPECS

OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_EVALUATE_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}


@pytest.mark.slow
def test_every_measure_loads_from_disk_with_the_network_off(tmp_path):
    script = Path(__file__).with_name("offline_evaluate.py")
    env = {**os.environ, **OFFLINE, "HF_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        env=env, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    loaded = {Measure.parse(line).name for line in done.stdout.splitlines()}
    assert loaded == {*SPECS, "ceiling"}


def test_undefined_is_none_not_nan():
    constant = {"predictions": [1.0, 1.0], "references": [1.0, 2.0]}
    assert interop.compute(Measure("pearson"), constant) == {"pearson": None}


@pytest.mark.parametrize("name", list(SPECS))
def test_inputs_have_the_names_that_hugging_face_users_expect(name):
    measure = Measure(name)
    inputs = interop.inputs(measure)
    assert len(set(inputs.values())) == len(measure.columns)
    assert set(inputs) == set(measure.columns)
    said = {"verdict", "ranks", "answer", "step"} & set(inputs)
    assert bool(said) == ("predictions" in inputs.values())


def test_lists_and_arrays_give_one_value():
    lists = {"predictions": [[1.0, 2.0]], "references": [[2.0, 1.0]]}
    arrays = {key: np.array(value) for key, value in lists.items()}
    measure = Measure("top1")
    assert interop.compute(measure, lists) == interop.compute(measure, arrays) == {"top1": 0.0}
