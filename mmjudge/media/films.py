"""Films of web pages: how a page looks when it opens, scrolled, and after each of its controls.

What is tried is the same for every page and every run: scroll down, then fill in or press each
visible control in the order of the document, until a budget is spent. No judge and no model takes
part. Time stands still for the page but for the moments that are given to it, so that clocks,
animations and timers fall alike each time.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from mmjudge.media.browser import ORIGIN, Browser, PageError, PageFiles, Visit, brief

if TYPE_CHECKING:
    from playwright.async_api import ElementHandle

RENDERER = "1"
"""Of this module: raised whenever the same page would give another film."""

OPENING_MS = 2000
SETTLING_MS = 600
"""How much time passes for a page after it was opened, and after each action."""

T = TypeVar("T")

NEXT = """(used) => {
  const seen = window[Symbol.for('filmed')] ??= new WeakSet();
  const kinds = 'a[href],button,input,select,textarea,summary,[role=button],[role=tab],' +
    '[role=checkbox],[role=switch],[onclick],[contenteditable=true]';
  const pointed = (el) => el && getComputedStyle(el).cursor === 'pointer';
  const path = (el) => el.parentElement
    ? path(el.parentElement) + '/' + [...el.parentElement.children].indexOf(el) : '';
  for (const el of document.body?.querySelectorAll('*') ?? []) {
    if (seen.has(el)) continue;
    if (!el.matches(kinds) && !(pointed(el) && !pointed(el.parentElement))) continue;
    seen.add(el);
    const box = el.getBoundingClientRect(), style = getComputedStyle(el);
    if (box.width < 2 || box.height < 2 || style.visibility !== 'visible') continue;
    if (el.disabled || ['file', 'hidden', 'color'].includes(el.type)) continue;
    if (el.tagName === 'LABEL' && el.control) continue;
    el[Symbol.for('path')] = path(el);
    if (!used.includes(path(el))) return el;
  }
  return null;
}"""
"""The next control in the order of the document that was not tried, before a reload either."""

FACTS = """(el) => ({
  tag: el.tagName.toLowerCase(),
  kind: (el.getAttribute('type') || '').toLowerCase(),
  options: el.options ? el.options.length : 0,
  alone: !el.form,
  path: el[Symbol.for('path')] || '',
  name: el.getAttribute('aria-label') || (el.labels && el.labels[0]?.innerText) ||
    el.innerText || el.placeholder || (el.type === 'submit' ? el.value : '') || el.title ||
    el.getAttribute('name') || el.tagName.toLowerCase(),
})"""

TYPED = {
    "number": "3",
    "range": "",
    "email": "jo@example.org",
    "url": "https://example.org",
    "tel": "5550100",
    "date": "2025-06-05",
    "time": "10:30",
    "month": "2025-07",
    "week": "2025-W23",
    "datetime-local": "2025-06-05T10:30",
    "password": "Secret-123",
}
"""What is typed into a field of a kind; the empty text where nothing is."""

WORDS = "Test 123"

AWAY = """() => {
  const held = document.activeElement;
  if (held?.matches('button,a,summary,[role]')) held.blur();
}"""
"""Takes the ring of focus off a control that was pressed: it is no answer of the page."""

PRESSED = ("checkbox", "radio", "submit", "button", "reset", "image")


@dataclass(frozen=True)
class Script:
    """What is tried on a page, and for how long.

    `actions`: controls that are used at most, 0 for the opened page alone. `frames`: pictures at
    most. `step_s`, `page_s`: seconds that the page may take for one thing, and in all.
    """

    width: int = 1280
    height: int = 800
    scrolls: int = 2
    actions: int = 12
    frames: int = 8
    step_s: float = 15.0
    page_s: float = 120.0

    @property
    def shaping(self) -> str:
        """All that shapes a film, for its key."""
        return f"{self.width}x{self.height},{self.scrolls},{self.actions},{self.frames}"


class Shot(NamedTuple):
    """A moment of a film: what was done, and a PNG of the screen where it changed."""

    caption: str
    picture: bytes | None


@dataclass
class Footage:
    """What came of a page: its shots, and how many requests to other places were blocked."""

    shots: list[Shot] = field(default_factory=list)
    blocked: int = 0


async def shoot(browser: Browser, files: PageFiles, script: Script) -> Footage:
    """Film a page.

    A page that stops answering on the way ends its film with that; what was seen before stays.

    Raises:
        PageError: Not even the opened page can be seen.
    """
    from playwright.async_api import Error

    try:
        async with asyncio.timeout(script.step_s):
            visit = await browser.visit(files, script.width, script.height)
    except (Error, TimeoutError) as error:
        raise PageError(f"{files.name}: no room in the browser: {brief(error)}") from error
    camera = _Camera(visit, script)
    try:
        async with asyncio.timeout(script.page_s):
            await _play(camera)
    except TimeoutError:
        camera.end("The page stops answering.", f"does not answer within {script.step_s:g} s")
    except (PageError, Error) as error:
        camera.end("The page breaks down.", brief(error, 120))
    finally:
        with suppress(Exception):
            await asyncio.wait_for(visit.close(), script.step_s)
    return camera.footage


async def _play(camera: "_Camera") -> None:
    await camera.open()
    await camera.take("The page as it opens.")
    if camera.script.actions:
        await _scroll(camera)
        await _use_controls(camera)
        await _press_keys(camera)
    if blocked := camera.visit.blocked:
        camera.footage.blocked = blocked
        camera.add(f"{blocked} requests of the page to other places were not let through.")


async def _scroll(camera: "_Camera") -> None:
    height = await camera.ask("() => document.documentElement.scrollHeight")
    step, below = int(camera.script.height * 0.9), height - camera.script.height
    for n in range(1, camera.script.scrolls + 1):
        if (n - 1) * step >= below:
            break
        down = min(n * step, below)
        await camera.ask(f"() => window.scrollTo({{top: {down}, behavior: 'instant'}})")
        await camera.take(f"Scrolled down to {down} of {height} pixels.", only_changed=True)
    await camera.ask("() => window.scrollTo({top: 0, behavior: 'instant'})")
    await camera.remember()


async def _use_controls(camera: "_Camera") -> None:
    used: list[str] = []
    for _ in range(camera.script.actions):
        handle = await camera.within(camera.visit.page.evaluate_handle(NEXT, used))
        control = handle.as_element()
        if control is None:
            return
        facts = await camera.within(control.evaluate(FACTS))
        used.append(str(facts["path"]))
        await camera.take(await _use(camera, control, facts))


async def _use(camera: "_Camera", control: "ElementHandle", facts: Mapping[str, Any]) -> str:
    """Fill in or press one control; what was done, in words."""
    name, tag, kind = brief(facts["name"], 40), facts["tag"], facts["kind"]
    wait = camera.script.step_s * 1000 / 5
    if tag == "select":
        if facts["options"] < 2:
            return f"The list '{name}' has no second choice."
        done = control.select_option(index=1, timeout=wait)
        return await camera.tried(f"Chose the second entry of '{name}'", done)
    if tag == "textarea" or (tag == "input" and kind not in PRESSED):
        words = TYPED.get(kind, WORDS)
        if not words:
            return f"Left the field '{name}' as it is."
        said = await camera.tried(
            f"Typed '{words}' into '{name}'", control.fill(words, timeout=wait)
        )
        if facts["alone"] and tag == "input":
            said += await camera.tried(" Pressed Enter", control.press("Enter", timeout=wait))
        return said
    said = await camera.tried(f"Pressed '{name}'", control.click(timeout=wait))
    await camera.ask(AWAY)
    return said


async def _press_keys(camera: "_Camera") -> None:
    """The keys of most games; said only where the page answers to them."""
    await camera.ask("() => document.activeElement?.blur()")
    await camera.remember()
    for key in ("ArrowUp", "ArrowRight", " "):
        await camera.within(camera.visit.page.keyboard.press(key))
    await camera.take("Pressed the arrow keys and space.", only_changed=True)


class _Camera:
    """Takes the pictures of one visit, within the limits of a script."""

    def __init__(self, visit: Visit, script: Script) -> None:
        self.visit, self.script = visit, script
        self.footage = Footage()
        self._last = b""
        self._doing = ""

    async def within(self, asked: "Awaitable[T]") -> T:
        """What the page answers within a step.

        Raises:
            TimeoutError: It takes longer.
            PageError: The browser cannot go on with it.
        """
        from playwright.async_api import Error
        from playwright.async_api import TimeoutError as SlowError

        try:
            return await asyncio.wait_for(asked, self.script.step_s)
        except SlowError as error:
            raise TimeoutError from error
        except Error as error:
            raise PageError(brief(error, 120)) from error

    async def ask(self, code: str) -> int:
        """The number that an expression has in the page, 0 where it is none."""
        found = await self.within(self.visit.page.evaluate(code))
        return int(found) if isinstance(found, int | float) else 0

    async def tried(self, what: str, action: "Awaitable[object]") -> str:
        """What was done to a control, and whether it could be."""
        from playwright.async_api import Error

        self._doing = f"{what}."
        try:
            await asyncio.wait_for(action, self.script.step_s)
        except Error as error:
            if "crash" in str(error):
                raise PageError(brief(error, 120)) from error
            return f"{what}, but could not: it is covered or gone."
        return f"{what}."

    async def open(self) -> None:
        """Open the page and give it its first moments."""
        from playwright.async_api import Error

        page = self.visit.page
        await self.within(page.mouse.move(0, 0))
        await self.within(page.goto(f"{ORIGIN}/{self.visit.files.entry}", wait_until="commit"))
        with suppress(Error):  # a page that is never done loading is shown as it is
            await page.wait_for_load_state("load", timeout=self.script.step_s * 1000 / 3)
        await self._pass(OPENING_MS)

    async def _pass(self, ms: int) -> None:
        """Let time pass for the page."""
        await self.within(self.visit.context.clock.run_for(ms))

    async def _still(self) -> bytes:
        """The screen once it no longer changes by itself, or after a few looks."""
        before = b""
        for _ in range(10):
            shown = await self.within(
                self.visit.page.screenshot(
                    animations="disabled", caret="hide", timeout=self.script.step_s * 1000
                )
            )
            if shown == before:
                break
            before = shown
            await asyncio.sleep(0.05)
        return before

    async def remember(self) -> None:
        """Take the screen as what the next picture is compared with."""
        self._last = await self._still()

    async def take(self, caption: str, *, only_changed: bool = False) -> None:
        """Let the page settle and add a shot, with a picture where the screen is another.

        Args:
            caption: What was done.
            only_changed: Add nothing where the screen stays as it was.
        """
        if self.footage.shots:
            await self.within(self.visit.page.mouse.move(0, 0))
            await self._pass(SETTLING_MS)
        shown = await self._still()
        same, self._last = shown == self._last, shown
        said, self._doing = self.visit.said(), ""
        if same and only_changed and not said:
            return
        room = sum(shot.picture is not None for shot in self.footage.shots) < self.script.frames
        seen = " The screen stays as it was." if same else "" if room else " The screen changes."
        self.add(" ".join((caption + seen, *said)), None if same or not room else shown)

    def add(self, caption: str, picture: bytes | None = None) -> None:
        """Add a shot to the film."""
        self.footage.shots.append(Shot(caption, picture))

    def end(self, caption: str, problem: str) -> None:
        """End a film before its time.

        Raises:
            PageError: It has no shot.
        """
        if not self.footage.shots:
            raise PageError(f"{self.visit.files.name}: {problem}")
        self.footage.blocked = self.visit.blocked
        self.add(" ".join(filter(None, (self._doing, caption, *self.visit.said()))))
