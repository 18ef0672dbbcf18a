"""Downloads of a cleanset."""

from __future__ import annotations

import uuid

from django.http import FileResponse, HttpRequest, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.views.decorators.http import require_GET

from cleansets import exports, selectors
from cleansets.access import ready_cleanset_or_404
from cleansets.forms import ExportForm
from studio import tables
from studio.engine.errors import DataProblem
from studio.exports import stream_csv, stream_json, write_parquet, write_xlsx


@require_GET
def cleanset_export(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponseBase:
    """Send the cleanset in the mode and format asked for."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    form = ExportForm(request.GET)
    if not form.is_valid():
        modes, formats = ", ".join(exports.MODES), ", ".join(exports.FORMATS)
        raise DataProblem(f"An export needs a mode (one of {modes}) and a file_format (one of {formats}).")
    file_format, mode = form.cleaned_data["file_format"], form.cleaned_data["mode"]
    source = selectors.row_source(cleanset)
    query = selectors.asked_rows(cleanset, QueryDict(request.GET.get("view", "")))
    plan = exports.export_plan(cleanset, source, query, mode, is_typed=file_format != "csv")
    rows, name = exports.batches(plan, source), exports.file_name(cleanset, file_format)
    if file_format in ("csv", "json"):
        stream = stream_csv if file_format == "csv" else stream_json
        response = StreamingHttpResponse(stream(plan.names, rows), content_type=CONTENT_TYPES[file_format])
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    with tables.scratch() as folder:
        path = folder / name
        (write_xlsx if file_format == "xlsx" else write_parquet)(path, plan.names, rows)
        return FileResponse(path.open("rb"), as_attachment=True, filename=name)


CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
