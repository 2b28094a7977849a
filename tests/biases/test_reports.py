"""What a person is shown of biases: the worst first, in text and on a page."""

import json
import re
from pathlib import Path
from random import Random

import pytest

import mmjudge
from mmjudge.commands.figures import print_scores
from mmjudge.report.biases import cell, moved
from mmjudge.report.overview import overview
from mmjudge.report.page import render
from mmjudge.scoring.biases import Bias, biases
from mmjudge.scoring.table import Table
from mmjudge.types import MetricResult, Reply, Request
from tests.biases.habits import follows_authority, judge, right, texts
from tests.report.html_page import Page
from tests.scoring.scoring_helpers import Scripted

PROBES = "rerun,order_swapped,verbosity,authority,blind,verdict_spoofing"
EVIL = "<script>alert(1)</script>"


def fooled(request: Request) -> Reply:
    """By a reference under one criterion; and a spoofed verdict breaks it."""
    if request.probe == "verdict_spoofing":
        return Reply(text="")
    slot = right(request)
    if request.criterion.name == EVIL:
        slot = follows_authority(request, Random())
    return Reply(text=f"[[{'AB'[slot]}]]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("biases") / "run"
    task = texts(30, (EVIL, "style"))
    return mmjudge.run(task=task, judge=Scripted(fooled), out=out, probes=PROBES).folder


def said(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    by: tuple[str, ...] = ("half",),
    as_json: bool = False,
) -> str:
    print_scores([folder], 50, by, (), every=False, as_json=as_json)
    return capsys.readouterr().out


def test_each_bias_is_one_line_and_the_worst_comes_first(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    out = said(folder, capsys)
    lines = [line for line in out.splitlines() if line.split(" ")[0] in PROBES.split(",")]
    name, size, shift, _, _, stay, lost, *counts = lines[0].split()
    assert (name, size, lost, counts) == ("authority", "strong", "1.00", ["30", "0", "0"])
    assert stay == f"{100 - int(shift)}/100"  # the others had the cue on the better candidate
    broke = ["verdict_spoofing", "unknown", "-", "-/100", "1.00", "30", "0", "30"]
    assert broke in [line.split() for line in lines]
    assert "verdict_spoofing broke the grader: 30 of 30 verdicts could not be had" in out
    assert f"authority, strong: {shift.lstrip('+')} of 100 verdicts move towards" in out
    assert "noise: asked the same again, 0 of 100 verdicts change (30 asked)" in out
    assert "fit nothing here: blind" in out
    assert max(map(len, out.splitlines())) <= 80


def test_the_heat_map_has_every_probe_and_criterion(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    out = said(folder, capsys)
    rows = out[out.rindex("moved, of 100") :].splitlines()
    fooled, steady = next(row for row in rows if row.startswith("authority")).split()[1:]
    assert re.fullmatch(r"\+\d\d\*\*\*", fooled)
    assert steady == "0"


def test_a_number_has_a_sign_only_where_the_change_speaks_for_something(tmp_path: Path):
    turns = Scripted(lambda asked: Reply(text="[[B]]" if asked.probe else "[[A]]"))
    run = mmjudge.run(task=texts(30), judge=turns, out=tmp_path / "run", probes="idle_remark,rerun")
    found = next(one for one in biases(Table.load(run.folder), 50) if one.kind == "bias")
    assert found.effect == 0  # everything moves when asked the same again, too
    assert (moved(found), cell(found)) == ("0 any side", "0")
    for effect, figures in ((0.2, ()), (-0.2, (figure("cue_shift", -0.2),))):
        said = found.model_copy(update={"effect": effect, "figures": figures, "size": "none"})
        assert cell(said) == ("-20" if figures else "20")
        assert moved(said) == ("-20" if figures else "20 any side")


def figure(metric: str, value: float) -> MetricResult:
    return MetricResult(
        metric=metric, task="t@1", criterion="c", value=value, n_items=30, n_failed=0
    )


def test_a_run_without_probes_has_no_legend_of_probes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    run = mmjudge.run("scenes_image", "baseline:longest", out=tmp_path / "run")
    out = said(run.folder, capsys, by=())
    assert "size: by the end" in out
    assert "stay/again" not in out


def test_json_holds_every_criterion_and_stratum_with_counts(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    (run,) = json.loads(said(folder, capsys, as_json=True))["runs"]
    found = [Bias.model_validate_json(json.dumps(one)) for one in run["biases"]]
    assert found == biases(Table.load(folder), 50, ("half",))
    assert {(one.criterion, one.stratum) for one in found} == {
        (criterion, stratum)
        for criterion in (EVIL, "style")
        for stratum in ("all", "half=0", "half=1")
    }
    blind = next(one for one in found if one.probe == "blind" and one.stratum == "all")
    assert (blind.n_asked, blind.n_not_asked) == (0, 30)


def test_a_run_gives_its_biases_and_a_measure_of_bias_asks_for_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    assert mmjudge.Run(folder).biases(50) == biases(Table.load(folder), 50)
    for measure, shown in (("robustness", True), ("accuracy", False)):
        print_scores([folder], 20, (), (measure,), every=False, as_json=True)
        (run,) = json.loads(capsys.readouterr().out)["runs"]
        assert bool(run["biases"]) == shown


def test_a_run_without_probes_says_nothing_of_biases(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    plain = mmjudge.run(task=texts(12), judge="baseline:first", out=tmp_path / "run").folder
    assert "probe" not in (out := said(plain, capsys))
    assert "biases" not in out
    assert 'id="probes"' not in render(overview([plain], 20), items=2)


def test_the_page_shows_probe_by_criterion_and_nothing_of_strangers_runs(folder: Path):
    text = render(overview([folder], 50), items=2)
    page = Page(text)
    assert "script" not in page.counts()
    assert EVIL in page.text
    ids = [attrs.get("id") for _, attrs in page.tags]
    assert "probes" in ids
    assert "#probes" in page.values("href")
    part = text[text.index('id="probes"') : text.index('id="failures"')]
    assert part.count('<th scope="row"') == 4  # without the re-run, and what fits nothing
    shift = next(b for b in biases(Table.load(folder), 50) if b.probe == "authority").effect
    assert f"<b>+{round(100 * shift)}</b>" in part
    assert f'class="n{round(5 * shift + 0.4)}"' in part


def test_a_judge_whose_noise_was_not_asked_for_is_told_to_ask(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    habit = judge(follows_authority)
    run = mmjudge.run(task=texts(12), judge=habit, out=tmp_path / "run", probes="authority")
    assert "add rerun to --probes" in said(run.folder, capsys)
