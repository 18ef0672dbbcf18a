"""Numbers as features: raw for trees, piecewise linear for linear models, robust for distances."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_KNOTS = (0.1, 0.3, 0.5, 0.7, 0.9)  # quantiles where the slope of a linear model may change
_MIN_DISTINCT_FOR_KNOTS = 10  # with fewer, quantiles fall on the same values
# Beyond it units grow logarithmically: one absurd value must not hide the others, nor pass.
LINEAR_UNITS = 3.0
_SD_PER_IQR = 1.349  # of a normal distribution
_FLOAT32_SAFE = 1e30  # beyond 3.4e38, float32 knows only infinity, which LightGBM refuses


class NumberFeatures:
    """Features of one column of numbers, scaled by its median, spread and quantiles."""

    def fit(self, values: npt.NDArray[np.float64]) -> None:
        """Learn from values, shape (n,); NaN is missing, and all may be."""
        known = values[~np.isnan(values)]
        self.has_missing = len(known) < len(values)
        if not len(known):
            known = np.zeros(1)
        self.median = float(np.median(known))
        self.spread = _spread(known)
        self.knots = np.empty(0)
        if len(np.unique(known[:10_000])) >= _MIN_DISTINCT_FOR_KNOTS:
            self.knots = np.unique(self._units(np.quantile(known, _KNOTS)))

    def for_trees(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
        """Return the values, NaN where missing, shape (n, 1)."""
        return np.clip(values, -_FLOAT32_SAFE, _FLOAT32_SAFE).astype(np.float32)[:, None]

    def for_linear(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
        """Return robust units, hinges at quantiles, and whether it is missing, shape (n, d)."""
        missing = np.isnan(values)
        units = self._units(np.where(missing, self.median, values))
        columns = [units, *(np.maximum(units - knot, 0.0) for knot in self.knots)]
        if self.has_missing:
            columns.append(missing.astype(np.float64))
        return np.column_stack(columns).astype(np.float32)

    def for_distances(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
        """Return robust units, the median where missing, shape (n, 1)."""
        filled = np.where(np.isnan(values), self.median, values)
        return self._units(filled).astype(np.float32)[:, None]

    def _units(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        units = (values - self.median) / self.spread
        times = np.maximum(np.abs(units) / LINEAR_UNITS, 1.0)
        return np.asarray(units / times * (1.0 + np.log(times)))


def _spread(known: npt.NDArray[np.float64]) -> float:
    low, high = np.quantile(known, (0.25, 0.75))
    spread = (high - low) / _SD_PER_IQR or _spread_of_others(known) or 1.0
    if not np.isfinite(spread):  # the difference of the largest and smallest floats overflows
        return 1.0
    return float(spread)


def _spread_of_others(known: npt.NDArray[np.float64]) -> float:
    """Return the spread of numbers most of which are equal: a usual other one is 1 away at most."""
    distances = np.abs(known - np.median(known))
    others = distances[distances > 0]
    if not len(others):
        return 0.0
    return max(float(np.std(known)), float(np.median(others)))
