"""Speed and memory as ratios, measured side by side in one run: `python bench/harness.py`.

Both sides of a ratio run in processes of their own, in turn (A B A B), five times; the figure is
the median of the five ratios, so a machine that is busy slows both. What is absolute (seconds,
megabytes) says so, and is worth something only on a machine that has nothing else to do.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

HERE = Path(__file__).parent
ROUNDS = 5
IMAGE_ITEMS = 6000
"""Enough that starting the processes, 0.2 s, does not count for a tenth."""
PEER = HERE.parent / "build" / "bench-venv"


@dataclass(frozen=True)
class Figure:
    """One line of the table; `limit` None where there is nothing to reach."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    side: Literal["at least", "at most"] = "at least"
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the limit is kept; None without one."""
        if self.limit is None:
            return None
        return self.value >= self.limit if self.side == "at least" else self.value <= self.limit


def worker(*arguments: object, script: str = "workloads.py", python: str = sys.executable) -> Any:
    """Run one workload in a process of its own; its JSON line."""
    command = [python, str(HERE / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()[-600:]}")
    return json.loads(done.stdout.splitlines()[-1])


def in_turn(first: Callable[[], float], second: Callable[[], float]) -> tuple[float, float, float]:
    """Medians of first, of second and of first / second over the rounds."""
    pairs = [(first(), second()) for _ in range(ROUNDS)]
    return (
        statistics.median(a for a, _ in pairs),
        statistics.median(b for _, b in pairs),
        statistics.median(a / b for a, b in pairs),
    )


def rate(*arguments: object) -> float:
    return float(worker(*arguments)["items_per_s"])


def peer_python() -> str:
    """The interpreter of a venv that holds inspect_ai alone; made at the first use."""
    python = PEER / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEER)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "inspect_ai"], check=True)
    return str(python)


def text() -> Iterator[Figure]:
    """Pairs of texts, an instant judge, every judgment durable, against inspect_ai's mock model.

    Our run takes a fraction of a second, a moment that one neighbour can spoil: each turn is the
    median of five.
    """
    python = peer_python()
    turns = []
    for _ in range(ROUNDS):
        ours = [worker("text", 1000) for _ in range(ROUNDS)]
        turns.append((ours, worker(1000, script="peer_inspect.py", python=python)))
    version = turns[0][1]["version"]
    for unit, rate_name, limit in (
        ("s", "items_per_s", 50),
        ("processor s", "items_per_cpu_s", None),
    ):
        rates = [(statistics.median(o[rate_name] for o in ours), p[rate_name]) for ours, p in turns]
        mine, theirs = (statistics.median(side) for side in zip(*rates, strict=True))
        note = f"{mine:,.0f} and {theirs:,.0f} items/{unit}, inspect_ai {version}"
        ratio = statistics.median(a / b for a, b in rates)
        yield Figure(f"text items a {unit}, ours / inspect_ai", ratio, "x", limit, note=note)


def images() -> Iterator[Figure]:
    """Pairs of JPEG images, decoded, an instant judge, against one thread that only decodes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = worker("make-images", folder)
        note = f"two {made['mean_bytes'] / 1000:.0f} kB JPEGs of 224 px an item"
        for workers, limit in ((1, 0.9), (2, 1.4)):
            ours, bare, ratio = in_turn(
                lambda n=workers: rate("images", folder, IMAGE_ITEMS, n),
                lambda: rate("images-bare", folder, IMAGE_ITEMS),
            )
            yield Figure(f"image items, {workers} worker(s)", ours, "items/s", note=note)
            yield Figure("image items, bare loop", bare, "items/s")
            yield Figure(f"image items, {workers} worker(s) / bare loop", ratio, "x", limit)

        bare_loop = partial(rate, "images-bare", folder, IMAGE_ITEMS)
        _, _, ratio = in_turn(lambda: two_bare(folder), bare_loop)
        note = "what a second core is worth on this machine now: the most that 2 workers can reach"
        yield Figure("two bare loops at once / bare loop", ratio, "x", note=note)


def two_bare(folder: Path) -> float:
    """Items a second of two bare loops that run at once, each in its process."""
    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(lambda _: rate("images-bare", folder, IMAGE_ITEMS), range(2)))


def memory() -> Iterator[Figure]:
    """Peak memory of a whole run process, small and ten times as large."""
    small, large, _ = in_turn(
        lambda: worker("memory", 5000)["peak_mb"], lambda: worker("memory", 50_000)["peak_mb"]
    )
    yield Figure("peak memory, 5,000 items", small, "MB", 150, "at most")
    yield Figure("peak memory, 50,000 items", large, "MB", 150, "at most")
    yield Figure("peak memory, 50,000 / 5,000 items", large / small, "x", 1.05, "at most")


def start() -> Iterator[Figure]:
    """The command line's own help, against the peer's."""
    ours = [str(Path(sys.executable).with_name("mmjudge")), "--help"]
    theirs = [str(Path(peer_python()).with_name("inspect")), "--help"]
    seconds, peer, ratio = in_turn(lambda: wall(ours), lambda: wall(theirs))
    yield Figure("mmjudge --help", seconds, "s", 0.3, "at most")
    yield Figure("inspect --help", peer, "s")
    yield Figure("mmjudge --help / inspect --help", ratio, "x", 0.3 / 1.7, "at most")


def wall(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begun


def store() -> Iterator[Figure]:
    """A million judgments: what a resumed run reads, and all figures with 1,000 resamples."""
    for protocol in ("pair", "score"):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "run"
            built = worker("store", folder, 1_000_000, protocol)
            label = f"1 million {protocol} judgments"
            yield Figure(f"{label}: adding", built["rows_per_s"], "rows/s")
            yield Figure(f"{label}: file", built["file_mb"], "MB")
            scans = [worker("scan", folder) for _ in range(ROUNDS)]
            seconds = statistics.median(scan["seconds"] for scan in scans)
            note = f"processor time {statistics.median(scan['cpu_s'] for scan in scans):.1f} s"
            yield Figure(f"{label}: resume scan", seconds, "s", 2, "at most", note)
            runs = [worker("score", folder, 1000) for _ in range(3)]
            seconds = statistics.median(run["seconds"] for run in runs)
            peak = max(run["peak_mb"] for run in runs)
            busy = statistics.median(run["cpu_s"] for run in runs)
            note = f"{runs[0]['figures']} figures, 1,000 resamples, processor time {busy:.1f} s"
            yield Figure(f"{label}: scoring", seconds, "s", 15, "at most", note)
            yield Figure(f"{label}: scoring, peak memory", peak, "MB", 1024, "at most")


def resume() -> Iterator[Figure]:
    """The same command again on a finished run, as a share of the first one's time."""
    shares = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "run"
            first, again = worker("resume", folder, 20_000), worker("resume", folder, 20_000)
            shares.append(again["seconds"] / first["seconds"])
    yield Figure("finished run, again / first time", statistics.median(shares), "x", 1, "at most")


def resampling() -> Iterator[Figure]:
    """The lines of bench/resampling.py, which measures the statistics."""
    script = HERE / "resampling.py"
    if not script.exists():
        return
    command = [sys.executable, str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in filter(lambda text: text.startswith("{"), done.stdout.splitlines()):
        yield from _resampled(json.loads(line))
    if done.returncode:
        raise RuntimeError(f"{script.name}: {done.stderr.strip()[-600:]}")


def _resampled(line: dict[str, Any]) -> Iterator[Figure]:
    note = f"ours {line['ours_s']} s"
    if "peak_mb" in line:
        yield Figure(f"{line['what']}", line["peak_mb"], "MB", 1024, "at most", note)
    elif "ratio" in line:
        note += f", reference {line['reference_s']} s"
        yield Figure(line["what"], line["ratio"], "x", note=note)


CASES = {case.__name__: case for case in (text, images, memory, start, store, resume, resampling)}


def show(figure: Figure) -> None:
    aim = f"{figure.side} {figure.limit:g}" if figure.limit is not None else ""
    verdict = {None: "", True: "reached", False: "NOT REACHED"}[figure.reached]
    value = f"{figure.value:,.3f}" if figure.value < 10 else f"{figure.value:,.0f}"
    line = f"{figure.name:<52} {value:>10} {figure.unit:<8} {aim:<15} {verdict:<12} {figure.note}"
    print(line.rstrip(), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted(CASES), action="append", help="a case; repeatable")
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    chosen = parser.parse_args()
    figures, broken = [], []
    print(f"load at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    for name in chosen.only or CASES:
        try:
            for figure in CASES[name]():
                figures.append(figure)
                show(figure)
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            broken.append(name)
            print(f"{name}: not measured: {error}", file=sys.stderr, flush=True)
    if chosen.json:
        lines = [asdict(figure) | {"reached": figure.reached} for figure in figures]
        chosen.json.write_text(json.dumps(lines, indent=1) + "\n", encoding="utf-8")
    missed = [figure for figure in figures if figure.reached is False]
    return 1 if missed or broken else 0


if __name__ == "__main__":
    sys.exit(main())
