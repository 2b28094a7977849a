"""Every registered task is judged whole by a tiny model of each kind that takes what it shows."""

from collections import Counter
from functools import partial
from itertools import product

import pytest

import mmjudge
from mmjudge.registry import TASKS, registry
from mmjudge.sources.folder import open_task
from mmjudge.task import checked
from tests.judges import scorer_models as tiny
from tests.judges.scorer_asked import MODELS
from tests.once import once
from tests.tasks.samples import NAMES

CHAT = "qwen2_5_omni"
"""It takes all modalities, and is put to all tasks."""
SCORED = {
    "open_clip": {"text", "image"},
    "xclip": {"text", "video"},
    "clap": {"text", "audio"},
    "reward": {"text"},
}
"""The modalities of the tasks that a scorer is put to: one of media scores no texts alone."""

NO_VERDICT = ("empty", "truncated", "ambiguous", "refused", "incomplete", "off_scale")

LIFTED = ("pair", "score", "rank")
"""The protocols that a scorer takes part in."""


def drawn():
    """Each task with each kind that it allows; the first of a kind and a protocol is fast."""
    seen = Counter()
    for name in NAMES:
        spec = registry(TASKS).load(name).spec
        models = [model for model, shown in SCORED.items() if set(spec.modalities) == shown]
        for alike in product([CHAT, *models], spec.protocols):
            if alike[0] != CHAT and alike[1] not in LIFTED:
                continue
            seen[alike] += 1
            marks = [pytest.mark.slow] if seen[alike] > 1 else []
            yield pytest.param(name, *alike, marks=marks)


@pytest.fixture
def asked(folders, paths, model, protocol):
    """The spec and options of a tiny model that has room for all that a sample shows."""
    if model == CHAT and protocol == "steps":  # only words say what is wrong with each step
        return f"hf:{folders[CHAT]}", {"max_new_tokens": 4, "frames": 2}
    if model == CHAT:
        return f"hf:{folders[CHAT]}", {"mode": "logits", "frames": 2}
    long = partial(tiny.reward_model, length=2000)
    folder = once(paths.root / "long reward", long) if model == "reward" else paths(model)
    return f"{MODELS[model][0]}:{folder}", {}


@pytest.mark.parametrize(("name", "model", "protocol"), list(drawn()))
def test_a_tiny_model_judges_the_whole_sample(small, asked, tmp_path, name, model, protocol):
    task, (judge, options) = open_task(name, small(name)), asked
    whole = absent = 0
    for item in checked(task, protocol):
        named = item.criteria or [criterion.name for criterion in task.spec.criteria]
        criteria = len({*named} & {*item.checklists} if protocol == "checklist" else {*named})
        whole += criteria
        absent += criteria if item.absent else 0
    run = mmjudge.run(task, judge, protocol=protocol, options=options, out=tmp_path / "run")
    refused = run.stats.failures["unsupported"]
    assert run.stats.judged == whole
    failures = Counter(run.stats.failures)
    if protocol == "steps":  # random weights say nothing that is a verdict on each step
        failures -= Counter(dict.fromkeys(NO_VERDICT, whole))
    assert failures.total() == refused, run.stats.failures
    if model == CHAT:
        assert refused == absent
    else:
        assert absent <= refused
        assert refused < whole or absent == whole
