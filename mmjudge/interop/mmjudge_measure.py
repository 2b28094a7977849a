"""The script that `evaluate.load` reads; see `mmjudge.interop.evaluate`."""

from typing import Any

import datasets
import evaluate

import mmjudge.interop.evaluate as interop
from mmjudge.metrics import Measure


class MmjudgeMeasure(evaluate.Metric):  # type: ignore[misc]
    """A measure of mmjudge, named by the configuration."""

    def _info(self) -> evaluate.MetricInfo:
        measure = Measure.parse(self.config_name)
        columns = interop.inputs(measure)
        features = {key: self._feature(measure, name) for name, key in columns.items()}
        return evaluate.MetricInfo(
            description=f"{measure}: {measure.spec.summary}.",
            citation=measure.spec.reference,
            inputs_description=f"{', '.join(columns.values())}, coded as in mmjudge.metrics.",
            features=datasets.Features(features),
        )

    def _feature(self, measure: Measure, column: str) -> Any:
        value = datasets.Value("float64" if interop.is_float(measure, column) else "int64")
        if column not in interop.LISTS:
            return value
        inner = datasets.Sequence(value)
        ranked = column == "ratings" and measure.protocol == "rank"
        return datasets.Sequence(inner) if ranked else inner

    def _compute(self, **given: Any) -> dict[str, float | None]:
        return interop.compute(Measure.parse(self.config_name), given)
