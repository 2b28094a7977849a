"""Take the README's pictures: the demo's report, and the repository's own leaderboard.

    make demo
    .venv/bin/mmjudge leaderboard build leaderboard
    .venv/bin/python docs/pictures/make.py

They are taken in the system's Chromium, which opens the pages from their files.
"""

import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PAGES = {
    "report.png": (ROOT / "runs" / "demo" / "report.html", 900),
    "leaderboard.png": (ROOT / "leaderboard" / "site" / "genai_bench" / "index.html", 900),
}
"""Each picture with its page and its height in pixels."""
WIDTH, COLOURS = 1280, 128
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
MOST_BYTES = 250_000


def main() -> int:
    """Take all pictures.

    Returns:
        0 where each was taken and is small.
    """
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("no chromium here; with Debian: apt-get install chromium", file=sys.stderr)
        return 2
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for name, (page, height) in PAGES.items():
            if not page.is_file():
                print(f"{page}: missing; {__doc__.splitlines()[2:5]}", file=sys.stderr)
                return 2
            tab = browser.new_page(viewport={"width": WIDTH, "height": height})
            tab.goto(page.as_uri(), wait_until="networkidle")
            tab.screenshot(path=HERE / name)
            shrink(HERE / name)
        browser.close()
    return int(any((HERE / name).stat().st_size > MOST_BYTES for name in PAGES))


def shrink(path: Path) -> None:
    """Keep few colours, which a page of text does not miss."""
    with Image.open(path) as image:
        few = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    sys.exit(main())
