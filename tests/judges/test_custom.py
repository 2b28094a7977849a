"""Judges of a user's own, as the page says, and what is said where one is wrong."""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

import mmjudge
from mmjudge.cli import app
from mmjudge.errors import MmjudgeError
from mmjudge.judges.base import Judge, JudgeContext, lift, open_judge
from mmjudge.judges.custom import as_judge
from mmjudge.sources.folder import open_task
from mmjudge.types import Candidate, Criterion, JudgeCard, Media, Reply, Request

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "custom_judges.md"
DEMO = ROOT / "assets" / "demo"
BLOCK = re.compile(r"^```\w+ file=(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of the page, written as it shows them, in the working directory."""
    for name, content in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def mine(tmp_path: Path) -> Callable[[str], Path]:
    def write(code: str) -> Path:
        path = tmp_path / "mine.py"
        path.write_text("from mmjudge.judges import Judge, JudgeCard, Reply\n" + code)
        return path

    return write


def opened(spec: str, **options: Any) -> Judge:
    return open_judge(spec, JudgeContext(open_task(str(DEMO)), "pair"), options)


def refusal(spec: str, **options: Any) -> str:
    with pytest.raises(MmjudgeError) as caught:
        opened(spec, **options)
    return str(caught.value)


GOOD = """
class Mine(Judge):
    def __init__(self, slot: int = 0):
        self.slot = slot
    def judge(self, batch, media):
        return [Reply(text=f"Verdict: [[{'AB'[self.slot]}]]") for _ in batch]
"""


def test_the_commands_of_the_page_run_as_they_stand_there(page: Path):
    lines = re.findall(r"^    mmjudge (run .+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(lines) == 3
    for place, line in enumerate(lines):
        words = line.replace("assets/demo", str(DEMO)).split()
        result = CliRunner().invoke(app, [*words, "--out", str(page / f"run{place}")])
        assert result.exit_code == 0, result.output
    runs = [mmjudge.api.Run(page / f"run{place}") for place in range(3)]
    assert runs[0].header.judge.name == "keywords.py:Keywords"
    assert "repeats more words" in runs[0].header.judge.summary
    assert runs[1].header.judge.params == {"limit": 40}
    assert runs[1].header.judge.fingerprint == runs[2].header.judge.fingerprint


def test_a_judge_of_the_page_has_ten_lines_at_most(page: Path):
    code = (page / "keywords.py").read_text().splitlines()
    assert sum(bool(line.strip()) for line in code) <= 10


def test_the_scorer_of_the_page_prefers_the_sharper_picture(page: Path):
    judge = opened("sharpness.py:Sharpness")
    flat, sharp = (Media(modality="image", uri=name) for name in ("flat.png", "sharp.png"))
    media = {flat: Image.new("RGB", (8, 8)), sharp: Image.effect_noise((8, 8), 90).convert("RGB")}
    request = Request(
        key="00",
        task="t@1",
        item="i",
        protocol="pair",
        criterion=Criterion(name="c", question="?"),
        prompt=("sharp",),
        candidates=(Candidate(id="a", parts=(flat,)), Candidate(id="b", parts=(sharp,))),
        order=(0, 1),
    )
    (reply,) = judge.judge([request], media)
    assert reply.scores is not None
    assert reply.scores[0] < reply.scores[1]


def test_a_changed_file_and_a_changed_option_are_another_judge(mine: Callable[[str], Path]):
    path = mine(GOOD)
    first, again = opened(f"{path}:Mine").card, opened(f"{path}:Mine").card
    other = opened(f"{path}:Mine", slot=1).card
    mine(GOOD + "# changed\n")
    changed = opened(f"{path}:Mine").card
    assert first == again
    assert len({first.fingerprint, other.fingerprint, changed.fingerprint}) == 3
    assert (first.params, other.params) == ({"slot": 0}, {"slot": 1})


def test_a_run_is_not_resumed_with_a_changed_file(mine: Callable[[str], Path], tmp_path: Path):
    path = mine(GOOD)
    mmjudge.run(str(DEMO), f"{path}:Mine", out=tmp_path / "run", limit=2)
    mine(GOOD.replace("slot: int = 0", "slot: int = 1"))
    with pytest.raises(MmjudgeError, match="fingerprint"):
        mmjudge.run(str(DEMO), f"{path}:Mine", out=tmp_path / "run")


def test_a_path_in_a_yaml_file_starts_from_its_folder(mine: Callable[[str], Path], tmp_path: Path):
    mine(GOOD)
    card = tmp_path / "judge.yaml"
    card.write_text("judge: mine.py:Mine\noptions: {slot: 1}\n")
    assert Path.cwd() != tmp_path
    assert opened(str(card)).card.params == {"slot": 1}


def test_a_card_of_its_own_keeps_its_name_and_gains_the_revision(mine: Callable[[str], Path]):
    path = mine(GOOD.replace("class Mine(Judge):", "class Mine(Judge):\n    card = CARD"))
    path.write_text(
        path.read_text().replace("\n\n", '\nCARD = JudgeCard(name="me", summary="s")\n', 1)
    )
    card = opened(f"{path}:Mine").card
    assert card.name == "me"
    assert str(card.revision).startswith("sha256:")
    assert card.modalities == ("text", "image", "video", "audio")


def test_a_class_without_a_card_takes_texts_alone(mine: Callable[[str], Path]):
    assert opened(f"{mine(GOOD)}:Mine").card.modalities == ("text",)


@pytest.mark.parametrize(
    ("code", "name", "words"),
    [
        (GOOD, "Mien", ["unknown judge 'Mien'", "did you mean 'Mine'"]),
        (GOOD, "", ["Write mine.py:Mine", "It has Mine."]),
        ("class Mine:\n    pass\n", "Mine", ["mine.py:2", "neither a judge nor a scorer"]),
        ("class Mine(Judge):\n    pass\n", "Mine", ["mine.py:2", "lacks judge"]),
        ("Mine = 3\n", "Mine", ["Mine is a int", "a class is needed"]),
        ("x = 1\n1 / 0\n", "Mine", ["mine.py:3: ZeroDivisionError: division by zero"]),
        ("def f(:\n    pass\n", "Mine", ["mine.py:2: SyntaxError"]),
        ("import no_such_thing\n", "Mine", ["mine.py:2: ModuleNotFoundError"]),
        ("raise SystemExit(3)\n", "Mine", ["mine.py:2: SystemExit: 3"]),
        (
            "class Mine(Judge):\n    def __init__(self):\n        raise OSError('no such table')\n"
            "    def judge(self, batch, media):\n        return []\n",
            "Mine",
            ["mine.py:4: OSError: no such table", "while Mine was made"],
        ),
        (
            "class Mine(Judge):\n    card = {'name': 'me'}\n"
            "    def judge(self, batch, media):\n        return []\n",
            "Mine",
            ["card must be a JudgeCard, found dict"],
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_said(
    mine: Callable[[str], Path], code: str, name: str, words: list[str]
):
    said = refusal(f"{mine(code)}:{name}")
    assert all(word in said for word in words), said


def test_a_file_that_is_not_there_is_named_with_those_that_are(mine: Callable[[str], Path]):
    said = refusal(f"{mine(GOOD).with_name('mien.py')}:Mine")
    assert "mien.py: cannot be read: No such file" in said
    assert "in that folder: mine.py" in said


def test_a_module_beside_the_file_is_not_imported(mine: Callable[[str], Path], tmp_path: Path):
    (tmp_path / "helper_of_mine.py").write_text("x = 1\n")
    said = refusal(f"{mine('import helper_of_mine')}:Mine")
    assert "lies beside it" in said
    assert "helper_of_mine" not in sys.modules


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"solt": 1}, "unknown option 'solt'; it takes slot=0"),
        ({"slot": "one"}, "option slot must be int, found 'one'"),
    ],
)
def test_options_are_checked_against_the_constructor(
    mine: Callable[[str], Path], options: dict[str, Any], words: str
):
    assert words in refusal(f"{mine(GOOD)}:Mine", **options)


def test_an_option_without_a_default_must_be_given(mine: Callable[[str], Path]):
    path = mine(GOOD.replace("slot: int = 0", "slot"))
    assert "needs the option slot: -J slot=VALUE" in refusal(f"{path}:Mine")
    assert opened(f"{path}:Mine", slot=1).card.params == {"slot": 1}


def test_a_mistake_in_a_judge_file_is_exit_code_2(mine: Callable[[str], Path]):
    words = ["run", "--task", str(DEMO), "--judge", f"{mine(GOOD)}:Mien"]
    said = CliRunner().invoke(app, words)
    assert said.exit_code == 2
    assert "did you mean 'Mine'" in said.stderr


def test_a_judge_that_opens_itself_needs_no_card(mine: Callable[[str], Path]):
    own = "    @classmethod\n    def open(cls, name, options, context):\n        return cls()\n"
    assert opened(f"{mine(GOOD + own)}:Mine").card.name == "mine.py:Mine"


SCORER = """
class Mine:
    def __init__(self, power: float = 1.0):
        self.power = power
    def score(self, pairs, media):
        return [len(answer[0]) ** self.power for _, answer in pairs]
"""


def test_a_class_with_score_alone_is_a_judge_of_all_protocols(mine: Callable[[str], Path]):
    judge = opened(f"{mine(SCORER)}:Mine", power=2)
    assert judge.card.protocols == ("pair", "score", "rank")
    assert judge.card.scale == "own"
    assert judge.card.params == {"power": 2}
    assert judge.judge([pair("a", "bbb")], {})[0].scores == (1.0, 9.0)


@pytest.mark.parametrize("given", ["[1.0]", "[[1.0], [2.0]]", "[1.0] * 3"])
def test_a_scorer_with_another_number_of_scores_stops_the_run(
    mine: Callable[[str], Path], given: str
):
    path = mine(f"class Mine:\n    def score(self, pairs, media):\n        return {given}\n")
    judge = opened(f"{path}:Mine")
    with pytest.raises(MmjudgeError, match="one number for each is needed"):
        judge.judge([pair("a", "b")], {})


def test_a_score_that_is_not_a_number_fails_alone():
    class Odd:
        def score(self, pairs: Any, media: Any) -> Any:
            return [float("nan") if "x" in answer[0] else 1.0 for _, answer in pairs]

    odd, fine = lift(Odd()).judge([pair("x", "b"), pair("a", "b")], {})
    assert odd.error is not None
    assert odd.error.reason == "infra"
    assert fine.scores == (1.0, 1.0)


class FromPython(Judge):
    """A judge that is passed as an object."""

    def __init__(self, slot: int, api_key: str = "") -> None:
        self.slot, self.api_key = slot, api_key

    def judge(self, batch: Any, media: Any) -> list[Reply]:
        return [Reply(text=f"Verdict: [[{'AB'[self.slot]}]]") for _ in batch]


def test_an_object_is_known_by_its_file_and_its_values_but_not_by_its_keys():
    first, same, other = (as_judge(FromPython(slot)).card for slot in (0, 0, 1))
    keyed = as_judge(FromPython(0, api_key="sk-1")).card
    assert first.fingerprint
    assert first.fingerprint == same.fingerprint == keyed.fingerprint != other.fingerprint
    assert "sk-1" not in keyed.model_dump_json()


def test_a_scorer_passed_as_an_object_runs(tmp_path: Path):
    class Longer:
        def score(self, pairs: Any, media: Any) -> Any:
            return [float(len(answer[0])) for _, answer in pairs]

    run = mmjudge.run(str(DEMO), Longer(), out=tmp_path / "run", limit=4)
    assert run.stats is not None
    assert run.stats.failed == 0
    assert run.header.judge.fingerprint


@pytest.mark.parametrize(("judge", "words"), [(FromPython, "pass an object"), (3, "found a int")])
def test_what_is_no_judge_is_refused_from_python_too(judge: Any, words: str):
    with pytest.raises(MmjudgeError, match=words):
        mmjudge.run(str(DEMO), judge)


def test_a_class_that_no_file_defines_has_a_fingerprint_that_follows_its_code():
    def made(word: str) -> Judge:
        names: dict[str, Any] = {"Judge": Judge, "Reply": Reply, "__name__": "nowhere"}
        exec(f"class Mine(Judge):\n def judge(self, b, m): return [Reply(text={word!r})]", names)
        return as_judge(names["Mine"]())

    assert made("a").card.fingerprint == made("a").card.fingerprint != made("b").card.fingerprint


def test_a_fingerprint_that_the_card_has_is_kept():
    class Named(FromPython):
        card = JudgeCard(name="n", summary="s", fingerprint="f" * 16)

    assert as_judge(Named(0)).card.fingerprint == "f" * 16


def pair(first: str, second: str) -> Request:
    return Request(
        key=os.urandom(16).hex(),
        task="t@1",
        item="i",
        protocol="pair",
        criterion=Criterion(name="c", question="?"),
        prompt=("p",),
        candidates=(Candidate(id="1", parts=(first,)), Candidate(id="2", parts=(second,))),
        order=(0, 1),
    )
