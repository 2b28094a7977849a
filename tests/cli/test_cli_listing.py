"""`mmjudge tasks`, `judges`, `doctor`, `--help`: what there is, and what is broken."""

import json
from importlib.metadata import entry_points

import pytest
from typer.testing import CliRunner

from mmjudge.cli import app


def _names(group):
    return {point.name for point in entry_points(group=group)}


def test_every_installed_task_is_listed(mmjudge):
    done = mmjudge("tasks")
    assert done.code == 0
    for name in _names("mmjudge.tasks"):
        assert f"{name}@" in done.out


def test_tasks_can_be_narrowed_by_modality_and_protocol(mmjudge):
    audio = json.loads(mmjudge("tasks", "--modality", "audio", "--json").out)["tasks"]
    assert {task["name"] for task in audio} >= {"audiojudge"}
    assert all("audio" in task["modalities"] for task in audio)
    rank = json.loads(mmjudge("tasks", "--protocol", "rank", "--json").out)["tasks"]
    assert all("rank" in task["protocols"] for task in rank)


def test_tasks_can_be_narrowed_by_criterion_licence_and_size(mmjudge):
    everything = json.loads(mmjudge("tasks", "--json").out)["tasks"]
    by_licence = json.loads(mmjudge("tasks", "--licence", "apache", "--json").out)["tasks"]
    assert 0 < len(by_licence) < len(everything)
    assert all("apache" in task["card"]["licence"].casefold() for task in by_licence)
    small = json.loads(mmjudge("tasks", "--at-most", "700", "--json").out)["tasks"]
    assert small
    assert all(min(task["card"]["size"].values()) <= 700 for task in small)
    done = mmjudge("tasks", "--criterion", "faithfullness")
    assert done.code == 2
    assert "did you mean 'faithfulness'" in done.err


@pytest.mark.parametrize("columns", [80, 120])
def test_the_catalogue_fits_its_columns_and_gives_a_task_a_line_of_facts(
    mmjudge, monkeypatch, columns
):
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = mmjudge("tasks", "--modality", "image").out.splitlines()
    assert max(map(len, lines)) <= columns
    (facts,) = (line for line in lines if line.startswith("vl_rewardbench@"))
    assert "pair; text+image; 1,250 items; MIT" in facts


def test_a_card_is_printed_whole(mmjudge):
    done = mmjudge("tasks", "genai_bench")
    for words in ("primary", "source", "revision", "licence", "known flaws", "One vote an item"):
        assert words in done.out


def test_the_card_of_a_folder_is_printed_without_obeying_control_characters(mmjudge, folder_task):
    folder = folder_task([], card={"summary": "Evil \x1b[2J card."})
    done = mmjudge("tasks", folder)
    assert done.code == 0
    assert "\x1b" not in done.out
    assert "\\x1b[2J" in done.out


def test_the_recorded_judges_of_a_task_are_listed(mmjudge, demo):
    done = mmjudge("judges", "--task", demo)
    assert "replay:careful, replay:hasty" in done.out
    assert "baseline:random" in done.out


def test_data_without_a_task_is_a_mistake(mmjudge, demo):
    done = mmjudge("judges", "--data", demo)
    assert done.code == 2
    assert "--task" in done.err


def test_a_judge_that_cannot_list_itself_hides_no_other(mmjudge, plugin):
    code = (
        "class Plugin:\n    @classmethod\n    def catalog(cls):\n        raise OSError('no disk')\n"
    )
    plugin("brokenlist", "mmjudge.judges", "brokenlist", code)
    done = mmjudge("judges")
    assert "baseline:random" in done.out
    assert "judge 'brokenlist' does not list its judges: OSError: no disk" in done.out


def test_doctor_says_what_a_missing_extra_would_give(mmjudge):
    done = mmjudge("doctor")
    assert done.code == 0
    assert "CLIP-style scorers" in done.out
    record = json.loads(mmjudge("doctor", "--json").out)
    core = [package for package in record["packages"] if not package["extra"]]
    assert {"numpy", "pydantic", "typer"} <= {package["name"] for package in core}
    assert all(package["found"] for package in core)
    assert {"ffmpeg", "GPU", "disk"} <= {place["name"] for place in record["machine"]}


def test_doctor_reads_requirements_with_and_without_an_extra(monkeypatch):
    from mmjudge import doctor

    lines = [
        "numpy>=1.26",
        'torch>=2.6; extra == "hf"',
        "av>=14 ; extra == 'video'",
        'mmjudge[hf,video]; extra == "all"',
        'not-there; python_version < "3.14" and extra == "api"',
    ]
    monkeypatch.setattr(doctor, "requires", lambda _: lines)
    found = {(package.name, package.extra) for package in doctor.packages()}
    assert found == {("numpy", ""), ("torch", "hf"), ("av", "video"), ("not-there", "api")}


def test_every_command_has_a_help_and_every_summary_fits_its_line():
    done = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "80"})
    assert done.exit_code == 0
    assert "..." not in done.stdout.partition("Commands:")[2]
    for command in [
        "run",
        "score",
        "compare",
        "report",
        "demo",
        "tasks",
        "judges",
        "export",
        "doctor",
    ]:
        assert command in done.stdout
        assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0


def test_the_version_is_printed(mmjudge):
    import mmjudge as package

    assert mmjudge("--version").out == f"mmjudge {package.__version__}\n"
