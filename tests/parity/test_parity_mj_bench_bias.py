import json

import pytest

import mmjudge

pytestmark = pytest.mark.parity
BENCHMARK = {
    "CLIP-v2": "clipscore_v2",
    "ImageReward": "ImageReward",
    "Aesthetics": "aesthetics",
    "GPT-4-vision": "gpt-4-turbo",
    "GPT-4o": "gpt-4o",
}
BIAS = {"GPT-4-vision": "gpt-4-turbo", "GPT-4o": "gpt-4o"}
COLUMNS = {
    "Numerical_0_5": ("mj_bench.bias_by_items", "scale5"),
    "Numerical_0_10": ("mj_bench.bias", "scale10"),
    "Likert": ("mj_bench.bias", "likert"),
}
RAW = ("GPT-4-vision", "Numerical_0_10")
"""The one pair of columns that the authors took from scores that were not normalised."""


def one_of_each(names, *fast):
    """All names; those that tell what the fast ones tell stand in `make test-all`."""
    slow = pytest.mark.slow
    return [pytest.param(name, marks=() if name in fast else slow) for name in names]


def rows(data, table):
    content = json.loads((data / "mj_bench_bias" / "published.json").read_text())
    return {row["Model"]: row for row in content[table]}


@pytest.mark.parametrize("model", one_of_each(BENCHMARK, "GPT-4o", "ImageReward"))
def test_the_benchmark_table_within_a_tenth_of_a_point(figures, data, model):
    found = figures("mj_bench_bias", "mj_bench_bias", BENCHMARK[model], kind="scale5")
    published = rows(data, "benchmark")[model]
    for figure in ("acc", "nds", "ges"):
        value = found[f"mj_bench.benchmark.{figure}", "scale5", "all"]
        assert value == pytest.approx(published[f"Bias_{figure.upper()}"], abs=0.1)


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("model", BIAS)
def test_the_bias_table_within_a_tenth_of_a_point(figures, data, model, column):
    rule, criterion = COLUMNS[column]
    rule = "mj_bench.bias_raw" if (model, column) == RAW else rule
    found = figures("mj_bench_bias", "mj_bench_bias", BIAS[model])
    published = rows(data, "bias")[model]
    for figure in ("acc", "nds", "ges"):
        value = found[f"{rule}.{figure}", criterion, "all"]
        assert value == pytest.approx(published[f"{column}_{figure.upper()}"], abs=0.1)


@pytest.mark.parametrize(
    "scorer", one_of_each(("ImageReward", "aesthetics", "clipscore_v2"), "ImageReward")
)
def test_every_interval_holds_its_value_and_no_figure_takes_a_scale_for_another(
    data, tmp_path, scorer
):
    run = mmjudge.run(
        "mj_bench_bias",
        f"replay:{scorer}",
        data=data / "mj_bench_bias",
        out=tmp_path / "run",
        where={"kind": "scale5"},
    )
    found = [r for r in run.scores(n_resamples=200) if r.value is not None]
    assert {r.metric.partition(".")[0] for r in found} == {"mj_bench"}
    for result in found:
        low, high = result.ci95
        assert low < result.value < high, result.metric
