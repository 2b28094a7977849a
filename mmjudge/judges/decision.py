"""Models of transformers' decision pipeline: `decision:FOLDER`, `decision:OWNER/MODEL`.

Reference:
    transformers 5.23, `pipelines/decision.py` and `decision/template_utils.py`: a request is a
    state with named questions, the answer to each a probability for every option.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple, Self

from mmjudge.errors import JudgeError, MissingExtraError
from mmjudge.judges.base import Judge, JudgeContext, MediaMap, take_options
from mmjudge.judges.hf.judge import shown_name
from mmjudge.judges.hf.load import Loaded, chat_model, folder_digest, load
from mmjudge.judges.hf.passes import free_memory, out_of_memory
from mmjudge.judges.hf.questions import WEIGHED, score_levels
from mmjudge.protocols import checklist, render_parts
from mmjudge.protocols.render import OPTIONS, nonce, slot_labels
from mmjudge.types import Failure, JudgeCard, Media, Parts, Reply, Request
from mmjudge.types import Question as Listed

DEFAULTS: dict[str, Any] = {
    "dtype": "auto",
    "device": "auto",
    "attention": "auto",
    "revision": None,
    "together": False,
    "trust_remote_code": False,
}
BATCH = 32
"""Requests a call; the pipeline itself reads one prompt after the other."""

Question = dict[str, Any]
Shares = list[float] | Failure


class Asked(NamedTuple):
    """A request as questions to the pipeline: name to question, in the order of their answers."""

    request: Request
    questions: dict[str, Question]


class Decision(Judge):
    """The judge `decision:NAME`.

    A pair is a choice among its options, a score a question whose criteria are the levels of the
    scale, a ranking a choice for every two candidates: a candidate's score is its expected number
    of wins. A checklist is a choice for each question, which sees none of the others. All questions
    about the same material go to the pipeline in one call.
    """

    protocols = WEIGHED

    def __init__(self, name: str, options: Mapping[str, Any], loaded: Loaded) -> None:
        self.loaded = loaded
        self.together = bool(options["together"])
        self.pipe = _pipeline(loaded)
        params = {"dtype": loaded.dtype, "attention": loaded.attention, "together": self.together}
        sees = getattr(self.pipe.processor, "image_processor", None) is not None
        self.card = _card(name).model_copy(
            update={
                "revision": loaded.revision,
                "params": params,
                "modalities": ("text", "image") if sees else ("text",),
                "media": sees,
            }
        )

    @classmethod
    def open(cls, name: str, options: Mapping[str, Any], context: JudgeContext) -> Self:
        """Load the model."""
        if not name:
            raise JudgeError("judge decision: needs a folder or an id: decision:OWNER/MODEL")
        taken = take_options(f"decision:{name}", options, DEFAULTS)
        folder = context.folder / Path(name).expanduser()
        found = str(folder) if folder.is_dir() else name
        _require_pipeline()
        try:
            adapters = _adapters(folder) if folder.is_dir() else []
            loaded = load(found, taken, decision_model)
        except JudgeError as error:  # the messages of what is shared with hf: name hf:
            raise JudgeError(str(error).replace("hf:", "decision:", 1)) from error
        for adapter in adapters:
            revision = f"{loaded.revision} {adapter.name}:{folder_digest(adapter)}"
            loaded = loaded._replace(revision=revision)
        return cls(shown_name(name), taken, loaded)

    @classmethod
    def catalog(cls) -> Iterable[JudgeCard]:
        """One card for all models: what they take is known when one is loaded."""
        return [_card("NAME").model_copy(update={"params": DEFAULTS})]

    def judge(self, batch: Sequence[Request], media: MediaMap) -> list[Reply]:
        """Answer a batch, the questions about the same material together."""
        replies: dict[int, Reply] = {}
        groups: dict[Parts, list[int]] = {}
        for place, request in enumerate(batch):
            material = render_parts(request, reasons=False).material
            groups.setdefault(material, []).append(place)
        for material, places in groups.items():
            found = self._item(material, [batch[place] for place in places], media)
            replies.update(zip(places, found, strict=True))
        return [replies[place] for place in range(len(batch))]

    def _item(self, material: Parts, requests: Sequence[Request], media: MediaMap) -> list[Reply]:
        begun = perf_counter()
        state, assets = _state(material, nonce(requests[0]), media)
        names: dict[str, str] = {}
        questions: dict[str, Question] = {}
        plans: list[list[str] | Failure] = []
        for request in requests:
            plan = asked(request)
            if isinstance(plan, Failure):
                plans.append(plan)
                continue
            plans.append([_named(names, questions, *one) for one in plan.items()])
        sent = {"state": state, "questions": questions, "assets": assets}
        answers, tokens = self._answers(sent) if questions else ({}, {})
        latency = (perf_counter() - begun) / len(requests)
        return [
            Reply(error=plan)
            if isinstance(plan, Failure)
            else _reply(request, [answers[name] for name in plan]).model_copy(
                update={
                    "tokens_in": sum(tokens.get(name, 0) for name in plan),
                    "tokens_out": 0,
                    "latency_s": latency,
                }
            )
            for request, plan in zip(requests, plans, strict=True)
        ]

    def _answers(self, sent: dict[str, Any]) -> tuple[dict[str, Shares], dict[str, int]]:
        """The probabilities of each question's options, and the tokens of its prompt.

        A question is asked alone where it would else share a prompt, unless `together` allows it:
        what stands beside a question must not change its answer.
        """
        questions: dict[str, Question] = sent["questions"]
        try:
            prompts = self.pipe.preprocess(sent)["prompts"]
        except ValueError as error:
            if len(questions) == 1:
                failure = Failure(reason="unsupported", detail=f"the pipeline refuses it: {error}")
                return dict.fromkeys(questions, failure), {}
            prompts = []
        if not prompts or (len(prompts) < len(questions) and not self.together):
            answers: dict[str, Shares] = {}
            tokens: dict[str, int] = {}
            for name, question in questions.items():
                one, count = self._answers({**sent, "questions": {name: question}})
                answers |= one
                tokens |= count
            return answers, tokens
        return self._read(prompts)

    def _read(self, prompts: Sequence[Any]) -> tuple[dict[str, Shares], dict[str, int]]:
        answers: dict[str, Shares] = {}
        tokens: dict[str, int] = {}
        for inputs, questions in prompts:
            length = int(inputs["input_ids"].shape[-1])
            found = self._forward(inputs, questions, length)
            for question in questions:
                answers[question.name] = (
                    found if isinstance(found, Failure) else _shares(found[question.name])
                )
                tokens[question.name] = length
        return answers, tokens

    def _forward(self, inputs: Any, questions: Any, length: int) -> dict[str, Any] | Failure:
        """One prompt through the pipeline's own forward and postprocess."""
        if length > self.loaded.context:
            detail = f"{length} tokens; the model reads {self.loaded.context}"
            return Failure(reason="unsupported", detail=detail)
        try:
            out = self.pipe.forward({"prompts": [(inputs, questions)]})
            answers: dict[str, Any] = self.pipe.postprocess(out)
            return answers
        except ValueError as error:
            return Failure(reason="unsupported", detail=f"the pipeline refuses it: {error}")
        except Exception as error:
            if not out_of_memory(error):
                raise
            detail = f"one prompt alone is too much: {str(error).splitlines()[0]}"
        free_memory()
        return Failure(reason="infra", detail=detail)


def asked(request: Request) -> dict[str, Question] | Failure:
    """A request as questions of the pipeline: name to question."""
    criterion = request.criterion
    text = "\n".join(filter(None, (f"Criterion: {criterion.name}", criterion.question)))
    text = f"{text}\n{criterion.rubric}" if criterion.rubric else text
    match request.protocol:
        case "pair":
            options = dict(OPTIONS[value] for value in criterion.options)
            return {criterion.name: _question("choice", text, options)}
        case "score":
            levels = score_levels(request)
            if isinstance(levels, Failure):
                return levels
            return {criterion.name: _question("score", text, list(levels))}
        case "rank":
            labels = slot_labels(len(request.candidates))
            return {
                f"{criterion.name}: {a} or {b}": _question(
                    "choice",
                    f"{text}\nLeave all others aside: which of candidates {a} and {b} is better?",
                    {label: f"candidate {label} is better" for label in (a, b)},
                )
                for a, b in combinations(labels, 2)
            }
        case "checklist":
            return {
                f"{criterion.name}: {number}": _listed(text, nonce(request), question)
                for number, question in enumerate(request.questions, 1)
            }
        case "steps":
            return Failure(reason="unsupported", detail="steps are not read from probabilities")


def _listed(text: str, code: str, question: Listed) -> Question:
    """A question of a checklist, whose text comes from data as the material does."""
    marked = f"<question {code}>\n{question.text}\n</question {code}>"
    options = {answer: answer for answer in question.answers}
    return _question("choice", f"{text}\nAnswer this question alone:\n{marked}", options)


def _question(kind: str, instructions: str, criteria: Any) -> Question:
    return {"type": kind, "instructions": instructions, "criteria": criteria}


def _named(
    names: dict[str, str], questions: dict[str, Question], name: str, question: Question
) -> str:
    """The name that a question goes by; equal ones are asked once, and no two share a name."""
    content = repr(question)
    if content not in names:
        unique = name if name not in questions else f"{name} ({len(questions)})"
        names[content] = unique
        questions[unique] = question
    return names[content]


def _state(material: Parts, code: str, media: MediaMap) -> tuple[str, dict[str, Any]]:
    """The text of an item and its images, each under a placeholder that no text can foresee."""
    pieces: list[str] = []
    assets: dict[str, Any] = {}
    for part in material:
        if isinstance(part, Media):
            place = f"<image {code} {len(assets) + 1}>"
            assets[place] = media[part]
        pieces.append(place if isinstance(part, Media) else part)
    return "".join(pieces), assets


def _shares(answer: Mapping[str, Any]) -> Shares:
    shares = [float(share) for share in answer["probabilities"].values()]
    if not all(map(math.isfinite, shares)):
        return Failure(reason="infra", detail="the model's scores are not finite numbers")
    return shares


def _reply(request: Request, answers: Sequence[Shares]) -> Reply:
    lost = next((answer for answer in answers if isinstance(answer, Failure)), None)
    if lost is not None:
        return Reply(error=lost)
    shares = [answer for answer in answers if not isinstance(answer, Failure)]
    match request.protocol:
        case "pair":
            options = [OPTIONS[value][0] for value in request.criterion.options]
            return Reply(probabilities=dict(zip(options, shares[0], strict=True)))
        case "score":
            levels = score_levels(request)
            assert not isinstance(levels, Failure)
            return Reply(probabilities=dict(zip(levels, shares[0], strict=True)))
        case "checklist":
            return Reply(probabilities=checklist.named(request, shares))
        case _:
            wins = [0.0] * len(request.candidates)
            for (i, j), (first, second) in zip(
                combinations(range(len(wins)), 2), shares, strict=True
            ):
                wins[i] += first
                wins[j] += second
            return Reply(scores=tuple(wins))


def decision_model(transformers: Any, folder: Path, dtype: Any, attention: str, shared: Any) -> Any:
    """The decision model of a folder, or its chat model where it has no head for decisions."""
    config = transformers.AutoConfig.from_pretrained(folder, **shared)
    mapping = transformers.AutoModelForDecision._model_mapping
    kind = mapping.get(type(config), None)
    if kind is None:
        return chat_model(transformers, folder, dtype, attention, shared)
    beside, _ = kind.checkpoint_config(folder, local_files_only=True)
    if beside is None and not isinstance(config, kind.config_class):
        return chat_model(transformers, folder, dtype, attention, shared)
    implementation = {} if attention == "auto" else {"attn_implementation": attention}
    return kind.from_pretrained(
        folder, dtype=dtype, use_safetensors=True, local_files_only=True, **implementation
    )


def _require_pipeline() -> None:
    try:
        import transformers
    except ImportError as error:
        raise MissingExtraError("the judge decision", str(error.name), "hf") from error
    if not hasattr(transformers, "AutoModelForDecision"):
        raise MissingExtraError("the judge decision", "transformers 5.23 or later", "hf")


def _pipeline(loaded: Loaded) -> Any:
    from transformers import pipeline

    processor = None if loaded.processor is loaded.tokenizer else loaded.processor
    try:
        return pipeline(
            "decision",
            model=loaded.model,
            tokenizer=loaded.tokenizer,
            processor=processor,
            device=loaded.device,
        )
    except (OSError, ValueError, ImportError, TypeError) as error:
        raise JudgeError(f"judge decision: the pipeline cannot be made: {error}") from error


def _adapters(folder: Path) -> list[Path]:
    """Folders inside that hold a LoRA, which the pipeline may load; none of them a pickle."""
    found = sorted(path.parent for path in folder.glob("*/adapter_config.json"))
    for path in found:
        if pickles := [p.name for p in path.iterdir() if p.suffix in (".bin", ".pt", ".pth")]:
            raise JudgeError(
                f"decision: {path.name}/{pickles[0]} may run code when read; "
                "only weights as .safetensors are read"
            )
    return found


def _card(name: str) -> JudgeCard:
    return JudgeCard(
        name=f"decision:{name}",
        summary="Transformers' decision pipeline: probabilities of options and levels, as asked.",
        modalities=("text", "image"),
        protocols=WEIGHED,
        needs=("hf",),
        media=True,
        batch_size=BATCH,
    )
