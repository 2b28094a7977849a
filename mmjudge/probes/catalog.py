"""The probes that can be asked for: by name, by preset, or all of them."""

from collections.abc import Iterable, Sequence

from mmjudge.errors import MmjudgeError, unknown
from mmjudge.probes.base import BASELINE, Probe
from mmjudge.registry import PROBES, registry
from mmjudge.types import ProbeCard

ALL = "all"
PRESETS = ("core", "attacks", "modality")


def open_probe(name: str) -> Probe:
    """The probe of that name.

    Raises:
        MmjudgeError: There is none, it does not load, or what loads is no probe of that name.
    """
    found = registry(PROBES).load(name)
    probe = found() if isinstance(found, type) and issubclass(found, Probe) else found
    card = getattr(probe, "card", None)
    if not isinstance(probe, Probe) or not isinstance(card, ProbeCard) or card.name != name:
        message = f"probe {name!r}: a Probe whose card has that name is needed, found {found!r}"
        registry(PROBES).broken[name] = message
        raise MmjudgeError(message)
    return probe


def every_probe() -> list[Probe]:
    """All probes that load, the baseline first; those that do not are the registry's `broken`."""
    probes = []
    for name in sorted(registry(PROBES).points, key=lambda name: (name != BASELINE, name)):
        try:
            probes.append(open_probe(name))
        except MmjudgeError:
            continue
    return probes


def choose(wanted: str | Iterable[str | Probe]) -> tuple[Probe, ...]:
    """The probes that are asked for, each once.

    Args:
        wanted: Names and presets with commas between them, or several of those, or probes.

    Raises:
        MmjudgeError: A word is neither a probe nor a preset; the nearest names are shown.

    Example:
        >>> [probe.card.name for probe in choose("rerun,order_swapped,rerun")]
        ['rerun', 'order_swapped']
    """
    chosen: dict[str, Probe] = {}
    for word in (wanted,) if isinstance(wanted, str) else wanted:
        for probe in (word,) if isinstance(word, Probe) else _named(word):
            chosen.setdefault(probe.card.name, probe)
    return tuple(chosen.values())


def _named(words: str) -> Sequence[Probe]:
    return [probe for word in words.split(",") if word.strip() for probe in _group(word.strip())]


def _group(word: str) -> Sequence[Probe]:
    if word == ALL or word in PRESETS:
        found = [probe for probe in every_probe() if word == ALL or word in probe.card.presets]
        if not found:
            raise MmjudgeError(
                f"probes {word!r}: none is installed; install mmjudge again, as its probes are "
                f"found by the entry points of the installation"
            )
        return found
    known = registry(PROBES)
    if word not in known.points and word not in known.broken:
        raise MmjudgeError(unknown("probe", word, (ALL, *PRESETS, *known.points)))
    return [open_probe(word)]
