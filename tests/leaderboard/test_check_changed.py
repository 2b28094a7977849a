"""What CI does with a pull request: the shell script, on a repository made for it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENTRY = Path("leaderboard/submissions/dual-scenes-clap/scenes")
WORKFLOW = ROOT / ".github" / "workflows" / "check-submission.yml"

pytestmark = pytest.mark.slow


@pytest.fixture
def changed(tmp_path):
    """Make a change as a merge, run the script of its first parent, and give code and output."""
    base, pull = tmp_path / "base", tmp_path / "pull"
    (base / "leaderboard").mkdir(parents=True)
    shutil.copytree(ROOT / ENTRY, pull / ENTRY)

    def git(*words):
        said = ("-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=0")
        subprocess.run(["git", *said, *words], cwd=pull, check=True, capture_output=True)

    git("init", "--initial-branch=main")
    git("add", ".")
    git("commit", "--message=base")

    def call(change):
        git("switch", "--create", "stranger")
        change(pull)
        git("add", ".")
        git("commit", "--message=mine")
        git("switch", "main")
        git("merge", "--no-ff", "--message=merge", "stranger")
        command = ["bash", str(ROOT / "leaderboard" / "check_changed.sh"), str(base)]
        mmjudge = Path(sys.executable).with_name("mmjudge")
        done = subprocess.run(
            [*command, str(mmjudge)], cwd=pull, check=False, capture_output=True, text=True
        )
        return done.returncode, done.stdout + done.stderr

    return call


def test_only_what_changed_is_checked_and_a_copy_is_told(changed):
    code, said = changed(lambda pull: shutil.copytree(pull / ENTRY, pull / ENTRY.parent / "again"))
    assert code == 0
    assert said.count("== ") == 1
    assert "== leaderboard/submissions/dual-scenes-clap/again" in said
    assert "verdicts of another entry" in said


def test_a_broken_submission_fails_and_a_file_elsewhere_is_pointed_at(changed):
    def change(pull):
        (pull / ENTRY / "meta.yaml").write_text("judge: 1", encoding="utf-8")
        (pull / "::error::me").write_text("", encoding="utf-8")

    code, said = changed(change)
    assert code == 1
    assert "licence: found nothing" in said
    assert "- ::error::me: is no submission: a person looks at it" in said
    assert not any(line.startswith("::") for line in said.splitlines())


def test_a_link_and_a_name_that_a_shell_would_run_are_refused(changed, tmp_path):
    def change(pull):
        (pull / ENTRY.parents[1] / "etc").symlink_to("/etc")
        shutil.copytree(pull / ENTRY, pull / ENTRY.parent / f"x; touch {tmp_path.name}; $(id)")

    code, said = changed(change)
    assert code == 1
    assert "leaderboard/submissions/etc: found in the submissions" in said
    assert "== " not in said
    assert not list(tmp_path.rglob(tmp_path.name))


def test_a_submission_that_is_taken_away_is_left_to_a_person(changed):
    code, said = changed(lambda pull: shutil.rmtree(pull / ENTRY))
    assert code == 0
    assert "deleted: a person decides" in said


def test_the_workflow_has_no_secret_no_right_to_write_and_pinned_actions():
    import yaml

    text = WORKFLOW.read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    assert content[True].keys() == {"pull_request"}  # YAML 1.1 reads the key `on` as true
    assert content["permissions"] == {"contents": "read"}
    assert "secrets" not in text
    assert "${{" not in text
    steps = content["jobs"]["check"]["steps"]
    pins = [step["uses"].partition("@")[2] for step in steps if "uses" in step]
    assert pins
    assert all(len(pin) == 40 for pin in pins)
