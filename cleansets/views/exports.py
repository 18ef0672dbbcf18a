"""Downloads of a cleanset."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponseBase, JsonResponse, QueryDict
from django.views.decorators.http import require_GET

from cleansets import exports, selectors
from cleansets.access import ready_cleanset_or_404
from cleansets.forms import ExportForm
from studio.engine.errors import DataProblem


@require_GET
def cleanset_export(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponseBase:
    """Download the cleanset in the requested mode and format."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    form = ExportForm(request.GET)
    if not form.is_valid():
        modes = ", ".join(exports.MODES)
        formats = ", ".join(exports.FORMATS)
        raise DataProblem(
            f"An export needs a mode (one of {modes}) and a file_format (one of {formats})."
        )
    query = selectors.asked_rows(cleanset, QueryDict(request.GET.get("view", "")))
    return exports.export_response(cleanset, query, **form.cleaned_data)


@require_GET
def cleanset_manifest(request: HttpRequest, cleanset_id: uuid.UUID) -> JsonResponse:
    """Download the manifest: data, rows, folds, seed, versions, settings, timings, digests."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    name = f"cleanset-{cleanset.pk}-manifest.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return JsonResponse(
        exports.full_manifest(cleanset), headers=headers, json_dumps_params={"indent": 1}
    )
