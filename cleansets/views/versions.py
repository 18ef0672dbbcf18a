"""The versions of a project: the list, two compared, going back, and rows that came later."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from cleansets import analyses, selectors, versions
from cleansets.access import ready_cleanset_or_404
from cleansets.forms import VersionForm
from cleansets.models import Cleanset
from cleansets.pages.tabs import tabs
from projects import selectors as project_selectors
from projects.access import project_or_404
from projects.models import Project
from studio.accounts.access import account
from studio.engine.errors import DataProblem


@require_GET
def project_versions(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    """List the versions of a project, newest first."""
    project = project_or_404(request, project_id)
    lines = versions.version_lines(project)
    ready = [line.cleanset for line in lines if line.cleanset.is_succeeded]
    newest = project_selectors.newer_rows(project.version)
    context = {
        **_shared_context(project, ready[0] if ready else None),
        "lines": lines,
        "ready": ready,
        "newer_rows": newest,
    }
    return render(request, "cleansets/project_versions.html", context)


def _shared_context(project: Project, newest: Cleanset | None) -> dict[str, object]:
    return {
        "project": project,
        "section": "projects",
        "crumbs": [("Projects", f"{reverse('dashboard')}#projects")],
        "tabs": tabs(newest, "Versions") if newest else [],
    }


@require_GET
def versions_compare(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    """Compare two versions of a project; the newest with the one before it by default."""
    project = project_or_404(request, project_id)
    ready = [
        cleanset
        for cleanset in selectors.cleansets_of(project).select_related("project", "version")
        if cleanset.is_succeeded
    ]
    if len(ready) < 2:
        raise DataProblem("There are no two finished versions of this project to compare.")
    by_number = {str(cleanset.number): cleanset for cleanset in ready}
    second = by_number.get(request.GET.get("second", ""), ready[0])
    others = [cleanset for cleanset in ready if cleanset != second]
    older = [cleanset for cleanset in others if cleanset.number < second.number]
    first = by_number.get(request.GET.get("first", ""), (older or others)[0])
    context = {
        **_shared_context(project, ready[0]),
        "ready": ready,
        "first": first,
        "second": second,
        "changed": versions.rows_changed(first, second),
        "counts": versions.count_pairs(first, second),
    }
    return render(request, "cleansets/versions_compare.html", context)


@require_POST
def version_describe(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Give a version a name and a note."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    form = VersionForm(request.POST)
    if not form.is_valid():
        raise DataProblem(" ".join(str(e) for errors in form.errors.values() for e in errors))
    analyses.cleanset_describe(
        cleanset=cleanset, name=form.cleaned_data["name"], note=form.cleaned_data["note"]
    )
    messages.success(request, f"Version {cleanset.number} described.")
    return redirect("project-versions", project_id=cleanset.project_id)


@require_POST
def version_restore(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Make an older version the current one again, as a new version."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    return redirect(analyses.cleanset_restore(cleanset=cleanset, user=account(request)))


@require_POST
def project_grow(request: HttpRequest, project_id: uuid.UUID) -> HttpResponse:
    """Add the rows by which the dataset of a project has grown."""
    project = project_or_404(request, project_id)
    version = project_selectors.newer_rows(project.version)
    if version is None:
        raise DataProblem("The project has all rows of its dataset already.")
    grown = analyses.cleanset_grow(project=project, user=account(request), version=version)
    return redirect(grown)
