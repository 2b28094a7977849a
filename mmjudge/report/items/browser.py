"""The browser of items as a page takes it in: markup, style, script, and the files beside it."""

import base64
import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from markupsafe import Markup

from mmjudge.errors import MmjudgeError
from mmjudge.report.overview import Judged

PAGE_BYTES = 16_000_000
"""Of more data than this the items lie in files beside the page."""

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


def item_browser(
    judges: Sequence[Judged], out: Path, preset: View | None = None, page_bytes: int = PAGE_BYTES
) -> Browser:
    """Collect all items of runs, and what was said of them.

    Args:
        judges: As `overview` gives them.
        out: The page that it is for; files are made beside it, and put in place by `place_page`.
        preset: What is filtered when the page is opened without a permalink.
        page_bytes: Of more data than this the items lie in files beside the page.
    """
    raise NotImplementedError


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
    new = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(page, encoding="utf-8")
        if browser.folder:
            beside = out.with_name(browser.name)
            shutil.rmtree(beside, ignore_errors=True)
            browser.folder.replace(beside)
        new.replace(out)
    except OSError as error:
        with suppress(OSError):
            new.unlink()
        what = f"{out}: cannot be written: {error.strerror or error}"
        raise MmjudgeError(f"{what}; make room, or name another file") from error


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
