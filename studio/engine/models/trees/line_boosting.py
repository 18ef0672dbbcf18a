"""Gradient boosted trees on the residuals of a line."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.engine.features.base import Matrix
from studio.engine.models.trees.boosting import BoostingRegressor

_MAX_ROWS = 50_000  # evenly spaced; plenty for so few weights
_N_REFITS = 5  # the line moves little after the third
_WINSORISED_AT = 2.0  # robust standard deviations
_SD_PER_MAD = 1.4826  # of a normal distribution
_ALPHA = 1e-4  # times the rows; only so that collinear columns have a solution


class LineBoostingRegressor(BoostingRegressor):
    """Trees on the residuals of a line, as trees alone cannot extrapolate.

    An arrival is as late as the departure was, be it by a day. Not for logarithms of numbers, where
    a line extrapolates to powers. See docs/decisions/line-boosting.md.
    """

    def fit(self, features: Matrix, values: npt.NDArray[np.float64]) -> LineBoostingRegressor:
        dense = np.asarray(features)
        step = -(-len(dense) // _MAX_ROWS)
        sampled = slice(None, None, step)
        self._line = _RobustLine(dense[sampled], values[sampled])
        line = self._line.predict(dense)
        self.booster = self._boost(features, values, {"objective": "fair"}, line)
        return self

    def predict(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return numbers, shape (n,)."""
        return self._line.predict(np.asarray(features)) + super().predict(features)


class _RobustLine:
    """Least squares, refitted with labels that are far off pulled towards the line.

    Missing values are replaced by the column's median.

    References
    ----------
    Huber, Robust Regression: Asymptotics, Conjectures and Monte Carlo (1973), for winsorised
    residuals.
    """

    def __init__(self, features: npt.NDArray[np.float32], values: npt.NDArray[np.float64]) -> None:
        self._medians = np.array([_median(column) for column in features.T], dtype=np.float32)
        filled = np.where(np.isnan(features), self._medians, features).astype(np.float64)
        self._mean = filled.mean(axis=0)
        self._sd = filled.std(axis=0)
        self._sd[self._sd == 0] = 1.0  # a constant column becomes 0, and has no say
        columns = np.column_stack([(filled - self._mean) / self._sd, np.ones(len(filled))])
        # The intercept, last, is not penalised: it would be pulled to 0.
        alpha = np.append(np.full(filled.shape[1], _ALPHA * len(filled)), 0.0)
        # Each refit has the same columns and only other targets, so one inverse serves all.
        inverse = np.linalg.inv(columns.T @ columns + np.diag(alpha))
        self._coef = inverse @ (columns.T @ values)
        for _ in range(_N_REFITS):
            line = columns @ self._coef
            errors = values - line
            limit = _WINSORISED_AT * _SD_PER_MAD * float(np.median(np.abs(errors)))
            self._coef = inverse @ (columns.T @ (line + np.clip(errors, -limit, limit)))

    def predict(self, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Return numbers, shape (n,)."""
        result = np.full(len(features), self._coef[-1])
        parts = zip(features.T, self._medians, self._mean, self._sd, self._coef[:-1], strict=True)
        # Column by column, as a filled copy of a large table would double its memory.
        for column, median, mean, sd, weight in parts:
            filled = np.where(np.isnan(column), median, column)
            result += (filled - mean) * (weight / sd)
        return result


def _median(column: npt.NDArray[np.float32]) -> float:
    known = column[~np.isnan(column)]
    if not len(known):
        return 0.0
    return float(np.median(known))
