"""The demo is made by the project itself, and shows what its judges are known for."""

import importlib.util

import pytest

import mmjudge as package

FILES = ("items.jsonl", "recorded/careful.jsonl", "recorded/hasty.jsonl")


@pytest.mark.parametrize("name", FILES)
def test_the_demo_is_what_its_script_makes(demo, tmp_path, name):
    spec = importlib.util.spec_from_file_location("make_demo", demo / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.make(tmp_path)
    assert (tmp_path / name).read_bytes() == (demo / name).read_bytes()


def test_the_demo_shows_the_habits_of_its_judges(demo_runs):
    careful, hasty = (
        {r.metric: r.value for r in package.Run(folder).scores(0) if r.criterion == "correctness"}
        for folder in demo_runs
    )
    assert careful["accuracy"] > 0.8
    assert hasty["accuracy"] < 0.5
    assert hasty["position_bias"] > careful["position_bias"]
    assert hasty["first_slot_share"] > 0.6 > careful["first_slot_share"]
