"""Small data in the layout of public datasets, media included; every item is our own."""

import json
from pathlib import Path

from tests.tasks.small_hub_data import png, write_parquet


def write_lines(path: Path, rows: list[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def picture(colour: str) -> dict:
    return {"bytes": png(colour), "path": f"{colour}.png"}


def vl_rewardbench(folder: Path) -> None:
    columns = {
        "id": ["wildvision_1", "RLHF-V-2", "mathverse_3", "7f"],
        "query": ["<image>\nWhat colour is it?", "Describe it.", "How many sides?", "What is it?"],
        "response": [["Red.", "Blue."], ["A cat.", "Green."], ["Four.", "Five."], ["Red.", "Sky."]],
        "image": [picture(c) for c in ("red", "green", "blue", "red")],
        "human_ranking": [[0, 1], [1, 0], [0, 1], [0, 1]],
        "query_source": ["WildVision", "RLHF-V", "MathVerse", "VLFeedback"],
    }
    write_parquet(folder / "test-00000-of-00001.parquet", columns)


def mllm_judge(folder: Path) -> None:
    def row(place: int, **fields: object) -> dict:
        shared = {"id": place, "instruction": "What is shown?", "original_dataset": "ours"}
        return {**shared, "image_path": f"image/{place}.jpg", **fields}

    def answers(*texts: str) -> list[dict]:
        return [{"name": f"model{i}", "answer": text} for i, text in enumerate(texts)]

    one, two = answers("A red square.", "A sea.")
    pair = {"answer1": one, "answer2": two}
    pairs = [
        row(0, pair_id=5, **pair, human_answer="A", image_path="0.jpg"),
        row(1, pair_id=6, **pair, human="B", original_dataset="theirs"),
        row(1, pair_id=7, **pair, human_answer="C"),
    ]
    scores = [row(0, score_id=3, **one, human="4"), row(1, score_id=4, **two, Human_answer=2)]
    four = answers("Red.", "A red square.", "A sea.", "Nothing.")
    batch = [row(1, answers=four, human_answer="BADC"), row(0, answers=four, human_answer="ABCD")]
    for name, rows in (("pair", pairs), ("score", scores), ("batch", batch)):
        write_lines(folder / f"{name}.jsonl", rows)
    (folder / "image").mkdir()
    for place, colour in enumerate(("red", "blue")):
        (folder / "image" / f"{place}.jpg").write_bytes(png(colour))


def multi_crit(folder: Path) -> None:
    def rows(labels: list[tuple[str, str, str]], colour: str) -> dict:
        return {
            "image": [picture(colour)] * len(labels),
            "question_id": [f"{prompt}__{criterion}" for prompt, criterion, _ in labels],
            "question": ["<image> What is shown?"] * len(labels),
            "pred_a": [f"{prompt}: red." for prompt, _, _ in labels],
            "pred_b": [f"{prompt}: a square, I think." for prompt, _, _ in labels],
            "model_a": ["one"] * len(labels),
            "model_b": ["two"] * len(labels),
            "criterion": [criterion for _, criterion, _ in labels],
            "preference": [label for _, _, label in labels],
            "prompt_id": [prompt for prompt, _, _ in labels],
        }

    open_ended = [
        ("p", "clarity", "model_a"),
        ("q", "clarity", "model_b"),
        ("p", "visual_grounding", "model_b"),
    ]
    reasoning = [("p", "efficiency", "model_a"), ("p", "no_hallucination", "model_a")]
    for split, labels, colour in (
        ("open_ended", open_ended, "red"),
        ("reasoning", reasoning, "blue"),
    ):
        write_parquet(folder / f"{split}-00000-of-00001.parquet", rows(labels, colour))


def multimodal_rewardbench(folder: Path) -> None:
    rows = [
        {
            "ID": name,
            "Category": category,
            "Text": "What is shown?",
            "Image": f"images/ours/{place}.png",
            "Output1": "A red square.",
            "Output2": f"A sea, {place} ships.",
            "Better": better,
        }
        for place, (name, category, better) in enumerate(
            [
                ("PAIRS_1", "safety", "Output1"),
                ("mathvista_2", "reasoning", "Output2"),
                ("nocaps_3", "general", "Output1"),
            ]
        )
    ]
    (folder / "images" / "ours").mkdir(parents=True)
    for row in rows:
        (folder / row["Image"]).write_bytes(png("red"))
    (folder / "all_data.json").write_text(json.dumps(rows))


def mmrb2(folder: Path) -> None:
    def side(place: int, letter: str) -> dict:
        content = [["image", f"images/{place}_{letter}.png"], ["text", f"Side {letter}."]]
        return {"model_name": f"model-{letter}", "response_content": content}

    (folder / "images").mkdir(parents=True)
    (folder / "input_images").mkdir()
    (folder / "input_images" / "0.png").write_bytes(png("green"))
    for place, subset in enumerate(("t2i", "edit", "interleaved", "reasoning")):
        pair = {
            "id": f"pair_{place}",
            "prompt_source": "ours",
            "prompt_content": [["text", "Paint it."], ["image", "input_images/0.png"]],
            "prompt_metadata": {"id": place},
            "response_a": side(place, "a"),
            "response_b": side(place, "b"),
            "chosen": "AB"[place % 2],
            "human_annotations": [6, 5, 2] if place % 2 == 0 else [1, 1, 1],
        }
        if subset == "reasoning":
            grades = {"response_a_ratings": ["B"], "response_b_ratings": ["C"]}
            pair["human_annotations"] = grades
        for letter, colour in (("a", "red"), ("b", "blue")):
            (folder / "images" / f"{place}_{letter}.png").write_bytes(png(colour))
        (folder / f"{subset}.json").write_text(json.dumps({"pairs": [pair]}))


PUBLIC = {
    "mmrb2": mmrb2,
    "multimodal_rewardbench": multimodal_rewardbench,
    "multi_crit": multi_crit,
    "mllm_judge": mllm_judge,
    "vl_rewardbench": vl_rewardbench,
}
"""Tasks that are read in the layout of their public copy."""

TABLES = ("multi_crit", "vl_rewardbench")
"""Those whose rows are parquet, with the media inside."""

DOCUMENTS = ("mmrb2", "multimodal_rewardbench")
"""Those whose data are JSON documents."""
