"""The page docs/add-a-task.md as a new user follows it: every command, by copy and paste."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "add-a-task.md"
BIN = Path(sys.executable).parent

PIP = """
pip() {  # without a network, and beside this environment
  for word; do place="$word"; done
  python -m pip install --quiet --no-deps --no-build-isolation --no-index --target site "$place" \\
    || uv pip install --quiet --offline --no-deps --target site "$place"
}
"""


def sections() -> dict[str, str]:
    """The commands of each section that has any."""
    text = PAGE.read_text(encoding="utf-8")
    found = {}
    for section in text.split("\n## ")[1:]:
        blocks = re.findall(r"^```sh\n(.*?)^```", section, re.M | re.S)
        if blocks:
            found[section.partition("\n")[0]] = "".join(blocks)
    return found


def follow(folder: Path, commands: str) -> subprocess.CompletedProcess[str]:
    """What a shell prints of the commands, the first that fails ends it."""
    env = {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(folder / "site"),
        "MMJUDGE_CACHE": str(folder / "cache"),
        "HF_HUB_OFFLINE": "1",
    }
    script = f"set -e\n{PIP}{commands}"
    return subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_the_page_walks_through_three_ways():
    assert [name.partition(" ")[2] for name in sections()] == [
        "folder without code",
        "Hub dataset by a mapping of its columns",
        "Python plugin in a package of your own",
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, ["items.jsonl:2 (2): gold or criteria: unknown criterion 'beauty'", "exit code 1"]),
        (1, ["task.yaml:26: columns.gold.overall.column: column 'votes'", "exit code 1"]),
        (2, ["1 passed", "bird_calls@1"]),
    ],
)
def test_the_commands_of_the_page_do_what_it_says(tmp_path, number, words):
    done = follow(tmp_path, list(sections().values())[number])
    assert done.returncode == 0, done.stdout + done.stderr
    for word in words:
        assert word in " ".join(done.stdout.split())


def test_the_mapping_that_the_page_shows_is_one():
    import yaml

    from mmjudge.sources.mapping import Columns, HubSource, uses

    blocks = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    shown, *of_lists = blocks
    for block in of_lists:  # of a mapping, what makes a checklist or steps
        columns = {"prompt": ["p"], "candidates": [{"parts": ["c"]}]}
        assert Columns.model_validate(columns | yaml.safe_load(block)["columns"]).gold
    content = yaml.safe_load(shown)
    assert HubSource.model_validate(content["hub"]).split == "test"
    columns = Columns.model_validate(content["columns"])
    assert {"picture", "vote", "kind", "rater_2"} <= {use.first for use in uses(columns)}
