"""Appending rows to a dataset: the file, what it would add, and adding it."""

from __future__ import annotations

import uuid

import pyarrow.parquet as pq
from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from projects import appends, selectors
from projects.access import appended_file_or_404, extensible_version_or_404
from projects.forms.appending import AppendForm
from projects.forms.datasets import UploadForm
from projects.models import AppendedFile, DatasetVersion
from projects.readers.facts import ROW_ID
from studio import runs, tables
from studio.accounts.access import account
from studio.engine.errors import DataProblem
from studio.htmx import is_partial

Context = dict[str, object]


@require_http_methods(["GET", "HEAD", "POST"])
def dataset_append(request: HttpRequest, dataset_id: uuid.UUID) -> HttpResponse:
    """Upload a file of new rows; `project` in the address appends to the version of a project."""
    base = extensible_version_or_404(request, dataset_id, request.GET.get("project", ""))
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if request.method == "POST" and form.is_valid():
        file = appends.appended_file_upload(
            base=base, user=account(request), uploaded_file=form.cleaned_data["file"]
        )
        if is_partial(request):
            return HttpResponse(headers={"HX-Redirect": file.get_absolute_url()})
        return redirect(file)
    context = {
        **_shared_context(base),
        "form": form,
        "max_upload_bytes": settings.MAX_UPLOAD_BYTES,
    }
    return render(
        request, "projects/dataset_append.html", context, status=422 if form.errors else 200
    )


def _shared_context(base: DatasetVersion) -> Context:
    dataset = base.dataset
    return {
        "base": base,
        "dataset": dataset,
        "section": "datasets",
        "crumbs": [
            ("Datasets", f"{reverse('dashboard')}#datasets"),
            (dataset.name, dataset.get_absolute_url()),
        ],
    }


@require_GET
def appended_file(request: HttpRequest, file_id: uuid.UUID) -> HttpResponse:
    """Show the reading of a file of new rows, then what it would add."""
    file = appended_file_or_404(request, file_id)
    appends.appended_file_follow(file)
    context: Context = {**_shared_context(file.base), "file": file, "run": file}
    if file.is_succeeded:
        form = _form(file, request.GET)
        context["form"] = form
        if form.is_valid() and not form.is_wrong_file:
            context |= _effect(file, form)
    return render(request, "projects/appended_file.html", context)


def _form(file: AppendedFile, data: QueryDict) -> AppendForm:
    names = pq.read_schema(tables.local_path(file.table_key)).names
    in_file = [name for name in names if name != ROW_ID]
    return AppendForm(file, in_file, selectors.projects_on(file.base), data)


def _effect(file: AppendedFile, form: AppendForm) -> Context:
    try:
        preview = appends.appended_file_preview(file, form.choice())
    except DataProblem as problem:
        return {"problem": str(problem)}
    return {
        "effect": preview.effect,
        "changed": preview.changed,
        "notes": preview.notes,
        "choice": form.choice(),
    }


@require_GET
def appended_file_run(request: HttpRequest, file_id: uuid.UUID) -> HttpResponse:
    """Render the progress of the reading; then the browser loads the preview."""
    file = appended_file_or_404(request, file_id)
    response = render(request, "projects/_appended_file_run.html", {"file": file, "run": file})
    if not file.is_active:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def appended_file_cancel(request: HttpRequest, file_id: uuid.UUID) -> HttpResponse:
    """Cancel the reading of a file."""
    file = appended_file_or_404(request, file_id)
    runs.cancel(file)
    return redirect(file)


@require_POST
def appended_file_apply(request: HttpRequest, file_id: uuid.UUID) -> HttpResponse:
    """Append the rows, with the choices of the preview."""
    file = appended_file_or_404(request, file_id)
    if not file.is_succeeded:
        raise DataProblem("This file has not been read. Upload it again.")
    form = _form(file, request.POST)
    if not form.is_valid():
        raise DataProblem(" ".join(str(e) for errors in form.errors.values() for e in errors))
    appends.appended_file_apply(
        file=file, user=account(request), choice=form.choice(), projects=form.chosen_projects()
    )
    return redirect(file.base.dataset)
