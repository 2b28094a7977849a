"""Checklists and steps for tests."""

import json
from collections.abc import Sequence

from mmjudge.protocols import parse
from mmjudge.types import (
    Answers,
    Candidate,
    Criterion,
    Failure,
    Media,
    Part,
    Question,
    Reply,
    Request,
    Steps,
)

CUP = (
    Question(id="cup", text="Is there a cup?"),
    Question(id="red", text="Is it red?", parents=("cup",)),
    Question(
        id="hue", text="Which color has the plate?", answers=("red", "dark blue"), wanted="red"
    ),
)
TYPES = ("calculation_error", "visual error")


ANSWERS = ("yes", "no", "dark blue")
CHECKLIST_REPLIES = [
    ("Answer 1: [[yes]]\nAnswer 2: [[no]]\nAnswer 3: [[Dark Blue]]", ANSWERS),
    ("It is nice.\n\n1: yes\n2: no\n3: dark blue", ANSWERS),
    ("1. Yes\n2) no\n**3.** dark_blue", ANSWERS),
    ('{"1": "yes", "2": "no", "3": "dark blue"}', ANSWERS),
    ('{"reasons": "a {cup}", "1": "yes", "2": "no", "3": "dark blue"}', ANSWERS),
    ('```json\n{"answers": ["yes", "no", "dark blue"]}\n```', ANSWERS),
    (json.dumps([{"question": n, "answer": a} for n, a in enumerate(ANSWERS, 1)]), ANSWERS),
    ("Answer 1: [[yes]], Answer 2: [[no]], Answer 3: [[dark blue]]", ANSWERS),
    ("**Question 1**\n[[yes]]\n**Question 2:** no\nQuestion 3: “dark blue”", ANSWERS),
    ("- Is there a cup? no\nAnswer 1: yes\nAnswer 2: no\nAnswer 3: dark blue.", ANSWERS),
    ("Q1: yes, Q2: no, Q3: dark blue", ANSWERS),
    ("Final answers: 1. yes 2. no 3. dark blue", ANSWERS),
    ("Answer 1: [[yes]] and Answer 2: [[no]] and Answer 3: [[dark blue]]", ANSWERS),
    (
        "| # | Question | Answer |\n|---|---|---|\n| 1 | Is it? | **yes** |\n| 2 | Is it? | no |\n"
        "| 3 | Which? | dark blue |",
        ANSWERS,
    ),
    ("1. **Yes**: there is one.\n2. **No.** It is green.\n3. **Dark blue** (a dark one)", ANSWERS),
    ("Answer 1: Yes, there is a cup.\nAnswer 2: No. It is red?\nAnswer 3: [dark blue]", ANSWERS),
    ("1. Yes. No plate, though no cup is missing.\n2. No\n3. dark blue", "!incomplete"),
    ("1. Yes. No cup is missing.\n2. No. It is green.\n3. dark blue", ANSWERS),
    (
        "I may say:\n1. yes\n2. no\nAnswer 1: It is red, I think.\nAnswer 2: [[no]]\nAnswer 3: red",
        "!incomplete",
    ),
    ("I may say:\n1. yes\n2. no\nAnswer 1: I cannot tell from this.\n3. red", "!incomplete"),
    ("1. Yes. On reflection no, it is a mug.\n2. No\n3. dark blue", "!incomplete"),
    ("1. Is there a cup? Yes\n2. Is it red? No\n3. Which color? Dark blue.", ANSWERS),
    (
        "Question 1: Is there a cup?\nAnswer: yes\nQuestion 2: Is it red?\nAnswer: no\n"
        "Question 3: Which?\nAnswer: dark blue",
        ANSWERS,
    ),
    (
        "### Question 1\nA cup it is.\n**Answer: [[yes]]**\n### Question 2\n1. green\n2. not red\n"
        "**Answer: [[no]]**\n### Question 3\n**Answer: [[dark blue]]**",
        ANSWERS,
    ),
    ("1\u3001yes\n2\u3001no\n3\u3001dark blue", ANSWERS),
    ("Frage 1: yes\n问题2: no\nRespuesta 3: dark blue", ANSWERS),
    ('{"answers": {"1": "yes", "2": "no", "3": "dark blue"}}', ANSWERS),
    ('{"1": true, "2": "[[no]]", "Answer 3": "[[dark blue]]"}', ANSWERS),
    ("1. yes\n2. no, but it is nearly red\n3. red", "!incomplete"),
    ("1. yes\n2. No. Wait, it is.\n3. red", "!incomplete"),
    ("1. yes\n2. No. I'm sorry, I can't help.\n3. red", "!incomplete"),
    ("| 1 | yes | no |\n| 2 | no | no |\n| 3 | red | red |", "!incomplete"),
    ("Answer 1: not [[yes]]\nAnswer 2: [[no]]\nAnswer 3: [[red]]", "!off_scale"),
    ("Q1: Is it?\nA: yes\nQ2: Is it?\nA: no\nQ3: Which?\nA: dark blue", ANSWERS),
    ("1: yes\n2: no\nQuestion 3: Which?\nA: red\nB: dark blue\nI take the second.", "!incomplete"),
    ("0. yes\n1. no\n2. yes", "!incomplete"),
    ("Answer 1: yes\nAnswer 2: no", "!incomplete"),
    ('{"1": "yes", "3": "dark blue"}', "!incomplete"),
    ("Answer 1: yes\nAnswer 2: no\nAnswer 3: red\nAnswer 4: [[yes]]", "!incomplete"),
    ("[[yes]]\n[[no]]\n[[red]]", "!incomplete"),
    ("I see a cup.", "!incomplete"),
    ("Answer 1: yes\nAnswer 2: no\nAnswer 3: red\nAnswer 2: [[yes]]", "!ambiguous"),
    ('{"1": "yes", "1": "no", "2": "no", "3": "red"}', "!ambiguous"),
    ("Answer 1: [[maybe]]\nAnswer 2: [[no]]\nAnswer 3: [[red]]", "!off_scale"),
    ("Answer 1: maybe\nAnswer 2: no\nAnswer 3: red", "!off_scale"),
    ("Answer 1: [[ANSWER]]\nAnswer 2: [[ANSWER]]\nAnswer 3: [[ANSWER]]", "!off_scale"),
    ("I'm sorry, I can't help with that.", "!refused"),
    ("", "!empty"),
]
ERRORS = (None, "calculation_error", "visual error")
STEP_REPLIES = [
    ("Step 1: [[correct]]\nStep 2: [[calculation_error]]\nStep 3: [[visual error]]", ERRORS),
    ("Step 1 is correct.\nStep 2 is Calculation Error\nStep 3: [[visual-error]]", ERRORS),
    (
        '{"steps": [{"step": 1, "verdict": "correct"}, {"step": 2, "verdict": "calculation_error"},'
        ' {"step": 3, "verdict": "visual error"}]}',
        ERRORS,
    ),
    (
        "Answer 2 is correct.\nStep 1: [[correct]]\nStep 2: [[calculation_error]]\n"
        "Step 3: [[visual error]]",
        ERRORS,
    ),
    ("Step 1 is correct. Step 2 is calculation error. Step 3 is visual error.", ERRORS),
    (
        "Step 1: 2 * 2 = 4\nVerdict: correct\nStep 2: 4 + 2 = 7\nVerdict: calculation error\n"
        "Step 3: x\nVerdict: visual error",
        ERRORS,
    ),
    ("Step 1: Right\nStep 2: calculation_error - it is 6.\nStep 3: visual error (no cup)", ERRORS),
    ('{"errors": [null, "calculation_error", "visual error"]}', ERRORS),
    (
        '[{"step": 1, "error": null}, {"step": 2, "error": "calculation_error"}, '
        '{"step": 3, "error": "visual error"}]',
        ERRORS,
    ),
    (
        '[{"step": 0, "error": null}, {"step": 1, "error": null}, {"step": 2, "error": null}, '
        '{"step": 3, "error": null}]',
        "!incomplete",
    ),
    ("Step 1: correct\nStep 2: Correct: 4 + 2 = 6\nStep 3: correct", "!incomplete"),
    ("Step 1: correct\nStep 2: correct (if read so)\nStep 3: correct", "!incomplete"),
    ("Step 1: [[correct]]\nStep 2: [[incorrect]]\nStep 3: [[correct]]", "!off_scale"),
    ("Step 1: [[correct]]\nStep 2: [[wrong]]\nStep 3: [[correct]]", "!off_scale"),
    ("Step 1: [[correct]]\nStep 2: [[correct]]", "!incomplete"),
]


def checklist(questions: Sequence[Question] = CUP, answer: str = "a red cup") -> Request:
    return Request(
        key="5c" * 16,
        task="t@1",
        item="i",
        protocol="checklist",
        criterion=Criterion(name="match", question="Does it show what was asked for?"),
        prompt=("A red cup on a plate.",),
        candidates=(Candidate(id="c0", parts=(answer,)),),
        order=(0,),
        questions=tuple(questions),
    )


def solution(
    steps: Sequence[Part] = ("2 * 2 = 4", "4 + 2 = 7", Media(modality="image", uri="a.png")),
    types: Sequence[str] = TYPES,
) -> Request:
    return Request(
        key="5c" * 16,
        task="t@1",
        item="i",
        protocol="steps",
        criterion=Criterion(name="steps", question="Is it right?", error_types=tuple(types)),
        prompt=("2 + 2 * 2?",),
        candidates=(Candidate(id="c0", parts=tuple(steps)),),
        order=(0,),
    )


def said(request: Request, reply: str | Reply) -> object:
    """The answers or errors of a reply, or `!reason` for a failure."""
    match parse(request, Reply(text=reply) if isinstance(reply, str) else reply):
        case Failure(reason=reason):
            return f"!{reason}"
        case Answers(answers=answers):
            return answers
        case Steps(errors=errors):
            return errors
        case other:
            return other
