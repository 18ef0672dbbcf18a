"""Gradient boosted trees that begin with a line."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.engine.features.base import Matrix
from studio.engine.models.boosting import NumberBoosting

_MAX_ROWS = 50_000  # of more, evenly spaced ones: that is plenty for so few weights
_ROUNDS = 5  # the line moves little after the third
_CUT_AT = 2.0  # robust standard deviations
_SD_PER_MAD = 1.4826  # of a normal distribution
_PENALTY = 1e-4  # times the rows; only so that columns that repeat others have a solution


class LineBoosting(NumberBoosting):
    """Trees for what a line leaves, as trees alone cannot say more than the largest number that
    they saw often.

    An arrival is as late as the departure was, be it by a day. Not for logarithms of numbers, where
    a line that goes on means powers. See docs/decisions/line-boosting.md.
    """

    def fit(self, features: Matrix, values: npt.NDArray[np.float64]) -> LineBoosting:
        """Fit the line, then grow a tree per round."""
        dense = np.asarray(features)
        some = slice(None, None, -(-len(dense) // _MAX_ROWS))
        self._line = _Line(dense[some], values[some])
        self._booster = self._grown(features, values, {"objective": "fair"}, self._line.at(dense))
        return self

    def predict(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return the line and the trees' sums, shape (n,)."""
        return self._line.at(np.asarray(features)) + super().predict(features)


class _Line:
    """Least squares, fitted again to labels that are pulled towards the line where they are far
    off.

    Missing values count as the column's median.

    References
    ----------
    Huber, Robust Regression: Asymptotics, Conjectures and Monte Carlo (1973), for winsorised
    residuals.
    """

    def __init__(self, features: npt.NDArray[np.float32], values: npt.NDArray[np.float64]) -> None:
        self._medians = np.array([_median(column) for column in features.T], dtype=np.float32)
        filled = np.where(np.isnan(features), self._medians, features).astype(np.float64)
        self._mean, self._sd = filled.mean(axis=0), filled.std(axis=0)
        self._sd[self._sd == 0] = 1.0
        columns = np.column_stack([(filled - self._mean) / self._sd, np.ones(len(filled))])
        penalty = np.append(np.full(filled.shape[1], _PENALTY * len(filled)), 0.0)
        inverse = np.linalg.inv(columns.T @ columns + np.diag(penalty))
        self._weights = inverse @ (columns.T @ values)
        for _ in range(_ROUNDS):
            line = columns @ self._weights
            errors = values - line
            reach = _CUT_AT * _SD_PER_MAD * float(np.median(np.abs(errors)))
            self._weights = inverse @ (columns.T @ (line + np.clip(errors, -reach, reach)))

    def at(self, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Return the line at some rows, shape (n,)."""
        result = np.full(len(features), self._weights[-1])
        parts = zip(
            features.T, self._medians, self._mean, self._sd, self._weights[:-1], strict=True
        )
        for column, median, mean, sd, weight in parts:
            result += (np.where(np.isnan(column), median, column) - mean) * (weight / sd)
        return result


def _median(column: npt.NDArray[np.float32]) -> float:
    known = column[~np.isnan(column)]
    return float(np.median(known)) if len(known) else 0.0
