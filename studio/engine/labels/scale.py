"""The scale in which numbers are learned and compared: as they are, or by their ratios."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.floating]

_MIN_SKEWNESS = 0.2  # Kelly's; 0.24 of a logarithmic normal distribution whose deviation is 0.4
_FLOOR_QUANTILE = 0.01  # smaller numbers may be mistakes, such as a price of 0
_FLOOR_RATIO = 0.1  # of the hundredth quantile


@dataclass(frozen=True, slots=True)
class LabelScale:
    """From numbers as they are given to the scale of models, and back.

    Prices and durations spread by factors: 60 for 30 is as wrong as 600 for 300. Compared as they
    are, what is wrong about small ones cannot be seen. See docs/decisions/ratios.md.

    Attributes
    ----------
    floor
        None for numbers as they are; else logarithms are used, and below the floor that of the
        floor.
    """

    floor: float | None = None

    @classmethod
    def of(cls, numbers: npt.NDArray[np.float64]) -> LabelScale:
        """Choose ratios if the numbers, shape (n,), are positive and have a long upper tail."""
        if not len(numbers):
            return cls()
        low, middle, high = np.quantile(numbers, (0.1, 0.5, 0.9))
        least = float(np.quantile(numbers, _FLOOR_QUANTILE))
        if least <= 0 or low == high:
            return cls()
        skewness = (high + low - 2 * middle) / (high - low)
        if skewness < _MIN_SKEWNESS:
            return cls()
        return cls(_FLOOR_RATIO * least)

    @property
    def is_by_ratio(self) -> bool:
        """Whether numbers are compared by their ratios."""
        return self.floor is not None

    def scaled(self, numbers: Numbers) -> npt.NDArray[np.float64]:
        """Return numbers in the scale that models learn."""
        if self.floor is None:
            return np.asarray(numbers, dtype=np.float64)
        return np.log(np.maximum(np.asarray(numbers, dtype=np.float64), self.floor))

    def given(self, scaled: Numbers) -> npt.NDArray[np.float64]:
        """Invert `scaled`."""
        if self.is_by_ratio:
            scaled = np.exp(scaled)
        return np.asarray(scaled, dtype=np.float64)

    def bars(self, predicted: Numbers, scaled_bars: Numbers) -> npt.NDArray[np.float64]:
        """Return error bars in the unit of the labels: how far a usual error reaches upwards."""
        if self.is_by_ratio:
            scaled_bars = predicted * np.expm1(scaled_bars)
        return np.asarray(scaled_bars, dtype=np.float64)

    def scaled_bars(self, predicted: Numbers, bars: Numbers) -> npt.NDArray[np.float64]:
        """Invert `bars`."""
        if self.is_by_ratio:
            bars = np.log1p(bars / predicted)
        return np.asarray(bars, dtype=np.float64)

    def distances(
        self, given: Numbers, predicted: Numbers, bars: Numbers
    ) -> npt.NDArray[np.float64]:
        """Return the distances of given from predicted numbers, in error bars, shape (n,)."""
        away = np.abs(self.scaled(given) - self.scaled(predicted))
        return np.asarray(away / self.scaled_bars(predicted, bars), dtype=np.float64)


AS_GIVEN = LabelScale()
