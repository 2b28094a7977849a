"""Pictures and films of a folder of web pages, each made once and kept by what the page is.

A film is kept in the cache under a hash of the page's files, of how it was filmed, and of the
browser's version; so a second call takes it from there, and another browser makes another one.
"""

import asyncio
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from mmjudge.errors import TaskError
from mmjudge.media.browser import Browser, PageError, PageFiles
from mmjudge.media.films import RENDERER, Footage, Script, shoot
from mmjudge.sources.hub import media_cache
from mmjudge.types import Record

FILM = "film.json"
FIRST = "00.png"
T = TypeVar("T")

SAY_EVERY = 20
"""Pages between two lines of progress."""


class FilmStep(Record):
    """A moment of a film: what was done, and a picture beside `film.json` where there is one."""

    caption: str
    frame: str | None = None
    sha256: str | None = None


class Film(Record):
    """What a page looked like while it was driven; the contents of `film.json`.

    `made_by` says with what. `driven`: whether anything was done beside opening the page.
    `failed`: why there is none. `blocked`: requests to other places that were not let through.
    """

    key: str
    made_by: str
    driven: bool
    steps: tuple[FilmStep, ...] = ()
    blocked: int = 0
    failed: str | None = None


class Filmed(NamedTuple):
    """What came of one page; `cached` says that nothing had to be opened."""

    name: str
    film: Film
    cached: bool


def found_pages(folder: Path) -> list[PageFiles]:
    """The pages of a folder: `NAME/index.html` with all beside it, and `NAME.html` alone.

    Raises:
        TaskError: There is none, or two have one name.
    """
    if not folder.is_dir():
        raise TaskError(f"{folder}: no such folder")
    whole = {
        path.parent.name: PageFiles(path.parent.name, path.parent)
        for path in sorted(folder.glob("*/index.html"))
    }
    alone = {
        path.stem: PageFiles(path.stem, folder, path.name) for path in sorted(folder.glob("*.html"))
    }
    if both := sorted(whole.keys() & alone.keys()):
        raise TaskError(f"{folder}: {both[0]}/index.html and {both[0]}.html have one name")
    if not whole and not alone:
        raise TaskError(f"{folder}: a page is NAME/index.html or NAME.html; found none")
    return [page for _, page in sorted({**whole, **alone}.items())]


def film_pages(
    pages: Sequence[PageFiles],
    out: Path,
    script: Script,
    said: Callable[[str], None] = lambda line: None,
) -> list[Filmed]:
    """Film pages, or take their films from the cache, and lay them down for a task.

    `out/screenshots/NAME.png` is the opened page, `out/films/NAME` its film. A page that cannot be
    filmed has a film that says why, and keeps no other from being filmed.

    Args:
        pages: What to film.
        out: Folder of a task's data.
        script: What is tried on each page.
        said: Takes lines of progress.

    Raises:
        MissingExtraError: The library that drives the browser is not installed.
        MmjudgeError: There is no Chromium.
    """

    async def every() -> list[Filmed]:
        done = []
        async with Browser() as browser:
            for n, page in enumerate(pages, 1):
                done.append(await _one(browser, page, out, script))
                if n % SAY_EVERY == 0:
                    said(f"{n} of {len(pages)} pages")
        return done

    return _run(every())


def _run(work: Coroutine[Any, Any, T]) -> T:
    """What comes of it, also where a loop runs already, as in notebooks."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, work).result()


async def _one(browser: Browser, page: PageFiles, out: Path, script: Script) -> Filmed:
    made_by = f"mmjudge pages {RENDERER}, Chromium {browser.version}, {script.shaping}"
    try:
        key = hashlib.sha256(f"{page.digest()}\0{made_by}".encode()).hexdigest()
    except PageError as error:
        return Filmed(page.name, _failed(page, out, "", made_by, error), cached=False)
    kept = media_cache() / "pages" / key
    cached = (kept / FILM).is_file()
    if not cached:
        try:
            footage = await shoot(browser, page, script)
        except PageError as error:
            return Filmed(page.name, _failed(page, out, key, made_by, error), cached=False)
        _keep(footage, kept, Film(key=key, made_by=made_by, driven=script.actions > 0))
    _lay_down(kept, page.name, out)
    return Filmed(page.name, read_film(kept), cached)


def _keep(footage: Footage, kept: Path, film: Film) -> None:
    """Write a film to the cache, whole or not at all."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=kept.parent, prefix=f".{os.getpid()}."))
    steps = []
    for caption, picture in footage.shots:
        if picture is None:
            steps.append(FilmStep(caption=caption))
            continue
        name = f"{len(steps):02}.png"
        (folder / name).write_bytes(picture)
        digest = hashlib.sha256(picture).hexdigest()
        steps.append(FilmStep(caption=caption, frame=name, sha256=digest))
    whole = film.model_copy(update={"steps": tuple(steps), "blocked": footage.blocked})
    (folder / FILM).write_text(whole.model_dump_json(indent=1) + "\n", encoding="utf-8")
    if kept.exists():  # another run was quicker
        shutil.rmtree(folder)
        return
    folder.chmod(0o755)
    folder.replace(kept)


def _lay_down(kept: Path, name: str, out: Path) -> None:
    folder = out / "films" / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(kept, folder)
    shots = out / "screenshots"
    shots.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(kept / FIRST, shots / f"{name}.png")


def _failed(page: PageFiles, out: Path, key: str, made_by: str, error: PageError) -> Film:
    """Say in place of a film why there is none; what an earlier call left is taken away."""
    film = Film(key=key, made_by=made_by, driven=False, failed=str(error))
    folder = out / "films" / page.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / FILM).write_text(film.model_dump_json(indent=1) + "\n", encoding="utf-8")
    (out / "screenshots" / f"{page.name}.png").unlink(missing_ok=True)
    return film


def read_film(folder: Path) -> Film:
    """The film that lies in a folder.

    Raises:
        TaskError: There is none, or `film.json` is not one.
    """
    path = folder / FILM
    try:
        return Film.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise TaskError(f"{path}: is no film: {' '.join(str(error).split())[:200]}") from error
