"""The confusion matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cleansets.row_address import ALL_ROWS, RowQuery
from studio.model_runs.models import ModelRun
from studio.model_runs.pages.numbers import heat
from studio.model_runs.run_row_sets import among

MODES = {"counts": "Rows", "rates": "Share of the label", "probability": "Mean probability"}
MAX_CLASSES_AS_TABLE = 20
MAX_PAIRS = 25
CELL = 6.0  # side of a cell in the picture of many classes


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its text, its style, its tooltip, and the address of its rows."""

    text: str
    heat: int
    says: str
    url: str
    is_diagonal: bool


@dataclass(frozen=True, slots=True)
class Square:
    """A cell of the heat map of many classes."""

    x: float
    y: float
    heat: int
    says: str
    url: str
    is_diagonal: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """A given class and the class that is predicted in its place."""

    given: str
    predicted: str
    n_rows: int
    rate: float
    url: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """The matrix as a table (few classes) or a heat map (many), and the largest confusions."""

    mode: str
    classes: list[str]
    rows: list[tuple[str, list[Cell]]]
    squares: list[Square]
    side: float
    pairs: list[Pair]
    has_probability: bool


def matrix(run: ModelRun, document: Mapping[str, Any], mode: str, review_url: str) -> Matrix | None:
    """Build the matrix of an evaluation, with similar classes next to each other."""
    confusion = document.get("confusion")
    if confusion is None:
        return None
    has_probability = confusion["mean_probability"] is not None
    if mode not in MODES or (mode == "probability" and not has_probability):
        mode = "counts"
    order = confusion["order"]
    names = confusion["classes"]
    reader = _Reader(run, confusion, mode, review_url)
    rows: list[tuple[str, list[Cell]]] = []
    squares: list[Square] = []
    if len(names) <= MAX_CLASSES_AS_TABLE:
        rows = [(names[i], [reader.cell(i, j) for j in order]) for i in order]
    else:
        squares = [
            Square(x * CELL, y * CELL, cell.heat, cell.says, cell.url, cell.is_diagonal)
            for y, i in enumerate(order)
            for x, j in enumerate(order)
            if (cell := reader.cell(i, j)).heat
        ]
    return Matrix(
        mode=mode,
        classes=[names[j] for j in order],
        rows=rows,
        squares=squares,
        side=len(names) * CELL,
        pairs=reader.pairs(),
        has_probability=has_probability,
    )


class _Reader:
    """Formats cells of a confusion matrix in one mode."""

    def __init__(
        self, run: ModelRun, confusion: Mapping[str, Any], mode: str, review_url: str
    ) -> None:
        self._run = run
        self._names: Sequence[str] = confusion["classes"]
        self._counts = confusion["counts"]
        self._mean = confusion["mean_probability"]
        self._mode = mode
        self._url = review_url
        self._labeled = [max(sum(row), 1) for row in self._counts]

    def cell(self, i: int, j: int) -> Cell:
        """Return the cell of given class i and predicted class j."""
        count = self._counts[i][j]
        rate = count / self._labeled[i]
        given = self._names[i]
        predicted = self._names[j]
        says = f"{count:,} rows labeled {given} are predicted {predicted}, {rate:.1%} of them"
        text = f"{count:,}" if count else ""
        share = rate
        if self._mode == "rates":
            text = f"{rate:.0%}" if count else ""
        elif self._mode == "probability":
            mean = self._mean[i]
            share = 0.0 if mean is None else mean[j]
            text = f"{share:.2f}" if share >= 0.005 else ""
            says = f"{predicted} has a mean probability of {share:.1%} in rows labeled {given}"
        return Cell(text, heat(share), says, self.url(i, j) if count else "", i == j)

    def pairs(self) -> list[Pair]:
        """Return the most frequent confusions."""
        found = [
            (row[j], i, j)
            for i, row in enumerate(self._counts)
            for j in range(len(row))
            if i != j and row[j]
        ]
        return [
            Pair(self._names[i], self._names[j], count, count / self._labeled[i], self.url(i, j))
            for count, i, j in sorted(found, key=lambda one: -one[0])[:MAX_PAIRS]
        ]

    def url(self, i: int, j: int) -> str:
        """Return the address where the rows of a cell are reviewed."""
        if not self._url:
            return ""
        query = RowQuery(issue=ALL_ROWS, among=among(self._run, "cell", i, j))
        return f"{self._url}?{query.params()}"
