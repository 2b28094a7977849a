"""Speed of the leaderboard's pages in headless Chromium: 500 judges by 100 columns.

Run: python bench/site.py [--entries 500] [--columns 100] [--rounds 9]. The pages are opened from a
file in the system's Chromium with an empty cache. A figure is a median of the rounds: `loads` from
the start of the navigation to the table that can be sorted, `sorts` from a press on a heading to
the end of the frame that shows it. One JSON line a figure, then a table.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmjudge.leaderboard.site import write_site
from tests.browser import chromium
from tests.leaderboard.site.boards import board

READY = "document.documentElement.dataset.ready === 'yes'"
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
LOADED = """() => new Promise((done) => requestAnimationFrame(() => setTimeout(() =>
    done(performance.now()), 0)))"""
SORT = """(name) => new Promise((done) => {
    const heading = document.querySelector(`th[data-column="${name}"] [role=button]`);
    const start = performance.now();
    heading.click();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - start), 0));
})"""
LIMITS = {"loads": 1000, "sorts": 100}


def figures(page, address: str, columns: list[str]) -> dict[str, float]:
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_function(READY)
    found = {"loads": page.evaluate("performance.getEntriesByName('ready')[0].startTime")}
    found["first paint"] = page.evaluate(PAINTED)
    found["sorts"] = statistics.median(page.evaluate(SORT, name) for name in columns)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=500)
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    made = board(options.entries, options.columns)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        write_site(made, Path(folder))
        print(json.dumps({"what": "written_s", "value": round(time.perf_counter() - start, 1)}))
        every = ",".join(column.id for column in made.columns)
        index = (Path(folder) / "index.html").as_uri()
        ways = {
            "as it opens": index,
            f"all {len(made.columns)} columns": f"{index}#columns={every}",
            "as it opens, all rows": f"{index}#rows=all",
            f"all {len(made.columns)} columns, all rows": f"{index}#columns={every}&rows=all",
        }
        sizes = {p.name: p.stat().st_size for p in Path(folder).glob("*.*")}
        print(json.dumps({"what": "bytes", **sizes}))
        columns = ["overall", "task-genai_bench-pair", "bias-verbosity", "judge"]
        lines = []
        with chromium() as browser:
            for way, address in ways.items():
                rounds = []
                for _ in range(options.rounds):
                    page = browser.new_page(viewport={"width": 1440, "height": 900})
                    rounds.append(figures(page, address, columns))
                    page.close()
                medians = {k: statistics.median(r[k] for r in rounds) for k in rounds[0]}
                lines.append((way, medians))
                print(json.dumps({"what": way, **{k: round(v) for k, v in medians.items()}}))
    print("\n| page | first paint | loads | sorts |\n|---|---|---|---|")
    for way, found in lines:
        times = " | ".join(f"{found[name]:.0f} ms" for name in ("first paint", "loads", "sorts"))
        print(f"| {way} | {times} |")
    missed = [name for name, most in LIMITS.items() if lines[0][1][name] > most]
    sys.exit(f"missed: {', '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    main()
