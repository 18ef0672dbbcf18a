"""Uploading a file to a model, and the page of its predictions."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.shortcuts import render as render_page
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from inference import exports, selectors, services
from inference.access import batch_or_404, ready_batch_or_404, reported_batch_or_404
from inference.confidences import asked_range, confidence_chart
from inference.forms import (
    ColumnMapForm,
    GuardForm,
    PredictForm,
    ReadingForm,
    RowForm,
    UncertainForm,
)
from inference.models import PredictionBatch
from inference.report_page import abstention, report_page
from inference.row_page import row_page
from models_app.access import ready_model_or_404
from models_app.models import DeployedModel
from studio import runs
from studio.accounts.access import account
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask
from studio.htmx import is_partial, render


@require_POST
def prediction_upload(request: HttpRequest, model_id: uuid.UUID) -> HttpResponse:
    """Take a file and predict its rows."""
    model = ready_model_or_404(request, model_id)
    form = PredictForm(request.POST, request.FILES)
    if not form.is_valid():
        context = {"model": model, "form": form, "crumbs": _crumbs(model), "section": "models"}
        return render_page(request, "inference/prediction_upload.html", context, status=422)
    services.prediction_start(
        model=model,
        user=account(request),
        file=form.cleaned_data["file"],
        coverage=form.chosen_coverage(),
    )
    target = f"{model.get_absolute_url()}?tab=predict"
    if is_partial(request):
        return HttpResponse(headers={"HX-Redirect": target})
    return redirect(target)


@require_POST
def row_predict(request: HttpRequest, model_id: uuid.UUID) -> HttpResponse:
    """Predict one row; its page waits for the answer."""
    model = ready_model_or_404(request, model_id)
    form = RowForm(model, request.POST)
    if not form.is_valid():
        raise DataProblem("A cell cannot be stored. Leave out characters such as NUL.")
    return redirect(services.row_predict(model=model, user=account(request), cells=form.cells()))


@require_GET
def prediction(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Show the progress of the batch, then its results."""
    batch = batch_or_404(request, batch_id)
    context = _page_context(batch)
    if batch.is_typed:
        if batch.is_succeeded:
            context["answer"] = row_page(batch)
        region = "inference/_prediction_row.html"
        return render(request, "inference/prediction_row.html", region, context)
    if batch.is_succeeded:
        wanted = None
        if batch.deployed_model.cleanset.task is MLTask.MULTI_CLASS:
            wanted = asked_range(request.GET)
        context |= {
            "shares": selectors.label_shares(batch),
            "confidences": confidence_chart(batch),
            "wanted": wanted,
            "preview": selectors.preview(batch, wanted),
            "spread": selectors.number_spread(batch),
            "task": batch.deployed_model.cleanset.task,
            "classes": batch.deployed_model.manifest.get("classes"),
            "abstention": abstention(batch.report) if batch.report else "",
        }
    page = "inference/prediction_detail.html"
    return render(request, page, page, context)


def _page_context(batch: PredictionBatch) -> dict[str, object]:
    return {"batch": batch, "crumbs": _crumbs(batch.deployed_model), "section": "models"}


def _crumbs(model: DeployedModel) -> list[tuple[str, str]]:
    return [
        ("Models", f"{reverse('dashboard')}#models"),
        (model.name, f"{model.get_absolute_url()}?tab=results"),
    ]


@require_GET
def prediction_run(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Render the state of the batch; its own page reloads when it has ended."""
    batch = batch_or_404(request, batch_id)
    if not is_partial(request):
        return redirect(batch)
    reloads = "reload" in request.GET
    region = "inference/_prediction_run.html"
    response = render(request, region, region, {"batch": batch, "reloads": reloads})
    if reloads and not batch.is_active:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def prediction_cancel(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    batch = batch_or_404(request, batch_id)
    if not runs.cancel(batch):
        messages.info(request, "The prediction had already finished.")
    return redirect(batch)


@require_POST
def prediction_retry(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Predict the file again, with the answers about its columns and readings."""
    batch = batch_or_404(request, batch_id)
    form = ColumnMapForm(batch, request.POST)
    if not form.is_valid():
        context = _page_context(batch) | {"column_form": form}
        return render_page(request, "inference/prediction_detail.html", context, status=422)
    reading = ReadingForm(batch, request.POST)
    if not reading.is_valid():
        raise DataProblem(
            "This file has no such reading. Choose one of those on the page of the prediction."
        )
    guard = GuardForm(request.POST)
    if not guard.is_valid():
        raise DataProblem("There is no such coverage. Choose one of those on the page.")
    again = services.prediction_restart(
        batch=batch,
        user=account(request),
        column_map=form.column_map(),
        conventions=reading.conventions(),
        coverage=guard.chosen_coverage(),
    )
    return redirect(again)


@require_GET
def prediction_export(request: HttpRequest, batch_id: uuid.UUID) -> StreamingHttpResponse:
    """Download the uploaded rows with their predictions."""
    batch = ready_batch_or_404(request, batch_id)
    return exports.export_response(
        batch,
        request.GET.getlist("classes"),
        safe_for_spreadsheets="safe_for_spreadsheets" in request.GET,
    )


@require_GET
def prediction_report(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Show the report of the batch, or download it as one HTML file."""
    batch = reported_batch_or_404(request, batch_id)
    if "download" in request.GET:
        return exports.report_response(batch)
    context = _page_context(batch) | {
        "page": report_page(batch.report, batch.deployed_model.cleanset.task)
    }
    return render_page(request, "inference/prediction_report.html", context)


@require_GET
def prediction_uncertain(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponseBase:
    """Download the rows that a person should look at."""
    batch = reported_batch_or_404(request, batch_id)
    return exports.uncertain_response(batch, _n_least(request.GET))


@require_POST
def prediction_review(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Append these rows to the dataset, and show how it is read."""
    batch = reported_batch_or_404(request, batch_id)
    version = services.uncertain_append(
        batch=batch, user=account(request), n_least=_n_least(request.POST)
    )
    messages.success(
        request,
        "These rows are being appended to the dataset. Its project then has them in a view of"
        " their own.",
    )
    return redirect(version)


def _n_least(params: QueryDict) -> int | None:
    form = UncertainForm(params)
    if not form.is_valid():
        raise DataProblem("Give a number of rows from 1 to 100,000, or none for all that abstain.")
    wanted: int | None = form.cleaned_data["n"]
    return wanted


@require_POST
def prediction_delete(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    batch = batch_or_404(request, batch_id)
    results = f"{batch.deployed_model.get_absolute_url()}?tab=results"
    services.prediction_delete(batch=batch)
    messages.success(request, f"Predictions for {batch.filename} deleted.")
    return redirect(results)
