"""Uploading a file to a model, and the page of its predictions."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.shortcuts import render as render_page
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from inference import exports, selectors, services
from inference.access import batch_or_404, ready_batch_or_404
from inference.forms import ColumnMapForm, ReadingForm
from inference.models import PredictionBatch
from models_app.access import ready_model_or_404
from models_app.models import DeployedModel
from projects.forms.datasets import UploadForm
from studio import runs
from studio.accounts.access import account
from studio.engine.errors import DataProblem
from studio.htmx import is_partial, render


@require_POST
def prediction_upload(request: HttpRequest, model_id: uuid.UUID) -> HttpResponse:
    """Take a file and predict its rows."""
    model = ready_model_or_404(request, model_id)
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        context = {"model": model, "form": form, "crumbs": _crumbs(model), "section": "models"}
        return render_page(request, "inference/prediction_upload.html", context, status=422)
    services.prediction_start(model=model, user=account(request), file=form.cleaned_data["file"])
    target = f"{model.get_absolute_url()}?tab=predict"
    if is_partial(request):
        return HttpResponse(headers={"HX-Redirect": target})
    return redirect(target)


@require_GET
def prediction(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Show the progress of the batch, then its results."""
    batch = batch_or_404(request, batch_id)
    context = _page_context(batch)
    if batch.is_succeeded:
        context |= {
            "shares": selectors.label_shares(batch),
            "preview": selectors.preview(batch),
            "spread": selectors.number_spread(batch),
            "task": batch.deployed_model.cleanset.task,
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
    again = services.prediction_restart(
        batch=batch,
        user=account(request),
        column_map=form.column_map(),
        conventions=reading.conventions(),
    )
    return redirect(again)


@require_GET
def prediction_export(request: HttpRequest, batch_id: uuid.UUID) -> StreamingHttpResponse:
    """Download the uploaded rows with their predictions."""
    batch = ready_batch_or_404(request, batch_id)
    return exports.export_response(
        batch, safe_for_spreadsheets="safe_for_spreadsheets" in request.GET
    )


@require_POST
def prediction_delete(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    batch = batch_or_404(request, batch_id)
    results = f"{batch.deployed_model.get_absolute_url()}?tab=results"
    services.prediction_delete(batch=batch)
    messages.success(request, f"Predictions for {batch.filename} deleted.")
    return redirect(results)
