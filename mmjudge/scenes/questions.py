"""What scenes are judged on: the criteria of the task, with their questions."""

from mmjudge.types import Criterion, Modality, ProtocolName, Scale, TaskCard, TaskSpec

FACTS_BROKEN_MOST = 4
"""A scored candidate breaks 0 to this many facts."""

_RUBRIC = (
    "Facts are the number, colour, shape, size and place of objects, and which are there; the "
    "direction, path, speed and order of movements; the number, pitch, rhythm, loudness, timbre "
    "and order of sounds. A group of objects that is missing, or should not be there, is one fact. "
    "Wording, background, grey marks, compression and noise are no facts. Where the prompt shows "
    "something together with an instruction, the facts are those after that edit; what it does not "
    "name stays as it was."
)
_QUESTIONS = {
    "count": "Which agrees better with the prompt in how many objects or notes each group has?",
    "colour": "Which agrees better with the prompt in the colours of the objects?",
    "shape": "Which agrees better with the prompt in the shapes of the objects?",
    "size": "Which agrees better with the prompt in the sizes of the objects, small or large?",
    "position": "Which agrees better with the prompt in where single groups of objects stand?",
    "relation": "Which agrees better with the prompt in how two groups stand to each other?",
    "existence": "Which agrees better with the prompt in which groups of objects are there at all?",
    "motion": "Which agrees better with the prompt in direction and path of the movements?",
    "order": "Which agrees better with the prompt in the order of what happens?",
    "speed": "Which agrees better with the prompt in the speed of the movements, slow or fast?",
    "pitch": "Which agrees better with the prompt in pitch: register, and rising or falling?",
    "rhythm": "Which agrees better with the prompt in rhythm: quick, slow, or long-short?",
    "loudness": "Which agrees better with the prompt in loudness, soft or loud?",
    "timbre": "Which agrees better with the prompt in the kind of sound?",
}
_RUBRICS = {
    "size": "Large objects are at least one and a half times as wide as small ones.",
    "speed": "All movements take a second; a fast one goes at least twice as far as a slow one.",
    "rhythm": "Quick notes come every 0.2 s, slow ones every 0.5 s; long-short alternates.",
    "loudness": "Loud and soft are meant within one sound; they are at least 12 dB apart.",
    "pitch": "Low is around 220 Hz, middle around 620 Hz, high around 1760 Hz.",
}

NAMES = tuple(_QUESTIONS)
LABELS = ("four or more facts wrong", "three wrong", "two wrong", "one wrong", "all facts right")
OVERALL = Criterion(
    name="overall",
    question="How far does what is shown agree with the prompt, fact by fact?",
    rubric=f"{_RUBRIC} Every fact that is wrong counts the same.",
    scale=Scale(lowest=1, highest=5, labels=LABELS),
)


def spec(
    name: str,
    protocols: tuple[ProtocolName, ...],
    modalities: tuple[Modality, ...],
    criteria: tuple[str, ...] = NAMES,
) -> TaskSpec:
    """The task that a pack is.

    Args:
        name: Of the task.
        protocols: Those of its items.
        modalities: Those of its items.
        criteria: Those asked of pairs beside overall.
    """
    asked = criteria if "pair" in protocols else ()
    more = {"pair": ("accuracy",), "score": ("tau_b", "mae"), "rank": ("rank_tau_b",)}
    measures = tuple(measure for protocol in protocols for measure in more[protocol])
    return TaskSpec(
        name=name,
        protocols=protocols,
        criteria=(OVERALL, *(_criterion(criterion) for criterion in asked)),
        modalities=modalities,
        primary=measures[0],
        measures=measures[1:],
        card=TaskCard(
            summary="Generated scenes: does a candidate show the facts of the prompt?",
            source="made by mmjudge scenes; gold follows from the facts, no person rated it",
            licence="CC0-1.0",
            known_flaws=(
                "Drawn and synthesised: no photograph, no voice, no music by people.",
                "Two candidates that show the same facts are seen to tie without the prompt.",
            ),
            columns="verified",
        ),
    )


def _criterion(name: str) -> Criterion:
    return Criterion(name=name, question=_QUESTIONS[name], rubric=_RUBRICS.get(name, ""))
