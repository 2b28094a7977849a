"""Embedded judges: found by name before any other place but one's own folder, listed, and run."""

import json
import shutil

import pytest
from mmjudge_assets import make

import mmjudge
from mmjudge import assets
from mmjudge.errors import JudgeError, MmjudgeError
from mmjudge.judges.base import JudgeContext, open_judge
from mmjudge.sources.folder import open_task
from tests.judges.hf_asked import BUILDERS
from tests.judges.scorer_asked import MODELS

KINDS = {
    "clip:scenes-clip": (MODELS["open_clip"][1], ["text", "image", "video"]),
    "dual:scenes-clap": (MODELS["clap"][1], ["text", "audio"]),
    "hf:scenes-vlm": (BUILDERS["smolvlm"], ["text", "image"]),
}
"""Tiny models of the kinds that are embedded, with random weights."""

CARD = """---
license: cc0-1.0
mmjudge:
  judge: {kind}
  modalities: {modalities}
  made_by: python tests
  summary: Random numbers named {name}.
---
# {name}
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """An assets folder with a judge of each kind, and its manifest."""
    base = tmp_path_factory.mktemp("assets")
    for judge, (build, modalities) in KINDS.items():
        kind, name = judge.split(":")
        build(base / "models" / name)
        card = CARD.format(kind=kind, name=name, modalities=json.dumps(modalities))
        (base / "models" / name / "README.md").write_text(card)
    (base / "manifest.toml").write_text(make.manifest_text(make.entries(base)))
    return base


@pytest.fixture
def installed(base, monkeypatch):
    monkeypatch.setattr(assets, "root", lambda: base)
    return base


def context(folder):
    return JudgeContext(open_task("scenes_text"), "pair", folder=folder)


@pytest.mark.parametrize("judge", KINDS)
def test_a_name_opens_the_embedded_folder_and_stays_on_the_card(installed, tmp_path, judge):
    card = open_judge(judge, context(tmp_path)).card
    by_path = open_judge(judge.replace(":", f":{installed / 'models'}/"), context(tmp_path)).card
    assert card.name == judge
    assert card.revision == by_path.revision
    assert card.revision.startswith("sha256:")


@pytest.mark.parametrize("judge", KINDS)
def test_a_folder_of_ones_own_comes_first(installed, tmp_path, judge):
    name = judge.partition(":")[2]
    shutil.copytree(installed / "models" / name, tmp_path / name)
    (tmp_path / name / "vocab.txt").write_text("more\n")
    mine = open_judge(judge, context(tmp_path)).card
    assert mine.revision != open_judge(judge, context(tmp_path / "elsewhere")).card.revision


@pytest.mark.parametrize("judge", KINDS)
def test_a_name_that_is_not_embedded_is_refused_as_before(installed, tmp_path, judge):
    with pytest.raises(JudgeError, match="scenes-none"):
        open_judge(f"{judge.split(':')[0]}:scenes-none", context(tmp_path))


@pytest.mark.parametrize("name", ["..", ".", "", "../models", "scenes-clip/", "/etc"])
def test_only_a_single_word_names_an_embedded_judge(installed, tmp_path, name):
    found = assets.model_folder(name, tmp_path)
    assert installed not in found.resolve().parents


def test_the_embedded_judges_that_are_there_are_listed(installed, capsys):
    from mmjudge.commands.listing import print_judges

    print_judges(None, None, None, None, as_json=True)
    cards = {card["name"]: card for card in json.loads(capsys.readouterr().out)["judges"]}
    for judge, (_, modalities) in KINDS.items():
        assert cards[judge]["modalities"] == modalities
        assert cards[judge]["summary"] == f"Embedded: Random numbers named {judge.split(':')[1]}."


def test_without_assets_nothing_is_embedded_and_nothing_breaks(monkeypatch, tmp_path):
    monkeypatch.setattr(assets, "root", lambda: None)
    assert assets.manifest() == ()
    assert assets.embedded("scenes") is None
    with pytest.raises(MmjudgeError, match=r"no pack is installed .* mmjudge scenes generate"):
        mmjudge.run("scenes_text", "baseline:oracle", out=tmp_path / "out")


def test_a_judge_whose_card_lacks_something_is_named(base, tmp_path):
    shutil.copytree(base / "models" / "scenes-clip", tmp_path / "models" / "scenes-clip")
    card = tmp_path / "models" / "scenes-clip" / "README.md"
    card.write_text("# A model\n")
    with pytest.raises(
        MmjudgeError, match=r"scenes-clip/README.md: begins with license, .* IndexError"
    ):
        make.entries(tmp_path)
    card.write_text("---\nlicense: mit\n---\n")
    with pytest.raises(MmjudgeError, match=r"KeyError: 'mmjudge'"):
        make.entries(tmp_path)


RUNS = {
    "clip:scenes-clip": ("scenes_image", "text->image", {}),
    "dual:scenes-clap": ("scenes_audio", "audio->text", {}),
    "hf:scenes-vlm": ("scenes_image", "text->image", {"mode": "logits"}),
}


@pytest.mark.parametrize("judge", KINDS)
def test_an_embedded_judge_runs_an_embedded_task(base, monkeypatch, tmp_path, judge):
    name, modality, options = RUNS[judge]
    task = open_task(name)  # while the real pack is the installed one
    monkeypatch.setattr(assets, "root", lambda: base)
    where = {"modality": modality, "level": "medium"}
    run = mmjudge.run(task, judge, out=tmp_path / "out", where=where, options=options, limit=4)
    assert run.stats.judged > 0
    assert run.stats.failed == 0
