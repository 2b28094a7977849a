"""A checklist: each question about one candidate gets one of its own answers."""

from collections.abc import Mapping, Sequence

from mmjudge.protocols.numbered import Form, read_words, word_of
from mmjudge.types import Answers, Failure, Question, Request

_NAMES = (
    r"answer(?:\s+to)?(?:\s+question)?|question|q|item|a(?=\d)"
    r"|antwort|frage|r[eé]ponse|respuesta|pregunta|ответ|вопрос|答案|回答|问题|問題"
)


def parse_text(request: Request, text: str, cut: bool) -> Answers | Failure:
    """The answers that a reply states, one for each question, in the questions' own words."""
    words = tuple(question.answers for question in request.questions)
    found = read_words(Form(words, _NAMES, "questions"), text, cut)
    return found if isinstance(found, Failure) else Answers(answers=found)


def checked(request: Request, answers: Sequence[str]) -> Answers | Failure:
    """Recorded answers, if there is one for each question and each is one that it allows."""
    if len(answers) != len(request.questions):
        detail = f"{len(request.questions)} questions, found {len(answers)} answers"
        return Failure(reason="incomplete", detail=detail)
    words = []
    for place, (question, said) in enumerate(zip(request.questions, answers, strict=True), 1):
        word = word_of(question.answers, said)
        if word is None:
            allowed = ", ".join(question.answers)
            detail = f"{place}: {said:.80} where {allowed} is allowed"
            return Failure(reason="off_scale", detail=detail)
        words.append(word)
    return Answers(answers=tuple(words))


def option(number: int, answer: str) -> str:
    """What the probability of an answer is called in a reply.

    Example:
        >>> option(2, "yes")
        '2:yes'
    """
    return f"{number}:{answer}"


def named(request: Request, shares: Sequence[Sequence[float]]) -> dict[str, float]:
    """The probabilities of each question's answers, as a reply holds them."""
    pairs = zip(request.questions, shares, strict=True)
    return {
        option(number, answer): share
        for number, (question, found) in enumerate(pairs, 1)
        for answer, share in zip(question.answers, found, strict=True)
    }


def likeliest(request: Request, options: Mapping[str, float]) -> Answers | Failure:
    """The most probable answer of each question; two that are equally so are no answer."""
    left = dict(options)
    answers = []
    for number, question in enumerate(request.questions, 1):
        shares = [left.pop(option(number, answer), None) for answer in question.answers]
        known = [share for share in shares if share is not None]
        if len(known) < len(shares):
            detail = f"{number}: probabilities of {len(known)} of {len(shares)} answers"
            return Failure(reason="incomplete", detail=detail)
        best = [a for a, p in zip(question.answers, shares, strict=True) if p == max(known)]
        if len(best) > 1:
            return Failure(reason="ambiguous", detail=f"{number}: equally probable: {best}")
        answers.append(best[0])
    if left:
        return Failure(reason="infra", detail=f"probabilities of no answer: {sorted(left)[:5]}")
    return Answers(answers=tuple(answers))


def levels(questions: Sequence[Question]) -> list[list[int]]:
    """Places of the questions whose parents all stand in earlier levels, level by level.

    Example:
        >>> cup = Question(id="cup", text="Is there a cup?")
        >>> red = Question(id="red", text="Is it red?", parents=("cup",))
        >>> levels((cup, red, Question(id="plate", text="Is there a plate?")))
        [[0, 2], [1]]
    """
    depth: dict[str, int] = {}
    found: list[list[int]] = []
    for place, question in enumerate(questions):
        level = max((depth[parent] + 1 for parent in question.parents), default=0)
        depth[question.id] = level
        if level == len(found):
            found.append([])
        found[level].append(place)
    return found


def before(questions: Sequence[Question], place: int) -> list[int]:
    """Places of the questions that the one at a place depends on, through others too, in order."""
    places = {question.id: i for i, question in enumerate(questions)}
    found: set[int] = set()
    open_ones = [place]
    while open_ones:
        parents = {places[parent] for parent in questions[open_ones.pop()].parents} - found
        found |= parents
        open_ones += parents
    return sorted(found)
