"""Metrics are those of scikit-learn, whatever the labels and probabilities."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from studio.engine.evaluation.inputs.predictions import Predictions
from studio.engine.evaluation.metrics.ranking import Ranked, average_precision, roc_auc
from studio.engine.evaluation.report import evaluate
from studio.engine.ml_task import MLTask

SEEDS = st.integers(0, 2**32 - 1)


def probabilities_of(
    rng: np.random.Generator, codes: npt.NDArray[np.int32], n_classes: int
) -> npt.NDArray[np.float32]:
    """Tied in places, as those of trees are."""
    logits = np.round(rng.normal(size=(len(codes), n_classes)) + 1.5 * np.eye(n_classes)[codes], 1)
    powers = np.exp(logits)
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(2, 6), st.integers(30, 300))
def test_metrics_of_classes_are_those_of_scikit_learn(seed: int, k: int, n_rows: int) -> None:
    rng = np.random.default_rng(seed)
    codes = np.append(np.arange(k), rng.integers(k, size=n_rows - k)).astype(np.int32)
    probabilities = probabilities_of(rng, codes, k)
    predicted = probabilities.argmax(axis=1).astype(np.int32)
    names = tuple(f"class {code}" for code in range(k))
    rows = np.arange(n_rows)
    report = evaluate(Predictions(MLTask.MULTI_CLASS, names, rows, codes, predicted, probabilities))

    found = {key: one.value for key, one in report.summary.metrics.items()}
    one_hot = np.eye(k)[codes]
    exact = probabilities.astype(np.float64) / probabilities.sum(
        axis=1, keepdims=True, dtype=np.float64
    )
    expected = {
        "accuracy": metrics.accuracy_score(codes, predicted),
        "misclassification_rate": metrics.zero_one_loss(codes, predicted),
        "balanced_accuracy": metrics.balanced_accuracy_score(codes, predicted),
        "f1_macro": metrics.f1_score(codes, predicted, average="macro", zero_division=0),
        "f1_weighted": metrics.f1_score(codes, predicted, average="weighted", zero_division=0),
        "log_loss": metrics.log_loss(codes, exact),
        "roc_auc_ovr_macro": metrics.roc_auc_score(one_hot, probabilities, average="macro"),
        "average_precision_macro": metrics.average_precision_score(one_hot, probabilities),
        "brier_score": metrics.brier_score_loss(codes, exact),
    }
    assert found == pytest.approx(
        {**expected, "expected_calibration_error": found["expected_calibration_error"]}, abs=1e-5
    )
    matrix = metrics.confusion_matrix(codes, predicted, labels=range(k))
    assert report.confusion is not None
    assert (report.confusion.counts == matrix).all()
    for figures, (tn, fp, fn, tp) in zip(
        report.per_class,
        (one.ravel() for one in metrics.multilabel_confusion_matrix(codes, predicted)),
        strict=True,
    ):
        assert (
            figures.true_negatives,
            figures.false_positives,
            figures.false_negatives,
            figures.true_positives,
        ) == (tn, fp, fn, tp)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(2, 6), st.integers(30, 300))
def test_metrics_of_sets_are_those_of_scikit_learn(seed: int, k: int, n_rows: int) -> None:
    rng = np.random.default_rng(seed)
    members = rng.random((n_rows, k)) < 0.4
    members[0], members[1] = True, False
    probabilities = np.clip(
        np.round(0.4 * members + 0.3 + rng.normal(0, 0.2, (n_rows, k)), 2), 0.01, 0.99
    ).astype(np.float32)
    predicted = probabilities >= 0.5
    names = tuple(f"class {code}" for code in range(k))
    rows = np.arange(n_rows)
    report = evaluate(
        Predictions(MLTask.MULTI_LABEL, names, rows, members, predicted, probabilities)
    )

    found = {key: one.value for key, one in report.summary.metrics.items()}
    expected = {
        "subset_accuracy": metrics.accuracy_score(members, predicted),
        "f1_micro": metrics.f1_score(members, predicted, average="micro", zero_division=0),
        "f1_macro": metrics.f1_score(members, predicted, average="macro", zero_division=0),
        "f1_weighted": metrics.f1_score(members, predicted, average="weighted", zero_division=0),
        "roc_auc_macro": metrics.roc_auc_score(members, probabilities),
        "average_precision_macro": metrics.average_precision_score(members, probabilities),
        "log_loss": metrics.log_loss(members.ravel(), probabilities.ravel().astype(np.float64)),
        "brier_score": metrics.brier_score_loss(
            members.ravel(), probabilities.ravel().astype(np.float64)
        ),
    }
    assert found == pytest.approx(
        {**expected, "expected_calibration_error": found["expected_calibration_error"]}, abs=1e-5
    )


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(3, 300))
def test_metrics_of_numbers_are_those_of_scikit_learn(seed: int, n_rows: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.normal(50, 10, n_rows)
    predicted = labels + rng.normal(0, 3, n_rows)
    report = evaluate(Predictions(MLTask.REGRESSION, (), np.arange(n_rows), labels, predicted))
    assert {key: one.value for key, one in report.summary.metrics.items()} == pytest.approx(
        {
            "r2": metrics.r2_score(labels, predicted),
            "mean_absolute_error": metrics.mean_absolute_error(labels, predicted),
            "root_mean_squared_error": metrics.root_mean_squared_error(labels, predicted),
            "median_absolute_error": metrics.median_absolute_error(labels, predicted),
        }
    )


def test_ranking_by_levels_is_that_of_every_score() -> None:
    rng = np.random.default_rng(5)
    is_positive = rng.random(150_000) < 0.02
    logits = rng.normal(size=150_000) + 2 * is_positive - 3
    probabilities = (1 / (1 + np.exp(-4 * logits))).astype(np.float32)
    ranked = Ranked.of(probabilities, is_positive)
    assert roc_auc(ranked).value == pytest.approx(
        metrics.roc_auc_score(is_positive, probabilities), abs=1e-5
    )
    assert average_precision(ranked).value == pytest.approx(
        metrics.average_precision_score(is_positive, probabilities), abs=1e-3
    )


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.sampled_from([roc_auc, average_precision]))
def test_influence_of_a_row_is_what_its_weight_changes(seed: int, metric: object) -> None:
    rng = np.random.default_rng(seed)
    is_positive = np.append([True, False], rng.random(58) < 0.3)
    scores = np.round(rng.random(60), 1)
    found = metric(Ranked.of(scores, is_positive))
    row = int(rng.integers(60))
    weights = np.ones(60)
    weights[row] += 1e-5
    reference = {
        roc_auc: metrics.roc_auc_score,
        average_precision: metrics.average_precision_score,
    }[metric]
    slope = (reference(is_positive, scores, sample_weight=weights) - found.value) / 1e-5
    assert found.influence[row] == pytest.approx(slope, abs=1e-4)
    assert found.influence.sum() == pytest.approx(0, abs=1e-9)
