"""What a person did wrong: every message names the place, what was found and what is allowed.

A judge that fails is not an error but a value: `mmjudge.types.Failure`.
"""

import difflib
import re
from collections.abc import Iterable


class MmjudgeError(Exception):
    """Anything that a user can mend; the command line prints it alone, with exit code 2."""


class TaskError(MmjudgeError):
    """A task, its card or its items cannot be used as they are."""


class JudgeError(MmjudgeError):
    """A judge cannot be opened, or answered in a way that no retry can mend."""


class StoreError(MmjudgeError):
    """A run folder cannot be used: locked, damaged, of another version, or of other settings."""


class MeasureError(MmjudgeError, ValueError):
    """A measure is unknown, or given a parameter or data that it does not take."""


class MissingExtraError(MmjudgeError):
    """A library that an optional part needs is not installed."""

    def __init__(self, what: str, library: str, extra: str) -> None:
        super().__init__(
            f"{what} needs {library}, which is not installed: "
            f"pip install 'mmjudge[{extra}]', then try again"
        )


def without_secrets(text: str) -> str:
    """A text whose addresses no longer hold what may be a key: user, password, query.

    Example:
        >>> without_secrets("base_url=https://me:secret@host/v1?key=abc")
        'base_url=https://***@host/v1?***'
    """
    text = re.sub(r"(https?://)[^/?#\s]*@", r"\1***@", text, flags=re.I)
    return re.sub(r"(https?://[^\s?#]*)[?#]\S+", r"\1?***", text, flags=re.I)


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """A message for a name that is not known, with the nearest names first.

    Example:
        >>> unknown("measure", "acuracy", ["accuracy", "kappa"])
        "unknown measure 'acuracy'; did you mean 'accuracy'? Known: accuracy, kappa"
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3)
    hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else "."
    return f"unknown {kind} {name!r}{hint} Known: {', '.join(names) or 'none'}"
