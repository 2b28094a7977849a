"""The chat judge is trained on the very rows that it is asked by, and is saved as it is loaded."""

from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("open_clip")

from PIL import Image  # noqa: E402 (after what may be missing)

from mmjudge.judges.base import JudgeContext, open_judge  # noqa: E402
from mmjudge.protocols.plan import requests  # noqa: E402
from mmjudge.scenes.pack import Wanted, generate  # noqa: E402
from mmjudge.sources.folder import open_task  # noqa: E402
from mmjudge.types import Media, RunSettings  # noqa: E402
from training import scenes_clip, scenes_vlm  # noqa: E402
from training.judge_tokens import question  # noqa: E402
from training.judged_items import Asked, Judged, Seen  # noqa: E402
from training.pictures import SIDE, normalised  # noqa: E402
from training.rows import Writer, batch_of  # noqa: E402

pytestmark = pytest.mark.slow


CLIP = "--steps 2 --families 2 --reading 1 --easy 13 --medium 2 --held 9 --threads 1 --seed toy"
VLM = "--steps 4 --easy 4 --medium 3 --held 2 --every 4 --threads 1 --seed toy --thawed 0.5"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Both models, trained for a few steps."""
    folder = tmp_path_factory.mktemp("models")
    clip, vlm = folder / "clip", folder / "vlm"
    scenes_clip.prepare(clip)
    scenes_clip.train(scenes_clip.options_from(["--out", str(clip), *CLIP.split()]))
    folders = ["--clip", str(clip), "--out", str(vlm)]
    scenes_vlm.train(scenes_vlm.options_from([*folders, *VLM.split()]))
    return SimpleNamespace(clip=clip, vlm=vlm)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "scenes"
    generate(Wanted("rows", 9, ("text->image",), ("easy",), twins=False), folder)
    return folder


@pytest.fixture(scope="module")
def judge(trained, data):
    context = JudgeContext(open_task(str(data)), "pair")
    return open_judge(f"hf:{trained.vlm}", context, {"mode": "logits"})


def first(data, protocol):
    """The requests about the first item, and its pictures."""
    task = open_task(str(data))
    item = next(iter(task.load(protocol)))
    asked = list(requests(task.spec, item, 0, RunSettings(protocol=protocol), "any"))
    parts = [p for c in item.candidates for p in c.parts if isinstance(p, Media)]
    return asked, {p: Image.open(data / p.uri).convert("RGB") for p in parts}


QUESTIONS = {
    "pair": lambda asked: [question("pair", request.criterion.name) for request in asked],
    "score": lambda asked: [question("score", "overall")],
    "rank": lambda asked: [question("rank", "overall", two) for two in combinations("ABCD", 2)],
}


@pytest.mark.parametrize("protocol", ["pair", "score", "rank"])
def test_rows_to_train_on_are_what_the_judge_reads_and_give_its_probabilities(
    judge, data, protocol
):
    asked, media = first(data, protocol)
    reply = judge.judge(asked, media)[0]
    chat = judge.answerer.chat
    writer = Writer(chat.tokenizer)
    anchor = "Score: [[" if protocol == "score" else "Verdict: [["
    questions = QUESTIONS[protocol](asked)
    item = Judged(
        asked[0].prompt[0],
        tuple(Seen(i) for i, _ in enumerate(asked[0].candidates)),
        tuple(Asked(text, anchor, "A", 1.0) for text in questions),
    )
    row = writer.row(item)
    shown = [media[c.parts[0]] for c in asked[0].candidates]
    small = np.stack([np.array(i.resize((SIDE, SIDE), Image.Resampling.BICUBIC)) for i in shown])
    model = chat.loaded.model
    with torch.inference_mode():
        tower = model.model.vision_tower(normalised(small), output_hidden_states=True)
        logits = scenes_vlm.answers_of(model, batch_of([row]), tower.hidden_states[-1][:, 1:])
    if protocol == "rank":
        wins = [0.0] * 4
        for (i, j), found in zip(combinations(range(4), 2), logits, strict=True):
            two = found[[writer.known("ABCD"[i])[0], writer.known("ABCD"[j])[0]]].softmax(-1)
            wins[i] += float(two[0])
            wins[j] += float(two[1])
        assert reply.scores == pytest.approx(
            wins, abs=0.06
        )  # trained in bfloat16, asked in float32
    else:
        options = list(reply.probabilities)
        places = [writer.known(option.split(" ")[0])[0] for option in options]
        expected = logits[0][places].softmax(-1).tolist()
        assert list(reply.probabilities.values()) == pytest.approx(expected, abs=0.02)
    assert reply.error is None


def test_the_judge_reads_no_code_of_a_mark_and_no_sentence_word_by_word(judge):
    tokenizer = judge.answerer.chat.tokenizer
    plain = tokenizer.encode("<prompt>\ntwo red stars\n</prompt>", add_special_tokens=False)
    coded = "<prompt 0123456789ab>\ntwo red stars\n</prompt 0123456789ab>"
    assert tokenizer.encode(coded, add_special_tokens=False) == plain
    assert len(plain) == 5
    assert len(tokenizer.encode(question("pair", "overall"), add_special_tokens=False)) == 1


def test_the_eyes_are_those_of_the_scorer_and_stay_so(trained):
    from safetensors.torch import load_file

    clip = load_file(trained.clip / "open_clip_model.safetensors")
    eyes = {n: w for n, w in load_file(trained.vlm / "model.safetensors").items() if "vision" in n}
    (patches,) = [w for n, w in eyes.items() if n.endswith("patch_embedding.weight")]
    assert torch.equal(patches, clip["visual.conv1.weight"].half())


def test_both_run_as_any_judge_does(trained, data, tmp_path):
    import mmjudge

    for spec, options in ((f"clip:{trained.clip}", {}), (f"hf:{trained.vlm}", {"mode": "logits"})):
        for protocol in ("pair", "score", "rank"):
            out = tmp_path / f"{spec.partition(':')[0]}-{protocol}"
            run = mmjudge.run(str(data), spec, out=out, protocol=protocol, options=options)
            assert run.stats.failed == 0
