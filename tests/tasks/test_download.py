"""Downloads are whole or not used: mapped datasets in the Hub's form, the network off."""

import json

import pytest
from typer.testing import CliRunner

from mmjudge.cli import app
from mmjudge.commands.download import lacking
from mmjudge.errors import TaskError
from mmjudge.media.source import read_source
from mmjudge.sources import hub
from mmjudge.sources.downloads import WHOLE, copy_folder, download, downloaded
from mmjudge.sources.folder import open_task
from mmjudge.sources.hub import HubName
from mmjudge.sources.mapped import MappedTask
from mmjudge.types import Media
from tests.tasks.small_hub_data import png, write_dataset

CARD = """\
name: cups
protocols: [pair]
modalities: [text, image]
primary: accuracy
criteria: [{name: fit, question: Which fits?}]
card: {summary: Cups., size: {pair: 3}}
hub: {dataset: someone/cups, revision: 0123abc}
columns:
  prompt: [caption]
  candidates: [{parts: [{column: left, media: image}]}, {parts: [right]}]
  gold: {fit: vote}
"""
ROWS = {
    "caption": ["a", "b", "c"],
    "left": [{"bytes": png(colour), "path": None} for colour in ("red", "blue", "green")],
    "right": ["x", "y", "z"],
    "vote": ["first", "second", "first"],
}


@pytest.fixture
def task(tmp_path, monkeypatch):
    """A mapped dataset; `datasets` reads a folder as it would read the Hub."""
    for name in ("HF_HOME", "HF_DATASETS_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / "hf"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("MMJUDGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(hub, "require", lambda name: None)
    write_dataset(tmp_path / "served", "test", ROWS)
    (tmp_path / "cups").mkdir()
    (tmp_path / "cups" / "task.yaml").write_text(CARD)
    found = MappedTask(tmp_path / "cups")
    found.name = HubName(str(tmp_path / "served"), "main")
    return found


class Stops(MappedTask):
    """One whose connection breaks after some items."""

    def load(self, protocol):
        for place, item in enumerate(super().load(protocol)):
            if place == self.after:
                raise TaskError("the connection broke")
            yield item


def quiet(line):
    pass


def test_a_whole_copy_is_read_without_the_hub(task, tmp_path, monkeypatch):
    there = list(task.load("pair"))
    assert download(task, quiet).items == {"pair": 3}
    monkeypatch.setattr(hub, "require", lambda name: pytest.fail("the Hub was asked"))
    copy = open_task(str(tmp_path / "cups"))
    assert list(copy.load("pair")) == there
    (medium,) = there[1].candidates[0].parts
    assert isinstance(medium, Media)
    assert read_source(medium, copy.root) == png("blue")


def test_what_broke_off_is_never_used_and_goes_on_where_it_stopped(task):
    task.__class__, task.after = Stops, 2
    with pytest.raises(TaskError, match="the connection broke"):
        download(task, quiet)
    assert downloaded(task) is task
    part = copy_folder(task) / "items.pair.part"
    part.write_bytes(part.read_bytes() + b'{"id": "cut o')
    task.__class__ = MappedTask
    said = []
    assert download(task, said.append).items == {"pair": 3}
    assert said == ["cups@1: pair: goes on after 2 items"]
    assert list(downloaded(task).load("pair")) == list(task.load("pair"))


def test_another_number_of_items_than_the_card_says_is_not_whole(task, tmp_path):
    write_dataset(tmp_path / "served", "test", {name: v[:2] for name, v in ROWS.items()})
    with pytest.raises(TaskError, match="2 items came, the card says 3"):
        download(task, quiet)
    assert downloaded(task) is task


def test_a_copy_that_was_changed_is_refused(task):
    folder = download(task, quiet).folder
    path = folder / "items.pair.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    with pytest.raises(TaskError, match="is not what was downloaded"):
        list(downloaded(task).load("pair"))
    assert json.loads((folder / WHOLE).read_text())["items"] == {"pair": 3}


def test_another_mapping_has_a_copy_of_its_own(task, tmp_path):
    download(task, quiet)
    (tmp_path / "cups" / "task.yaml").write_text(CARD.replace("[caption]", "[caption, right]"))
    assert isinstance(open_task(str(tmp_path / "cups")), MappedTask)


def test_a_gated_dataset_says_where_to_accept(task, monkeypatch):
    import datasets

    def gated(*words, **named):
        raise OSError("403 Client Error: access to this gated dataset is restricted")

    monkeypatch.setattr(datasets, "load_dataset", gated)
    with pytest.raises(TaskError, match=r"accepted by hand at https://hugging\S+/datasets/"):
        download(task, quiet)


def test_the_command_names_what_is_not_whole_and_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("MMJUDGE_CACHE", str(tmp_path))
    done = CliRunner().invoke(app, ["download", "vl_rewardbench"])
    assert done.exit_code == 1
    assert "not whole" in done.stderr
    assert "HF_HUB_OFFLINE is set" in done.stderr
    assert "by hand from https://" in done.stderr
    assert CliRunner().invoke(app, ["download", "no_such"]).exit_code == 2


def test_the_catalogue_says_what_is_at_hand(tmp_path, monkeypatch):
    monkeypatch.setenv("MMJUDGE_CACHE", str(tmp_path))
    listed = CliRunner().invoke(app, ["tasks", "--json", "--modality", "video"])
    states = {t["name"]: t["at_hand"] for t in json.loads(listed.stdout)["tasks"]}
    assert states["scenes_video"] == "yes"
    only = CliRunner().invoke(app, ["tasks", "--json", "--criterion", "SC"])
    assert [t["name"] for t in json.loads(only.stdout)["tasks"]] == ["viescore"]
    near = CliRunner().invoke(app, ["tasks", "--json", "--at-hand", "--criterion", "overall"])
    assert {t["at_hand"] for t in json.loads(near.stdout)["tasks"]} <= {"yes", "downloaded"}


def test_a_download_of_data_that_changed_meanwhile_begins_anew(task, tmp_path):
    task.__class__, task.after = Stops, 2
    with pytest.raises(TaskError, match="the connection broke"):
        download(task, quiet)
    write_dataset(tmp_path / "served", "test", ROWS | {"caption": ["a", "other", "c"]})
    task.__class__ = MappedTask
    said = []
    assert download(task, said.append).items == {"pair": 3}
    assert said == ["cups@1: pair: the public data has changed, so it begins anew"]
    assert [item.prompt for item in downloaded(task).load("pair")] == [("a",), ("other",), ("c",)]


class Lacks(MappedTask):
    """One whose first item comes without its media."""

    def load(self, protocol):
        for place, item in enumerate(super().load(protocol)):
            yield item.model_copy(update={"absent": "image a.png"}) if place == 0 else item


def test_what_is_not_published_with_the_rows_is_said_with_where_to_ask(task):
    task.__class__ = Lacks
    copy = download(task, quiet)
    assert copy.absent == {"pair": 1}
    card = task.spec.card.model_copy(update={"source": "https://cups.example"})
    (said,) = lacking(task.spec.model_copy(update={"card": card}), copy)
    assert "of 1 of 3 items the media are not published" in said
    assert "by hand: https://cups.example" in said
