"""Predictions for the public client: upload, start, progress, and the result as CSV."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404

from inference import client_uploads, exports
from inference.access import batch_or_404
from inference.models import PredictionBatch, PredictionUpload
from models_app.api.client import ready_model
from studio.accounts.access import account
from studio.api.errors import ApiProblem, client_view
from studio.api.signing import check_token, signed_url
from studio.runs import Status

URL_S = 3600


@client_view("POST", scope="write")
def batch_announce(request: HttpRequest, model_id: uuid.UUID) -> JsonResponse:
    """Return an address to send the rows to, or say why the model cannot predict."""
    upload = client_uploads.upload_announce(
        model=ready_model(request, model_id), user=account(request)
    )
    url = signed_url(request, "client-batch", kwargs={"query_id": upload.pk}, max_age_s=URL_S)
    return JsonResponse({"upload_url": {"url": url, "fields": {}}, "query_id": str(upload.pk)})


@client_view("POST", scope=None)
def batch_receive(request: HttpRequest, query_id: uuid.UUID) -> JsonResponse:
    """Store the rows. The client ignores this answer; the start of the prediction tells errors."""
    check_token(request)
    upload = get_object_or_404(PredictionUpload, pk=query_id)
    file = request.FILES.get("file")
    if file is None:
        raise ApiProblem("The form has no part named 'file'.")
    client_uploads.upload_receive(upload=upload, file=file)
    return JsonResponse({})


@client_view("POST", scope="write")
def batch_predict(request: HttpRequest, model_id: uuid.UUID, query_id: uuid.UUID) -> JsonResponse:
    """Start the prediction; a second call changes nothing."""
    model = ready_model(request, model_id)
    if not PredictionBatch.objects.filter(pk=query_id, deployed_model=model).exists():
        upload = get_object_or_404(PredictionUpload, pk=query_id, deployed_model=model)
        client_uploads.upload_predict(upload=upload)
    return JsonResponse({})


@client_view("GET", scope="read")
def batch_status(request: HttpRequest, query_id: uuid.UUID) -> JsonResponse:
    """Return the address of the result once it is ready; a failure is an error with its reason."""
    batch = batch_or_404(request, query_id)
    if batch.is_active:
        return JsonResponse({"status": "running", "results": None})
    if batch.status == Status.CANCELLED:
        raise ApiProblem("This prediction was cancelled.", status=409)
    if not batch.is_succeeded:
        raise ApiProblem(batch.error_message, status=422)
    url = signed_url(request, "client-results", kwargs={"query_id": batch.pk}, max_age_s=URL_S)
    return JsonResponse({"status": "complete", "results": url})


@client_view("GET", "HEAD", scope=None)
def batch_results(request: HttpRequest, query_id: uuid.UUID) -> StreamingHttpResponse:
    """Stream the suggested label and class probabilities of each row, as the client expects."""
    check_token(request)
    batches = PredictionBatch.objects.select_related("deployed_model__cleanset__project")
    batch = get_object_or_404(batches, pk=query_id, status=Status.SUCCEEDED)
    return StreamingHttpResponse(exports.client_csv(batch), content_type="text/csv; charset=utf-8")
