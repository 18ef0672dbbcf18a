"""What `/api/v1/models` says of a model beyond itself: its card, and its download."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Router

from models_app.access import ready_model_or_404
from studio.model_runs.pages.model_archive import archive_response, onnx_response
from studio.model_runs.pages.model_card import model_card

router = Router(tags=["Models"])


@router.get("/models/{uuid:model_id}/card", response={200: None})
def model_card_get(request: HttpRequest, model_id: UUID) -> HttpResponse:
    """Return the model card as Markdown: use, data, metrics, thresholds, limits."""
    text = model_card(ready_model_or_404(request, model_id)).markdown()
    return HttpResponse(text, content_type="text/markdown; charset=utf-8")


@router.get("/models/{uuid:model_id}/download", response={200: None})
def model_download(request: HttpRequest, model_id: UUID) -> HttpResponseBase:
    """Download the model with a loader: a ZIP file that predicts without a studio."""
    return archive_response(ready_model_or_404(request, model_id))


@router.get("/models/{uuid:model_id}/onnx", response={200: None})
def model_onnx(request: HttpRequest, model_id: UUID) -> HttpResponseBase:
    """Download the model in ONNX; 422 with the reason where it cannot be exported."""
    return onnx_response(ready_model_or_404(request, model_id))
