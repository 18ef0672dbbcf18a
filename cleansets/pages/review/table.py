"""The table of rows: columns and lines of one page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from cleansets import row_address, row_query
from cleansets.issue_columns import SCORE_TITLES, IssueColumn, badges
from cleansets.label_text import ShownLabel, shown_label
from cleansets.models import Cleanset, ReviewLayout
from cleansets.pages.review.labels import RowLabels, row_labels
from cleansets.row_address import RowQuery
from cleansets.row_query import DuplicateSet, RowPage, RowSource
from cleansets.shown_columns import is_number, is_text, own_columns_shown, scores_shown
from cleansets.shown_text import with_line_breaks, without_zeros
from studio.engine.ml_task import MLTask

MAX_CELL_CHARS = 300
LABEL_TITLES = {row_address.GIVEN: "Given", row_address.SUGGESTED: "Suggested"}


@dataclass(frozen=True, slots=True)
class OwnColumn:
    """An uploaded column; `classes` are the CSS classes of its heading and its cells.

    `cell_name` names a cell where there is no heading, on a phone; a text needs no name.
    """

    name: str
    classes: str
    cell_name: str
    is_number: bool
    is_text: bool


class Cell(NamedTuple):
    """A cell of an uploaded column, of which at most `MAX_CELL_CHARS` are shown."""

    name: str
    classes: str
    text: str | None


@dataclass(frozen=True, slots=True)
class SetHead:
    """The heading of a set of near duplicates: its rows, and their labels if they differ."""

    n_rows: int
    labels: list[ShownLabel | None]


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the review table."""

    row: Mapping[str, Any]
    labels: RowLabels
    own: list[Cell]
    scores: list[float | None]
    badges: list[IssueColumn]
    params: str
    set_head: SetHead | None = None

    @property
    def row_id(self) -> int:
        """0-based position in the dataset version."""
        return int(self.row["row_id"])

    @property
    def tags(self) -> list[str]:
        """The names of the row's tags."""
        names: list[str] = self.row["tags"].splitlines()
        return names


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of the review table: its name, its heading, and the address that sorts by it."""

    name: str
    title: str
    params: str
    direction: str


@dataclass(frozen=True, slots=True)
class ReviewTable:
    """The table in the middle of the page: columns and lines of one page.

    `own` are the uploaded columns, each with its CSS classes; `has_text` tells whether the first
    one holds text.
    """

    query: RowQuery
    page: RowPage
    own: list[tuple[str, str]]
    has_text: bool
    layout: ReviewLayout
    scores: list[TableColumn]
    labels: list[TableColumn]
    corrected: TableColumn | None
    lines: list[Line]

    @property
    def score_names(self) -> list[str]:
        """The score columns shown."""
        return [column.name for column in self.scores]

    @property
    def classes(self) -> str:
        """The CSS classes of the saved layout."""
        chosen = {
            "review-table-text": self.has_text,
            "review-table-two-lines": self.layout.has_two_lines,
            "review-table-pinned": self.layout.is_first_pinned,
            "review-table-usual": not (self.query.own or self.layout.columns),
        }
        return " ".join(name for name, is_on in chosen.items() if is_on)

    @property
    def previous_page_params(self) -> str:
        """The query string of the previous page."""
        return self.query.params(page=self.page.page - 1)

    @property
    def next_page_params(self) -> str:
        """The query string of the next page."""
        return self.query.params(page=self.query.next_page)


@dataclass(frozen=True, slots=True)
class ShownColumns:
    """The uploaded columns and the scores that the table shows."""

    own: list[OwnColumn]
    scores: tuple[str, ...]

    @property
    def own_names(self) -> list[str]:
        """The names of the uploaded columns."""
        return [column.name for column in self.own]


def shown_columns(cleanset: Cleanset, query: RowQuery, source: RowSource) -> ShownColumns:
    """Return the columns that the table shows."""
    names = own_columns_shown(cleanset, query, source)
    own = [_own_column(cleanset, name, is_first=k == 0) for k, name in enumerate(names)]
    return ShownColumns(own, scores_shown(cleanset, query, source))


def _own_column(cleanset: Cleanset, name: str, *, is_first: bool) -> OwnColumn:
    holds_numbers = is_number(cleanset, name)
    holds_text = is_text(cleanset, name)
    if is_first:
        width = "col-text"
    elif holds_text:
        width = "col-wide"
    else:
        width = "col-more"
    return OwnColumn(
        name=name,
        classes=f"{width} number" if holds_numbers else width,
        cell_name="" if is_first and holds_text else name,
        is_number=holds_numbers,
        is_text=holds_text,
    )


def review_table(cleanset: Cleanset, query: RowQuery, source: RowSource) -> ReviewTable:
    """Build one page of the table."""
    shown = shown_columns(cleanset, query, source)
    page = row_query.fetch_page(query, source, shown.own_names)
    by = source.sort_column(query)
    view_params = query.params(page=query.page)
    lines = [line(cleanset, row, view_params, shown) for row in page.rows]
    if source.is_by_sets(query):
        by = ""
        lines = _under_heads(cleanset, lines, source)
    titles = {} if cleanset.task is MLTask.UNSUPERVISED else LABEL_TITLES
    return ReviewTable(
        query=query,
        page=page,
        own=[(column.name, column.classes) for column in shown.own],
        layout=ReviewLayout.of(cleanset.project),
        has_text=bool(shown.own) and shown.own[0].is_text,
        scores=[_column(name, SCORE_TITLES[name], query, by) for name in shown.scores],
        labels=[_column(name, title, query, by) for name, title in titles.items()],
        corrected=_column("corrected_label", "Corrected", query, by) if titles else None,
        lines=lines,
    )


def _under_heads(cleanset: Cleanset, lines: list[Line], source: RowSource) -> list[Line]:
    """Put the heading of its set above the first row of each."""
    set_ids = [line.row["near_duplicate_cluster_id"] for line in lines]
    sets = row_query.duplicate_sets(dict.fromkeys(set_ids), source)
    headed = []
    previous = None
    for line, set_id in zip(lines, set_ids, strict=True):
        head = None
        if set_id != previous:
            head = _set_head(cleanset, sets[set_id])
        headed.append(replace(line, set_head=head))
        previous = set_id
    return headed


def _set_head(cleanset: Cleanset, found: DuplicateSet) -> SetHead:
    labels = [
        shown_label(cleanset.task, label, cleanset.label_convention) for label in found.labels
    ]
    has_labels = cleanset.task is not MLTask.UNSUPERVISED
    return SetHead(found.n_rows, labels if has_labels and len(labels) > 1 else [])


def line(
    cleanset: Cleanset,
    row: Mapping[str, Any],
    view_params: str,
    shown: ShownColumns,
) -> Line:
    """Build one line of the table; `view_params` is the address of the page."""
    return Line(
        row=row,
        labels=row_labels(cleanset, row),
        own=[_cell(column, row["own"][column.name]) for column in shown.own],
        scores=[row[name] for name in shown.scores],
        badges=badges(row),
        params=f"{view_params}&row={row['row_id']}",
    )


def _cut(text: str | None) -> str | None:
    if text is None or len(text) <= MAX_CELL_CHARS:
        return text
    return f"{text[: MAX_CELL_CHARS - 1]}…"


def _cell(column: OwnColumn, text: str | None) -> Cell:
    shown = _cut(text)
    if column.is_number:
        shown = without_zeros(shown)
    if shown is not None:
        shown = with_line_breaks(shown)
    return Cell(column.cell_name, column.classes, shown)


def _column(name: str, title: str, query: RowQuery, sorted_by: str) -> TableColumn:
    if sorted_by == name:
        # The second click reverses the order.
        direction = "ascending" if query.ascending else "descending"
        ascending = not query.ascending
    else:
        # Labels are looked up from A to Z, scores from the worst.
        direction = ""
        ascending = not name.endswith("_score")
    return TableColumn(name, title, query.params(sort=name, ascending=ascending), direction)
