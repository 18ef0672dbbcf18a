"""A backup: one tar with the database, the files, the secret key, and a digest of each.

The database is copied first. Stored files never change, so the archive contains all files that the
copy refers to, except those deleted in the meantime.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
from contextlib import closing
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from studio import tables
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from studio.engine.progress import Progress
from studio.management.stored_files import stored_keys

FORMAT = 1
ABOUT = "backup.json"  # the first entry
DIGESTS = "sha256.json"  # the last one, so that an archive that was cut off lacks it
SQLITE = "studio.sqlite3"
DUMP = "studio.dump"
SECRET_KEY = "secret_key"  # noqa: S105 (the name of an entry)
FILES = "files/"


def write_backup(out: Path, progress: Progress) -> int:
    """Write the archive and return its number of stored files."""
    digests: dict[str, str] = {}
    with tables.scratch() as folder, tarfile.open(out, "w") as archive:
        progress("Copying the database")
        about = {
            "format": FORMAT,
            "database": connection.vendor,
            "created_at": timezone.now().isoformat(),
        }
        _add_bytes(archive, ABOUT, json.dumps(about).encode())
        paths = [_database_copy(folder)]
        secret_key = settings.DATA_DIR / SECRET_KEY
        if secret_key.exists():  # only an embedded studio generates one
            paths.append(secret_key)
        for path in paths:
            with path.open("rb") as file:
                digests[path.name] = _add(archive, path.name, file, path.stat().st_size)
        keys = sorted(stored_keys())
        for position, key in enumerate(keys):
            progress("Copying files", position, len(keys))
            try:
                stored = default_storage.open(key, "rb")
            except FileNotFoundError:  # deleted since
                continue
            with stored:
                digests[FILES + key] = _add(archive, FILES + key, stored, stored.size)
        _add_bytes(archive, DIGESTS, json.dumps(digests).encode())
    return sum(name.startswith(FILES) for name in digests)


def _database_copy(folder: Path) -> Path:
    """Copy a consistent snapshot of the database while it is in use."""
    if connection.vendor == "sqlite":
        copy = folder / SQLITE
        name = str(settings.DATABASES["default"]["NAME"])
        with closing(sqlite3.connect(name)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        return copy
    dump = folder / DUMP
    _run_postgres("pg_dump", ["--format", "custom", "--no-owner", "--file", str(dump)])
    return dump


def _run_postgres(program: str, arguments: list[str]) -> None:
    path = shutil.which(program)
    if path is None:
        raise DataProblem(
            f"{program} is not installed here. Install PostgreSQL's client programs, or back the"
            " database up yourself."
        )
    database = settings.DATABASES["default"]
    environment = os.environ | {
        "PGHOST": str(database.get("HOST") or ""),
        "PGPORT": str(database.get("PORT") or ""),
        "PGUSER": str(database.get("USER") or ""),
        "PGPASSWORD": str(database.get("PASSWORD") or ""),
    }
    command = [path, *arguments, "--dbname", str(database["NAME"])]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if result.returncode:
        raise DataProblem(f"{program} failed: {result.stderr.strip()[:500]}")


class _Digesting:
    """Computes the digest of a file while passing it on."""

    def __init__(self, file: IO[bytes] | File[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, n_bytes: int = -1) -> bytes:
        chunk = self._file.read(n_bytes)
        self.digest.update(chunk)
        return chunk


def _add(archive: tarfile.TarFile, name: str, file: IO[bytes] | File[bytes], n_bytes: int) -> str:
    entry = tarfile.TarInfo(name)
    entry.size = n_bytes
    entry.mode = 0o600
    source = _Digesting(file)
    archive.addfile(entry, source)
    return source.digest.hexdigest()


def _add_bytes(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    _add(archive, name, io.BytesIO(content), len(content))


def restore_backup(backup: Path, progress: Progress) -> int:
    """Restore everything into an empty studio and return the number of stored files.

    Raises DataProblem, before anything is changed, for a damaged archive or a studio in use.
    """
    _refuse_used_studio()
    try:
        with tables.scratch() as folder, tarfile.open(backup, "r:") as archive:
            progress("Reading the backup")
            for entry in archive:
                if not (entry.isreg() or entry.isdir()):  # the filter "data" lets some links in
                    raise tarfile.SpecialFileError(entry)
            archive.extractall(folder, filter="data")
            names = _checked_names(folder)
            _restore_database(folder, progress)
            keys = sorted(name.removeprefix(FILES) for name in names if name.startswith(FILES))
            for position, key in enumerate(keys):
                progress("Restoring files", position, len(keys))
                path = folder / FILES / key
                if default_storage.exists(key):
                    default_storage.delete(key)
                with path.open("rb") as file:
                    default_storage.save(key, File(file))
                path.unlink()
    except tarfile.TarError as error:
        raise DataProblem(
            f"{backup} is not a backup of a studio, or only a part of one. Use another."
        ) from error
    progress("Bringing the tables up to date")
    call_command("migrate", verbosity=0)
    return len(keys)


def _refuse_used_studio() -> None:
    has_tables = User._meta.db_table in connection.introspection.table_names()
    if has_tables and User.objects.exists():
        raise DataProblem(
            f"The studio in {settings.DATA_DIR} already has accounts, which the backup would"
            " replace. Restore into an empty data folder (STUDIO_DATA_DIR) or database."
        )


def _checked_names(folder: Path) -> list[str]:
    """Return the names of the archive's files.

    Raises DataProblem unless the archive is complete and all its files match their digests.
    """
    try:
        about = json.loads((folder / ABOUT).read_text())
        digests: dict[str, str] = dict(json.loads((folder / DIGESTS).read_text()))
        vendor = about["database"]
        version = about["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataProblem(
            "This is not a complete backup of a studio: it does not end in its digests."
        ) from error
    if version != FORMAT:
        raise DataProblem(f"This backup has format {version}; this studio reads {FORMAT}.")
    if vendor != connection.vendor:
        raise DataProblem(
            f"This is a backup of a studio with {vendor}, and this one has {connection.vendor}."
            " Restore into the same kind of database."
        )
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    database = SQLITE if vendor == "sqlite" else DUMP
    for name in sorted(found.union(digests, [database]) - {ABOUT, DIGESTS}):
        if name not in found or _digest(folder / name) != digests.get(name):
            raise DataProblem(
                f"The backup is damaged: {name} is not what was backed up. Use another backup."
            )
    return list(digests)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _restore_database(folder: Path, progress: Progress) -> None:
    progress("Restoring the database")
    if connection.vendor == "sqlite":
        connection.close()
        name = Path(str(settings.DATABASES["default"]["NAME"]))
        for leftover in (f"{name}-wal", f"{name}-shm"):
            Path(leftover).unlink(missing_ok=True)
        shutil.move(folder / SQLITE, name)
    else:
        _run_postgres("pg_restore", ["--no-owner", "--clean", "--if-exists", str(folder / DUMP)])
    if (folder / SECRET_KEY).exists():
        shutil.move(folder / SECRET_KEY, settings.DATA_DIR / SECRET_KEY)
