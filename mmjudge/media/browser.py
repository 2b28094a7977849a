"""The system's Chromium for pages of strangers: a page gets its own files and nothing else.

Two walls stand between a page and everything outside. Each request of it is answered here, with a
file of the page or not at all; and the browser resolves no name and knows only a proxy that does
not exist, so that what passes the first wall by, such as a connection opened ahead, goes nowhere.
"""

import mimetypes
import shlex
import shutil
from collections import Counter
from contextlib import suppress
from hashlib import file_digest, sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import unquote, urlsplit

from mmjudge.errors import MissingExtraError, MmjudgeError
from mmjudge.media.image import MediaError

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page, Request, Route

ORIGIN = "http://page.invalid"
"""Where a page believes that it is; the name is reserved and resolves nowhere."""

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-smooth-scrolling",  # which takes real time, and so never looks alike
    "--disable-partial-raster",  # of what was drawn before something may be left at an edge
    "--disable-skia-runtime-opts",  # so that processors draw alike
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://proxy.invalid:1",
    "--proxy-bypass-list=<-loopback>",  # this machine too is reached by the proxy only
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--js-flags=--max-old-space-size=512",
)
MEMORY = 3 << 30
"""Bytes of data that each process of the browser may have; what is beyond is refused."""

MAX_LOADS = 10
"""Documents that a page may load in all: one that reloads itself is stopped there."""

MAX_FILES = 2000
MAX_BYTES = 64 << 20
"""A page of more files or bytes is refused before it is opened."""

NOW = 1_748_854_800
"""The time of day that every page sees, in seconds: 2 June 2025, 9 o'clock UTC."""

ALIKE = """
let state = 20250602;
Math.random = () => {
  state = (state + 0x6D2B79F5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};
"""
"""Run before a page's own script: its dice fall alike each time."""


class PageError(MediaError):
    """A page that cannot be filmed: it never answers, takes too much memory, or has no files."""


class PageFiles(NamedTuple):
    """A page on the disk: where its files lie, and which of them is opened first."""

    name: str
    folder: Path
    entry: str = "index.html"

    def digest(self) -> str:
        """The sha256 of all its files and their names.

        Raises:
            PageError: There are too many, they are too large, or one cannot be read.
        """
        total, whole = 0, sha256()
        files = [self.folder / self.entry] if self._alone() else sorted(self.folder.rglob("*"))
        files = [path for path in files if path.is_file() and not path.is_symlink()]
        if len(files) > MAX_FILES:
            raise PageError(f"{self.folder}: {len(files)} files; at most {MAX_FILES} are served")
        for path in files:
            total += path.stat().st_size
            if total > MAX_BYTES:
                raise PageError(f"{self.folder}: more than {MAX_BYTES} bytes")
            try:
                with path.open("rb") as file:
                    content = file_digest(file, "sha256").hexdigest()
            except OSError as error:
                raise PageError(f"{path}: cannot be read: {error}") from error
            whole.update(f"{path.relative_to(self.folder).as_posix()}\0{content}\0".encode())
        return whole.hexdigest()

    def _alone(self) -> bool:
        """Whether the page is a single file, whose neighbours are other pages."""
        return self.entry != "index.html"

    def file(self, url: str) -> Path | None:
        """The file of the page that an address stands for; None for all others."""
        parts = urlsplit(url)
        if f"{parts.scheme}://{parts.netloc}" != ORIGIN:
            return None
        name = unquote(parts.path).lstrip("/") or self.entry
        if self._alone() and name != self.entry:
            return None
        with suppress(OSError, ValueError):
            base = self.folder.resolve()
            path = (base / name).resolve()
            if path.is_dir():
                path = (path / "index.html").resolve()
            if path.is_relative_to(base) and path.is_file():
                return path
        return None


def chromium() -> str | None:
    """Where the system's Chromium is, None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def _bounded(path: str, folder: Path) -> Path:
    """A program that starts another one with bounded memory."""
    script = folder / "chromium"
    script.write_text(f'#!/bin/sh\nulimit -d {MEMORY >> 10}\nexec {shlex.quote(path)} "$@"\n')
    script.chmod(0o700)
    return script


class Browser:
    """A headless Chromium with an empty profile, which ends with the block."""

    async def __aenter__(self) -> Self:
        """Start it.

        Raises:
            MissingExtraError: The library that drives it is not installed.
            MmjudgeError: There is no Chromium, or it does not start.
        """
        try:
            from playwright.async_api import async_playwright
        except ImportError as error:
            raise MissingExtraError("filming pages", "playwright", "web") from error
        path = chromium()
        if path is None:
            raise MmjudgeError(
                "filming pages needs Chromium, which is not installed; get it from the system's "
                "packages (Debian: apt-get install chromium), then try again"
            )
        self._own = TemporaryDirectory(prefix="mmjudge-pages-")
        self._bounded = _bounded(path, Path(self._own.name))
        self._driver = await async_playwright().start()
        try:
            self._browser = await self._launch()
        except Exception as error:
            await self._driver.stop()
            self._own.cleanup()
            raise MmjudgeError(f"{path} does not start: {str(error)[:300]}") from error
        self.version: str = self._browser.version
        return self

    async def _launch(self) -> Any:
        return await self._driver.chromium.launch(
            executable_path=self._bounded,
            headless=True,
            args=list(ARGUMENTS),
            ignore_default_args=["--disable-popup-blocking"],
        )

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it, with all that it holds."""
        with suppress(Exception):
            await self._browser.close()
        await self._driver.stop()
        self._own.cleanup()

    async def visit(self, files: PageFiles, width: int, height: int) -> "Visit":
        """Make room for a page: storage, cookies and time of its own."""
        if not self._browser.is_connected():  # a page before brought it down
            self._browser = await self._launch()
        context = await self._browser.new_context(
            viewport={"width": width, "height": height},
            reduced_motion="reduce",
            color_scheme="light",
            locale="en-US",
            timezone_id="UTC",
            service_workers="block",
            accept_downloads=False,
        )
        visit = Visit(context, files)
        await visit.prepare()
        return visit


class Visit:
    """One page in a browser context of its own, and what it tried.

    `blocked`: how many requests to other places were not let through. `said`: what the page did
    beside drawing since it was last asked, in words; the same words once.

    Args:
        context: Of the browser, without a page so far.
        files: The page.
    """

    page: "Page"

    def __init__(self, context: "BrowserContext", files: PageFiles) -> None:
        self.context, self.files = context, files
        self.blocked = 0
        self._loads = 0
        self._said: Counter[str] = Counter()

    async def prepare(self) -> None:
        """Put up the walls, stop the clock, and open an empty tab."""
        await self.context.route("**/*", self._answer)
        await self.context.route_web_socket("**/*", self._no_socket)
        await self.context.add_init_script(ALIKE)
        await self.context.clock.install(time=NOW)
        self.page = await self.context.new_page()
        await self.context.clock.pause_at(NOW + 1)
        self.context.on("page", self._no_popup)
        self.page.on("dialog", self._no_dialog)
        self.page.on("download", lambda _: self._say("The page offers a download."))
        self.page.on("pageerror", lambda error: self._say(f"Error in its script: {brief(error)}"))

    async def _answer(self, route: "Route") -> None:
        with suppress(Exception):  # whoever asked may be gone by now
            await self._answered(route)

    async def _answered(self, route: "Route") -> None:
        request = route.request
        path = self.files.file(request.url) if request.method == "GET" else None
        leaves = request.is_navigation_request()
        if path is None or (leaves and not self._may_load(request)):
            self._count(request, leaves)
            await route.abort("aborted")
            return
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        await route.fulfill(body=path.read_bytes(), content_type=kind)

    def _may_load(self, request: "Request") -> bool:
        self._loads += 1
        return self._loads <= MAX_LOADS and request.frame.page == self.page

    def _count(self, request: "Request", leaves: bool) -> None:
        if not request.url.startswith(f"{ORIGIN}/"):
            self.blocked += 1
        if leaves:
            self._say(f"The page leads to {brief(request.url)}, which was not opened.")

    async def _no_socket(self, socket: Any) -> None:
        self.blocked += 1
        with suppress(Exception):
            await socket.close()

    async def _no_popup(self, page: "Page") -> None:
        self._say("The page opens a window, which was closed.")
        with suppress(Exception):
            await page.close()

    async def _no_dialog(self, dialog: Any) -> None:
        self._say(f"The page shows a dialog, which was dismissed: {brief(dialog.message)}")
        with suppress(Exception):
            await dialog.dismiss()

    def _say(self, words: str) -> None:
        if len(self._said) < 5:
            self._said[words] += 1

    def said(self) -> tuple[str, ...]:
        """What the page did since this was last asked."""
        words = tuple(self._said)
        self._said.clear()
        return words

    async def close(self) -> None:
        """End the page, whatever it is doing."""
        await self.context.close()


def brief(text: object, most: int = 80) -> str:
    r"""Words of a page in one short line, without control characters.

    Example:
        >>> brief("Add\n  to\x07 cart")
        'Add to cart'
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    return line if len(line) <= most else line[: most - 3] + "..."
