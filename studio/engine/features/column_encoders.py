"""One encoder per kind of column, for trees, linear models and distances."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from studio.engine.features.base import Matrix
from studio.engine.features.number_column import NumberFeatures
from studio.engine.features.text import tfidf_vectorizer
from studio.engine.table import cell_values
from studio.engine.table.cells import Cells
from studio.engine.table.columns import ColumnKind

Dense = npt.NDArray[np.float32]

_MAX_LEVELS = 250  # of a column; the rarer ones share a level
MAX_LEVELS_IN_DISTANCES = 10
_MIN_LEVELS_OF_CODES = 50
_MIN_ROWS_PER_LEVEL = 2  # a level of one row can't help to predict another row
UNLIKE = np.float32(1 / np.sqrt(2))  # so that two different categories are 1 apart
_TEXT_TOPICS = 16  # of a text column, for trees and distances
_SIGNED_NUMBER = re.compile(r"(?<![\w.+-])[+-]\d+(?:\.\d+)?(?![\w.])")
_DAYS_PER_YEAR = 365.25


class ColumnEncoder(Protocol):
    """Learns one column without labels."""

    def fit(self, cells: Cells) -> None:
        """Learn scales, levels or terms."""

    def for_trees(self, cells: Cells) -> Dense:
        """Few dense columns, NaN where missing."""

    def for_linear(self, cells: Cells) -> Matrix:
        """Many columns, scaled, missing values filled in and marked."""

    def for_distances(self, cells: Cells) -> Dense:
        """Few columns in which one unit is a usual difference."""


class ReadNumbers:
    """A column whose cells are numbers."""

    def __init__(self, read: Callable[[Cells], npt.NDArray[np.float64]]) -> None:
        self.read = read
        self.number = NumberFeatures()

    def fit(self, cells: Cells) -> None:
        self.number.fit(self.read(cells))

    def for_trees(self, cells: Cells) -> Dense:
        return self.number.for_trees(self.read(cells))

    def for_linear(self, cells: Cells) -> Matrix:
        return self.number.for_linear(self.read(cells))

    def for_distances(self, cells: Cells) -> Dense:
        return self.number.for_distances(self.read(cells))


class Categories:
    """A column of categories; rare and new ones share a level, and missing cells have their own.

    The order of many codes and identifiers is often meaningful, such as time or groups of diseases,
    and rare ones are near others in it.
    """

    order: npt.NDArray[np.object_] | None = None  # the levels of a column of codes, sorted

    def __init__(self, level_of: Callable[[str], str] = str.strip) -> None:
        self._level_of = level_of

    @property
    def reads_cells_as_they_are(self) -> bool:
        """Whether a level is the cell itself, stripped."""
        return self._level_of is str.strip

    def fit(self, cells: Cells) -> None:
        """Learn the frequent categories, most frequent first, ties by name."""
        counts: Counter[str] = Counter()
        for cell, count in zip(cells.distinct.tolist(), cells.counts().tolist(), strict=True):
            counts[self._level_of(cell)] += count
        del counts[""]
        frequent = [level for level, count in counts.items() if count >= _MIN_ROWS_PER_LEVEL]
        frequent.sort(key=lambda level: (-counts[level], level))
        self.codes = {level: code for code, level in enumerate(frequent[:_MAX_LEVELS])}
        if len(counts) >= _MIN_LEVELS_OF_CODES:
            self.order = np.array(sorted(counts, key=_code_order), dtype=object)

    def for_trees(self, cells: Cells) -> Dense:
        """Return the rank by frequency, and of codes their place in order; NaN if missing."""
        codes = self._coded(cells).astype(np.float32)
        codes[codes > len(self.codes)] = np.nan
        if self.order is None:
            return codes[:, None]
        return np.column_stack([codes, self._places(cells, self.order)])

    def for_linear(self, cells: Cells) -> Matrix:
        """Return a column per category, one for the rare ones together, and one for missing."""
        n_rows = len(cells)
        ones = np.ones(n_rows, np.float32)
        places = (np.arange(n_rows), self._coded(cells))
        return sparse.csr_array((ones, places), shape=(n_rows, len(self.codes) + 2))

    def for_distances(self, cells: Cells) -> Dense:
        """Return the columns of linear models, for only the most frequent categories."""
        n_levels = min(len(self.codes), MAX_LEVELS_IN_DISTANCES)
        codes = self._coded(cells)
        codes = np.where(codes > len(self.codes), n_levels + 1, np.minimum(codes, n_levels))
        result = np.zeros((len(cells), n_levels + 2), dtype=np.float32)
        result[np.arange(len(cells)), codes] = UNLIKE
        return result

    def _places(self, cells: Cells, order: npt.NDArray[np.object_]) -> npt.NDArray[np.float32]:
        known = [_code_order(level) for level in order]

        def places(distinct: list[str]) -> npt.NDArray[np.float32]:
            found = np.full(len(distinct), np.nan, dtype=np.float32)
            for row, cell in enumerate(distinct):
                level = self._level_of(cell)
                if level:
                    found[row] = bisect_left(known, _code_order(level))
            return found

        return np.asarray(cells.each(places), dtype=np.float32)

    def _coded(self, cells: Cells) -> npt.NDArray[np.int64]:
        rare = len(self.codes)
        missing = len(self.codes) + 1

        def codes(distinct: list[str]) -> npt.NDArray[np.int64]:
            found = np.full(len(distinct), missing, dtype=np.int64)
            for row, cell in enumerate(distinct):
                level = self._level_of(cell)
                if level:
                    found[row] = self.codes.get(level, rare)
            return found

        return np.asarray(cells.each(codes), dtype=np.int64)


class Moments:
    """A column of dates: the moment, and where it lies in the year, the week and the day."""

    def fit(self, cells: Cells) -> None:
        self._days = NumberFeatures()
        self._days.fit(cell_values.days(self._read(cells)))

    def for_trees(self, cells: Cells) -> Dense:
        """Return day number, year, month, weekday and hour."""
        moments = self._read(cells)
        columns = [cell_values.days(moments)]
        for part in (moments.dt.year, moments.dt.month, moments.dt.day_of_week, moments.dt.hour):
            columns.append(np.asarray(part, dtype=np.float64))
        return np.column_stack(columns).astype(np.float32)

    def for_linear(self, cells: Cells) -> Matrix:
        """Return the moment, piecewise linear, and sines and cosines of year, week and day."""
        days = cell_values.days(self._read(cells))
        turns = np.column_stack([days / _DAYS_PER_YEAR, days / 7.0, days]) * 2 * np.pi
        circles = np.nan_to_num(np.hstack([np.sin(turns), np.cos(turns)]))
        return np.hstack([self._days.for_linear(days), circles]).astype(np.float32)

    def for_distances(self, cells: Cells) -> Dense:
        return self._days.for_distances(cell_values.days(self._read(cells)))

    def _read(self, cells: Cells) -> pd.Series[pd.Timestamp]:
        return pd.to_datetime(pd.Series(cells.distinct_moments[cells.codes]), utc=True)


@dataclass(frozen=True, slots=True)
class _Weighed:
    """The cells that an encoder was fitted to, and the weights of their terms, row by row."""

    cells: Cells
    weights: sparse.csr_array


class Phrases:
    """A column of free text: weighted words, their main topics, signed numbers such as “+10”,
    length.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._vectorizer: TfidfVectorizer | None = None
        self._svd: TruncatedSVD | None = None
        self._fitted: _Weighed | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the weights of the training rows."""
        return {**vars(self), "_fitted": None}

    def release(self) -> None:
        """Free the weights of the training rows."""
        self._fitted = None

    def fit(self, cells: Cells) -> None:
        self._numbers = NumberFeatures()
        self._numbers.fit(signed_numbers(cells))
        self._lengths = NumberFeatures()
        self._lengths.fit(_lengths(cells))
        if not any(re.search(r"\w", cell) for cell in cells.distinct):
            return
        self._vectorizer = tfidf_vectorizer("word", 1, 2, n_rows=len(cells))
        weights = sparse.csr_array(self._vectorizer.fit_transform(cells.beginnings()))
        weights.sort_indices()  # as in `transform`, so that sums are equal to the last bit
        self._fitted = _Weighed(cells, weights)
        n_topics = min(_TEXT_TOPICS, min(weights.shape) - 1)
        if n_topics > 0:
            self._svd = TruncatedSVD(n_topics, n_iter=4, random_state=self._seed).fit(weights)

    def for_trees(self, cells: Cells) -> Dense:
        """Return signed numbers, length and topics."""
        numbers = self._numbers.for_trees(signed_numbers(cells))
        return np.hstack([numbers, self._lengths.for_trees(_lengths(cells)), self._topics(cells)])

    def for_linear(self, cells: Cells) -> Matrix:
        """Return signed numbers, length and words."""
        lengths = self._lengths.for_linear(_lengths(cells))
        dense = np.hstack([self._numbers.for_linear(signed_numbers(cells)), lengths])
        return sparse.csr_array(sparse.hstack([sparse.csr_array(dense), self._weights(cells)]))

    def for_distances(self, cells: Cells) -> Dense:
        """Return signed numbers and topics."""
        return np.hstack([self._numbers.for_distances(signed_numbers(cells)), self._topics(cells)])

    def _weights(self, cells: Cells) -> sparse.csr_array:
        if self._vectorizer is None:
            return sparse.csr_array((len(cells), 1), dtype=np.float32)
        if self._fitted is not None and cells is self._fitted.cells:
            return self._fitted.weights
        if self._fitted is not None and cells.whole is self._fitted.cells:
            return self._fitted.weights[cells.rows]
        return sparse.csr_array(self._vectorizer.transform(cells.beginnings()))

    def _topics(self, cells: Cells) -> Dense:
        if self._svd is None:
            return np.zeros((len(cells), 1), dtype=np.float32)
        return np.asarray(self._svd.transform(self._weights(cells)), dtype=np.float32)


def signed_numbers(cells: Cells) -> npt.NDArray[np.float64]:
    """Return the sum of the explicitly signed numbers in each cell, shape (n,).

    >>> signed_numbers(Cells.of(["great work +10, late -2.5", "phone 555-1234", ""])).tolist()
    [7.5, 0.0, 0.0]
    """

    def sums(distinct: list[str]) -> npt.NDArray[np.float64]:
        numbers = [sum(map(float, _SIGNED_NUMBER.findall(cell))) for cell in distinct]
        return np.array(numbers, dtype=np.float64)

    return np.asarray(cells.each(sums), dtype=np.float64)


def _lengths(cells: Cells) -> npt.NDArray[np.float64]:
    """Return the logarithms of the cells' lengths, shape (n,)."""

    def lengths(distinct: list[str]) -> npt.NDArray[np.float64]:
        return np.log1p(np.array([len(cell) for cell in distinct], dtype=np.float64))

    return np.asarray(cells.each(lengths))


def _code_order(code: str) -> tuple[int, str]:
    """Order codes by the number that they begin with, then by letters: V45, 9, 250, 250.83, 428."""
    return len(code) - len(code.lstrip("0123456789")), code


def host(url: str) -> str:
    """Return the host of a web address without “www.”; the cell itself if it has none.

    >>> host("https://www.example.org/a?b"), host("n/a")
    ('example.org', 'n/a')
    """
    cell = url.strip()
    try:
        found = urlsplit(cell if "://" in cell else f"//{cell}").hostname or cell
    except ValueError:
        return cell  # such as an unclosed bracket: then it is just a level of its own
    return cell if "." not in found else found.removeprefix("www.")


class NamedLevels(Categories):
    """Categories whose names carry signed numbers, such as “missed homework -5”, read both ways."""

    def fit(self, cells: Cells) -> None:
        super().fit(cells)
        self.numbers = NumberFeatures()
        self.numbers.fit(signed_numbers(cells))

    def for_trees(self, cells: Cells) -> Dense:
        return np.hstack([self.numbers.for_trees(signed_numbers(cells)), super().for_trees(cells)])

    def for_linear(self, cells: Cells) -> Matrix:
        numbers = sparse.csr_array(self.numbers.for_linear(signed_numbers(cells)))
        return sparse.csr_array(sparse.hstack([numbers, super().for_linear(cells)]))

    def for_distances(self, cells: Cells) -> Dense:
        numbers = self.numbers.for_distances(signed_numbers(cells))
        return np.hstack([numbers, super().for_distances(cells)])


# Functions of the module, as models are pickled with their encoders, and lambdas cannot be.
def _numbers(cells: Cells) -> npt.NDArray[np.float64]:
    return cells.numbers


def _booleans(cells: Cells) -> npt.NDArray[np.float64]:
    return np.asarray(cells.each(cell_values.booleans), dtype=np.float64)


def make_encoder(kind: ColumnKind, seed: int) -> ColumnEncoder:
    """Return the encoder for a kind of column."""
    makers: Mapping[ColumnKind, Callable[[], ColumnEncoder]] = {
        ColumnKind.INTEGER: lambda: ReadNumbers(_numbers),
        ColumnKind.NUMBER: lambda: ReadNumbers(_numbers),
        ColumnKind.BOOLEAN: lambda: ReadNumbers(_booleans),
        ColumnKind.CATEGORICAL: NamedLevels,
        ColumnKind.IDENTIFIER: Categories,
        ColumnKind.URL: lambda: Categories(host),
        ColumnKind.DATETIME: Moments,
        ColumnKind.TEXT: lambda: Phrases(seed),
    }
    return makers[kind]()
