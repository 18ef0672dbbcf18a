"""What each region of the review page is rendered from; the page and its partial updates use the
same builders.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.urls import reverse

from cleansets import row_address, row_query, selectors
from cleansets.issue_columns import SCORE_TITLES, IssueColumn
from cleansets.label_text import number_text
from cleansets.models import Cleanset
from cleansets.row_address import Range, RowQuery
from cleansets.row_query import RowPage, RowSource
from cleansets.selectors import RowDetail, RowLabels
from cleansets.task_words import TASK_WORDS
from studio.engine.ml_task import MLTask

LABEL_TITLES = {row_address.GIVEN: "Given", row_address.SUGGESTED: "Suggested"}
ACTION_TITLES = {
    "undecided": "Undecided",
    "auto-fix": "Auto-fix",
    "keep": "Keep",
    "exclude": "Exclude",
    "label": "Label",
    "corrected": "Corrected",
    "needs-review": "Needs review",
}
LABEL_ACTIONS = ("label", "corrected")


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the review table."""

    row: Mapping[str, Any]
    labels: RowLabels
    own: list[str | None]
    scores: list[float | None]
    badges: list[IssueColumn]
    params: str

    @property
    def row_id(self) -> int:
        """0-based position in the dataset version."""
        return int(self.row["row_id"])


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the review table: its name, its words, and the address that sorts by it."""

    name: str
    title: str
    params: str
    direction: str


@dataclass(frozen=True, slots=True)
class ReviewTable:
    """The region in the middle: columns and lines of one page.

    `wide` are those of the own columns that hold text; `has_text` tells whether the first of them
    does.
    """

    query: RowQuery
    page: RowPage
    own: tuple[str, ...]
    wide: frozenset[str]
    has_text: bool
    scores: list[Column]
    labels: list[Column]
    corrected: Column | None
    lines: list[Line]

    @property
    def score_names(self) -> list[str]:
        """The score columns shown."""
        return [column.name for column in self.scores]

    @property
    def previous_page_params(self) -> str:
        """Where the rows before this page are."""
        return self.query.params(page=self.page.page - 1)

    @property
    def next_page_params(self) -> str:
        """Where the rows after this page are."""
        return self.query.params(page=next_page(self.query))


def next_page(query: RowQuery) -> int:
    """Return the page after the one asked for; a view of undecided rows shrinks, so there it is the
    same one.
    """
    return query.page if query.action == row_address.UNDECIDED else query.page + 1


def review_table(cleanset: Cleanset, query: RowQuery, source: RowSource) -> ReviewTable:
    """Build one page of the table."""
    page = row_query.fetch_page(query, source)
    own, scores = (
        selectors.own_columns_shown(cleanset, query, source),
        selectors.scores_shown(query, source),
    )
    by = source.sort_column(query)
    titles = {} if cleanset.task is MLTask.UNSUPERVISED else LABEL_TITLES
    return ReviewTable(
        query=query,
        page=page,
        own=own,
        wide=frozenset(name for name in own if len(own) > 1 and selectors.is_text(cleanset, name)),
        has_text=bool(own) and selectors.is_text(cleanset, own[0]),
        scores=[_column(name, SCORE_TITLES[name], query, by) for name in scores],
        labels=[_column(name, title, query, by) for name, title in titles.items()],
        corrected=_column("corrected_label", "Corrected", query, by) if titles else None,
        lines=[line(cleanset, row, query, (own, scores)) for row in page.rows],
    )


def line(
    cleanset: Cleanset,
    row: Mapping[str, Any],
    query: RowQuery,
    shown: tuple[tuple[str, ...], tuple[str, ...]],
) -> Line:
    """Build one line of the table."""
    own, scores = shown
    return Line(
        row=row,
        labels=selectors.row_labels(cleanset, row),
        own=[row["own"][name] for name in own],
        scores=[row[name] for name in scores],
        badges=selectors.badges(row),
        params=f"{query.params(page=query.page)}&row={row['row_id']}",
    )


def _column(name: str, title: str, query: RowQuery, sorted_by: str) -> Column:
    is_sorted = sorted_by == name
    direction = ("ascending" if query.ascending else "descending") if is_sorted else ""
    # Labels are looked for from A to Z, scores from the worst; the second click turns the order
    # round.
    ascending = (not query.ascending) if is_sorted else not name.endswith("_score")
    return Column(name, title, query.params(sort=name, ascending=ascending), direction)


def tabs(cleanset: Cleanset, current: str) -> list[tuple[str, str, bool, None]]:
    """Build the tabs of a project's pages."""
    addresses = {
        "Review": reverse("cleanset", args=[cleanset.pk]),
        "Analysis": reverse("cleanset-details", args=[cleanset.pk]),
        "Settings": reverse("project-settings", args=[cleanset.project_id]),
    }
    return [(title, address, title == current, None) for title, address in addresses.items()]


def candidates(cleanset: Cleanset) -> dict[str, object]:
    """Build the table of models, best first; nothing where none was trained."""
    found, words = cleanset.candidates, TASK_WORDS.get(cleanset.task)
    if not found or words is None:
        return {}
    return {
        "words": words,
        "best_score": words.score_text(found[0]["accuracy"]),
        "has_ece": any(candidate.get("ece") is not None for candidate in found),
        "candidates": [
            (
                candidate,
                words.score_text(candidate["accuracy"]),
                _loss_text(candidate["log_loss"], cleanset.task),
            )
            for candidate in found
        ],
    }


def _loss_text(loss: float, task: MLTask) -> str:
    return number_text(loss) if task is MLTask.REGRESSION else f"{loss:.3f}"


def counts(cleanset: Cleanset, source: RowSource) -> dict[str, object]:
    """Build the counters in the head of the page."""
    counted = row_query.review_counts(source)
    return {
        "n_rows": cleanset.n_rows,
        "noun": "label issues" if "is_label_issue" in source.result_columns else "flagged rows",
        "n_issues": counted.n_to_review,
        "n_reviewed": counted.n_decided,
        "n_issues_reviewed": counted.n_to_review_decided,
    }


def panel(
    cleanset: Cleanset, query: RowQuery, source: RowSource, row_id: int | None
) -> dict[str, object]:
    """Build the panel of one row; without a row it says that nothing is left."""
    detail = selectors.row_detail(cleanset, row_id, source) if row_id is not None else None
    return {
        "cleanset": cleanset,
        "task": cleanset.task.value,
        "has_labels": cleanset.task is not MLTask.UNSUPERVISED,
        "query": query,
        "view_params": query.params(page=query.page),
        "detail": detail,
        "known_classes": _known_classes(cleanset, detail),
    }


def _known_classes(cleanset: Cleanset, detail: RowDetail | None) -> list[str]:
    """Return the classes that a field offers: the likeliest for the row first, those that people
    added last.
    """
    known = selectors.known_classes(cleanset)
    if detail is None:
        return known
    likeliest = [chance.label for chance in detail.chances] or [t.label for t in detail.toggles]
    return list(dict.fromkeys([*likeliest, *known]))


def view_end(cleanset: Cleanset, query: RowQuery, source: RowSource) -> dict[str, object]:
    """Build what the panel says after the last row of a view: where to go on, or what was done."""
    if query.action == row_address.UNDECIDED:
        query = replace(query, action="")
    progress = row_query.view_progress(query, source)
    continue_params = ""
    if progress.first_undecided is not None:
        row_id, page = progress.first_undecided
        continue_params = f"{query.params(page=page)}&row={row_id}"
    left = row_query.undecided_by_issue(source)
    next_view = next(
        (
            (view, left[view.key])
            for view in selectors.issue_views(cleanset, source, query)
            if view.key != query.issue and left.get(view.key)
        ),
        None,
    )
    return {"progress": progress, "continue_params": continue_params, "next_view": next_view}


def filters(cleanset: Cleanset, query: RowQuery, source: RowSource) -> dict[str, object]:
    """Build the filter bar and the chips of the filters that are on."""
    has_labels = cleanset.task is not MLTask.UNSUPERVISED
    return {
        "has_unlabeled": (
            cleanset.task is not MLTask.MULTI_LABEL or cleanset.counts.get("is_initially_unlabeled")
        ),
        "given_choices": _label_choices(source, "given_label", query, query.given),
        "suggested_choices": _label_choices(source, "suggested_label", query, query.suggested),
        "action_choices": [
            choice
            for choice in ACTION_TITLES.items()
            if has_labels or choice[0] not in LABEL_ACTIONS
        ],
        "score_choices": [
            (name, title) for name, title in SCORE_TITLES.items() if name in source.result_columns
        ],
        "own_choices": source.own_columns,
        "chips": chips(query, cleanset.task),
    }


def _label_choices(
    source: RowSource, column: str, query: RowQuery, chosen: str
) -> list[tuple[str, int]]:
    """Return the classes of the view; the one that is filtered by is there even if no row
    has it.
    """
    choices = row_query.label_choices(source, column, query)
    is_class = chosen not in ("", row_address.UNLABELED, row_address.NO_CLASS)
    if is_class and chosen not in dict(choices):
        choices.append((chosen, 0))
    return choices


def chips(query: RowQuery, task: MLTask) -> list[tuple[str, str, str]]:
    """Return name, value and the address without it, of each filter that is on."""
    found = [
        ("Given", _label_chip(query.given, task), query.params(given="")),
        ("Suggested", _label_chip(query.suggested, task), query.params(suggested="")),
        ("Action", ACTION_TITLES.get(query.action, ""), query.params(action="")),
        ("Text", query.search, query.params(search="")),
    ]
    for part in query.ranges:
        others = tuple(other for other in query.ranges if other != part)
        title = LABEL_TITLES.get(part.column) or SCORE_TITLES[part.column]
        found.append((title, _range_text(part), query.params(ranges=others)))
    return [chip for chip in found if chip[1]]


def _label_chip(wanted: str, task: MLTask) -> str:
    is_class = wanted not in ("", row_address.UNLABELED, row_address.NO_CLASS)
    if task is MLTask.MULTI_LABEL and is_class:
        return f"has {wanted}"
    return {row_address.UNLABELED: "none", row_address.NO_CLASS: "no class"}.get(wanted, wanted)


def _range_text(part: Range) -> str:
    if part.low is None:
        return f"up to {number_text(part.high or 0.0)}"
    if part.high is None:
        return f"from {number_text(part.low)}"
    return f"{number_text(part.low)} to {number_text(part.high)}"
