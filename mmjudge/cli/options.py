"""Options that several commands have."""

from pathlib import Path
from typing import Annotated, Literal

import typer


def data_place(said: str) -> Path:
    """Tell a task's own sample from a folder of that name."""
    from mmjudge.sources import samples

    return samples.data_place(said)


Runs = Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of runs.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Resamples = Annotated[
    int, typer.Option(min=0, help="Resamples of the bootstrap; 0 for no intervals.")
]
Measures = Annotated[
    list[str] | None,
    typer.Option("--measure", "-m", help="A measure instead of the task's own; repeatable."),
]
Every = Annotated[
    bool, typer.Option("--all", help="All figures: undefined ones, and those no task names.")
]
Data = Annotated[
    Path | None,
    typer.Option(
        parser=data_place,
        metavar="PATH",
        help="Folder of its data; sample for the few items that come with it.",
    ),
]
Modality = Annotated[
    Literal["text", "image", "video", "audio"] | None, typer.Option(help="Only with this modality.")
]
Protocol = Annotated[
    Literal["pair", "score", "rank", "checklist", "steps"] | None,
    typer.Option(help="Only with this protocol."),
]


JudgeOptions = Annotated[
    list[str] | None,
    typer.Option("--judge-option", "-J", metavar="KEY=VALUE", help="Repeatable."),
]
