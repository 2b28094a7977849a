"""Small data in the layout of public datasets, media included; every item is our own."""

from pathlib import Path

from tests.tasks.small_hub_data import png, write_parquet


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


PUBLIC = {
    "vl_rewardbench": vl_rewardbench,
}
"""Tasks that are read in the layout of their public copy."""

TABLES = ("vl_rewardbench",)
"""Those whose rows are parquet, with the media inside."""
