"""Small data in the layout of public datasets, media included; every item is our own."""

import json
import shutil
from pathlib import Path

from mmjudge.assets import PACK, embedded
from tests.tasks.small_hub_data import png, wav, write_parquet


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


def mj_bench(folder: Path) -> None:
    from mmjudge_tasks.mj_bench import PARTS

    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        good, bad = f"{part.category}.png", f"{part.category}_edited.png"
        if part.criterion == "alignment":
            row = {"id": 1, "source": "ours", "image0": bad, "image1": good, "label": 1}
        elif part.category == "blur":
            row = {"sharp_image": good, "motion_blur_image": bad, "label_0": 1}
            row["defocused_blur_image"] = f"{part.category}_far.png"
        else:
            row = {"image_0": good, "image_1": bad, "label_0": 1}
        (folder / Path(part.path).name).write_text(json.dumps([{"caption": "Red.", **row}]))
        for place, name, colour in zip(part.folders, (good, bad), ("red", "blue"), strict=True):
            if part.held:
                (folder / place).mkdir(parents=True, exist_ok=True)
                (folder / place / name).write_bytes(png(colour))


def mj_bench_video(folder: Path) -> None:
    from mmjudge_tasks.mj_bench_video import ASPECTS

    folder.mkdir(parents=True, exist_ok=True)
    for place, aspect in enumerate(ASPECTS):
        bodies = [
            {"label": {"one": fault, "two": False}, "chosen": chosen, "video_path": f"ours/{name}"}
            for name, fault, chosen in (
                ("a.mp4", place % 2 == 0, place % 2 == 1),
                ("b.mp4", place % 2 == 1, place % 2 == 0),
            )
        ]
        row = {"caption": "Waves.", "subset": aspect}
        row |= {"video0_body": bodies[0], "video1_body": bodies[1]}
        (folder / f"{aspect}.json").write_text(json.dumps([row]))
    pair = {"caption": "Waves.", "chosen": "ours/a.mp4", "reject": "ours/b.mp4", "better": []}
    (folder / "overall.json").write_text(json.dumps([pair]))
    _films(folder / "ours")


def _films(folder: Path) -> None:
    """Two films of the embedded scenes, whatever they show."""
    pack = embedded(PACK)
    assert pack is not None
    folder.mkdir(parents=True)
    for name, film in zip(("a.mp4", "b.mp4"), sorted(pack.rglob("*.mp4")), strict=False):
        shutil.copy(film, folder / name)


def omni_rewardbench(folder: Path) -> None:
    from mmjudge_tasks.omni_rewardbench import MEDIA, SUBSETS

    media = {"image": "images/a.png", "video": "ours/a.mp4", "audio": "sounds/a.wav"}
    for name, blob in (("image", png("red")), ("audio", wav(9))):
        path = folder / MEDIA / media[name]
        path.parent.mkdir(parents=True)
        path.write_bytes(blob)
    _films(folder / MEDIA / "ours")
    for place, subset in enumerate(SUBSETS):
        row = {"prompt": "Say it.", "criteria": "Is it short?", "id": str(place)}
        row["criteria_preference"] = ("response1", "tie", "response2")[place % 3]
        row |= {"model1": "one", "model2": "two"}
        if subset.shown != "text":
            row[subset.shown] = media[subset.shown]
        for side in ("response1", "response2"):
            row[side] = side if subset.answered == "text" else media[subset.answered]
        (folder / f"{subset.name}_preferences.json").write_text(json.dumps([row]))


def genai_bench_video(folder: Path) -> None:
    votes = ("leftvote", "tievote", "bothbad_vote")
    for judge, replies in (("j", ("[[A>B]]", "so: [[A=B]]", "[[A=B=Good]]")), ("k", ("?",) * 3)):
        rows = [
            {"idx": i, "prompt": "Waves.", "response": reply, "human_vote": vote, "correct": True}
            for i, (reply, vote) in enumerate(zip(replies, votes, strict=True))
        ]
        write_lines(folder / judge / "pairwise.jsonl", [*rows, rows[0]])


def judgebench(folder: Path) -> None:
    from mmjudge_tasks.judgebench import FILE, MODELS

    sources = ("mmlu-pro-law", "livebench-math", "livecodebench")
    for model in MODELS:
        rows = [
            {
                "pair_id": f"{model}-{place}",
                "source": source,
                "question": "How much is 1 + 1?",
                "response_model": model,
                "response_A": "Two." if label == "A>B" else "Five.",
                "response_B": "Two." if label == "B>A" else "Four.",
                "label": label,
            }
            for place, (source, label) in enumerate(
                zip(sources, ("A>B", "B>A", "A>B"), strict=True)
            )
        ]
        write_lines(folder / FILE.format(model=model), rows)
        shown = [("A>B", "B>A"), ("A>B", "A>B"), ("A=B", None)]
        replies = [
            {**row, "judgments": [{"decision": given}, {"decision": swapped}]}
            for row, (given, swapped) in zip(rows, shown, strict=True)
        ]
        name = FILE.format(model=f"{model},judge_name=way,judge_model=j")
        write_lines(folder / "outputs" / name, replies)


def rewardbench(folder: Path) -> None:
    subsets = ["alpacaeval-easy", "mt-bench-hard", "donotanswer", "math-prm", "hep-go", "hep-go"]
    columns = {
        "prompt": [f"Question {place}?" for place in range(len(subsets))],
        "chosen": ["A good answer."] * len(subsets),
        "chosen_model": ["one"] * len(subsets),
        "rejected": ["A worse answer, and a longer one."] * len(subsets),
        "rejected_model": ["two"] * len(subsets),
        "subset": subsets,
        "id": list(range(30, 30 + len(subsets))),
    }
    write_parquet(folder / "filtered-00000-of-00001.parquet", columns)


def mt_bench_human(folder: Path) -> None:
    def table(votes: list[tuple[int, str, str, str, int]]) -> dict:
        def talk(model: str) -> list[dict]:
            said = ["Why?", f"{model} says so.", "And then?", f"{model} goes on."]
            roles = ("user", "assistant") * 2
            return [{"content": c, "role": r} for c, r in zip(said, roles, strict=True)]

        return {
            "question_id": [vote[0] for vote in votes],
            "model_a": [vote[1] for vote in votes],
            "model_b": [vote[2] for vote in votes],
            "winner": [vote[3] for vote in votes],
            "judge": ["author_0" if vote[0] == 80 else "expert_1" for vote in votes],
            "conversation_a": [talk(vote[1]) for vote in votes],
            "conversation_b": [talk(vote[2]) for vote in votes],
            "turn": [vote[4] for vote in votes],
        }

    human = [
        (81, "x", "y", "model_a", 1),
        (81, "y", "x", "model_b", 1),
        (81, "x", "y", "tie", 1),
        (81, "x", "y", "model_b", 2),
        (81, "x", "y", "model_a", 2),
        (80, "x", "y", "model_a", 1),
    ]
    gpt4 = [(81, "y", "x", "tie (inconsistent)", 1), (81, "x", "y", "model_a", 2)]
    gpt4.append((99, "x", "y", "model_a", 1))
    write_parquet(folder / "human-00000-of-00001.parquet", table(human))
    write_parquet(folder / "gpt4_pair-00000-of-00001.parquet", table(gpt4))


def contextual_judgebench(folder: Path) -> None:
    from mmjudge_tasks.contextual_judgebench import SPLITS

    for split in SPLITS:
        columns = {
            "question": ["Where is the cup?"],
            "context": ["The cup is on the table."],
            "positive_response": ["On the table."],
            "negative_response": ["On the floor."],
            "question_id": ["1"],
        }
        write_parquet(folder / f"{split}-00000-of-00001.parquet", columns)


PUBLIC = {
    "contextual_judgebench": contextual_judgebench,
    "mt_bench_human": mt_bench_human,
    "rewardbench": rewardbench,
    "judgebench": judgebench,
    "genai_bench_video": genai_bench_video,
    "mj_bench_video": mj_bench_video,
    "omni_rewardbench": omni_rewardbench,
    "mj_bench": mj_bench,
    "mmrb2": mmrb2,
    "multimodal_rewardbench": multimodal_rewardbench,
    "multi_crit": multi_crit,
    "mllm_judge": mllm_judge,
    "vl_rewardbench": vl_rewardbench,
}
"""Tasks that are read in the layout of their public copy."""

TABLES = ("contextual_judgebench", "mt_bench_human", "multi_crit", "rewardbench", "vl_rewardbench")
"""Those whose rows are parquet, with the media inside."""

DOCUMENTS = ("mj_bench", "mj_bench_video", "omni_rewardbench", "mmrb2", "multimodal_rewardbench")
"""Those whose data are JSON documents."""

WITH_REPLIES = ("genai_bench_video", "judgebench", "mt_bench_human")
"""Those whose data hold replies of judges."""
