"""What is never put to a judge: requests that it cannot take, and media that cannot be shown."""

from collections.abc import Mapping
from typing import Any

from mmjudge.media.image import MediaError, UnchangedError
from mmjudge.media.loader import media_of, parts_of
from mmjudge.types import Failure, JudgeCard, Media, Request

MAX_TEXT = 1_000_000
"""Characters of text in one request; a longer one fails without a call to the judge."""


def refuse(request: Request, card: JudgeCard) -> Failure | None:
    """Why a request cannot be put to this judge at all, or None."""
    if request.protocol not in card.protocols:
        return _unsupported(f"the judge takes {', '.join(card.protocols)}, not {request.protocol}")
    if request.absent and card.looks and not card.lookup:
        return _unsupported(
            f"{request.absent}: not at hand, so only a recorded judge can answer; "
            "choose one with replay:NAME, or data that holds it (mmjudge tasks NAME says where)"
        )
    if not any(isinstance(part, Media) or part.strip() for part in request.prompt):
        return _unsupported("prompt: empty")
    length = sum(len(question.text) for question in request.questions)
    for part in parts_of(request):
        if isinstance(part, str):
            length += len(part)
        elif part.modality not in card.modalities:
            return _unsupported(
                f"the judge takes {', '.join(card.modalities)}, not {part.modality}"
            )
    if length > MAX_TEXT:
        return _unsupported(f"{length} characters to read; at most {MAX_TEXT} are asked at once")
    return None


def _unsupported(detail: str) -> Failure:
    return Failure(reason="unsupported", detail=detail)


def media_failure(request: Request, media: Mapping[Media, Any]) -> Failure | None:
    """Why a medium of a request cannot be shown, or None."""
    if not media:
        return None
    unchanged = None
    for medium in media_of(request):
        found = media.get(medium)
        if isinstance(found, UnchangedError) and request.probe:
            unchanged = Failure(reason="unchanged", detail=str(found))
        elif isinstance(found, MediaError):
            return Failure(reason="media", detail=str(found))
    return unchanged
