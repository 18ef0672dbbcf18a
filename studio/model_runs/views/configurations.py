"""A new run with another configuration; saved configurations, in and out of files."""

from __future__ import annotations

import json
import uuid
from pathlib import PurePath
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cleansets.pages.tabs import tabs
from cleansets.reanalysis import analyse_again, checked_configuration, configuration_of
from projects.access import project_or_404
from projects.models import Project
from studio.accounts.access import account
from studio.api.schemas import is_storable
from studio.engine.errors import DataProblem
from studio.engine.schema.configuration import Configuration
from studio.model_runs import services
from studio.model_runs.access import model_run_or_404, saved_configuration_or_404
from studio.model_runs.forms import ConfigurationFileForm, ConfigurationForm
from studio.model_runs.models import SavedConfiguration
from studio.model_runs.selectors import configuration_of_run
from studio.runs import Status

MAX_FILE_BYTES = 1_000_000


@require_http_methods(["GET", "POST"])
def analysis_new(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    """Change a configuration, then analyse with it or save it."""
    project = project_or_404(request, project_id)
    start, saved = _starting_point(request, project)
    name = "" if saved is None else saved.name
    form = ConfigurationForm(project, request.POST or None, initial=start, name=name)
    if request.method == "POST" and form.is_valid():
        try:
            return _done(request, project, form, saved)
        except DataProblem as problem:
            form.add_error(None, str(problem))
    context = {
        "project": project,
        "form": form,
        "saved": saved,
        "n_decided": _n_decided(project),
        "tabs": _tabs(project),
        "crumbs": [
            ("Projects", f"{reverse('dashboard')}#projects"),
            (project.name, project.get_absolute_url()),
            ("Model runs", reverse("evaluations", args=[project.pk])),
        ],
    }
    return render(
        request, "model_runs/analysis_new.html", context, status=422 if form.errors else 200
    )


@require_POST
def configuration_import(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    """Save a configuration from a JSON file."""
    project = project_or_404(request, project_id)
    form = ConfigurationFileForm(request.POST, request.FILES)
    if not form.is_valid():
        raise DataProblem("Choose a file with a configuration.")
    file = form.cleaned_data["file"]
    if file.size > MAX_FILE_BYTES:
        raise DataProblem("This file is too large for a configuration. Export one to see its form.")
    values = _read_json(file.read())
    name = str(values.pop("name", "") or PurePath(file.name).stem).strip()[:200]
    saved = services.configuration_save(project=project, name=name, values=values)
    messages.success(request, f"Configuration {saved.name} imported.")
    return redirect(_address_of(saved))


@require_GET
def configuration_export(request: HttpRequest, configuration_id: uuid.UUID) -> HttpResponse:
    """Download a saved configuration as JSON."""
    saved = saved_configuration_or_404(request, configuration_id)
    return _download(saved.name, {"name": saved.name, **saved.values})


@require_POST
def configuration_delete(request: HttpRequest, configuration_id: uuid.UUID) -> HttpResponse:
    """Delete a saved configuration."""
    saved = saved_configuration_or_404(request, configuration_id)
    services.configuration_delete(saved=saved)
    messages.success(request, f"Configuration {saved.name} deleted.")
    return redirect("evaluations", project_id=saved.project_id)


@require_GET
def evaluation_configuration(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Download the configuration of a run as JSON."""
    run = model_run_or_404(request, run_id)
    return _download(run.name, {"name": run.name, **configuration_of_run(run).to_dict()})


def _starting_point(
    request: HttpRequest, project: Project
) -> tuple[Configuration, SavedConfiguration | None]:
    """Return the configuration that the form begins with, and which saved one it is, if any."""
    if like := _id(request.GET.get("like", "")):
        run = model_run_or_404(request, like)
        if run.project_id == project.pk:
            return configuration_of_run(run), None
    if saved_id := _id(request.GET.get("saved", "")):
        saved = saved_configuration_or_404(request, saved_id)
        if saved.project_id == project.pk:
            return Configuration.from_dict(saved.values, configuration_of(project)), saved
    return configuration_of(project), None


def _done(
    request: HttpRequest,
    project: Project,
    form: ConfigurationForm,
    saved: SavedConfiguration | None,
) -> HttpResponse:
    """Save the configuration, or start an analysis with it. Raises DataProblem."""
    if request.POST.get("action") != "save":
        configuration = checked_configuration(project, form.values())
        cleanset = analyse_again(
            project=project, user=account(request), configuration=configuration
        )
        return redirect(cleanset)
    name = form.cleaned_data["name"].strip()
    if not name:
        raise DataProblem("Give the configuration a name to save it.")
    saved = services.configuration_save(
        project=project, name=name, values=form.values(), saved=saved
    )
    messages.success(request, f"Configuration {saved.name} saved.")
    return redirect(_address_of(saved))


def _address_of(saved: SavedConfiguration) -> str:
    return f"{reverse('analysis-new', args=[saved.project_id])}?saved={saved.pk}"


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _n_decided(project: Project) -> int:
    """Return how many rows of the newest analysis are decided; their labels are learned from."""
    newest = project.cleansets.filter(status=Status.SUCCEEDED).order_by("-number").first()
    return 0 if newest is None else newest.reviews.exclude(action="").count()


def _tabs(project: Project) -> list[tuple[str, str, bool, None]]:
    newest = project.cleansets.filter(status=Status.SUCCEEDED).order_by("-number").first()
    return [] if newest is None else tabs(newest, "Model runs")


def _read_json(content: bytes) -> dict[str, Any]:
    try:
        values = json.loads(content)
        text = json.dumps(values, ensure_ascii=False)
    except (ValueError, RecursionError) as error:
        raise DataProblem(
            "This file is not valid JSON. Choose a configuration that was exported."
        ) from error
    if not isinstance(values, dict):
        raise DataProblem("This file has no settings. Choose a configuration that was exported.")
    if "\\u0000" in text or not is_storable(text):
        raise DataProblem(
            "This file has a character that cannot be stored, a NUL or half of a surrogate pair."
            " Remove it."
        )
    return values


def _download(name: str, values: dict[str, Any]) -> HttpResponse:
    response = JsonResponse(values, json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=f"{name}.json"
    )
    return response
