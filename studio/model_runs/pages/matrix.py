"""The confusion matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from cleansets.row_address import ALL_ROWS, RowQuery
from studio.engine.counted import counted
from studio.model_runs.models import ModelRun
from studio.model_runs.pages.numbers import heat
from studio.model_runs.run_row_sets import among

MODES = {"counts": "Rows", "rates": "Share of the label", "probability": "Mean probability"}
MAX_CLASSES_AS_TABLE = 20
MAX_PAIRS = 25
CELL = 10  # side of a cell in the picture of many classes
NAMES = 130  # width of the names beside it
_MAX_NAME = 24
_CODES = "CODES"  # stands for the two classes in the address of a cell


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
    """The matrix as a table (few classes) or a heat map (many), and the largest confusions.

    The cells are HTML already: loops of a template over 10,000 of them take half a second.
    `choices` are the classes by code, where any cell's rows can be opened.
    """

    mode: str
    classes: list[str]
    rows: list[tuple[str, SafeString]]
    squares: SafeString
    side: int
    pairs: list[Pair]
    has_probability: bool
    choices: list[tuple[int, str]]

    @property
    def view_box(self) -> str:
        """The extent of the picture, names included."""
        return f"{-NAMES} {-NAMES} {self.side + NAMES} {self.side + NAMES}"


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
    rows: list[tuple[str, SafeString]] = []
    squares = SafeString("")
    if len(names) <= MAX_CLASSES_AS_TABLE:
        rows = [(names[i], reader.table_row(i, order)) for i in order]
    else:
        squares = reader.squares(order)
    choices: list[tuple[int, str]] = []
    if review_url and squares:
        choices = [(i, names[i]) for i in order]
    return Matrix(
        mode=mode,
        classes=[names[j] for j in order],
        rows=rows,
        squares=squares,
        side=len(names) * CELL,
        pairs=reader.pairs(),
        has_probability=has_probability,
        choices=choices,
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
        self._address = _cell_address(run, review_url)
        self._escaped = [escape(name) for name in confusion["classes"]]
        self._labeled = [max(sum(row), 1) for row in self._counts]

    def table_row(self, i: int, order: Sequence[int]) -> SafeString:
        """Return the cells of given class i as elements of a table."""
        return mark_safe("".join(self._table_cell(i, j) for j in order))  # noqa: S308  (escaped)

    def squares(self, order: Sequence[int]) -> SafeString:
        """Return the cells that are not empty, and the names, as elements of a picture."""
        found = [self._name(i, place * CELL) for place, i in enumerate(order)]
        found += [
            self._square(i, j, x * CELL, y * CELL)
            for y, i in enumerate(order)
            for x, j in enumerate(order)
        ]
        return mark_safe("".join(found))  # noqa: S308  (escaped)

    def _table_cell(self, i: int, j: int) -> str:
        count = self._counts[i][j]
        share = self._share(i, j)
        text = ""
        if self._mode == "probability":
            text = f"{share:.2f}" if share >= 0.005 else ""
        elif count:
            text = f"{share:.0%}" if self._mode == "rates" else f"{count:,}"
        says = self._says(i, j, share)
        style = f"heat-{heat(share)}{' is-diagonal' if i == j else ''}"
        if count and text and self._address:
            text = f'<a href="{escape(self.url(i, j))}" aria-label="{says}">{text}</a>'
        return f'<td class="{style}" title="{says}">{text}</td>'

    def _name(self, i: int, place: int) -> str:
        """Return the name of a class to the left of its row and above its column."""
        shown = self._names[i]
        if len(shown) > _MAX_NAME:
            shown = f"{shown[:_MAX_NAME]}…"
        shown = escape(shown)
        middle = place + CELL / 2
        return (
            f'<text x="-4" y="{middle:g}">{shown}</text>'
            f'<text class="is-upright" transform="translate({middle:g} -4) rotate(-90)">'
            f"{shown}</text>"
        )

    def _square(self, i: int, j: int, x: int, y: int) -> str:
        share = self._share(i, j)
        if not heat(share):
            return ""
        style = f"heat-{heat(share)}{' is-diagonal' if i == j else ''}"
        says = self._says(i, j, share)
        square = (
            f'<rect class="{style}" x="{x}" y="{y}" width="{CELL}" height="{CELL}">'
            f"<title>{says}</title></rect>"
        )
        if not self._counts[i][j] or not self._address:
            return square
        # Thousands of stops would be none: by keyboard, the form below the picture opens a cell.
        return f'<a href="?cell={i},{j}" tabindex="-1">{square}</a>'

    def _share(self, i: int, j: int) -> float:
        """Return what the shade of a cell stands for."""
        if self._mode == "probability":
            mean = self._mean[i]
            return 0.0 if mean is None else float(mean[j])
        return float(self._counts[i][j] / self._labeled[i])

    def _says(self, i: int, j: int, share: float) -> str:
        given = self._escaped[i]
        predicted = self._escaped[j]
        if self._mode == "probability":
            return f"{predicted} has a mean probability of {share:.1%} in rows labeled {given}"
        rows = counted(self._counts[i][j], f"row labeled {given} is", f"rows labeled {given} are")
        return f"{rows} predicted {predicted}, {share:.1%} of them"

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
        return self._address.replace(_CODES, f"{i}%2C{j}")


def _cell_address(run: ModelRun, review_url: str) -> str:
    """Return the address of the rows of a cell, with a word in the place of its codes."""
    if not review_url:
        return ""
    query = RowQuery(issue=ALL_ROWS, among=among(run, "cell", _CODES))
    return f"{review_url}?{query.params()}"


def chosen_cell(run: ModelRun, params: QueryDict) -> str:
    """Return the address of the rows of the cell that was chosen; empty if none was.

    Links of the picture say `cell=GIVEN,PREDICTED`, the form below it `given` and `predicted`.
    """
    given, _, predicted = params.get("cell", "").partition(",")
    given = params.get("given", given)
    predicted = params.get("predicted", predicted)
    if run.cleanset is None or not (given.isdecimal() and predicted.isdecimal()):
        return ""
    query = RowQuery(issue=ALL_ROWS, among=among(run, "cell", int(given), int(predicted)))
    return f"{run.cleanset.get_absolute_url()}?{query.params()}"
