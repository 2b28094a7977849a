"""What a run may cost: a limit that can be kept, or a clear word that it cannot."""

from collections.abc import Iterable

from mmjudge.errors import JudgeError, MmjudgeError
from mmjudge.types import JudgeCard, Reply


def check_limit(card: JudgeCard, limit: float | None) -> None:
    """Refuse a limit before anything is asked.

    Args:
        card: The judge's.
        limit: US dollars, None for no limit.

    Raises:
        MmjudgeError: The limit is no amount, or the judge knows no prices.
    """
    if limit is None:
        return
    if not limit > 0:
        raise MmjudgeError(f"max-cost: US dollars above 0 are needed, found {limit:g}")
    if not card.priced:
        raise JudgeError(
            f"max-cost: judge {card.name} does not say what it costs; where it takes prices, give "
            "them in US dollars per million tokens (-J price_in=2.5 -J price_out=10), or leave "
            "max-cost out"
        )


def check_replies(card: JudgeCard, replies: Iterable[Reply], limit: float | None) -> None:
    """Stop where a limit cannot be kept, since an answer came without its cost.

    Raises:
        JudgeError: There is a limit, and a reply that was paid for does not say what it cost.
    """
    if limit is None:
        return
    if any(reply.error is None and reply.cost_usd is None for reply in replies):
        raise JudgeError(
            f"judge {card.name}: the server says nothing of the tokens that it used, so max-cost "
            "cannot be kept; leave it out to go on without a limit"
        )
