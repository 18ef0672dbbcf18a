"""The gallery of a run: its rows as cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from django.http import QueryDict
from django.urls import reverse

from cleansets import selectors
from cleansets.issue_columns import (
    ISSUE_COLUMNS,
    SCORE_TITLES,
    IssueColumn,
    badges,
    issues_in,
)
from cleansets.label_text import ShownLabel, number_text, shown_label
from cleansets.models import SavedView
from cleansets.pages.review.filters import chips as row_chips
from cleansets.pages.review.filters import filters as row_filters
from cleansets.row_address import ALL_ROWS, MAX_SET_NAME, NO_CLASS, RowQuery
from cleansets.shown_columns import is_text, own_columns_shown
from studio.engine.conventions.label_sets import join_labels
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask
from studio.figures import percent
from studio.model_runs.gallery_address import (
    OWN,
    RIGHT,
    WRONG,
    GalleryQuery,
    PredictionFilters,
    end_text,
)
from studio.model_runs.gallery_rows import (
    PAGE_SIZE,
    Prediction,
    RunSource,
    other_run,
    predictions_of,
    probabilities_of,
)
from studio.model_runs.models import ModelRun
from studio.model_runs.run_row_sets import among_where, changes_in, range_words, where_of
from studio.model_runs.selectors import comparable_runs

VERDICT_TITLES = {WRONG: "Disagrees with the label", RIGHT: "Agrees with the label"}
SIZE_TITLES = {"s": "Small", "m": "Medium", "l": "Large"}
SORT_TITLES = {
    "": "Row",
    "confidence": "Confidence",
    "error": "Error",
    "predicted": "Predicted",
    "label": "Label",
}
MAX_OTHERS = 50  # runs to compare with, newest first


@dataclass(frozen=True, slots=True)
class Chance:
    """A class with its probability, as text and as hundredths for the bar."""

    name: str
    text: str
    percent: float


@dataclass(frozen=True, slots=True)
class ShownPrediction:
    """A prediction as a card shows it; `is_right` is None for numbers."""

    label: ShownLabel | None
    confidence: str
    is_right: bool | None
    error: str


@dataclass(frozen=True, slots=True)
class Card:
    """A row of the run."""

    row_id: int
    url: str
    text: str | None
    cells: list[tuple[str, str | None]]
    label: ShownLabel | None
    now: ShownLabel | None
    predicted: ShownPrediction
    other: ShownPrediction | None
    chances: list[Chance]
    badges: list[IssueColumn]
    part: str


@dataclass(frozen=True, slots=True)
class SliceLine:
    """A saved view in the gallery; `n_rows` is None until counted."""

    view: SavedView
    params: str
    is_current: bool
    n_rows: int | None


def gallery_query(run: ModelRun, params: QueryDict) -> GalleryQuery:
    """Parse an address for this run.

    Filters that the review page was given as a set of rows become filters again.
    """
    query = GalleryQuery.parse(params)
    assert run.cleanset is not None
    checked = selectors.asked_rows(run.cleanset, params)
    rows = replace(query.rows, among=checked.among, part=checked.part)
    filters, within = where_of(run, rows.among)
    if not filters.is_filtering:
        return replace(query, rows=rows)
    return replace(query, rows=replace(rows, among=within), predictions=filters)


def rows_of_view(run: ModelRun, view: SavedView) -> npt.NDArray[np.int64]:
    """Return the rows of a run that a saved view has now."""
    return RunSource(run).all_row_ids(gallery_query(run, QueryDict(view.params)))


def review_query(run: ModelRun, query: GalleryQuery) -> RowQuery:
    """Return the same rows as the review page knows them. Raises DataProblem."""
    among = among_where(run, query.predictions, query.rows.among)
    if len(among) > MAX_SET_NAME:
        raise DataProblem("These filters are too long for an address. Leave one of them out.")
    return replace(query.rows, among=among)


def display_text(query: GalleryQuery) -> str:
    """Return what a slice keeps for the gallery alone."""
    kept = QueryDict(mutable=True)
    for name, value in query.display_fields:
        if name != "show":
            kept.appendlist(name, value)
    if query.predictions.other:
        kept["with"] = query.predictions.other
    return kept.urlencode()


class GalleryPage:
    """The gallery of one request: all queries share one connection."""

    def __init__(self, run: ModelRun, params: QueryDict) -> None:
        self.run = run
        self.query = gallery_query(run, params)
        self.source = RunSource(run)
        self.other = other_run(run, self.query.predictions.other)
        assert run.cleanset is not None
        self.cleanset = run.cleanset

    def context(self) -> dict[str, object]:
        """Build the page."""
        query = self.query
        n_rows = self.source.count(query)
        n_pages = max(-(-n_rows // PAGE_SIZE), 1)
        page = min(query.rows.page, n_pages)
        row_ids = self.source.row_ids(query, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE)
        first = (page - 1) * PAGE_SIZE + 1
        context = row_filters(self.cleanset, query.rows, self.source.rows)
        return context | {
            "task": self.run.task.value,
            "has_labels": True,
            "query": query,
            "cards": self.cards(row_ids),
            "n_rows": n_rows,
            "first": first,
            "last": first + len(row_ids) - 1,
            "previous_params": query.params(page=page - 1) if page > 1 else "",
            "next_params": query.params(page=page + 1) if page < n_pages else "",
            "chips": self._chips(),
            "clear_params": self._cleared(),
            "review_url": self._review_url(),
            "sorts": self._sorts(),
            "sizes": SIZE_TITLES.items(),
            "has_confidence": self.source.has_confidence,
            "predicted_choices": self._predicted_choices(),
            "verdict_choices": VERDICT_TITLES.items(),
            "issue_choices": [
                (issue.key, issue.title) for issue in issues_in(self.source.rows.result_columns)
            ],
            "other": self.other,
            "others": comparable_runs(self.run)[:MAX_OTHERS],
            "change_choices": changes_in(self.run, self.other).items() if self.other else (),
            "confidence_ends": [end_text(end) for end in query.predictions.confidence],
            "error_ends": [end_text(end) for end in query.predictions.error],
            "slices": self.slices(),
            "view_params": query.address,
        }

    def slices(self, *, are_counted: bool = False) -> list[SliceLine]:
        """Return the project's saved views as the gallery opens them."""
        shown = replace(self.query, rows=replace(self.query.rows, page=1, own=(), scores=()))
        lines = []
        for view in self.cleanset.project.saved_views.all():
            saved = gallery_query(self.run, QueryDict(view.params))
            lines.append(
                SliceLine(
                    view=view,
                    params=saved.address,
                    is_current=(saved.rows, saved.predictions) == (shown.rows, shown.predictions),
                    n_rows=self.source.count(saved) if are_counted else None,
                )
            )
        return lines

    def evaluated(self, row_ids: Sequence[int]) -> list[int]:
        """Return those of the rows that the run has, in their order."""
        known = predictions_of(self.run, row_ids, self.source.rows)
        return [row_id for row_id in row_ids if row_id in known]

    def cards(self, row_ids: Sequence[int]) -> list[Card]:
        """Return the cards of rows that the run has."""
        own = own_columns_shown(self.cleanset, self.query.rows, self.source.rows)
        rows = self.source.fetch(row_ids, own)
        predictions = predictions_of(self.run, row_ids, self.source.rows)
        others: Mapping[int, Prediction] = {}
        if self.other is not None:
            others = predictions_of(self.other, row_ids, self.source.rows)
        chances: Mapping[int, list[tuple[str, float]]] = {}
        if self.query.has_probabilities:
            chances = probabilities_of(self.run, row_ids)
        review = review_query(self.run, self.query)
        return [
            self._card(
                row,
                predictions[row["row_id"]],
                others.get(row["row_id"]),
                chances.get(row["row_id"], []),
                f"{self.cleanset.get_absolute_url()}?{review.params()}&row={row['row_id']}",
            )
            for row in rows
        ]

    def _card(
        self,
        row: dict[str, Any],
        prediction: Prediction,
        other: Prediction | None,
        chances: Sequence[tuple[str, float]],
        url: str,
    ) -> Card:
        cells = list(row["own"].items())
        text = None
        if cells and is_text(self.cleanset, cells[0][0]):
            text = cells.pop(0)[1] or ""
        now = self._label_of_row(row["clean_label"])
        label = self._shown(prediction.label)
        return Card(
            row_id=row["row_id"],
            url=url,
            text=text,
            cells=cells,
            label=label,
            now=now if now is not None and now != label else None,
            predicted=self._shown_prediction(prediction),
            other=None if other is None else self._shown_prediction(other),
            chances=[Chance(name, percent(value), 100 * value) for name, value in chances],
            badges=badges(row),
            part=prediction.part,
        )

    def _label_of_row(self, label: str | None) -> ShownLabel | None:
        shown = shown_label(self.run.task, label, self.cleanset.label_convention)
        if shown is None or self.run.task is MLTask.REGRESSION:
            return shown
        return ShownLabel(shown.names, join_labels(shown.names))

    def _shown(self, label: str | tuple[str, ...] | float) -> ShownLabel:
        if isinstance(label, float):
            text = number_text(label, self.cleanset.label_convention)
            return ShownLabel((text,), text)
        names = (label,) if isinstance(label, str) else label
        return ShownLabel(names, join_labels(names))

    def _shown_prediction(self, prediction: Prediction) -> ShownPrediction:
        error = ""
        if prediction.error is not None:
            error = number_text(prediction.error, self.cleanset.label_convention)
        confidence = "" if prediction.confidence is None else percent(prediction.confidence)
        return ShownPrediction(
            self._shown(prediction.predicted), confidence, prediction.is_right, error
        )

    def _chips(self) -> list[tuple[str, str, str]]:
        query = self.query
        filters = query.predictions
        found = [
            (name, value, _with_rows(query, params))
            for name, value, params in row_chips(query.rows, self.run.task)
        ]
        if filters.predicted:
            shown = "no class" if filters.predicted == NO_CLASS else filters.predicted
            found.append(("Predicted", shown, query.params(predicted="")))
        if filters.verdict:
            found.append(("Prediction", filters.verdict, query.params(verdict="")))
        for name in ("confidence", "error"):
            low, high = getattr(filters, name)
            if (low, high) != (None, None):
                removed = query.params(**{name: (None, None)})
                found.append((name.capitalize(), range_words(low, high), removed))
        if self.other is not None and filters.change:
            words = changes_in(self.run, self.other).get(filters.change, "")
            found.append(("Change", words, query.params(change="")))
        if query.rows.issue != ALL_ROWS:
            title = next(one.title for one in ISSUE_COLUMNS if one.key == query.rows.issue)
            found.append(("Issue", title, query.params(issue=ALL_ROWS)))
        return found

    def _cleared(self) -> str:
        rows = self.query.rows
        kept = RowQuery(issue=ALL_ROWS, sort=rows.sort, ascending=rows.ascending, own=rows.own)
        filters = PredictionFilters(other=self.query.predictions.other)
        return replace(self.query, rows=kept, predictions=filters).address

    def _review_url(self) -> str:
        query = review_query(self.run, self.query)
        return f"{self.cleanset.get_absolute_url()}?{query.params()}"

    def _predicted_choices(self) -> list[tuple[str, str]]:
        if self.run.task is MLTask.REGRESSION:
            return []
        return [(name, name) for name in self.run.classes]

    def _sorts(self) -> list[tuple[str, str]]:
        names = ["", *self.source.sort_columns]
        scores = [name for name in SCORE_TITLES if name in self.source.rows.result_columns]
        return [
            *((name, SORT_TITLES[name]) for name in names),
            *((name, f"{SCORE_TITLES[name]} score") for name in scores),
            *((f"{OWN}{name}", name) for name in self.source.rows.own_columns),
        ]


def _with_rows(query: GalleryQuery, params: str) -> str:
    """Return the address of the gallery with other filters on rows."""
    rows = RowQuery.parse(QueryDict(params), (ALL_ROWS, query.rows.issue))
    return replace(query, rows=rows).address


def run_tabs(run: ModelRun, current: str) -> list[tuple[str, str, bool, None]]:
    """Return the tabs of a run's page; before it is evaluated there is one page."""
    if not run.is_succeeded:
        return []
    addresses = {
        "Evaluation": run.get_absolute_url(),
        "Gallery": reverse("evaluation-gallery", args=[run.pk]),
        "Map": reverse("evaluation-map", args=[run.pk]),
    }
    return [(title, address, title == current, None) for title, address in addresses.items()]
