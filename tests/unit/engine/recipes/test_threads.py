"""Fits side by side have one native thread each, however many their process was given."""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from threadpoolctl import threadpool_info, threadpool_limits

from studio.engine.fitting.candidate import Candidate
from studio.engine.fitting.candidates import ALWAYS
from studio.engine.ml_task import MLTask, Modality
from studio.engine.recipes import build
from studio.engine.schema import CleansetSpec
from studio.engine.table.columns import ColumnKind

GIVEN = 4  # threads per process: more than a fit may use
SEEN: list[int] = []
MET = threading.Barrier(2, timeout=30)  # fits that do not run side by side would wait in vain


class Witness(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A classifier that notes how many threads each native pool has while it is fitted beside
    another.
    """

    def fit(self, features: npt.NDArray[np.float32], codes: npt.NDArray[np.int32]) -> Witness:
        self.classes_ = np.unique(codes)
        MET.wait()
        SEEN.append(_most_threads())
        MET.wait()
        return self

    def predict_proba(self, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        SEEN.append(_most_threads())
        return np.full((len(features), len(self.classes_)), 0.5)


def _most_threads() -> int:
    return max(int(pool["num_threads"]) for pool in threadpool_info())


def test_two_fits_side_by_side_have_one_native_thread_each(monkeypatch: pytest.MonkeyPatch) -> None:
    twins = [
        Candidate(key, key, Modality.TABULAR, ALWAYS, "trees", lambda _: Witness(), bool)
        for key in "ab"
    ]
    monkeypatch.setattr(build, "candidates_for", lambda *_: twins)
    frame = pd.DataFrame({"size": [str(row) for row in range(40)], "kind": ["small", "large"] * 20})
    spec = CleansetSpec(
        task=MLTask.MULTI_CLASS,
        modality=Modality.TABULAR,
        feature_columns=("size",),
        column_kinds={"size": ColumnKind.NUMBER},
        label_column="kind",
    )
    with threadpool_limits(limits=GIVEN):
        build.build_cleanset(frame, spec, n_jobs=2)
        assert _most_threads() == GIVEN
    assert set(SEEN) == {1}
