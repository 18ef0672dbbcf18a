"""Files by storage key, which never change once published; scratch space; DuckDB connections."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, default_storage, storages
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from studio import integrity
from studio.models import StoredFile
from studio.patience import patiently

LEFT_BEHIND_S = 24 * 3600
_CHUNK_BYTES = 1024 * 1024
# Folders of the cache with copies of stored files.
FETCHED = "objects"
MAPPED = "mapped"
SEARCHED = "searched"


def publish(path: Path, key: str) -> str:
    """Move a finished local file into the storage, and note its digest.

    Where the storage is local, it is one move.
    """
    # First the digest: a file in the storage without one could not be verified.
    _note_digest(path, key)
    if isinstance(storages["default"], FileSystemStorage):
        target = Path(default_storage.path(key))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, target)
        return key
    patiently(lambda: _upload(path, key))
    path.unlink()
    return key


def publish_upload(file: UploadedFile[bytes], key: str) -> str:
    """Put an uploaded file under its key; what was stored there before is replaced."""
    with scratch() as folder:
        path = folder / "upload"
        with path.open("wb") as copy:
            for chunk in file.chunks(_CHUNK_BYTES):
                copy.write(chunk)
        return publish(path, key)


def publish_copy(source_key: str, key: str) -> str:
    """Put a copy of a stored file under another key."""
    with scratch() as folder:
        path = folder / "copy"
        shutil.copyfile(local_path(source_key), path)
        return publish(path, key)


def _note_digest(path: Path, key: str) -> None:
    known = {
        "sha256": integrity.digest_of(path),
        "n_bytes": path.stat().st_size,
        "published_at": timezone.now(),
    }
    patiently(lambda: StoredFile.objects.update_or_create(key=key, defaults=known))


def _upload(path: Path, key: str) -> None:
    with path.open("rb") as file:
        default_storage.save(key, File(file))


def local_path(key: str) -> Path:
    """Return a local path of the file; files of a remote storage are fetched once and kept.

    Raises DamagedFile if the file is not what was published, or missing.
    """
    try:
        path = Path(default_storage.path(key))
    except NotImplementedError:
        return _whole_copy(key)
    integrity.check_whole(path, key)
    return path


def _whole_copy(key: str) -> Path:
    """Return the local copy of a remote file; a damaged one is fetched again."""
    target = settings.CACHE_DIR / FETCHED / key
    try:
        mark_as_used(target)
    except FileNotFoundError:
        patiently(lambda: _fetch(key, target))
        integrity.check_whole(target, key)
        return target
    try:
        integrity.check_whole(target, key)
    except integrity.DamagedFile:
        patiently(lambda: _fetch(key, target))
        integrity.check_whole(target, key)
    return target


def _fetch(key: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.{uuid.uuid4().hex}")
    try:
        with default_storage.open(key, "rb") as source, partial.open("wb") as copy:
            shutil.copyfileobj(source, copy, _CHUNK_BYTES)
    except FileNotFoundError as error:
        raise integrity.missing(key) from error
    partial.replace(target)


def mark_as_used(path: Path) -> None:
    """Set the time of reading, which not every disk notes; the time of change stays."""
    os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))


def delete(keys: list[str]) -> None:
    """Remove files from the storage and from the local cache."""
    for key in keys:
        patiently(partial(default_storage.delete, key))
        for folder in (FETCHED, MAPPED, SEARCHED):
            (settings.CACHE_DIR / folder / key).unlink(missing_ok=True)
    StoredFile.objects.filter(key__in=keys).delete()


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield a folder that is removed at the end."""
    settings.SCRATCH_DIR.mkdir(parents=True, exist_ok=True)
    prefix = _scratch_prefix(os.getpid())
    with tempfile.TemporaryDirectory(dir=settings.SCRATCH_DIR, prefix=prefix) as folder:
        yield Path(folder)


def _scratch_prefix(pid: int) -> str:
    """Return how the scratch folders of a process begin; containers may share the folder."""
    return f"{platform.node()}-{pid}-"


def clear_scratch_of(pid: int) -> None:
    """Remove what a process of this machine left behind that was ended."""
    for path in settings.SCRATCH_DIR.glob(f"{_scratch_prefix(pid)}*"):
        shutil.rmtree(path, ignore_errors=True)


def clear_scratch(*, older_than_s: float = LEFT_BEHIND_S) -> None:
    """Remove what killed processes left behind; running programs touch their files more often."""
    settings.SCRATCH_DIR.mkdir(parents=True, exist_ok=True)
    for path in settings.SCRATCH_DIR.iterdir():
        if time.time() - path.stat().st_mtime > older_than_s:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


@lru_cache(maxsize=1)
def _database() -> duckdb.DuckDBPyConnection:
    """Return the process's DuckDB; starting one takes 40 ms, a cursor on it less than one."""
    settings.SCRATCH_DIR.mkdir(parents=True, exist_ok=True)
    database = duckdb.connect(
        config={
            "memory_limit": settings.DUCKDB_MEMORY,
            "threads": settings.CORES,
            "temp_directory": str(settings.SCRATCH_DIR),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    # Published files never change, and reading a footer of 500 row groups takes 15 ms.
    database.execute("LOAD parquet")
    database.execute("SET parquet_metadata_cache = true")
    return database


def connect() -> duckdb.DuckDBPyConnection:
    """Return a connection to an in-memory DuckDB; use temporary views, and close it."""
    return _database().cursor()


def numbered_columns(path: Path) -> list[str]:
    """Return a name in SQL for each column of a Parquet file, by position: `... AS t(c0, c1)`.

    DuckDB cannot tell columns apart whose names differ only in case, as those of classes may.
    """
    return [f"c{position}" for position in range(len(pq.read_schema(path)))]
