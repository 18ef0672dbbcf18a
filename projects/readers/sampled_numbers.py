"""Compares a column of numbers with those of other columns, and with the order of the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_SKETCH_SIZE = 8
_MIN_NUMBERS = 8
_SKETCH_DECIMALS = 5
_USUAL_STEP = 2.0  # of an index of which at most half of the rows were left out
_MAX_UNEVENNESS = 0.1  # of its whole range; of few rows more, as chance has it
_FROM_1980_TO_2100 = (315_532_800, 4_102_444_800)  # seconds since 1970
_MIN_ROWS = 20  # 1, 2, 3 may well be a rank


@dataclass(frozen=True, slots=True)
class SampledNumbers:
    """The numbers of some rows, in file order; NaN if a cell is not a number."""

    row_id: npt.NDArray[np.int64]
    numbers: npt.NDArray[np.float64]

    def sketch(self) -> tuple[float, ...] | None:
        """Return numbers that agree, up to sign, between columns that differ only in scale.

        They are random projections of the standardised numbers: those of columns with correlation r
        differ by about the square root of 2 (1 - r). Numbers are clipped to the middle half, so
        that a few huge ones, such as codes for missing values, do not make different columns alike.
        None if nothing varies.
        """
        is_known = np.isfinite(self.numbers)
        if is_known.sum() < _MIN_NUMBERS:
            return None
        known = self.numbers[is_known]
        low, high = np.quantile(known, [0.25, 0.75])
        if low == high:
            low = known.min()
            high = known.max()
        width = high / 2 - low / 2  # halved first: the difference may overflow
        if not 0 < width < np.inf:
            return None
        places = np.clip(known, low, high) / width - low / width
        signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(_SKETCH_SIZE, len(self.numbers)))
        projected = (
            signs[:, is_known] @ ((places - places.mean()) / places.std()) / np.sqrt(len(known))
        )
        return tuple(np.round(projected, _SKETCH_DECIMALS).tolist())

    def count_rows(self, *, is_named_so: bool) -> bool:
        """Say whether distinct whole numbers rise or fall evenly with the rows, as an index does.

        Rows that were removed from a file leave gaps in its index, but most steps stay small or the
        gaps are spread evenly. Numbers by which a file is merely sorted are spread unevenly.
        """
        if len(self.numbers) < 2 or not np.isfinite(self.numbers).all():
            return False
        steps = np.diff(self.numbers)
        if self._are_dates() or self._are_moments():
            return False
        if not ((steps > 0).all() or (steps < 0).all()):
            return False
        if is_named_so:
            return True
        if len(self.numbers) < _MIN_ROWS:
            return False
        usual_step = float(np.median(np.abs(steps) / np.diff(self.row_id)))
        return usual_step <= _USUAL_STEP or self._unevenness() <= max(
            _MAX_UNEVENNESS, 1.5 / len(steps) ** 0.5
        )

    def _unevenness(self) -> float:
        """Return the largest distance from equal steps, as a fraction of the range."""
        first = self.numbers[0]
        last = self.numbers[-1]
        at_row = (self.row_id - self.row_id[0]) / (self.row_id[-1] - self.row_id[0])
        return float(np.abs((self.numbers - first) / (last - first) - at_row).max())

    def _are_moments(self) -> bool:
        """Say whether the numbers are seconds or milliseconds since 1970.

        The public client sends dates so.
        """
        usual_step = float(np.median(np.abs(np.diff(self.numbers))))
        if usual_step <= _USUAL_STEP:
            return False
        for per_second in (1, 1000):
            first, last = (moment * per_second for moment in _FROM_1980_TO_2100)
            if first <= self.numbers.min() and self.numbers.max() <= last:
                return True
        return False

    def _are_dates(self) -> bool:
        """Say whether the numbers are dates such as 20240131."""
        months = self.numbers // 100 % 100
        days = self.numbers % 100
        are_years = (self.numbers >= 1900_00_00) & (self.numbers < 2200_00_00)
        return bool((are_years & (months >= 1) & (months <= 12) & (days >= 1) & (days <= 31)).all())
