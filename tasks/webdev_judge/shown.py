"""Web pages as parts of an item: their code, a screenshot, both, or the film of a driven page."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mmjudge.errors import TaskError
from mmjudge.sources.pages import FILM, read_film
from mmjudge.types import Media, Parts

SHOWN = {
    "code": "text->text",
    "screenshot": "text->image",
    "both": "text->text+image",
    "driven": "text->text+image",
}
"""Ways to show a page, and their modalities."""


class Look(NamedTuple):
    """A page as it is shown; `absent` says what of it is not at hand."""

    parts: Parts
    absent: str | None = None


class Shown:
    """The pictures of pages that lie beside the data.

    Args:
        root: Where references to media start.
        folder: Where `screenshots` and `films` are.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        self.root, self.folder = root, folder
        self.ways = [
            way
            for way, needs in (("screenshot", "screenshots"), ("both", "screenshots"))
            if (folder / needs).is_dir()
        ]
        if (folder / "films").is_dir():
            self.ways.append("driven")

    def look(self, way: str, name: str, code: str) -> Look:
        """A page in one of the ways.

        Args:
            way: One of `SHOWN`.
            name: Of the page, such as `QUESTION_a`.
            code: What the model wrote.

        Raises:
            TaskError: The page's film cannot be read.
        """
        if way == "driven":
            return self._film(name)
        picture, absent = self._picture(f"screenshots/{name}.png", None), None
        if not (self.folder / "screenshots" / f"{name}.png").is_file():
            absent = f"screenshot of page {name}{self._why(name)}"
        return Look((code, picture) if way == "both" else (picture,), absent)

    def _film(self, name: str) -> Look:
        if not (self.folder / "films" / name / FILM).is_file():
            return Look((f"(the film of page {name})",), f"film of page {name}")
        film = read_film(self.folder / "films" / name)
        if film.failed or not film.driven:
            why = film.failed or "it was opened only"
            return Look((f"(the film of page {name})",), f"film of page {name}: {why}")
        return Look(tuple(self._parts(name)))

    def _parts(self, name: str) -> Iterator[str | Media]:
        for step in read_film(self.folder / "films" / name).steps:
            yield step.caption
            if step.frame is not None:
                yield self._picture(f"films/{name}/{step.frame}", step.sha256)

    def _why(self, name: str) -> str:
        """Why a page has no picture, where that is known."""
        if not (self.folder / "films" / name / FILM).is_file():
            return ""
        failed = read_film(self.folder / "films" / name).failed
        return f": {failed}" if failed else ""

    def _picture(self, path: str, sha256: str | None) -> Media:
        whole = self.folder / path
        if not whole.resolve().is_relative_to(self.folder.resolve()):
            raise TaskError(f"{whole}: leads out of the folder")
        if sha256 is None and whole.is_file():
            with whole.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        uri = whole.relative_to(self.root).as_posix()
        return Media(modality="image", uri=uri, sha256=sha256)
