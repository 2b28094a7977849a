"""Checks of a judge's card: what it claims, and whether its fingerprint tells judges apart."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any, NamedTuple

from pydantic import ValidationError

from mmjudge.checks.asking import Asker
from mmjudge.checks.findings import Finding, finding
from mmjudge.checks.laws import Base
from mmjudge.errors import MmjudgeError
from mmjudge.judges.base import Judge, LiftedScorer
from mmjudge.types import JudgeCard

QUICK_S = 5.0
"""Seconds that opening a judge may take for it to be opened again with other options."""

MOST_OPTIONS = 6
"""Options that are varied."""

Open = Callable[[Mapping[str, Any]], Judge]


def check_card(card: JudgeCard) -> Iterator[Finding]:
    """The fields of a card, read again: a copy with changes is not checked when it is made."""
    problems = []
    try:
        JudgeCard.model_validate(card.model_dump(warnings=False))
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            place = ".".join(map(str, problem["loc"]))
            problems.append(f"{place}: {problem['msg']}, found {problem['input']!r:.80}")
    for field in ("modalities", "protocols"):
        if not getattr(card, field):
            problems.append(f"{field}: empty, so that nothing can be asked")
    if problems:
        yield finding("card", "broken", "its card has fields that no card may have", problems)
    else:
        takes = f"{', '.join(card.modalities)}; {', '.join(card.protocols)}"
        yield finding("card", "ok", f"{card.name}: {takes}")
    yield from _check_needs(card)


def _check_needs(card: JudgeCard) -> Iterator[Finding]:
    try:
        known = metadata("mmjudge").get_all("Provides-Extra") or []
    except PackageNotFoundError:
        return
    if odd := [need for need in card.needs if need not in known]:
        said = f"needs {', '.join(odd)}: no extra of mmjudge; it has {', '.join(sorted(known))}"
        yield finding("card", "warning", said)


def check_fingerprint(
    base: Base, reopen: Open, options: Mapping[str, Any], seconds: float
) -> Iterator[Finding]:
    """Opened again, a judge has the same fingerprint; with options that change it, another.

    Args:
        base: The judge's answers.
        reopen: Opens it with other options.
        options: Those that it was opened with.
        seconds: What opening it took.
    """
    if seconds > QUICK_S:
        said = f"opening it takes {seconds:.1f} s, so it was not opened again with other options"
        yield finding("fingerprint", "skipped", said)
        return
    card = base.asker.judge.card
    again = reopen(options).card
    if again.fingerprint != card.fingerprint:
        said = "opened twice, it has two fingerprints: no run of it can be resumed"
        examples = [f"{card.fingerprint}: {card.params}", f"{again.fingerprint}: {again.params}"]
        yield finding("fingerprint", "broken", said, examples)
        return
    silent, tried = [], 0
    for name, changed in _variations(base.asker.judge, options):
        other = _answering(base, reopen, changed)
        if other is None:
            continue
        tried += 1
        if other.differs and other.fingerprint == card.fingerprint:
            silent.append(f"{name}: {options.get(name, 'the default')} or {changed.get(name)}")
    if silent:
        said = "options change its replies and not its fingerprint: two judges pass for one"
        yield finding("fingerprint", "broken", said, silent)
    else:
        said = f"the same when opened twice; {tried} options tried, none hides from it"
        yield finding("fingerprint", "ok", said)


class _Other(NamedTuple):
    """A judge with other options: whether a reply differs that was stable, and its fingerprint."""

    differs: bool
    fingerprint: str


def _answering(base: Base, reopen: Open, options: Mapping[str, Any]) -> _Other | None:
    """What other options make of a judge; None where it does not take them, or fails with them."""
    try:
        judge = reopen(options)
    except MmjudgeError:
        return None
    asker = Asker(judge, base.asker.media, base.asker.timeout_s)
    answers = asker.ask(base.requests, base.size)
    asker.close()
    if asker.problems:
        return None
    differs = any(found.changed for _, found in base.steady_gaps(answers))
    return _Other(differs, judge.card.fingerprint)


def _variations(judge: Judge, options: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Each option by itself: left out if it was given, another number if it is one.

    Only numbers are made up: another word may be wrong, and a switch may allow what the user did
    not.
    """
    found = [
        (name, {key: value for key, value in options.items() if key != name}) for name in options
    ]
    defaults = {**_keywords(judge), **judge.card.params}
    for name, value in {**defaults, **options}.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            found.append((name, {**options, name: value + (1 if isinstance(value, int) else 0.25)}))
    return found[:MOST_OPTIONS]


def _keywords(judge: Judge) -> dict[str, Any]:
    made = judge.scorer if isinstance(judge, LiftedScorer) else judge
    parameters: Sequence[inspect.Parameter] = tuple(
        inspect.signature(type(made)).parameters.values()
    )
    return {p.name: p.default for p in parameters if p.default is not p.empty}
