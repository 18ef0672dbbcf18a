"""The list of a project's runs, the evaluation of one, and the comparison of two."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cleansets.models import Cleanset
from cleansets.pages.tabs import tabs
from models_app.selectors import current_model
from projects.access import project_or_404
from projects.models import Project
from studio import runs
from studio.accounts.access import account
from studio.engine.errors import DataProblem
from studio.htmx import is_partial
from studio.model_runs import selectors, services
from studio.model_runs.access import measured_run_or_404, model_run_or_404
from studio.model_runs.exports import FORMATS, rows_response
from studio.model_runs.forms import ConfigurationFileForm, DescribeForm, ImportForm, ThresholdForm
from studio.model_runs.models import ModelRun
from studio.model_runs.pages.comparison import comparison_context
from studio.model_runs.pages.configuration import configuration_lines, described
from studio.model_runs.pages.evaluation import crumbs, evaluation_context
from studio.model_runs.pages.gallery import run_tabs
from studio.model_runs.pages.matrix import chosen_cell
from studio.model_runs.pages.run_list import run_lines
from studio.runs import Status


@require_GET
def evaluations(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    """List the runs of a project."""
    project = project_or_404(request, project_id)
    context = {
        "project": project,
        "tabs": project_tabs(project),
        "crumbs": [("Projects", f"{reverse('dashboard')}#projects")],
        "lines": run_lines(selectors.runs_of(project)),
        "current": current_model(project),
        "configurations": configuration_lines(project),
        "configuration_form": ConfigurationFileForm(auto_id="configuration_%s"),
        "form": ImportForm() if _newest_cleanset(project) is not None else None,
    }
    return render(request, "model_runs/run_list.html", context)


@require_POST
def evaluation_import(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    """Import predictions of a model that was trained elsewhere."""
    project = project_or_404(request, project_id)
    cleanset = _newest_cleanset(project)
    if cleanset is None:
        raise Http404("Nothing is analysed yet.")
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        raise DataProblem("Choose a file with predictions.")
    file = form.cleaned_data["file"]
    name = (form.cleaned_data["name"].strip() or file.name)[:200]
    return redirect(
        services.predictions_import(cleanset=cleanset, user=account(request), name=name, file=file)
    )


@require_GET
def evaluation(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Show the evaluation of a run, or its progress."""
    run = model_run_or_404(request, run_id)
    if rows_of_cell := chosen_cell(run, request.GET):
        return redirect(rows_of_cell)
    context: dict[str, object] = {
        "run": run,
        "project": run.project,
        "crumbs": crumbs(run),
        "tabs": project_tabs(run.project),
        "run_tabs": run_tabs(run, "Evaluation"),
        "form": _describe_form(run),
        "configuration": described(run),
    }
    if run.is_succeeded:
        context |= evaluation_context(run, request.GET)
    else:
        context |= _progress_context(run)
    return render(request, "model_runs/run_evaluation.html", context)


@require_GET
def evaluation_run(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Render the progress of the evaluation; once it has ended, the page reloads."""
    run = model_run_or_404(request, run_id)
    if not is_partial(request):
        return redirect(run)
    response = render(request, "components/run.html", _progress_context(run))
    if not run.is_active:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def evaluation_cancel(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Cancel an evaluation."""
    run = model_run_or_404(request, run_id)
    if not runs.cancel(run):
        messages.info(request, "The evaluation had already finished.")
    return redirect(run)


@require_http_methods(["GET", "POST"])
def evaluation_describe(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Rename or annotate a run."""
    run = model_run_or_404(request, run_id)
    if request.method == "GET":
        return redirect(run)
    form = DescribeForm(request.POST)
    if not form.is_valid():
        problem = " ".join(str(error) for errors in form.errors.values() for error in errors)
        messages.error(request, f"This cannot be saved: {problem}")
        return redirect(run)
    services.run_describe(run=run, **form.cleaned_data)
    messages.success(request, "Saved.")
    return redirect(run)


@require_POST
def evaluation_threshold(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Save the threshold of a class with the model, or remove it."""
    run = measured_run_or_404(request, run_id)
    form = ThresholdForm(request.POST)
    if not form.is_valid():
        raise DataProblem("A threshold is a number from 0 to 1.")
    values = form.cleaned_data
    threshold = None if values["remove"] else values["threshold"]
    services.threshold_set(run=run, name=values["name"], threshold=threshold)
    messages.success(request, "Saved. New predictions of the model follow it.")
    query = urlencode({"threshold_class": values["name"]})
    return redirect(f"{run.get_absolute_url()}?{query}#threshold")


@require_POST
def evaluation_again(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Evaluate the run's predictions against the current labels, as a new run."""
    run = model_run_or_404(request, run_id)
    return redirect(services.run_measure_again(run=run, user=account(request)))


@require_POST
def evaluation_issues(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Find label issues with imported predictions, as the project's next cleanset."""
    run = model_run_or_404(request, run_id)
    return redirect(services.label_issues_find(run=run, user=account(request)))


@require_POST
def evaluation_delete(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Delete a run with its evaluation."""
    run = model_run_or_404(request, run_id)
    services.run_delete(run=run)
    messages.success(request, f"Model run {run.name} deleted.")
    return redirect("evaluations", project_id=run.project_id)


@require_GET
def evaluation_compare(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Show two runs side by side; the second is by default the newest other one."""
    first = measured_run_or_404(request, run_id)
    others = list(selectors.comparable_runs(first)[:100])
    second = next((one for one in others if str(one.pk) == request.GET.get("with", "")), None)
    if second is None and request.GET.get("with"):
        raise Http404("There is no such run to compare with.")
    second = second or next(iter(others), None)
    context: dict[str, object] = {
        "run": first,
        "other": second,
        "others": others,
        "crumbs": [*crumbs(first), (first.name, first.get_absolute_url())],
        "tabs": project_tabs(first.project),
    }
    if second is not None:
        thresholds = request.GET.get("thresholds", "")
        context |= comparison_context(first, second, thresholds, request.GET.get("slice", ""))
    return render(request, "model_runs/run_comparison.html", context)


@require_GET
def evaluation_rows(request: HttpRequest, run_id: uuid.UUID) -> HttpResponseBase:
    """Download the predictions of a run with the labels of its rows."""
    run = measured_run_or_404(request, run_id)
    file_format = request.GET.get("format", "csv")
    return rows_response(run, file_format if file_format in FORMATS else "csv")


def project_tabs(project: Project) -> list[tuple[str, str, bool, None]]:
    """Return the tabs of the project of a run."""
    cleanset = _newest_cleanset(project)
    return [] if cleanset is None else tabs(cleanset, "Model runs")


def _newest_cleanset(project: Project) -> Cleanset | None:
    found = project.cleansets.filter(status=Status.SUCCEEDED)
    return found.order_by("-number").first()


def _describe_form(run: ModelRun) -> DescribeForm:
    initial = {"name": run.name, "tags": ", ".join(run.tags), "notes": run.notes}
    return DescribeForm(initial=initial)


def _progress_context(run: ModelRun) -> dict[str, object]:
    return {
        "run": run,
        "run_id": "evaluation_run",
        "run_title": "Measuring the run",
        "run_url": reverse("evaluation-run", args=[run.pk]),
        "cancel_url": reverse("evaluation-cancel", args=[run.pk]),
    }
