"""What the harness compares with: inspect_ai's mock model on N items; run in a venv of its own.

Prints one JSON line. The peer gets what makes it fastest: no token counting (usage is given, so no
tokenizer is loaded), no display, no realtime log, no servers, and as many samples at once as helps.
"""

import json
import sys
import tempfile
import time

from inspect_ai import Task
from inspect_ai import __version__ as version
from inspect_ai import eval as evaluate
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import match
from inspect_ai.solver import generate

SETTINGS = {
    "max_connections": 1000,
    "max_samples": 1000,
    "display": "none",
    "log_level": "error",
    "log_realtime": False,
    "score_display": False,
}
QUIETER = {"ctl_server": False, "acp_server": False}


def answer(*_: object) -> ModelOutput:
    output = ModelOutput.from_content("mockllm/model", "Verdict: A")
    output.usage = ModelUsage(input_tokens=10, output_tokens=2, total_tokens=12)
    return output


def main() -> None:
    count = int(sys.argv[1])
    samples = [
        Sample(
            input=f"Which is better? Say the number {i}. A: It is {i}. B: It is {i + 1}.",
            target="A" if i % 2 else "B",
        )
        for i in range(count)
    ]
    task = Task(dataset=MemoryDataset(samples), solver=[generate()], scorer=match(location="end"))
    model = get_model("mockllm/model", custom_outputs=answer)
    with tempfile.TemporaryDirectory() as folder:
        start, busy = time.perf_counter(), time.process_time()
        log = evaluate(task, model=model, log_dir=folder, **SETTINGS, **QUIETER)[0]
        seconds, busy = time.perf_counter() - start, time.process_time() - busy
    if log.status != "success":
        sys.exit(f"inspect_ai: {log.status}: {log.error.message if log.error else ''}")
    rates = {"items_per_s": count / seconds, "items_per_cpu_s": count / busy}
    print(json.dumps({"version": version, **rates}))


if __name__ == "__main__":
    main()
