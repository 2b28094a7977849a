"""Speed of the leaderboard's pages in headless Chromium: 500 judges by 100 columns.

Run: python bench/site.py [--entries 500] [--columns 100] [--rounds 9]. The pages are opened from a
file in the system's Chromium with an empty cache. A figure is a median of the rounds: `loads` from
the start of the navigation to the table that can be sorted, `sorts` from a press on a heading to
the end of the frame that shows it; the processor time beside each is that of the page's main
thread. One JSON line a figure, then a table.
"""

import argparse
import json
import os
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
SORT = """(name) => new Promise((done) => {
    const heading = document.querySelector(`th[data-column="${name}"] [role=button]`);
    const start = performance.now();
    mmjudge.scoring.table.one("draw", () => requestAnimationFrame(() => setTimeout(() =>
        done(performance.now() - start), 0)));
    heading.click();
})"""
LIMITS = {"loads": 1000, "sorts": 100}


def processor_ms(session) -> float:
    """Processor time of the page's main thread so far; other work disturbs it less."""
    found = session.send("Performance.getMetrics")["metrics"]
    return 1000 * next(m["value"] for m in found if m["name"] == "TaskDuration")


def figures(browser, address: str, columns: list[str]) -> dict[str, float]:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = processor_ms(session)
    page.goto(address)
    page.wait_for_function(READY)
    found = {
        "first paint": page.evaluate(PAINTED),
        "loads": page.evaluate("performance.getEntriesByName('ready')[0].startTime"),
        "loads, processor": processor_ms(session) - before,
    }
    page.wait_for_selector("[data-filled]")
    times, used = [], []
    for name in columns:
        before = processor_ms(session)
        times.append(page.evaluate(SORT, name))
        used.append(processor_ms(session) - before)
        page.wait_for_selector("[data-filled]")
    page.close()
    return {
        **found, "sorts": statistics.median(times), "sorts, processor": statistics.median(used),
    }  # fmt: skip


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
                rounds = [figures(browser, address, columns) for _ in range(options.rounds)]
                medians = {k: statistics.median(r[k] for r in rounds) for k in rounds[0]}
                lines.append((way, medians))
                print(json.dumps({"what": way, **{k: round(v) for k, v in medians.items()}}))
    names = list(lines[0][1])
    print(f"\nload of the machine: {os.getloadavg()[0]:.1f}\n\n| page | {' | '.join(names)} |")
    print("|---" * (len(names) + 1) + "|")
    for way, found in lines:
        print(f"| {way} | {' | '.join(f'{found[name]:.0f} ms' for name in names)} |")
    missed = [name for name, most in LIMITS.items() if lines[0][1][name] > most]
    sys.exit(f"missed: {', '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    main()
