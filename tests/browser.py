"""The system's Chromium for tests that open pages: none is downloaded, none is needed to pass."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


@contextmanager
def chromium() -> "Iterator[Browser]":
    """A headless browser with an empty profile, which ends with the block."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=list(ARGUMENTS)
        )
        try:
            yield browser
        finally:
            browser.close()


def need_chromium() -> None:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed: pages were NOT OPENED by a browser")
