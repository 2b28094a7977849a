"""What every registered task owes, checked on small data and, where it is, on the real one."""

import math
import re
import subprocess
import sys
import tracemalloc
from itertools import chain
from pathlib import Path

import pytest

from mmjudge.commands.catalogue import at_hand
from mmjudge.errors import TaskError
from mmjudge.metrics import Measure
from mmjudge.metrics.registry import fits
from mmjudge.registry import TASKS, registry
from mmjudge.sources.folder import open_task, unsafe_media
from mmjudge.sources.public_rows import modality_of
from mmjudge.task import BadItem, JudgedRow, Task, checked
from mmjudge.types import Failure, Item, Reply
from tests.tasks.samples import (
    CASES,
    EMBEDDED,
    NAMES,
    REAL_SLOW,
    SAMPLES,
    protocols_of,
    real,
)

SAMPLE_BYTES = 60_000
RECORDED = [
    name for name in NAMES if registry(TASKS).load(name).recorded_judges is not Task.recorded_judges
]
"""Tasks whose data may hold replies of judges: then the sample holds some."""
LINES = [name for name in NAMES if name in EMBEDDED or any(SAMPLES[name].rglob("*.jsonl"))]
"""Tasks whose data is JSON lines, not one JSON document or a table."""

TELLING = {"chosen", "rejected", "positive", "negative", "better", "worse", "good", "bad", "wrong"}
"""Words that an id of a candidate does not have: a judge of one's own is given the ids, too."""
OF_THE_SUBSET = ("audiojudge_same", "mmrb2")
"""Tasks whose modality is that of the subset, or of the sounds without the words between them."""


@pytest.fixture
def opened(small):
    def make(name, kind):
        return open_task(name, real(name) if kind == "real" else small(name))

    return make


def items_of(task, protocol):
    return list(checked(task, protocol))


@pytest.mark.parametrize("name", EMBEDDED)
def test_a_task_without_a_sample_comes_with_its_data(name):
    assert at_hand(name) == "yes"


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_small_and_readable_everywhere(name):
    files = [path for path in SAMPLES[name].rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < SAMPLE_BYTES
    assert not any(path.is_symlink() for path in files)


@pytest.mark.parametrize("name", NAMES)
def test_a_spec_names_measures_that_exist_and_says_where_the_data_comes_from(name):
    spec = registry(TASKS).load(name).spec
    assert spec.name == name
    for measure in (spec.primary, *spec.measures):
        assert str(Measure.parse(measure)) == measure
    assert fits(Measure.parse(spec.primary).protocol, spec.protocols[0])
    card = spec.card
    assert all((card.summary, card.source, card.revision, card.licence, card.citation))
    assert card.known_flaws


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_every_item_can_be_judged_and_ids_are_unique(opened, name, kind):
    task = opened(name, kind)
    for protocol in protocols_of(task, name, kind):
        items = items_of(task, protocol)
        assert [item for item in items if isinstance(item, BadItem)] == []
        ids = [item.id for item in items]
        assert ids
        assert len(ids) == len(set(ids))
        assert all(unsafe_media(item) is None for item in items)
        assert all("modality" in item.strata for item in items)
        if kind == "real":
            sizes = {k: n for k, n in task.spec.card.size.items() if k.split(",")[0] == protocol}
            assert {key: counted(items, key) for key in sizes} == sizes


@pytest.mark.parametrize("name", SAMPLES)
def test_no_id_of_a_candidate_tells_the_gold(small, name):
    task = open_task(name, small(name))
    for item in (item for protocol in task.spec.protocols for item in items_of(task, protocol)):
        words = {word for one in item.candidates for word in re.findall("[a-z]+", one.id)}
        assert not words & TELLING, item.id


@pytest.mark.parametrize("name", SAMPLES)
def test_the_modality_of_an_item_is_that_of_what_is_shown(small, name):
    task = open_task(name, small(name))
    for item in (item for protocol in task.spec.protocols for item in items_of(task, protocol)):
        shown = modality_of(item.prompt, (one.parts for one in item.candidates))
        assert name in OF_THE_SUBSET or item.strata["modality"] == shown, item.id


def counted(items, key):
    """How many items a line of a card's `size` is about, as in `pair, subset=image_editing`."""
    _, _, stratum = key.partition(", ")
    axis, _, value = stratum.partition("=")
    if axis == "criterion":
        return sum(value in item.criteria for item in items)
    return sum(not stratum or item.strata[axis] == value for item in items)


@pytest.mark.parametrize("name", NAMES)
def test_sizes_of_a_card_are_of_its_protocols_and_no_stratum_is_larger_than_the_whole(name):
    spec = registry(TASKS).load(name).spec
    for key, count in spec.card.size.items():
        protocol, _, stratum = key.partition(", ")
        assert protocol in spec.protocols
        assert not stratum or "=" in stratum
        assert 0 < count <= spec.card.size.get(protocol, count)


PAIRS = [name for name in SAMPLES if "pair" in registry(TASKS).load(name).spec.protocols]


@pytest.mark.parametrize("name", PAIRS)
def test_gold_that_a_loader_always_puts_first_is_a_known_flaw(small, name):
    task = open_task(name, small(name))
    items = [item for item in task.load("pair") if isinstance(item, Item)]
    slots = {gold.value for item in items for gold in item.gold.values()}
    said = [f for f in task.spec.card.known_flaws if "always" in f or "in every pair" in f]
    assert slots != {"first"} or any("first" in flaw for flaw in said)


@pytest.mark.parametrize(("name", "kind"), REAL_SLOW)
def test_loading_twice_gives_the_same_items_in_the_same_order(opened, name, kind):
    task = opened(name, kind)
    for protocol in protocols_of(task, name, kind):
        pairs = zip(task.load(protocol), task.load(protocol), strict=True)
        assert all(first == second for first, second in pairs)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_recorded_replies_refer_to_items_criteria_and_candidates_that_exist(opened, name, kind):
    task = opened(name, kind)
    known = {
        (protocol, item.id, criterion): sorted(c.id for c in item.candidates)
        for protocol in protocols_of(task, name, kind)
        for item in task.load(protocol)
        if isinstance(item, Item)
        for criterion in item.criteria or [c.name for c in task.spec.criteria]
    }
    judges = task.recorded_judges()
    assert bool(judges) == (name in RECORDED)
    assert len(judges) == len(set(judges))
    some = judges if kind == "small" else judges[::7]
    for judge in some:
        found = 0
        for line in task.recorded(judge):
            found += 1
            candidates = known[line.protocol, line.item, line.criterion]
            assert line.order is None or sorted(line.order) == candidates
            answers = [line.text, line.verdict, line.scores]
            assert sum(answer is not None for answer in answers) <= 1
        assert found


@pytest.mark.parametrize("name", NAMES)
def test_a_judge_that_was_not_recorded_is_refused_by_name(small, name):
    task = open_task(name, small(name))
    with pytest.raises(TaskError, match=r"nobody-\?"):
        list(task.recorded("nobody-?"))


@pytest.mark.parametrize("name", NAMES)
def test_missing_data_is_an_error_that_says_what_is_needed_and_where_it_is_had(name, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    for folder in (empty, tmp_path / "absent"):
        task = open_task(name, folder)
        with pytest.raises(TaskError) as error:
            list(task.load(task.spec.protocols[0]))
        assert str(folder) in str(error.value)
        assert task.spec.card.source in str(error.value)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_another_form_is_an_error_that_names_it(small, name):
    folder = small(name)
    for path in filter(Path.is_file, folder.rglob("*")):
        path.write_text('{"not": "this"}\n')
    task = open_task(name, folder)
    with pytest.raises(TaskError) as error:
        list(task.load(task.spec.protocols[0]))
    assert str(folder) in str(error.value)
    assert "not" in str(error.value)


@pytest.mark.parametrize("name", LINES)
def test_one_bad_line_is_reported_with_its_place_and_the_rest_is_kept(small, name):
    folder = small(name)
    (path,) = sorted(folder.rglob("*pair*.jsonl"))[:1] or sorted(folder.glob("*.jsonl"))[-1:]
    whole = len(items_of(open_task(name, folder), open_task(name, folder).spec.protocols[0]))
    path.write_text(path.read_text() + '{"cut": "o')
    lines = len(path.read_text().splitlines())
    items = items_of(open_task(name, folder), open_task(name, folder).spec.protocols[0])
    bad = [item for item in items if isinstance(item, BadItem)]
    assert [item.where for item in bad] == [f"{path}:{lines}"]
    assert "cut off" in bad[0].problem
    assert len(items) == whole + 1


@pytest.mark.parametrize("name", NAMES)
def test_published_rules_say_nothing_that_is_not_a_number_when_every_judgment_failed(small, name):
    task = open_task(name, small(name))
    failure = Failure(reason="infra", detail="no backend")
    for protocol in task.spec.protocols:
        rows = [
            JudgedRow(item, criterion, tuple(range(len(item.candidates))), 0, Reply(), failure)
            for item in task.load(protocol)
            for criterion in item.criteria or [c.name for c in task.spec.criteria]
        ]
        for rule in task.published():
            for table in rule.tables(rows):
                value = table.statistic(*table.columns, weights=None)
                assert math.isnan(value) or -100 <= value <= 100


@pytest.mark.parametrize("name", RECORDED)
def test_published_statistics_take_weights_in_batches(small, name):
    import numpy as np

    task = open_task(name, small(name))
    protocol = task.spec.protocols[0]
    judge = task.recorded_judges()[0]
    recorded = {(r.item, r.criterion, r.order): r for r in task.recorded(judge)}
    rows = list(rows_of(task, protocol, recorded))
    tables = list(chain.from_iterable(rule.tables(rows) for rule in task.published()))
    assert tables
    for table in tables:
        n = len(table.item)
        plain = np.asarray(table.statistic(*table.columns))
        weights = np.vstack([np.ones(n), np.full(n, 3), np.arange(1, n + 1)])
        values = np.asarray(table.statistic(*table.columns, weights=weights))
        assert values.shape == (3,)
        np.testing.assert_allclose(values[0], plain)
        repeated = [np.repeat(column, np.arange(1, n + 1), axis=0) for column in table.columns]
        np.testing.assert_allclose(values[2], table.statistic(*repeated), atol=1e-9)


def rows_of(task, protocol, recorded):
    from mmjudge.protocols import plan
    from mmjudge.protocols.reply import parse
    from mmjudge.types import RunSettings

    settings = RunSettings(protocol=protocol, orders="both")
    for place, item in enumerate(checked(task, protocol)):
        for request in plan.requests(task.spec, item, place, settings, "x"):
            shown = tuple(c.id for c in request.candidates)
            line = recorded.get((item.id, request.criterion.name, shown)) or recorded.get(
                (item.id, request.criterion.name, None)
            )
            if line is None:
                reply = Reply(error=Failure(reason="infra", detail="not recorded"))
            else:
                reply = Reply(
                    text=line.text, verdict=line.verdict, scores=line.scores, error=line.failure
                )
            outcome = parse(request, reply)
            yield JudgedRow(item, request.criterion.name, request.order, 0, reply, outcome)


@pytest.mark.parametrize(("name", "times"), [("genai_bench", 400), ("tifa160", 800)])
def test_memory_stays_flat_while_a_large_file_is_read(small, name, times):
    folder = small(name)
    path = sorted(folder.glob("*.jsonl"))[-1]
    line = (
        path.read_text()
        .splitlines()[0]
        .replace("a cat", "x" * 20_000)
        .replace("a tree", "x" * 20_000)
    )
    path.write_text((line + "\n") * times)
    size = path.stat().st_size
    task = open_task(name, folder)
    for _ in zip(task.load("pair"), range(3), strict=False):
        pass
    tracemalloc.start()
    count = sum(1 for _ in task.load(task.spec.protocols[0]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count >= times
    assert peak < size / 4


def test_listing_tasks_loads_no_heavy_library():
    code = (
        "import sys\n"
        "from mmjudge.registry import TASKS, registry\n"
        "loaded = registry(TASKS).load_all()\n"
        "assert len(loaded) >= 6, loaded\n"
        "heavy = {'datasets', 'pyarrow', 'torch', 'pandas', 'transformers'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)
