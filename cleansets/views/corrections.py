"""Corrections from a file: upload, what it would change, and applying it."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cleansets import corrections as files
from cleansets.access import corrections_file_or_404
from cleansets.action_runs import corrections_start
from cleansets.forms import ColumnChoiceForm
from cleansets.models import ActionRun, Cleanset, CorrectionsFile
from cleansets.pages.review.corrections import change_lines, sample_lines
from cleansets.views.older_version import decidable_cleanset_or_404
from projects.forms.datasets import UploadForm
from studio import runs
from studio.accounts.access import account
from studio.engine.errors import DataProblem
from studio.htmx import is_partial

N_CLASSES = 10  # new ones that the preview names


@require_http_methods(["GET", "POST"])
def corrections_upload(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Take a file of corrections."""
    cleanset = decidable_cleanset_or_404(request, cleanset_id)
    if request.method == "GET":
        return _upload_page(request, cleanset, UploadForm())
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _upload_page(request, cleanset, form, status=422)
    file = files.corrections_upload(
        cleanset=cleanset, user=account(request), file=form.cleaned_data["file"]
    )
    if is_partial(request):
        return HttpResponse(headers={"HX-Redirect": file.get_absolute_url()})
    return redirect(file)


def _upload_page(
    request: HttpRequest, cleanset: Cleanset, form: UploadForm, status: int = 200
) -> HttpResponse:
    context = {"cleanset": cleanset, "form": form, "crumbs": _crumbs(cleanset)}
    return render(request, "cleansets/corrections_upload.html", context, status=status)


def _crumbs(cleanset: Cleanset) -> list[tuple[str, str]]:
    return [(cleanset.project.name, cleanset.get_absolute_url())]


@require_GET
def corrections(request: HttpRequest, file_id: uuid.UUID) -> HttpResponse:
    """Show the reading of a file, then which columns are used and what it would change."""
    file = corrections_file_or_404(request, file_id)
    cleanset = file.cleanset
    context = {"cleanset": cleanset, "file": file, "run": file, "crumbs": _crumbs(cleanset)}
    if file.is_succeeded:
        form = _choice_form(request, file)
        context |= {"form": form, "columns": files.file_columns(file), "sample": sample_lines(file)}
        if form.is_valid():
            effect = files.corrections_effect(
                cleanset,
                file,
                form.choice(),
                with_new_classes=form.cleaned_data["with_new_classes"],
            )
            classes = effect.unknown_classes.most_common(N_CLASSES)
            context |= {
                "effect": effect,
                "lines": change_lines(cleanset, effect.changes),
                "first_classes": classes,
                "n_more_classes": len(effect.unknown_classes) - len(classes),
            }
    return render(request, "cleansets/corrections.html", context)


def _choice_form(request: HttpRequest, file: CorrectionsFile) -> ColumnChoiceForm:
    columns = files.file_columns(file)
    keys = files.key_columns(file.cleanset)
    data = request.POST if request.method == "POST" else request.GET
    if "rows_by" in data:
        return ColumnChoiceForm(data, columns=columns, keys=keys)
    guessed = files.guessed_choice(file.cleanset, columns)
    return ColumnChoiceForm(guessed.to_params(), columns=columns, keys=keys)


@require_GET
def corrections_run(request: HttpRequest, file_id: uuid.UUID) -> HttpResponse:
    """Render the progress of the reading; then the browser loads the preview."""
    file = corrections_file_or_404(request, file_id)
    context = {"file": file, "run": file}
    response = render(request, "cleansets/_corrections_run.html", context)
    if not file.is_active:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def corrections_cancel(request: HttpRequest, file_id: uuid.UUID) -> HttpResponse:
    """Cancel the reading of a file."""
    file = corrections_file_or_404(request, file_id)
    runs.cancel(file)
    return redirect(file)


@require_POST
def corrections_apply(request: HttpRequest, file_id: uuid.UUID) -> HttpResponse:
    """Apply a file as one action, with the columns of the preview."""
    file = corrections_file_or_404(request, file_id)
    cleanset = decidable_cleanset_or_404(request, file.cleanset_id)
    if not file.is_succeeded:
        raise DataProblem("This file has not been read. Upload it again.")
    form = _choice_form(request, file)
    if not form.is_valid():
        raise DataProblem(" ".join(str(e) for errors in form.errors.values() for e in errors))
    started = corrections_start(
        cleanset=cleanset,
        user=account(request),
        file=file,
        choice=form.choice(),
        with_new_classes=form.cleaned_data["with_new_classes"],
    )
    if isinstance(started, ActionRun):
        return redirect(started)
    messages.success(request, f"{started.description}: done.", extra_tags="undoable")
    return redirect(cleanset)
