"""Folders of small tasks for suites."""

import json

CARD = """\
name: {name}
protocols: [pair]
modalities: [text]
primary: accuracy
criteria: [{{name: fit, question: Which fits?, scale: {{highest: 5}}}}]
card: {{summary: Texts.}}
"""


def write_task(folder, name, right, n=10):
    """Pairs; the longer answer is the right one in the first `right` of them."""
    folder.mkdir(parents=True)
    (folder / "task.yaml").write_text(CARD.format(name=name))
    lines = []
    for i in range(n):
        longer_first = i % 2 == 0
        texts = ["long " * 9, "short"] if longer_first else ["short", "long " * 9]
        value = "first" if longer_first == (i < right) else "second"
        candidates = [{"id": "ab"[p], "parts": [t]} for p, t in enumerate(texts)]
        gold = {"fit": {"kind": "preference", "value": value}}
        item = {"id": str(i), "prompt": [f"p{i}"], "candidates": candidates, "gold": gold}
        lines.append(json.dumps(item) + "\n")
    (folder / "items.jsonl").write_text("".join(lines))
