"""The card of a deployed model, and its download."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST

from models_app import services
from models_app.access import ready_model_or_404
from models_app.forms import IntendedUseForm
from studio.model_runs.pages.model_archive import archive_response, onnx_response
from studio.model_runs.pages.model_card import model_card


@require_GET
def card(request: HttpRequest, model_id: uuid.UUID) -> HttpResponse:
    """Show the card, or download it as Markdown."""
    model = ready_model_or_404(request, model_id)
    built = model_card(model)
    if request.GET.get("format") == "markdown":
        response = HttpResponse(built.markdown(), content_type="text/markdown; charset=utf-8")
        response["Content-Disposition"] = content_disposition_header(
            as_attachment=True, filename=f"{model.name} card.md"
        )
        return response
    context = {
        "model": model,
        "card": built,
        "form": IntendedUseForm(initial={"intended_use": model.intended_use}),
        "crumbs": [
            ("Models", f"{reverse('dashboard')}#models"),
            (model.name, f"{model.get_absolute_url()}?tab=details"),
        ],
        "section": "models",
    }
    return render(request, "model_runs/model_card.html", context)


@require_POST
def intended_use(request: HttpRequest, model_id: uuid.UUID) -> HttpResponse:
    """Say what the model is for."""
    model = ready_model_or_404(request, model_id)
    form = IntendedUseForm(request.POST)
    if form.is_valid():
        services.intended_use_set(model=model, text=form.cleaned_data["intended_use"])
        messages.success(request, "Saved.")
    else:
        messages.error(request, "This text is too long. Use at most 2,000 characters.")
    return redirect("model-card", model_id=model.pk)


@require_GET
def download(request: HttpRequest, model_id: uuid.UUID) -> FileResponse:
    """Download the model with a loader, for use without a studio."""
    return archive_response(ready_model_or_404(request, model_id))


@require_GET
def onnx(request: HttpRequest, model_id: uuid.UUID) -> FileResponse:
    """Download the model in ONNX."""
    return onnx_response(ready_model_or_404(request, model_id))
