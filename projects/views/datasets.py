"""The pages of datasets."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from projects import selectors, services
from projects.access import (
    dataset_or_404,
    newest_version_or_404,
    ready_version_or_404,
    shown_version,
    shown_version_or_404,
    version_or_404,
)
from projects.forms.datasets import DatasetNameForm, KindsForm, UploadForm
from projects.forms.reading import ReadForm, doubts_of, shown_facts
from projects.models import Dataset, DatasetVersion
from projects.views.profile_cards import profile_cards
from studio import runs
from studio.accounts.access import account
from studio.htmx import is_partial

ROWS_PER_PAGE = 50
COLUMNS_PER_PAGE = 60
TABS = ("data", "columns", "reading", "versions")
Context = dict[str, object]


@require_http_methods(["GET", "HEAD", "POST"])
def dataset_upload(request: HttpRequest) -> HttpResponse:
    """Upload a file as a new dataset."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if request.method == "POST" and form.is_valid():
        dataset = services.dataset_create(
            user=account(request), uploaded_file=form.cleaned_data["file"]
        )
        return _leave_to(request, dataset)
    return _upload_page(request, form, {})


@require_http_methods(["GET", "HEAD", "POST"])
def dataset_upload_version(request: HttpRequest, dataset_id: uuid.UUID) -> HttpResponse:
    """Upload a file as the newest version of a dataset."""
    version = newest_version_or_404(request, dataset_id)
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if request.method == "POST" and form.is_valid():
        dataset = version.dataset
        file = form.cleaned_data["file"]
        services.dataset_upload_version(dataset=dataset, user=account(request), uploaded_file=file)
        return _leave_to(request, dataset)
    return _upload_page(
        request, form, {"dataset": version.dataset, "problem": version.error_message}
    )


@require_http_methods(["GET", "HEAD", "POST"])
def dataset_rename(request: HttpRequest, dataset_id: uuid.UUID) -> HttpResponse:
    """Show the form for a new name, or rename the dataset."""
    dataset = dataset_or_404(request, dataset_id)
    form = DatasetNameForm(
        request.POST if request.method == "POST" else None, initial={"name": dataset.name}
    )
    if request.method == "POST" and form.is_valid():
        services.dataset_rename(dataset=dataset, name=form.cleaned_data["name"])
        messages.success(request, "Dataset renamed.")
        return redirect(dataset)
    crumbs = [
        ("Datasets", f"{reverse('dashboard')}#datasets"),
        (dataset.name, dataset.get_absolute_url()),
    ]
    context = {"dataset": dataset, "form": form, "section": "datasets", "crumbs": crumbs}
    return render(
        request, "projects/dataset_rename.html", context, status=422 if form.errors else 200
    )


@require_POST
def dataset_read_again(request: HttpRequest, dataset_id: uuid.UUID) -> HttpResponse:
    """Read the file of the dataset with other options, as its newest version."""
    version = shown_version_or_404(request, dataset_id)
    form = ReadForm(version, request.POST)
    if not form.is_valid():
        context = {**_page_context(version, "reading"), "facts": shown_facts(version), "form": form}
        return render(request, "projects/dataset_reading.html", context, status=422)
    services.dataset_read_again(version=version, user=account(request), options=form.options())
    return redirect(version.dataset)


def _upload_page(request: HttpRequest, form: UploadForm, context: Context) -> HttpResponse:
    crumbs = [("Datasets", f"{reverse('dashboard')}#datasets")]
    shared = {
        "form": form,
        "max_upload_bytes": settings.MAX_UPLOAD_BYTES,
        "section": "datasets",
        "crumbs": crumbs,
    }
    return render(
        request,
        "projects/dataset_upload.html",
        {**shared, **context},
        status=422 if form.errors else 200,
    )


def _leave_to(request: HttpRequest, dataset: Dataset) -> HttpResponse:
    """Send the browser to the dataset.

    The upload script gets a header: its request would follow an ordinary redirect silently.
    """
    if is_partial(request):
        return HttpResponse(headers={"HX-Redirect": dataset.get_absolute_url()})
    return redirect(dataset)


@require_POST
def dataset_sample(request: HttpRequest) -> HttpResponse:
    """Create the sample dataset."""
    return redirect(services.dataset_create_sample(account(request)))


@require_safe
def dataset(request: HttpRequest, dataset_id: uuid.UUID) -> HttpResponse:
    """Show a tab of the dataset, or the progress of its reading."""
    newest = newest_version_or_404(request, dataset_id)
    version = shown_version(newest)
    tab = request.GET.get("tab", "")
    if tab not in TABS:
        tab = TABS[0]
    context: Context = {"form": ReadForm(version)}
    if version.is_succeeded:
        context = _TAB_CONTEXTS[tab](request, version)
    if newest != version:
        context["failed"] = newest
    refused = newest.dataset.refused_append
    if refused is not None and not refused.is_active:
        context["refused"] = refused
    return render(
        request, f"projects/dataset_{tab}.html", {**_page_context(version, tab), **context}
    )


def _page_context(version: DatasetVersion, tab: str) -> Context:
    names = (
        ("Data", "data", None),
        ("Columns", "columns", len(version.columns)),
        ("How it was read", "reading", None),
        ("Versions", "versions", None),
    )
    address = version.get_absolute_url()
    return {
        "dataset": version.dataset,
        "version": version,
        "tab": tab,
        "tabs": [
            (label, f"{address}?tab={name}", name == tab, count) for label, name, count in names
        ],
        "crumbs": [("Datasets", f"{reverse('dashboard')}#datasets")],
        "section": "datasets",
    }


def _data_tab(request: HttpRequest, version: DatasetVersion) -> Context:
    page = Paginator(range(version.n_rows or 0), ROWS_PER_PAGE).get_page(request.GET.get("page"))
    row_ids = page.object_list
    assert isinstance(row_ids, range)
    return {
        "page": page,
        "table": selectors.rows_between(version, row_ids),
        "max_columns": selectors.COLUMNS_SHOWN,
        "doubts": doubts_of(version),
    }


def _reading_tab(_: HttpRequest, version: DatasetVersion) -> Context:
    return {"facts": shown_facts(version), "form": ReadForm(version)}


def _columns_tab(request: HttpRequest, version: DatasetVersion) -> Context:
    profiles = selectors.column_profiles(version)
    named = request.GET.get("named", "").strip()
    found = [
        place for place, profile in enumerate(profiles) if named.lower() in profile.name.lower()
    ]
    page = Paginator(found, COLUMNS_PER_PAGE).get_page(request.GET.get("page"))
    form = KindsForm(profiles, places=list(page.object_list))
    return _columns_context(version, form) | {"page": page, "named": named}


def _columns_context(version: DatasetVersion, form: KindsForm) -> Context:
    is_wide = len(form.profiles) > COLUMNS_PER_PAGE
    return {
        "form": form,
        "cards": profile_cards(form),
        "n_chosen": len(version.chosen_kinds),
        "is_wide": is_wide,
    }


def _versions_tab(_: HttpRequest, version: DatasetVersion) -> Context:
    return {"versions": selectors.versions_of(version.dataset)}


_TAB_CONTEXTS: dict[str, Callable[[HttpRequest, DatasetVersion], Context]] = {
    "data": _data_tab,
    "columns": _columns_tab,
    "reading": _reading_tab,
    "versions": _versions_tab,
}


@require_POST
def dataset_kinds(request: HttpRequest, dataset_id: uuid.UUID) -> HttpResponse:
    """Save the kinds of all columns."""
    version = ready_version_or_404(request, dataset_id)
    form = KindsForm(selectors.column_profiles(version), request.POST)
    if not form.is_valid():
        context = {**_page_context(version, "columns"), **_columns_context(version, form)}
        return render(request, "projects/dataset_columns.html", context, status=422)
    services.column_kinds_choose(
        version=version, kinds=form.kinds(), conventions=form.conventions()
    )
    messages.success(request, "Kinds saved. New projects use them; existing projects keep theirs.")
    back = QueryDict(request.POST.get("back", ""), mutable=True)
    shown = {name: back[name] for name in ("named", "page") if back.get(name)}
    return redirect(f"{version.get_absolute_url()}?{urlencode({'tab': 'columns', **shown})}")


@require_safe
def dataset_run(request: HttpRequest, dataset_id: uuid.UUID) -> HttpResponse:
    """Show the progress of reading the file; when it ends, the page reloads."""
    version = newest_version_or_404(request, dataset_id)
    if not is_partial(request):
        return redirect(version)
    response = render(
        request, "projects/_dataset_run.html", {"version": version, "dataset": version.dataset}
    )
    if not version.is_active:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def dataset_cancel(request: HttpRequest, dataset_id: uuid.UUID) -> HttpResponse:
    """Stop reading the file."""
    version = newest_version_or_404(request, dataset_id)
    if not runs.cancel(version):
        messages.info(request, "The file had already been read.")
    return redirect(version)


@require_POST
def dataset_version_remove(
    request: HttpRequest, dataset_id: uuid.UUID, number: int
) -> HttpResponse:
    """Remove a version that could not be read."""
    version = version_or_404(request, dataset_id, number)
    services.version_remove(version=version)
    messages.success(request, f"Version {number} is removed. It had no rows.")
    return redirect(f"{version.get_absolute_url()}?tab=versions")


@require_http_methods(["GET", "HEAD", "POST"])
def dataset_delete(request: HttpRequest, dataset_id: uuid.UUID) -> HttpResponse:
    """Ask for confirmation, then delete the dataset with everything made from it."""
    dataset = dataset_or_404(request, dataset_id)
    if request.method == "POST":
        services.delete_with_files(dataset)
        messages.success(request, f"Dataset {dataset.name} is deleted.")
        return redirect("dashboard")
    crumbs = [
        ("Datasets", f"{reverse('dashboard')}#datasets"),
        (dataset.name, dataset.get_absolute_url()),
    ]
    context = {
        "dataset": dataset,
        "losses": selectors.losses(dataset),
        "section": "datasets",
        "crumbs": crumbs,
    }
    return render(request, "projects/dataset_delete.html", context)
