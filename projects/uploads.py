"""Writes for files that arrive in parts or from an address: announced, received, and confirmed as a
dataset.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from django.conf import settings
from django.db import transaction
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from projects.incoming import name_of_url, received
from projects.models import Dataset, DatasetVersion, Upload, UploadPart
from projects.services import StoredUpload, dataset_of_file
from studio import outbound, storage, tables
from studio.accounts.models import User
from studio.engine.counted import counted
from studio.engine.errors import DataProblem

# Below the usual limit of proxies; a lost connection costs one part.
PART_BYTES = 8 * 1024 * 1024
MAX_PARTS = 1_000


def upload_begin(*, user: User, filename: str, size_bytes: int) -> Upload:
    """Announce a file. Raises DataProblem if it has no name or exceeds the size limit."""
    name = PurePosixPath(filename.replace("\\", "/")).name
    if not name:
        raise DataProblem("The file has no name. Name it, with an ending such as .csv.")
    if size_bytes > settings.MAX_UPLOAD_BYTES:
        raise DataProblem(
            f"The file has {filesizeformat(size_bytes)}; this studio accepts up to"
            f" {filesizeformat(settings.MAX_UPLOAD_BYTES)}. Compress it with gzip,"
            " or upload a part of it."
        )
    part_bytes = max(PART_BYTES, -(-size_bytes // MAX_PARTS))
    return Upload.objects.create(
        owner=user, filename=name[-255:], size_bytes=size_bytes, part_bytes=part_bytes
    )


def part_sizes(upload: Upload) -> list[int]:
    """Return the size of each part in bytes; all but the last are equal. An empty file has none."""
    n_whole, rest = divmod(upload.size_bytes, upload.part_bytes)
    return [upload.part_bytes] * n_whole + [rest] * bool(rest)


def part_store(*, upload: Upload, number: int, read: Callable[[int], bytes]) -> UploadPart:
    """Store what `read` returns as one part (1-based), replacing an earlier try at that part.

    Raises DataProblem for a part that was not announced, is longer than announced, or comes after
    the upload is complete.
    """
    sizes = part_sizes(upload)
    if not 1 <= number <= len(sizes):
        raise DataProblem(f"There is no part {number}; this file has {len(sizes)}.")
    key = storage.upload_part(upload.pk, number, uuid.uuid4())
    with tables.scratch() as folder:
        piece = received(read, folder / "part", most_bytes=sizes[number - 1])
        if piece.size_bytes > sizes[number - 1]:
            raise DataProblem(
                f"Part {number} has more than the {sizes[number - 1]:,} bytes that were announced."
            )
        tables.publish(piece.path, key)
    try:
        return _part_replace(
            upload, number, UploadPart(size_bytes=piece.size_bytes, etag=piece.etag, part_key=key)
        )
    except DataProblem:
        tables.delete([key])
        raise


@transaction.atomic
def _part_replace(upload: Upload, number: int, part: UploadPart) -> UploadPart:
    if Upload.objects.select_for_update().get(pk=upload.pk).completed_at is not None:
        raise DataProblem("This file is already complete; its parts can no longer be replaced.")
    earlier = upload.parts.filter(number=number)
    keys = list(earlier.values_list("part_key", flat=True))
    earlier.delete()
    part.upload = upload
    part.number = number
    part.save(force_insert=True)
    transaction.on_commit(lambda: tables.delete(keys))
    return part


@transaction.atomic
def upload_complete(*, upload: Upload, etags: Mapping[int, str]) -> None:
    """Mark the upload as complete. Raises DataProblem if a part is missing, short or altered."""
    upload = Upload.objects.select_for_update().get(pk=upload.pk)
    sizes = part_sizes(upload)
    parts = {part.number: part for part in upload.parts.all()}
    missing = [number for number in range(1, len(sizes) + 1) if number not in parts]
    if missing:
        raise DataProblem(
            f"{len(missing):,} of {counted(len(sizes), 'part')} did not arrive, the first is"
            f" {missing[0]}."
        )
    for number, size_bytes in enumerate(sizes, start=1):
        if parts[number].size_bytes != size_bytes:
            raise DataProblem(
                f"Part {number} has {counted(parts[number].size_bytes, 'byte')};"
                f" {counted(size_bytes, 'was', 'were')}"
                " announced. The file changed or the transfer broke off; upload it again."
            )
    wrong = [number for number, part in parts.items() if etags.get(number) != part.etag]
    if wrong or len(etags) != len(parts):
        raise DataProblem(
            "The list of parts does not agree with the parts that arrived. Upload the file again."
        )
    if upload.completed_at is None:
        upload.completed_at = timezone.now()
        upload.save(update_fields=["completed_at"])


@transaction.atomic
def upload_confirm(*, upload: Upload, types: Mapping[str, str]) -> DatasetVersion:
    """Create the dataset of a complete file and queue its reading; the version has the same id."""
    upload = Upload.objects.select_for_update().get(pk=upload.pk)
    if upload.version is not None:
        return upload.version
    if upload.completed_at is None:
        raise DataProblem(
            "Parts of this file are still missing. Send them, complete the upload, and confirm it"
            " then."
        )
    keys = list(upload.parts.values_list("part_key", flat=True))
    key = keys[0] if len(keys) == 1 else storage.dataset_source(upload.pk)
    file = StoredUpload(upload.pk, key, upload.filename, upload.size_bytes, asked_types=types)
    upload.version = dataset_of_file(user=upload.owner, file=file).versions.get()
    upload.save(update_fields=["version"])
    return upload.version


def dataset_fetch(*, user: User, url: str, types: Mapping[str, str]) -> Dataset:
    """Create the dataset of a file at an address, which its run fetches.

    Raises DataProblem for an invalid address.
    """
    outbound.checked_url(url)
    version_id = uuid.uuid4()
    url = url.strip()
    file = StoredUpload(
        version_id, storage.dataset_source(version_id), name_of_url(url), 0, types, url
    )
    return dataset_of_file(user=user, file=file)
