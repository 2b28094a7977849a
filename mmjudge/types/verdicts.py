"""What a judge says of candidates, what people say of them, and that a judge said nothing."""

from typing import Annotated, Literal

from pydantic import Field

from mmjudge.types.base import Record

WRONG = "wrong"
"""What a wrong step is where the criterion names no types of error."""

PreferenceValue = Literal["first", "second", "tie", "both_good", "both_bad"]

FailureReason = Literal[
    "empty",
    "truncated",
    "refused",
    "ambiguous",
    "off_scale",
    "not_a_permutation",
    "incomplete",
    "unsupported",
    "media",
    "infra",
    "unchanged",
]


class Preference(Record):
    """Which of two candidates is better, in item order."""

    kind: Literal["preference"] = "preference"
    value: PreferenceValue


class Score(Record):
    """A number on the criterion's scale, or on a scorer's own."""

    kind: Literal["score"] = "score"
    value: float


class Ranking(Record):
    """`ranks[i]` is the rank of candidate i in item order; 1 is best, equal ranks are ties."""

    kind: Literal["ranking"] = "ranking"
    ranks: tuple[Annotated[float, Field(ge=1)], ...] = Field(min_length=2)


class Answers(Record):
    """What was answered to each question of a checklist, in its order and in its words."""

    kind: Literal["answers"] = "answers"
    answers: tuple[str, ...] = Field(min_length=1)


class Steps(Record):
    """What is wrong with each step of a solution, in order: an error type, or None if it is right.

    Of a criterion without error types a wrong step is `WRONG`.
    """

    kind: Literal["steps"] = "steps"
    errors: tuple[str | None, ...] = Field(min_length=1)

    @property
    def first_wrong(self) -> int | None:
        """Place of the first wrong step from 0, None if all are right.

        Example:
            >>> Steps(errors=(None, "visual", None, "visual")).first_wrong
            1
        """
        return next((i for i, error in enumerate(self.errors) if error is not None), None)


class PreferenceGold(Preference):
    """The humans' preference; `ratings[j]` is annotator j's own, None where there is none."""

    ratings: tuple[PreferenceValue | None, ...] = ()


class ScoreGold(Score):
    """The humans' score; `ratings[j]` is annotator j's own, None where there is none."""

    ratings: tuple[float | None, ...] = ()


class RankingGold(Ranking):
    """The humans' ranking; `ratings[j]` is annotator j's own, None where there is none."""

    ratings: tuple[tuple[float, ...] | None, ...] = ()


class AnswersGold(Answers):
    """The humans' answers; `ratings[j]` are annotator j's own, None where there are none."""

    ratings: tuple[tuple[str, ...] | None, ...] = ()


class StepsGold(Steps):
    """What the humans find wrong; `ratings[j]` is annotator j's own, None where there is none."""

    ratings: tuple[tuple[str | None, ...] | None, ...] = ()


AnyVerdict = Preference | Score | Ranking | Answers | Steps

Verdict = Annotated[AnyVerdict, Field(discriminator="kind")]

Gold = Annotated[
    PreferenceGold | ScoreGold | RankingGold | AnswersGold | StepsGold, Field(discriminator="kind")
]


class Failure(Record):
    """A judge did not answer: data, never NaN, never a guess, never a dropped row.

    `unchanged` is none of the judge's: a probe's change left a medium as it was, which is known
    only once it is decoded. Such a request counts as not asked.
    """

    kind: Literal["failure"] = "failure"
    reason: FailureReason
    detail: str = ""
