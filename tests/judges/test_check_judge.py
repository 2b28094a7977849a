"""Each check of `mmjudge check-judge` catches the judge that has exactly that defect."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner

from mmjudge import checks
from mmjudge.checks import Report, check_judge, material
from mmjudge.cli import app
from mmjudge.errors import MmjudgeError
from mmjudge.types import ProtocolName

GOOD = """
import hashlib, itertools, math, random, time
import numpy as np
from mmjudge.judges import Failure, Judge, JudgeCard, Media, Reply

def seen(part, media):
    if isinstance(part, str):
        return part.encode()
    found = media[part]
    if part.modality == "image":
        return np.asarray(found).tobytes()
    return (found.frames if part.modality == "video" else found.samples).tobytes()

class Good(Judge):
    card = JudgeCard(name="good", summary="s", media=True, batch_size=8)

    def judge(self, batch, media):
        return [self.one(request, media) for request in batch]

    def one(self, request, media):
        return Reply(scores=[self.worth(request, c, media) for c in request.candidates])

    def worth(self, request, candidate, media):
        parts = (*request.prompt, *candidate.parts)
        facts = b"|".join(seen(part, media) for part in parts)
        return int.from_bytes(hashlib.sha256(facts).digest()[:4]) / 2**32
"""
TEXTS = 'card = JudgeCard(name="mine", summary="s", modalities=("text",), batch_size=8)'


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., Report]:
    """Check a judge of texts that is the good one but for the lines that are given."""

    def run(body: str, timeout_s: float = 60.0, **options: object) -> Report:
        indented = "".join(f"    {line}\n" for line in body.strip("\n").splitlines())
        path = tmp_path / "mine.py"
        path.write_text(f"{GOOD}\nclass Mine(Good):\n    {TEXTS}\n{indented}")
        return check_judge(f"{path}:Mine", options, timeout_s=timeout_s)

    return run


def level(report: Report, check: str) -> set[str]:
    return {found.level for found in report.findings if found.check == check}


def said(report: Report, *levels: str) -> str:
    found = [f for f in report.findings if f.level in levels]
    return "\n".join("\n".join((f.said, *f.examples)) for f in found)


@pytest.mark.parametrize("protocol", [None, "pair", "score", "rank"])
def test_a_good_judge_of_every_modality_has_nothing_to_be_said_against_it(
    protocol: ProtocolName | None, tmp_path: Path
):
    path = tmp_path / "good.py"
    path.write_text(GOOD)
    report = check_judge(f"{path}:Good", protocol=protocol)
    assert {found.level for found in report.findings} == {"ok"}, said(report, "warning", "broken")
    looks = [found.said for found in report.findings if found.check == "looks"]
    assert len(looks) == 5
    assert report.code == 0


BROKEN = {
    "too few replies": (
        "def judge(self, batch, media):\n    return super().judge(batch, media)[1:]",
        "one reply a request",
        "replies to 8 requests",
    ),
    "no list": (
        "def judge(self, batch, media):\n    return None",
        "one reply a request",
        "judge() gave a NoneType",
    ),
    "no replies in it": (
        "def one(self, request, media):\n    return 'A'",
        "one reply a request",
        "gave a str in place of a Reply",
    ),
    "an exception on one item": (
        "def one(self, request, media):\n"
        "    if request.candidates[0].parts == ('',): raise KeyError('nothing to read')\n"
        "    return super().one(request, media)",
        "exceptions",
        "an empty answer (pair, match): KeyError: 'nothing to read' (mine.py:",
    ),
    "an exit": (
        "def judge(self, batch, media):\n    raise SystemExit(3)",
        "exceptions",
        "SystemExit: 3",
    ),
    "it gives up": (
        "def judge(self, batch, media):\n"
        "    from mmjudge.errors import JudgeError\n    raise JudgeError('wrong key')",
        "run",
        "JudgeError: wrong key",
    ),
    "no verdicts": (
        "def one(self, request, media):\n    return Reply(text='I like both a lot.')",
        "verdicts",
        "27 of 27",
    ),
    "not a number": (
        "def worth(self, request, candidate, media):\n    return math.nan",
        "exceptions",
        "ValidationError: Reply.scores.0: Input should be a finite number, found nan",
    ),
    "not a number, hidden from pydantic": (
        "def one(self, request, media):\n"
        "    return Reply.model_construct(scores=(math.inf,) * len(request.candidates))",
        "numbers",
        "not finite",
    ),
    "one score too many": (
        "def one(self, request, media):\n"
        "    return Reply(scores=[1.0] * (len(request.candidates) + 1))",
        "numbers",
        "3 scores for 2 candidates",
    ),
    "negative probabilities": (
        "def one(self, request, media):\n    return Reply(probabilities={'A': 1.5, 'B': -0.5})",
        "numbers",
        "negative probabilities",
    ),
    "a protocol that it does not take": (
        "def one(self, request, media):\n"
        "    if request.protocol != 'rank': return super().one(request, media)\n"
        "    return Reply(error=Failure(reason='unsupported', detail='no rankings'))",
        "claims",
        "claims the protocol rank",
    ),
    "infrastructure": (
        "def one(self, request, media):\n"
        "    if request.protocol != 'rank': return super().one(request, media)\n"
        "    return Reply(error=Failure(reason='infra', detail='no route to host'))",
        "verdicts",
        "no route to host",
    ),
    "it sees the ids of items": (
        "def worth(self, request, candidate, media):\n    return len(request.item) / 7",
        "ids",
        "change replies",
    ),
    "it sees the ids of candidates": (
        "def worth(self, request, candidate, media):\n    return len(candidate.id)",
        "ids",
        "change replies",
    ),
    "it sees who made a candidate": (
        "def worth(self, request, candidate, media):\n    return len(candidate.system or '')",
        "ids",
        "change replies",
    ),
    "it looks at its neighbours": (
        "def judge(self, batch, media):\n"
        "    return [Reply(scores=[len(batch) + i for i in range(len(r.candidates))][::(-1) **"
        " len(batch)]) for r in batch]",
        "batches",
        "asked one at a time, it gives other verdicts",
    ),
    "it looks at its place in the batch": (
        "def judge(self, batch, media):\n"
        "    return [Reply(scores=[i * (-1) ** (k > 3) for i in range(1, 1 + len(r.candidates))])"
        " for k, r in enumerate(batch)]",
        "batches",
        "asked in the reverse order, it gives other verdicts",
    ),
    "a modality that does not exist": (
        "def __init__(self):\n"
        "    self.card = Good.card.model_copy(update={'modalities': ('text', 'smell')})",
        "card",
        "modalities.1",
    ),
    "no protocol that exists": (
        "def __init__(self):\n"
        "    self.card = Good.card.model_copy(update={'protocols': ('pair', 'duel'),"
        " 'modalities': ('text',)})",
        "card",
        "protocols.1",
    ),
    "another fingerprint each time": (
        "def __init__(self):\n"
        "    self.card = Good.card.model_copy(update={'modalities': ('text',),"
        " 'fingerprint': f'{random.random()}'})",
        "fingerprint",
        "opened twice, it has two fingerprints",
    ),
    "an option that its fingerprint does not know": (
        "def __init__(self, power=1):\n"
        "    self.power = power\n"
        "    self.card = Good.card.model_copy(update={'modalities': ('text',),"
        " 'fingerprint': 'f' * 16})\n"
        "def worth(self, request, candidate, media):\n"
        "    return super().worth(request, candidate, media) ** self.power",
        "fingerprint",
        "power: the default or 2",
    ),
}


@pytest.mark.parametrize("defect", BROKEN)
def test_a_broken_judge_is_found_out(defect: str, check: Callable[..., Report]):
    body, name, words = BROKEN[defect]
    report = check(body)
    assert "broken" in level(report, name), said(report, "broken", "warning", "ok")
    assert words in said(report, "broken")
    assert report.code == 1


WEAK = {
    "another answer each time": (
        "count = itertools.count()\n"
        "def worth(self, request, candidate, media):\n    return (next(self.count) * 7919) % 101",
        "repeats",
        "the same request is answered differently",
    ),
    "probabilities that do not add up": (
        "def one(self, request, media):\n"
        "    p = self.worth(request, request.candidates[0], media)\n"
        "    if request.protocol == 'pair': return Reply(probabilities={'A': p, 'B': 0.9})\n"
        "    return super().one(request, media)",
        "numbers",
        "do not add up to 1",
    ),
    "another wording for a batch": (
        "def judge(self, batch, media):\n"
        "    best = {'pair': 'Verdict: [[A]]', 'score': 'Score: [[2]]',"
        " 'rank': 'Ranking: [[A > B > C]]'}\n"
        "    return [Reply(text=f'One of {len(batch)}. {best[r.protocol]}') for r in batch]",
        "batches",
        "other replies with the same verdicts",
    ),
    "it never looks at the prompt": (
        "def worth(self, request, candidate, media):\n    return len(candidate.parts[0])",
        "looks",
        "another prompt changes no reply",
    ),
    "it never looks at the answers": (
        "def worth(self, request, candidate, media):\n    return len(request.prompt[0])",
        "looks",
        "another text of an answer changes no reply",
    ),
    "most replies are no verdict": (
        "def one(self, request, media):\n"
        "    if request.protocol == 'score': return super().one(request, media)\n"
        "    return Reply(text='I like both.')",
        "verdicts",
        "are no verdict",
    ),
    "it needs what nobody has": (
        "def __init__(self):\n"
        "    self.card = Good.card.model_copy(update={'modalities': ('text',),"
        " 'needs': ('hff',)})",
        "card",
        "needs hff: no extra of mmjudge",
    ),
}


@pytest.mark.parametrize("weakness", WEAK)
def test_a_weak_judge_is_warned_of_and_passes(weakness: str, check: Callable[..., Report]):
    body, name, words = WEAK[weakness]
    report = check(body)
    assert "warning" in level(report, name), said(report, "broken", "warning", "ok")
    assert words in said(report, "warning")
    assert report.code == 0, said(report, "broken")


def test_what_changes_by_itself_is_not_blamed_on_ids_or_batches(check: Callable[..., Report]):
    report = check(WEAK["another answer each time"][0])
    assert level(report, "ids") == {"skipped"}
    assert level(report, "batches") == {"skipped"}


@pytest.mark.parametrize("modality", ["image", "video", "audio"])
def test_media_that_are_claimed_and_never_looked_at_are_named(
    modality: str, check: Callable[..., Report]
):
    report = check(
        f"card = JudgeCard(name='m', summary='s', modalities=('text', '{modality}'), media=True)\n"
        "def worth(self, request, candidate, media):\n"
        "    texts = [p for p in (*request.prompt, *candidate.parts) if isinstance(p, str)]\n"
        "    return sum(map(ord, ''.join(texts))) / 1000"
    )
    assert f"another {modality} in the request changes no reply" in said(report, "warning")
    assert report.code == 0


def test_a_judge_that_hangs_is_given_up_and_named(check: Callable[..., Report]):
    report = check("def judge(self, batch, media):\n    time.sleep(600)", timeout_s=0.3)
    assert level(report, "time") == {"broken"}
    assert "no answer after 0.3 seconds" in said(report, "broken")


def test_an_option_that_was_given_is_left_out_to_see_what_it_does(check: Callable[..., Report]):
    body = BROKEN["an option that its fingerprint does not know"][0].replace("power=1", "word='a'")
    body = body.replace("self.power = power", "self.power = len(word)")
    assert level(check(body), "fingerprint") == {"ok"}
    assert "word: long or None" in said(check(body, word="long"), "broken")


def test_numbers_that_rounding_changed_are_the_same_reply(check: Callable[..., Report]):
    report = check(
        "def judge(self, batch, media):\n"
        "    drift = 1e-7 * len(batch)\n"
        "    return [Reply(scores=[s + drift for s in r.scores])"
        " for r in super().judge(batch, media)]"
    )
    assert level(report, "batches") == {"ok"}
    assert report.code == 0


def test_one_request_at_a_time_is_all_that_a_judge_need_take(check: Callable[..., Report]):
    report = check(
        "card = JudgeCard(name='m', summary='s', modalities=('text',), batch_size=1)\n"
        "def judge(self, batch, media):\n"
        "    assert len(batch) == 1\n    return super().judge(batch, media)"
    )
    assert report.code == 0, said(report, "broken")
    assert "one request at a time" in said(report, "ok")


def test_a_missing_library_is_said_loudly_and_the_rest_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "good.py"
    path.write_text(GOOD)
    libraries = {**material.LIBRARIES, "video": (("no_such_library", "mmjudge[video]"),)}
    monkeypatch.setattr(material, "LIBRARIES", libraries)
    report = check_judge(f"{path}:Good")
    assert "VIDEO WAS NOT CHECKED: no_such_library is not installed" in said(report, "skipped")
    assert "another image in the request changes replies" in said(report, "ok")


def test_the_made_videos_are_h264(tmp_path: Path):
    av = pytest.importorskip("av")
    material.make_media(tmp_path, "video")
    for name in material.FILES["video"]:
        with av.open(str(tmp_path / name)) as film:
            assert film.streams.video[0].codec_context.name == "h264"
            assert sum(1 for _ in film.decode(video=0)) == material.FRAMES


def test_what_is_asked_holds_no_gold_and_every_kind_of_text(tmp_path: Path):
    task = checks.CheckTask(tmp_path, ("text", "image", "video", "audio"))
    asked = [r for p in task.spec.protocols for r in task.asked(p, "")]
    assert {r.protocol for r in asked} == set(get_args(ProtocolName))
    assert {r.order for r in asked if r.protocol == "pair"} == {(0, 1), (1, 0)}
    assert {r.criterion.name for r in asked} == {"match", "care", "taste"}
    texts = [p for r in asked for c in r.candidates for p in c.parts if isinstance(p, str)]
    assert "" in texts
    assert max(map(len, texts)) > 5000
    assert any("<|im_end|>" in text for text in texts)
    assert any("\U0001f44d" in text for text in texts)
    assert not any("gold" in r.model_dump_json() for r in asked)


@pytest.mark.parametrize(
    "name", ["random", "first", "second", "longest", "shortest", "constant", "oracle"]
)
def test_every_baseline_passes(name: str):
    report = check_judge(f"baseline:{name}")
    assert report.code == 0, said(report, "broken")


def call(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["check-judge", *map(str, words)])
    return result.exit_code, result.stdout, result.stderr


def test_the_command_prints_lines_or_json_and_its_exit_code(tmp_path: Path):
    path = tmp_path / "mine.py"
    path.write_text(f"{GOOD}\nclass Mine(Good):\n    {TEXTS}\n    def judge(self, b, m): 1 / 0\n")
    code, out, _ = call(f"{path}:Mine")
    assert code == 1
    assert "BROKEN" in out
    assert "ZeroDivisionError" in out
    code, out, _ = call(f"{path}:Mine", "--json", "--protocol", "pair")
    found = json.loads(out)
    assert (code, found["code"]) == (1, 1)
    assert {f["level"] for f in found["findings"] if f["check"] == "exceptions"} == {"broken"}
    code, out, _ = call("baseline:random", "-J", "seed=3")
    assert code == 0
    assert "0 broken" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("baselin:first",), "did you mean 'baseline'"),
        (("baseline:random", "-J", "sede=1"), "unknown option 'sede'"),
        (("nowhere.py:Mine",), "cannot be read"),
    ],
)
def test_a_mistake_of_the_user_is_exit_code_2(words: tuple[str, ...], said: str):
    code, _, err = call(*words)
    assert code == 2
    assert said in err


def test_a_protocol_that_the_card_does_not_take_is_a_mistake(tmp_path: Path):
    path = tmp_path / "mine.py"
    card = 'JudgeCard(name="m", summary="s", protocols=("pair",))'
    path.write_text(f"{GOOD}\nclass Mine(Good):\n    card = {card}\n")
    with pytest.raises(MmjudgeError, match="takes pair, so rank cannot"):
        check_judge(f"{path}:Mine", protocol="rank")


def test_a_hanging_judge_does_not_keep_the_command_from_ending(tmp_path: Path):
    path = tmp_path / "mine.py"
    body = "    def judge(self, b, m): time.sleep(600)\n"
    path.write_text(f"{GOOD}\nclass Mine(Good):\n    {TEXTS}\n{body}")
    words = ["check-judge", f"{path}:Mine", "--timeout", "0.2"]
    done = subprocess.run(
        [sys.executable, "-m", "mmjudge", *words], capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert b"nothing more was asked" in done.stdout
