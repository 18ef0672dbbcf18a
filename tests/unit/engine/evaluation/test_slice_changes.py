"""Two runs in the same slices, and by the same thresholds."""

from __future__ import annotations

import numpy as np
import pytest

from studio.engine.evaluation.inputs.predictions import Predictions
from studio.engine.evaluation.report import evaluate
from studio.engine.evaluation.runs.comparison import compare_runs
from studio.engine.evaluation.runs.run_rows import RunRows
from studio.engine.evaluation.runs.slice_changes import NamedSlice
from studio.engine.evaluation.runs.thresholded import rows_by_threshold
from studio.engine.ml_task import MLTask
from tests.unit.engine.evaluation.drawn import drawn_classes


def run_of(labels: np.ndarray, predicted: np.ndarray, first_row: int = 0) -> RunRows:
    n_rows = len(labels)
    found = Predictions(
        MLTask.MULTI_CLASS,
        ("a", "b"),
        np.arange(first_row, first_row + n_rows),
        labels.astype(np.int32),
        predicted.astype(np.int32),
    )
    return RunRows(found.classes, found.row_id, evaluate(found).measures)


def test_a_slice_is_compared_on_the_rows_that_both_runs_have() -> None:
    labels = np.zeros(100)
    is_weak = np.arange(100) < 40
    first = run_of(labels, is_weak)  # wrong in rows 0 to 39
    second = run_of(labels[20:], np.zeros(80), first_row=20)
    wanted = NamedSlice("the first half", np.arange(50), {"first": 0})
    (change,) = compare_runs(first, second, [wanted]).slices
    assert change.n_rows == 30
    assert (change.first, change.second) == (pytest.approx(2 / 3), 0.0)
    assert change.difference.low < -2 / 3 < change.difference.high < 0
    assert change.verdict == "better"


def test_a_slice_without_common_rows_is_left_out() -> None:
    first = run_of(np.zeros(30), np.zeros(30))
    elsewhere = NamedSlice("elsewhere", np.arange(40, 60), {"first": 0})
    assert compare_runs(first, first, [elsewhere]).slices == []


def test_a_slice_of_the_same_predictions_is_unclear() -> None:
    run = run_of(np.zeros(30), np.arange(30) < 3)
    (change,) = compare_runs(run, run, [NamedSlice("all", np.arange(30), {"x": 1})]).slices
    assert change.difference.value == 0
    assert change.verdict == "unclear"
    assert change.to_dict()["found_in"] == {"x": 1}


def test_slice_intervals_of_differences_cover_the_truth() -> None:
    rng = np.random.default_rng(3)
    n_rows = 80
    covered = 0
    for _ in range(400):
        labels = np.zeros(n_rows)
        hard = rng.random(n_rows) < 0.3
        first = run_of(labels, hard | (rng.random(n_rows) < 0.2))
        second = run_of(labels, hard | (rng.random(n_rows) < 0.1))
        everything = NamedSlice("all", np.arange(n_rows), {})
        (change,) = compare_runs(first, second, [everything]).slices
        covered += change.difference.low <= -0.07 <= change.difference.high
    assert 0.92 <= covered / 400 <= 0.985


def test_rows_by_threshold_follow_it_and_keep_the_likeliest_class_elsewhere() -> None:
    found = drawn_classes(500, seed=1)
    run = RunRows(found.classes, found.row_id, evaluate(found).measures)
    rows = rows_by_threshold(run, found.probabilities, {"class 0": 0.2})
    reaches = found.probabilities[:, 0] >= 0.2
    assert (rows.measures.predicted[reaches] == 0).all()
    others = found.probabilities[:, 1:].argmax(axis=1) + 1
    assert (rows.measures.predicted[~reaches] == others[~reaches]).all()
    stated = found.probabilities[np.arange(500), rows.measures.predicted]
    assert (rows.measures.confidence == stated).all()
    assert rows_by_threshold(run, found.probabilities, {"unknown": 0.2}) is run
