"""A placeholder is never judged: what a recording lacks is marked, and who looks is refused."""

from typing import get_args

import pytest

import mmjudge
from mmjudge.engine.refusal import refuse
from mmjudge.judges.baseline import Baseline
from mmjudge.protocols import plan
from mmjudge.sources.folder import open_task
from mmjudge.task import checked
from mmjudge.types import JudgeCard, Media, ProtocolName, RunSettings
from tests.tasks.samples import CASES, protocols_of, real
from tests.tasks.small_hub_data import png

LOOKING = JudgeCard(
    name="eye", summary="Looks at what it is shown.", protocols=get_args(ProtocolName)
)
RECORDED = LOOKING.model_copy(update={"lookup": True})
BLIND = LOOKING.model_copy(update={"looks": False})


def is_whole(task, item):
    """Whether every part of the item can be read here."""
    for part in [*item.prompt, *(part for c in item.candidates for part in c.parts)]:
        if isinstance(part, Media) and not (task.root / part.uri).is_file():
            return False
        if isinstance(part, str) and "not in this recording" in part:
            return False
    return True


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_judge_that_looks_never_gets_an_item_of_which_something_is_absent(small, name, kind):
    task = open_task(name, real(name) if kind == "real" else small(name))
    for protocol in protocols_of(task, name, kind):
        settings = RunSettings(protocol=protocol)
        for place, item in zip(range(3000), checked(task, protocol), strict=False):
            assert (item.absent is None) == is_whole(task, item), item.id
            for request in plan.requests(task.spec, item, place, settings, "x"):
                refused = refuse(request, LOOKING)
                assert (refused is None) == (item.absent is None)
                assert refused is None or "only a recorded judge can answer" in refused.detail
                assert refuse(request, RECORDED) is None
                assert refuse(request, BLIND) is None


def test_what_is_absent_changes_no_key(small):
    task = open_task("pandalm", small("pandalm"))
    item = next(iter(checked(task, "pair")))
    settings = RunSettings(protocol="pair")
    whole = item.model_copy(update={"absent": None})
    keys = [
        [r.key for r in plan.requests(task.spec, each, 0, settings, "x")] for each in (item, whole)
    ]
    assert keys[0] == keys[1]


@pytest.mark.parametrize(
    ("judge", "answers"),
    [("first", 3), ("second", 3), ("random", 3), ("constant", 3), ("longest", 0), ("shortest", 0)],
)
def test_baselines_answer_about_placeholders_only_if_they_do_not_read(
    small, tmp_path, monkeypatch, judge, answers
):
    shown = []
    judge_batch = Baseline.judge

    def seen(self, batch, media):
        shown.extend(batch)
        return judge_batch(self, batch, media)

    monkeypatch.setattr(Baseline, "judge", seen)
    data = small("pandalm")
    run = mmjudge.run("pandalm", f"baseline:{judge}", data=data, out=tmp_path / judge)
    assert len(shown) == answers
    failures = run.dataframe()["failure"]
    assert sum(reason == "unsupported" for reason in failures) == 3 - answers


def test_images_put_beside_a_recording_are_judged(small):
    task = open_task("mj_bench_bias", small("mj_bench_bias"))
    absent = {item.id: item.absent for item in checked(task, "score")}
    assert absent["scale5/0000"] is None
    assert absent["scale5/0001"] == "image images/Nurse/young_female_middle eastern.jpg"
    (task.root / "images" / "Nurse" / "young_female_middle eastern.jpg").write_bytes(png("red"))
    assert all(item.absent is None for item in checked(task, "score"))


def test_a_folder_may_say_that_something_is_absent(tmp_path):
    (tmp_path / "task.yaml").write_text(
        "name: t\nprotocols: [score]\nmodalities: [text]\nprimary: spearman\n"
        "criteria: [{name: c, question: '?'}]\ncard: {summary: s}\n"
    )
    (tmp_path / "items.jsonl").write_text(
        '{"id": "1", "prompt": ["p"], "candidates": [{"id": "a", "parts": ["(lost)"]}], '
        '"absent": "answer"}\n'
    )
    (item,) = checked(open_task(str(tmp_path)), "score")
    assert item.absent == "answer"
