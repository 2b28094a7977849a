"""The tie threshold: fitted on a split, never on what is scored."""

import json

import numpy as np
import pytest

import mmjudge
from mmjudge.errors import JudgeError
from mmjudge.judges.base import Judge
from mmjudge.judges.scorers.calibration import (
    calibrate_ties,
    check_calibration,
    in_split,
    tie_threshold,
)
from mmjudge.sources.folder import open_task
from mmjudge.types import JudgeCard, Reply

CARD = """name: close
protocols: [pair]
modalities: [text]
primary: accuracy
criteria:
  - {name: better, question: Which number is larger?}
card: {summary: Pairs of numbers made by a test.}
"""


class Numbers(Judge):
    """Scores a candidate by the number that it says; keeps what it was shown."""

    def __init__(self):
        self.card = JudgeCard(name="numbers", summary="For tests.", scale="own", fingerprint="x")
        self.shown = []

    @classmethod
    def open(cls, name, options, context):
        return cls()

    @classmethod
    def catalog(cls):
        return []

    def judge(self, batch, media):
        self.shown += [request.prompt[0] for request in batch]
        return [Reply(scores=tuple(float(c.parts[0]) for c in r.candidates)) for r in batch]


@pytest.fixture
def task(tmp_path):
    """200 pairs; people call differences up to 1 a tie."""
    rng = np.random.default_rng(0)
    lines = []
    for place in range(200):
        a, b = rng.normal(size=2) * 2
        value = "tie" if abs(a - b) <= 1 else "first" if a > b else "second"
        candidates = [{"id": n, "parts": [str(x)]} for n, x in (("a", a), ("b", b))]
        gold = {"better": {"kind": "preference", "value": value}}
        item = {"id": f"i{place}", "prompt": [f"pair {place}"], "candidates": candidates}
        lines.append(json.dumps({**item, "gold": gold}))
    folder = tmp_path / "close"
    folder.mkdir()
    (folder / "task.yaml").write_text(CARD)
    (folder / "items.jsonl").write_text("\n".join(lines) + "\n")
    return open_task(str(folder), None)


def accuracy(threshold, differences, gold):
    tied = np.abs(differences) <= threshold
    return float(np.mean(np.where(tied, 2, np.where(differences > 0, 0, 1)) == gold))


@pytest.mark.parametrize("seed", range(20))
def test_the_threshold_is_the_smallest_of_the_best_among_all_that_matter(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 30))
    differences = rng.integers(-5, 6, n) / 4
    gold = rng.integers(0, 3, n)
    threshold, found = tie_threshold(differences, gold)
    tried = {t: accuracy(t, differences, gold) for t in (0.0, *np.abs(differences))}
    assert found == pytest.approx(max(tried.values()))
    assert found == pytest.approx(tried[threshold])
    assert threshold == min(t for t, value in tried.items() if value == tried[threshold])


def test_without_pairs_there_is_no_threshold():
    with pytest.raises(ValueError, match="pairs are needed"):
        tie_threshold(np.array([]), np.array([], dtype=np.int64))


def test_calibration_sees_only_its_split_and_the_run_only_the_rest(task, tmp_path):
    judge = Numbers()
    calibration, rest = calibrate_ties(task, judge, share=0.3, seed=4)
    fitted = {f"i{prompt.split()[1]}" for prompt in judge.shown}
    assert fitted == {f"i{n}" for n in range(200) if in_split(f"i{n}", 0.3, 4)}
    assert calibration.n_items == calibration.n_pairs == len(fitted)
    assert 0.8 < calibration.tie_within <= 1
    assert calibration.accuracy == 1

    scoring = Numbers()
    scoring.card = scoring.card.model_copy(update={"params": calibration.options()})
    done = mmjudge.run(rest, scoring, out=tmp_path / "run")
    judged = set(done.dataframe()["item"])
    assert not judged & fitted
    assert len(judged) + len(fitted) == 200
    kept = done.header.judge.params["calibration"]
    assert (kept["share"], kept["seed"], kept["n_items"]) == (0.3, 4, len(fitted))


def test_a_fitted_threshold_is_refused_on_the_items_it_was_fitted_on(task):
    calibration, rest = calibrate_ties(task, Numbers(), share=0.3)
    record = calibration.options()["calibration"]
    check_calibration("numbers", record, rest)
    check_calibration("numbers", {}, task)
    with pytest.raises(JudgeError, match="must not be scored"):
        check_calibration("numbers", record, task)
    other = calibrate_ties(task, Numbers(), share=0.3, seed=9)[1]
    with pytest.raises(JudgeError, match="must not be scored"):
        check_calibration("numbers", record, other)
    with pytest.raises(JudgeError, match="share"):
        check_calibration("numbers", {"task": "close@1"}, task)


@pytest.mark.parametrize("share", [0, 1, -0.5])
def test_a_share_that_leaves_nothing_is_refused(task, share):
    with pytest.raises(JudgeError, match="between 0 and 1"):
        calibrate_ties(task, Numbers(), share=share)


def test_a_split_without_gold_is_an_error_that_says_so(task):
    with pytest.raises(JudgeError, match="larger share"):
        calibrate_ties(task, Numbers(), share=1e-9)
