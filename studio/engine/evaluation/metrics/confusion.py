"""Which classes are taken for which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from studio.engine.evaluation.uncertainty.resampling import Floats

MAX_CLASSES_BY_PROBABILITY = 200  # more make a file of many megabytes that nobody reads


@dataclass(frozen=True, slots=True)
class ConfusionMatrix:
    """Rows by label and predicted class.

    Attributes
    ----------
    counts
        Shape (K, K). A row with several classes counts in each of its labels' rows and each of its
        predictions' columns, so on and off the diagonal.
    mean_probability
        The mean probability of the column's class in rows labeled with the row's class, shape
        (K, K); None where probabilities are unknown.
    order
        The classes, so that those which are mistaken for each other stand together.
    """

    counts: npt.NDArray[np.int64]
    mean_probability: Floats | None
    order: list[int]

    def to_dict(self, classes: tuple[str, ...]) -> dict[str, Any]:
        """Return it for JSON; no mean probabilities for a class without rows."""
        values: dict[str, Any] = {
            "classes": list(classes),
            "counts": self.counts.tolist(),
            "mean_probability": None,
            "order": self.order,
        }
        if self.mean_probability is not None:
            rows = []
            for row in self.mean_probability:
                is_known = not np.isnan(row).any()
                rows.append([round(value, 4) for value in row.tolist()] if is_known else None)
            values["mean_probability"] = rows
        return values


def confuse(
    labels: npt.NDArray[Any],
    predicted: npt.NDArray[Any],
    n_classes: int,
    probabilities: npt.NDArray[np.float32] | None = None,
) -> ConfusionMatrix:
    """Count rows of class codes, shape (n,), or of sets, shape (n, K)."""
    if labels.ndim == 2:
        together = labels.T.astype(np.float32) @ predicted.astype(np.float32)
        counts = np.asarray(together, dtype=np.int64)
    else:
        cells = labels.astype(np.int64) * n_classes + predicted
        counts = np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)
        counts = counts.astype(np.int64)
    mean = None
    if probabilities is not None and n_classes <= MAX_CLASSES_BY_PROBABILITY:
        mean = _mean_probability(labels, probabilities)
    return ConfusionMatrix(counts, mean, _similar_together(counts if mean is None else mean))


def _mean_probability(labels: npt.NDArray[Any], probabilities: npt.NDArray[np.float32]) -> Floats:
    n_classes = probabilities.shape[1]
    mean = np.full((n_classes, n_classes), np.nan)
    for code in range(n_classes):
        has_class = labels[:, code] if labels.ndim == 2 else labels == code
        if has_class.any():
            mean[code] = probabilities[has_class].mean(axis=0, dtype=np.float64)
    return mean


def _similar_together(matrix: npt.NDArray[Any]) -> list[int]:
    """Order classes by average linkage of how often each is taken for the other."""
    n_classes = len(matrix)
    if n_classes < 3:
        return list(range(n_classes))
    rates = np.nan_to_num(matrix.astype(np.float64))
    rates /= np.maximum(rates.sum(axis=1, keepdims=True), 1e-12)
    likeness = (rates + rates.T) / 2
    np.fill_diagonal(likeness, 0)
    distances = 1 - likeness
    np.fill_diagonal(distances, 0)  # `squareform` takes no other
    tree = linkage(squareform(distances, checks=False), "average", optimal_ordering=False)
    return [int(code) for code in leaves_list(tree)]
