"""The report of a large run: `python bench/report_page.py`; its items lie in files beside the page.

Real runs of the engine: two baselines judge pairs of pictures in both orders on two criteria, with
a JPEG or PNG for each candidate. The page is opened from a file in headless Chromium, in a new
profile each time; the figures are medians of five.
"""

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROUNDS = 5
JUDGES = ("baseline:first", "baseline:random")
CRITERIA = ("alignment", "quality")
ORDERS = 2
PICTURES = 2000
"""Distinct pictures; items share them, as they do in benchmarks of generators."""
WORDS = ("red", "small", "cup", "left", "plate", "bird", "night", "glass", "river", "seven")

MEASURE = """() => {
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return paint ? paint.startTime : null;
}"""
FILTER = """async (name) => {
  const box = document.querySelector(`#items-filters input[value="${name}"]`);
  const start = performance.now();
  box.click();
  const done = performance.now();
  await new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
  return [done - start, performance.now() - start];
}"""


FIND = """async (words) => {
  const field = document.querySelector("#items-find");
  const start = performance.now();
  field.value = words;
  field.dispatchEvent(new Event("input"));
  while (new URLSearchParams(location.hash.slice(7)).get("q") !== words) {
    await new Promise((next) => setTimeout(next, 5));
  }
  return performance.now() - start;
}"""
"""From the last key to the answer; 150 ms of it typing is waited for."""


def make_task(folder: Path, items: int) -> None:
    """A folder task of pairs of pictures, with strata, gold and ratings of three annotators."""
    from PIL import Image, ImageDraw

    (folder / "img").mkdir(parents=True)
    for number in range(min(PICTURES, 2 * items)):
        picture = Image.new("RGB", (96, 96), (number * 37 % 256, number * 91 % 256, 120))
        ImageDraw.Draw(picture).ellipse((number % 50, 20, number % 50 + 30, 60), fill="white")
        picture.save(folder / "img" / f"{number}.png")
    card = {
        "name": "large", "protocols": ["pair"], "modalities": ["text", "image"],
        "primary": "accuracy",
        "criteria": [{"name": name, "question": f"Which has more {name}?"} for name in CRITERIA],
        "card": {"summary": "Made up, to be many."},
    }  # fmt: skip
    (folder / "task.yaml").write_text(json.dumps(card))
    with (folder / "items.jsonl").open("w") as file:
        file.writelines(json.dumps(_item(number)) + "\n" for number in range(items))


def _item(number: int) -> dict[str, Any]:
    def media(which: int) -> dict[str, str]:
        return {"modality": "image", "uri": f"img/{which % PICTURES}.png"}

    words = " ".join(WORDS[(number * 7 + k * k) % len(WORDS)] for k in range(24))
    value = ("first", "second", "tie")[number % 3]
    gold = {"kind": "preference", "value": value, "ratings": [value, value, "tie"]}
    return {
        "id": f"item-{number:07d}",
        "prompt": [f"{number}: {words}"],
        "candidates": [
            {"id": name, "system": f"system {(number + k) % 7}", "parts": [media(2 * number + k)]}
            for k, name in enumerate("ab")
        ],
        "gold": dict.fromkeys(CRITERIA, gold),
        "strata": {
            "modality": "text->image",
            "level": ("easy", "medium", "hard")[number % 3],
            "subject": f"subject {number % 12}",
        },
    }


def make_runs(folder: Path, judgments: int) -> list[Path]:
    """Runs of the judges that have so many judgments together."""
    import mmjudge

    items = judgments // (len(JUDGES) * len(CRITERIA) * ORDERS)
    make_task(folder / "task", items)
    return [
        mmjudge.run(
            str(folder / "task"), judge, orders="both", out=folder / judge.replace(":", "-")
        ).folder
        for judge in JUDGES
    ]


def write(runs: list[Path], page: Path, page_bytes: int) -> dict[str, float]:
    """Write the page here: seconds by the clock and the processor, of the items alone; memory."""
    from mmjudge.report.items import browser, item_browser
    from mmjudge.report.overview import overview
    from mmjudge.report.page import write_page

    browser.PAGE_BYTES = page_bytes
    start, cpu = time.perf_counter(), time.process_time()
    write_page(runs, page)
    whole, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    judges = overview(runs, 0)
    start = time.process_time()
    item_browser(judges, page.with_name("again.html")).discard()
    items = time.process_time() - start
    return {"write_s": whole, "write_cpu_s": cpu, "items_cpu_s": items, "peak_mb": peak}


def look(page: Path) -> dict[str, float]:
    """Open the page in a new browser: milliseconds to paint, to be ready, and of two filters."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    with sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        tab = browser.new_page(viewport={"width": 1440, "height": 900})
        tab.goto(page.as_uri())
        tab.wait_for_selector("#items-browser[data-ready]", timeout=120_000)
        ready = tab.evaluate("() => Number(document.querySelector('#items-browser').dataset.at)")
        found = {"paint_ms": tab.evaluate(MEASURE), "ready_ms": ready}
        for name in ("wrong", "hard"):
            work, seen = tab.evaluate(FILTER, name)
            found |= {f"filter_{name}_ms": work, f"filter_{name}_seen_ms": seen}
        for name, words in (("first_search_ms", "river seven"), ("search_ms", "river bird")):
            found[name] = tab.evaluate(FIND, words)
        browser.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judgments", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, default=Path("build/report-page"))
    parser.add_argument("--one-page", action="store_true", help="all in the page, however large")
    parser.add_argument("--step", choices=("write",), help="for the process of its own")
    given = parser.parse_args()
    folder = given.folder.resolve() / str(given.judgments)
    page = folder / "page.html"
    runs = [folder / judge.replace(":", "-") for judge in JUDGES]
    if given.step:
        print(json.dumps(write(runs, page, 1 << 60 if given.one_page else 0)))
        return
    if not all((run / "run.db").exists() for run in runs):
        shutil.rmtree(folder, ignore_errors=True)
        make_runs(folder, given.judgments)
    command = [sys.executable, __file__, *sys.argv[1:], "--step", "write"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures = json.loads(done.stdout.splitlines()[-1])
    rounds = [look(page) for _ in range(ROUNDS)]
    figures |= {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    figures["page_mb"] = page.stat().st_size / 1e6
    beside = list(page.with_name("page_files").rglob("*.*"))
    figures["files"], figures["beside_mb"] = (
        len(beside),
        sum(f.stat().st_size for f in beside) / 1e6,
    )
    for name, value in figures.items():
        print(f"{name:24} {value:,.1f}")


if __name__ == "__main__":
    main()
