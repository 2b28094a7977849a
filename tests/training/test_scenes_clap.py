"""The tiny judge of sound: its training hears what the judge hears, and what it learnt holds."""

import io
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import mmjudge
from mmjudge.scenes.items import Place, content
from mmjudge.scenes.levels import LEVELS
from mmjudge.scenes.pack import Wanted, generate
from mmjudge.scenes.sound import RATE, encode, play
from mmjudge.scenes.stream import Stream

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
soundfile = pytest.importorskip("soundfile")

from training import sounds  # noqa: E402
from training.clap_learner import Ear, new_model  # noqa: E402
from training.scenes_clap import HELD_OUT, SEED  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "assets" / "models" / "scenes-clap"
BOUND = 0.75
"""Of the accuracy that the model card states, less four standard errors of 40 pairs."""


def accuracy(model: Path, folder: Path, items: int) -> float:
    """Accuracy without ties on fresh pairs of level easy, through the judge `dual:`."""
    pack, out = folder / "fresh", folder / "run"
    wanted = Wanted(
        seed="test-scenes-clap",
        items=items,
        directions=("text->audio",),
        levels=("easy",),
        protocols=("pair",),
        twins=False,
    )
    generate(wanted, pack)
    run = mmjudge.run(str(pack), f"dual:{model}", out=out, orders="given")
    measure = "accuracy(ties=wrong)"
    found = run.scores(n_resamples=0, measures=(measure,))
    (figure,) = [each for each in found if each.metric == measure and each.criterion == "overall"]
    assert figure.n_failed == 0
    return figure.value


@pytest.fixture(scope="module")
def stored():
    """Sounds of both levels as files hold them, each with what was written."""
    found = []
    for level in ("easy", "medium"):
        for number in range(2):
            stream = Stream("test-stored", level, number)
            scene = sounds.family("test-stored", level, number)[0]
            samples = play(scene, LEVELS[level], stream)
            data, ending = encode(samples, stream)
            read = soundfile.read(io.BytesIO(data), dtype="float32")[0]
            found.append((samples, ending[1:].upper(), read))
    return found


def test_training_hears_samples_as_they_come_back_from_files(stored):
    for samples, form, read in stored:
        np.testing.assert_array_equal(sounds.as_stored(samples, form), read)


def test_training_hears_the_features_that_the_judges_own_extractor_makes(stored):
    from transformers import ClapFeatureExtractor

    extractor = ClapFeatureExtractor(**sounds.EXTRACTOR)
    for _, _, read in stored:
        window = read[: extractor.nb_max_samples]
        made = extractor([window], sampling_rate=RATE, return_tensors="np")["input_features"][0, 0]
        np.testing.assert_allclose(sounds.log_mel(window), made, atol=0.1)  # of decibels


def test_the_ear_hears_what_the_model_hears(stored):
    torch.manual_seed(0)
    model = new_model(8).eval()
    spread = model.audio_model.audio_encoder.batch_norm
    spread.running_mean.fill_(-50)
    spread.running_var.fill_(900)
    mels = torch.from_numpy(np.stack([sounds.log_mel(r[: 7 * RATE]) for _, _, r in stored]))
    with torch.no_grad():
        whole = model.get_audio_features(input_features=mels[:, None])
        whole = getattr(whole, "pooler_output", whole)
        ear = Ear(model)
        ours = ear(ear.patches(mels))
    unit = torch.nn.functional.normalize
    torch.testing.assert_close(unit(ours), unit(whole), atol=1e-5, rtol=0)


def test_scenes_of_a_family_differ_from_its_first_in_one_fact_each():
    from mmjudge.scenes.facts import differences

    for number in range(40):
        first, *edited = sounds.family("test-family", "easy", number)
        broken = [differences(first, scene) for scene in edited]
        assert [len(facts) for facts in broken] == [1] * (sounds.FAMILY - 1)
        assert len({facts[0].criterion for facts in broken}) == len(broken)


def test_a_patch_is_told_what_sounds_in_it():
    for number in range(12):
        stream = Stream("test-patches", number)
        scene = sounds.family("test-patches", "easy", number)[0]
        heard = sounds.log_mel(play(scene, LEVELS["easy"], stream))
        codes = sounds.patch_codes(scene, heard)
        assert sorted(set(codes[:, 0])) == [sounds.NOT_THERE, 0, 1]
        for place, facts in enumerate(sounds.fact_codes(scene)[:2]):
            assert {tuple(row) for row in codes[codes[:, 0] == place, 1:]} == {tuple(facts)}
        edges = np.linspace(0, sounds.FRAMES, sounds.PATCHES + 1).round().astype(int)
        loudest = np.array([heard[a:b].max() for a, b in pairwise(edges)])
        there = codes[:, 0] != sounds.NOT_THERE
        near = np.convolve(there, [1, 1, 1], "same") > 0
        assert (loudest[~near] < sounds.SILENCE_DB + 10).all()
        assert (loudest[there] > sounds.SILENCE_DB + 60).mean() > 0.8  # notes of a phrase pause


def test_held_out_pairs_are_those_of_a_pack_that_are_no_tie():
    pairs = sounds.decisive_pairs("test-pairs", "easy", 60)
    assert len(pairs) == 40
    asked = [content("test-pairs", Place("text->audio", "easy", "pair", n)) for n in range(60)]
    decisive = [each for each in asked if each.gold()["overall"].value != "tie"]
    assert [each.truth for each in decisive] == [pair.truth for pair in pairs]


def test_training_and_measuring_use_seeds_of_their_own():
    assert SEED != HELD_OUT
    assert "mmjudge" not in {SEED, HELD_OUT}


@pytest.mark.skipif(not MODEL.exists(), reason="the model is not in this checkout")
def test_the_committed_model_decides_fresh_pairs(tmp_path):
    assert accuracy(MODEL, tmp_path, 60) >= BOUND


def test_training_leaves_a_model_that_the_judge_takes(tmp_path):
    model = tmp_path / "model"
    command = [sys.executable, "-m", "training.scenes_clap", "--out", str(model)]
    toy = {"steps": 3, "scenes": 8, "medium": 8, "batch": 2, "items": 12, "workers": 1}
    toy |= {"reading": 2}
    sizes = [word for name, n in toy.items() for word in (f"--{name}", str(n))]
    kept = ["--sounds", str(tmp_path / "sounds")]
    done = subprocess.run(
        [*command, *sizes, *kept], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    record = json.loads((model / "training.json").read_text())
    assert [point["step"] for point in record["curve"]] == [3]
    assert 0 <= accuracy(model, tmp_path, 6) <= 1
