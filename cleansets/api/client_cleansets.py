"""Cleansets for the public client: progress, columns, probabilities and embeddings."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from itertools import chain, islice

import numpy as np
import pyarrow as pa
from django.http import HttpRequest, JsonResponse, StreamingHttpResponse

from cleansets.access import cleanset_or_404
from cleansets.api.client_json import inside_string, number_lists, records
from cleansets.api.client_table import BATCH_ROWS, client_table, id_column, identities
from cleansets.models import Cleanset
from studio import tables
from studio.api.errors import ApiProblem, client_view
from studio.engine.ml_task import MLTask
from studio.runs import Status

JSON = "application/json"


def ready_cleanset(request: HttpRequest, cleanset_id: uuid.UUID) -> Cleanset:
    """Return a cleanset whose analysis has finished. Raises ApiProblem with the reason if not."""
    cleanset = cleanset_or_404(request, cleanset_id)
    if cleanset.is_active:
        raise ApiProblem("This cleanset is not ready. Wait until its analysis is done.", status=409)
    if not cleanset.is_succeeded:
        raise ApiProblem(f"This cleanset has no results. {_failure(cleanset)[1]}", status=409)
    return cleanset


def _failure(cleanset: Cleanset) -> tuple[str, str]:
    if cleanset.status == Status.CANCELLED:
        return "Cancelled", "The analysis was cancelled. Start it again in the studio."
    return "Analysis failed", cleanset.error_message


@client_view("GET", scope="read")
def cleanset_status(request: HttpRequest, cleanset_id: uuid.UUID) -> JsonResponse:
    """Report the progress of the analysis and why it failed; all keys are always present."""
    cleanset = cleanset_or_404(request, cleanset_id)
    has_error = not (cleanset.is_active or cleanset.is_succeeded)
    error_type, message = _failure(cleanset) if has_error else (None, None)
    description = cleanset.stage if cleanset.is_active else str(Status(cleanset.status).label)
    return JsonResponse(
        {
            "is_ready": cleanset.is_succeeded,
            "has_error": has_error,
            "step": len(cleanset.stages) if cleanset.is_succeeded else cleanset.stage_number,
            "total_steps": len(cleanset.stages),
            "step_description": description or str(Status(cleanset.status).label),
            "error_type": error_type,
            "error_message": message,
        }
    )


@client_view("GET", scope="read")
def cleanset_columns(request: HttpRequest, cleanset_id: uuid.UUID) -> StreamingHttpResponse:
    """Stream the Cleanlab columns; Spark gets a bare list of rows, the only form it can read."""
    cleanset = ready_cleanset(request, cleanset_id)
    with_issues = _is_on(request, "include_cleanlab_columns")
    table = client_table(
        cleanset, with_issues=with_issues, with_details=_is_on(request, "include_project_details")
    )
    return _streamed(table.stream(is_table=not _is_on(request, "to_spark")))


def _streamed(pieces: Iterator[bytes]) -> StreamingHttpResponse:
    """Stream the pieces. The first rows are computed before the response starts, so that an early
    failure is reported as an error instead of cutting the download off.
    """
    first = list(islice(pieces, 2))
    return StreamingHttpResponse(chain(first, pieces), content_type=JSON)


def _is_on(request: HttpRequest, name: str) -> bool:
    """Parse a boolean parameter as Python spells it."""
    return request.GET.get(name, "").lower() in ("true", "1")


@client_view("GET", scope="read")
def cleanset_id_column(request: HttpRequest, cleanset_id: uuid.UUID) -> JsonResponse:
    """Return the name of the ID column."""
    return JsonResponse({"id_column": id_column(cleanset_or_404(request, cleanset_id))})


@client_view("GET", scope="read")
def cleanset_project(request: HttpRequest, cleanset_id: uuid.UUID) -> JsonResponse:
    """Return the project of a cleanset."""
    return JsonResponse({"project_id": str(cleanset_or_404(request, cleanset_id).project_id)})


@client_view("GET", scope="read")
def pred_probs(request: HttpRequest, cleanset_id: uuid.UUID) -> StreamingHttpResponse:
    """Stream the out-of-sample class probabilities as records with IDs, in row order."""
    cleanset = ready_cleanset(request, cleanset_id)
    if cleanset.task not in (MLTask.MULTI_CLASS, MLTask.MULTI_LABEL):
        raise ApiProblem(
            f"A {cleanset.task} project has no classes, and so no predicted probabilities.",
            status=422,
        )
    return _streamed(_probabilities(cleanset))


def _probabilities(cleanset: Cleanset) -> Iterator[bytes]:
    values = np.load(tables.local_path(cleanset.pred_probs_key), mmap_mode="r")
    names = [id_column(cleanset), *cleanset.classes]
    yield b'{"success": true, "array_type": "pandas", "pred_probs": "['
    n_sent = 0
    comma = ""
    for ids in identities(cleanset):
        part = np.asarray(values[n_sent : n_sent + len(ids)])
        rows = records(names, [ids, *(pa.array(column, pa.float32()) for column in part.T)])
        yield inside_string(comma + ",".join(rows))
        n_sent += len(ids)
        comma = ","
    yield b']"}'


@client_view("GET", scope="read")
def embeddings(request: HttpRequest, cleanset_id: uuid.UUID) -> StreamingHttpResponse:
    """Stream the text embeddings as a matrix, in row order."""
    cleanset = ready_cleanset(request, cleanset_id)
    if not cleanset.embeddings_key:
        raise ApiProblem(
            "This cleanset has no embeddings; only text projects with the model type 'regular' have"
            " them.",
            status=422,
        )
    return _streamed(_matrix(cleanset))


def _matrix(cleanset: Cleanset) -> Iterator[bytes]:
    values = np.load(tables.local_path(cleanset.embeddings_key), mmap_mode="r")
    n_rows, width = values.shape
    yield b'{"success": true, "array_type": "numpy", "embeddings": ['
    for start in range(0, n_rows, BATCH_ROWS):
        flat = pa.array(
            np.ascontiguousarray(values[start : start + BATCH_ROWS], dtype=np.float32).ravel()
        )
        rows = number_lists(pa.FixedSizeListArray.from_arrays(flat, width))
        yield (("," if start else "") + ",".join(rows)).encode()
    yield b"]}"
