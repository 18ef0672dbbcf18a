"""`/api/v1/evaluations/ID/rows`: the rows of a model run with its predictions."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, QueryDict
from ninja import Field, Query, Router, Schema

from cleansets.api.row_filters import RowFilters
from cleansets.issue_columns import issues_in
from cleansets.row_address import ALL_ROWS
from studio.api.pages import page
from studio.api.schemas import MAX_LIMIT, MAX_OFFSET, ROW_ID_FORM, Page, PageParams, Text
from studio.engine.errors import DataProblem
from studio.model_runs.access import measured_run_or_404
from studio.model_runs.gallery_rows import (
    Prediction,
    RunSource,
    other_run,
    predictions_of,
    refuse_unknown_sort,
)
from studio.model_runs.pages.gallery import gallery_query

router = Router(tags=["Evaluations"])


class RunRowFilters(RowFilters):
    """Filters and order of the rows of a model run; empty means no filter."""

    predicted: Text = Field(
        "",
        max_length=500,
        description='Rows with this predicted class; "--" for sets without any class.',
    )
    verdict: Literal["", "right", "wrong"] = Field(
        "", description="Whether the prediction is the label that the run is measured by."
    )
    confidence_from: float | None = Field(None, ge=0, le=1)
    confidence_to: float | None = Field(None, ge=0, le=1)
    error_from: float | None = Field(None, ge=0, description="Numbers: the least absolute error.")
    error_to: float | None = Field(None, ge=0, description="Numbers: the largest absolute error.")
    other: UUID | None = Field(
        None, description="Another evaluation of the project, whose predictions are added."
    )
    change: Literal["", "gained", "lost", "bothwrong"] = Field(
        "", description="What became of the predictions in the other evaluation."
    )
    among: Text = Field(
        "", max_length=1000, description="A set of rows, as in addresses of the review page."
    )
    sort: Text = Field(
        "",
        max_length=500,
        description=(
            "confidence, error, predicted, label, a column of the results, or own.COLUMN for an"
            " uploaded one; the row if empty."
        ),
    )


class RunRowParams(RunRowFilters, PageParams):
    """Filters and order of the rows, and the slice to return."""

    limit: int = Field(50, ge=1, le=MAX_LIMIT, description="Maximum number of rows.")
    offset: int = Field(0, ge=0, le=MAX_OFFSET, description="Number of rows to skip.")


Label = str | list[str] | float


class PredictionOut(Schema):
    """A prediction for a row: a class, a set of classes, or a number."""

    predicted: Label
    confidence: float | None
    is_right: bool | None = Field(description="Whether it is the label; null for numbers.")
    error: float | None = Field(description="Numbers: the absolute error.")


class RunRowOut(PredictionOut):
    """A row of a model run."""

    row_id: int = Field(description=ROW_ID_FORM)
    label: Label = Field(description="The label that the run is measured by.")
    clean_label: str | None = Field(description="The label as it is corrected now.")
    split: str
    issues: list[str]
    cells: dict[str, str | None]
    other: PredictionOut | None = Field(description="What the other evaluation predicts.")


@router.get("/evaluations/{uuid:evaluation_id}/rows", response=Page[RunRowOut])
def evaluation_row_list(
    request: HttpRequest, evaluation_id: UUID, params: Annotated[RunRowParams, Query()]
) -> dict[str, Any]:
    """List the rows of a model run, filtered and sorted as in its gallery."""
    run = measured_run_or_404(request, evaluation_id)
    address = QueryDict(mutable=True)
    for name, value in params.dict(exclude_none=True).items():
        address.setlist("with" if name == "other" else name, _texts(value))
    query = gallery_query(run, address)
    if query.rows.issue != (params.issue or ALL_ROWS):
        raise DataProblem(f"This run has no issue '{params.issue}'.")
    if params.among and not query.rows.among:
        raise DataProblem(f"There is no set of rows '{params.among}' in this project.")
    other = other_run(run, query.predictions.other)
    if params.other is not None and other is None:
        raise DataProblem("The other evaluation is not one of this project that is done.")
    if params.change and other is None:
        raise DataProblem("`change` needs `other`, the evaluation to compare with.")
    source = RunSource(run)
    refuse_unknown_sort(params.sort, source)
    row_ids = source.row_ids(query, limit=params.limit, offset=params.offset)
    mine = predictions_of(run, row_ids, source.rows)
    theirs = {} if other is None else predictions_of(other, row_ids, source.rows)
    results = []
    for row in source.fetch(row_ids, source.rows.own_columns):
        row_id = row["row_id"]
        results.append(
            {
                **_answer(mine[row_id]),
                "row_id": row_id,
                "label": _plain(mine[row_id].label),
                "clean_label": row["clean_label"],
                "split": mine[row_id].part,
                "issues": [one.key for one in issues_in(row) if row[one.flag]],
                "cells": row["own"],
                "other": _answer(theirs[row_id]) if row_id in theirs else None,
            }
        )
    return page(request, params, results, count=source.count(query))


def _texts(value: object) -> list[str]:
    if isinstance(value, list):
        return [str(one) for one in value]
    return [str(value)]


def _answer(prediction: Prediction) -> dict[str, Any]:
    return {
        "predicted": _plain(prediction.predicted),
        "confidence": prediction.confidence,
        "is_right": prediction.is_right,
        "error": prediction.error,
    }


def _plain(label: str | tuple[str, ...] | float) -> Label:
    return list(label) if isinstance(label, tuple) else label
