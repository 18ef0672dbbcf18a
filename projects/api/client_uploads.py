"""Uploads of the public client: announced, sent in parts to signed addresses, completed, confirmed,
and their progress.
"""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.shortcuts import get_object_or_404

from projects import services, uploads
from projects.access import newest_version_or_404
from projects.api.client_answers import reading_failed
from projects.column_types import checked_types, kinds_of_types
from projects.models import DatasetVersion, Upload
from projects.selectors import column_profiles
from studio import tables
from studio.accounts.access import account
from studio.api.body import Body, identifier, json_object, text
from studio.api.errors import ApiProblem, client_view
from studio.api.progress import run_fraction
from studio.api.signing import check_token, signed_url

PART_URL_S = 24 * 3600


@client_view("POST", scope="write")
def upload_initialize(request: HttpRequest) -> JsonResponse:
    """Announce a file; answer with the sizes of its parts and an address for each."""
    body = json_object(request)
    upload = uploads.upload_begin(
        user=account(request), filename=text(body, "filename"), size_bytes=_size(body)
    )
    sizes = uploads.part_sizes(upload)
    numbers = range(1, len(sizes) + 1)
    return JsonResponse(
        {
            "upload_id": str(upload.pk),
            "part_sizes": sizes,
            "presigned_posts": [
                signed_url(
                    request,
                    "client-upload-part",
                    kwargs={"upload_id": upload.pk, "number": number},
                    max_age_s=PART_URL_S,
                )
                for number in numbers
            ],
        }
    )


def _size(body: Body) -> int:
    size = str(body.get("size_in_bytes"))
    if not (size.isascii() and size.isdecimal() and len(size) < 19):
        raise ApiProblem("The field 'size_in_bytes' has to be a whole number.")
    return int(size)


@client_view("PUT", scope=None)
def upload_part(request: HttpRequest, upload_id: uuid.UUID, number: int) -> HttpResponse:
    """Store the bytes of one part as they arrive; `upload_complete` expects the ETag."""
    check_token(request)
    upload = get_object_or_404(Upload, pk=upload_id)
    try:
        part = uploads.part_store(upload=upload, number=number, read=request.read)
    except UnreadablePostError as error:
        raise ApiProblem(f"Part {number} was interrupted. Send it again.") from error
    return HttpResponse(headers={"ETag": f'"{part.etag}"'}, content_type="text/plain")


@client_view("POST", scope="write")
def upload_complete(request: HttpRequest) -> JsonResponse:
    """Check that all parts arrived as they were sent."""
    body = json_object(request)
    uploads.upload_complete(upload=_upload(request, body), etags=_etags(body))
    return JsonResponse({})


def _etags(body: Body) -> dict[int, str]:
    parts = body.get("upload_parts")
    etags: dict[int, str] = {}
    for part in parts if isinstance(parts, list) else [None]:
        fields = part if isinstance(part, dict) else {}
        number = fields.get("PartNumber")
        etag = fields.get("ETag")
        if not isinstance(number, int) or not isinstance(etag, str):
            raise ApiProblem(
                'The field \'upload_parts\' has to be a list of {"ETag": text, "PartNumber":'
                " number}."
            )
        etags[number] = etag.strip('"')
    return etags


@client_view("POST", scope="write")
def upload_confirm(request: HttpRequest) -> JsonResponse:
    """Create a dataset of the file and begin to read it."""
    body = json_object(request)
    types = checked_types(body.get("schema_overrides"))
    uploads.upload_confirm(upload=_upload(request, body), types=types)
    return JsonResponse({})


def _upload(request: HttpRequest, body: Body) -> Upload:
    mine = Upload.objects.filter(owner=account(request))
    return get_object_or_404(mine, pk=identifier(body.get("upload_id"), "upload"))


@client_view("POST", scope="write")
def url_initialize(request: HttpRequest) -> JsonResponse:
    """Create a dataset of the file at an address; its run fetches it."""
    body = json_object(request)
    types = checked_types(body.get("schema_overrides"))
    dataset = uploads.dataset_fetch(user=account(request), url=text(body, "url"), types=types)
    return JsonResponse({"upload_id": str(dataset.versions.get().pk)})


@client_view("GET", scope="read")
def total_progress(request: HttpRequest) -> JsonResponse:
    """Return the progress of reading an upload, and why it failed."""
    version = _version(request)
    if version.is_active:
        return JsonResponse({"status": "running", "progress": run_fraction(version)})
    if version.is_succeeded:
        return JsonResponse({"status": "complete", "progress": 1})
    error_type, message = reading_failed(version)
    return JsonResponse(
        {"status": "error", "progress": 1, "error_type": error_type, "error_message": message}
    )


@client_view("GET", scope="read")
def dataset_id(request: HttpRequest) -> JsonResponse:
    """Return the dataset that came of an upload; null until it can be used."""
    version = _version(request)
    return JsonResponse({"dataset_id": str(version.dataset_id) if version.is_succeeded else None})


def _version(request: HttpRequest) -> DatasetVersion:
    """Return the version that the upload became; it has the upload's id."""
    upload_id = identifier(request.GET.get("upload_id"), "upload")
    version = DatasetVersion.objects.filter(dataset__owner=account(request), pk=upload_id).first()
    if version is None:
        get_object_or_404(Upload, owner=account(request), pk=upload_id)
        raise ApiProblem("This upload was not confirmed yet, so nothing is being read.", status=409)
    return version


@client_view("PATCH", scope="write")
def schema_update(request: HttpRequest) -> JsonResponse:
    """Change the types of columns of a dataset that was read already."""
    body = json_object(request)
    version = newest_version_or_404(request, identifier(body.get("dataset_id"), "dataset"))
    if not version.is_succeeded:
        raise ApiProblem("The file of this dataset was not read yet.", status=409)
    types = checked_types(body.get("schema_updates"))
    profiles = column_profiles(version)
    kinds = kinds_of_types(types, profiles, tables.local_path(version.table_key))
    services.column_kinds_choose(version=version, kinds={p.name: p.kind for p in profiles} | kinds)
    return JsonResponse({})
