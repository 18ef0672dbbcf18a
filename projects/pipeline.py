"""The work of an ingest run: from an uploaded file to an exact table and column profiles."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from projects.column_types import kinds_of_types
from projects.incoming import local_source
from projects.models import DatasetVersion, Upload
from projects.readers import ReadLimits, ReadOptions
from projects.readers.profile import profile_table
from projects.readers.subprocess_reader import prepare, read_in_subprocess
from studio import storage, tables
from studio.engine.errors import DataProblem
from studio.engine.progress import Progress
from studio.engine.table.columns import ColumnKind

STALE_AFTER = timedelta(hours=48)  # twice the lifetime of the addresses of parts
FREE_SPACE_RATIO = 2  # the table and the reader's copy of it are each about as large as the file


def ingest(run: DatasetVersion, progress: Progress) -> Mapping[str, object]:
    """Read the uploaded file, publish its table, and return what was found."""
    limits = ReadLimits(max_unpacked_bytes=settings.MAX_UNPACKED_BYTES)
    with tables.scratch() as folder, _full_disk_explained():
        source = local_source(run, progress)
        _refuse_full_disk(folder, needed=FREE_SPACE_RATIO * run.size_bytes)
        table = folder / "rows.parquet"
        options = ReadOptions.from_dict(run.asked_options)
        facts = read_in_subprocess(
            source, run.filename, table, progress=progress, limits=limits, options=options
        )
        prepare()
        profiles = profile_table(table, progress=progress)
        kept = {
            p.name: ColumnKind(run.chosen_kinds[p.name])
            for p in profiles
            if p.name in run.chosen_kinds
        }
        kinds = kept | kinds_of_types(run.asked_types, profiles, table)
        table_key = tables.publish(table, storage.dataset_table(run.pk, run.attempt))
    return {
        "table_key": table_key,
        "n_rows": facts.n_rows,
        "columns": [profile.to_dict() for profile in profiles],
        "chosen_kinds": {
            p.name: kinds[p.name].value for p in profiles if kinds.get(p.name, p.kind) is not p.kind
        },
        "text_columns": list(facts.text_columns),
        "sha256": facts.sha256,
        "file_format": facts.format.value,
        "encoding": facts.encoding or "",
        "delimiter": facts.delimiter or "",
        "notes": list(facts.notes),
        "used_options": facts.used.to_dict(),
        "doubts": list(facts.doubts.items()),
        "sheets": list(facts.sheets),
    }


def _refuse_full_disk(folder: Path, *, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DataProblem(
            f"Reading this file takes about {_mb(needed)} of disk space and {_mb(free)} are free."
            " Delete datasets that are no longer needed, or ask whoever runs this studio for more"
            " space."
        )


@contextmanager
def _full_disk_explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DataProblem(
            "The disk of the studio became full while the file was being read. Delete datasets that"
            " are no longer needed, or ask whoever runs this studio for more space."
        ) from error


def _mb(n_bytes: int) -> str:
    return f"{n_bytes / 1024**2:,.0f} MB"


def forget_stale_uploads() -> None:
    """Delete the parts of files that nobody finished sending."""
    for upload in Upload.objects.filter(version=None, created_at__lt=timezone.now() - STALE_AFTER):
        keys = list(upload.parts.values_list("part_key", flat=True))
        upload.delete()
        tables.delete(keys)
