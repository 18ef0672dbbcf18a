"""One forest for all classes of a multi-label task."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.ensemble import ExtraTreesClassifier

from studio.engine.features.base import Matrix
from studio.engine.models.base import SetClassifier


class SetForest(BaseEstimator, SetClassifier):  # type: ignore[misc]  # scikit-learn has no types
    """Extremely randomised trees whose leaves count all classes: a fraction of the time of a forest per class."""

    def __init__(self, n_trees: int = 200, column_fraction: float = 0.5, seed: int = 0) -> None:
        self.n_trees = n_trees
        self.column_fraction = column_fraction
        self.seed = seed

    def fit(self, features: Matrix, members: npt.NDArray[np.int32]) -> SetForest:
        """Grow the trees."""
        forest = ExtraTreesClassifier(
            n_estimators=self.n_trees,
            min_samples_leaf=2,
            max_features=self.column_fraction,
            max_leaf_nodes=4_000,
            random_state=self.seed,
        )
        self._forest = forest.fit(features, members)
        return self

    def predict_proba(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return the probability of each class, shape (n, K)."""
        found = self._forest.predict_proba(features)
        return np.column_stack([both[:, 1] for both in (found if isinstance(found, list) else [found])])
