"""Fits side by side have one native thread each, however many their process was given."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, ClassifierMixin
from threadpoolctl import threadpool_info, threadpool_limits

from studio.engine.learners import ClassLearner

GIVEN = 4  # threads per process: more than a fit may use


class Witness(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A classifier that notes how many threads each native pool has while it is fitted and asked."""

    def fit(self, features: npt.NDArray[np.float32], codes: npt.NDArray[np.int32]) -> Witness:
        self.classes_, self.seen = np.unique(codes), [_most_threads()]
        return self

    def predict_proba(self, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        self.seen.append(_most_threads())
        return np.full((len(features), len(self.classes_)), 0.5)


def _most_threads() -> int:
    return max(pool["num_threads"] for pool in threadpool_info())


def _fitted() -> tuple[int, list[int]]:
    """Return the threads that this process has, and those in a fit and a prediction."""
    features, codes, witness = np.zeros((4, 2), dtype=np.float32), np.array([0, 1, 0, 1]), Witness()
    with threadpool_limits(limits=GIVEN):
        learner = ClassLearner(witness, 2)
        learner.fit(features, codes)
        learner.predict(features)
        return _most_threads(), witness.seen


def test_fits_in_two_processes_have_one_native_thread_each() -> None:
    for threads_given, threads_used in Parallel(n_jobs=2)(delayed(_fitted)() for _ in range(2)):
        assert threads_given == GIVEN
        assert threads_used == [1, 1]
