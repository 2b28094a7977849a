"""Loads every measure through `evaluate` with the network cut, and compares."""

import socket
import sys
from pathlib import Path
from typing import NoReturn

import numpy as np


def _refuse(*_: object) -> NoReturn:
    raise AssertionError("the network was used")


def main() -> None:
    socket.socket.connect = _refuse  # type: ignore[assignment, method-assign]
    socket.create_connection = _refuse  # type: ignore[assignment]
    sys.path.insert(0, str(Path(__file__).parents[1] / "metrics"))
    import evaluate
    from conftest import random_columns

    import mmjudge.interop.evaluate as interop
    from mmjudge.metrics import Measure, measures

    named = ["accuracy(ties=half)", "ndcg@3", "ceiling(of=kappa)", "ceiling(of=tau_b)"]
    for measure in [*measures(), *map(Measure.parse, named)]:
        columns = random_columns(measure, 30, seed=1)
        module = evaluate.load(interop.PATH, str(measure))
        given = {key: columns[name].tolist() for name, key in interop.inputs(measure).items()}
        (found,) = module.compute(**given).values()
        want = measure(columns)
        same = found is None if np.isnan(want) else abs(found - want) < 1e-12
        assert same, f"{measure}: {found} through evaluate, {want} directly"
        print(measure)


if __name__ == "__main__":
    main()
