"""The left rail of the review page: the kinds of issue, and what is decided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.http import QueryDict

from cleansets import row_address, row_query
from cleansets.added_rows import new_rows_address
from cleansets.issue_columns import CONFIDENCE, issues_in
from cleansets.models import Action, Cleanset, CleansetOrigin, SavedView
from cleansets.pages.review.filters import ONLY_TITLES
from cleansets.row_address import Range, RowQuery
from cleansets.row_query import ReviewCounts, RowSource
from cleansets.selectors import asked_rows
from studio.engine.ml_task import MLTask

# The letter that opens a view, after G.
GO_KEYS = {
    "label_issue": "l",
    "outlier": "o",
    "near_duplicate": "d",
    "ambiguous": "a",
    "unlabeled": "u",
    "pii": "p",
    "well_labeled": "w",
    row_address.ALL_ROWS: "r",
    row_address.NEEDS_REVIEW: "n",
    row_address.CORRECTED: "c",
    Action.EXCLUDE.value: "e",
}


@dataclass(frozen=True, slots=True)
class View:
    """One line of the left rail: an issue, its number of rows, its address."""

    key: str
    title: str
    meaning: str
    n_rows: int
    params: str
    is_current: bool

    @property
    def go(self) -> str:
        """The letter that opens it after G; empty if it has none."""
        return GO_KEYS.get(self.key, "")


def issue_views(cleanset: Cleanset, source: RowSource, query: RowQuery) -> list[View]:
    """Return the left rail: every kind of issue that was checked, and all rows."""
    kinds = [
        (issue.key, issue.title, issue.meaning, cleanset.counts.get(issue.flag, 0))
        for issue in issues_in(source.result_columns)
    ]
    kinds.append(("all", "All rows", "Every row of the dataset.", cleanset.n_rows or 0))
    views = []
    for key, title, meaning, n_rows in kinds:
        params = RowQuery(issue=key).params()
        is_current = key == query.issue and not (query.action or query.only)
        views.append(View(key, title, meaning, n_rows, params, is_current))
    return views


_UNSURE = 0.5  # the largest confidence with which another answer is as likely
MIN_CLASS_ROWS = 20  # of the class whose labels are suggested for review


@dataclass(frozen=True, slots=True)
class SuggestedView:
    """A view that the studio suggests; `n_rows` is None until counted."""

    title: str
    meaning: str
    query: RowQuery
    is_current: bool
    n_rows: int | None

    @property
    def params(self) -> str:
        """Its address."""
        return self.query.params()


def suggested_views(
    cleanset: Cleanset, query: RowQuery, source: RowSource, *, is_counted: bool = False
) -> list[SuggestedView]:
    """Return views that are worth a look in this cleanset."""
    views = list(_suggestions(cleanset, source))
    n_rows: list[int | None] = [None] * len(views)
    if is_counted:
        n_rows = [*row_query.count_rows([view for _, _, view in views], source)]
    shown = replace(query, page=1, own=(), scores=())
    return [
        SuggestedView(title, meaning, view, view == shown, n)
        for (title, meaning, view), n in zip(views, n_rows, strict=True)
    ]


def _suggestions(cleanset: Cleanset, source: RowSource) -> Iterator[tuple[str, str, RowQuery]]:
    """Yield title, meaning and rows of each."""
    if cleanset.origin == CleansetOrigin.ROWS:
        yield (
            "New rows",
            "Rows that the version before does not have, or has with other cells.",
            RowQuery(issue=row_address.ALL_ROWS, among=new_rows_address(cleanset)),
        )
    if source.previous_key:
        yield (
            ONLY_TITLES[row_address.CHANGED],
            "Rows whose flag, suggestion or label is not that of the version before.",
            RowQuery(issue=row_address.ALL_ROWS, only=row_address.CHANGED),
        )
    if cleanset.task is not MLTask.MULTI_CLASS:
        return
    if cleanset.counts.get("is_near_duplicate"):
        yield (
            ONLY_TITLES[row_address.COPIES_DIFFER],
            "Near duplicates whose labels are not the same.",
            RowQuery(issue="near_duplicate", only=row_address.COPIES_DIFFER),
        )
    noisiest = _noisiest_class(cleanset)
    if noisiest:
        yield (
            f"Noisiest: {noisiest}",
            f"Label issues among the rows labeled “{noisiest}”, the class with the most.",
            RowQuery(issue="label_issue", given=noisiest),
        )
    yield (
        "Low confidence",
        "Rows in which no class is likelier than all others together, least sure first.",
        RowQuery(
            issue=row_address.ALL_ROWS,
            ranges=(Range(CONFIDENCE, high=_UNSURE),),
            sort=CONFIDENCE,
            ascending=True,
        ),
    )


def _noisiest_class(cleanset: Cleanset) -> str:
    classes = cleanset.health.get("classes") or ()
    noisy = [one for one in classes if one["n_rows"] >= MIN_CLASS_ROWS and one["noise"] > 0]
    return str(max(noisy, key=lambda one: one["noise"])["name"]) if noisy else ""


@dataclass(frozen=True, slots=True)
class SavedViewLine:
    """A saved view in the left rail; `n_rows` is None until counted."""

    view: SavedView
    is_current: bool
    n_rows: int | None

    @property
    def params(self) -> str:
        """The view's address on the review page, without its path."""
        return self.view.params


def saved_views(
    cleanset: Cleanset, query: RowQuery, source: RowSource | None = None
) -> list[SavedViewLine]:
    """Return the project's saved views, with row counts if a source is given."""
    views = list(cleanset.project.saved_views.all())
    queries = [asked_rows(cleanset, QueryDict(view.params)) for view in views]
    n_rows: list[int | None] = [None] * len(views)
    if source is not None:
        n_rows = [*row_query.count_rows(queries, source)]
    shown = replace(query, page=1, own=(), scores=())
    return [
        SavedViewLine(view, saved == shown, n)
        for view, saved, n in zip(views, queries, n_rows, strict=True)
    ]


def tag_views(tag_counts: list[tuple[str, int]], query: RowQuery) -> list[View]:
    """Return a view for each tag, of which the number of rows is known."""
    views = []
    for name, n_rows in tag_counts:
        params = RowQuery(issue=row_address.ALL_ROWS, tag=name).params()
        views.append(View(name, name, "Rows with this tag.", n_rows, params, name == query.tag))
    return views


def work_views(source: RowSource, query: RowQuery, counts: ReviewCounts) -> list[View]:
    """Return the part of the left rail with views by decision."""
    kinds = (
        (
            row_address.NEEDS_REVIEW,
            "Needs review",
            "Rows marked for later.",
            counts.n_needs_review,
        ),
        (
            row_address.CORRECTED,
            "Corrected",
            "Rows whose label differs from the uploaded one.",
            counts.n_corrected,
        ),
        (
            Action.EXCLUDE.value,
            "Excluded",
            "Rows that training and the export leave out.",
            counts.n_excluded,
        ),
    )
    views = []
    for action, title, meaning, n_rows in kinds:
        if source.task is MLTask.UNSUPERVISED and action == row_address.CORRECTED:
            continue
        params = RowQuery(issue="all", action=action).params()
        views.append(View(action, title, meaning, n_rows, params, action == query.action))
    return views
