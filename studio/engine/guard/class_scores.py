"""How much nearer a row is to one of the classes than to the middle of all rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.engine.guard.space import Vectors

MAX_DIMENSIONS = 1_000
_SHRINKAGE = 0.1  # of the covariance, in units of its mean variance


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Relative Mahalanobis distances, without the parts that no row needs.

    Attributes
    ----------
    middle
        Mean of all rows, shape (d,); vectors are taken from there.
    quadratic
        The inverse covariance within classes less that of all rows, shape (d, d).
    coef, intercept
        What is linear in a row, of each class; shapes (d, K) and (K,).
    """

    middle: npt.NDArray[np.float32]
    quadratic: npt.NDArray[np.float32]
    coef: npt.NDArray[np.float32]
    intercept: npt.NDArray[np.float32]

    def distances(self, vectors: Vectors) -> npt.NDArray[np.float32]:
        """Return how much farther the nearest class is than the middle of all rows, shape (n,)."""
        shifted = vectors - self.middle
        common = np.einsum("ij,ij->i", shifted @ self.quadratic, shifted)
        return np.asarray(common + (shifted @ self.coef + self.intercept).min(axis=1))


def fit_class_scores(
    vectors: Vectors, codes: npt.NDArray[np.int64], n_classes: int
) -> tuple[ClassScores, npt.NDArray[np.float32]]:
    """Return the scores, and the distances of the rows, had their classes' means been without them.

    References
    ----------
    Ren et al., A Simple Fix to Mahalanobis Distance for Improving Near-OOD Detection (2021).
    """
    rows = vectors.astype(np.float64)
    middle = rows.mean(axis=0)
    rows -= middle
    counts = np.bincount(codes, minlength=n_classes)
    sums = np.zeros((n_classes, rows.shape[1]))
    np.add.at(sums, codes, rows)
    means = sums / np.maximum(counts, 1)[:, None]
    within = rows - means[codes]
    covariance = within.T @ within / len(rows)
    penalty = _SHRINKAGE * float(np.trace(covariance)) / len(covariance) or 1.0
    ridge = penalty * np.eye(len(covariance))
    of_classes = np.linalg.inv(covariance + ridge)
    of_all = np.linalg.inv(rows.T @ rows / len(rows) + ridge)
    projected = of_classes @ means.T
    scores = ClassScores(
        middle=middle.astype(np.float32),
        quadratic=(of_classes - of_all).astype(np.float32),
        coef=(-2 * projected).astype(np.float32),
        intercept=np.einsum("ij,ji->i", means, projected).astype(np.float32),
    )
    # Without a row, the mean of its n rows is n / (n - 1) times as far from it.
    own = np.einsum("ij,jk,ik->i", within, of_classes, within, optimize=True)
    ratio = counts[codes] / np.maximum(counts[codes] - 1, 0.5)
    common = np.einsum("ij,jk,ik->i", rows, of_classes - of_all, rows, optimize=True)
    of_each = common[:, None] + rows @ scores.coef + scores.intercept
    of_each[np.arange(len(rows)), codes] += own * (ratio**2 - 1)
    return scores, of_each.min(axis=1).astype(np.float32)
