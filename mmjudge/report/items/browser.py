"""The browser of items as a page takes it in: markup, style, script, and the files beside it."""

import base64
import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from math import isnan
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from markupsafe import Markup
from numpy.typing import NDArray
from pydantic_core import to_json

from mmjudge.errors import MmjudgeError
from mmjudge.report.items.collect import Collected, collect
from mmjudge.report.items.media import TYPES, MediaFiles
from mmjudge.report.items.shards import Shards, write_shards
from mmjudge.report.look import script, stylesheet
from mmjudge.report.overview import Judged
from mmjudge.report.untrusted import visible

PAGE_BYTES = 16_000_000
"""Of more data than this the items lie in files beside the page."""
MEDIA = "media"
"""The folder of media in that of the files."""
CALL = "mmjudgeShard("
"""What a script of data begins with."""
SCRIPTS = (
    "items_data.js",
    "items_filter.js",
    "items_list.js",
    "items_detail.js",
    "items_main.js",
)

View = Mapping[str, str | Sequence[str]]
"""What is filtered and how it is sorted, in the words of a permalink.

Keys: `judge`, `task`, `protocol`, `criterion`: names; `verdict`: right, some, wrong, none;
`order`: flipped, varied, steady; `failed`: reasons; `probe`: names of probes that moved it;
`agreement`: disagree, agree, or `only:NAME` of a judge; an axis of strata with `s.` before its
name; `q`: words to find; `sort`: file, sure, error, moved; `item`: task/protocol/id. Judges agree
or not among those that `judge` names, among all without.
"""


class Browser(NamedTuple):
    """Parts of a page.

    Attributes:
        markup: Where the browser shall be; hidden until its script runs.
        end: Its data and script, for the end of the body.
        style: Its style, to come after that of `base.css`.
        script: The script in `end`, for its hash.
        folder: What has to lie beside the page, not yet in its place; None where all is in it.
        name: Of the folder beside the page.
    """

    markup: Markup
    end: Markup
    style: str
    script: str
    folder: Path | None
    name: str

    def policy(self, style: str) -> str:
        """The content security policy of a page with this browser and with that style alone."""
        beside = " 'self'" if self.folder else ""
        return (
            f"default-src 'none'; script-src '{_digest(self.script)}'{beside}; "
            f"style-src '{_digest(style)}'; img-src data:{beside}; media-src data:{beside}; "
            "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; "
            f"trusted-types {'mmjudge-shards' if self.folder else chr(39) + 'none' + chr(39)}"
        )

    def discard(self) -> None:
        """Remove files that were made and not put in their place."""
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def item_browser(
    judges: Sequence[Judged],
    out: Path,
    preset: View | None = None,
    page_bytes: int | None = None,
) -> Browser:
    """Collect all items of runs, and what was said of them.

    Args:
        judges: As `overview` gives them.
        out: The page that it is for; files are made beside it, and put in place by `place_page`.
        preset: What is filtered when the page is opened without a permalink.
        page_bytes: Of more data than this the items lie in files beside the page; None for
            `PAGE_BYTES`.

    Raises:
        StoreError: A run cannot be read.
        MmjudgeError: The files cannot be written.
    """
    folder = out.with_name(f".{out.stem}_files.{os.getpid()}")
    try:
        (folder / MEDIA).mkdir(parents=True)
        most = PAGE_BYTES if page_bytes is None else page_bytes
        return _made(collect(judges), folder, f"{out.stem}_files", preset or {}, most)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        what = f"{folder}: cannot be written: {error.strerror or error}"
        raise MmjudgeError(f"{what}; make room, or name another file") from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _made(collected: Collected, folder: Path, name: str, preset: View, page_bytes: int) -> Browser:
    with MediaFiles(folder / MEDIA) as media:
        shards = write_shards(collected, media, folder)
    index = safe(to_json(index_of(collected, shards.starts)))
    sharded = len(index) + shards.size + media.characters > page_bytes
    stamp = hashlib.sha256(index + shards.digest.encode()).hexdigest()[:16]
    config = {
        "folder": name if sharded else None,
        "stamp": stamp,
        "preset": [[key, [v] if isinstance(v, str) else list(v)] for key, v in preset.items()],
    }
    blocks = [_block("config", safe(to_json(config)))]
    if sharded:
        _as_scripts(shards, index, stamp, folder)
    else:
        blocks += [_block("shard-0", index)]
        for number, file in enumerate(shards.files, 1):
            blocks.append(_block(f"shard-{number}", file.read_bytes()))
        for number, files in enumerate(media.blocks):
            blocks.append(_block(f"media-{number}", _media_block(folder / MEDIA, files)))
        shutil.rmtree(folder)
    code = script(*SCRIPTS)
    return Browser(
        markup=Markup(stylesheet("items.html")),
        end=Markup("\n".join([*blocks, f"<script>{code}</script>"])),
        style=stylesheet("items.css"),
        script=code,
        folder=folder if sharded else None,
        name=name,
    )


def index_of(collected: Collected, starts: Sequence[int]) -> dict[str, Any]:
    """All that lists and filters need, as data of a page; columns are by item or by unit."""
    items, known, units = collected.items, collected.known, collected.units
    return {
        "judges": list(map(visible, collected.judges)),
        "own": list(collected.own_scale),
        "criteria": list(map(visible, known.criteria.all)),
        "reasons": known.reasons.all,
        "probes": known.probes.all,
        "failed": known.failed.all,
        "moved": known.moved.all,
        "tasks": items.tasks.all,
        "protocols": items.protocols.all,
        "axes": [
            {"name": visible(axis), "values": list(map(visible, values)), "of": codes}
            for axis, values, codes in items.filters()
        ],
        "items": {
            "task": items.task.tolist(),
            "protocol": items.protocol.tolist(),
            "id": list(map(visible, items.names)),
            "title": items.titles,
        },
        "units": {name: _column(column) for name, column in units._asdict().items()},
        "starts": list(starts),
    }


def _column(values: NDArray[Any]) -> list[float | int | None]:
    """A column, with nothing where it is nan, which JSON does not know."""
    return [None if isnan(value) else value for value in values.tolist()]


def safe(data: bytes) -> bytes:
    """JSON that cannot end the element of a page that it stands in: `<` is in its strings only."""
    return data.replace(b"<", b"\\u003c")


def _block(name: str, data: bytes) -> str:
    return f'<script type="application/json" id="items-{name}">{data.decode()}</script>'


def _media_block(folder: Path, files: Sequence[str]) -> bytes:
    found = {}
    for file in files:
        content = base64.b64encode((folder / file).read_bytes()).decode()
        found[file] = f"data:{TYPES[file.rpartition('.')[2]]};base64,{content}"
    return to_json(found)


def _as_scripts(shards: Shards, index: bytes, stamp: str, folder: Path) -> None:
    """Write data as scripts that hand over a text, since a page cannot read files that lie by it.

    They do nothing else: the page reads the text as JSON.
    """

    def write(number: int, data: bytes) -> None:
        text = json.dumps(data.decode(), ensure_ascii=False)
        text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
        call = f'{CALL}"{stamp}",{number},{text});\n'
        (folder / f"{number}.js").write_text(call, encoding="utf-8")

    write(0, index)
    for number, file in enumerate(shards.files, 1):
        write(number, file.read_bytes())
        file.unlink()


def still_policy(style: str) -> str:
    """The content security policy of a page with that style and without any script."""
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; img-src data:; media-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def view_link(view: View) -> str:
    """The permalink of a view, to be an `href` in the same page.

    Example:
        >>> view_link({"agreement": "only:clip", "judge": ["clip", "first"]})
        '#items?agreement=only%3Aclip&judge=clip&judge=first'
    """
    return f"#items?{urlencode(view, doseq=True)}"


def place_page(out: Path, page: str, browser: Browser) -> None:
    """Put a page and the files of its browser in their places; the old ones stay where that fails.

    Raises:
        MmjudgeError: They cannot be written.
    """
    new, beside = out.with_name(f".{out.name}.{os.getpid()}"), out.with_name(browser.name)
    try:
        if browser.folder and beside.exists() and not _ours(beside):
            raise MmjudgeError(
                f"{beside}: is there and belongs to no report; the page {out.name} would keep its "
                "items there: name another file"
            )
        new.write_text(page, encoding="utf-8")
        if _ours(beside):
            shutil.rmtree(beside)
        if browser.folder:
            browser.folder.replace(beside)
        new.replace(out)
    except OSError as error:
        what = f"{out}: cannot be written: {error.strerror or error}"
        raise MmjudgeError(f"{what}; make room, or name another file") from error
    finally:
        with suppress(OSError):
            new.unlink()


def files_of(page: Path) -> Path | None:
    """The folder that belongs to a page, None where all is in the page."""
    beside = page.with_name(f"{page.stem}_files")
    return beside if _ours(beside) else None


def _ours(folder: Path) -> bool:
    """Whether a folder holds the items of a page."""
    first = folder / "0.js"
    with suppress(OSError), first.open("rb") as file:
        return file.read(len(CALL)) == CALL.encode()
    return False


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
