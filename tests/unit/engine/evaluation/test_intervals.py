"""An interval of 95% holds the truth in about 95 of 100 samples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from studio.engine.evaluation.inputs.predictions import Predictions, predictions_of
from studio.engine.evaluation.metrics.row_measures import RowMeasures, measure_numbers
from studio.engine.evaluation.metrics.summary import summarise
from studio.engine.evaluation.report import evaluate
from studio.engine.evaluation.runs.comparison import Comparison, compare_runs
from studio.engine.evaluation.runs.run_rows import RunRows
from studio.engine.evaluation.uncertainty.intervals import wilson
from studio.engine.ml_task import MLTask
from tests.unit.engine.evaluation.drawn import drawn_classes, drawn_numbers

N_SAMPLES = 400
N_PAIRS = 250
# with 400 samples the share itself is uncertain by 1.1 points; 93 to 97 of 100 is what is meant
LOWEST, HIGHEST = 0.92, 0.985


def measures_of(predictions: Predictions) -> RowMeasures:
    return evaluate(predictions).measures


def compared(first: RowMeasures, second: RowMeasures) -> Comparison:
    classes = tuple(f"class {code}" for code in range(first.n_classes))
    row_id = np.arange(len(first))
    return compare_runs(RunRows(classes, row_id, first), RunRows(classes, row_id, second))


@pytest.mark.parametrize(
    ("draw", "n_rows"), [(drawn_classes, 300), (drawn_numbers, 300)], ids=["classes", "numbers"]
)
def test_intervals_cover_the_truth(draw: Callable[..., Predictions], n_rows: int) -> None:
    samples = [summarise(measures_of(draw(n_rows, seed=seed))) for seed in range(N_SAMPLES)]
    truth = {
        key: one.value
        for key, one in summarise(measures_of(draw(400_000, seed=10_001))).metrics.items()
    }
    covered = {
        key: np.mean([one.metrics[key].low <= value <= one.metrics[key].high for one in samples])
        for key, value in truth.items()
    }
    assert {key: share for key, share in covered.items() if not LOWEST <= share <= HIGHEST} == {}


def test_intervals_of_differences_cover_the_truth() -> None:
    def pair(n_rows: int, seed: int) -> tuple[RowMeasures, RowMeasures]:
        first = drawn_classes(n_rows, seed=seed)
        rng = np.random.default_rng(seed + 50_000)
        noise = rng.dirichlet(np.ones(3), n_rows).astype(np.float32)
        mixed = 0.7 * first.probabilities + 0.3 * noise
        second = Predictions(
            first.task,
            first.classes,
            first.row_id,
            first.labels,
            mixed.argmax(axis=1).astype(np.int32),
            mixed,
        )
        return measures_of(first), measures_of(second)

    truth = {
        one.metric.key: one.difference.value
        for one in compared(*pair(300_000, seed=40_000)).metrics
    }
    hits: dict[str, list[bool]] = {key: [] for key in truth}
    for seed in range(N_PAIRS):
        for one in compared(*pair(300, seed)).metrics:
            hits[one.metric.key].append(
                one.difference.low <= truth[one.metric.key] <= one.difference.high
            )
    covered = {key: np.mean(found) for key, found in hits.items()}
    covered.pop("expected_calibration_error")  # a mean distance has no unbiased difference
    assert {key: share for key, share in covered.items() if not LOWEST <= share <= HIGHEST} == {}


def test_blocks_give_the_interval_of_single_rows() -> None:
    predictions = drawn_classes(20_000)
    found = summarise(measures_of(predictions)).metrics["accuracy"]
    expected = wilson(float((predictions.labels == predictions.predicted).sum()), 20_000)
    assert found.low == pytest.approx(expected.low, abs=5e-4)
    assert found.high == pytest.approx(expected.high, abs=5e-4)


def test_order_of_the_rows_hardly_matters() -> None:
    predictions = drawn_classes(6_000)
    by_class = predictions.take(np.argsort(predictions.labels, kind="stable"))
    ones, others = (summarise(measures_of(one)).metrics for one in (predictions, by_class))
    assert ones["accuracy"].value == others["accuracy"].value
    assert ones["accuracy"].low == pytest.approx(others["accuracy"].low, abs=2e-3)


def test_a_perfect_model_of_few_rows_is_not_sure_to_be_perfect() -> None:
    predictions = drawn_classes(40, strength=60)
    found = summarise(measures_of(predictions)).metrics["accuracy"]
    assert (found.value, found.high) == (1.0, 1.0)
    assert 0.85 < found.low < 0.95


def test_the_same_predictions_do_not_differ() -> None:
    measures = measures_of(drawn_classes(500))
    assert {one.verdict for one in compared(measures, measures).metrics} == {"unclear"}


def test_a_better_model_is_found_to_be_better_by_every_metric() -> None:
    weak, strong = (measures_of(drawn_classes(4_000, strength=s, seed=1)) for s in (1.0, 3.0))
    verdicts = {one.metric.key: one.verdict for one in compared(weak, strong).metrics}
    verdicts.pop("expected_calibration_error")
    assert set(verdicts.values()) == {"better"}


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_verdict_on_numbers_does_not_depend_on_their_unit(unit: float) -> None:
    rng = np.random.default_rng(2)
    labels = rng.normal(0, unit, 500)
    weak, strong = (
        measure_numbers(labels, labels + rng.normal(0, error * unit, 500)) for error in (1.0, 0.5)
    )
    assert {one.verdict for one in compared(weak, strong).metrics} == {"better"}


@pytest.mark.parametrize("task", [MLTask.MULTI_CLASS, MLTask.MULTI_LABEL])
def test_a_class_that_is_never_predicted_makes_no_model_better(task: MLTask) -> None:
    labels = ["a", "b"] * 50
    of_a = np.random.default_rng(0).uniform(0.1, 0.9, 100)
    two = np.column_stack([of_a, 1 - of_a]).astype(np.float32)
    three = np.column_stack([two, np.zeros(100, dtype=np.float32)])
    one, other = (
        evaluate(predictions_of(task, labels, list("abc")[: values.shape[1]], values))
        for values in (two, three)
    )
    rows = [RunRows(run.classes, np.arange(100), run.measures) for run in (one, other)]
    for metric in compare_runs(*rows).metrics:
        assert metric.first == pytest.approx(metric.second, abs=1e-6), metric.metric.key
