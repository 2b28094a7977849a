"""What was not asked, what was lost on the way, and what broke the grader are three things."""

from pathlib import Path

import pytest
from PIL import Image

import mmjudge
from mmjudge.commands.figures import print_scores
from mmjudge.scoring.biases import Bias, biases
from mmjudge.scoring.table import Table
from mmjudge.store.run_store import RunStore
from mmjudge.types import Candidate, Failure, Media, Reply, Request
from tests.biases.habits import GOLDS, right, texts
from tests.engine.driven import Listed, pair
from tests.probes.test_media_probe_runs import Looking, brightness
from tests.scoring.scoring_helpers import Scripted


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Listed:
    """Pairs of pictures of one colour; every third is white, and another in fifteen damaged."""
    root = tmp_path_factory.mktemp("flat")
    items = []
    for n in range(30):
        parts = []
        for k in "ab":
            name = f"{n}{k}.png"
            level = 255 if n % 3 == 0 else 100 + n
            Image.new("RGB", (64, 48), (level, level, 90 if n % 3 else 255)).save(root / name)
            parts.append(Media(modality="image", uri=name))
        candidates = tuple(Candidate(id=m.uri, parts=(m,)) for m in parts)
        items.append(pair(n, candidates=candidates, gold=GOLDS[n % 2]))
    return Listed(items, root=root)


def found(run: mmjudge.Run) -> dict[str, Bias]:
    return {bias.probe: bias for bias in run.biases(20)}


def test_a_change_that_alters_nothing_counts_as_not_asked(pictures: Listed, tmp_path: Path):
    out = tmp_path / "run"
    run = mmjudge.run(pictures, Looking(brightness), out=out, probes="rerun,brightness,blur")
    assert run.stats is not None
    assert run.stats.failed == 0
    assert run.stats.unasked == {"brightness": 10, "blur": 30}
    biases = found(run)
    assert (biases["brightness"].n_asked, biases["brightness"].n_not_asked) == (20, 10)
    assert (biases["blur"].n_asked, biases["blur"].n_not_asked) == (0, 30)
    assert biases["brightness"].n_broke == biases["brightness"].n_lost == 0
    with RunStore.open(run.folder) as store:
        assert store.counts()["failed"] == 0
        assert store.failures() == {}
        outcomes = [one.outcome for _, one in store.judgments() if one.probe == "blur"]
    assert {o.reason for o in outcomes if isinstance(o, Failure)} == {"unchanged"}
    again = mmjudge.run(pictures, Looking(brightness), out=out, probes="rerun,brightness,blur")
    assert again.stats is not None
    assert again.stats.judged == 0  # nothing is left to be asked


def test_a_change_that_a_task_asks_for_and_that_alters_nothing_is_a_failure(
    pictures: Listed, tmp_path: Path
):
    item = pictures.items[0]
    whitened = item.model_copy(
        update={
            "candidates": tuple(
                c.model_copy(
                    update={"parts": (c.parts[0].model_copy(update={"changes": ("brightness",)}),)}
                )
                for c in item.candidates
            )
        }
    )
    task = Listed([whitened], root=pictures.root)
    run = mmjudge.run(task, Looking(brightness), out=tmp_path / "run")
    assert run.stats is not None
    assert run.stats.failures == {"media": 1}


def test_what_is_lost_on_the_way_is_not_what_breaks_the_grader(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    def answer(request: Request) -> Reply:
        number = int(request.item)
        if request.probe == "authority" and number < 4:
            return Reply(error=Failure(reason="infra", detail="gone"))
        if request.probe == "authority" and number < 10:
            return Reply(text="no verdict")
        return Reply(text=f"[[{'AB'[right(request)]}]]")

    run = mmjudge.run(texts(20), Scripted(answer), out=tmp_path / "run", probes="rerun,authority")
    one = found(run)["authority"]
    assert (one.n_asked, one.n_lost, one.n_broke, one.n_failed) == (20, 4, 6, 0)
    assert one.figure("broken").value == pytest.approx(6 / 16)
    assert one.figure("robustness").value == 1
    worse = [b for b in one.figures if b.metric == "accuracy_lost"]
    assert worse[0].n_items < 16  # what was lost is no wrong verdict
    print_scores([run.folder], 20, (), (), every=False, as_json=False)
    out = capsys.readouterr().out
    assert "never answered (infra, media), in no figure: authority 4 of 20" in out
    assert "authority broke the grader: 6 of 16 verdicts could not be had" in out


def test_a_recording_says_before_and_after_what_it_does_not_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    lines = [
        f'{{"item": "{n}", "criterion": "overall", "protocol": "pair", "order": {order}, '
        f'"text": "[[A]]"}}'
        for n in range(12)
        for order in ('["c0", "c1"]', '["c1", "c0"]')
    ]
    file = tmp_path / "said.jsonl"
    file.write_text("\n".join(lines) + "\n")
    asked = {"probes": "rerun,order_swapped,verbosity", "out": tmp_path / "run"}
    forecast = mmjudge.api.forecast(texts(12), f"replay:{file}", orders="both", **asked)
    assert (forecast.plain, forecast.probed, forecast.unknown) == (24, 72, 48)
    run = mmjudge.run(texts(12), f"replay:{file}", orders="both", **asked)
    by_probe = {b.probe: b for b in biases(Table.load(run.folder), 20)}
    assert by_probe["verbosity"].n_lost == by_probe["rerun"].n_lost == 24
    assert by_probe["order_swapped"].n_lost == 0
    assert {b.n_broke for b in by_probe.values()} == {0}
    print_scores([run.folder], 20, (), (), every=False, as_json=False)
    assert "in no figure: rerun 24 of 24, verbosity 24 of 24" in capsys.readouterr().out
