"""`/api/v1/predictions`, and sending a file to a model."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import File, Form, Query, Router, Status
from ninja.files import UploadedFile

from inference import exports, selectors, services
from inference.access import batch_or_404, ready_batch_or_404, reported_batch_or_404
from inference.api.schemas import (
    COLUMN_MAP_HELP,
    CONVENTIONS_HELP,
    COVERAGE_HELP,
    GUARD_HELP,
    ChosenClasses,
    PredictionOut,
    RetryIn,
    RowIn,
    UncertainIn,
    column_map_of,
    conventions_of,
)
from inference.models import PredictionBatch
from inference.services import DEFAULT_COVERAGE
from models_app.access import model_or_404
from projects.api.schemas import DatasetOut
from projects.models import DatasetVersion
from studio.accounts.access import account
from studio.api.pages import page_of
from studio.api.schemas import Page, Paged, SafeForSpreadsheets, Text

router = Router(tags=["Predictions"])


@router.get("/models/{uuid:model_id}/predictions", response=Page[PredictionOut])
def prediction_list(request: HttpRequest, model_id: UUID, params: Paged) -> dict[str, Any]:
    """List the predictions of a model, newest first."""
    return page_of(request, params, selectors.batches_of(model_or_404(request, model_id)))


@router.post("/models/{uuid:model_id}/predictions", response={201: PredictionOut})
def prediction_start(  # noqa: PLR0913  (parts of a form)
    request: HttpRequest,
    model_id: UUID,
    file: File[UploadedFile],
    column_map: Annotated[Text, Form("", description=f"{COLUMN_MAP_HELP} As JSON.")],
    conventions: Annotated[Text, Form("", description=f"{CONVENTIONS_HELP} As JSON.")],
    guard: Annotated[bool, Form(description=GUARD_HELP)] = False,  # noqa: FBT002  (by name)
    coverage: Annotated[float, Form(description=COVERAGE_HELP)] = DEFAULT_COVERAGE,
) -> Status[PredictionBatch]:
    """Upload a file and predict its rows."""
    model = model_or_404(request, model_id)
    batch = services.prediction_start(
        model=model,
        user=account(request),
        file=file,
        column_map=column_map_of(column_map),
        conventions=conventions_of(conventions),
        coverage=coverage if guard else None,
    )
    return Status(201, batch)


@router.post("/models/{uuid:model_id}/predictions/row", response={201: PredictionOut})
def prediction_row(request: HttpRequest, model_id: UUID, body: RowIn) -> Status[PredictionBatch]:
    """Predict one row. Once it has succeeded, `report.row` says why: `why` has the parts of the row
    with their effects, and `near` the most similar training rows.
    """
    model = model_or_404(request, model_id)
    batch = services.row_predict(model=model, user=account(request), cells=body.cells)
    return Status(201, batch)


@router.get("/predictions/{uuid:batch_id}", response=PredictionOut)
def prediction_get(request: HttpRequest, batch_id: UUID) -> PredictionBatch:
    """Return a prediction; `run` is its progress."""
    return batch_or_404(request, batch_id)


@router.post("/predictions/{uuid:batch_id}/retry", response={201: PredictionOut})
def prediction_retry(
    request: HttpRequest, batch_id: UUID, body: RetryIn
) -> Status[PredictionBatch]:
    """Predict the stored file again; the new prediction replaces the old one.

    Possible after a failure or cancellation, and after a success if `conventions` reads numbers or
    dates differently, to read other columns, or to add `guard`. `column_map` names the columns to
    read instead of those of the model.
    """
    batch = batch_or_404(request, batch_id)
    again = services.prediction_restart(
        batch=batch,
        user=account(request),
        column_map=body.column_map,
        conventions=body.conventions,
        coverage=body.coverage if body.guard else None,
    )
    return Status(201, again)


@router.get(
    "/predictions/{uuid:batch_id}/export",
    openapi_extra={
        "responses": {200: {"description": "The file", "content": {"text/csv; charset=utf-8": {}}}}
    },
)
def prediction_export(
    request: HttpRequest,
    batch_id: UUID,
    classes: ChosenClasses,
    safe_for_spreadsheets: SafeForSpreadsheets,
) -> StreamingHttpResponse:
    """Download the uploaded rows with their suggested labels and probabilities, as CSV."""
    batch = ready_batch_or_404(request, batch_id)
    return exports.export_response(batch, classes, safe_for_spreadsheets=safe_for_spreadsheets)


@router.get(
    "/predictions/{uuid:batch_id}/report",
    openapi_extra={"responses": {200: {"description": "The report", "content": {"text/html": {}}}}},
)
def prediction_report(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Download the report of a prediction with `guard`, as one HTML file."""
    return exports.report_response(reported_batch_or_404(request, batch_id))


@router.get(
    "/predictions/{uuid:batch_id}/uncertain",
    openapi_extra={
        "responses": {200: {"description": "The rows", "content": {"text/csv; charset=utf-8": {}}}}
    },
)
def prediction_uncertain(
    request: HttpRequest,
    batch_id: UUID,
    n: Annotated[
        int | None,
        Query(None, ge=1, le=100_000, description="The least certain n; else those that abstain."),
    ],
) -> StreamingHttpResponse:
    """Download the rows of a prediction with `guard` that a person should look at, in the columns
    of the dataset, so that they can be appended to it.
    """
    return exports.uncertain_response(reported_batch_or_404(request, batch_id), n)


@router.delete("/predictions/{uuid:batch_id}", response={204: None})
def prediction_delete(request: HttpRequest, batch_id: UUID) -> Status[None]:
    """Delete a prediction with its files; one that is running is stopped."""
    services.prediction_delete(batch=batch_or_404(request, batch_id))
    return Status(204, None)


@router.post("/predictions/{uuid:batch_id}/uncertain", response={201: DatasetOut})
def prediction_review(
    request: HttpRequest, batch_id: UUID, body: UncertainIn
) -> Status[DatasetVersion]:
    """Append the rows of a prediction with `guard` that a person should look at to the dataset,
    where the project reviews them; `run` is the reading of the new version.
    """
    version = services.uncertain_append(
        batch=reported_batch_or_404(request, batch_id), user=account(request), n_least=body.n
    )
    return Status(201, version)
