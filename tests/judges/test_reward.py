"""Reward models: the logit of an answer, each read once, too long ones refused."""

import numpy as np
import pytest

from mmjudge.errors import JudgeError
from mmjudge.judges.base import open_judge
from tests.judges import scorer_models as tiny
from tests.judges.scorer_asked import (
    CLOSE,
    MEDIA,
    TEXTS,
    context,
    image,
    pair_request,
    torch,
)


class TestReward:
    ANSWERS = ("good reply", "bad reply of a person", "good")

    def pairs(self):
        return [((text,), (answer,)) for text in TEXTS for answer in self.ANSWERS]

    @pytest.mark.parametrize("chat", [False, True])
    def test_a_score_is_the_logit_that_the_plain_model_gives(self, tmp_path, root, chat):
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        path = tiny.reward_model(tmp_path / "reward", chat=chat)
        found = open_judge(f"reward:{path}", context(root)).scorer.score(self.pairs(), {})
        model = AutoModelForSequenceClassification.from_pretrained(path).eval()
        tokenizer = AutoTokenizer.from_pretrained(path)
        plain = []
        for (prompt,), (answer,) in self.pairs():
            words = tokenizer(prompt, answer, return_tensors="pt")
            if chat:
                turns = [
                    {"role": "user", "content": prompt},
                    {"role": "assistant", "content": answer},
                ]
                words = tokenizer.apply_chat_template(
                    turns, tokenize=True, return_dict=True, return_tensors="pt"
                )
            with torch.inference_mode():
                plain.append(float(model(**words).logits[0, 0]))
        np.testing.assert_allclose(found, plain, atol=CLOSE)

    def test_each_pair_of_texts_is_read_once(self, opened):
        judge = opened("reward", batch=2)
        seen = []
        judge.scorer.head.model.register_forward_pre_hook(
            lambda _, args, kwargs: seen.append(len(kwargs["input_ids"])), with_kwargs=True
        )
        for _ in range(2):
            judge.scorer.score(self.pairs() + self.pairs()[:4], {})
        assert sum(seen) == 9

    def test_several_labels_need_a_choice_and_score_its_log_probability(self, tmp_path, root):
        path = tiny.reward_model(tmp_path / "reward", labels=3)
        with pytest.raises(JudgeError, match="LABEL_0, LABEL_1, LABEL_2"):
            open_judge(f"reward:{path}", context(root))
        shares = [
            open_judge(f"reward:{path}", context(root), {"label": f"LABEL_{i}"}).scorer.score(
                self.pairs(), {}
            )
            for i in range(3)
        ]
        np.testing.assert_allclose(np.exp(shares).sum(axis=0), 1, atol=1e-5)

    def test_media_and_texts_that_are_too_long_are_unsupported(self, opened):
        batch = [
            pair_request(("a cat",), ("good",), ("bad",)),
            pair_request(("a cat",), ("good",), (image(0),)),
            pair_request(("a cat",), ("good",), ("good " * 30,)),
        ]
        replies = opened("reward").judge(batch, MEDIA)
        assert replies[0].scores is not None
        assert [reply.error.reason for reply in replies[1:]] == ["unsupported"] * 2
        assert "the model takes 24" in replies[2].error.detail
