"""Downloads over a real connection, from a server that speaks as the Hub does."""

import io
import os
import random
import subprocess
import sys
from collections import Counter

import pytest

from tests.tasks.small_hub import REVISION, SmallHub

pytestmark = pytest.mark.slow
"""Each command is a process of its own, since the client reads its endpoint when it is loaded."""

BLOCK = 10 * 1024 * 1024
"""What the client keeps of a file at a time: so much may have to be fetched twice."""
README = (
    b"---\nconfigs:\n- config_name: default\n  data_files:\n  - split: test\n"
    b"    path: data/test-*\n---\n"
)
FILES = ("data/test-00000-of-00002.parquet", "data/test-00001-of-00002.parquet")
CARD = """\
name: cups
protocols: [pair]
modalities: [text]
primary: accuracy
criteria: [{{name: fit, question: Which fits?}}]
card: {{summary: Cups., size: {{pair: 20}}, source: "https://huggingface.co/datasets/someone/cups"}}
hub: {{dataset: {dataset}, revision: {revision}}}
columns:
  prompt: [caption]
  candidates: [{{parts: [left]}}, {{parts: [right]}}]
  gold: {{fit: vote}}
"""


def table(start, weight=1000, **renamed):
    """Ten rows as a parquet file, each with as many bytes that no mapping uses."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    noise = random.Random(start)
    columns = {
        "caption": [f"caption {i}" for i in range(start, start + 10)],
        "left": ["x"] * 10,
        "right": ["y"] * 10,
        "vote": ["first", "second"] * 5,
        "noise": [noise.randbytes(weight) for _ in range(10)],
    }
    out = io.BytesIO()
    pq.write_table(pa.table({renamed.get(name, name): v for name, v in columns.items()}), out)
    return out.getvalue()


@pytest.fixture
def hub():
    with SmallHub() as server:
        server.files["someone/cups"] = {
            "README.md": README,
            FILES[0]: table(0),
            FILES[1]: table(10),
        }
        yield server


@pytest.fixture
def command(hub, tmp_path):
    """Run a command in an empty folder with a mapped task `cups`."""
    (tmp_path / "cups").mkdir()
    (tmp_path / "cups" / "task.yaml").write_text(
        CARD.format(dataset="someone/cups", revision=REVISION)
    )
    env = {
        **os.environ,
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(tmp_path / "hf"),
        "MMJUDGE_CACHE": str(tmp_path / "cache"),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_OFFLINE": "",
    }

    def run(*words):
        hub.sent.clear()
        line = [sys.executable, "-m", "mmjudge", *words]
        done = subprocess.run(
            line, capture_output=True, text=True, env=env, cwd=tmp_path, timeout=240, check=False
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


def copies(tmp_path):
    return [path.name for path in (tmp_path / "cache").rglob("whole.json")]


def test_a_dataset_comes_once_and_whole_and_needs_no_hub_from_then_on(hub, command, tmp_path):
    done = command("download", "./cups")
    assert done.returncode == 0, done.stderr
    assert "cups@1: whole, 20 items (pair)" in done.stdout
    assert {path: hub.sent[path] for path in FILES} == {
        path: len(hub.files["someone/cups"][path]) for path in FILES
    }
    assert command("download", "./cups").returncode == 0
    assert hub.sent == Counter()
    assert not list((tmp_path / "cache").rglob("*.parquet"))
    hub.files.clear()
    done = command("run", "--task", "./cups", "--judge", "baseline:first", "--out", "o")
    assert done.returncode == 0, done.stderr
    assert "20 items" in done.stderr


def test_what_was_cut_off_goes_on_where_it_stopped_and_is_not_scored(hub, command, tmp_path):
    hub.files["someone/cups"][FILES[1]] = table(10, weight=2_500_000)
    size = len(hub.files["someone/cups"][FILES[1]])
    hub.cut[FILES[1]] = [21_000_000, *[0] * 9]
    done = command("download", "./cups")
    assert done.returncode == 1
    assert "not whole, so it is not used" in done.stderr
    assert hub.sent[FILES[1]] == 21_000_000
    assert copies(tmp_path) == []
    hub.cut.clear()
    gone, hub.files = hub.files, {}
    done = command("run", "--task", "./cups", "--judge", "baseline:first", "--out", "o")
    assert done.returncode == 2
    assert "there is no dataset of that name" in done.stderr
    assert "0 items, 0 judgments" in command("score", "o").stdout
    hub.files = gone
    done = command("download", "./cups")
    assert done.returncode == 0, done.stderr
    assert "goes on after 10 items" in done.stderr
    assert "goes on after 21 of 25 MB" in done.stderr
    assert hub.sent[FILES[0]] == 0
    assert hub.sent[FILES[1]] == size - 2 * BLOCK


def test_what_is_not_as_the_hub_says_is_refused_and_fetched_again(hub, command, tmp_path):
    hub.wrong.add(FILES[1])
    done = command("download", "./cups")
    assert done.returncode == 1
    assert f"{FILES[1]}: sha256 is " in done.stderr
    assert "the Hub says" in done.stderr
    assert copies(tmp_path) == []
    done = command("download", "./cups")
    assert done.returncode == 0, done.stderr
    assert (hub.sent[FILES[0]], hub.sent[FILES[1]]) == (0, len(hub.files["someone/cups"][FILES[1]]))


def test_a_gated_dataset_says_where_its_conditions_are_accepted(hub, command):
    hub.gated.add("someone/cups")
    done = command("download", "./cups")
    assert done.returncode == 1
    page = "https://huggingface.co/datasets/someone/cups"
    assert f"conditions must be accepted by hand at {page}, then log in" in done.stderr


def test_a_dataset_that_is_gone_moved_or_of_another_revision(hub, command, tmp_path):
    card = tmp_path / "cups" / "task.yaml"
    card.write_text(CARD.format(dataset="someone/gone", revision=REVISION))
    done = command("download", "./cups")
    assert done.returncode == 1
    assert "there is no dataset of that name, or it is private or gated" in done.stderr
    card.write_text(CARD.format(dataset="someone/cups", revision="f" * 40))
    done = command("download", "./cups")
    assert done.returncode == 1
    assert f"it has no revision {'f' * 40}" in done.stderr
    assert "conditions" not in done.stderr
    hub.moved["former/cups"] = "someone/cups"
    card.write_text(CARD.format(dataset="former/cups", revision=REVISION))
    done = command("download", "./cups")
    assert done.returncode == 0, done.stderr


def test_a_column_that_was_renamed_is_named_with_what_is_there_and_the_revision(hub, command):
    hub.files["someone/cups"][FILES[0]] = table(0, vote="votes")
    for words in (("download", "./cups"), ("check-task", "./cups")):
        done = command(*words)
        assert done.returncode == 1
        said = " ".join((done.stdout + done.stderr).split())
        assert "task.yaml:11: columns.gold.fit.column: column 'vote' is expected" in said
        assert "did you mean 'votes'?" in said
        assert f"there at revision {REVISION}: caption, left, noise, right, votes" in said


def test_a_branch_that_moved_is_not_taken_for_what_it_was(hub, command, tmp_path):
    card = CARD.format(dataset="someone/cups", revision="main")
    (tmp_path / "cups" / "task.yaml").write_text(card)
    before, after = table(30), table(50)
    assert len(before) == len(after)
    hub.files["someone/cups"][FILES[0]] = before
    hub.cut[FILES[1]] = [0] * 10
    assert command("download", "./cups").returncode == 1
    hub.cut.clear()
    hub.files["someone/cups"][FILES[0]] = after
    done = command("download", "./cups")
    assert done.returncode == 0, done.stderr
    assert "the public data has changed, so it begins anew" in done.stderr
    (items,) = (tmp_path / "cache").rglob("items.pair.jsonl")
    assert "caption 50" in items.read_text()
    assert "caption 30" not in items.read_text()
