"""The table of rows: columns and lines of one page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cleansets import row_address, row_query
from cleansets.issue_columns import SCORE_TITLES, IssueColumn, badges
from cleansets.label_text import ShownLabel, shown_label
from cleansets.models import Cleanset, ReviewLayout
from cleansets.pages.review.labels import RowLabels, row_labels
from cleansets.row_address import RowQuery
from cleansets.row_query import DuplicateSet, RowPage, RowSource
from cleansets.shown_columns import is_number, is_text, own_columns_shown, scores_shown
from cleansets.shown_text import without_zeros
from studio.engine.ml_task import MLTask

MAX_CELL_CHARS = 300
LABEL_TITLES = {row_address.GIVEN: "Given", row_address.SUGGESTED: "Suggested"}


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of an uploaded column, of which at most `MAX_CELL_CHARS` are shown."""

    column: str
    text: str | None
    is_number: bool
    is_text: bool


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

    Of the uploaded columns, `numbers` hold numbers and `wide` hold text; `has_text` tells whether
    the first one holds text.
    """

    query: RowQuery
    page: RowPage
    own: tuple[str, ...]
    numbers: frozenset[str]
    wide: frozenset[str]
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


def review_table(cleanset: Cleanset, query: RowQuery, source: RowSource) -> ReviewTable:
    """Build one page of the table."""
    own = own_columns_shown(cleanset, query, source)
    page = row_query.fetch_page(query, source, own)
    scores = scores_shown(cleanset, query, source)
    by = source.sort_column(query)
    view_params = query.params(page=query.page)
    lines = [line(cleanset, row, view_params, (own, scores)) for row in page.rows]
    if source.is_by_sets(query):
        by = ""
        lines = _under_heads(cleanset, lines, source)
    titles = {} if cleanset.task is MLTask.UNSUPERVISED else LABEL_TITLES
    return ReviewTable(
        query=query,
        page=page,
        own=own,
        numbers=frozenset(name for name in own if is_number(cleanset, name)),
        layout=ReviewLayout.of(cleanset.project),
        wide=frozenset(name for name in own if len(own) > 1 and is_text(cleanset, name)),
        has_text=bool(own) and is_text(cleanset, own[0]),
        scores=[_column(name, SCORE_TITLES[name], query, by) for name in scores],
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
    shown: tuple[tuple[str, ...], tuple[str, ...]],
) -> Line:
    """Build one line of the table; `view_params` is the address of the page."""
    own, scores = shown
    return Line(
        row=row,
        labels=row_labels(cleanset, row),
        own=[_cell(cleanset, name, row["own"][name]) for name in own],
        scores=[row[name] for name in scores],
        badges=badges(row),
        params=f"{view_params}&row={row['row_id']}",
    )


def _cut(text: str | None) -> str | None:
    if text is None or len(text) <= MAX_CELL_CHARS:
        return text
    return f"{text[: MAX_CELL_CHARS - 1]}…"


def _cell(cleanset: Cleanset, column: str, text: str | None) -> Cell:
    if is_number(cleanset, column):
        return Cell(column, without_zeros(_cut(text)), is_number=True, is_text=False)
    return Cell(column, _cut(text), is_number=False, is_text=is_text(cleanset, column))


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
