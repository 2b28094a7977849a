"""A judge's preference for what its own family made, on pairs of which one candidate is of it."""

from pathlib import Path
from random import Random

import numpy as np
import pytest
from typer.testing import CliRunner

import mmjudge
from mmjudge.cli import app
from mmjudge.errors import MmjudgeError
from mmjudge.metrics.own import self_preference, self_preference_share, self_preference_ties
from mmjudge.scoring.score import score_table
from mmjudge.scoring.table import Table
from mmjudge.types import Candidate, Item, JudgeCard, MetricResult, PreferenceGold, Request
from tests.biases.habits import at_random, judge, text
from tests.scoring.scoring_helpers import ListTask, Scripted, spec

MEASURES = ("self_preference", "self_preference_share", "self_preference_ties")


def made(n: int = 600) -> ListTask:
    """Pairs of which people mostly prefer "mine-7b"; every fifth is even, some lack it."""
    items = []
    for i in range(n):
        place = i % 2
        better = place if i % 3 else 1 - place
        gold = "tie" if i % 5 == 0 else ("first", "second")[better]
        makers = ["other-7b", "other-7b"]
        makers[place] = "mine-13b" if i % 7 == 0 else "mine-7b"
        if i % 11 == 0:
            makers[1 - place] = "mine-7b"
        if i % 13 == 0:
            makers[place] = ""
        candidates = tuple(
            Candidate(id=f"c{k}", parts=(_said(k, gold, makers[k]),), system=makers[k] or None)
            for k in (0, 1)
        )
        value = {"overall": PreferenceGold.model_validate({"value": gold})}
        items.append(Item(id=str(i), prompt=(f"p {i}",), candidates=candidates, gold=value))
    return ListTask(spec("pair"), items)


def _said(place: int, gold: str, maker: str) -> str:
    right = gold == ("first", "second")[place]
    return f"{'right' if right else 'wrong'}, in the manner of {maker}"


def favours(p: float) -> Scripted:
    """Takes the one in its own manner with probability p, and otherwise the right one."""

    def favours_own(request: Request, coin: Random) -> int:
        mine = [slot for slot in (0, 1) if "mine" in text(request, slot)]
        if len(mine) == 1 and coin.random() < p:
            return mine[0]
        good = [slot for slot in (0, 1) if "right" in text(request, slot)]
        return good[0] if good else coin.randrange(2)

    return judge(favours_own, own=("mine-*",))


def figures(task: ListTask, by: Scripted | str, out: Path, own: tuple[str, ...] = ()):
    run = mmjudge.run(task=task, judge=by, out=out)
    found = run.scores(300, measures=MEASURES, own=own)
    return {one.metric: one for one in found}


def holds(figure: MetricResult, value: float) -> bool:
    assert figure.ci95 is not None
    return figure.ci95[0] <= value <= figure.ci95[1]


@pytest.mark.parametrize("p", [0.0, 0.3, 0.8])
def test_a_judge_that_takes_its_own_with_probability_p_has_p(p: float, tmp_path: Path):
    found = figures(made(), favours(p), tmp_path / "run")
    assert holds(found["self_preference"], p)
    assert holds(found["self_preference_ties"], p + (1 - p) / 2)
    assert (found["self_preference_share"].value > 0) == (p > 0)


def test_oracle_and_random_show_no_preference_for_their_own(tmp_path: Path):
    own = ("mine-7b", "mine-13b")
    oracle = figures(made(), "baseline:oracle", tmp_path / "oracle", own)
    assert oracle["self_preference"].value == oracle["self_preference_share"].value == 0
    assert oracle["self_preference_ties"].value is None  # it says that they are even
    random = figures(made(), judge(at_random), tmp_path / "random", own)
    assert holds(random["self_preference"], 0)
    assert holds(random["self_preference_ties"], 0.5)


def test_only_pairs_of_which_exactly_one_is_known_to_be_its_own_count(tmp_path: Path):
    task = made()
    run = mmjudge.run(task=task, judge=favours(0.5), out=tmp_path / "run")
    table = Table.load(run.folder)
    for place, own in enumerate(table.own):
        systems = [c.system for c in task.items[place].candidates]
        mine = [s is not None and s.startswith("mine") for s in systems]
        known = None not in systems
        assert own == (mine.index(True) if known and sum(mine) == 1 else -1)
    (figure,) = score_table(table, 0, measures=("self_preference",))
    assert figure.n_items == int((table.own >= 0).sum()) < len(task.items)


def test_a_judge_that_names_no_family_shows_nothing_and_unknown_systems_are_refused(
    tmp_path: Path,
):
    run = mmjudge.run(task=made(60), judge="baseline:first", out=tmp_path / "run")
    assert run.scores(0)  # that nobody knows who made some of them is no trouble elsewhere
    assert not {one.metric for one in run.scores(0)} & set(MEASURES)
    with pytest.raises(MmjudgeError, match=r"unknown system 'mine-8b'.*mine-7b"):
        run.scores(0, own=("mine-8b",))
    shown = CliRunner().invoke(app, ["score", str(run.folder), "--own", "mine-*"])
    assert "self_preference" in shown.output
    refused = CliRunner().invoke(app, ["score", str(run.folder), "--own", "their-*"])
    assert refused.exit_code == 2


def test_a_card_without_a_family_is_written_as_it_was():
    card = JudgeCard(name="j", summary="s")
    assert "own" not in card.model_dump()
    assert "own" not in card.model_dump_json()


@pytest.mark.parametrize("seed", range(5))
def test_the_measures_are_counted_row_by_row(seed: int):
    rng = np.random.default_rng(seed)
    gold, verdict, own = rng.integers(0, 5, 60), rng.integers(-1, 5, 60), rng.integers(-1, 2, 60)
    sides: dict[bool, list[float]] = {True: [], False: []}
    shares, ties = [], []
    for g, v, o in zip(gold.tolist(), verdict.tolist(), own.tolist(), strict=True):
        if o < 0:
            continue
        if g < 2:
            sides[g == o].append(0.5 if v >= 2 else float(v == g))
            shares += [float(v == o) - float(g == o)] if v in (0, 1) else []
        elif v in (0, 1):
            ties.append(float(v == o))
    want = np.mean(sides[True]) - np.mean(sides[False])
    assert self_preference(gold, verdict, own) == pytest.approx(want)
    assert self_preference_share(gold, verdict, own) == pytest.approx(np.mean(shares))
    assert self_preference_ties(gold, verdict, own) == pytest.approx(np.mean(ties))
