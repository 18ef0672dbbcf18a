"""Linear models of words and of several classes at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge

from studio.engine.fitting.learners import ClassifierLearner
from studio.engine.models.base import Classifier
from studio.engine.models.linear import (
    LinearSVMClassifier,
    MultiLabelLogistic,
    NBSVMClassifier,
    TableLogistic,
    TunedRidge,
)

N_ROWS = 300


def test_classes_fitted_together_are_those_fitted_one_by_one() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(N_ROWS, 6)).astype(np.float32)
    members = (rows[:, :3] + rng.normal(0, 1, (N_ROWS, 3)) > 0.3).astype(np.int32)
    together = MultiLabelLogistic(C=1.0).fit(rows, members).predict_proba(rows)
    one_by_one = [
        LogisticRegression(C=1.0).fit(rows, column).predict_proba(rows)[:, 1]
        for column in members.T
    ]
    np.testing.assert_allclose(together, np.column_stack(one_by_one), atol=0.01)


def test_words_that_one_class_uses_more_decide_for_it() -> None:
    rng = np.random.default_rng(0)
    codes = rng.choice([2, 5, 9], N_ROWS).astype(np.int32)
    counts = rng.poisson(1.0, (N_ROWS, 12)).astype(np.float32)
    for place, code in enumerate([2, 5, 9]):
        counts[codes == code, place] += rng.poisson(3.0, int((codes == code).sum()))
    model = NBSVMClassifier().fit(sparse.csr_array(counts[:200]), codes[:200])
    said = model.predict_proba(sparse.csr_array(counts[200:]))
    assert model.classes_.tolist() == [2, 5, 9]
    np.testing.assert_allclose(said.sum(axis=1), 1, rtol=1e-6)
    assert np.mean(model.classes_[said.argmax(axis=1)] == codes[200:]) > 0.85


def test_two_classes_are_separated_by_one_plane() -> None:
    rng = np.random.default_rng(0)
    codes = rng.choice([0, 1], N_ROWS).astype(np.int32)
    counts = rng.poisson(1.0 + 2.0 * codes[:, None], (N_ROWS, 4)).astype(np.float32)
    counts[:, 2:] = rng.poisson(1.0, (N_ROWS, 2))
    said = (
        NBSVMClassifier()
        .fit(sparse.csr_array(counts), codes)
        .predict_proba(sparse.csr_array(counts))
    )
    assert said.shape == (N_ROWS, 2)
    assert np.mean(said.argmax(axis=1) == codes) > 0.85


@pytest.mark.parametrize(
    "model", [LinearSVMClassifier(), NBSVMClassifier()], ids=lambda one: type(one).__name__
)
def test_fits_side_by_side_are_what_they_are_alone(model: Classifier) -> None:
    rng = np.random.default_rng(0)
    rows = sparse.csr_array(rng.poisson(0.2, (1_000, 300)).astype(np.float32))
    codes = rng.integers(0, 5, 1_000).astype(np.int32)

    def fitted() -> npt.NDArray[np.floating]:
        one = clone(model)
        one.fit(rows, codes)
        return one.predict_proba(rows)

    alone = fitted()
    with ThreadPoolExecutor(4) as threads:
        together = [threads.submit(fitted) for _ in range(12)]
    assert all(np.array_equal(one.result(), alone) for one in together)


def test_of_many_rows_evenly_spaced_ones_of_each_class_are_enough_for_a_few_weights() -> None:
    codes = np.zeros(60_000, dtype=np.int32)
    codes[[5, 59_000]] = 1
    learner = ClassifierLearner(TableLogistic(), n_classes=2)
    kept = learner.sample(4, codes)
    assert 8_000 <= len(kept) <= 10_001
    assert np.diff(kept).min() > 0
    assert codes[kept].sum() == 1
    assert (
        len(learner.sample(400, codes))
        == len(learner.sample(4, codes[:10_000])) + 50_000
        == len(codes)
    )


@pytest.mark.parametrize("noise", [0.01, 3.0])
def test_the_looser_numbers_follow_from_features_the_more_a_ridge_regression_is_held_back(
    noise: float,
) -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(2 * N_ROWS, 150)).astype(np.float32) / 10
    numbers = rows @ rng.normal(size=150) + rng.normal(0, noise, 2 * N_ROWS)
    learned, asked = slice(0, N_ROWS), slice(N_ROWS, None)

    def error(model: Ridge | TunedRidge) -> float:
        return float(
            (
                (model.fit(rows[learned], numbers[learned]).predict(rows[asked]) - numbers[asked])
                ** 2
            ).mean()
        )

    tuned = error(TunedRidge())
    assert tuned <= 1.05 * min(error(Ridge(penalty)) for penalty in (1.0, 10.0, 100.0))
    assert tuned < 0.95 * max(error(Ridge(penalty)) for penalty in (1.0, 100.0))


def test_one_row_is_enough_for_a_ridge_regression() -> None:
    rows, numbers = np.ones((1, 3), dtype=np.float32), np.array([2.0])
    np.testing.assert_allclose(TunedRidge().fit(rows, numbers).predict(rows), numbers)
