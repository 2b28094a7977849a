"""Runs with probes: what is asked, in which order, what is stored, resumed, refused and fails."""

import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mmjudge.api import forecast, run
from mmjudge.errors import MmjudgeError, StoreError
from mmjudge.judges.hf.generate import turn_of
from mmjudge.probes import Around, Changed, Probe
from mmjudge.probes.base import BASELINE
from mmjudge.sources.folder import open_task
from mmjudge.store.run_file import FILE
from mmjudge.store.run_store import RunStore
from mmjudge.types import Failure, Item, Media, ProbeCard, ProtocolName, Reply, Request
from tests.engine.driven import Listed, Told, good, pair, stored
from tests.probes.material import PROBES, SCENES
from tests.protocols.asked import asked

ITEMS = [pair(i, "first" if i % 2 else "second") for i in range(6)]
SOME = "rerun,order_swapped,verbosity,blind,anchoring"
FITTING = ("rerun", "order_swapped", "verbosity")


class Own(Probe):
    """A probe of a stranger: odd items alone, and some of them break it."""

    def __init__(self, **card: Any) -> None:
        self.card = ProbeCard.model_validate({"name": "own", "summary": "A test's."} | card)

    def change(self, request: Request, item: Item, around: Around) -> Changed | None:
        number = int(str(item.prompt[0]).split()[-1])
        if number % 2 == 0:
            return None
        if number == 3:
            raise ValueError("three is too much")
        if number == 5:
            return Changed(request.model_copy(update={"item": "another"}))
        return Changed(request.model_copy(update={"prompt": (*request.prompt, "again")}))


def begin(folder: Path, probes: Any = SOME, **settings: Any) -> Told:
    judge = Told()
    run(Listed(ITEMS), judge, out=folder, probes=probes, **settings)
    return judge


def test_each_request_is_asked_plainly_first_and_then_in_every_way_that_fits(tmp_path: Path):
    judge = begin(tmp_path / "run")
    asked = [(request.item, request.probe) for request in judge.asked]
    assert asked == [(item.id, probe) for item in ITEMS for probe in (None, *FITTING)]


def test_plain_requests_are_those_of_a_run_without_probes(tmp_path: Path):
    plain = begin(tmp_path / "plain", probes=()).asked
    probed = begin(tmp_path / "probed").asked
    assert [request for request in probed if request.probe is None] == plain


def test_what_does_not_fit_is_counted_and_is_no_judgment(tmp_path: Path):
    begin(tmp_path / "run")
    with RunStore.open(tmp_path / "run") as store:
        unasked = Counter[str]()
        for row in store.unasked():
            unasked[row.probe] += row.requests
    assert unasked == {"blind": 6, "anchoring": 6}
    assert Counter(j.probe for j in stored(tmp_path / "run")) == dict.fromkeys((None, *FITTING), 6)


def test_probe_and_cue_are_stored_with_the_judgment_and_as_columns(tmp_path: Path):
    begin(tmp_path / "run")
    judgments = stored(tmp_path / "run")
    with RunStore.open(tmp_path / "run") as store:
        columns, header = store.columns(), store.header
    assert header.settings.probes == tuple(SOME.split(","))
    assert [card.name for card in header.probes] == SOME.split(",")
    for row, judgment in enumerate(judgments):
        code = columns.probe[row]
        assert (None if code < 0 else columns.probes[code]) == judgment.probe
        assert columns.cues.get(row, ()) == judgment.cue
        if judgment.probe == "verbosity":
            assert judgment.cue in ((0,), (1,))
        if judgment.probe == "order_swapped":
            assert judgment.cue == (judgment.order[0],)


def test_a_finished_run_asks_nothing_again(tmp_path: Path):
    begin(tmp_path / "run")
    before = stored(tmp_path / "run")
    assert not begin(tmp_path / "run").asked
    assert stored(tmp_path / "run") == before


def test_a_run_in_pieces_is_the_run_in_one_go(tmp_path: Path):
    for limit in (1, 4, 6):
        begin(tmp_path / "pieces", limit=limit)
    begin(tmp_path / "whole")
    assert stored(tmp_path / "pieces") == stored(tmp_path / "whole")


@pytest.mark.parametrize(
    ("before", "now", "shown"),
    [
        ((), "rerun", r"settings.probes: \[\] before, \['rerun@1'\] now"),
        ("rerun", (), r"settings.probes: \['rerun@1'\] before, \[\] now"),
        ([Own()], [Own(version=2)], r"probes\[0\]: 'own@1' before, 'own@2' now"),
    ],
)
def test_other_probes_or_another_version_of_one_are_another_run(
    before: Any, now: Any, shown: str, tmp_path: Path
):
    begin(tmp_path / "run", probes=before)
    with pytest.raises(StoreError, match=shown):
        begin(tmp_path / "run", probes=now)


def test_a_run_from_before_there_were_probes_goes_on(tmp_path: Path):
    begin(tmp_path / "run", probes=(), limit=3)
    connection = sqlite3.connect(tmp_path / "run" / FILE)
    (body,) = connection.execute("SELECT value FROM meta WHERE name='header'").fetchone()
    header = json.loads(body)
    assert header.pop("probes") == []
    assert header["settings"].pop("probes") == []
    connection.execute("UPDATE meta SET value=? WHERE name='header'", (json.dumps(header),))
    connection.execute("DELETE FROM meta WHERE name='pace'")
    connection.execute("DROP TABLE IF EXISTS cues")
    connection.execute("DROP TABLE IF EXISTS unasked")
    connection.commit()
    connection.close()
    assert [request.item for request in begin(tmp_path / "run", probes=()).asked] == ["3", "4", "5"]
    with RunStore.open(tmp_path / "run") as store:
        assert store.unasked() == []
        assert set(store.columns().probe.tolist()) == {-1}


def test_a_probe_that_breaks_is_a_failure_of_that_request_alone(tmp_path: Path):
    judge = begin(tmp_path / "run", probes=[Own()])
    outcomes = {(j.item, j.probe): j.outcome for j in stored(tmp_path / "run")}
    assert outcomes["3", "own"] == Failure(
        reason="infra", detail="probe own: ValueError: three is too much"
    )
    assert outcomes["5", "own"] == Failure(
        reason="infra", detail="probe own: item must stay '5', found 'another'"
    )
    assert [r.item for r in judge.asked if r.probe] == ["1"]
    failed = [key for key, outcome in outcomes.items() if isinstance(outcome, Failure)]
    assert failed == [("3", "own"), ("5", "own")]


def test_a_medium_that_cannot_be_shown_fails_the_requests_that_show_it(tmp_path: Path):
    missing = Media(modality="image", uri="missing.png")
    items = [ITEMS[0], pair(9, prompt=("what is this?", missing))]
    judge = Told(media=True)
    run(Listed(items, tmp_path), judge, out=tmp_path / "run", probes="rerun,blind")
    outcomes = {(j.item, j.probe): j.outcome for j in stored(tmp_path / "run")}
    failed = {key for key, o in outcomes.items() if isinstance(o, Failure) and o.reason == "media"}
    assert failed == {("9", None), ("9", "rerun")}
    assert outcomes["9", "blind"].kind == "preference"


def test_unknown_probes_are_refused_before_anything_is_opened(tmp_path: Path):
    with pytest.raises(MmjudgeError, match="did you mean 'verbosity'"):
        run("no such task", "no such judge", out=tmp_path / "run", probes="verbosty")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("protocol", ["pair", "score", "rank"])
def test_the_oracle_says_the_same_under_every_probe(protocol: ProtocolName, tmp_path: Path):
    task = open_task(str(SCENES))
    run(task, "baseline:oracle", protocol=protocol, out=tmp_path / "run", probes="all", limit=24)
    judgments = stored(tmp_path / "run")
    plain = {(j.item, j.criterion): j.outcome for j in judgments if j.probe is None}
    kept = [j for j in judgments if j.probe and PROBES[j.probe].card.keeps_gold]
    assert len({j.probe for j in kept}) > 8
    for judgment in kept:
        assert judgment.outcome == plain[judgment.item, judgment.criterion]


def test_what_is_forecast_is_what_is_then_asked_and_its_folder_is_not_made(tmp_path: Path):
    folder = tmp_path / "run"
    said = forecast(Listed(ITEMS), Told(), out=folder, probes=SOME)
    assert not folder.exists()
    judge = begin(folder)
    assert said.calls == len(judge.asked) == said.plain + said.probed
    assert (said.items, said.plain, said.seconds) == (6, 6, None)
    asked = Counter(request.probe for request in judge.asked)
    for name, count in said.probes.items():
        assert count.asked == asked[name]
        assert count.asked + count.unasked == said.plain
    again = forecast(Listed(ITEMS), Told(), out=folder, probes=SOME)
    assert (again.calls, again.there) == (0, said.calls)


def test_a_forecast_takes_the_pace_of_an_earlier_run_of_the_judge(tmp_path: Path):
    begin(tmp_path / "one", limit=2)
    said = forecast(Listed(ITEMS), Told(), out=tmp_path / "two", probes="rerun")
    with RunStore.open(tmp_path / "one") as store:
        pace = store.pace()
    assert pace.judged == 8
    assert said.seconds == pytest.approx(said.calls * pace.seconds / pace.judged)
    assert said.measured == str(tmp_path / "one")
    other = forecast(Listed(ITEMS), Told(fingerprint="other"), out=tmp_path / "two")
    assert other.seconds is None


def test_a_judge_that_does_not_take_a_request_is_not_called_for_it(tmp_path: Path):
    judge = Told(protocols=("score",))
    said = forecast(Listed(ITEMS), judge, out=tmp_path / "run", protocol="pair", probes=BASELINE)
    assert (said.calls, said.refused) == (0, 12)


def test_a_judge_that_draws_draws_anew_when_it_is_asked_once_more(tmp_path: Path):
    items = [pair(i) for i in range(60)]
    run(Listed(items), "baseline:random", out=tmp_path / "run", probes=BASELINE)
    said = {(j.item, j.probe): j.outcome for j in stored(tmp_path / "run")}
    same = sum(said[item.id, None] == said[item.id, BASELINE] for item in items)
    assert 5 < same < 40  # of three options, 20 by chance
    plain = asked()
    again = plain.model_copy(update={"probe": BASELINE})
    assert turn_of(plain, 1.0).seed != turn_of(again, 1.0).seed
    assert turn_of(plain, 0.0) == turn_of(again, 0.0)


def test_retrying_asks_a_probed_request_again_and_keeps_its_cue(tmp_path: Path):
    def broken(request: Request) -> Reply:
        if request.probe == "verbosity":
            return Reply(error=Failure(reason="infra", detail="lost"))
        return good(request)

    run(Listed(ITEMS), Told(broken), out=tmp_path / "run", probes=SOME)
    judge = begin(tmp_path / "run", retry=("infra",))
    assert [request.probe for request in judge.asked] == ["verbosity"] * 6
    for judgment in stored(tmp_path / "run"):
        assert not isinstance(judgment.outcome, Failure)
        assert bool(judgment.cue) == (judgment.probe in ("verbosity", "order_swapped"))


def test_the_probe_of_the_page_on_probes_is_asked(tmp_path: Path, root: Path):
    page = (root / "docs" / "probes.md").read_text(encoding="utf-8")
    code = page.partition("```python\n")[2].partition("```")[0]
    names: dict[str, Any] = {}
    exec(compile(code, "probes.md", "exec"), names)
    judge = begin(tmp_path / "run", probes=[BASELINE, names["Polite"]()])
    polite = [request for request in judge.asked if request.probe == "polite"]
    assert [request.prompt[-1] for request in polite] == ["Please."] * len(ITEMS)
