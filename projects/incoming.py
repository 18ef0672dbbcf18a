"""Brings an uploaded file to the local disk when its run begins: joins its parts, or fetches it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.files.storage import default_storage

from projects.models import DatasetVersion, Upload, UploadPart
from studio import outbound, tables
from studio.engine import stages
from studio.engine.progress import Progress

CHUNK_BYTES = 1024 * 1024
FETCH_WITHIN_S = 3600.0
_HEADER_NAME = re.compile(r"""filename="?([^";]+)""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """A received file on disk; `etag` is the MD5 of its bytes in hexadecimal."""

    path: Path
    size_bytes: int
    etag: str


def received(read: Callable[[int], bytes], path: Path, *, most_bytes: int) -> Piece:
    """Write what `read` returns to a file; stop one chunk after the limit is exceeded."""
    digest = hashlib.md5(usedforsecurity=False)  # as in the ETags of S3
    n_bytes = 0
    with path.open("wb") as file:
        while n_bytes <= most_bytes and (chunk := read(CHUNK_BYTES)):
            file.write(chunk)
            digest.update(chunk)
            n_bytes += len(chunk)
    return Piece(path, n_bytes, digest.hexdigest())


def local_source(run: DatasetVersion, progress: Progress) -> Path:
    """Return the uploaded file of a version, joining or fetching it first if necessary."""
    if run.source_url and not default_storage.exists(run.source_key):
        _fetch(run, progress)
    elif (upload := Upload.objects.filter(version=run).first()) is not None:
        _join(upload, run.source_key)
    return tables.local_path(run.source_key)


def _join(upload: Upload, source_key: str) -> None:
    """Join the parts in order under the key, unless an interrupted run has already done so."""
    parts = list(upload.parts.order_by("number"))
    if not default_storage.exists(source_key):
        with tables.scratch() as folder:
            whole = folder / "whole"
            with whole.open("wb") as target:
                for chunk in _chunks_of(parts):
                    target.write(chunk)
            tables.publish(whole, source_key)
    tables.delete([part.part_key for part in parts if part.part_key != source_key])
    upload.parts.exclude(part_key=source_key).delete()


def _chunks_of(parts: list[UploadPart]) -> Iterator[bytes]:
    for part in parts:
        with tables.local_path(part.part_key).open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk


def _fetch(run: DatasetVersion, progress: Progress) -> None:
    with (
        tables.scratch() as folder,
        outbound.opened(run.source_url, within_s=FETCH_WITHIN_S) as answer,
    ):
        path = folder / "fetched"
        content_length = answer.headers.get("Content-Length", "")
        total = int(content_length) if content_length.isdecimal() else 0  # 0 is unknown
        with path.open("wb") as file:
            for chunk in answer.chunks(most_bytes=settings.MAX_UPLOAD_BYTES):
                file.write(chunk)
                progress(stages.FETCHING_FILE, file.tell(), total)
        named = _HEADER_NAME.search(answer.headers.get("Content-Disposition", ""))
        filename = ""
        if named is not None:
            filename = PurePosixPath(named[1].strip()).name[-255:]
        run.filename = filename or name_of_url(answer.url)
        run.size_bytes = path.stat().st_size
        tables.publish(path, run.source_key)
    run.save(update_fields=["filename", "size_bytes"])


def name_of_url(url: str) -> str:
    """Return the name of the file at an address: the last part of its path, or else its host."""
    parts = urlsplit(url)
    return PurePosixPath(unquote(parts.path)).name[-255:] or str(parts.hostname)
