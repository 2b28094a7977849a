"""A run goes on where it stopped, and only as the run that it is."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmjudge.api import run
from mmjudge.errors import StoreError
from mmjudge.store.run_file import FILE
from mmjudge.store.run_store import RunStore
from mmjudge.types import Item, PreferenceGold, RunHeader
from tests.engine.driven import SPEC, Listed, Told, outcomes, pair, stored

ITEMS = [pair(i) for i in range(20)]


def begin(folder: Path, items: list[Item] = ITEMS, **settings: Any) -> Told:
    judge = Told()
    run(Listed(items), judge, out=folder, **settings)
    return judge


def test_a_finished_run_asks_nothing_again(tmp_path: Path):
    begin(tmp_path / "run")
    before = stored(tmp_path / "run")
    assert not begin(tmp_path / "run").asked
    assert stored(tmp_path / "run") == before


def test_a_larger_limit_asks_only_what_is_new(tmp_path: Path):
    begin(tmp_path / "run", limit=5)
    judge = begin(tmp_path / "run", limit=12)
    assert [r.item for r in judge.asked] == [str(i) for i in range(5, 12)]
    assert [r.item for r in begin(tmp_path / "run").asked] == [str(i) for i in range(12, 20)]


def test_a_run_in_pieces_is_the_run_in_one_go(tmp_path: Path):
    for limit in (3, 7, 20):
        begin(tmp_path / "pieces", limit=limit)
    begin(tmp_path / "whole")
    assert outcomes(tmp_path / "pieces") == outcomes(tmp_path / "whole")


def test_a_smaller_limit_loses_nothing(tmp_path: Path):
    begin(tmp_path / "run")
    assert not begin(tmp_path / "run", limit=2).asked
    assert len(stored(tmp_path / "run")) == 20


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ({"seed": 1}, "settings.seed: 0 before, 1 now"),
        ({"orders": "both"}, "settings.orders: 'balanced' before, 'both' now"),
        ({"repeats": 2}, "settings.repeats: 1 before, 2 now"),
        ({"where": {"domain": "a"}}, "settings.where.domain: None before, 'a' now"),
    ],
)
def test_other_settings_are_refused_with_the_difference(
    settings: dict[str, Any], shown: str, tmp_path: Path
):
    begin(tmp_path / "run")
    with pytest.raises(StoreError, match="other settings") as error:
        begin(tmp_path / "run", **settings)
    assert shown in str(error.value)
    assert len(stored(tmp_path / "run")) == 20


def test_another_judge_is_refused(tmp_path: Path):
    begin(tmp_path / "run")
    with pytest.raises(StoreError, match=r"judge\.fingerprint: 'told' before, 'other' now"):
        run(Listed(ITEMS), Told(fingerprint="other"), out=tmp_path / "run")


def test_another_batch_size_is_the_same_judge(tmp_path: Path):
    begin(tmp_path / "run", limit=5)
    run(Listed(ITEMS), Told(batch_size=2), out=tmp_path / "run")
    assert len(stored(tmp_path / "run")) == 20


def test_a_run_goes_on_when_judge_and_task_have_learnt_more(tmp_path: Path):
    begin(tmp_path / "run", limit=5)
    task, judge = Listed(ITEMS), Told(summary="Knows more.", protocols=("pair", "checklist"))
    more = {"protocols": ("pair", "steps"), "primary": "kappa", "measures": ("flip_rate",)}
    task.spec = SPEC.model_copy(update=more)
    run(task, judge, out=tmp_path / "run")
    assert len(judge.asked) == 15


def test_another_version_of_the_task_is_refused(tmp_path: Path):
    begin(tmp_path / "run")
    task = Listed(ITEMS)
    task.spec = SPEC.model_copy(update={"version": 2})
    with pytest.raises(StoreError, match=r"task\.version: 1 before, 2 now"):
        run(task, Told(), out=tmp_path / "run")


def test_another_prompt_template_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    begin(tmp_path / "run")
    monkeypatch.setattr("mmjudge.api.template_digest", lambda protocol: "edited")
    with pytest.raises(StoreError, match=r"settings\.template"):
        begin(tmp_path / "run")


def swapped(items: list[Item]) -> list[Item]:
    return [items[1], items[0], *items[2:]]


def reworded(items: list[Item]) -> list[Item]:
    return [*items[:3], pair(3, prompt=("another prompt",)), *items[4:]]


def relabelled(items: list[Item]) -> list[Item]:
    gold = {"overall": PreferenceGold(value="second")}
    return [*items[:3], items[3].model_copy(update={"gold": gold}), *items[4:]]


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (swapped, "item '0'"),
        (reworded, "item '3'.prompt[0]: 'prompt 3' before, 'another prompt' now"),
        (relabelled, "item '3'.gold.overall.value: 'first' before, 'second' now"),
        (lambda items: items[:-1], "item '19': is no longer in the task"),
        (lambda items: [], "\n  and more\n"),
    ],
)
def test_changed_items_are_refused_with_the_difference(
    change: Callable[[list[Item]], list[Item]], shown: str, tmp_path: Path
):
    begin(tmp_path / "run")
    with pytest.raises(StoreError, match="resuming would mix") as error:
        begin(tmp_path / "run", change(ITEMS))
    assert shown in str(error.value)
    assert len(stored(tmp_path / "run")) == 20


def test_items_that_were_added_are_asked(tmp_path: Path):
    begin(tmp_path / "run", ITEMS[:10])
    assert len(begin(tmp_path / "run", ITEMS).asked) == 10


def test_two_runs_in_one_folder_are_refused_with_the_holder(tmp_path: Path):
    begin(tmp_path / "run")
    script = f"""
import sys
from pathlib import Path
from mmjudge.store.run_store import RunStore
with RunStore.open(Path({str(tmp_path / "run")!r}), "append"):
    print("open", flush=True)
    sys.stdin.read()
"""
    holder = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "open\n"
    with pytest.raises(StoreError, match=f"another run \\(process {holder.pid}\\)"):
        begin(tmp_path / "run")
    holder.communicate("")
    assert not begin(tmp_path / "run").asked


def test_reading_needs_no_lock(tmp_path: Path):
    begin(tmp_path / "run")
    with RunStore.open(tmp_path / "run", "append"), RunStore.open(tmp_path / "run") as reader:
        assert reader.counts()["judgments"] == 20


def edit(folder: Path, statement: str) -> None:
    connection = sqlite3.connect(folder / FILE)
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_newer_store_is_refused_and_left_alone(tmp_path: Path):
    begin(tmp_path / "run")
    edit(tmp_path / "run", "PRAGMA user_version=99")
    with pytest.raises(StoreError, match="newer mmjudge \\(format 99"):
        begin(tmp_path / "run")
    edit(tmp_path / "run", "PRAGMA user_version=1")
    assert len(stored(tmp_path / "run")) == 20


def test_a_store_without_a_header_is_refused(tmp_path: Path):
    begin(tmp_path / "run")
    edit(tmp_path / "run", "DELETE FROM meta")
    with pytest.raises(StoreError, match="has no header"):
        begin(tmp_path / "run")


@pytest.mark.parametrize("content", [b"not a database, though long enough " * 50, b"\x00" * 4096])
def test_a_file_that_is_no_store_is_refused(content: bytes, tmp_path: Path):
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(StoreError):
        begin(tmp_path)
    assert (tmp_path / FILE).read_bytes() == content


def test_a_folder_without_a_run_is_named(tmp_path: Path):
    with pytest.raises(StoreError, match="no run here"):
        RunStore.open(tmp_path)


def test_a_refused_run_gives_up_its_lock(tmp_path: Path):
    begin(tmp_path / "run")
    with pytest.raises(StoreError):
        begin(tmp_path / "run", seed=1)
    assert not begin(tmp_path / "run").asked


def test_the_header_survives_a_round_trip(tmp_path: Path):
    begin(tmp_path / "run")
    with RunStore.open(tmp_path / "run") as store:
        assert RunHeader.model_validate_json(store.header.model_dump_json()) == store.header
