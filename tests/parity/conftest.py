"""Runs of recorded judges, each made once for all parity tests, and where the data is."""

from collections.abc import Callable
from pathlib import Path

import pytest

import mmjudge

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "parity"
Figures = dict[tuple[str, str, str], float | None]


collect_ignore = ["conftest.py"]  # else every conftest.py is one doctest module


@pytest.fixture(scope="session")
def data() -> Path:
    if not DATA.is_dir():
        reason = "the parity data (../shared/data) is not here: NO PUBLISHED FIGURE WAS CHECKED"
        print(reason)
        pytest.skip(reason)
    return DATA


@pytest.fixture(scope="session")
def figures(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Figures]:
    """Run a recorded judge as a user would, and give every published figure of the run."""
    made: dict[tuple[str, ...], Figures] = {}

    def of(task: str, folder: str, judge: str, orders: str = "given", **where: str) -> Figures:
        key = (task, judge, orders, *map("=".join, where.items()))
        if key not in made:
            out = tmp_path_factory.mktemp("run") / "run"
            run = mmjudge.run(
                task,
                f"replay:{judge}",
                data=data / folder,
                out=out,
                orders=orders,
                where=where,
            )
            results = run.scores(n_resamples=0)
            made[key] = {(r.metric, r.criterion, r.stratum): r.value for r in results}
        return made[key]

    return of
