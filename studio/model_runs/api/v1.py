"""`/api/v1/evaluations`: model runs, their metrics, and their comparison."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import File, Form, Router, Status
from ninja.files import UploadedFile

from cleansets.access import ready_cleanset_or_404
from cleansets.api.schemas import CleansetOut
from cleansets.models import Cleanset
from projects.access import project_or_404
from studio.accounts.access import account
from studio.api.pages import page_of
from studio.api.schemas import Page, Paged, Text
from studio.engine.errors import DataProblem
from studio.model_runs import selectors, services
from studio.model_runs.access import measured_run_or_404, model_run_or_404
from studio.model_runs.api.schemas import (
    CustomMetricsIn,
    EvaluationDetailOut,
    EvaluationOut,
    EvaluationPatch,
)
from studio.model_runs.compared_runs import comparison_of
from studio.model_runs.evaluation_file import measured_ways, read_evaluation
from studio.model_runs.exports import rows_response
from studio.model_runs.models import ModelRun
from studio.model_runs.pages.gallery import rows_of_view
from studio.model_runs.selectors import differing_settings

router = Router(tags=["Evaluations"])


@router.get("/evaluations", response=Page[EvaluationOut])
def evaluation_list(request: HttpRequest, params: Paged) -> dict[str, Any]:
    """List your model runs, newest first."""
    return page_of(request, params, selectors.runs_of_user(account(request)))


@router.get("/projects/{uuid:project_id}/evaluations", response=Page[EvaluationOut])
def project_evaluations(request: HttpRequest, project_id: UUID, params: Paged) -> dict[str, Any]:
    """List the model runs of a project, newest first."""
    project = project_or_404(request, project_id)
    return page_of(request, params, selectors.runs_of(project))


@router.post("/cleansets/{uuid:cleanset_id}/evaluations", response={201: EvaluationOut})
def evaluation_import(
    request: HttpRequest,
    cleanset_id: UUID,
    file: File[UploadedFile],
    name: Annotated[Text, Form("", description="By default the name of the file.")],
) -> Status[ModelRun]:
    """Evaluate the predictions of a model that was trained elsewhere.

    The file, in any format that datasets may have, has a column of probabilities for each class,
    named like the class, or a column `prediction` with labels or numbers. `row_id` or
    `cleanlab_row_ID` identifies the rows; without it, the predictions are in row order.
    """
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    title = (name.strip() or file.name or "Imported predictions")[:200]
    run = services.predictions_import(
        cleanset=cleanset, user=account(request), name=title, file=file
    )
    return Status(201, run)


@router.get("/evaluations/{uuid:evaluation_id}", response=EvaluationDetailOut)
def evaluation_get(request: HttpRequest, evaluation_id: UUID) -> ModelRun:
    """Return a model run with its metrics."""
    return model_run_or_404(request, evaluation_id)


@router.patch("/evaluations/{uuid:evaluation_id}", response=EvaluationDetailOut)
def evaluation_update(request: HttpRequest, evaluation_id: UUID, body: EvaluationPatch) -> ModelRun:
    """Rename or annotate a model run."""
    run = model_run_or_404(request, evaluation_id)
    services.run_describe(run=run, name=body.name, notes=body.notes, tags=body.tags)
    return run


@router.delete("/evaluations/{uuid:evaluation_id}", response={204: None})
def evaluation_delete(request: HttpRequest, evaluation_id: UUID) -> Status[None]:
    """Delete a model run with its evaluation; cleanset, decisions and models stay."""
    services.run_delete(run=model_run_or_404(request, evaluation_id))
    return Status(204, None)


@router.get("/evaluations/{uuid:evaluation_id}/report", response=dict[str, Any])
def evaluation_report(
    request: HttpRequest,
    evaluation_id: UUID,
    labels: Literal["used", "uploaded", "clean", "verified"] = "used",
    rows: Literal["all", "training", "validation", "test", "learned"] = "all",
) -> dict[str, Any]:
    """Return the full evaluation: classes, confusions, curves, calibration, worst slices.

    `labels` selects the reference labels: those learned from, as uploaded, as corrected at the time
    of the evaluation, or only those that a person verified. `rows` selects a part of the split;
    `learned` is training and validation together.
    """
    run = measured_run_or_404(request, evaluation_id)
    ways = measured_ways(run.evaluation_key)
    if (labels, rows) not in ways:
        known = ", ".join(f"{one} of {other}" for one, other in ways)
        raise DataProblem(
            f"This run is not measured by the {labels} labels of {rows} rows. It is by: {known}."
        )
    return read_evaluation(run.evaluation_key, labels, rows)


@router.post("/evaluations/{uuid:evaluation_id}/again", response={201: EvaluationOut})
def evaluation_again(request: HttpRequest, evaluation_id: UUID) -> Status[ModelRun]:
    """Evaluate the same predictions against the current labels, as a new run."""
    run = model_run_or_404(request, evaluation_id)
    return Status(201, services.run_measure_again(run=run, user=account(request)))


@router.post("/evaluations/{uuid:evaluation_id}/issues", response={201: CleansetOut})
def evaluation_issues(request: HttpRequest, evaluation_id: UUID) -> Status[Cleanset]:
    """Find label issues with imported predictions, without training anything.

    The answer is the project's next cleanset, which keeps all decisions. Its probabilities are the
    imported ones, calibrated to the labels. Rows without a prediction are not analysed.
    """
    run = model_run_or_404(request, evaluation_id)
    return Status(201, services.label_issues_find(run=run, user=account(request)))


@router.post("/evaluations/{uuid:evaluation_id}/metrics", response=EvaluationDetailOut)
def custom_metrics_set(
    request: HttpRequest, evaluation_id: UUID, body: CustomMetricsIn
) -> ModelRun:
    """Attach metrics that you computed from a run's predictions; they are shown and compared."""
    run = model_run_or_404(request, evaluation_id)
    services.custom_metrics_set(run=run, metrics=dict(body.metrics))
    return run


@router.get("/evaluations/{uuid:evaluation_id}/predictions", response={200: None})
def evaluation_predictions(
    request: HttpRequest, evaluation_id: UUID, format: Literal["csv", "parquet"] = "csv"
) -> HttpResponseBase:
    """Download the predictions of a run with all labels of its rows."""
    return rows_response(measured_run_or_404(request, evaluation_id), format)


@router.get("/evaluations/{uuid:evaluation_id}/comparison", response=dict[str, Any])
def evaluation_compare(
    request: HttpRequest,
    evaluation_id: UUID,
    other: UUID,
    thresholds: UUID | None = None,
    slice: Text = "",
) -> dict[str, Any]:
    """Compare a run with a second one; differences have paired intervals.

    Rows gained, lost and wrong in both are listed by `row_id`, which counts from 0. `slices` has
    the errors of both in the worst slices of either. `thresholds` is the run whose model's
    thresholds decide the predictions of both; without it, the likeliest class is predicted.
    `slice` is the name of a saved view, to compare on its rows alone.
    """
    first = measured_run_or_404(request, evaluation_id)
    second = measured_run_or_404(request, other)
    if first.project_id != second.project_id:
        raise DataProblem(
            "These runs are of different projects, so their rows are not the same. Compare runs of"
            " one project."
        )
    by = None if thresholds is None else measured_run_or_404(request, thresholds)
    within = None
    if slice:
        view = first.project.saved_views.filter(name=slice).first()
        if view is None:
            raise DataProblem(f"This project has no saved view “{slice}”.")
        within = rows_of_view(first, view)
    comparison = comparison_of(first, second, by, within)
    return {**comparison.to_dict(), "differences": differing_settings(first, second)}
