"""A metric's value with the interval in which it lies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np

from studio.engine.evaluation.uncertainty.resampling import Floats

# Of a mean distance: the replicates of a model without any show √2 - 1 of the bias that it has.
_MOST_BIAS = 2.4142  # 1 / (√2 - 1)
Z = 1.959964  # standard errors on each side of a 95% interval


class Scale(Enum):
    """On which scale a metric's errors are about normal."""

    FRACTION = "fraction"  # between 0 and 1: its logit
    AMOUNT = "amount"  # positive: its logarithm
    R2 = "r2"  # at most 1: the logarithm of 1 - R²
    GAP = "gap"  # at least 0 and overstated by chance: as it is, less the bias


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95% interval; all three are None where the metric is not defined."""

    value: float | None
    low: float | None = None
    high: float | None = None

    def to_dict(self) -> dict[str, float | None]:
        """Return it for JSON."""
        return {"value": self.value, "low": self.low, "high": self.high}


UNDEFINED = Estimate(None)


def estimate(value: float, replicated: Floats, scale: Scale, n_rows: int) -> Estimate:
    """Return the value with the interval that its bootstrap replicates give.

    Notes
    -----
    The replicates give the standard error and the bias; the interval is symmetric on the metric's
    scale. There it covers better than the percentiles of few rows, which are too narrow near 0
    and 1.
    """
    known = replicated[np.isfinite(replicated)]
    if not math.isfinite(value) or len(known) < 2:
        return UNDEFINED
    bias = float(known.mean()) - value
    return from_error(value, float(known.std(ddof=1)), scale, n_rows, bias)


def from_error(
    value: float, error: float, scale: Scale, n_rows: int, bias: float = 0.0
) -> Estimate:
    """Return the value with the interval of a standard error.

    A fraction of exactly 0 or 1 seems to have no error and gets Wilson's interval.
    """
    match scale:
        case Scale.FRACTION:
            if value <= 0 or value >= 1 or error == 0:
                return wilson(value * n_rows, n_rows)
            slope = 1 / (value * (1 - value))
            logit = math.log(value / (1 - value)) - bias * slope
            width = Z * error * slope
            return _around(value, _expit(logit - width), _expit(logit + width))
        case Scale.AMOUNT:
            if value <= 0:
                return Estimate(value, max(0.0, value - Z * error), value + Z * error)
            factor = _factor(error / value)
            return Estimate(value, value / factor, value * factor)
        case Scale.R2:
            if value >= 1:
                return Estimate(value, value - Z * error, value)
            factor = _factor(error / (1 - value))
            return Estimate(value, 1 - (1 - value) * factor, 1 - (1 - value) / factor)
        case Scale.GAP:
            low = max(0.0, value - _MOST_BIAS * bias - Z * error)
            return _around(value, low, value - bias + Z * error)


def _around(value: float, low: float, high: float) -> Estimate:
    return Estimate(value, min(low, value), max(high, value))


def wilson(n_hits: float, n_rows: float) -> Estimate:
    """Return a fraction with Wilson's interval.

    References
    ----------
    Wilson, Probable Inference, the Law of Succession, and Statistical Inference (1927).

    Examples
    --------
    >>> wilson(10, 10).low > 0.7
    True
    """
    if n_rows <= 0:
        return UNDEFINED
    fraction = n_hits / n_rows
    spread = 1 + Z**2 / n_rows
    centre = (fraction + Z**2 / (2 * n_rows)) / spread
    variance = fraction * (1 - fraction) / n_rows + Z**2 / (4 * n_rows**2)
    half = Z * math.sqrt(variance) / spread
    low = max(0.0, min(fraction, centre - half))
    high = min(1.0, max(fraction, centre + half))
    return Estimate(fraction, low, high)


def difference(value: float, replicated: Floats, n_rows: int, most: float = 1.0) -> Estimate:
    """Return the difference of two metrics on the same rows, the larger of which is `most`.

    One row more or less counts as possible even where no replicate differs.
    """
    known = replicated[np.isfinite(replicated)]
    if not math.isfinite(value) or len(known) < 2:
        return UNDEFINED
    error = math.hypot(float(known.std(ddof=1)), most / n_rows)
    return Estimate(value, value - Z * error, value + Z * error)


def _expit(logit: float) -> float:
    return 1 / (1 + math.exp(-max(logit, -700)))  # beyond 709, exp overflows


def _factor(relative_error: float) -> float:
    """Return how far an interval reaches on a logarithmic scale; of two or three rows, only far."""
    return math.exp(min(Z * relative_error, 50))
