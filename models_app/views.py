"""The deploy form and the model page; pages of its predictions are in `inference`."""

from __future__ import annotations

import csv
import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cleansets.access import ready_cleanset_or_404
from cleansets.models import Cleanset
from cleansets.pages.analytics.labels import class_balance
from cleansets.task_words import TASK_WORDS
from models_app import selectors, services
from models_app.access import model_or_404, ready_model_or_404
from models_app.forms import DeployForm, RenameForm
from models_app.models import DeployedModel
from studio import runs
from studio.accounts.access import account
from studio.htmx import is_partial, render

PREDICT = "predict"
RESULTS = "results"
DETAILS = "details"
TABS = {PREDICT: "Predict New Labels", RESULTS: "Inference Results", DETAILS: "Model Details"}


@require_http_methods(["GET", "POST"])
def model_deploy(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Ask for a name, then train; a cleanset without labels gets a sentence instead."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    services.check_deployable(cleanset)
    training = selectors.model_in_training(cleanset)
    if training is not None:
        messages.info(request, "A model of this cleanset is already being trained.")
        return redirect(training)
    form = DeployForm(
        request.POST or None,
        initial={"name": cleanset.project.name},
        candidates=selectors.candidate_choices(cleanset),
    )
    if form.is_valid():
        return redirect(
            services.model_deploy(cleanset=cleanset, user=account(request), **form.cleaned_data)
        )
    context = {
        "cleanset": cleanset,
        "crumbs": _crumbs(cleanset, "projects"),
        "section": "projects",
        "form": form,
        "preview": selectors.training_preview(cleanset),
        "balance": class_balance(cleanset),
        "words": TASK_WORDS[cleanset.task],
        "analyses": selectors.analyses_to_deploy(cleanset.project),
    }
    page = "models_app/model_deploy.html"
    return render(request, page, page, context)


@require_GET
def model(request: HttpRequest, model_id: uuid.UUID) -> HttpResponse:
    """Show the progress of the training, then the three tabs of the model."""
    model = model_or_404(request, model_id)
    context = {"model": model, "crumbs": _crumbs(model.cleanset, "models"), "section": "models"}
    if model.is_succeeded:
        context |= _tab_context(request, model)
        context["current"] = selectors.current_model(model.cleanset.project)
    else:
        context |= _run_context(model)
    return render(request, "models_app/model_detail.html", "models_app/_model_tab.html", context)


def _tab_context(request: HttpRequest, model: DeployedModel) -> dict[str, object]:
    tab = request.GET.get("tab")
    if tab not in TABS:
        tab = PREDICT
    counts = {RESULTS: model.prediction_batches.count()}
    url = model.get_absolute_url()
    tabs = [(title, f"{url}?tab={key}", key == tab, counts.get(key)) for key, title in TABS.items()]
    context: dict[str, object] = {
        "words": TASK_WORDS[model.cleanset.task],
        "tab": tab,
        "tabs": tabs,
        "n_decisions_since": selectors.n_decisions_since(model),
    }
    if tab == DETAILS:
        candidates = selectors.candidate_rows(model)
        context |= {
            "candidates": candidates,
            "deployed": candidates[0],
            "has_ece": any(candidate.ece is not None for candidate in candidates),
            "versions": selectors.made_with(model),
            "digests": selectors.file_digests(model),
            "rename_form": RenameForm(initial={"name": model.name}),
        }
    if tab in (PREDICT, DETAILS):
        context["columns"] = selectors.expected_columns(model)
    return context


def _run_context(model: DeployedModel) -> dict[str, object]:
    return {
        "run": model,
        "run_id": "model_run",
        "run_title": "Training the model",
        "run_url": reverse("model-run", args=[model.pk]),
        "cancel_url": reverse("model-cancel", args=[model.pk]),
        "retry_url": reverse("model-retry", args=[model.pk]),
    }


def _crumbs(cleanset: Cleanset, section: str) -> list[tuple[str, str]]:
    list_url = f"{reverse('dashboard')}#{section}"
    return [(section.title(), list_url), (cleanset.project.name, cleanset.get_absolute_url())]


@require_GET
def model_run(request: HttpRequest, model_id: uuid.UUID) -> HttpResponse:
    """Render the progress of the training; once it has ended, the page reloads."""
    model = model_or_404(request, model_id)
    if not is_partial(request):
        return redirect(model)
    response = render(request, "components/run.html", "components/run.html", _run_context(model))
    if not model.is_active:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def model_cancel(request: HttpRequest, model_id: uuid.UUID) -> HttpResponse:
    model = model_or_404(request, model_id)
    if not runs.cancel(model):
        messages.info(request, "The training had already finished.")
    return redirect(model)


@require_POST
def model_retry(request: HttpRequest, model_id: uuid.UUID) -> HttpResponse:
    """Train again after a failure or a cancellation."""
    return redirect(
        services.model_retry(model=model_or_404(request, model_id), user=account(request))
    )


@require_POST
def model_rename(request: HttpRequest, model_id: uuid.UUID) -> HttpResponse:
    model = model_or_404(request, model_id)
    form = RenameForm(request.POST)
    if form.is_valid():
        services.model_rename(model=model, name=form.cleaned_data["name"])
        messages.success(request, "Renamed.")
    else:
        messages.error(request, "Give the model a name of at most 200 characters.")
    return redirect(f"{model.get_absolute_url()}?tab={DETAILS}")


@require_POST
def model_current(request: HttpRequest, model_id: uuid.UUID) -> HttpResponse:
    """Make it the current model of its project."""
    model = model_or_404(request, model_id)
    services.model_make_current(model=model)
    messages.success(request, f"{model.name} is the current model now.")
    return redirect(model)


@require_POST
def model_retire(request: HttpRequest, model_id: uuid.UUID) -> HttpResponse:
    """Retire the model, or with `back` bring it back."""
    model = model_or_404(request, model_id)
    is_retired = not request.POST.get("back")
    services.model_retire(model=model, is_retired=is_retired)
    sentence = "is retired: it is no longer offered." if is_retired else "is back."
    messages.success(request, f"{model.name} {sentence}")
    return redirect(model)


@require_POST
def model_delete(request: HttpRequest, model_id: uuid.UUID) -> HttpResponse:
    model = model_or_404(request, model_id)
    cleanset = model.cleanset
    services.model_delete(model=model)
    messages.success(request, f"Model {model.name} and its predictions deleted.")
    return redirect(cleanset)


@require_GET
def model_template(request: HttpRequest, model_id: uuid.UUID) -> HttpResponse:
    """Download an empty CSV with the columns that the model reads."""
    model = ready_model_or_404(request, model_id)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    filename = f"{model.name} template.csv"
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=filename
    )
    csv.writer(response).writerow(column.name for column in selectors.expected_columns(model))
    return response
