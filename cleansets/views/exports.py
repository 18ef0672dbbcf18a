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
    """Send the cleanset in the mode and format asked for."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    form = ExportForm(request.GET)
    if not form.is_valid():
        modes, formats = ", ".join(exports.MODES), ", ".join(exports.FORMATS)
        raise DataProblem(
            f"An export needs a mode (one of {modes}) and a file_format (one of {formats})."
        )
    query = selectors.asked_rows(cleanset, QueryDict(request.GET.get("view", "")))
    return exports.export_response(cleanset, query, **form.cleaned_data)


@require_GET
def cleanset_manifest(request: HttpRequest, cleanset_id: uuid.UUID) -> JsonResponse:
    """Send what made the cleanset: data, rows, folds, seed, versions, settings, thresholds,
    timings, digests.
    """
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    name = f"cleanset-{cleanset.pk}-manifest.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return JsonResponse(
        exports.full_manifest(cleanset), headers=headers, json_dumps_params={"indent": 1}
    )
