"""The pages of a project. In this app, because creating a project starts its first cleanset."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cleansets import analyses
from cleansets.models import Cleanset
from cleansets.pages.new_project import project_plan
from cleansets.pages.tabs import tabs
from projects import selectors as project_selectors
from projects import services as project_services
from projects.access import project_or_404, shown_version_or_404
from projects.forms.options import MODALITIES, MODES, SPLITS, TASKS
from projects.forms.projects import ProjectForm, ProjectNameForm
from projects.models import DatasetVersion, Project
from studio.accounts.access import account
from studio.engine.labels.spellings import shown_spelling
from studio.htmx import is_partial

MERGE_REMEDY = "They are analysed as classes of their own."


@require_http_methods(["GET", "HEAD", "POST"])
def project_create(request: HttpRequest) -> HttpResponse:
    """Show the guessed settings and their outcome; valid posted ones start the first analysis."""
    version = _chosen_version(request)
    if version is None:
        return render(request, "projects/project_create_empty.html", {"section": "projects"})
    if not version.is_succeeded:
        messages.info(
            request, "You can create a project once the file of this dataset has been read."
        )
        return redirect(version)
    form = ProjectForm(version, request.POST if request.method == "POST" else None)
    # Buttons other than the last one only show what would be done.
    is_check = request.method != "POST" or bool({"check", "merge_all"} & request.POST.keys())
    is_fitted = form.is_task_new and (is_partial(request) or is_check)
    if is_fitted:
        form = ProjectForm(version, form.fitted_data())
    if is_partial(request):
        region = "projects/_project_fitted.html" if is_fitted else "projects/_project_summary.html"
        return render(request, region, {"plan": project_plan(account(request), form), "form": form})
    if is_check or not form.is_valid():
        return _create_page(request, form)
    return redirect(_started(request, form))


def _chosen_version(request: HttpRequest) -> DatasetVersion | None:
    """Return the version in the address, else the user's newest one, or None."""
    dataset_id = request.GET.get("dataset", "")
    if not dataset_id:
        return project_selectors.ready_versions(account(request)).defer(None).first()
    try:
        return shown_version_or_404(request, uuid.UUID(dataset_id))
    except ValueError as error:
        raise Http404("There is no such dataset.") from error


def _create_page(request: HttpRequest, form: ProjectForm) -> HttpResponse:
    version = form.version
    checked = form if form.is_bound else ProjectForm(version, form.guessed_data())
    context = {
        "form": form,
        "version": version,
        "versions": project_selectors.ready_versions(account(request)),
        "plan": project_plan(account(request), checked),
        "modalities": MODALITIES,
        "tasks": TASKS,
        "modes": MODES,
        "splits": SPLITS,
        "section": "projects",
        "crumbs": [
            ("Datasets", f"{reverse('dashboard')}#datasets"),
            (version.dataset.name, version.get_absolute_url()),
        ],
    }
    is_refused = (
        form.is_bound and not form.is_valid() and not {"check", "merge_all"} & request.POST.keys()
    )
    return render(
        request, "projects/project_create.html", context, status=422 if is_refused else 200
    )


def _started(request: HttpRequest, form: ProjectForm) -> Cleanset:
    return analyses.project_start(
        user=account(request),
        version=form.version,
        name=form.cleaned_data["name"],
        spec=form.spec(),
        notes=form.notes(remedy=MERGE_REMEDY),
    )


@require_safe
def project_detail(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    """Redirect to the newest cleanset of the project."""
    return redirect(_newest_cleanset(project_or_404(request, project_id)))


def _newest_cleanset(project: Project) -> Cleanset:
    cleanset = project.cleansets.order_by("-number").first()
    if cleanset is None:
        raise Http404("The project has no cleanset.")
    return cleanset


@require_http_methods(["GET", "HEAD", "POST"])
def project_settings(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    """Show the settings of a project, with forms to rename and to delete it."""
    project = project_or_404(request, project_id)
    form = ProjectNameForm(
        request.POST if request.method == "POST" else None, initial={"name": project.name}
    )
    if request.method == "POST" and form.is_valid():
        project_services.project_rename(project=project, name=form.cleaned_data["name"])
        messages.success(request, "Project renamed.")
        return redirect("project-settings", project_id=project.pk)
    cleanset = _newest_cleanset(project)
    crumbs = [("Projects", f"{reverse('dashboard')}#projects")]
    if not cleanset.is_succeeded:
        crumbs.append((project.name, project.get_absolute_url()))
    context = {
        "project": project,
        "version": project.version,
        "form": form,
        "losses": project_selectors.losses(project),
        "merged_spellings": [
            (shown_spelling(spelled), shown_spelling(kept))
            for spelled, kept in project.merged_labels.items()
        ],
        "section": "projects",
        "crumbs": crumbs,
        "tabs": tabs(cleanset, "Settings") if cleanset.is_succeeded else [],
    }
    return render(
        request, "projects/project_settings.html", context, status=422 if form.errors else 200
    )


@require_POST
def project_delete(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    """Delete the project with its cleansets, decisions and models."""
    project = project_or_404(request, project_id)
    project_services.delete_with_files(project)
    messages.success(request, f"Project {project.name} deleted.")
    return redirect("dashboard")
