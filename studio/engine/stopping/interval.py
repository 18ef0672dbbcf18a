"""An estimate with its 90% interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LOW, HIGH = 0.05, 0.95  # the quantiles at the ends of the interval


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with the ends of its 90% interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, draws: npt.NDArray[np.float64]) -> Interval:
        """Summarise draws from a posterior."""
        low, high = np.quantile(draws, (LOW, HIGH))
        return cls(float(draws.mean()), float(low), float(high))
