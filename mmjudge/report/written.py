"""Where a report goes: a page, Markdown, JSON; the two texts also to the standard output."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from mmjudge.errors import MmjudgeError

STDOUT = Path("-")


class Places(NamedTuple):
    """A file for each form, None where it is not wanted; `-` is the standard output."""

    html: Path | None = None
    markdown: Path | None = None
    json: Path | None = None

    def check(self, command: str) -> None:
        """Refuse what cannot be written, before the figures, which take time.

        Raises:
            MmjudgeError: Nothing is wanted, two forms share a place, or a place is none.
        """
        forms = {"--html": self.html, "--markdown": self.markdown, "--json": self.json}
        given = {name: place for name, place in forms.items() if place is not None}
        if not given:
            raise MmjudgeError(
                f"{command}: name what to write: --html FILE, --markdown FILE or --json FILE; "
                "of these --markdown - and --json - print"
            )
        if self.html == STDOUT:
            raise MmjudgeError("--html -: a page is a file; name one, such as report.html")
        if len({str(place) for place in given.values()}) < len(given):
            raise MmjudgeError(f"{' and '.join(given)}: each needs a place of its own")
        for name, place in given.items():
            if place != STDOUT and place.is_dir():
                raise MmjudgeError(f"{name} {place}: is a folder; name a file in it")

    def write(self, markdown: str, json: str) -> None:
        """Write the two texts to their places.

        Raises:
            MmjudgeError: A file cannot be written.
        """
        for place, text in ((self.markdown, markdown), (self.json, f"{json}\n")):
            if place == STDOUT:
                sys.stdout.write(text)
            elif place is not None:
                write_text(place, text)


def write_text(out: Path, text: str) -> None:
    """Write a file as a whole, or leave the old one as it was.

    Raises:
        MmjudgeError: It cannot be written.
    """
    new = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(text, encoding="utf-8")
        new.replace(out)
    except OSError as error:
        with suppress(OSError):
            new.unlink()
        what = f"{out}: cannot be written: {error.strerror or error}"
        raise MmjudgeError(f"{what}; make room, or name another file") from error
