"""The judge of sounds is trained and saved as it is loaded."""

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import mmjudge
from mmjudge.scenes.pack import Wanted, generate
from training.scenes_clap import Plan, School, lesson

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A model trained for three steps, and its learning curve."""
    folder = tmp_path_factory.mktemp("clap")
    plan = Plan(
        steps=3,
        families=8,
        medium=4,
        batch=4,
        rate=1e-3,
        every=3,
        items=12,
        minutes=10.0,
        reading=2,
    )
    lessons = [lesson(plan, level, 1, folder / "sounds") for level in ("easy", "medium")]
    school = School(lessons, plan)
    school.read_first()
    return folder / "model", school.train(folder / "model")


def test_a_trained_model_runs_as_any_judge_does(saved, tmp_path):
    folder, _ = saved
    generate(Wanted("sounds", 9, ("text->audio",), ("easy",), twins=False), tmp_path / "data")
    for protocol in ("pair", "score", "rank"):
        run = mmjudge.run(
            str(tmp_path / "data"), f"dual:{folder}", out=tmp_path / protocol, protocol=protocol
        )
        assert run.stats.failed == 0


def test_its_learning_curve_says_how_each_criterion_fares(saved):
    _, curve = saved
    assert curve[-1]["step"] == 3
    for level in ("easy", "medium"):
        broken = set(curve[-1][level]) - {"all"}
        assert broken
        assert broken <= {"count", "pitch", "rhythm", "loudness", "timbre", "order"}
        assert all(0 <= share <= 1 for share in curve[-1][level].values())
