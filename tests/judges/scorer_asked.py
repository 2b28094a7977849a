"""What the tests of scorers ask: tiny models by name, media in memory, the plain models beside."""

import hashlib

import pytest

NOT_TESTED = "the extras clip and hf are not installed: the scorers WERE NOT TESTED"
torch = pytest.importorskip("torch", reason=NOT_TESTED)
pytest.importorskip("transformers", reason=NOT_TESTED)
pytest.importorskip("open_clip", reason=NOT_TESTED)

from mmjudge.judges.base import JudgeContext  # noqa: E402
from mmjudge.sources.folder import open_task  # noqa: E402
from mmjudge.types import Candidate, Criterion, Media, Request  # noqa: E402
from tests.judges import scorer_models as tiny  # noqa: E402
from tests.once import once  # noqa: E402

MODELS = {
    "open_clip": ("clip", tiny.open_clip_model),
    "clip": ("dual", tiny.clip_model),
    "siglip": ("dual", tiny.siglip_model),
    "xclip": ("dual", tiny.xclip_model),
    "clap": ("dual", tiny.clap_model),
    "reward": ("reward", tiny.reward_model),
}
SEES_IMAGES = ("open_clip", "clip", "siglip")
TEXTS = ("a red cat", "a green dog walks", "rain")
CLOSE = 2e-6


class Paths(dict):
    """Where the tiny models lie; each is built when it is first asked for."""

    def __init__(self, root):
        super().__init__()
        self.root = root
        torch.set_num_threads(1)

    def __call__(self, name):
        if name not in self:
            self[name] = once(self.root / name, MODELS[name][1])
        return self[name]


def context(root):
    return JudgeContext(open_task(str(root / "assets" / "demo"), None), "pair")


def image(seed):
    return Media(modality="image", uri=f"{seed}.png")


def clip(seed):
    return Media(modality="video", uri=f"{seed}.mp4")


def audio(seed):
    return Media(modality="audio", uri=f"{seed}.wav")


MEDIA = {
    **{image(seed): tiny.picture(seed) for seed in range(8)},
    **{clip(seed): tiny.video(seed, n=4) for seed in range(3)},
    **{audio(seed): tiny.sound(seed, 1.0) for seed in range(3)},
}
MEDIUM = dict.fromkeys(SEES_IMAGES, image) | {"xclip": clip, "clap": audio}


def score(judge, pairs, media=MEDIA):
    return judge.scorer.score([((text,), (medium,)) for text, medium in pairs], media)


def plain_open_clip(path, texts, media):
    import open_clip

    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{path}")
    tokens = open_clip.get_tokenizer(f"local-dir:{path}")(texts)
    seen, read, _ = model.eval()(torch.stack([transform(MEDIA[m]) for m in media]), tokens)
    return read @ seen.T


def plain_transformers(name, path, texts, media):
    from transformers import AutoModel, AutoProcessor

    model = AutoModel.from_pretrained(path).eval()
    processor = AutoProcessor.from_pretrained(path)
    filled = {"padding": "max_length", "max_length": 24} if name == "siglip" else {"padding": True}
    words = processor.tokenizer(list(texts), **filled, return_tensors="pt")
    contents = [MEDIA[m] for m in media]
    if name == "clap":
        heard = processor.feature_extractor(
            [c.samples for c in contents], sampling_rate=16000, return_tensors="pt"
        )
        return model(**words, **heard).logits_per_text / model.logit_scale_t.exp()
    if name == "xclip":
        shown = processor.image_processor([list(c.frames) for c in contents], return_tensors="pt")
        return model(**words, **shown).logits_per_text / model.logit_scale.exp()
    out = model(**words, **processor.image_processor(contents, return_tensors="pt"))
    return (out.logits_per_text - getattr(model, "logit_bias", 0)) / model.logit_scale.exp()


def rows_seen(module, seen):
    def count(_, args, kwargs):
        tensor = args[0] if args else next(iter(kwargs.values()))
        seen.update(hashlib.sha256(row.numpy().tobytes()).hexdigest() for row in tensor)

    return module.register_forward_pre_hook(count, with_kwargs=True)


def towers(judge):
    model = judge.scorer.encoder.model
    if hasattr(model, "visual"):
        return model.visual, model.token_embedding
    return model.vision_model, model.text_model


def pair_request(prompt, first, second, order=(0, 1)):
    return Request(
        key="00" * 16,
        task="t@1",
        item="1",
        protocol="pair",
        criterion=Criterion(name="c", question="?"),
        prompt=prompt,
        candidates=(Candidate(id="a", parts=first), Candidate(id="b", parts=second)),
        order=order,
    )
